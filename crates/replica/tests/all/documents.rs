//! Edits, groups, snapshots, Trash, refusals.

use crate::common::{a_course, chapter, course, lesson, lesson_doc, open, source, texts, try_open, write};
use inkhorn_course::{Lesson, client_id};
use inkhorn_events::{Event, Item};
use inkhorn_protocol::body::Node;
use inkhorn_protocol::session::{CourseChanged, Reason, Role};
use inkhorn_protocol::{DocId, NodeId};
use inkhorn_replica::{Applied, ChangeKind, Edited, Origin, Rebuild, Replica, ReplicaError};

/// An editor of its own, as a window has one.
async fn editor(replica: &Replica, seed: u64) -> Lesson {
    let state = replica.state(&lesson_doc()).await.expect("state");
    Lesson::load(client_id(&mut source(seed)), &state.bytes).expect("loads")
}

fn typed(editor: &mut Lesson, text: &str) -> Vec<u8> {
    editor.append(&[Node::new("paragraph", vec![Node::text(text)])]).expect("edit").expect("update")
}

#[tokio::test]
async fn a_change_is_told_once_after_its_commit_to_everybody_with_its_origin() {
    let dir = tempfile::tempdir().expect("dir");
    let (replica, subscriber) = try_open(dir.path(), 1).await.expect("opens");
    replica.create_course(a_course(1)).await.expect("course");
    let mut events = subscriber.subscribe();
    let mut stream = replica.updates(&lesson_doc());
    let mut editor = editor(&replica, 7).await;
    let update = typed(&mut editor, "hello");
    let version = replica.apply_local(&lesson_doc(), update.clone(), Origin::Editor(4)).await.expect("saved");
    // Again: nothing new, nothing told.
    let same = replica.apply_local(&lesson_doc(), update, Origin::Editor(4)).await.expect("saved");
    assert_eq!(version, same);
    let change = stream.try_recv().expect("told before the call returned");
    assert_eq!((change.version, change.origin), (version, Origin::Editor(4)));
    assert!(stream.try_recv().is_err(), "once");
    let mut changed = 0;
    while let Some(item) = events.try_recv() {
        changed += usize::from(matches!(item, Item::Event(Event::DocumentChanged { .. })));
    }
    assert_eq!(changed, 1);
    replica.close().await;
    assert_eq!(replica.courses().await, Err(ReplicaError::Closed));
}

#[tokio::test]
async fn many_edits_at_once_share_commits_and_all_are_durable() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    let mut editor = editor(&replica, 7).await;
    // Queued in order without waiting, then awaited.
    let pushes: Vec<_> = (0..300)
        .map(|n| {
            let update = typed(&mut editor, &n.to_string());
            tokio::spawn(replica.apply_local(&lesson_doc(), update, Origin::Editor(1)))
        })
        .collect();
    for push in pushes {
        push.await.expect("task").expect("saved");
    }
    let expected: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    assert_eq!(texts(&replica).await, expected);
    replica.close().await;
    let replica = open(dir.path(), 2).await;
    assert_eq!(texts(&replica).await, expected);
    replica.close().await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_leaves_no_trace() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    let before = replica.state(&lesson_doc()).await.expect("state");
    let mut editor = editor(&replica, 7).await;
    typed(&mut editor, "lost");
    let second = typed(&mut editor, "second");
    let refused = replica.apply_local(&lesson_doc(), second, Origin::Editor(1)).await;
    assert_eq!(refused, Err(ReplicaError::Gap { doc: lesson_doc() }));
    for hostile in [&b""[..], b"\xff\xff\xff\xff\x0f", b"\x80\x84\xaf\x5f"] {
        let refused = replica.apply_local(&lesson_doc(), hostile.to_vec(), Origin::Editor(1)).await;
        assert!(matches!(refused, Err(ReplicaError::Refused { .. })), "{refused:?}");
    }
    // An operation that fails half-way takes its first half back.
    let half = |outline: &mut inkhorn_course::Outline, random: &mut dyn inkhorn_course::Random| {
        let update = outline.rename(&chapter(), "Changed")?;
        outline.move_node(random, &chapter(), Some(&lesson()), None)?;
        Ok(Edited::new((), update))
    };
    let half = replica.edit_outline(&course(), Origin::Core, half).await;
    assert!(matches!(half, Err(ReplicaError::Operation(_))));
    assert_eq!(replica.outline(&course()).await.expect("outline").nodes[0].title, "Quills");
    assert_eq!(replica.state(&lesson_doc()).await.expect("state"), before);
    replica.close().await;
}

