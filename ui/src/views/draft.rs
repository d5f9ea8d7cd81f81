//! A name that is edited in place: what its field shows and does, wherever it stands.

use crate::components::Elsewhere;
use crate::forms::form::Form;
use crate::forms::rename;
use crate::i18n::text;
use crate::page;
use crate::state::ui::Ui;
use dioxus::prelude::*;

/// The text of one field, over the name that the core knows.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Draft {
    form: Signal<Form<(), String>>,
}

/// How an attempt to keep what was typed ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// There is nothing to change.
    Nothing,
    /// The new name.
    Name(String),
    /// Not yet: a word is being composed, or the user has to decide first.
    NotYet,
}

/// A draft of `name`; when that changes while nothing is typed, the field follows it.
pub(super) fn use_draft(name: String) -> Draft {
    let mut form = use_signal(|| Form::new([((), name.clone())]));
    use_effect(use_reactive!(|name| form.write().refresh([((), name)])));
    let ui = use_context::<Ui>();
    use_drop(move || {
        // The user went on without deciding: what was typed is not in the course, so it is at least not gone.
        let left =
            form.try_peek().ok().filter(|form| form.is_undecided()).and_then(|form| form.value(&()).cloned());
        if let Some(typed) = left {
            ui.trouble(text::left_undecided(&typed));
        }
    });
    Draft { form }
}

impl Draft {
    pub(super) fn shown(&self) -> String {
        self.form.read().value(&()).cloned().unwrap_or_default()
    }
    pub(super) fn edit(mut self, text: String) {
        self.form.write().edit((), text);
    }
    pub(super) fn compose(mut self) {
        self.form.write().compose(());
    }
    pub(super) fn composed(mut self) {
        self.form.write().composed();
    }
    /// Whether something is typed that is not kept yet.
    pub(super) fn is_typed(&self) -> bool {
        self.form.peek().is_dirty()
    }
    /// What was typed goes.
    pub(super) fn revert(mut self) {
        self.form.write().revert(&());
    }
    /// Enter keeps what was typed, and goes on by `entered` if it could be kept; Escape gives it up, and only then is the
    /// dialog's. Nothing happens while a word is being composed. Whether the key was the draft's.
    pub(super) fn takes_key(
        self,
        event: &KeyboardEvent,
        keep: Callback<(), Kept>,
        entered: impl FnOnce(),
    ) -> bool {
        if page::is_composing(event) {
            return true;
        }
        match event.key() {
            Key::Enter => {
                event.prevent_default();
                match keep.call(()) {
                    Kept::NotYet => ask_for_choice(),
                    Kept::Nothing | Kept::Name(_) => entered(),
                }
            }
            Key::Escape if self.is_typed() => {
                event.prevent_default();
                event.stop_propagation();
                self.revert();
            }
            _ => return false,
        }
        true
    }
    /// What to send, if it can be sent now.
    pub(super) fn keep(self) -> Kept {
        self.keep_by(rename::commit)
    }
    /// The same for a field with a rule of its own: what becomes of the text that was there and the one that was typed.
    pub(super) fn keep_by(mut self, commit: impl Fn(&str, &str) -> Option<String>) -> Kept {
        let form = self.form.peek().clone();
        if form.is_composing() || form.is_undecided() {
            return Kept::NotYet;
        }
        let Some(sent) = form.submit() else { return Kept::Nothing };
        let before = form.baseline(&()).cloned().unwrap_or_default();
        let name = sent.get(&()).and_then(|typed| commit(&before, typed));
        let mut form = self.form.write();
        match name {
            None => {
                form.revert(&());
                Kept::Nothing
            }
            Some(name) => {
                // Shown as it is sent, until the core says the same.
                form.edit((), name.clone());
                form.submitted(&[((), name.clone())].into());
                Kept::Name(name)
            }
        }
    }
    /// The choice, while there is one.
    fn elsewhere(&self) -> Option<String> {
        self.form.read().elsewhere(&()).cloned()
    }
}

/// The choice between what was typed and what the name became elsewhere; nothing while there is none.
#[component]
pub(super) fn Choice(
    draft: Draft,
    /// What was typed is kept, on the user's word.
    on_keep: EventHandler<()>,
    /// What was typed is given up.
    on_take: EventHandler<()>,
) -> Element {
    let mut form = draft.form;
    let Some(theirs) = draft.elsewhere() else { return rsx! {} };
    rsx! {
        Elsewhere {
            theirs,
            on_keep: move |()| {
                form.write().keep_mine(&());
                on_keep.call(());
            },
            on_take: move |()| {
                form.write().take_theirs(&());
                on_take.call(());
            },
        }
    }
}

/// The user pressed Enter while there is a choice: it gets the focus, so that it is neither missed nor made by accident.
pub(super) fn ask_for_choice() {
    page::focus(crate::components::KEEP_MINE);
}
