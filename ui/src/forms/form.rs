//! A form: what the server says (baseline), what has been typed (draft), and where the two went apart.
//!
//! A refresh of the server updates clean fields only. A dirty field keeps what was typed and is marked "changed
//! elsewhere", with the other value at hand and a choice: keep mine, or take theirs. While an input method composes a
//! word in a field, nothing happens to that field at all, and nothing is submitted.
//!
//! ```
//! use inkhorn_ui::forms::form::Form;
//! let mut form = Form::new([("title", "Soil"), ("author", "Maria")]);
//! form.edit("title", "Soil moisture");
//! form.refresh([("title", "Ground"), ("author", "Maria B.")]);
//! assert_eq!(form.value(&"title"), Some(&"Soil moisture"));
//! assert_eq!(form.elsewhere(&"title"), Some(&"Ground"));
//! assert_eq!(form.value(&"author"), Some(&"Maria B."));
//! assert_eq!(form.submit(), None, "the choice comes first");
//! form.keep_mine(&"title");
//! assert_eq!(form.submit(), Some([("title", "Soil moisture")].into()));
//! ```

use std::collections::BTreeMap;

/// A form with fields named `K` that hold `V`. Pure; a view keeps it in a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form<K: Ord, V> {
    baseline: BTreeMap<K, V>,
    /// Only what differs from the baseline: its keys are the dirty set.
    draft: BTreeMap<K, V>,
    /// What a dirty field became elsewhere; decided by the user.
    elsewhere: BTreeMap<K, V>,
    /// The field in which an input method composes now.
    composing: Option<K>,
    /// What arrived for that field meanwhile.
    held: Option<V>,
}

impl<K: Ord + Clone, V: Clone + PartialEq> Form<K, V> {
    /// A clean form.
    pub fn new(baseline: impl IntoIterator<Item = (K, V)>) -> Self {
        Self {
            baseline: baseline.into_iter().collect(),
            draft: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            composing: None,
            held: None,
        }
    }

    /// What a field shows. None for a field that the form does not have.
    pub fn value(&self, field: &K) -> Option<&V> {
        self.draft.get(field).or_else(|| self.baseline.get(field))
    }

    /// What the server says of a field, as far as it was taken over.
    pub fn baseline(&self, field: &K) -> Option<&V> {
        self.baseline.get(field)
    }

    /// The user typed.
    pub fn edit(&mut self, field: K, value: V) {
        // A word that is being composed is not compared: it may pass through the old value.
        let clean = self.baseline.get(&field) == Some(&value) && self.composing.as_ref() != Some(&field);
        if clean && !self.elsewhere.contains_key(&field) {
            self.draft.remove(&field);
        } else {
            self.draft.insert(field, value);
        }
    }

    /// The server says what the fields are now. Those that are not named stay.
    pub fn refresh(&mut self, fields: impl IntoIterator<Item = (K, V)>) {
        for (field, value) in fields {
            if self.composing.as_ref() == Some(&field) {
                self.held = Some(value);
            } else {
                self.take_in(field, value);
            }
        }
    }

    fn take_in(&mut self, field: K, value: V) {
        match self.draft.get(&field) {
            None => {
                self.baseline.insert(field, value);
            }
            // Both came to the same: there is nothing to decide, and nothing to send.
            Some(mine) if *mine == value => {
                self.draft.remove(&field);
                self.elsewhere.remove(&field);
                self.baseline.insert(field, value);
            }
            // Back to what the user started from.
            Some(_) if self.baseline.get(&field) == Some(&value) => {
                self.elsewhere.remove(&field);
            }
            Some(_) => {
                self.elsewhere.insert(field, value);
            }
        }
    }

    /// Whether something typed differs from what the server says.
    pub fn is_dirty(&self) -> bool {
        !self.draft.is_empty()
    }

    /// The dirty fields.
    pub fn dirty(&self) -> impl Iterator<Item = &K> {
        self.draft.keys()
    }

    /// What a dirty field became elsewhere, while the user has not decided.
    pub fn elsewhere(&self, field: &K) -> Option<&V> {
        self.elsewhere.get(field)
    }

    /// Whether some field waits for a decision.
    pub fn is_undecided(&self) -> bool {
        !self.elsewhere.is_empty()
    }

    /// What was typed stays, and replaces what the field became elsewhere once it is submitted.
    pub fn keep_mine(&mut self, field: &K) {
        if let Some(theirs) = self.elsewhere.remove(field) {
            if self.draft.get(field) == Some(&theirs) {
                self.draft.remove(field);
            }
            self.baseline.insert(field.clone(), theirs);
        }
    }

    /// What was typed goes, on the user's word.
    pub fn take_theirs(&mut self, field: &K) {
        if let Some(theirs) = self.elsewhere.remove(field) {
            self.baseline.insert(field.clone(), theirs);
            self.draft.remove(field);
        }
    }