#[tokio::test]
async fn a_course_with_one_bad_lesson_is_not_created_at_all() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    let mut bad = a_course(1);
    bad.lessons.push(("other".parse().expect("id"), vec![1, 2, 3]));
    assert!(matches!(replica.create_course(bad).await, Err(ReplicaError::Refused { .. })));
    assert!(replica.courses().await.expect("courses").is_empty());
    assert!(replica.docs(None).await.expect("docs").is_empty());
    replica.create_course(a_course(1)).await.expect("the next one is not concerned");
    replica.close().await;
}

#[tokio::test]
async fn a_long_log_becomes_a_snapshot_that_holds_the_same() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    for number in 0..600 {
        write(&replica, &number.to_string()).await.expect("saved");
    }
    let (texts_before, vector) =
        (texts(&replica).await, replica.state_vector(&lesson_doc()).await.expect("vector"));
    replica.close().await;
    let mut db = <sqlx::SqliteConnection as sqlx::Connection>::connect(&format!(
        "sqlite://{}",
        dir.path().join("inkhorn.db").display()
    ))
    .await
    .expect("database");
    let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM log").fetch_one(&mut db).await.expect("count");
    let snapshots: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM snapshot").fetch_one(&mut db).await.expect("count");
    assert!(snapshots == 1 && rows < 300, "{snapshots} snapshots, {rows} rows left");
    sqlx::Connection::close(db).await.expect("closed");
    let replica = open(dir.path(), 2).await;
    assert_eq!(texts(&replica).await, texts_before);
    assert_eq!(replica.state_vector(&lesson_doc()).await.expect("vector"), vector);
    replica.close().await;
}

/// Shares the course as an editor, with everything acked.
async fn shared(replica: &Replica, role: Role) {
    replica.share(&course()).await.expect("shared");
    let docs: Vec<DocId> = replica.docs(None).await.expect("docs").into_iter().map(|row| row.doc).collect();
    replica.registered(&course(), docs.clone(), None).await.expect("registered");
    for doc in docs {
        let version = replica.doc(&doc).await.expect("doc").version;
        replica.acked(&doc, version, 1).await.expect("acked");
    }
    let changed = CourseChanged {
        course: course(),
        course_seq: 1,
        role: Some(role),
        title: "Ink".into(),
        docs: vec![],
    };
    replica.hello_answered("e1".into(), vec![changed]).await.expect("hello");
}

async fn trash(replica: &Replica) {
    let seen = replica.state_vector(&lesson_doc()).await.expect("vector").bytes;
    let edit = move |outline: &mut inkhorn_course::Outline, random: &mut dyn inkhorn_course::Random| {
        Ok(Edited::new((), outline.trash(random, &lesson(), &|_| Some(seen.clone()))?))
    };
    replica.edit_outline(&course(), Origin::Core, edit).await.expect("trashed");
}

fn trashed(view: &inkhorn_protocol::projection::OutlineView) -> bool {
    let ids: Vec<&NodeId> = view.trash.iter().map(|node| &node.id).collect();
    ids.contains(&&lesson())
}

#[tokio::test]
async fn an_edit_that_the_trasher_had_not_seen_brings_the_lesson_back_in_either_order() {
    for edit_first in [true, false] {
        let dir = tempfile::tempdir().expect("dir");
        let replica = open(dir.path(), 1).await;
        replica.create_course(a_course(1)).await.expect("course");
        shared(&replica, Role::Editor).await;
        let mut far_away = editor(&replica, 7).await;
        let edit = typed(&mut far_away, "unseen");
        if edit_first {
            // The trasher's outline comes from elsewhere, made without the edit.
            let seen = replica.state_vector(&lesson_doc()).await.expect("vector").bytes;
            let outline = DocId::Course(course());
            let state = replica.state(&outline).await.expect("state").bytes;
            let mut theirs = inkhorn_course::Outline::load(99, &state).expect("outline");
            let update = theirs
                .trash(&mut source(3), &lesson(), &|_| Some(seen.clone()))
                .expect("trash")
                .expect("update");
            replica.apply_remote(&lesson_doc(), edit, None).await.expect("applied");
            replica.apply_remote(&outline, update, None).await.expect("applied");
        } else {
            trash(&replica).await;
            assert!(trashed(&replica.outline(&course()).await.expect("outline")));
            replica.apply_remote(&lesson_doc(), edit, None).await.expect("applied");
        }
        assert!(!trashed(&replica.outline(&course()).await.expect("outline")), "edit first: {edit_first}");
        // Trashed again with the edit seen, it stays there.
        trash(&replica).await;
        assert!(trashed(&replica.outline(&course()).await.expect("outline")));
        replica.close().await;
    }
}

