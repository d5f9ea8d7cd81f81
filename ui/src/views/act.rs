//! Commands that several views give; those that change the structure are in `restructure`. Each ends in a message when it fails; none waits for the screen.

use crate::hooks::Client;
use crate::i18n::{kept, text, waiting};
use crate::page;
use crate::state::ui::Ui;
use dioxus::core::spawn_forever;
use dioxus::prelude::*;
use inkhorn_protocol::projection::WaitingDoc;
use inkhorn_protocol::window::Failure;
use inkhorn_protocol::{CourseId, NodeId};
use std::future::Future;

/// Gives commands. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Act {
    pub(super) client: Client,
    pub(super) ui: Ui,
}

/// The commands, for this component.
pub(crate) fn use_act() -> Act {
    Act { client: use_context::<Client>(), ui: use_context::<Ui>() }
}

impl Act {
    /// Runs `work` to its end, whatever becomes of the component that began it.
    pub(crate) fn run(&self, work: impl Future<Output = Result<(), Failure>> + 'static) {
        let ui = self.ui;
        spawn_forever(async move {
            if let Err(failure) = work.await {
                ui.fail(&failure);
            }
        });
    }

    pub(crate) fn new_course(&self) {
        let (api, ui) = (self.client.api.clone(), self.ui);
        self.run(async move {
            let course = api.create_course(text::NEW_COURSE_TITLE).await?;
            ui.open_course(Some(course));
            Ok(())
        });
    }

    pub(crate) fn open_file(&self) {
        let (api, ui) = (self.client.api.clone(), self.ui);
        self.run(async move {
            if let Some(file) = api.choose_file().await? {
                let course = api.open_file(&file).await?;
                ui.open_course(Some(course));
            }
            Ok(())
        });
    }

    pub(crate) fn backup(&self, course: CourseId, title: String) {
        let (api, ui) = (self.client.api.clone(), self.ui);
        self.run(async move {
            crate::island::flush().await;
            if let Some(file) = api.choose_new_file(&format!("{title}.inkhorn")).await? {
                api.backup(&course, &file).await?;
                ui.tell(text::saved_file(&file));
            }
            Ok(())
        });
    }

    /// Writes refused changes to a folder; they stay kept.
    pub(crate) fn export_rejected(&self, id: u64, place: &str) {
        let (api, ui, name) = (self.client.api.clone(), self.ui, kept::export_name(place));
        self.run(async move {
            if let Some(folder) = api.choose_new_file(&name).await? {
                api.export_rejected(id, &folder).await?;
                ui.tell(kept::exported(&folder));
            }
            Ok(())
        });
    }

    /// A copy of what waits, as Markdown.
    pub(crate) fn export_copy(&self, doc: &WaitingDoc) {
        let (api, ui, name) = (self.client.api.clone(), self.ui, waiting::export_name(doc));
        let (course, doc) = (doc.course.clone(), doc.doc.clone());
        self.run(async move {
            if let Some(folder) = api.choose_new_file(&name).await? {
                api.export_copy(&course, &doc, &folder).await?;
                ui.tell(waiting::exported(&folder));
            }
            Ok(())
        });
    }

    /// Sends what waits now rather than at the next try.
    pub(crate) fn retry_waiting(&self) {
        let api = self.client.api.clone();
        self.run(async move { api.retry_waiting().await });
    }

    pub(crate) fn retry_now(&self) {
        let api = self.client.api.clone();
        self.run(async move { api.retry_now().await });
    }

    pub(crate) fn copy(&self, what: String) {
        let ui = self.ui;
        self.run(async move {
            if page::copy(&what).await {
                ui.tell(text::COPIED);
            }
            Ok(())
        });
    }

    /// A link that was followed: another lesson, or something for the system's browser.
    pub(crate) fn follow(&self, href: &str) {
        if let Some(rest) = href.strip_prefix("lesson:") {
            let (id, fragment) = rest.split_once('#').unwrap_or((rest, ""));
            let Ok(lesson) = id.parse::<NodeId>() else { return };
            let mut ui = self.ui;
            ui.fragment.set((!fragment.is_empty()).then(|| (lesson.clone(), fragment.to_owned())));
            ui.open_lesson(lesson);
            return;
        }
        let (api, href) = (self.client.api.clone(), href.to_owned());
        self.run(async move { api.open_link(&href).await });
    }
}
