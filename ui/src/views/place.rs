//! "Move to…" and "Copy to another course…": a field that finds a place, and the list of places under it.

use super::act::use_act;
use crate::components::{Dialog, Icon, close_dialog};
use crate::hooks::use_query;
use crate::i18n::structure;
use crate::page;
use crate::state::rights::Rights;
use crate::state::targets::{self, Target};
use crate::state::tree::{self, Place};
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{CourseSummary, NodeKind, OutlineView};
use inkhorn_protocol::{CourseId, NodeId};

/// Places that are listed at most: what is beyond is found by typing.
const MOST: usize = 60;

const FIELD: &str = "place-field";

/// One line of the list.
#[derive(Debug, Clone, PartialEq)]
enum Choice {
    /// A place in the course itself.
    Move(Place),
    /// Another course, whose places come next.
    Course(CourseId, String),
    /// A place in the other course.
    Copy(Option<NodeId>),
}

/// Where these nodes go. With `copies` only other courses are offered, else they stand behind the places of this one.
#[component]
pub(super) fn PlaceDialog(course: CourseId, nodes: Vec<NodeId>, copies: bool) -> Element {
    let ui = use_context::<Ui>();
    let act = use_act();
    let mut typed = use_signal(String::new);
    let mut at = use_signal(|| 0usize);
    let mut other = use_signal(|| None::<(CourseId, String)>);
    let outline = use_query::<OutlineView>(QueryKey::Outline { course: course.clone() });
    let courses = use_query::<Vec<CourseSummary>>(QueryKey::Courses);
    let Some(view) = outline.data() else { return rsx! {} };
    let all_courses = courses.data();
    let kinds = targets::kinds(&view.nodes, &nodes);
    let chapters = kinds.iter().all(|kind| *kind == NodeKind::Chapter);
    let titles: Vec<String> = nodes
        .iter()
        .filter_map(|id| tree::find(&view.nodes, id))
        .map(|(_, node)| node.title.clone())
        .collect();

    let wanted = typed.read().to_lowercase();
    let mut choices: Vec<(String, Choice)> = Vec::new();
    if other.read().is_none() {
        if !copies {
            let found = targets::targets(&view.nodes, &kinds, &nodes, &typed.read());
            choices.extend(
                found.into_iter().map(|target| (label(&target, chapters), Choice::Move(target.place))),
            );
        }
        let others = all_courses.iter().flat_map(|all| all.iter()).filter(|one| {
            one.id != course
                && one.title.to_lowercase().contains(wanted.trim())
                && Rights::of(all_courses.as_ref().map(|all| all.as_slice()), false, &one.id).may_write()
        });
        choices.extend(others.map(|one| {
            (structure::copy_into(&one.title), Choice::Course(one.id.clone(), one.title.clone()))
        }));
    }
    let title = if copies || other.read().is_some() {
        structure::copy_title(&titles)
    } else {
        structure::move_title(&titles)
    };
    let choose = {
        let (act, nodes) = (act.clone(), nodes.clone());
        use_callback(move |choice: Choice| {
            let (act, nodes) = (act.clone(), nodes.clone());
            match choice {
                Choice::Move(place) => {
                    close_dialog(ui);
                    act.move_to(nodes, place, String::new(), true);
                }
                Choice::Course(id, title) => {
                    typed.set(String::new());
                    at.set(0);
                    other.set(Some((id, title)));
                    page::focus_soon(FIELD.to_owned());
                }
                Choice::Copy(under) => {
                    let Some((id, title)) = other.peek().clone() else { return };
                    close_dialog(ui);
                    act.copy_to(nodes, id, title, under);
                }
            }
        })
    };
    let nothing = if other.read().is_none() && copies {
        if typed.read().is_empty() { structure::NO_COURSE } else { structure::NO_SUCH_COURSE }
    } else if kinds.len() > 1 && chapters_among(&kinds) {
        structure::NO_COMMON_PLACE
    } else {
        structure::NO_PLACE
    };
    rsx! {
        Dialog { title, testid: "place-dialog",
            if let Some((id, name)) = other() {
                OtherCourse {
                    key: "{id}",
                    course: id,
                    name,
                    from: view.title.clone(),
                    kinds: kinds.iter().copied().collect::<Vec<_>>(),
                    typed,
                    at,
                    on_choose: move |under| choose.call(Choice::Copy(under)),
                }
            } else {
                Finder {
                    placeholder: if copies { structure::FIND_COURSE } else { structure::FIND_PLACE },
                    choices,
                    nothing,
                    typed,
                    at,
                    on_choose: move |choice| choose.call(choice),
                }
            }
        }
    }
}

fn chapters_among(kinds: &std::collections::HashSet<NodeKind>) -> bool {
    kinds.contains(&NodeKind::Chapter)
}

