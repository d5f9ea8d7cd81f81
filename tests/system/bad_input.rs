//! Bad input of every kind gets a clear error that says what to do; nothing is lost, nothing panics.

use anyhow::ensure;
use inkhorn_testkit::profile::{Profile, of_kind};
use inkhorn_testkit::{corpus, server::Server};
use std::fs;
use std::path::Path;

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[test]
fn folders_that_are_no_course_are_refused_in_plain_words() -> anyhow::Result<()> {
    let (ada, folder) = (Profile::new()?, tempfile::TempDir::new()?);
    let said = ada.refused(&["import", &text(folder.path())])?;
    ensure!(said.contains("Markdown"), "{said}");
    let said = ada.refused(&["import", "/nowhere/at/all"])?;
    ensure!(said.contains("/nowhere/at/all"), "{said}");
    ensure!(ada.json(&["courses"])?.as_array().is_some_and(Vec::is_empty), "nothing was made");
    Ok(())
}

#[test]
fn files_that_cannot_be_read_are_reported_and_the_rest_comes_in() -> anyhow::Result<()> {
    let (ada, folder) = (Profile::new()?, corpus::written()?);
    let part = folder.path().join("1-part");
    fs::write(part.join("4-latin.md"), b"# Caf\xe9\n\nWords.\n")?;
    fs::write(part.join("5-picture.md"), "# Picture\n\n![gone](missing.png)\n")?;
    fs::write(part.join("6-huge.md"), vec![b'a'; 50 * 1024 * 1024])?;
    std::os::unix::fs::symlink(folder.path(), part.join("loop"))?;
    let output = ada.run(&["import", &text(folder.path()), "--json"])?;
    for named in ["4-latin.md", "missing.png", "6-huge.md"] {
        ensure!(output.contains(named), "{named} is not in the report");
    }
    let courses = ada.json(&["courses"])?;
    let id = courses[0]["id"].as_str().unwrap_or_default().to_owned();
    let lessons = of_kind(&ada.outline(&id)?, "lesson").len();
    ensure!((11..=12).contains(&lessons), "{lessons} lessons came in");
    Ok(())
}

#[test]
fn a_wrong_token_is_refused_and_says_what_to_do() -> anyhow::Result<()> {
    let (server, ada) = (Server::start()?, Profile::new()?);
    let folder = corpus::written()?;
    let course = ada.last_line(&["import", &text(folder.path())])?;
    let output = ada.raw(&["login", "--server", &server.url(), "--token-stdin"], "nonsense\n")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(!output.status.success() && !said.contains("panicked") && !said.trim().is_empty(), "{said}");
    let said = ada.refused(&["share", &course])?;
    ensure!(said.to_lowercase().contains("sign in") || said.contains("login"), "{said}");
    Ok(())
}

#[test]
fn a_viewer_reads_and_cannot_change_and_keeps_what_was_written() -> anyhow::Result<()> {
    let (server, ada, ben) = (Server::start()?, Profile::new()?, Profile::new()?);
    ada.login(&server, "ada@example.org")?;
    ben.login(&server, "ben@example.org")?;
    let folder = corpus::written()?;
    let course = ada.last_line(&["import", &text(folder.path())])?;
    ada.run(&["share", &course])?;
    ada.sync()?;
    let said = ben.refused(&["join", &course])?;
    ensure!(said.contains("not a member") && said.contains("ask an owner"), "{said}");
    server.member(&course, "ben@example.org", "editor")?;
    ben.run(&["join", &course])?;
    ben.sync()?;
    let lesson = of_kind(&ada.outline(&course)?, "lesson")[0].id.clone();
    ben.append(&lesson, "Written while still an editor, offline.\n")?;
    // The role is lost while he is offline.
    server.member(&course, "ben@example.org", "viewer")?;
    let said = ben.refused(&["sync", "--timeout", "30"])?;
    ensure!(said.contains("viewer"), "{said}");
    ensure!(!ada.lesson(&lesson)?.contains("Written while"), "a viewer's edit reached the others");
    let kept = ben.lesson(&lesson)?.contains("Written while") || ben.run(&["status"])?.contains("kept");
    ensure!(kept, "the refused edit is gone: {}", ben.run(&["status"])?);
    let output = ben.raw(&["lesson", "append", &lesson], "More.\n")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(!output.status.success() && said.contains("viewer"), "{said}");
    Ok(())
}

#[test]
fn a_course_that_the_server_does_not_know_is_not_called_synced() -> anyhow::Result<()> {
    let (server, other, ada) = (Server::start()?, Server::start()?, Profile::new()?);
    ada.login(&server, "ada@example.org")?;
    let folder = corpus::written()?;
    let course = ada.last_line(&["import", &text(folder.path())])?;
    ada.run(&["share", &course])?;
    ada.sync()?;
    let lesson = of_kind(&ada.outline(&course)?, "lesson")[0].id.clone();
    ada.append(&lesson, "Written before the move.\n")?;
    ada.login(&other, "ada@example.org")?;
    let said = ada.refused(&["sync", "--timeout", "30"])?;
    ensure!(said.contains("not a member"), "{said}");
    let second = ada.last_line(&["import", &text(folder.path())])?;
    ada.run(&["share", &second])?;
    ada.run(&["share", &course])?;
    ada.sync()?;
    ensure!(ada.lesson(&lesson)?.contains("Written before the move."), "the edit is gone");
    Ok(())
}

