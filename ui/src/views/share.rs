//! Sharing a course. Who is in it then: `people`.

use crate::components::{Dialog, close_dialog};
use crate::hooks::{Client, use_mutation, use_query};
use crate::i18n::text;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{Account, CourseSummary};

/// Puts a course on the server, after a look at what that means.
#[component]
pub(super) fn ShareDialog(course: CourseId) -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let account = use_query::<Option<Account>>(QueryKey::Account);
    let courses = use_query::<Vec<CourseSummary>>(QueryKey::Courses);
    let of = course.clone();
    let title = courses
        .data()
        .and_then(|all| all.iter().find(|one| one.id == of).map(|one| one.title.clone()))
        .unwrap_or_default();
    let server = account
        .data()
        .and_then(|account| account.as_ref().as_ref().map(|it| it.server.clone()))
        .unwrap_or_default();
    let said = text::shared(text::titled(&title));
    let share = use_mutation(move |()| {
        let (api, course, said) = (client.api.clone(), course.clone(), said.clone());
        async move {
            api.share(&course).await?;
            close_dialog(ui);
            ui.tell(said);
            Ok(())
        }
    });
    let busy = share.is_pending();
    rsx! {
        Dialog {
            title: text::SHARE_TITLE,
            testid: "share-dialog",
            busy,
            foot: rsx! {
                button { class: "button", r#type: "button", disabled: busy, onclick: move |_| close_dialog(ui), {text::CANCEL} }
                button {
                    class: "button primary",
                    r#type: "button",
                    autofocus: true,
                    "data-testid": "share-submit",
                    disabled: busy,
                    onclick: move |_| share.run(()),
                    {text::SHARE_NOW}
                }
            },
            p { {text::share_intro(text::titled(&title), &server)} }
            if let Some(failure) = share.failure() {
                p { class: "form-error", role: "alert", "data-testid": "share-error", "{failure.message}" }
            }
        }
    }
}
