//! Words that somebody deleted unseen: whoever syncs first, their author has them, and puts them back.

use crate::live::until;
use crate::world::{Device, World, within};
use inkhorn_core::Code;
use inkhorn_course::Lesson;
use inkhorn_course::find::Finder;
use inkhorn_protocol::body::Node;
use inkhorn_protocol::find::Needle;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{KeptWords, NodeKind};
use inkhorn_protocol::session::Role;
use inkhorn_protocol::{CourseId, NodeId};

/// Ada and Ben with one lesson, in step.
async fn two(world: &World) -> (Device, Device, CourseId, NodeId) {
    let ada = world.device("ada@x.org").await;
    let course = ada.core.create_course("Quills").await.expect("creates");
    let chapter = ada.core.add(&course, NodeKind::Chapter, None, None, "Cutting").await.expect("adds");
    let lesson = ada.core.add(&course, NodeKind::Lesson, Some(chapter), None, "One").await.expect("adds");
    ada.append(&lesson, "First line.\n\nText that both have.").await;
    within(ada.core.share(&course)).await.expect("shares");
    ada.sync().await;
    let ben = world.device("ben@x.org").await;
    world.role(&course, "ben@x.org", Role::Editor).await;
    within(ben.core.join(&course)).await.expect("joins");
    ben.sync().await;
    (ada, ben, course, lesson)
}

/// A window of a device: what it does reaches the core as an update.
async fn window(device: &Device, lesson: &NodeId, client: u64, edit: impl FnOnce(&mut Lesson) -> Vec<u8>) {
    let state = device.core.lesson_open(lesson).await.expect("opens").bytes;
    let mut document = Lesson::load(client, &state).expect("loads");
    let update = edit(&mut document);
    device.core.lesson_push(lesson, client, update).await.expect("saved");
}

async fn types(device: &Device, lesson: &NodeId, client: u64) {
    window(device, lesson, client, |document| {
        let finder =
            Finder::new(&Needle { text: " both".into(), ..Needle::default() }).expect("can be found");
        document.replace(&finder, " nobody but Ada and both").expect("typed").expect("there").update
    })
    .await;
}

async fn deletes(device: &Device, lesson: &NodeId, client: u64) {
    window(device, lesson, client, |document| {
        let line = Node::new("paragraph", vec![Node::text("All is new.")]);
        document.set_body(&Node::new("doc", vec![line])).expect("a body").expect("changes")
    })
    .await;
}

async fn kept(device: &Device) -> Vec<KeptWords> {
    device.core.kept_words().await.expect("lists")
}

/// Kept with Ada and with nobody else; put back, both have them.
async fn are_kept_and_go_back(ada: &mut Device, ben: &Device, lesson: &NodeId) {
    assert!(!ada.markdown(lesson).await.contains("nobody but Ada"), "Ben's deletion counts");
    ada.restart().await;
    let list = kept(ada).await;
    assert_eq!(list.len(), 1, "{list:?}");
    assert_eq!(list[0].preview, "Text that nobody but Ada and both have.");
    assert_eq!((list[0].title.as_str(), list[0].course_title.as_str()), ("One", "Quills"));
    assert!(list[0].markdown.contains("nobody but Ada"));
    assert!(kept(ben).await.is_empty());
    ada.sync().await;
    assert_eq!(kept(ada).await.len(), 1, "once");

    assert_eq!(&ada.core.put_back_kept(list[0].id).await.expect("goes back"), lesson);
    assert!(kept(ada).await.is_empty());
    assert_eq!(ada.core.put_back_kept(list[0].id).await.expect_err("once").code, Code::NotFound);
    ada.sync().await;
    ben.sync().await;
    let text = ben.markdown(lesson).await;
    assert!(text.contains("nobody but Ada") && text.contains("All is new."), "{text}");
    assert_eq!(text, ada.markdown(lesson).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_peer_who_deletes_syncs_first() {
    let world = World::start().await;
    let (mut ada, ben, _, lesson) = two(&world).await;
    types(&ada, &lesson, 71).await;
    // What was typed is known as Ada's also after a restart.
    ada.restart().await;
    deletes(&ben, &lesson, 72).await;
    ben.sync().await;
    ada.sync().await;
    ben.sync().await;
    are_kept_and_go_back(&mut ada, &ben, &lesson).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_author_syncs_first() {
    let world = World::start().await;
    let (mut ada, ben, _, lesson) = two(&world).await;
    types(&ada, &lesson, 71).await;
    deletes(&ben, &lesson, 72).await;
    ada.sync().await;
    ben.sync().await;
    ada.sync().await;
    are_kept_and_go_back(&mut ada, &ben, &lesson).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_write_any_more_keeps_them_and_can_forget_them() {
    let world = World::start().await;
    let (ada, ben, course, lesson) = two(&world).await;
    types(&ben, &lesson, 72).await;
    deletes(&ada, &lesson, 71).await;
    ada.sync().await;
    ben.sync().await;
    world.role(&course, "ben@x.org", Role::Viewer).await;
    ben.sync().await;
    let id = kept(&ben).await[0].id;
    assert_eq!(ben.core.put_back_kept(id).await.expect_err("may not").code, Code::Denied);
    assert_eq!(kept(&ben).await.len(), 1);
    ben.core.forget_kept(id).await.expect("forgets");
    assert!(kept(&ben).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_hears_of_it_when_it_happens() {
    let mut world = World::start().await;
    let (ada, ben, _, lesson) = two(&world).await;
    let mut ada = ada;
    types(&ada, &lesson, 71).await;
    deletes(&ben, &lesson, 72).await;
    ben.sync().await;
    ada.connect_from_now_on();
    world.stop().await;
    ada.restart().await;
    let mut feed = ada.core.subscribe("main");
    let key = QueryKey::KeptWords;
    ada.core.observe("main", &key);
    until(&ada.core, &mut feed, &key, |list: &Vec<KeptWords>| list.is_empty()).await;
    world.restart().await;
    ada.core.retry_now();
    until(&ada.core, &mut feed, &key, |list: &Vec<KeptWords>| list.len() == 1).await;
}
