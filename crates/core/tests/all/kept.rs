//! Operations and refused edits: nothing that the user did is lost, whatever the server says to it.

use crate::live::until;
use crate::world::{Device, LIMIT, World, within};
use inkhorn_core::Code;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{NodeKind, OperationInfo, OperationState};
use inkhorn_protocol::rest::{Course, Operation};
use inkhorn_protocol::session::Role;
use inkhorn_protocol::{CourseId, DocId, NodeId};

/// A course with one lesson, shared by Ada.
async fn shared(ada: &Device) -> (CourseId, NodeId) {
    let (course, lesson) = local(ada).await;
    within(ada.core.share(&course)).await.expect("shares");
    (course, lesson)
}

async fn local(ada: &Device) -> (CourseId, NodeId) {
    let course = ada.core.create_course("Quills").await.expect("creates");
    let chapter = ada.core.add(&course, NodeKind::Chapter, None, None, "Cutting").await.expect("adds");
    let lesson = ada.core.add(&course, NodeKind::Lesson, Some(chapter), None, "One").await.expect("adds");
    ada.append(&lesson, "Text of one.").await;
    (course, lesson)
}

async fn joined(world: &World, course: &CourseId, email: &str) -> Device {
    let ben = world.device(email).await;
    world.role(course, email, Role::Editor).await;
    within(ben.core.join(course)).await.expect("joins");
    ben
}

async fn kinds(device: &Device) -> Vec<(String, OperationState)> {
    let list = device.core.operations().await.expect("lists");
    list.into_iter().map(|info| (info.kind, info.state)).collect()
}

async fn title_on_server(device: &Device) -> String {
    device.core.remote_courses().await.expect("lists")[0].title.clone()
}

