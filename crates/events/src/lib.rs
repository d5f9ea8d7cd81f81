//! The observer spine: typed events from two publishers to any number of subscribers.
