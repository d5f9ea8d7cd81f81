//! A list of a course's settings: entries are rewritten in place, moved by buttons or Alt and an arrow, added at the end.

use super::settings::{Rule, TextField};
use crate::components::{Icon, IconButton};
use crate::forms::settings as forms;
use crate::hooks::Mutation;
use crate::i18n::settings as words;
use crate::page;
use dioxus::prelude::*;
use inkhorn_protocol::NodeId;
use inkhorn_protocol::settings::{Change, Entry, List, MAX_TEXT};

/// The list with its last, empty field.
#[component]
pub(super) fn EntryList(list: List, entries: Vec<Entry>, locked: bool, change: Mutation<Change>) -> Element {
    let (title, hint, add_label, testid) = match list {
        List::Authors => (words::AUTHORS, "", words::AUTHORS_ADD, "authors"),
        List::Objectives => (words::OBJECTIVES, words::OBJECTIVES_HINT, words::OBJECTIVES_ADD, "objectives"),
    };
    let mut typed = use_signal(String::new);
    // Kept in the field until it is in the list: a failure must not lose it.
    let mut sent = use_signal(|| None::<String>);
    use_effect(move || {
        if !change.is_pending()
            && let Some(text) = sent()
        {
            sent.set(None);
            if change.failure().is_none() && forms::text("", &typed.peek()).as_ref() == Some(&text) {
                typed.set(String::new());
            }
        }
    });
    let add = use_callback(move |()| {
        if let Some(text) = forms::entry("", &typed.peek()) {
            let id = NodeId::from_random(page::random16());
            sent.set(Some(text.clone()));
            change.run(Change::Add { list, id, text });
        }
    });
    rsx! {
        div { class: "form-row", role: "group", "aria-label": title,
            span { class: "form-label", "{title}" }
            if !hint.is_empty() {
                span { class: "form-hint", "{hint}" }
            }
            if !entries.is_empty() {
                ol { class: "entries", "data-testid": testid,
                    for (at , entry) in entries.iter().enumerate() {
                        Row {
                            key: "{entry.id}",
                            list,
                            label: words::of_entry(title, at + 1),
                            entry: entry.clone(),
                            // Up: before the one above. Down: before the one behind the next, or to the end.
                            above: at.checked_sub(1).and_then(|at| entries.get(at)).map(|it| it.id.clone()),
                            below: entries.get(at + 1).map(|_| entries.get(at + 2).map(|it| it.id.clone())),
                            locked,
                            change,
                        }
                    }
                }
            }
            if !locked {
                div { class: "row entry-new",
                    input {
                        class: "field grow",
                        r#type: "text",
                        dir: "auto",
                        value: "{typed}",
                        placeholder: add_label,
                        "aria-label": add_label,
                        maxlength: MAX_TEXT as i64,
                        "data-testid": "{testid}-new",
                        oninput: move |event| typed.set(event.value()),
                        onkeydown: move |event| {
                            if event.key() == Key::Enter && !page::is_composing(&event) {
                                event.prevent_default();
                                add.call(());
                            }
                        },
                    }
                    button {
                        class: "button",
                        r#type: "button",
                        disabled: typed.read().trim().is_empty() || change.is_pending(),
                        "data-testid": "{testid}-add",
                        onclick: move |_| add.call(()),
                        Icon { name: "plus" }
                        {words::ADD}
                    }
                }
            }
        }
    }
}

#[component]
fn Row(
    list: List,
    label: String,
    entry: Entry,
    above: Option<NodeId>,
    /// None at the end; else what it goes before, or nothing for the end.
    below: Option<Option<NodeId>>,
    locked: bool,
    change: Mutation<Change>,
) -> Element {
    let id = entry.id.clone();
    let (up, down) = (above.clone(), below.clone());
    // A callback is renewed with each drawing, so it knows the neighbours of now.
    let shift = use_callback(move |upwards: bool| {
        let before = if upwards { up.clone().map(Some) } else { down.clone() };
        if let Some(before) = before {
            change.run(Change::Move { list, id: id.clone(), before });
        }
    });
    let (kept, gone) = (entry.id.clone(), entry.id.clone());
    let field = format!("entry-{}", entry.id);
    // A field that is moved loses the focus: it gets it back where the keyboard moved it.
    let mut led = use_signal(|| false);
    let (focus, place) = (field.clone(), (above.clone(), below.clone()));
    use_effect(use_reactive!(|place| {
        let _ = place;
        if *led.peek() {
            led.set(false);
            page::focus_soon(focus.clone());
        }
    }));
    rsx! {
        li { class: "row", "data-testid": "entry",
            TextField {
                id: field,
                label,
                quiet: true,
                value: entry.text.clone(),
                locked,
                testid: "entry-text",
                rule: Rule::Entry,
                on_keep: move |text| change.run(Change::Text { list, id: kept.clone(), text }),
                on_key: move |event: KeyboardEvent| {
                    let up = event.key() == Key::ArrowUp;
                    if !locked && event.modifiers().alt() && (up || event.key() == Key::ArrowDown) {
                        event.prevent_default();
                        led.set(true);
                        shift.call(up);
                    }
                },
            }
            if !locked {
                IconButton {
                    icon: "arrow-up",
                    label: words::entry_action(words::UP, &entry.text),
                    keys: "Alt+↑",
                    side: "left",
                    testid: "entry-up",
                    disabled: above.is_none(),
                    onclick: move |_| shift.call(true),
                }
                IconButton {
                    icon: "arrow-down",
                    label: words::entry_action(words::DOWN, &entry.text),
                    keys: "Alt+↓",
                    side: "left",
                    testid: "entry-down",
                    disabled: below.is_none(),
                    onclick: move |_| shift.call(false),
                }
                IconButton {
                    icon: "trash-2",
                    label: words::entry_action(words::REMOVE, &entry.text),
                    side: "left",
                    testid: "entry-remove",
                    onclick: move |_| change.run(Change::Remove { list, id: gone.clone() }),
                }
            }
        }
    }
}