/// Whether a course of this title is in the server's list.
fn title(wanted: &'static str) -> impl Fn(&Vec<Course>) -> bool {
    move |list| list.iter().any(|course| course.title == wanted)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_given_offline_is_an_operation_that_waits_through_a_restart_and_only_the_newest_is_sent() {
    let mut world = World::start().await;
    let mut ada = world.device("ada@x.org").await;
    let (course, _) = shared(&ada).await;
    assert!(kinds(&ada).await.is_empty(), "sharing has ended");
    world.stop().await;
    ada.core.rename_course(&course, "Quills and ink").await.expect("renames");
    ada.core.rename_course(&course, "Quills, ink, paper").await.expect("renames");
    assert_eq!(kinds(&ada).await, [("set_title".into(), OperationState::Queued)]);
    ada.restart().await;
    assert_eq!(kinds(&ada).await, [("set_title".into(), OperationState::Queued)]);
    world.restart().await;
    ada.sync().await;
    assert!(kinds(&ada).await.is_empty());
    assert_eq!(title_on_server(&ada).await, "Quills, ink, paper");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_sees_an_operation_come_and_go() {
    let mut world = World::start().await;
    let ada = world.live("ada@x.org").await;
    let (course, _) = shared(&ada).await;
    let mut feed = ada.core.subscribe("main");
    let key = QueryKey::Operations;
    ada.core.observe("main", &key);
    until(&ada.core, &mut feed, &key, |list: &Vec<OperationInfo>| list.is_empty()).await;
    world.stop().await;
    ada.core.rename_course(&course, "Quills and ink").await.expect("renames");
    until(&ada.core, &mut feed, &key, |list: &Vec<OperationInfo>| {
        list.len() == 1 && list[0].course == course && list[0].kind == "set_title"
    })
    .await;
    world.restart().await;
    ada.core.retry_now();
    until(&ada.core, &mut feed, &key, |list: &Vec<OperationInfo>| list.is_empty()).await;
    assert_eq!(title_on_server(&ada).await, "Quills and ink");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_that_waits_lies_over_the_servers_list_and_goes_with_its_operation() {
    let mut world = World::start().await;
    let ada = world.live("ada@x.org").await;
    let (course, _) = shared(&ada).await;
    let mut feed = ada.core.subscribe("main");
    let key = QueryKey::RemoteCourses;
    ada.core.observe("main", &key);
    until(&ada.core, &mut feed, &key, title("Quills")).await;
    world.stop().await;
    ada.core.rename_course(&course, "Quills and ink").await.expect("renames");
    until(&ada.core, &mut feed, &key, title("Quills and ink")).await;
    let waiting = ada.core.operations().await.expect("lists")[0].op.clone();
    ada.core.let_go_operation(&waiting).await.expect("is there");
    until(&ada.core, &mut feed, &key, title("Quills")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_that_the_server_refuses_goes_from_its_list_and_is_kept_with_its_reason() {
    let mut world = World::start().await;
    let ada = world.device("ada@x.org").await;
    let (course, _) = shared(&ada).await;
    let ben = world.live("ben@x.org").await;
    world.role(&course, "ben@x.org", Role::Editor).await;
    within(ben.core.join(&course)).await.expect("joins");
    let mut feed = ben.core.subscribe("main");
    let key = QueryKey::RemoteCourses;
    ben.core.observe("main", &key);
    until(&ben.core, &mut feed, &key, title("Quills")).await;
    world.stop().await;
    ben.core.rename_course(&course, "By Ben").await.expect("renames");
    until(&ben.core, &mut feed, &key, title("By Ben")).await;
    world.role_unheard(&course, "ben@x.org", Role::Viewer).await;
    world.restart().await;
    ben.core.retry_now();
    until(&ben.core, &mut feed, &key, title("Quills")).await;
    let list = ben.core.operations().await.expect("lists");
    assert_eq!((list.len(), list[0].state), (1, OperationState::Rejected));
    assert!(list[0].why.as_ref().is_some_and(|why| why.contains("viewer")), "{list:?}");
    assert_eq!(title_on_server(&ben).await, "Quills");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_the_server_refuses_leaves_the_course_local_and_is_kept_with_its_reason() {
    let world = World::start().await;
    let (ada, eve) = (world.device("ada@x.org").await, world.device("eve@x.org").await);
    let (course, _) = local(&ada).await;
    let operation = Operation::Register { course: course.clone(), title: "Eve's".into(), documents: vec![] };
    world.operate("eve@x.org", operation).await;
    let error = ada.core.share(&course).await.expect_err("refused");
    assert_eq!(error.code, Code::Denied, "{error}");
    assert!(!ada.core.courses().await.expect("lists")[0].shared);
    let list = ada.core.operations().await.expect("lists");
    assert_eq!((list.len(), list[0].state), (1, OperationState::Rejected));
    assert!(list[0].why.as_ref().is_some_and(|why| why.contains("not a member")), "{list:?}");
    // Trying again stands for the old one; letting go forgets it.
    drop(eve);
    world.role(&course, "ada@x.org", Role::Editor).await;
    ada.core.retry_operation(&list[0].op).await.expect("is there");
    assert_eq!(
        ada.core.operations().await.expect("lists").len(),
        2,
        "the old one stays until the new one is kept"
    );
    ada.core.share(&course).await.expect("shares now");
    assert!(kinds(&ada).await.is_empty());
    let error = ada.core.let_go_operation(&list[0].op).await.expect_err("is gone");
    assert_eq!(error.code, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_at_hand_a_share_says_so_and_is_done_by_the_next_sync() {
    let mut world = World::start().await;
    let mut ada = world.device("ada@x.org").await;
    let (course, _) = local(&ada).await;
    world.stop().await;
    let error = ada.core.share(&course).await.expect_err("nobody there");
    assert_eq!(error.code, Code::Offline, "{error}");
    assert!(error.message.contains("kept"), "{error}");
    assert!(!ada.core.courses().await.expect("lists")[0].shared);
    ada.restart().await;
    assert_eq!(kinds(&ada).await, [("register".into(), OperationState::Queued)]);
    world.restart().await;
    ada.sync().await;
    assert!(ada.core.courses().await.expect("lists")[0].shared);
    assert_eq!(title_on_server(&ada).await, "Quills");
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_of_somebody_who_was_removed_while_offline_are_kept_shown_exported_and_sent_when_the_role_is_back()
 {
    let world = World::start().await;
    let ada = world.device("ada@x.org").await;
    let (course, lesson) = shared(&ada).await;
    let mut ben = joined(&world, &course, "ben@x.org").await;
    ben.append(&lesson, "Ben's last words.").await;
    world.remove(&course, "ben@x.org").await;
    let error = ben.core.sync(LIMIT).await.expect_err("refused");
    assert!(matches!(error.code, Code::Rejected | Code::Denied), "{error}");
    within(async {
        while ben.core.rejected().await.expect("lists").is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    ben.restart().await;
    let kept = ben.core.rejected().await.expect("lists");
    assert_eq!((kept.len(), &kept[0].doc), (1, &DocId::Lesson(lesson.clone())));
    assert!(kept[0].why.contains("not a member"), "{kept:?}");
    let error = ben.core.retry_rejected(kept[0].id).await.expect_err("not yet");
    assert_eq!(error.code, Code::Denied, "{error}");
    assert_eq!(
        ben.core.rejected().await.expect("lists"),
        kept,
        "a retry that is not allowed changes nothing"
    );

    let out = ben.path().join("kept");
    ben.core.export_rejected(kept[0].id, &out).await.expect("exports");
    let facts: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("refused/refused.json")).expect("facts"))
            .expect("JSON");
    assert_eq!(facts["title"], "One");
    let raw = std::fs::read(out.join("refused/edits.yjs")).expect("raw");
    assert!(raw.windows(17).any(|part| part == b"Ben's last words."), "the refused part is whole");
    let again = ben.core.import_folder(&out, None).await.expect("imports").0;
    let view = ben.core.outline(&again).await.expect("an outline");
    fn first(nodes: &[inkhorn_protocol::projection::OutlineNode]) -> Option<&NodeId> {
        nodes.iter().find_map(|node| match node.kind {
            NodeKind::Lesson => Some(&node.id),
            _ => first(&node.children),
        })
    }
    let text = ben.markdown(first(&view.nodes).expect("a lesson")).await;
    assert!(text.contains("Text of one.") && text.contains("Ben's last words."), "{text}");
    let error = ben.core.export_rejected(kept[0].id, &out).await.expect_err("not over something");
    assert_eq!(error.code, Code::Invalid);

    world.role(&course, "ben@x.org", Role::Editor).await;
    ben.sync().await;
    ada.sync().await;
    assert!(ada.markdown(&lesson).await.contains("Ben's last words."));
    assert!(ben.core.rejected().await.expect("lists").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_edits_go_only_by_word_of_the_user_and_then_the_lesson_is_what_the_server_has() {
    let world = World::start().await;
    let ada = world.device("ada@x.org").await;
    let (course, lesson) = shared(&ada).await;
    let ben = joined(&world, &course, "ben@x.org").await;
    ben.append(&lesson, "Ben's.").await;
    world.role(&course, "ben@x.org", Role::Viewer).await;
    ben.core.sync(LIMIT).await.expect_err("refused");
    ada.append(&lesson, "Ada's.").await;
    ada.sync().await;
    ben.core.sync(LIMIT).await.expect_err("still refused");
    assert!(ben.markdown(&lesson).await.contains("Ben's."));
    let kept = ben.core.rejected().await.expect("lists");
    ben.core.discard_rejected(kept[0].id).await.expect("lets go");
    ben.sync().await;
    let text = ben.markdown(&lesson).await;
    assert!(text.contains("Ada's.") && !text.contains("Ben's."), "{text}");
    assert_eq!(text, ada.markdown(&lesson).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lesson_whose_id_another_course_holds_does_not_keep_the_others_back_and_takes_a_new_one_when_told_to()
 {
    let world = World::start().await;
    let (ada, _eve) = (world.device("ada@x.org").await, world.device("eve@x.org").await);
    let (course, lesson) = local(&ada).await;
    let chapter = ada.core.outline(&course).await.expect("outline").nodes[0].id.clone();
    let second = ada.core.add(&course, NodeKind::Lesson, Some(chapter), None, "Two").await.expect("adds");
    ada.append(&second, "Text of two.").await;
    let documents = vec![DocId::Lesson(lesson.clone())];
    let operation =
        Operation::Register { course: "eves".parse().expect("id"), title: "Eve's".into(), documents };
    world.operate("eve@x.org", operation).await;

    let error = within(ada.core.share(&course)).await.expect_err("one of it was refused");
    assert_eq!(error.code, Code::Rejected, "{error}");
    let kept = ada.core.rejected().await.expect("lists");
    assert_eq!((kept.len(), &kept[0].doc), (1, &DocId::Lesson(lesson.clone())));
    assert!(kinds(&ada).await.is_empty(), "what it asked for is done, but for that lesson");
    let ben = joined(&world, &course, "ben@x.org").await;
    assert!(ben.markdown(&second).await.contains("Text of two."), "the others are there");

    let new = ada.core.reapply_rejected(kept[0].id).await.expect("written anew").expect("as a lesson");
    ada.sync().await;
    ben.sync().await;
    assert!(ben.markdown(&new).await.contains("Text of one."));
    let view = ben.core.outline(&course).await.expect("an outline");
    let titles: Vec<_> = view.nodes[0].children.iter().map(|node| node.title.as_str()).collect();
    assert_eq!(titles, ["One", "Two"], "in the old one's place");
    assert!(ada.core.rejected().await.expect("lists").is_empty());
}

async fn restored_before_the_sharing(told: bool) {
    let mut world = World::start().await;
    let ada = world.device("ada@x.org").await;
    let ben = world.device("ben@x.org").await;
    world.stop().await;
    let backup = world.backup();
    world.restart().await;
    let (course, lesson) = shared(&ada).await;
    world.role(&course, "ben@x.org", Role::Editor).await;
    within(ben.core.join(&course)).await.expect("joins");
    ben.append(&lesson, "Ben's words.").await;
    ben.sync().await;
    ada.sync().await;
    ben.append(&lesson, "And some that were never sent.").await;
    world.stop().await;
    world.restore(backup, told).await;
    world.restart().await;
    // Who is not its owner cannot bring it back, and loses nothing by that.
    ben.core.sync(LIMIT).await.expect_err("the server does not know it");
    assert_eq!(ben.core.remote_courses().await.expect("lists"), []);
    let synced = ada.core.sync(LIMIT).await.expect("by itself");
    assert!(synced.count.is_settled());
    assert_eq!(title_on_server(&ada).await, "Quills");
    assert!(kinds(&ada).await.is_empty());
    world.role(&course, "ben@x.org", Role::Editor).await;
    ben.sync().await;
    ada.sync().await;
    let text = ada.markdown(&lesson).await;
    assert!(text.contains("Ben's words.") && text.contains("never sent"), "{text}");
    assert_eq!(text, ben.markdown(&lesson).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_restored_from_before_the_sharing_gets_the_course_back_from_its_owner() {
    restored_before_the_sharing(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_copied_back_from_before_the_sharing_gets_the_course_back_from_its_owner() {
    restored_before_the_sharing(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_was_removed_asks_once_and_takes_nothing_back() {
    let world = World::start().await;
    let ada = world.device("ada@x.org").await;
    let (course, lesson) = shared(&ada).await;
    let ben = joined(&world, &course, "ben@x.org").await;
    world.role(&course, "ben@x.org", Role::Owner).await;
    world.remove(&course, "ada@x.org").await;
    for _ in 0..2 {
        let error = ada.core.sync(LIMIT).await.expect_err("no member");
        assert_eq!(error.code, Code::Denied, "{error}");
    }
    assert!(kinds(&ada).await.is_empty(), "nobody is asked about what nobody asked for");
    assert_eq!(ben.core.members(&course).await.expect("lists").len(), 1);
    assert!(ada.markdown(&lesson).await.contains("Text of one."));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_for_the_server_ends_as_a_kept_refusal_and_all_else_goes_on() {
    let world = World::start().await;
    let ada = world.device("ada@x.org").await;
    let (course, lesson) = shared(&ada).await;
    let ben = joined(&world, &course, "ben@x.org").await;
    ada.append(&lesson, &"ink ".repeat((1 << 22) + (1 << 18))).await;
    let chapter = ada.core.outline(&course).await.expect("outline").nodes[0].id.clone();
    let other = ada.core.add(&course, NodeKind::Lesson, Some(chapter), None, "Two").await.expect("adds");
    ada.append(&other, "A small one.").await;
    for _ in 0..2 {
        let error = ada.core.sync(LIMIT).await.expect_err("too large");
        assert_eq!(error.code, Code::Rejected, "{error}");
        let kept = ada.core.rejected().await.expect("lists");
        assert_eq!((kept.len(), &kept[0].doc), (1, &DocId::Lesson(lesson.clone())));
        assert!(kept[0].why.contains("too large"), "{kept:?}");
    }
    ben.sync().await;
    assert!(ben.markdown(&other).await.contains("A small one."));
    let kept = ada.core.rejected().await.expect("lists");
    let error = ada.core.reapply_rejected(kept[0].id).await.expect_err("it stays too large");
    assert!(error.message.contains("export"), "{error}");
    ada.core.export_rejected(kept[0].id, &ada.path().join("kept")).await.expect("exports");
    assert!(ada.markdown(&lesson).await.len() > 16 << 20);
}
