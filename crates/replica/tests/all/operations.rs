//! Operations in the store: kept in order, through a crash at every step, and also when a row does not read.

use crate::common::{a_course, course, lesson_doc, open, texts, write};
use inkhorn_protocol::OpId;
use inkhorn_protocol::session::{CourseChanged, Reason, Role};
use inkhorn_replica::OperationEffect;
use sqlx::{Connection, SqliteConnection};
use std::path::Path;

fn id(op: &str) -> OpId {
    op.parse().expect("an id")
}

async fn raw(dir: &Path, sql: &str) {
    let url = format!("sqlite://{}", dir.join("inkhorn.db").display());
    let mut db = SqliteConnection::connect(&url).await.expect("opens");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut db).await.expect("runs");
    db.close().await.expect("closes");
}

#[tokio::test]
async fn operations_are_kept_in_their_order_and_what_follows_is_written_with_their_end() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    for op in ["b", "a", "c"] {
        replica.save_operation(&id(op), &course(), format!("{op} first")).await.expect("saved");
    }
    replica.save_operation(&id("b"), &course(), "b again".into()).await.expect("saved");
    replica.close().await;
    let replica = open(dir.path(), 2).await;
    let bodies = |rows: Vec<inkhorn_replica::StoredOperation>| {
        rows.into_iter().map(|row| row.body).collect::<Vec<_>>()
    };
    assert_eq!(bodies(replica.operations().await.expect("reads")), ["b again", "a first", "c first"]);
    let docs = vec![lesson_doc()];
    let effect = OperationEffect::Registered { course: course(), docs, title: "Ink".into() };
    replica.operation_done(&id("b"), effect).await.expect("done");
    let row = replica.course(&course()).await.expect("course");
    assert!(row.shared && row.role == Some(Role::Owner) && row.registered_title.as_deref() == Some("Ink"));
    assert!(replica.doc(&lesson_doc()).await.expect("doc").registered);
    let titled = OperationEffect::Titled { course: course(), title: "Pen".into() };
    replica.operation_done(&id("a"), titled).await.expect("done");
    let row = replica.course(&course()).await.expect("course");
    assert_eq!(row.registered_title.as_deref(), Some("Pen"));
    replica.remove_operation(&id("c")).await.expect("removed");
    assert!(replica.operations().await.expect("reads").is_empty());
    replica.close().await;
}

#[tokio::test]
async fn a_row_that_does_not_read_is_given_as_it_is_and_goes_only_by_its_name() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.save_operation(&id("a"), &course(), "{}".into()).await.expect("saved");
    replica.close().await;
    raw(
        dir.path(),
        "INSERT INTO operation (op, course, body) VALUES ('not an id', '', CAST(X'ff00fe' AS TEXT))",
    )
    .await;
    let replica = open(dir.path(), 2).await;
    let rows = replica.operations().await.expect("reads");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1].name(), id("row-2"));
    replica.remove_operation(&rows[1].name()).await.expect("removed");
    assert_eq!(replica.operations().await.expect("reads"), rows[..1]);
    replica.close().await;
}

#[tokio::test]
async fn a_database_of_the_first_version_gains_the_table_and_keeps_everything() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    write(&replica, "kept").await.expect("saved");
    replica.close().await;
    raw(
        dir.path(),
        "DROP TABLE kept; DROP TABLE writer; DROP TABLE operation; \
         ALTER TABLE log DROP COLUMN at_ms; ALTER TABLE doc DROP COLUMN folded_bytes; \
         ALTER TABLE doc DROP COLUMN folded_since_ms; PRAGMA user_version = 1",
    )
    .await;
    let replica = open(dir.path(), 2).await;
    assert_eq!(replica.set_aside(), None);
    assert_eq!(texts(&replica).await, ["kept"]);
    replica.save_operation(&id("a"), &course(), "{}".into()).await.expect("saved");
    replica.close().await;
}