#[test]
fn a_corrupt_database_is_set_aside_and_never_overwritten() -> anyhow::Result<()> {
    let (ada, folder) = (Profile::new()?, corpus::written()?);
    ada.last_line(&["import", &text(folder.path())])?;
    let database = database(ada.path())?;
    let mut bytes = fs::read(&database)?;
    for byte in bytes.iter_mut().skip(16).take(4_000) {
        *byte = 0xa5;
    }
    fs::write(&database, &bytes)?;
    let output = ada.raw(&["courses"], "")?;
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    ensure!(said.contains("set aside") && !said.contains("panicked"), "{said}");
    let kept = fs::read_dir(ada.path())?
        .filter_map(Result::ok)
        .any(|entry| fs::read(entry.path()).is_ok_and(|content| content == bytes));
    ensure!(kept, "the damaged file is not there any more");
    Ok(())
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() -> anyhow::Result<()> {
    let (ada, folder) = (Profile::new()?, corpus::written()?);
    ada.last_line(&["import", &text(folder.path())])?;
    let database = database(ada.path())?;
    let mut bytes = fs::read(&database)?;
    // Offset 60 of the header of an SQLite file: user_version, big-endian (https://sqlite.org/fileformat.html).
    bytes[60..64].copy_from_slice(&9_999u32.to_be_bytes());
    fs::write(&database, &bytes)?;
    let said = ada.refused(&["courses"])?;
    ensure!(said.contains("newer"), "{said}");
    ensure!(fs::read(&database)? == bytes, "the file of a newer version was changed");
    Ok(())
}

#[test]
fn unknown_ids_and_impossible_moves_are_refused() -> anyhow::Result<()> {
    let (ada, folder) = (Profile::new()?, corpus::written()?);
    let course = ada.last_line(&["import", &text(folder.path())])?;
    let before = ada.outline(&course)?;
    let chapter = of_kind(&before, "chapter")[0].id.clone();
    let lesson = of_kind(&before, "lesson")[0].id.clone();
    ada.refused(&["outline", "nosuchcourse"])?;
    ada.refused(&["rename", "nosuchnode", "x"])?;
    ada.refused(&["lesson", "show", "nosuchlesson"])?;
    ada.refused(&["move", &chapter, "--to", &lesson])?;
    ada.refused(&["move", &lesson, "--to", &lesson])?;
    ada.refused(&["rename", "../../etc/passwd", "x"])?;
    ensure!(ada.outline(&course)? == before, "a refused command changed something");
    Ok(())
}

/// The profile's SQLite file.
fn database(profile: &Path) -> anyhow::Result<std::path::PathBuf> {
    for entry in fs::read_dir(profile)? {
        let path = entry?.path();
        if fs::read(&path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0")) {
            return Ok(path);
        }
    }
    anyhow::bail!("no SQLite file in {}", profile.display())
}

#[test]
fn a_lesson_that_was_damaged_on_the_disk_is_mended_from_the_server_and_the_copy_is_kept() -> anyhow::Result<()>
{
    let (server, ada) = (Server::start()?, Profile::new()?);
    ada.login(&server, "ada@example.org")?;
    let folder = corpus::written()?;
    let course = ada.last_line(&["import", &text(folder.path())])?;
    ada.run(&["share", &course])?;
    let lesson = of_kind(&ada.outline(&course)?, "lesson")[0].id.clone();
    ada.append(&lesson, "A quill of the goose.\n")?;
    ada.sync()?;
    // Letters as long as those that stood there: SQLite and the format find nothing wrong with them.
    let database = database(ada.path())?;
    let mut bytes = fs::read(&database)?;
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(5).position(|part| part == b"goose") {
        at += found;
        bytes[at..at + 5].copy_from_slice(b"moose");
    }
    ensure!(at > 0, "the words are not in the file");
    fs::write(&database, &bytes)?;
    ensure!(ada.lesson(&lesson)?.contains("the moose"), "it reads as it is");
    ada.append(&lesson, "Cut it well.\n")?;
    let said = ada.refused(&["sync", "--timeout", "30"])?;
    ensure!(said.contains("differed from the server"), "{said}");
    let shown = ada.lesson(&lesson)?;
    ensure!(shown.contains("the goose") && shown.contains("Cut it well."), "{shown}");
    let kept = ada.json(&["rejected", "list"])?;
    ensure!(kept[0]["why"].as_str().is_some_and(|why| why.contains("differed")), "{kept}");
    let before = of_kind(&ada.outline(&course)?, "lesson").len();
    ada.run(&["rejected", "reapply", &kept[0]["id"].to_string()])?;
    let lessons = of_kind(&ada.outline(&course)?, "lesson");
    ensure!(lessons.len() == before + 1, "the copy did not become a lesson of its own");
    let copy = lessons.iter().find(|lesson| lesson.title.contains("your version"));
    let copy = ada.lesson(&copy.ok_or_else(|| anyhow::anyhow!("no copy"))?.id)?;
    ensure!(copy.contains("the moose"), "{copy}");
    ada.sync()?;
    Ok(())
}
