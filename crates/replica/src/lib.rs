//! Durable local documents: an append-only log in SQLite and the document-sync engine over it.
