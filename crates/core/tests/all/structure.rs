//! Changes of structure: many at once, copies, and what takes them back.

use crate::sync::PIXEL;
use crate::world::{Device, World, within};
use inkhorn_core::{Config, Core};
use inkhorn_protocol::projection::{NodeKind, OutlineNode};
use inkhorn_protocol::session::Role;
use inkhorn_protocol::{CourseId, NodeId};

async fn offline(dir: &std::path::Path) -> (Core, CourseId, NodeId, Vec<NodeId>) {
    let core = Core::open(Config::offline(dir, "a test")).await.expect("opens");
    let course = core.create_course("Soil").await.expect("creates");
    let chapter = core.add(&course, NodeKind::Chapter, None, None, "Layers").await.expect("adds");
    let mut lessons = vec![];
    for title in ["One", "Two", "Three"] {
        let lesson =
            core.add(&course, NodeKind::Lesson, Some(chapter.clone()), None, title).await.expect("adds");
        lessons.push(lesson);
    }
    (core, course, chapter, lessons)
}

fn titles(nodes: &[OutlineNode]) -> Vec<String> {
    nodes.iter().flat_map(|node| std::iter::once(node.title.clone()).chain(titles(&node.children))).collect()
}

async fn outline(core: &Core, course: &CourseId) -> Vec<String> {
    titles(&core.outline(course).await.expect("reads").nodes)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_taken_back_and_done_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let (core, course, chapter, lessons) = offline(dir.path()).await;
    let start = outline(&core, &course).await;
    let mut steps = vec![];
    let mut seen = vec![start];
    let mut note = async |changed: inkhorn_protocol::change::Changed| {
        assert_eq!(changed.stayed, None);
        steps.push(changed.step.expect("something to take back"));
        seen.push(outline(&core, &course).await);
        changed.nodes
    };
    note(core.rename_node(&lessons[0], "First").await.expect("renames")).await;
    let second = core.add_node(&course, NodeKind::Chapter, None, None, "Water").await.expect("adds");
    let second = note(second).await.remove(0);
    let both = vec![lessons[2].clone(), lessons[0].clone()];
    note(core.move_nodes(both, Some(second.clone()), None).await.expect("moves")).await;
    note(core.duplicate(vec![second.clone()]).await.expect("copies")).await;
    note(core.trash_nodes(vec![second.clone(), lessons[1].clone()]).await.expect("trashes")).await;
    note(core.restore_nodes(vec![lessons[1].clone()]).await.expect("restores")).await;
    assert_eq!(
        seen.last().expect("a last one"),
        &["Layers", "Two", "Water (copy)", "Three", "First"].map(str::to_owned)
    );
    let mut again = vec![];
    for (step, was) in steps.into_iter().zip(&seen).rev() {
        let changed = core.take_back(step).await.expect("takes back");
        assert_eq!(changed.stayed, None);
        assert_eq!(&outline(&core, &course).await, was);
        again.push(changed.step.expect("what does it again"));
    }
    for (step, was) in again.into_iter().rev().zip(&seen[1..]) {
        let changed = core.take_back(step).await.expect("does it again");
        assert_eq!(changed.stayed, None);
        assert_eq!(&outline(&core, &course).await, was);
    }
    assert!(outline(&core, &course).await.contains(&"Layers".to_owned()), "{chapter}");
    core.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_lesson_with_text_in_it_is_not_taken_away_by_undoing_its_making() {
    let dir = tempfile::tempdir().expect("a folder");
    let (core, course, chapter, _) = offline(dir.path()).await;
    let made = core.add_node(&course, NodeKind::Lesson, Some(chapter), None, "New").await.expect("adds");
    core.append_markdown(&made.nodes[0], "Somebody's words.").await.expect("writes");
    let changed = core.take_back(made.step.expect("a step")).await.expect("answers");
    assert_eq!(changed.step, None);
    assert!(changed.stayed.expect("says why").contains("“New” holds other text since"));
    assert!(outline(&core, &course).await.contains(&"New".to_owned()));
    core.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_hold_the_same_and_link_to_each_other() {
    let dir = tempfile::tempdir().expect("a folder");
    let (core, course, chapter, lessons) = offline(dir.path()).await;
    let asset = core.put_asset(&lessons[0], "dot.png", PIXEL.to_vec()).await.expect("stores");
    let text = format!(
        "See [two](lesson:{}#top) and [elsewhere](lesson:{}).\n\n![A dot](asset:{})",
        lessons[1], lessons[2], asset.hash
    );
    core.append_markdown(&lessons[0], &text).await.expect("writes");
    core.append_markdown(&lessons[1], "The second.").await.expect("writes");
    let pair = vec![lessons[0].clone(), lessons[1].clone()];

    let copied = core.duplicate(pair.clone()).await.expect("copies");
    assert_eq!(
        outline(&core, &course).await,
        ["Layers", "One", "One (copy)", "Two", "Two (copy)", "Three"].map(str::to_owned)
    );
    let copy = core.lesson_markdown(&copied.nodes[0]).await.expect("reads");
    assert!(copy.contains(&format!("lesson:{}#top", copied.nodes[1])), "{copy}");
    assert!(copy.contains(&format!("lesson:{}", lessons[2])), "{copy}");
    assert_eq!(core.lesson_markdown(&copied.nodes[1]).await.expect("reads"), "The second.\n");

    let other = core.create_course("Bread").await.expect("creates");
    let copied = core.copy_to(pair, &other, None).await.expect("copies");
    assert_eq!(outline(&core, &other).await, ["Soil", "One", "Two"].map(str::to_owned));
    let view = core.outline(&other).await.expect("reads");
    let one = &view.nodes[0].children[0].id;
    let copy = core.lesson_markdown(one).await.expect("reads");
    assert!(copy.contains(&format!("lesson:{}#top", view.nodes[0].children[1].id)), "{copy}");
    assert!(
        copy.contains("elsewhere (in the course “Soil”)") && !copy.contains(lessons[2].as_str()),
        "{copy}"
    );
    assert!(copy.contains(asset.hash.as_str()), "{copy}");
    let assets = core.assets(&other).await.expect("reads");
    assert_eq!(assets.into_iter().map(|info| info.asset.hash).collect::<Vec<_>>(), [asset.hash]);
    core.take_back(copied.step.expect("a step")).await.expect("takes back");
    assert_eq!(outline(&core, &other).await, Vec::<String>::new());

    let chapter = core.copy_to(vec![chapter], &other, None).await.expect("copies a chapter");
    assert_eq!(chapter.nodes.len(), 1);
    assert_eq!(outline(&core, &other).await.len(), 6);
    core.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_a_shared_course_reaches_others_with_its_image_and_undo_leaves_their_work_alone() {
    let world = World::start().await;
    let (ada, ben): (Device, Device) = (world.live("ada@x.org").await, world.live("ben@x.org").await);
    let course = ada.core.create_course("Quills").await.expect("creates");
    let chapter = ada.core.add(&course, NodeKind::Chapter, None, None, "Cutting").await.expect("adds");
    let lesson =
        ada.core.add(&course, NodeKind::Lesson, Some(chapter.clone()), None, "One").await.expect("adds");
    let asset = ada.core.put_asset(&lesson, "dot.png", PIXEL.to_vec()).await.expect("stores");
    within(ada.core.share(&course)).await.expect("shares");
    world.role(&course, "ben@x.org", Role::Editor).await;
    within(ben.core.join(&course)).await.expect("joins");
    let copied = ada.core.duplicate(vec![lesson.clone()]).await.expect("copies");
    let moved = ada.core.move_nodes(vec![lesson.clone()], None, Some(copied.nodes[0].clone())).await;
    assert_eq!(moved.expect("is there already").step, None);
    let moved = ada.core.move_nodes(vec![lesson.clone()], Some(chapter), None).await.expect("moves");
    let copy = copied.nodes[0].clone();
    within(async {
        while ben.core.lesson_markdown(&copy).await.is_err()
            || ben.core.asset_bytes(&asset.hash).await.is_ok_and(|it| it.is_none())
        {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    // Ben puts the original first, and writes in the copy.
    let order = ["Cutting", "One", "One (copy)"].map(str::to_owned);
    within(async {
        while outline(&ben.core, &course).await != ["Cutting", "One (copy)", "One"] {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    ben.core.move_node(&lesson, None, Some(copy.clone())).await.expect("moves");
    ben.core.append_markdown(&copy, "Ben's words.").await.expect("writes");
    within(async {
        while outline(&ada.core, &course).await != order
            || !ada.markdown(&copy).await.contains("Ben's words.")
        {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    for step in [moved.step, copied.step] {
        let changed = ada.core.take_back(step.expect("a step")).await.expect("answers");
        assert!(changed.stayed.is_some() && changed.step.is_none(), "{changed:?}");
    }
    assert_eq!(outline(&ada.core, &course).await, order);
}