fn label(target: &Target, chapters: bool) -> String {
    match &target.title {
        None => structure::BEGINNING.to_owned(),
        Some(title) => structure::place(title, target.within.as_deref(), target.kind, chapters),
    }
}

/// The places of another course.
#[component]
fn OtherCourse(
    course: CourseId,
    name: String,
    /// Title of the course that the copies come from.
    from: String,
    kinds: Vec<NodeKind>,
    typed: Signal<String>,
    at: Signal<usize>,
    on_choose: EventHandler<Option<NodeId>>,
) -> Element {
    let outline = use_query::<OutlineView>(QueryKey::Outline { course });
    let Some(view) = outline.data() else { return rsx! {} };
    let chapters = kinds.iter().all(|kind| *kind == NodeKind::Chapter);
    let mut choices = Vec::new();
    if chapters {
        choices.push((structure::END.to_owned(), Choice::Copy(None)));
    } else if !kinds.contains(&NodeKind::Chapter) {
        if typed.read().trim().is_empty() {
            choices.push((structure::new_chapter(&from), Choice::Copy(None)));
        }
        let kinds = kinds.iter().copied().collect();
        let found = targets::targets(&view.nodes, &kinds, &[], &typed.read());
        choices
            .extend(found.into_iter().map(|target| (label(&target, false), Choice::Copy(target.place.to))));
    }
    rsx! {
        p { class: "section-title", "data-testid": "place-course", "{name}" }
        Finder {
            placeholder: structure::FIND_PLACE,
            nothing: if chapters || !kinds.contains(&NodeKind::Chapter) { structure::NO_PLACE } else { structure::NO_COMMON_PLACE },
            choices,
            typed,
            at,
            on_choose: move |choice| {
                if let Choice::Copy(under) = choice {
                    on_choose.call(under);
                }
            },
        }
    }
}

/// A field and the list that it narrows (WAI-ARIA combobox): the focus stays in the field, arrows walk, Enter chooses.
#[component]
fn Finder(
    placeholder: &'static str,
    choices: Vec<(String, Choice)>,
    nothing: &'static str,
    typed: Signal<String>,
    at: Signal<usize>,
    on_choose: EventHandler<Choice>,
) -> Element {
    let more = choices.len().saturating_sub(MOST);
    let listed: Vec<(String, Choice)> = choices.into_iter().take(MOST).collect();
    let here = (*at.read()).min(listed.len().saturating_sub(1));
    let count = listed.len();
    let chosen = listed.get(here).map(|(_, choice)| choice.clone());
    let keys = move |event: KeyboardEvent| {
        if page::is_composing(&event) {
            return;
        }
        let to = match event.key() {
            Key::ArrowDown => (here + 1) % count.max(1),
            Key::ArrowUp => (here + count.saturating_sub(1)) % count.max(1),
            Key::Enter => {
                event.prevent_default();
                if let Some(choice) = chosen.clone() {
                    on_choose.call(choice);
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        at.set(to);
        page::reveal_soon(format!("place-{to}"));
    };
    rsx! {
        input {
            id: FIELD,
            class: "field",
            r#type: "text",
            role: "combobox",
            autocomplete: "off",
            autofocus: true,
            spellcheck: "false",
            "aria-expanded": "true",
            "aria-controls": "places",
            "aria-autocomplete": "list",
            "aria-activedescendant": (count > 0).then(|| format!("place-{here}")),
            "aria-label": placeholder,
            placeholder,
            value: "{typed}",
            "data-testid": "place-field",
            onmounted: move |_| page::focus_soon(FIELD.to_owned()),
            oninput: move |event| {
                typed.set(event.value());
                at.set(0);
            },
            onkeydown: keys,
        }
        div { id: "places", class: "places", role: "listbox", "aria-label": structure::PLACES,
            for (index , (label , choice)) in listed.into_iter().enumerate() {
                div {
                    key: "{index}",
                    id: "place-{index}",
                    class: "menu-item",
                    role: "option",
                    "aria-selected": (index == here).to_string(),
                    "data-testid": "place",
                    onclick: {
                        let choice = choice.clone();
                        move |_| on_choose.call(choice.clone())
                    },
                    Icon {
                        name: match choice {
                            Choice::Move(_) | Choice::Copy(_) => "folder",
                            Choice::Course(..) => "library",
                        },
                    }
                    span { class: "grow", "{label}" }
                    if matches!(choice, Choice::Course(..)) {
                        Icon { name: "chevron-right" }
                    }
                }
            }
        }
        if count == 0 {
            p { class: "form-hint", role: "status", "data-testid": "no-place", {nothing} }
        }
        if more > 0 {
            p { class: "form-hint", {structure::more_places(more)} }
        }
    }
}
