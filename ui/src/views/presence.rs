//! Who else has this course open.

use crate::hooks::{Client, use_presence};
use crate::i18n::text;
use crate::state::presence::{MOST_AVATARS, people};
use crate::state::ui::{Dialog, Ui};
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;

/// Avatars in the bar; they lead to the list of people.
#[component]
pub(super) fn Avatars(course: CourseId, shared: bool) -> Element {
    let ui = use_context::<Ui>();
    let peers = use_presence(course.clone(), shared);
    let people = use_memo(move || {
        let peers = peers.data();
        people(peers.as_ref().map_or(&[], |peers| peers.as_slice()), ui.lesson.read().as_ref())
    });
    let people = people.read();
    if !shared || people.is_empty() {
        return rsx! {};
    }
    let more = people.len().saturating_sub(MOST_AVATARS);
    rsx! {
        button {
            class: "avatars",
            r#type: "button",
            "aria-label": text::others_here(&people),
            "data-tip": text::others_tip(&people),
            "data-tip-side": "bottom-end",
            "data-testid": "avatars",
            onclick: move |_| ui.ask(Dialog::People(course.clone())),
            for person in people.iter().take(MOST_AVATARS) {
                span {
                    key: "{person.name}-{person.hue}",
                    class: "avatar",
                    "aria-hidden": "true",
                    "data-here": person.same_lesson.to_string(),
                    style: "--peer: var(--peer-{person.hue + 1})",
                    "{person.initials}"
                }
            }
            if more > 0 {
                span { class: "avatar more", "aria-hidden": "true", "+{more}" }
            }
        }
    }
}

/// Tells the core where the user is, so that others can see it.
pub(super) fn use_tell_where() {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    use_effect(move || {
        let (course, lesson) = (ui.course.read().clone(), ui.lesson.read().clone());
        let api = client.api.clone();
        spawn(async move {
            // Nobody misses it while it cannot be said: it is said again with the next connection, by the core.
            let _ = api.set_presence(course.as_ref(), lesson.as_ref()).await;
        });
    });
}
