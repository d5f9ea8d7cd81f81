//! What the core writes by itself, in answer to what it receives, is a closed list, and each is done once a cause:
//! a trashed lesson that somebody else wrote in comes back; edits under a client id that the server refused get another;
//! a course that the server has lost is registered again by its owner (in `kept`, where it is asked once and no more).

use crate::world::{Device, World, within};
use inkhorn_events::{Event, Item, Subscription};
use inkhorn_protocol::projection::NodeKind;
use inkhorn_protocol::session::Role;
use inkhorn_protocol::{CourseId, DocId, NodeId};

/// Ada shares a course of one lesson, Ben joins it; all is synced.
async fn two(world: &World) -> (Device, Device, CourseId, NodeId) {
    let (ada, ben) = (world.device("ada@x.org").await, world.device("ben@x.org").await);
    let course = ada.core.create_course("Quills").await.expect("creates");
    let chapter = ada.core.add(&course, NodeKind::Chapter, None, None, "Cutting").await.expect("adds");
    let lesson = ada.core.add(&course, NodeKind::Lesson, Some(chapter), None, "One").await.expect("adds");
    ada.append(&lesson, "First.").await;
    within(ada.core.share(&course)).await.expect("shares");
    world.role(&course, "ben@x.org", Role::Editor).await;
    within(ben.core.join(&course)).await.expect("joins");
    for _ in 0..2 {
        ada.sync().await;
        ben.sync().await;
    }
    (ada, ben, course, lesson)
}

/// How often a document changed since this was asked last.
fn changes(events: &mut Subscription, doc: &DocId) -> usize {
    let mut count = 0;
    while let Some(item) = events.try_recv() {
        match item {
            Item::Event(Event::DocumentChanged { doc: changed, .. }) if changed == *doc => count += 1,
            Item::Event(_) => {}
            Item::Resync { missed } => panic!("{missed} events were missed"),
        }
    }
    count
}

/// Both sync again and again: nothing more is written by anybody.
async fn at_rest(ada: &Device, ben: &Device, heard: [&mut Subscription; 2], doc: &DocId) {
    let [adas, bens] = heard;
    changes(adas, doc);
    changes(bens, doc);
    for _ in 0..4 {
        ada.sync().await;
        ben.sync().await;
    }
    assert_eq!((changes(adas, doc), changes(bens, doc)), (0, 0), "writes that answer each other");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trashed_lesson_that_another_wrote_in_comes_back_by_one_write_on_each_computer_for_each_trash() {
    let world = World::start().await;
    let (ada, ben, course, lesson) = two(&world).await;
    let outline = DocId::Course(course.clone());
    let (mut adas, mut bens) = (ada.core.events(), ben.core.events());
    for round in 0..3 {
        ada.core.trash(&lesson).await.expect("trashes");
        ben.append(&lesson, &format!("Written meanwhile, {round}.")).await;
        assert_eq!((changes(&mut adas, &outline), changes(&mut bens, &outline)), (1, 0), "the users' own");
        let (first, second) = if round % 2 == 0 { (&ada, &ben) } else { (&ben, &ada) };
        for device in [first, second, first, second] {
            device.sync().await;
        }
        // Each computer writes once at most, and hears of the other's; for Ben the trash itself is news, too.
        let (on_adas, on_bens) = (changes(&mut adas, &outline), changes(&mut bens, &outline));
        assert!((1..=2).contains(&on_adas), "round {round}: {on_adas}");
        assert!((1..=3).contains(&on_bens), "round {round}: {on_bens}");
        at_rest(&ada, &ben, [&mut adas, &mut bens], &outline).await;
        for device in [&ada, &ben] {
            let view = device.core.outline(&course).await.expect("an outline");
            assert_eq!(view.trash, [], "it is back");
            assert!(device.markdown(&lesson).await.contains(&format!("meanwhile, {round}")));
        }
    }
}

/// Client 42 puts a number into a map that is not of our schema, at this clock: stored and relayed, and never read.
fn by_client_42(clock: u8) -> Vec<u8> {
    vec![1, 1, 42, clock, 0x28, 1, 1, b'm', 1, b'a' + clock, 1, 0x7d, clock, 0]
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_under_a_client_id_of_another_account_get_another_one_by_one_write() {
    let world = World::start().await;
    let (ada, ben, _, lesson) = two(&world).await;
    let doc = DocId::Lesson(lesson.clone());
    ada.core.lesson_push(&lesson, 1, by_client_42(0)).await.expect("takes it");
    ada.sync().await;
    ben.sync().await;
    // As a copied profile would: the id belongs to Ada's account.
    let (mut adas, mut bens) = (ada.core.events(), ben.core.events());
    ben.core.lesson_push(&lesson, 1, by_client_42(1)).await.expect("takes it");
    assert_eq!(changes(&mut bens, &doc), 1, "the user's own");
    ben.sync().await;
    ada.sync().await;
    assert_eq!(changes(&mut bens, &doc), 1, "under another id");
    assert_eq!(changes(&mut adas, &doc), 1, "which arrives");
    at_rest(&ada, &ben, [&mut adas, &mut bens], &doc).await;
    let (adas, bens) = (ada.core.lesson_open(&lesson).await, ben.core.lesson_open(&lesson).await);
    let (adas, bens) = (adas.expect("opens").bytes, bens.expect("opens").bytes);
    for key in [b'a', b'b'] {
        let entry = [1, b'm', 1, key];
        assert!([&adas, &bens].iter().all(|state| state.windows(4).any(|part| part == entry)), "{key}");
    }
}
