//! Words that somebody takes away unseen are kept by the commit that takes them away.

use super::common::*;
use inkhorn_course::{Lesson, client_id};
use inkhorn_protocol::body::Node;
use inkhorn_protocol::find::Needle;
use inkhorn_replica::{Edited, KeptWords, Origin, Replica};
use sqlx::Connection;
use std::path::Path;

/// Ada's replica, with a paragraph that Ben has too.
async fn both(dir: &Path) -> (Replica, Lesson) {
    let replica = open(dir, 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    write(&replica, "seen by both").await.expect("saved");
    (replica.clone(), ben(&replica).await)
}

async fn ben(replica: &Replica) -> Lesson {
    let state = replica.state(&lesson_doc()).await.expect("state").bytes;
    Lesson::load(client_id(&mut source(77)), &state).expect("loads")
}

/// Types within what is there.
async fn types(replica: &Replica, behind: &str, words: &str) {
    let needle = Needle { text: behind.to_owned(), ..Needle::default() };
    let with = format!("{behind}{words}");
    let edit = move |lesson: &mut Lesson, _: &mut dyn inkhorn_course::Random| {
        let finder = inkhorn_course::find::Finder::new(&needle).expect("can be looked for");
        let update = lesson.replace(&finder, &with)?.map(|done| done.update);
        Ok(Edited::new((), update))
    };
    replica.edit_lesson(&lesson(), Origin::Core, edit).await.expect("typed");
}

/// Ben, who has not heard of it, deletes everything.
fn deletes_all(ben: &mut Lesson) -> Vec<u8> {
    ben.set_body(&Node::new("doc", vec![])).expect("a body").expect("changes something")
}

async fn kept(replica: &Replica) -> Vec<KeptWords> {
    replica.kept().await.expect("reads")
}

fn text(kept: &KeptWords) -> String {
    inkhorn_course::lost::plain(&Node::new("doc", kept.blocks.clone()))
}

#[tokio::test]
async fn they_are_kept_once_and_survive_and_go_back_where_they_were() {
    let dir = tempfile::tempdir().expect("dir");
    let (replica, mut ben) = both(dir.path()).await;
    types(&replica, "seen by", " none but").await;
    let update = deletes_all(&mut ben);
    clock(1_700_000_555_000);
    replica.apply_remote(&lesson_doc(), update.clone(), None).await.expect("taken");
    assert!(texts(&replica).await.is_empty());
    replica.close().await;

    let replica = open(dir.path(), 2).await;
    replica.apply_remote(&lesson_doc(), update, None).await.expect("known");
    let list = kept(&replica).await;
    assert_eq!(list.len(), 1, "{list:?}");
    assert_eq!((list[0].lesson.clone(), list[0].at_ms), (lesson(), 1_700_000_555_000));
    assert_eq!(text(&list[0]), "seen by none but both");

    let (id, place, blocks) = (list[0].id, list[0].place.clone(), list[0].blocks.clone());
    let edit = move |lesson: &mut Lesson, _: &mut dyn inkhorn_course::Random| {
        let mut edited = Edited::new((), lesson.put_blocks(&place, &blocks)?);
        edited.put_back = Some(id);
        Ok(edited)
    };
    replica.edit_lesson(&lesson(), Origin::Core, edit).await.expect("put back");
    assert!(kept(&replica).await.is_empty());
    assert_eq!(texts(&replica).await, ["seen by none but both"]);
    replica.close().await;
}

#[tokio::test]
async fn what_the_other_one_saw_is_theirs_to_delete_and_what_others_wrote_is_not_kept_here() {
    let dir = tempfile::tempdir().expect("dir");
    let (replica, _) = both(dir.path()).await;
    types(&replica, "seen by", " all of").await;
    let mut second = ben(&replica).await;
    replica.apply_remote(&lesson_doc(), deletes_all(&mut second), None).await.expect("taken");
    assert!(kept(&replica).await.is_empty());

    // Words of somebody else, deleted unseen by a third: their own device keeps them.
    write(&replica, "again").await.expect("saved");
    let (mut third, mut fourth) = (ben(&replica).await, ben(&replica).await);
    let finder =
        inkhorn_course::find::Finder::new(&Needle { text: "again".into(), ..Needle::default() }).expect("ok");
    let words = third.replace(&finder, "again and").expect("typed").expect("changed").update;
    replica.apply_remote(&lesson_doc(), words, None).await.expect("taken");
    let update = deletes_all(&mut fourth);
    let _ = replica.apply_remote(&lesson_doc(), update, None).await;
    assert!(kept(&replica).await.is_empty());
    replica.close().await;
}

#[tokio::test]
async fn who_writes_here_is_known_behind_a_snapshot_and_in_a_database_of_before() {
    let dir = tempfile::tempdir().expect("dir");
    let (replica, mut ben) = both(dir.path()).await;
    types(&replica, "seen by", " none but").await;
    replica.close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join("inkhorn.db"));
    let mut db = sqlx::SqliteConnection::connect_with(&options).await.expect("opens");
    let old = "DROP TABLE kept; DROP TABLE writer; PRAGMA user_version = 3";
    sqlx::raw_sql(old).execute(&mut db).await.expect("as it was");
    db.close().await.expect("closes");

    // Another session writes so much that the log is folded.
    let replica = open(dir.path(), 3).await;
    assert_eq!(replica.set_aside(), None);
    for number in 0..400 {
        write(&replica, &format!("line {number}")).await.expect("saved");
    }
    replica.close().await;
    let mut db = sqlx::SqliteConnection::connect_with(&options).await.expect("opens");
    let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM log").fetch_one(&mut db).await.expect("reads");
    assert!(rows < 400, "the log was folded on the way");
    db.close().await.expect("closes");

    let replica = open(dir.path(), 4).await;
    replica.apply_remote(&lesson_doc(), deletes_all(&mut ben), None).await.expect("taken");
    let list = kept(&replica).await;
    assert_eq!(list.iter().map(text).collect::<Vec<_>>(), ["seen by none but both"]);
    replica.forget_kept(list[0].id).await.expect("forgotten");
    assert!(kept(&replica).await.is_empty());
    replica.close().await;
}

#[tokio::test]
async fn words_that_were_on_their_way_from_the_window_are_kept_with_their_paragraph() {
    let dir = tempfile::tempdir().expect("dir");
    let (replica, mut ben) = both(dir.path()).await;
    types(&replica, "seen by", " none but").await;
    // A window has the same lesson, and hears late of what Ben does.
    let state = replica.state(&lesson_doc()).await.expect("state").bytes;
    let mut window = Lesson::load(4_711, &state).expect("loads");
    let finder =
        inkhorn_course::find::Finder::new(&Needle { text: "both".into(), ..Needle::default() }).expect("ok");
    let late = window.replace(&finder, "both, and late words").expect("typed").expect("changed").update;
    replica.apply_remote(&lesson_doc(), deletes_all(&mut ben), None).await.expect("taken");
    replica.apply_local(&lesson_doc(), late, Origin::Editor(1)).await.expect("saved");
    let list = kept(&replica).await;
    assert_eq!(list.len(), 1, "{list:?}");
    assert!(text(&list[0]).starts_with("seen by none but both"), "{}", text(&list[0]));
    assert!(text(&list[0]).contains("late words"), "{}", text(&list[0]));
    replica.close().await;
}
