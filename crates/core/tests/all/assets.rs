//! Images and other files: what is taken, how far it is, what can be saved.

use crate::live::until;
use crate::world::{World, within};
use inkhorn_core::{Code, Range};
use inkhorn_protocol::AssetHash;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::media;
use inkhorn_protocol::projection::{AssetState, NodeKind, Transfer, TransferState};
use inkhorn_protocol::session::Role;
use std::fs;

/// Content that no other test has, of some pieces.
fn film() -> Vec<u8> {
    let mut film = b"\0\0\0\x20ftypisom".to_vec();
    film.resize(3 * 1024 * 1024, 7);
    film
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_added_offline_waits_is_seen_to_move_and_arrives_on_the_second_device() {
    let mut world = World::start().await;
    let (ada, ben) = (world.live("ada@x.org").await, world.live("ben@x.org").await);
    let course = ada.core.create_course("Quills").await.expect("creates");
    let chapter = ada.core.add(&course, NodeKind::Chapter, None, None, "Cutting").await.expect("adds");
    let lesson = ada.core.add(&course, NodeKind::Lesson, Some(chapter), None, "One").await.expect("adds");
    within(ada.core.share(&course)).await.expect("shares");
    world.role(&course, "ben@x.org", Role::Editor).await;
    within(ben.core.join(&course)).await.expect("joins");
    within(ada.core.sync(crate::world::LIMIT)).await.expect("syncs");

    let key = QueryKey::Transfers { course: course.clone() };
    let mut feed = ada.core.subscribe("main");
    ada.core.observe("main", &key);
    until(&ada.core, &mut feed, &key, Vec::<Transfer>::is_empty).await;
    world.stop().await;
    let asset = ada.core.put_asset(&lesson, "tide.mp4", film()).await.expect("takes the film");
    assert_eq!(asset.mime, "video/mp4");
    let waits = |list: &Vec<Transfer>| list.len() == 1 && list[0].state == TransferState::Offline;
    let list = until(&ada.core, &mut feed, &key, waits).await;
    assert!(list[0].up && list[0].asset == asset && list[0].done == 0, "{list:?}");
    assert_eq!((list[0].lesson.as_ref(), list[0].why.as_deref()), (Some(&lesson), None));
    world.restart().await;
    ada.core.retry_now();
    ben.core.retry_now();
    until(&ada.core, &mut feed, &key, Vec::<Transfer>::is_empty).await;
    assert_eq!(ada.core.assets(&course).await.expect("lists")[0].state, AssetState::Synced);
    within(async {
        while ben.core.asset_bytes(&asset.hash).await.expect("reads").is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    let (mime, bytes) = ben.core.asset_bytes(&asset.hash).await.expect("reads").expect("is here");
    assert_eq!((mime.as_str(), bytes == film()), ("video/mp4", true));
    assert!(ben.core.transfers(&course).await.expect("lists").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_kept_as_bytes_and_saved_without_being_made_one() {
    let world = World::start().await;
    let ada = world.device("ada@x.org").await;
    let course = ada.core.create_course("Quills").await.expect("creates");
    let chapter = ada.core.add(&course, NodeKind::Chapter, None, None, "Cutting").await.expect("adds");
    let lesson = ada.core.add(&course, NodeKind::Lesson, Some(chapter), None, "One").await.expect("adds");
    let program = b"#!/bin/sh\necho ran\n".to_vec();
    let asset = ada.core.put_asset(&lesson, "../run.sh", program.clone()).await.expect("takes it");
    assert_eq!((asset.mime.as_str(), asset.name.as_str()), (media::OPAQUE, "run.sh"));
    let folder = tempfile::tempdir().expect("makes a folder");
    let file = folder.path().join("run.sh");
    ada.core.save_asset(&asset.hash, &file).await.expect("saves");
    assert_eq!(fs::read(&file).expect("reads"), program);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).expect("is there").permissions().mode() & 0o111, 0);
    }
    let gone = ada.core.save_asset(&asset.hash, &folder.path().join("no/such/folder")).await;
    assert!(gone.expect_err("fails").message.contains("The course is unchanged."));
    let other = AssetHash::from_digest(&[9; 32]);
    assert_eq!(ada.core.save_asset(&other, &file).await.expect_err("fails").code, Code::NotFound);
    assert_eq!(ada.core.asset_part(&other, &Range::From(0, None)).await.expect("reads"), None);
    let part =
        ada.core.asset_part(&asset.hash, &Range::From(2, Some(5))).await.expect("reads").expect("is here");
    assert_eq!((part.bytes.as_slice(), part.total), (&b"/bi"[..], program.len() as u64));
    assert!(ada.core.transfers(&course).await.expect("lists").is_empty(), "of a course that is not shared");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_100_mb_is_refused_with_its_size_and_the_limit() {
    let world = World::start().await;
    let ada = world.device("ada@x.org").await;
    let course = ada.core.create_course("Quills").await.expect("creates");
    let chapter = ada.core.add(&course, NodeKind::Chapter, None, None, "Cutting").await.expect("adds");
    let lesson = ada.core.add(&course, NodeKind::Lesson, Some(chapter), None, "One").await.expect("adds");
    let refused = ada.core.put_asset(&lesson, "wall.png", vec![0; 100 << 20]).await.expect_err("is refused");
    assert_eq!(refused.code, Code::Invalid);
    assert!(
        refused.message.contains("This file has 100 MB") && refused.message.contains("up to 25 MB"),
        "{refused}"
    );
    assert!(ada.core.assets(&course).await.expect("lists").is_empty());
}
