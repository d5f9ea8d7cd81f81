//! The tables, as steps from one version to the next. A step that was released is never changed.

/// Step `n` leads from `user_version` `n` to `n + 1`.
pub(super) const STEPS: &[&str] = &["
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,
    password TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

-- Only the SHA-256 of a token: whoever reads this file cannot sign in with it.
CREATE TABLE tokens (
    hash BLOB PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (id),
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- seq: head of what happened in the course, told to apps as course_seq.
CREATE TABLE courses (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    seq INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE members (
    course TEXT NOT NULL REFERENCES courses (id),
    user TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    PRIMARY KEY (course, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user);

-- changed_seq: seq of the course when the content changed last.
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    course TEXT NOT NULL REFERENCES courses (id),
    doc_seq INTEGER NOT NULL DEFAULT 0,
    changed_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX documents_by_course ON documents (course, changed_seq);

-- Append-only: a checkpoint saves time when a document is read, and replaces nothing.
CREATE TABLE log (
    document INTEGER NOT NULL REFERENCES documents (id),
    doc_seq INTEGER NOT NULL,
    user TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (document, doc_seq)
) STRICT;

CREATE TABLE checkpoints (
    document INTEGER PRIMARY KEY REFERENCES documents (id),
    doc_seq INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

-- Which account a client id belongs to in a document.
CREATE TABLE claims (
    document INTEGER NOT NULL REFERENCES documents (id),
    client INTEGER NOT NULL,
    user TEXT NOT NULL,
    PRIMARY KEY (document, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE operations (
    user TEXT NOT NULL,
    op TEXT NOT NULL,
    reply TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (user, op)
) STRICT, WITHOUT ROWID;

-- What happened in courses other than by content; the running server reads on from the last row it saw.
CREATE TABLE changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    course TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT,
    user TEXT,
    role TEXT
) STRICT;

CREATE TABLE assets (
    course TEXT NOT NULL REFERENCES courses (id),
    hash TEXT NOT NULL,
    type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (course, hash)
) STRICT, WITHOUT ROWID;
", "
-- Tokens that were withdrawn; the running server reads on from the last row it saw, and ends their connections.
CREATE TABLE revoked (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
", "
-- A token that is not used for `life_ms` ends; use moves its end. Tokens from before this step end 90 days after it.
ALTER TABLE tokens ADD COLUMN life_ms INTEGER NOT NULL DEFAULT 7776000000;
ALTER TABLE tokens ADD COLUMN expires_ms INTEGER NOT NULL DEFAULT 0;
UPDATE tokens SET expires_ms = unixepoch() * 1000 + life_ms;
CREATE INDEX tokens_by_end ON tokens (expires_ms);
"];

#[cfg(test)]
mod tests {
    use super::STEPS;
    use crate::store::{Store, hash_token};
    use sqlx::ConnectOptions as _;
    use sqlx::sqlite::SqliteConnectOptions;

    #[tokio::test]
    async fn a_sign_in_from_before_tokens_ended_lives_on() {
        let data = tempfile::tempdir().expect("a folder");
        let path = data.path().join("inkhorn.db");
        let old = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut old = old.connect().await.expect("opens");
        for step in &STEPS[..2] {
            sqlx::raw_sql(*step).execute(&mut old).await.expect("a step");
        }
        let people = "PRAGMA user_version = 2;
            INSERT INTO users VALUES ('a', 'ann@example.org', 'Ann', '', 0)";
        sqlx::raw_sql(people).execute(&mut old).await.expect("a person");
        sqlx::query("INSERT INTO tokens VALUES (?, 'a', 0)")
            .bind(hash_token("old"))
            .execute(&mut old)
            .await
            .expect("a token");
        drop(old);
        let store = Store::open(data.path()).await.expect("opens");
        let ann = store.signed_in("old").await.expect("reads").expect("signed in");
        assert_eq!(ann.email, "ann@example.org");
        store.expire_tokens().await.expect("looks");
        assert!(store.signed_in("old").await.expect("reads").is_some());
    }
}
