//! What was read from the server, on the next start without a network.

use crate::live::until;
use crate::world::{Device, World, within};
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::rest::Course;
use inkhorn_protocol::window::QueryStatus;

const KEY: QueryKey = QueryKey::RemoteCourses;

/// Ada has shared a course, looked at the server's list, and the network is gone.
async fn offline() -> (World, Device) {
    let mut world = World::start().await;
    let ada = world.live("ada@x.org").await;
    let course = ada.core.create_course("Quills").await.expect("creates");
    within(ada.core.share(&course)).await.expect("shares");
    let mut feed = ada.core.subscribe("main");
    ada.core.observe("main", &KEY);
    until(&ada.core, &mut feed, &KEY, |list: &Vec<Course>| list.len() == 1).await;
    world.stop().await;
    (world, ada)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_list_is_shown_after_a_restart_without_a_network() {
    let (_world, mut ada) = offline().await;
    ada.restart().await;
    let mut feed = ada.core.subscribe("main");
    ada.core.observe("main", &KEY);
    let list = until(&ada.core, &mut feed, &KEY, |list: &Vec<Course>| !list.is_empty()).await;
    assert_eq!(list[0].title, "Quills");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spoilt_list_is_read_anew_and_costs_nothing_else() {
    let (mut world, mut ada) = offline().await;
    let file = ada.path().join("cache.bin");
    ada.core.close().await;
    let whole = std::fs::read(&file).expect("it was remembered");
    let half = &whole[..whole.len() / 2];
    let newer = [b"inkhorn from later: ".as_slice(), &whole].concat();
    for spoilt in [half, b"", b"{}", &newer] {
        std::fs::write(&file, spoilt).expect("writes");
        ada.start().await;
        let reply = ada.core.query(&KEY).await;
        assert_eq!((reply.status, reply.data), (QueryStatus::Pending, None));
        assert_eq!(ada.core.courses().await.expect("lists").len(), 1, "what is written here is here");
        ada.core.close().await;
    }
    world.restart().await;
    ada.start().await;
    let mut feed = ada.core.subscribe("main");
    ada.core.observe("main", &KEY);
    until(&ada.core, &mut feed, &KEY, |list: &Vec<Course>| list.len() == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_does_not_see_what_was_remembered() {
    let (mut world, mut ada) = offline().await;
    world.restart().await;
    let token = world.token("eve@x.org").await;
    ada.core.login(&world.url(), &token, false).await.expect("signs in");
    world.stop().await;
    ada.restart().await;
    let reply = ada.core.query(&KEY).await;
    assert!(reply.data.is_none_or(|data| data == serde_json::json!([])));
}
