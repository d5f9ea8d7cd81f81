//! Who is in a course: roles, invitations, leaving. All of it is the server's, so without a connection it is only shown.

use crate::components::{Dialog, IconButton, Skeleton, close_dialog};
use crate::hooks::{Client, Mutation, use_connection, use_mutation, use_query};
use crate::i18n::{people as words, text};
use crate::page;
use crate::state::presence::initials;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::event::Status;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{Account, CourseSummary};
use inkhorn_protocol::rest::{Member, MemberChange};
use inkhorn_protocol::session::Role;

const ROLES: [Role; 3] = [Role::Viewer, Role::Editor, Role::Owner];

/// What is asked of the server: whom it is about, and what.
type Change = (Member, MemberChange);

fn name(member: &Member) -> &str {
    let name = member.name.trim();
    if name.is_empty() { &member.email } else { name }
}

fn role(value: &str) -> Role {
    value.parse().unwrap_or(Role::Viewer)
}

/// Who is in a course, as the server says, and what the user may do about it.
#[component]
pub(super) fn PeopleDialog(course: CourseId) -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let members = use_query::<Vec<Member>>(QueryKey::Members { course: course.clone() });
    let account = use_query::<Option<Account>>(QueryKey::Account);
    let courses = use_query::<Vec<CourseSummary>>(QueryKey::Courses);
    let sync = use_connection();
    // Whom it is decided about whether they go.
    let mut asking = use_signal(|| None::<Member>);
    let me =
        account.data().and_then(|it| it.as_ref().as_ref().map(|it| it.email.clone())).unwrap_or_default();
    let own = move |email: &str| email.eq_ignore_ascii_case(&me);
    let id = course.clone();
    let here = courses.data().and_then(|all| all.iter().find(|one| one.id == id).cloned());
    let online = sync.data().is_some_and(|sync| matches!(sync.status, Status::Connected { .. }));
    let list = members.data();
    // The list says it first; the course says it also when the list cannot be had.
    let listed = list.as_ref().and_then(|all| all.iter().find(|one| own(&one.email)).map(|one| one.role));
    let mine = listed.or_else(|| here.as_ref().and_then(|it| it.role));
    let manages = online && mine == Some(Role::Owner);
    let owners = list.as_ref().map_or(0, |all| all.iter().filter(|one| one.role == Role::Owner).count());
    let stuck = mine == Some(Role::Owner) && owners == 1 && list.as_ref().is_some_and(|all| all.len() > 1);

    let own_here = own.clone();
    let change = use_mutation(move |(member, change): Change| {
        let (api, course) = (client.api.clone(), course.clone());
        let leaves = change == MemberChange::Remove && own_here(&member.email);
        async move {
            api.change_member(&course, &member.email, change).await?;
            asking.set(None);
            match change {
                _ if leaves => close_dialog(ui),
                MemberChange::Invite { .. } => ui.tell(words::invited(&member.email)),
                MemberChange::Role { role } => ui.say(words::has_role(name(&member), role)),
                MemberChange::Remove => ui.tell(words::removed(name(&member))),
            }
            Ok(())
        }
    });
    let busy = change.is_pending();
    let failure = change.failure();
    if let Some(member) = asking() {
        let leaves = own(&member.email);
        let title = here.as_ref().map(|it| it.title.clone()).unwrap_or_default();
        let question =
            if leaves { words::leave_question(&title) } else { words::remove_question(name(&member)) };
        let who = member.clone();
        return rsx! {
            Dialog {
                title: if leaves { words::LEAVE.trim_end_matches('…').to_owned() } else { words::remove(name(&member)) },
                testid: "people-question",
                busy,
                foot: rsx! {
                    button {
                        class: "button",
                        r#type: "button",
                        disabled: busy,
                        autofocus: true,
                        onclick: move |_| asking.set(None),
                        {text::CANCEL}
                    }
                    button {
                        class: "button danger",
                        r#type: "button",
                        disabled: busy,
                        "data-testid": "remove-now",
                        onclick: move |_| change.run((who.clone(), MemberChange::Remove)),
                        if leaves { {words::LEAVE_NOW} } else { {words::REMOVE_NOW} }
                    }
                },
                p { "{question}" }
                if let Some(failure) = failure {
                    p { class: "form-error", role: "alert", "{failure.message}" }
                }
            }
        };
    }
    rsx! {
        Dialog { title: text::PEOPLE_TITLE, testid: "people-dialog", wide: true, busy,
            if !online && list.is_some() {
                p { class: "form-hint", "data-testid": "people-offline", {words::OFFLINE} }
            } else if let Some(mine) = mine.filter(|role| *role < Role::Owner) {
                p { class: "form-hint", "data-testid": "people-reason",
                    {words::not_owner(mine, here.as_ref().map_or(&[], |it| it.owners.as_slice()))}
                }
            }
            if manages {
                Invite { change }
            }
            if let Some(failure) = failure {
                p { class: "form-error", role: "alert", "data-testid": "people-error", "{failure.message}" }
            }
            match list {
                Some(list) => rsx! {
                    ul { class: "list people", "aria-label": text::PEOPLE_TITLE,
                        for (index , member) in list.iter().enumerate() {
                            Person {
                                key: "{member.email}",
                                member: member.clone(),
                                index,
                                own: own(&member.email),
                                manages,
                                change,
                                on_ask: move |who| asking.set(Some(who)),
                            }
                        }
                    }
                    if let Some(me) = list.iter().find(|one| own(&one.email)).cloned() {
                        div { class: "row wrap",
                            button {
                                class: "button quiet",
                                r#type: "button",
                                disabled: !online || busy || stuck,
                                "data-testid": "leave",
                                onclick: move |_| asking.set(Some(me.clone())),
                                {words::LEAVE}
                            }
                            if stuck {
                                span { class: "form-hint", {words::ONLY_OWNER} }
                            }
                        }
                    }
                },
                None if members.error().is_some() || members.is_paused() => rsx! {
                    p { class: "muted", {text::MEMBERS_OFFLINE} }
                    if let Some(error) = members.error() {
                        p { class: "form-error", "{error}" }
                    }
                },
                None => rsx! {
                    Skeleton { lines: 3 }
                },
            }
        }
    }
}