    /// The user gives a field's draft up (Escape).
    pub fn revert(&mut self, field: &K) {
        if self.composing.as_ref() == Some(field) {
            return;
        }
        self.draft.remove(field);
        if let Some(theirs) = self.elsewhere.remove(field) {
            self.baseline.insert(field.clone(), theirs);
        }
    }

    /// An input method begins to compose in a field.
    pub fn compose(&mut self, field: K) {
        if self.composing.as_ref() != Some(&field) {
            self.composed();
            self.composing = Some(field);
        }
    }

    /// It ended; what arrived meanwhile is taken in now.
    pub fn composed(&mut self) {
        let Some(field) = self.composing.take() else { return };
        let typed = self.draft.get(&field).cloned();
        if let Some(typed) = typed {
            // Compared now: the word may have been taken back.
            self.edit(field.clone(), typed);
        }
        if let Some(value) = self.held.take() {
            self.take_in(field, value);
        }
    }

    /// Whether an input method composes.
    pub fn is_composing(&self) -> bool {
        self.composing.is_some()
    }

    /// What is to be sent: the dirty fields. None while a word is being composed, while the user has not decided about
    /// a field that changed elsewhere, and when there is nothing to send.
    pub fn submit(&self) -> Option<BTreeMap<K, V>> {
        (self.is_dirty() && !self.is_composing() && !self.is_undecided()).then(|| self.draft.clone())
    }

