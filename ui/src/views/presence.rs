//! Who else has this course open.

use crate::components::{Item, Menu, Spot};
use crate::hooks::{Client, use_presence};
use crate::i18n::{follow as words, text};
use crate::state::follow::Followed;
use crate::state::latest::Latest;
use crate::state::presence::{MOST_AVATARS, Person, people};
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;
use std::cell::RefCell;
use std::rc::Rc;

/// The button behind the avatars.
const MORE: &str = "more-people";

/// Avatars in the bar: each follows its person, and those that have no place of their own are in a list behind them.
#[component]
pub(super) fn Avatars(course: CourseId, shared: bool) -> Element {
    let ui = use_context::<Ui>();
    let mut menu = use_signal(|| None::<Spot>);
    let peers = use_presence(course, shared);
    let people = use_memo(move || {
        let peers = peers.data();
        people(peers.as_ref().map_or(&[], |peers| peers.as_slice()), ui.lesson.read().as_ref())
    });
    let people = people.read();
    if !shared || people.is_empty() {
        return rsx! {};
    }
    let following = ui.following.read().clone();
    let follows = |person: &Person| following.as_ref().is_some_and(|who| who.is(&person.name, person.hue));
    let toggle = move |person: &Person, on: bool| {
        ui.follow((!on).then(|| Followed { name: person.name.clone(), hue: person.hue }));
    };
    let more = people.len().saturating_sub(MOST_AVATARS);
    rsx! {
        div {
            class: "avatars",
            role: "group",
            "aria-label": text::others_here(&people),
            "data-testid": "avatars",
            for (person , on) in people.iter().take(MOST_AVATARS).map(|person| (person.clone(), follows(person))) {
                button {
                    key: "{person.name}-{person.hue}",
                    class: "avatar-button",
                    r#type: "button",
                    "aria-label": words::follow(&person),
                    "aria-pressed": on.to_string(),
                    "data-tip": if on { words::STOP.to_owned() } else { words::follow(&person) },
                    "data-tip-side": "bottom-end",
                    onclick: {
                        let person = person.clone();
                        move |_| toggle(&person, on)
                    },
                    span {
                        class: "avatar",
                        "aria-hidden": "true",
                        "data-here": person.same_lesson.to_string(),
                        style: "--peer: var(--peer-{person.hue + 1})",
                        "{person.initials}"
                    }
                }
            }
            if more > 0 {
                button {
                    id: MORE,
                    class: "avatar-button",
                    r#type: "button",
                    "aria-label": words::MORE_PEOPLE,
                    "aria-haspopup": "menu",
                    "data-tip": text::others_tip(&people[MOST_AVATARS..]),
                    "data-tip-side": "bottom-end",
                    "data-testid": "more-people",
                    onclick: move |_| menu.set(Spot::below(MORE)),
                    span { class: "avatar more", "aria-hidden": "true", "+{more}" }
                }
            }
        }
        if let Some(spot) = menu() {
            Menu { spot, label: words::MORE_PEOPLE, on_close: move |()| menu.set(None),
                for (person , on) in people.iter().map(|person| (person.clone(), follows(person))) {
                    Item {
                        key: "{person.name}-{person.hue}",
                        label: words::follow(&person),
                        icon: "eye",
                        checked: on,
                        testid: "follow-{person.name}",
                        onclick: move |()| {
                            menu.set(None);
                            toggle(&person, on);
                        },
                    }
                }
            }
        }
    }
}

/// Tells the core where the user is, so that others can see it. One word at a time: two could arrive in the other order.
pub(super) fn use_tell_where() {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let line = use_hook(|| Rc::new(RefCell::new(Latest::default())));
    use_effect(move || {
        let place = (ui.course.read().clone(), ui.lesson.read().clone());
        let Some(first) = line.borrow_mut().put(place) else { return };
        let (api, line) = (client.api.clone(), line.clone());
        spawn(async move {
            let mut next = Some(first);
            while let Some((course, lesson)) = next {
                // Nobody misses it while it cannot be said: it is said again with the next connection, by the core.
                let _ = api.set_presence(course.as_ref(), lesson.as_ref()).await;
                next = line.borrow_mut().told();
            }
        });
    });
}
