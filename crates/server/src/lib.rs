//! The sync server: validates, indexes, stores, orders and diffs; never integrates a document.