#[tokio::test]
async fn a_viewers_core_brings_nothing_back() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    let mut far_away = editor(&replica, 7).await;
    trash(&replica).await;
    shared(&replica, Role::Viewer).await;
    let edit = typed(&mut far_away, "unseen");
    replica.apply_remote(&lesson_doc(), edit, None).await.expect("applied");
    assert!(trashed(&replica.outline(&course()).await.expect("outline")));
    assert_eq!(replica.sync_count(None).await.expect("count").waiting_edits, 0);
    replica.close().await;
}

#[tokio::test]
async fn after_a_refused_client_id_the_unacked_part_stands_on_the_servers_order_under_a_new_id() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    shared(&replica, Role::Editor).await;
    let server = replica.state(&lesson_doc()).await.expect("state").bytes;
    let mut ours = editor(&replica, 7).await;
    let refused_client = client_id(&mut source(7));
    for text in ["one", "two"] {
        let update = typed(&mut ours, text);
        replica.apply_local(&lesson_doc(), update, Origin::Editor(1)).await.expect("saved");
    }
    // Somebody else wrote with the same client id, and the server took that.
    let mut copy = Lesson::load(refused_client, &server).expect("loads");
    typed(&mut copy, "theirs");
    let order = copy.encode().expect("state");
    assert!(matches!(
        replica.apply_remote(&lesson_doc(), order.clone(), None).await,
        Err(ReplicaError::Refused { .. })
    ));
    let mut stream = replica.updates(&lesson_doc());
    let rebuilt = replica
        .rebuild(&lesson_doc(), order, Rebuild::Rekey { client: refused_client, from_clock: 0 }, 0, 0)
        .await
        .expect("rebuilt");
    assert!(matches!(rebuilt, Applied::Changed(_)));
    assert!(matches!(stream.try_recv().expect("told").kind, ChangeKind::Reset));
    let mut all = texts(&replica).await;
    all.sort();
    assert_eq!(all, ["one", "theirs", "two"]);
    assert_eq!(replica.doc(&lesson_doc()).await.expect("doc").waiting, 1, "our part waits to be sent");
    replica.close().await;
    let replica = open(dir.path(), 2).await;
    assert_eq!(texts(&replica).await.len(), 3);
    replica.close().await;
}

#[tokio::test]
async fn refused_edits_are_kept_and_wait_again_when_access_comes_back() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    shared(&replica, Role::Editor).await;
    write(&replica, "mine").await.expect("saved");
    assert_eq!(replica.sync_count(None).await.expect("count").waiting_edits, 1);
    replica.reject(&lesson_doc(), Reason::RoleTooLow { role: Role::Viewer }, 5).await.expect("kept");
    let count = replica.sync_count(None).await.expect("count");
    assert_eq!((count.waiting_edits, count.rejected), (0, 1));
    assert_eq!(texts(&replica).await, ["mine"], "still shown");
    assert_eq!(replica.rejected().await.expect("list")[0].doc, lesson_doc());
    let changed = |role| CourseChanged {
        course: course(),
        course_seq: 2,
        role: Some(role),
        title: "Ink".into(),
        docs: vec![],
    };
    replica.hello_answered("e1".into(), vec![changed(Role::Editor)]).await.expect("hello");
    let count = replica.sync_count(None).await.expect("count");
    assert_eq!((count.waiting_edits, count.rejected), (1, 0));
    replica.close().await;
}

