//! A role that is lost while offline: what was written is kept, shown, exported, and sent once the role is back.

use anyhow::{Context, ensure};
use inkhorn_testkit::profile::{Profile, of_kind};
use inkhorn_testkit::{corpus, server::Server};
use std::fs;
use tempfile::TempDir;

const WORDS: &str = "Written on the train, with nobody to ask.";

struct Pair {
    server: Server,
    ada: Profile,
    ben: Profile,
    course: String,
    lesson: String,
}

fn pair() -> anyhow::Result<Pair> {
    let (server, ada, ben) = (Server::start()?, Profile::new()?, Profile::new()?);
    ada.login(&server, "ada@example.org")?;
    ben.login(&server, "ben@example.org")?;
    let folder = corpus::written()?;
    let course = ada.last_line(&["import", &folder.path().to_string_lossy()])?;
    ada.run(&["share", &course])?;
    server.member(&course, "ben@example.org", "editor")?;
    ben.run(&["join", &course])?;
    ben.sync()?;
    let lesson = of_kind(&ben.outline(&course)?, "lesson")[0].id.clone();
    Ok(Pair { server, ada, ben, course, lesson })
}

#[test]
fn what_was_written_before_the_role_was_lost_is_kept_shown_exported_and_sent_when_it_is_back()
-> anyhow::Result<()> {
    let Pair { mut server, ada, ben, course, lesson } = pair()?;
    server.kill()?;
    ben.append(&lesson, WORDS)?;
    server.restart()?;
    server.member(&course, "ben@example.org", "viewer")?;

    let said = ben.refused(&["sync", "--timeout", "60"])?;
    ensure!(said.contains("viewer") && said.contains("kept"), "{said}");
    let list = ben.json(&["rejected", "list"])?;
    let edits = list.as_array().context("a list")?;
    ensure!(edits.len() == 1 && edits[0]["doc"] == format!("lesson:{lesson}"), "{list}");
    let id = edits[0]["id"].to_string();
    ensure!(ben.run(&["rejected", "list"])?.contains("viewer"), "the reason is shown");
    ensure!(ben.lesson(&lesson)?.contains(WORDS), "the text is where it was written");
    let said = ben.refused(&["rejected", "reapply", &id])?;
    ensure!(said.contains("viewer"), "{said}");
    ensure!(ben.json(&["rejected", "list"])? == list, "what is not allowed yet changes nothing");

    let place = TempDir::new()?;
    let out = place.path().join("kept");
    let folder = out.to_string_lossy().into_owned();
    ben.run(&["rejected", "export", &id, "--out", &folder])?;
    let raw = fs::read(out.join("refused/edits.yjs"))?;
    ensure!(raw.windows(WORDS.len()).any(|part| part == WORDS.as_bytes()), "the raw edit is whole");
    ben.refused(&["rejected", "export", &id, "--out", &folder])?;
    // Somebody else, who has never seen the course, reads it.
    let eve = Profile::new()?;
    let copy = eve.last_line(&["import", &folder])?;
    let read = of_kind(&eve.outline(&copy)?, "lesson")[0].id.clone();
    ensure!(eve.lesson(&read)?.contains(WORDS), "an export imports as a course");

    server.member(&course, "ben@example.org", "editor")?;
    ben.sync()?;
    ensure!(
        ben.json(&["rejected", "list"])?.as_array().is_some_and(Vec::is_empty),
        "nothing is refused any more"
    );
    ada.sync()?;
    ensure!(ada.lesson(&lesson)?.contains(WORDS), "it has arrived");
    Ok(())
}

#[test]
fn a_share_without_a_server_waits_as_an_operation_and_is_done_by_the_next_sync() -> anyhow::Result<()> {
    let Pair { mut server, ada, ben, course, .. } = pair()?;
    ensure!(ada.json(&["operations"])?.as_array().is_some_and(Vec::is_empty), "sharing has ended");
    server.kill()?;
    let error = ben.refused(&["share", &course])?;
    ensure!(error.contains("safe") || error.contains("kept"), "{error}");
    let list = ben.json(&["operations", "list"])?;
    ensure!(list[0]["kind"] == "register" && list[0]["state"] == "queued", "{list}");
    server.restart()?;
    ben.sync()?;
    ensure!(ben.json(&["operations"])?.as_array().is_some_and(Vec::is_empty), "it was done by the sync");
    // One that nobody waits for any more is let go by name.
    let said = ben.refused(&["operations", "let-go", "nothing"])?;
    ensure!(said.contains("no operation"), "{said}");
    Ok(())
}
