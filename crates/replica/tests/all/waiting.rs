//! What waits for the server: how much, and since when.

use crate::common::{a_course, clock, course, lesson_doc, open, write};
use inkhorn_replica::WaitingRow;
use sqlx::Connection;
use std::path::Path;

async fn lesson_waits(replica: &inkhorn_replica::Replica) -> WaitingRow {
    let rows = replica.waiting().await.expect("reads");
    rows.into_iter().find(|row| row.doc == lesson_doc()).expect("the lesson waits")
}

#[tokio::test]
async fn a_document_waits_since_its_oldest_unsent_edit() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    clock(1_000);
    replica.create_course(a_course(1)).await.expect("course");
    assert_eq!(replica.waiting().await.expect("reads"), [], "what is only here waits for nobody");
    replica.share(&course()).await.expect("shared");
    clock(5_000);
    write(&replica, "first").await.expect("saved");
    let all = lesson_waits(&replica).await;
    assert_eq!(all.since_ms, Some(1_000));
    let version = replica.doc(&lesson_doc()).await.expect("row").version;
    replica.acked(&lesson_doc(), version - 1, 1).await.expect("acked");
    let row = lesson_waits(&replica).await;
    assert_eq!((row.edits, row.since_ms), (1, Some(5_000)));
    assert!(row.bytes > 0 && row.bytes < all.bytes, "{row:?} of {all:?}");

    clock(9_000);
    write(&replica, "second").await.expect("saved");
    assert_eq!(lesson_waits(&replica).await.since_ms, Some(5_000), "the oldest counts");
    let rows = replica.waiting().await.expect("reads");
    assert!(rows.is_sorted_by_key(|row| row.since_ms), "{rows:?}");
    replica.acked(&lesson_doc(), version + 1, 3).await.expect("acked");
    let rows = replica.waiting().await.expect("reads");
    assert!(rows.iter().all(|row| row.doc != lesson_doc()), "{rows:?}");
    replica.close().await;
}

#[tokio::test]
async fn a_snapshot_keeps_size_and_age_of_what_waits() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    replica.share(&course()).await.expect("shared");
    let first = replica.doc(&lesson_doc()).await.expect("row").version;
    replica.acked(&lesson_doc(), first, 1).await.expect("acked");
    let mut bytes = 0;
    for number in 0..600 {
        clock(10_000 + number);
        write(&replica, &"ink ".repeat(20)).await.expect("saved");
        let now = lesson_waits(&replica).await.bytes;
        assert!(now > bytes, "{now} after {bytes} at {number}");
        bytes = now;
    }
    replica.close().await;
    let mut db = raw(dir.path()).await;
    let folded: i64 =
        sqlx::query_scalar("SELECT MAX(folded) FROM doc").fetch_one(&mut db).await.expect("reads");
    assert!(folded > 0, "the log was folded on the way");
    db.close().await.expect("closes");
    let replica = open(dir.path(), 2).await;
    let row = lesson_waits(&replica).await;
    assert_eq!((row.edits, row.since_ms, row.bytes), (600, Some(10_000), bytes));
    replica.close().await;
}

async fn raw(dir: &Path) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.join("inkhorn.db"));
    sqlx::SqliteConnection::connect_with(&options).await.expect("opens")
}

#[tokio::test]
async fn a_database_from_before_times_keeps_what_waits_of_unknown_age() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    replica.share(&course()).await.expect("shared");
    write(&replica, "kept").await.expect("saved");
    let before = lesson_waits(&replica).await;
    replica.close().await;
    let mut db = raw(dir.path()).await;
    let old = "DROP TABLE kept; DROP TABLE writer; \
               ALTER TABLE log DROP COLUMN at_ms; ALTER TABLE doc DROP COLUMN folded_bytes; \
               ALTER TABLE doc DROP COLUMN folded_since_ms; PRAGMA user_version = 2";
    sqlx::raw_sql(old).execute(&mut db).await.expect("as it was");
    db.close().await.expect("closes");

    let replica = open(dir.path(), 2).await;
    assert_eq!(replica.set_aside(), None);
    assert_eq!(lesson_waits(&replica).await, WaitingRow { since_ms: None, ..before.clone() });
    clock(77_000);
    write(&replica, "new").await.expect("saved");
    let row = lesson_waits(&replica).await;
    assert_eq!((row.edits, row.since_ms), (before.edits + 1, Some(77_000)));
    replica.close().await;
}

#[tokio::test]
async fn tidying_gives_room_back_and_loses_nothing() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    for number in 0..40 {
        write(&replica, &format!("{number} {}", "ink ".repeat(2_000))).await.expect("saved");
    }
    let before = replica.state(&lesson_doc()).await.expect("state");
    replica.tidy().await.expect("tidied");
    assert_eq!(replica.state(&lesson_doc()).await.expect("state"), before);
    let log = std::fs::metadata(dir.path().join("inkhorn.db-wal")).map_or(0, |file| file.len());
    assert_eq!(log, 0, "the log is written back");
    write(&replica, "and it goes on").await.expect("saved");
    replica.close().await;
}