/// One person with the role, which owners may change.
#[component]
fn Person(
    member: Member,
    index: usize,
    own: bool,
    manages: bool,
    change: Mutation<Change>,
    on_ask: EventHandler<Member>,
) -> Element {
    let shown = name(&member).to_owned();
    let busy = change.is_pending();
    let (who, whom) = (member.clone(), member.clone());
    rsx! {
        li { class: "list-row", "data-testid": "member", "data-email": "{member.email}",
            span {
                class: "avatar",
                "aria-hidden": "true",
                style: "--peer: var(--peer-{index % 8 + 1})",
                {initials(&shown)}
            }
            div { class: "list-main",
                span { class: "list-title",
                    "{shown}"
                    if own {
                        span { class: "muted", " ({words::YOU})" }
                    }
                }
                span { class: "list-detail", "{member.email}" }
            }
            if manages {
                select {
                    class: "select role",
                    "aria-label": words::role_of(&shown),
                    title: words::allows(member.role),
                    "data-testid": "role",
                    disabled: busy,
                    value: "{member.role}",
                    onchange: move |event| {
                        change.run((who.clone(), MemberChange::Role { role: role(&event.value()) }));
                    },
                    for one in ROLES {
                        option { key: "{one}", value: "{one}", selected: one == member.role, {text::role(one)} }
                    }
                }
                if own {
                    span { class: "people-gap" }
                } else {
                    IconButton {
                        icon: "trash-2",
                        label: words::remove(&shown),
                        side: "left",
                        testid: "remove",
                        disabled: busy,
                        onclick: move |_| on_ask.call(whom.clone()),
                    }
                }
            } else {
                span { class: "badge", title: words::allows(member.role), {text::role(member.role)} }
            }
        }
    }
}

/// Who else is to be in the course.
#[component]
fn Invite(change: Mutation<Change>) -> Element {
    let mut email = use_signal(String::new);
    let mut with = use_signal(|| Role::Editor);
    let mut wrong = use_signal(|| false);
    // The word stays until the invitation is done: a typo in it is mended, not typed anew.
    let mut sent = use_signal(|| false);
    use_effect(move || {
        if sent() && !change.is_pending() {
            sent.set(false);
            if change.failure().is_none() {
                email.set(String::new());
            }
        }
    });
    let busy = change.is_pending();
    rsx! {
        form {
            class: "invite",
            novalidate: true,
            onsubmit: move |event| {
                event.prevent_default();
                let typed = email.peek().trim().to_owned();
                let fits = typed.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
                wrong.set(!fits);
                if fits {
                    let member = Member { email: typed, name: String::new(), role: with() };
                    change.run((member, MemberChange::Invite { role: with() }));
                    sent.set(true);
                }
            },
            label { class: "form-row grow",
                span { class: "form-label", {words::EMAIL} }
                input {
                    class: "field",
                    r#type: "email",
                    autocomplete: "off",
                    spellcheck: "false",
                    placeholder: words::EMAIL_EXAMPLE,
                    value: "{email}",
                    "aria-invalid": wrong().to_string(),
                    "data-testid": "invite-email",
                    oninput: move |event| {
                        wrong.set(false);
                        email.set(event.value());
                    },
                    onkeydown: move |event| {
                        if page::is_composing(&event) {
                            event.prevent_default();
                        }
                    },
                }
            }
            label { class: "form-row",
                span { class: "form-label", {words::ROLE} }
                select {
                    class: "select role",
                    "data-testid": "invite-role",
                    onchange: move |event| with.set(role(&event.value())),
                    for one in ROLES {
                        option { key: "{one}", value: "{one}", selected: one == with(), {text::role(one)} }
                    }
                }
            }
            button {
                class: "button primary",
                r#type: "submit",
                "data-testid": "invite",
                disabled: busy || email.read().trim().is_empty(),
                {words::INVITE}
            }
        }
        if wrong() {
            p { class: "form-error", role: "alert", "data-testid": "invite-error", {words::NOT_AN_EMAIL} }
        }
    }
}