    /// What was sent is there. What was typed since then stays dirty; what the server said before is the past.
    pub fn submitted(&mut self, sent: &BTreeMap<K, V>) {
        for (field, value) in sent {
            self.baseline.insert(field.clone(), value.clone());
            self.elsewhere.remove(field);
            if self.composing.as_ref() == Some(field) {
                self.held = None;
            }
            if self.draft.get(field) == Some(value) {
                self.draft.remove(field);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form() -> Form<u8, String> {
        Form::new([(0, "a".to_owned()), (1, "b".to_owned())])
    }
    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn a_refresh_updates_clean_fields_and_marks_dirty_ones() {
        let mut form = form();
        form.edit(0, text("mine"));
        form.refresh([(0, text("theirs")), (1, text("new"))]);
        assert_eq!((form.value(&0).unwrap().as_str(), form.value(&1).unwrap().as_str()), ("mine", "new"));
        assert_eq!(form.elsewhere(&0).map(String::as_str), Some("theirs"));
        assert_eq!(form.elsewhere(&1), None);
        form.take_theirs(&0);
        assert_eq!(form.value(&0).map(String::as_str), Some("theirs"));
        assert!(!form.is_dirty());
    }

    #[test]
    fn a_change_elsewhere_that_was_taken_back_needs_no_decision() {
        let mut form = form();
        form.edit(0, text("mine"));
        form.refresh([(0, text("theirs"))]);
        form.refresh([(0, text("a"))]);
        assert_eq!(form.elsewhere(&0), None);
        assert_eq!(form.submit(), Some([(0, text("mine"))].into()));
    }

    #[test]
    fn both_coming_to_the_same_is_clean() {
        let mut form = form();
        form.edit(0, text("same"));
        form.refresh([(0, text("same"))]);
        assert!(!form.is_dirty() && form.submit().is_none());
    }

    #[test]
    fn nothing_happens_to_a_field_in_which_a_word_is_composed() {
        let mut form = form();
        form.compose(0);
        form.edit(0, text("に"));
        form.refresh([(0, text("theirs")), (1, text("new"))]);
        assert_eq!(form.value(&0).map(String::as_str), Some("に"));
        assert_eq!(form.elsewhere(&0), None);
        assert_eq!(form.value(&1).map(String::as_str), Some("new"), "other fields are not held up");
        form.revert(&0);
        assert_eq!(form.value(&0).map(String::as_str), Some("に"), "Escape belongs to the input method");
        assert_eq!(form.submit(), None);
        form.edit(0, text("日本"));
        form.composed();
        assert_eq!(form.value(&0).map(String::as_str), Some("日本"));
        assert_eq!(form.elsewhere(&0).map(String::as_str), Some("theirs"));
    }

    #[test]
    fn a_composed_word_that_was_taken_back_leaves_the_field_clean_and_lets_the_refresh_in() {
        let mut form = form();
        form.compose(0);
        form.edit(0, text("に"));
        form.refresh([(0, text("theirs"))]);
        form.edit(0, text("a"));
        form.composed();
        assert_eq!(form.value(&0).map(String::as_str), Some("theirs"));
        assert!(!form.is_dirty());
    }

    #[test]
    fn what_is_typed_while_the_answer_is_on_its_way_stays_dirty() {
        let mut form = form();
        form.edit(0, text("one"));
        let sent = form.submit().expect("something to send");
        form.edit(0, text("one two"));
        form.submitted(&sent);
        assert_eq!(form.value(&0).map(String::as_str), Some("one two"));
        assert_eq!(form.submit(), Some([(0, text("one two"))].into()));
    }

    #[test]
    fn what_arrived_while_a_word_was_composed_is_older_than_the_answer_that_came_meanwhile() {
        let mut form = form();
        form.edit(0, text("mine"));
        let sent = form.submit().expect("something to send");
        form.compose(0);
        form.refresh([(0, text("a"))]);
        form.submitted(&sent);
        form.composed();
        assert_eq!(form.value(&0).map(String::as_str), Some("mine"));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Edit(u8, u8),
        Refresh(BTreeMap<u8, u8>),
        Keep(u8),
        Take(u8),
        Revert(u8),
        Compose(u8),
        Composed,
        /// Send what can be sent; the answer arrives at once, or after the next edit.
        Send,
        Answer,
    }

    fn step() -> impl Strategy<Value = Step> {
        // Few values, so that "typed the same" and "changed back" happen often.
        let (field, value) = (0u8..3, 0u8..4);
        prop_oneof![
            4 => (field.clone(), value.clone()).prop_map(|(f, v)| Step::Edit(f, v)),
            4 => prop::collection::btree_map(field.clone(), value, 1..4).prop_map(Step::Refresh),
            1 => field.clone().prop_map(Step::Keep),
            1 => field.clone().prop_map(Step::Take),
            1 => field.clone().prop_map(Step::Revert),
            2 => field.prop_map(Step::Compose),
            2 => Just(Step::Composed),
            1 => Just(Step::Send),
            1 => Just(Step::Answer),
        ]
    }

    proptest! {
        #[test]
        fn nothing_typed_is_ever_overwritten(steps in prop::collection::vec(step(), 0..60)) {
            let mut form = Form::new((0u8..3).map(|field| (field, 0u8)));
            // What the user typed last in each field and has not given up; what the server said last.
            let mut typed: BTreeMap<u8, u8> = BTreeMap::new();
            let mut server: BTreeMap<u8, u8> = (0u8..3).map(|field| (field, 0)).collect();
            let mut sent: Option<BTreeMap<u8, u8>> = None;
            for step in steps {
                let before = form.clone();
                let composed = matches!(step, Step::Composed | Step::Compose(_));
                match step {
                    Step::Edit(field, value) => {
                        form.edit(field, value);
                        typed.insert(field, value);
                    }
                    Step::Refresh(fields) => {
                        server.extend(fields.clone());
                        form.refresh(fields);
                    }
                    Step::Keep(field) => form.keep_mine(&field),
                    Step::Take(field) => {
                        if form.elsewhere(&field).is_some() {
                            typed.remove(&field);
                        }
                        form.take_theirs(&field);
                    }
                    Step::Revert(field) => {
                        if form.composing != Some(field) {
                            typed.remove(&field);
                        }
                        form.revert(&field);
                    }
                    Step::Compose(field) => form.compose(field),
                    Step::Composed => form.composed(),
                    Step::Send => sent = form.submit().or(sent),
                    Step::Answer => {
                        if let Some(sent) = sent.take() {
                            form.submitted(&sent);
                            server.extend(sent);
                        }
                    }
                }
                for field in 0u8..3 {
                    let shown = *form.value(&field).expect("a field");
                    match (typed.get(&field), form.draft.get(&field)) {
                        // Typed and dirty: exactly that is shown.
                        (Some(mine), Some(draft)) => {
                            prop_assert_eq!(shown, *mine);
                            prop_assert_eq!(draft, mine);
                        }
                        // Typed and clean: the server has the very same at this moment, or the composed word was taken
                        // back; it may go on from there.
                        (Some(mine), None) => {
                            let taken_back = composed && before.baseline(&field) == Some(mine);
                            prop_assert!(shown == *mine || taken_back, "overwritten: {} by {}", mine, shown);
                            typed.remove(&field);
                        }
                        (None, Some(_)) => prop_assert!(false, "a draft that nobody typed"),
                        (None, None) => {}
                    }
                    let composing = form.composing == Some(field);
                    if form.draft.contains_key(&field) && !composing {
                        let same = form.draft.get(&field) == form.baseline(&field);
                        prop_assert!(!same || form.elsewhere(&field).is_some(), "dirty, yet nothing differs");
                    }
                    if form.elsewhere(&field).is_some() {
                        prop_assert!(form.draft.contains_key(&field), "a choice where nothing was typed");
                    }
                }
                if form.is_composing() || form.is_undecided() {
                    prop_assert_eq!(form.submit(), None);
                } else if let Some(all) = form.submit() {
                    prop_assert!(all.keys().eq(form.dirty()));
                }
            }
            // At rest, every clean field shows what the server said last.
            form.composed();
            let dirty: Vec<_> = form.dirty().copied().collect();
            for field in (0u8..3).filter(|field| !dirty.contains(field)) {
                prop_assert_eq!(form.value(&field), server.get(&field));
            }
        }
    }
}
