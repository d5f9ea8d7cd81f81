//! Importing a folder: which one, then what became of it.

use super::report::Report;
use crate::components::{Dialog, Icon, close_dialog};
use crate::hooks::{Client, use_mutation};
use crate::i18n::text;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::window::Imported;

/// The dialog. The path can be typed or chosen.
#[component]
pub(super) fn ImportDialog() -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let mut path = use_signal(String::new);
    let mut title = use_signal(String::new);
    let mut done = use_signal(|| None::<Imported>);
    let api = client.api.clone();
    let import = use_mutation(move |()| {
        let api = api.clone();
        async move {
            let (folder, name) = (path.peek().trim().to_owned(), title.peek().trim().to_owned());
            let imported = api.import_folder(&folder, (!name.is_empty()).then_some(name.as_str())).await?;
            ui.open_course(Some(imported.course.clone()));
            done.set(Some(imported));
            Ok(())
        }
    });
    let choose = use_mutation(move |()| {
        let api = client.api.clone();
        async move {
            if let Some(chosen) = api.choose_folder(text::IMPORT_TITLE).await? {
                path.set(chosen);
            }
            Ok(())
        }
    });
    if let Some(imported) = done.read().clone() {
        return rsx! {
            Dialog {
                title: text::IMPORT_TITLE,
                wide: true,
                testid: "import-report",
                foot: rsx! {
                    button {
                        class: "button primary",
                        r#type: "button",
                        "data-testid": "open-course",
                        onclick: move |_| close_dialog(ui),
                        {text::OPEN_COURSE}
                    }
                },
                Report { report: imported.report }
            }
        };
    }
    let busy = import.is_pending();
    let failure = import.failure().or_else(|| choose.failure());
    let ready = !path.read().trim().is_empty() && !busy;
    rsx! {
        Dialog {
            title: text::IMPORT_TITLE,
            testid: "import-dialog",
            busy,
            foot: rsx! {
                button {
                    class: "button",
                    r#type: "button",
                    disabled: busy,
                    onclick: move |_| close_dialog(ui),
                    {text::CANCEL}
                }
                button {
                    class: "button primary",
                    r#type: "submit",
                    form: "import-form",
                    "data-testid": "import-submit",
                    disabled: !ready,
                    if busy {
                        {text::IMPORTING}
                    } else {
                        {text::IMPORT_NOW}
                    }
                }
            },
            form {
                id: "import-form",
                class: "stack",
                onsubmit: move |event| {
                    event.prevent_default();
                    if !path.peek().trim().is_empty() {
                        import.run(());
                    }
                },
                p { class: "muted", {text::IMPORT_INTRO} }
                label { class: "form-row",
                    span { class: "form-label", {text::FOLDER} }
                    span { class: "row",
                        input {
                            class: "field grow",
                            r#type: "text",
                            value: "{path}",
                            autofocus: true,
                            spellcheck: "false",
                            "data-testid": "import-path",
                            oninput: move |event| path.set(event.value()),
                        }
                        button {
                            class: "button",
                            r#type: "button",
                            "data-testid": "choose-folder",
                            onclick: move |_| choose.run(()),
                            Icon { name: "folder-open" }
                            {text::CHOOSE_FOLDER}
                        }
                    }
                }
                label { class: "form-row",
                    span { class: "form-label", {text::COURSE_TITLE} }
                    input {
                        class: "field",
                        r#type: "text",
                        value: "{title}",
                        "data-testid": "import-title",
                        oninput: move |event| title.set(event.value()),
                    }
                    small { class: "form-hint", {text::COURSE_TITLE_HINT} }
                }
                if let Some(failure) = failure {
                    p { class: "form-error", role: "alert", "data-testid": "import-error", "{failure.message}" }
                }
            }
        }
    }
}
