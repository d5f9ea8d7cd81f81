//! Following a person: the window goes where they go, and says so.

use crate::components::Icon;
use crate::hooks::{use_presence, use_query};
use crate::i18n::follow as words;
use crate::state::follow::{Followed, Whereabouts};
use crate::state::tree;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::OutlineView;

/// The ring around the page and the bar, in their colour, while `who` is followed. One instance per person and course (the
/// caller gives it a key).
#[component]
pub(super) fn Following(course: CourseId, who: Followed) -> Element {
    let ui = use_context::<Ui>();
    let peers = use_presence(course.clone(), true);
    let outline = use_query::<OutlineView>(QueryKey::Outline { course });
    let (name, hue) = (who.name.clone(), who.hue);
    let at = use_memo(move || {
        let peers = peers.data();
        who.whereabouts(peers.as_ref().map_or(&[], |peers| peers.as_slice()), ui.lesson.read().as_ref())
    });
    // Only a lesson that is in the outline here can be shown.
    let there = use_memo(move || {
        let Whereabouts::Lesson(lesson) = &*at.read() else { return None };
        let view = outline.data()?;
        tree::find(&view.nodes, lesson).map(|_| lesson.clone())
    });
    use_effect(move || {
        if let Some(lesson) = there()
            && ui.lesson.peek().as_ref() != Some(&lesson)
        {
            ui.show_lesson(lesson);
        }
    });
    let says = words::following(&name, &at.read(), there.read().is_some());
    rsx! {
        div { class: "follow-ring", "aria-hidden": "true", style: "--peer: var(--peer-{hue + 1})" }
        div { class: "follow-bar", "data-testid": "following", style: "--peer: var(--peer-{hue + 1})",
            Icon { name: "eye" }
            span { role: "status", "{says}" }
            button {
                class: "button quiet",
                r#type: "button",
                "data-testid": "stop-following",
                "data-tip": "{words::STOP}  Esc",
                "data-tip-side": "top",
                onclick: move |_| ui.follow(None),
                {words::STOP}
            }
        }
    }
}
