//! Server and account: signing in, who is signed in, signing out.

use crate::components::{Dialog, Elsewhere, Icon, Skeleton, close_dialog};
use crate::forms::login::{Field, SignIn, With};
use crate::hooks::{Client, use_connection, use_mutation, use_query};
use crate::i18n::text;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::event::Status;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::Account;

/// The dialog.
#[component]
pub(super) fn ServerDialog() -> Element {
    let ui = use_context::<Ui>();
    let account = use_query::<Option<Account>>(QueryKey::Account);
    let sync = use_connection();
    // Kept here, so that what was typed outlives an account that comes or goes meanwhile.
    let mut form = use_signal(|| {
        let prefs = ui.prefs.peek();
        SignIn::new(&prefs.server, &prefs.email)
    });
    let again = use_signal(|| false);
    use_effect(move || {
        if let Some(Some(account)) = account.data().as_deref() {
            form.write().refresh(&account.server, &account.email);
        }
    });
    // A server that does not know this sign-in any more is not tried again by itself.
    let refused = sync.data().and_then(|sync| match &sync.status {
        Status::Offline { next_try_ms: None, why } => Some(text::sign_in_again(why.as_deref())),
        _ => None,
    });
    match account.data().as_deref() {
        None => rsx! {
            Dialog { title: text::SERVER_TITLE, testid: "server-dialog", Skeleton {} }
        },
        Some(None) => rsx! {
            SignInForm { form }
        },
        Some(Some(_)) if again() => rsx! {
            SignInForm { form }
        },
        Some(Some(account)) => rsx! {
            SignedIn { account: account.clone(), refused, again }
        },
    }
}

#[component]
fn SignInForm(form: Signal<SignIn>) -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let sign_in = use_mutation(move |()| {
        let api = client.api.clone();
        let mut prefs = ui.prefs;
        async move {
            let typed = form.peek().login();
            let Some(server) = typed.address() else { return Ok(()) };
            let (email, secret) = (typed.email.trim(), typed.secret.trim());
            match typed.with {
                With::Password => {
                    api.login_password(&server, email, &typed.secret, typed.allow_plain).await?
                }
                With::Token => api.login_token(&server, secret, typed.allow_plain).await?,
            };
            let mut prefs = prefs.write();
            (prefs.server, prefs.email) = (server, email.to_owned());
            drop(prefs);
            form.write().forget_secret();
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
                    disabled: busy || !now.is_ready(),
                    {text::SIGN_IN_NOW}
                }
            },
            form {
                id: "server-form",
                class: "stack",
                onsubmit: move |event| {
                    event.prevent_default();
                    if form.peek().is_ready() {
                        sign_in.run(());
                    }
                },
                p { class: "muted", {text::SERVER_INTRO} }
                Text {
                    form,
                    field: Field::Server,
                    label: text::SERVER_ADDRESS,
                    placeholder: "courses.example.org",
                    complete: "url",
                    testid: "server-url",
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
                    Text {
                        form,
                        field: Field::Email,
                        label: text::EMAIL,
                        kind: "email",
                        complete: "username",
                        testid: "email",
                    }
                }
                Text {
                    form,
                    field: Field::Secret,
                    label: if now.with == With::Password { text::PASSWORD } else { text::TOKEN },
                    kind: "password",
                    complete: "current-password",
                    hint: if now.with == With::Token { text::TOKEN_HINT } else { "" },
                    testid: "secret",
                }
                if now.login().needs_plain() {
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

/// A text field of the form.
#[component]
fn Text(
    form: Signal<SignIn>,
    field: Field,
    label: String,
    #[props(default = "text".to_owned())] kind: String,
    #[props(default)] placeholder: String,
    complete: String,
    #[props(default)] hint: String,
    testid: String,
) -> Element {
    let mut form = form;
    let now = form.read();
    let theirs = now.texts.elsewhere(&field).cloned();
    rsx! {
        label { class: "form-row",
            span { class: "form-label", "{label}" }
            input {
                class: "field",
                r#type: kind,
                value: "{now.text(field)}",
                placeholder,
                autofocus: field == Field::Server,
                spellcheck: "false",
                autocomplete: complete,
                "data-testid": testid,
                oninput: move |event| form.write().texts.edit(field, event.value()),
                oncompositionstart: move |_| form.write().texts.compose(field),
                oncompositionend: move |_| form.write().texts.composed(),
            }
            if !hint.is_empty() {
                small { class: "form-hint", "{hint}" }
            }
        }
        if let Some(theirs) = theirs {
            Elsewhere {
                theirs,
                on_keep: move |()| form.write().texts.keep_mine(&field),
                on_take: move |()| form.write().texts.take_theirs(&field),
            }
        }
    }
}

#[component]
fn SignedIn(account: Account, refused: Option<String>, again: Signal<bool>) -> Element {
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
            if let Some(why) = refused {
                div { class: "banner", "data-kind": "waiting",
                    Icon { name: "log-in" }
                    p { "{why}" }
                    button {
                        class: "button",
                        r#type: "button",
                        "data-testid": "sign-in-again",
                        onclick: move |_| again.set(true),
                        {text::SIGN_IN_AGAIN}
                    }
                }
            }
            p { class: "muted", {text::SIGN_OUT_HINT} }
            if let Some(failure) = sign_out.failure() {
                p { class: "form-error", role: "alert", "{failure.message}" }
            }
        }
    }
}
