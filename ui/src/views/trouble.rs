//! The first screen when the profile could not be opened: what is safe, what happened, what to do.

use crate::components::Empty;
use crate::hooks::Client;
use crate::i18n::text;
use dioxus::prelude::*;
use inkhorn_protocol::window::Failure;

/// Why there is no course on screen.
#[component]
pub(crate) fn Trouble(profile: String, failure: Failure) -> Element {
    let client = use_context::<Client>();
    let title = match failure.code.as_str() {
        "locked" => text::TROUBLE_LOCKED,
        "newer" => text::TROUBLE_NEWER,
        "corrupt" => text::TROUBLE_CORRUPT,
        _ => text::TROUBLE_OTHER,
    };
    let quit = client.api.clone();
    rsx! {
        main { class: "main", role: "alert", "data-testid": "trouble", "data-code": failure.code,
            Empty { title, hint: failure.message, testid: "trouble-message",
                if !profile.is_empty() {
                    p {
                        {text::DATA_FOLDER}
                        ": "
                        code { "{profile}" }
                    }
                }
                div { class: "row",
                    button {
                        class: "button primary",
                        r#type: "button",
                        "data-testid": "trouble-retry",
                        onclick: move |_| {
                            // A fresh page asks for the profile again.
                            if let Some(window) = web_sys::window() {
                                let _ = window.location().reload();
                            }
                        },
                        {text::TRY_AGAIN}
                    }
                    button {
                        class: "button",
                        r#type: "button",
                        onclick: move |_| {
                            let api = quit.clone();
                            spawn(async move {
                                let _ = api.quit().await;
                            });
                        },
                        {text::QUIT}
                    }
                }
            }
        }
    }
}
