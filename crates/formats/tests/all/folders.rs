//! Folders of every kind.
