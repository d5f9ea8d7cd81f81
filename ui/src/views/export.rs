//! Exporting a course as a folder of Markdown.

use crate::components::{Dialog, Icon, close_dialog};
use crate::hooks::{Client, use_mutation};
use crate::i18n::text;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;

/// The dialog. The path can be typed or chosen.
#[component]
pub(super) fn ExportDialog(course: CourseId) -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let mut path = use_signal(String::new);
    let api = client.api.clone();
    let export = use_mutation(move |()| {
        let (api, course) = (api.clone(), course.clone());
        async move {
            let folder = path.peek().trim().to_owned();
            // The last words typed belong into the export.
            crate::island::flush().await;
            let done = api.export_course(&course, &folder).await?;
            close_dialog(ui);
            ui.tell(text::exported(&folder, u64::from(done.lessons)));
            if !done.missing_from.is_empty() {
                ui.trouble(text::missing_images(&done.missing_from));
            }
            Ok(())
        }
    });
    let choose = use_mutation(move |()| {
        let api = client.api.clone();
        async move {
            if let Some(chosen) = api.choose_folder(text::EXPORT_TITLE).await? {
                path.set(chosen);
            }
            Ok(())
        }
    });
    let busy = export.is_pending();
    let failure = export.failure().or_else(|| choose.failure());
    let ready = !path.read().trim().is_empty() && !busy;
    rsx! {
        Dialog {
            title: text::EXPORT_TITLE,
            testid: "export-dialog",
            busy,
            foot: rsx! {
                button { class: "button", r#type: "button", disabled: busy, onclick: move |_| close_dialog(ui), {text::CANCEL} }
                button {
                    class: "button primary",
                    r#type: "submit",
                    form: "export-form",
                    "data-testid": "export-submit",
                    disabled: !ready,
                    {text::EXPORT_HERE}
                }
            },
            form {
                id: "export-form",
                class: "stack",
                onsubmit: move |event| {
                    event.prevent_default();
                    export.run(());
                },
                p { class: "muted", {text::EXPORT_INTRO} }
                label { class: "form-row",
                    span { class: "form-label", {text::FOLDER} }
                    span { class: "row",
                        input {
                            class: "field grow",
                            r#type: "text",
                            value: "{path}",
                            autofocus: true,
                            spellcheck: "false",
                            "data-testid": "export-path",
                            oninput: move |event| path.set(event.value()),
                        }
                        button { class: "button", r#type: "button", onclick: move |_| choose.run(()),
                            Icon { name: "folder-open" }
                            {text::CHOOSE_FOLDER}
                        }
                    }
                }
                if let Some(failure) = failure {
                    p { class: "form-error", role: "alert", "data-testid": "export-error", "{failure.message}" }
                }
            }
        }
    }
}