#[tokio::test]
async fn a_new_epoch_offers_everything_again() {
    // Another epoch, and the same one with a head below ours: a database that was copied back.
    for (epoch, seq) in [("e2", 1), ("e1", 0)] {
        let dir = tempfile::tempdir().expect("dir");
        let replica = open(dir.path(), 1).await;
        replica.create_course(a_course(1)).await.expect("course");
        shared(&replica, Role::Owner).await;
        assert!(replica.work(vec![]).await.expect("work").is_empty(), "clean documents cost nothing");
        let changed = CourseChanged {
            course: course(),
            course_seq: seq,
            role: Some(Role::Owner),
            title: "Ink".into(),
            docs: vec![],
        };
        let outcome = replica.hello_answered(epoch.into(), vec![changed]).await.expect("hello");
        assert!(outcome.new_epoch, "{epoch} {seq}");
        let work = replica.work(vec![]).await.expect("work");
        assert_eq!(work.len(), 2);
        assert!(work.iter().all(|doc| doc.dirty && doc.behind && !doc.registered));
        assert_eq!(replica.sync_count(None).await.expect("count").waiting_edits, 2);
        replica.close().await;
    }
}

#[tokio::test]
async fn in_a_new_epoch_a_viewer_asks_and_offers_nothing() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    shared(&replica, Role::Viewer).await;
    let changed = CourseChanged {
        course: course(),
        course_seq: 1,
        role: Some(Role::Viewer),
        title: "Ink".into(),
        docs: vec![lesson_doc()],
    };
    replica.hello_answered("e2".into(), vec![changed]).await.expect("hello");
    let work = replica.work(vec![]).await.expect("work");
    assert!(work.iter().all(|doc| doc.behind && !doc.dirty), "the server would refuse it: {work:?}");
    assert_eq!(replica.sync_count(None).await.expect("count").waiting_edits, 0);
    replica.close().await;
}

/// Updates of somebody else, one after the other, as the server relays them.
async fn relayed(replica: &Replica, count: usize) -> (Vec<Vec<u8>>, Vec<String>) {
    let mut far_away = editor(replica, 7).await;
    let words: Vec<String> = (0..count).map(|number| format!("word {number}")).collect();
    (words.iter().map(|word| typed(&mut far_away, word)).collect(), words)
}

#[tokio::test]
async fn updates_of_the_server_that_wait_together_become_one_and_each_is_answered() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    let (updates, words) = relayed(&replica, 50).await;
    let before = replica.doc(&lesson_doc()).await.expect("doc").version;
    let mut stream = replica.updates(&lesson_doc());
    // Queued at once, before the writer gets to any of them.
    let asked: Vec<_> =
        updates.iter().map(|u| replica.apply_remote(&lesson_doc(), u.clone(), None)).collect();
    for answer in asked {
        assert_eq!(answer.await.expect("taken"), Applied::Changed(before + 1));
    }
    assert_eq!(texts(&replica).await, words);
    assert!(stream.try_recv().is_ok() && stream.try_recv().is_err(), "told as one");
    replica.close().await;
    let replica = open(dir.path(), 2).await;
    assert_eq!(texts(&replica).await, words, "and kept");
    replica.close().await;
}

#[tokio::test]
async fn one_that_does_not_fit_in_a_run_has_its_own_answer_and_the_others_are_taken() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    let (mut updates, words) = relayed(&replica, 6).await;
    let missing = updates.remove(3);
    updates.insert(2, b"no update at all".to_vec());
    let asked: Vec<_> =
        updates.iter().map(|u| replica.apply_remote(&lesson_doc(), u.clone(), None)).collect();
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(match answer.await {
            Ok(Applied::Changed(_)) => "taken",
            Ok(Applied::Gap) => "gap",
            Ok(Applied::Nothing) => "nothing",
            Err(_) => "refused",
        });
    }
    assert_eq!(answers, ["taken", "taken", "refused", "taken", "gap", "gap"]);
    assert_eq!(texts(&replica).await, words[..3]);
    replica.apply_remote(&lesson_doc(), missing, None).await.expect("taken");
    for update in &updates[4..] {
        replica.apply_remote(&lesson_doc(), update.clone(), None).await.expect("taken");
    }
    assert_eq!(texts(&replica).await, words);
    replica.close().await;
}
