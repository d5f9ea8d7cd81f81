//! One word at a time, and of those that wait only the latest: for what others are told by a command that may take a
//! while. Two of them on their way at once could arrive in the other order, and the older one would stay. Pure.

/// What is being told, and what waits.
#[derive(Debug)]
pub struct Latest<T> {
    telling: bool,
    waiting: Option<T>,
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self { telling: false, waiting: None }
    }
}

impl<T> Latest<T> {
    /// Something new is to be told. It is given back if it is to be told now; [`Latest::told`] is called when that is done.
    #[must_use = "what is given back is told now"]
    pub fn put(&mut self, word: T) -> Option<T> {
        if self.telling {
            self.waiting = Some(word);
            return None;
        }
        self.telling = true;
        Some(word)
    }

    /// The last word has arrived, or was lost: the next one, if there is one.
    pub fn told(&mut self) -> Option<T> {
        let next = self.waiting.take();
        self.telling = next.is_some();
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_on_its_way_at_a_time_and_of_those_that_wait_only_the_latest_is_told() {
        let mut line = Latest::default();
        assert_eq!(line.put(1), Some(1));
        assert_eq!((line.put(2), line.put(3)), (None, None));
        assert_eq!(line.told(), Some(3));
        assert_eq!(line.put(4), None, "3 is on its way");
        assert_eq!(line.told(), Some(4));
        assert_eq!(line.told(), None);
        assert_eq!(line.put(5), Some(5), "all is quiet again");
    }
}
