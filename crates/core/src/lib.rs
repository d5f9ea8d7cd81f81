//! The composition root: one profile, its documents, its connection, its cache; knows no window.
