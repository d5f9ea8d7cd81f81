//! Settings of a course: here at once, on the other device later, merged by field, and in exports.

use crate::world::{World, within};
use inkhorn_core::Code;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{Available, WaitingDoc, WaitsFor};
use inkhorn_protocol::session::Role;
use inkhorn_protocol::settings::{Change, CourseSettings, Direction, Entry, List};

fn add(list: List, id: &str, text: &str) -> Change {
    Change::Add { list, id: id.parse().expect("id"), text: text.into() }
}

fn texts(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.text.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_authors_set_a_course_apart_from_each_other_and_both_have_all_of_it_with_the_cover() {
    let world = World::start().await;
    let (ada, ben) = (world.device("ada@x.org").await, world.device("ben@x.org").await);
    let course = ada.core.create_course("Quills").await.expect("creates");
    within(ada.core.share(&course)).await.expect("shares");
    world.role(&course, "ben@x.org", Role::Editor).await;
    within(ben.core.join(&course)).await.expect("joins");
    let change = async |device: &crate::world::Device, change| {
        device.core.change_settings(&course, change).await.expect("changes");
    };
    // Both without a network.
    change(&ada, Change::Language { value: " pt-BR ".into() }).await;
    change(&ada, add(List::Objectives, "a1", "Cut  a\nquill")).await;
    ada.core.set_cover(&course, "a/b/cover.png", crate::sync::PIXEL.to_vec()).await.expect("a cover");
    change(&ben, Change::Licence { value: "CC BY 4.0".into() }).await;
    change(&ben, Change::Direction { value: Direction::Rtl }).await;
    change(&ben, add(List::Objectives, "b1", "Mix ink")).await;
    assert_eq!(ada.core.course_settings(&course).await.expect("reads").language, "pt-BR");
    ada.sync().await;
    ben.sync().await;
    ada.sync().await;
    let settings = ben.core.course_settings(&course).await.expect("reads");
    assert_eq!(settings, ada.core.course_settings(&course).await.expect("reads"));
    assert_eq!((settings.language.as_str(), settings.licence.as_str()), ("pt-BR", "CC BY 4.0"));
    assert_eq!(settings.direction, Direction::Rtl);
    let mut objectives = texts(&settings.objectives);
    objectives.sort_unstable();
    assert_eq!(objectives, ["Cut a quill", "Mix ink"]);
    let cover = settings.cover.expect("a cover");
    assert_eq!(cover.name, "cover.png");
    let (mime, bytes) = ben.core.asset_bytes(&cover.hash).await.expect("reads").expect("its file came too");
    assert_eq!((mime.as_str(), bytes.as_slice()), ("image/png", crate::sync::PIXEL));

    // Out as a folder, and in again.
    let out = tempfile::tempdir().expect("folder");
    let folder = out.path().join("course");
    ben.core
        .add(&course, inkhorn_protocol::projection::NodeKind::Chapter, None, None, "One")
        .await
        .expect("adds");
    let chapter = ben.core.outline(&course).await.expect("reads").nodes[0].id.clone();
    ben.core
        .add(&course, inkhorn_protocol::projection::NodeKind::Lesson, Some(chapter), None, "L")
        .await
        .expect("adds");
    ben.core.export_course(&course, &folder).await.expect("exports");
    let (again, _) = ben.core.import_folder(&folder, None).await.expect("imports");
    let again = ben.core.course_settings(&again).await.expect("reads");
    let same = |one: &CourseSettings| {
        let objectives: Vec<String> = texts(&one.objectives).into_iter().map(str::to_owned).collect();
        (
            one.language.clone(),
            one.direction,
            one.licence.clone(),
            objectives,
            one.cover.clone().map(|it| it.hash),
        )
    };
    let now = ben.core.course_settings(&course).await.expect("reads");
    assert_eq!(same(&again), same(&now));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_in_words_and_a_viewer_changes_nothing() {
    let world = World::start().await;
    let (ada, ben) = (world.device("ada@x.org").await, world.device("ben@x.org").await);
    let course = ada.core.create_course("Quills").await.expect("creates");
    for (change, word) in [
        (Change::Language { value: "English, mostly".into() }, "pt-BR"),
        (Change::Licence { value: "x".repeat(501) }, "500"),
        (add(List::Authors, "a", "  "), "needs a text"),
    ] {
        let refused = ada.core.change_settings(&course, change).await.expect_err("refused");
        assert_eq!(refused.code, Code::Invalid);
        assert!(refused.message.contains(word), "{refused}");
    }
    let refused = ada.core.set_cover(&course, "x.png", b"no image".to_vec()).await.expect_err("refused");
    assert_eq!(refused.code, Code::Invalid);
    assert_eq!(ada.core.course_settings(&course).await.expect("reads"), CourseSettings::default());
    ada.core.change_settings(&course, add(List::Authors, "a", "Ada")).await.expect("adds");
    let id = "a".parse().expect("id");
    ada.core
        .change_settings(&course, Change::Text { list: List::Authors, id, text: " ".into() })
        .await
        .expect("ok");
    assert_eq!(
        ada.core.course_settings(&course).await.expect("reads").authors,
        [],
        "an empty text removes it"
    );

    // Each change names what takes it back, and that names what does it again.
    let changed =
        ada.core.change_settings(&course, Change::Direction { value: Direction::Rtl }).await.expect("ok");
    let back = ada.core.take_back(changed.step.expect("a step")).await.expect("takes it back");
    assert_eq!(ada.core.course_settings(&course).await.expect("reads").direction, Direction::Auto);
    let again = ada.core.take_back(back.step.expect("a step")).await.expect("does it again");
    assert_eq!(ada.core.course_settings(&course).await.expect("reads").direction, Direction::Rtl);
    ada.core.change_settings(&course, Change::Direction { value: Direction::Ltr }).await.expect("ok");
    let stayed = ada.core.take_back(again.step.expect("a step")).await.expect("answers");
    assert!(stayed.step.is_none() && stayed.stayed.is_some_and(|why| why.contains("another value since")));

    within(ada.core.share(&course)).await.expect("shares");
    world.role(&course, "ben@x.org", Role::Viewer).await;
    within(ben.core.join(&course)).await.expect("joins");
    let denied = ben.core.change_settings(&course, Change::Language { value: "en".into() }).await;
    assert_eq!(denied.expect_err("denied").code, Code::Denied);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_listed_with_its_reason_and_can_be_kept_as_markdown() {
    let world = World::start().await;
    let ada = world.device("ada@x.org").await;
    let course = ada.core.create_course("Quills").await.expect("creates");
    let kind = inkhorn_protocol::projection::NodeKind::Chapter;
    let chapter = ada.core.add(&course, kind, None, None, "Cutting").await.expect("adds");
    let kind = inkhorn_protocol::projection::NodeKind::Lesson;
    let lesson = ada.core.add(&course, kind, Some(chapter), None, "One").await.expect("adds");
    assert_eq!(ada.core.waiting().await.expect("reads"), [], "what is only here waits for nobody");
    within(ada.core.share(&course)).await.expect("shares");
    ada.sync().await;
    assert_eq!(ada.core.waiting().await.expect("reads"), []);
    ada.append(&lesson, "Words that wait.").await;
    let waiting: Vec<WaitingDoc> = ada.core.waiting().await.expect("reads");
    let [one] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert_eq!((one.title.as_deref(), one.course_title.as_str()), (Some("One"), "Quills"));
    assert_eq!(one.waits, WaitsFor::Connection);
    assert!(one.bytes > 0 && one.edits > 0 && one.since_ms.is_some(), "{one:?}");
    // The same through the cache.
    let reply = ada.core.query(&QueryKey::Waiting).await;
    assert_eq!(reply.data, Some(serde_json::to_value(&waiting).expect("json")));

    let out = tempfile::tempdir().expect("folder");
    let folder = out.path().join("copy");
    ada.core.export_copy(&course, &one.doc, &folder).await.expect("exports");
    let (copy, _) = ada.core.import_folder(&folder, None).await.expect("imports");
    let view = ada.core.outline(&copy).await.expect("reads");
    let lessons: Vec<_> = view.nodes.iter().flat_map(|node| &node.children).collect();
    assert_eq!(lessons.len(), 1);
    assert!(ada.markdown(&lessons[0].id).await.contains("Words that wait."));
    assert_eq!(ada.core.waiting().await.expect("reads").len(), 1, "it goes on waiting");

    let here = ada.core.available(&course).await.expect("reads");
    assert_eq!(here, Available { lessons_here: 1, lessons: 1, assets_here: 0, assets: 0 });
    let storage = ada.core.storage().await.expect("measures");
    assert!(storage.database > 10_000, "{storage:?}");
    ada.core.free_storage().await.expect("frees");
    ada.sync().await;
    assert_eq!(ada.core.waiting().await.expect("reads"), []);
}
