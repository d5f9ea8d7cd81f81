//! Server and account: signing in, who is signed in, signing out.

use crate::components::{Dialog, Icon, Skeleton, close_dialog};
use crate::forms::login::{Login, With};
use crate::hooks::{Client, use_mutation, use_query};
use crate::i18n::text;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::Account;

/// The dialog.
#[component]
pub(super) fn ServerDialog() -> Element {
    let account = use_query::<Option<Account>>(QueryKey::Account);
    match account.data().as_deref() {
        None => rsx! {
            Dialog { title: text::SERVER_TITLE, testid: "server-dialog", Skeleton {} }
        },
        Some(None) => rsx! {
            SignIn {}
        },
        Some(Some(account)) => rsx! {
            SignedIn { account: account.clone() }
        },
    }
}

#[component]
fn SignIn() -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let mut form = use_signal(Login::default);
    let sign_in = use_mutation(move |()| {
        let api = client.api.clone();
        async move {
            let typed = form.peek().clone();
            let Some(server) = typed.address() else { return Ok(()) };
            let secret = typed.secret.trim();
            match typed.with {
                With::Password => {
                    api.login_password(&server, typed.email.trim(), &typed.secret, typed.allow_plain).await?
                }
                With::Token => api.login_token(&server, secret, typed.allow_plain).await?,
            };
            close_dialog(ui);
            Ok(())
        }
    });
    let now = form.read().clone();
    let busy = sign_in.is_pending();
    rsx! {
        Dialog {
            title: text::SERVER_TITLE,
            testid: "server-dialog",
            busy,
            foot: rsx! {
                button { class: "button", r#type: "button", disabled: busy, onclick: move |_| close_dialog(ui), {text::CANCEL} }
                button {
                    class: "button primary",
                    r#type: "submit",
                    form: "server-form",
                    "data-testid": "sign-in",
                    disabled: busy || !now.is_complete(),
                    {text::SIGN_IN_NOW}
                }
            },
            form {
                id: "server-form",
                class: "stack",
                onsubmit: move |event| {
                    event.prevent_default();
                    if form.peek().is_complete() {
                        sign_in.run(());
                    }
                },
                p { class: "muted", {text::SERVER_INTRO} }
                label { class: "form-row",
                    span { class: "form-label", {text::SERVER_ADDRESS} }
                    input {
                        class: "field",
                        r#type: "text",
                        value: "{now.server}",
                        placeholder: "courses.example.org",
                        autofocus: true,
                        spellcheck: "false",
                        autocomplete: "url",
                        "data-testid": "server-url",
                        oninput: move |event| form.write().server = event.value(),
                    }
                }
                div { class: "tabs", role: "tablist",
                    for (with , label) in [(With::Password, text::WITH_PASSWORD), (With::Token, text::WITH_TOKEN)] {
                        button {
                            key: "{label}",
                            class: "tab",
                            r#type: "button",
                            role: "tab",
                            "aria-selected": (now.with == with).to_string(),
                            "data-testid": "with-{label.to_lowercase()}",
                            onclick: move |_| form.write().with = with,
                            "{label}"
                        }
                    }
                }
                if now.with == With::Password {
                    label { class: "form-row",
                        span { class: "form-label", {text::EMAIL} }
                        input {
                            class: "field",
                            r#type: "email",
                            value: "{now.email}",
                            autocomplete: "username",
                            "data-testid": "email",
                            oninput: move |event| form.write().email = event.value(),
                        }
                    }
                }
                label { class: "form-row",
                    span { class: "form-label",
                        if now.with == With::Password {
                            {text::PASSWORD}
                        } else {
                            {text::TOKEN}
                        }
                    }
                    input {
                        class: "field",
                        r#type: "password",
                        value: "{now.secret}",
                        autocomplete: "current-password",
                        "data-testid": "secret",
                        oninput: move |event| form.write().secret = event.value(),
                    }
                    if now.with == With::Token {
                        small { class: "form-hint", {text::TOKEN_HINT} }
                    }
                }
                if now.needs_plain() {
                    label { class: "row",
                        input {
                            class: "checkbox",
                            r#type: "checkbox",
                            checked: now.allow_plain,
                            "data-testid": "allow-plain",
                            onchange: move |event| form.write().allow_plain = event.checked(),
                        }
                        span { {text::ALLOW_PLAIN} }
                    }
                }
                if let Some(failure) = sign_in.failure() {
                    p { class: "form-error", role: "alert", "data-testid": "server-error", "{failure.message}" }
                }
            }
        }
    }
}

#[component]
fn SignedIn(account: Account) -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let sign_out = use_mutation(move |()| {
        let api = client.api.clone();
        async move {
            api.logout().await?;
            close_dialog(ui);
            Ok(())
        }
    });
    let who = match (account.name.as_str(), account.email.as_str()) {
        ("", "") => text::SIGNED_IN_AS.to_owned(),
        ("", email) => email.to_owned(),
        (name, "") => name.to_owned(),
        (name, email) => format!("{name} · {email}"),
    };
    rsx! {
        Dialog {
            title: text::SERVER_TITLE,
            testid: "server-dialog",
            foot: rsx! {
                button {
                    class: "button",
                    r#type: "button",
                    "data-testid": "sign-out",
                    disabled: sign_out.is_pending(),
                    onclick: move |_| sign_out.run(()),
                    Icon { name: "log-out" }
                    {text::SIGN_OUT}
                }
                button { class: "button primary", r#type: "button", onclick: move |_| close_dialog(ui), {text::CLOSE} }
            },
            div { class: "list-row", "data-testid": "account",
                Icon { name: "circle-user" }
                div { class: "list-main",
                    span { class: "list-title", "{who}" }
                    span { class: "list-detail", "{account.server}" }
                }
            }
            p { class: "muted", {text::SIGN_OUT_HINT} }
            if let Some(failure) = sign_out.failure() {
                p { class: "form-error", role: "alert", "{failure.message}" }
            }
        }
    }
}
