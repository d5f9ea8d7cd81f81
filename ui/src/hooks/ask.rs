//! When the core is asked, and when it is told who looks: the rules behind every observed key. Pure.

/// Questions about one key: one at a time, and exactly one more when the key became stale meanwhile. So the number of
/// questions never exceeds the number of answers by more than one, whatever storm of messages arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ask {
    asking: bool,
    again: bool,
}

impl Ask {
    /// The key is stale. True: ask now.
    pub fn stale(&mut self) -> bool {
        self.again = self.asking;
        !std::mem::replace(&mut self.asking, true)
    }

    /// An answer, or a failure, came. True: ask once more.
    pub fn answered(&mut self) -> bool {
        self.asking = std::mem::take(&mut self.again);
        self.asking
    }
}

/// What the core is to be told about one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// Somebody looks at it.
    Observe,
    /// Nobody does any more.
    Unobserve,
}

/// Who looks at one key in this window, and what the core knows of it. One call at a time: two that overtake each other
/// would leave the core with the older word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watch {
    observers: usize,
    told: bool,
    telling: bool,
}

impl Watch {
    /// One more looks at it.
    pub fn add(&mut self) {
        self.observers += 1;
    }
    /// One less.
    pub fn remove(&mut self) {
        self.observers = self.observers.saturating_sub(1);
    }
    /// Whether anybody looks at it.
    pub fn is_observed(&self) -> bool {
        self.observers > 0
    }
    /// What to tell the core now; [`Watch::told`] must follow.
    pub fn due(&mut self) -> Option<Tell> {
        let wanted = self.is_observed();
        if self.telling || wanted == self.told {
            return None;
        }
        self.telling = true;
        Some(if wanted { Tell::Observe } else { Tell::Unobserve })
    }
    /// The core took it in, or could not. A core that cannot be told goodbye is as good as told.
    pub fn told(&mut self, what: Tell, done: bool) {
        self.telling = false;
        match what {
            Tell::Observe => self.told = done,
            Tell::Unobserve => self.told = false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// True: a message says stale. False: an answer arrives, if one is awaited.
        #[test]
        fn a_storm_makes_one_question_an_answer_and_the_last_change_is_always_asked_for(
            steps in prop::collection::vec(any::<bool>(), 0..200)
        ) {
            let mut ask = Ask::default();
            let (mut questions, mut answers, mut stales) = (0usize, 0usize, 0usize);
            // Number of the newest change, and of the newest one that a question was sent after.
            let (mut change, mut covered) = (0, 0);
            for stale in steps {
                let send = if stale {
                    (stales, change) = (stales + 1, change + 1);
                    ask.stale()
                } else if questions > answers {
                    answers += 1;
                    ask.answered()
                } else {
                    false
                };
                if send {
                    (questions, covered) = (questions + 1, change);
                }
                prop_assert!(questions - answers <= 1, "two questions at once");
                prop_assert!(questions <= stales);
                prop_assert!(questions <= answers + 1);
            }
            let mut rest = 0;
            while questions > answers {
                (answers, rest) = (answers + 1, rest + 1);
                if ask.answered() {
                    (questions, covered) = (questions + 1, change);
                }
            }
            prop_assert!(rest <= 2, "it does not settle");
            prop_assert_eq!(covered, change, "permanently stale");
        }

        #[test]
        fn in_the_end_the_core_knows_whether_somebody_looks(steps in prop::collection::vec(0u8..4, 0..100)) {
            let mut watch = Watch::default();
            let (mut under_way, mut core) = (None, false);
            for step in steps {
                match step {
                    0 => watch.add(),
                    1 => watch.remove(),
                    // The call under way ends well or badly.
                    _ => if let Some(what) = under_way.take() {
                        let done = step == 2 || what == Tell::Unobserve;
                        core = if done { what == Tell::Observe } else { core };
                        watch.told(what, done);
                    },
                }
                if let Some(what) = watch.due() {
                    prop_assert!(under_way.is_none(), "two calls at once");
                    under_way = Some(what);
                }
            }
            while let Some(what) = under_way.take().or_else(|| watch.due()) {
                core = what == Tell::Observe;
                watch.told(what, true);
            }
            prop_assert_eq!(core, watch.is_observed());
        }
    }
}
