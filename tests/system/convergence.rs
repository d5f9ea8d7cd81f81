//! Two people edit the same course offline; everything merges, in whichever order they come back.

use anyhow::{Context, ensure};
use inkhorn_testkit::profile::{Profile, nodes, of_kind};
use inkhorn_testkit::{corpus, server::Server};
use std::path::Path;

/// Who comes back first.
#[derive(Clone, Copy)]
enum First {
    Ada,
    Ben,
}

#[test]
fn a_real_course_merges_when_the_first_editor_comes_back_first() -> anyhow::Result<()> {
    course(|folder| offline_edits_merge(folder, First::Ada))
}

#[test]
fn a_real_course_merges_when_the_second_editor_comes_back_first() -> anyhow::Result<()> {
    course(|folder| offline_edits_merge(folder, First::Ben))
}

fn course(test: impl Fn(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    if let Some(folder) = corpus::real("iot-for-beginners") {
        return test(&folder);
    }
    test(corpus::written()?.path())
}

fn offline_edits_merge(folder: &Path, first: First) -> anyhow::Result<()> {
    let server = Server::start()?;
    let (ada, ben) = (Profile::new()?, Profile::new()?);
    ada.login(&server, "ada@example.org")?;
    ben.login(&server, "ben@example.org")?;
    let id = ada.last_line(&["import", &folder.to_string_lossy()])?;
    ada.run(&["share", &id])?;
    ada.sync()?;
    server.member(&id, "ben@example.org", "editor")?;
    ben.run(&["join", &id])?;
    ben.sync()?;
    let start = ada.outline(&id)?;
    ensure!(start == ben.outline(&id)?, "the outlines differ right after joining");
    same_bodies(&ada, &ben, &id)?;
    same_assets(&ada, &ben, &id)?;

    // From here on neither syncs: each call is a process of its own, so both restart while offline all the time.
    let lessons = of_kind(&start, "lesson");
    let chapters = of_kind(&start, "chapter");
    let (both, trashed) = (&lessons[0].id, &lessons[lessons.len() / 2].id);
    let (moved, last) = (&chapters[0].id, &chapters.last().context("a chapter")?.id);
    ada.append(both, "Ada wrote this on a train.\n")?;
    ben.append(both, "Ben wrote this on a plane.\n")?;
    ada.run(&["move", moved, "--before", last])?;
    ben.run(&["rename", moved, "Renamed by Ben"])?;
    ben.run(&["trash", trashed])?;
    ada.append(trashed, "Ada cares about this lesson.\n")?;
    ensure!(!nodes(&ben.outline(&id)?).iter().any(|node| node.id == *trashed), "trashing shows at once");

    let order = match first {
        First::Ada => [&ada, &ben, &ada],
        First::Ben => [&ben, &ada, &ben],
    };
    for profile in order {
        profile.sync()?;
    }

    let merged = ada.outline(&id)?;
    ensure!(merged == ben.outline(&id)?, "the outlines differ");
    let mut ids: Vec<String> = nodes(&merged).into_iter().map(|node| node.id).collect();
    let mut before: Vec<String> = nodes(&start).into_iter().map(|node| node.id).collect();
    ids.sort();
    before.sort();
    ensure!(ids == before, "a node was lost or doubled");
    let order: Vec<_> = of_kind(&merged, "chapter");
    let at = order.iter().position(|node| node.id == *moved).context("the moved chapter")?;
    ensure!(at == chapters.len() - 2, "the chapter did not move: it is at {at}");
    ensure!(order[at].title == "Renamed by Ben", "the new name was lost: {}", order[at].title);
    let text = ada.lesson(both)?;
    for words in ["Ada wrote this on a train.", "Ben wrote this on a plane."] {
        ensure!(text.matches(words).count() == 1, "{words:?} stands {} times", text.matches(words).count());
    }
    ensure!(
        ada.lesson(trashed)?.contains("Ada cares about this lesson."),
        "the trashed lesson lost its edit"
    );
    same_bodies(&ada, &ben, &id)
}

#[test]
fn an_editor_who_shares_nothing_needs_no_server() -> anyhow::Result<()> {
    let (ada, folder) = (Profile::new()?, corpus::written()?);
    let id = ada.last_line(&["import", &folder.path().to_string_lossy(), "--title", "Alone"])?;
    let chapter = ada.last_line(&["add", "chapter", "--course", &id, "--title", "New"])?;
    let lesson =
        ada.last_line(&["add", "lesson", "--course", &id, "--under", &chapter, "--title", "First"])?;
    ada.append(&lesson, "Some *words*.\n")?;
    ensure!(ada.lesson(&lesson)?.contains("Some *words*."), "{}", ada.lesson(&lesson)?);
    ensure!(ada.run(&["courses"])?.contains("Alone"), "the course is listed");
    ensure!(ada.run(&["status"])?.to_lowercase().contains("this computer"), "{}", ada.run(&["status"])?);
    Ok(())
}

/// Every lesson reads the same on both sides.
pub(crate) fn same_bodies(ada: &Profile, ben: &Profile, course: &str) -> anyhow::Result<()> {
    let lessons = of_kind(&ada.outline(course)?, "lesson");
    ensure!(!lessons.is_empty(), "no lessons");
    for lesson in lessons {
        let show = ["lesson", "show", &lesson.id, "--format", "json"];
        ensure!(ada.run(&show)? == ben.run(&show)?, "{} differs", lesson.title);
    }
    Ok(())
}

fn same_assets(ada: &Profile, ben: &Profile, course: &str) -> anyhow::Result<()> {
    let (hers, his) = (ada.json(&["assets", course])?, ben.json(&["assets", course])?);
    ensure!(hers == his, "the assets differ: {hers} {his}");
    ensure!(hers.as_array().is_some_and(|list| !list.is_empty()), "no assets");
    Ok(())
}