#[tokio::test]
async fn a_refusal_of_a_newer_inkhorn_is_still_a_refusal() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    replica.share(&course()).await.expect("shared");
    replica.reject(&lesson_doc(), Reason::NotMember, 7).await.expect("kept");
    replica.close().await;
    raw(
        dir.path(),
        "UPDATE rejected SET reason = '{\"code\":'; UPDATE doc SET rejected = 'x' WHERE rejected NOT NULL",
    )
    .await;
    let replica = open(dir.path(), 2).await;
    let kept = replica.rejected().await.expect("reads");
    assert_eq!(kept.len(), 1);
    assert_eq!(replica.doc(&lesson_doc()).await.expect("doc").rejected, Some(Reason::Other));
    let part = replica.rejected_part(kept[0].id).await.expect("reads").expect("is there");
    assert_eq!((part.reason, part.bytes.is_empty()), (Reason::Other, false));
    replica.close().await;
}

#[tokio::test]
async fn discarding_gives_what_the_server_has_and_nothing_goes_before_that_word() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    replica.share(&course()).await.expect("shared");
    write(&replica, "acked").await.expect("saved");
    let version = replica.doc(&lesson_doc()).await.expect("doc").version;
    replica.acked(&lesson_doc(), version, 1).await.expect("acked");
    write(&replica, "refused").await.expect("saved");
    replica.reject(&lesson_doc(), Reason::RoleTooLow { role: Role::Viewer }, 7).await.expect("kept");
    assert_eq!(texts(&replica).await, ["acked", "refused"]);
    let mut stream = replica.updates(&lesson_doc());
    replica.discard_rejected(&lesson_doc()).await.expect("discarded");
    assert!(matches!(stream.try_recv().expect("told").kind, inkhorn_replica::ChangeKind::Reset));
    assert_eq!(texts(&replica).await, ["acked"]);
    assert!(replica.rejected().await.expect("reads").is_empty());
    let row = replica.doc(&lesson_doc()).await.expect("doc");
    assert!(row.rejected.is_none() && row.waiting == 0 && row.behind, "{row:?}");
    // It goes on like any other document, also after a restart.
    write(&replica, "more").await.expect("saved");
    replica.close().await;
    let replica = open(dir.path(), 2).await;
    assert_eq!(texts(&replica).await, ["acked", "more"]);
    assert_eq!(replica.doc(&lesson_doc()).await.expect("doc").waiting, 1);
    replica.close().await;
}

#[tokio::test]
async fn a_course_that_the_server_took_from_its_owner_is_noted_until_it_is_registered_or_forgotten() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    replica.share(&course()).await.expect("shared");
    let changed = |role, course_seq| CourseChanged {
        course: course(),
        course_seq,
        role,
        title: "Ink".into(),
        docs: vec![],
    };
    let say = async |role, seq| {
        replica.hello_answered("e".into(), vec![changed(role, seq)]).await.expect("taken in");
    };
    say(None, 0).await;
    assert!(replica.lost_courses().await.expect("reads").is_empty(), "not registered yet is not lost");
    say(Some(Role::Owner), 3).await;
    say(None, 0).await;
    assert_eq!(replica.lost_courses().await.expect("reads"), [course()]);
    let effect =
        OperationEffect::Registered { course: course(), docs: vec![lesson_doc()], title: "Ink".into() };
    replica.operation_done(&id("a"), effect).await.expect("done");
    assert!(replica.lost_courses().await.expect("reads").is_empty());
    let row = replica.course(&course()).await.expect("course");
    assert_eq!((row.role, row.course_seq), (Some(Role::Owner), 0));
    let work = replica.work(vec![]).await.expect("work");
    assert!(work.iter().all(|item| item.dirty && item.behind), "everything is offered: {work:?}");
    // An editor never takes a course back.
    say(Some(Role::Editor), 5).await;
    say(None, 0).await;
    assert!(replica.lost_courses().await.expect("reads").is_empty());
    replica.close().await;
}
