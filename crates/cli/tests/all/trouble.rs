//! Bad input and bad luck: a sentence that says what to do, exit code 1, and nothing lost.

use crate::{Profile, folder, text};
use std::fs;
use std::process::{Command, Stdio};

#[test]
fn what_is_not_a_course_is_said_in_a_sentence() {
    let profile = Profile::new();
    let empty = tempfile::tempdir().expect("dir");
    assert!(profile.fails(&["import", "/no/such/folder"]).contains("/no/such/folder"));
    assert!(profile.fails(&["import", empty.path().to_str().expect("path")]).contains("no Markdown files"));
    assert!(profile.fails(&["outline", "nothing"]).contains("not on this computer"));
    assert!(profile.fails(&["lesson", "show", "nothing"]).contains("nothing"));
    assert!(profile.fails(&["trash", "nothing"]).contains("nothing"));
    assert!(profile.fails(&["open", "/no/such/file"]).contains("/no/such/file"));
    let output = profile.run(&["frobnicate"]);
    assert_eq!(output.status.code(), Some(2));
    let output = profile.run(&["outline", "../../etc"]);
    assert_eq!(output.status.code(), Some(2), "what is no id was typed wrongly");
    assert_eq!(profile.json(&["courses", "--json"]), serde_json::json!([]), "nothing was made");
}

#[test]
fn what_cannot_stand_there_changes_nothing() {
    let (profile, folder) = (Profile::new(), folder());
    let course = profile.last(&["import", folder.path().to_str().expect("path")]);
    let before = profile.json(&["outline", &course, "--trash", "--json"]);
    let chapter = before["nodes"][0]["id"].as_str().expect("id");
    let lesson = before["nodes"][0]["children"][0]["id"].as_str().expect("id");
    let said = profile.fails(&["move", chapter, "--to", lesson]);
    assert!(said.starts_with("A chapter cannot be placed there") && said.trim_end().ends_with('.'), "{said}");
    profile.fails(&["add", "lesson", "--course", &course, "--title", "At the top"]);
    profile.fails(&["add", "chapter", "--course", &course, "--title", " \n "]);
    profile.fails(&["rename", lesson, ""]);
    assert_eq!(profile.json(&["outline", &course, "--trash", "--json"]), before);
    // A folder with something in it is not written to.
    let said = profile.fails(&["export", &course, "--out", folder.path().to_str().expect("path")]);
    assert!(said.contains("not empty"), "{said}");
}

#[test]
fn two_programs_on_one_profile_the_second_says_who_has_it_and_stops() {
    let (profile, folder) = (Profile::new(), folder());
    let course = profile.last(&["import", folder.path().to_str().expect("path")]);
    let _guard = {
        let lock =
            fs::OpenOptions::new().read(true).write(true).open(profile.dir().join("lock")).expect("lock");
        lock.try_lock().expect("free");
        fs::write(profile.dir().join("lock"), "the Inkhorn app (process 1234)\n").expect("who");
        lock
    };
    for command in [vec!["courses"], vec!["outline", &course], vec!["status"]] {
        assert_eq!(
            profile.fails(&command),
            "The Inkhorn app (process 1234) has this profile open. Close it, or choose another with --profile.\n"
        );
    }
}

#[test]
fn a_command_that_is_killed_leaves_the_profile_free() {
    let profile = Profile::new();
    let mut child = profile
        .command(&["lesson", "append", "x"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("runs");
    child.kill().expect("killed");
    child.wait().expect("gone");
    profile.ok(&["courses"]);
}

#[test]
fn a_damaged_database_is_set_aside_and_named_on_standard_error() {
    let (profile, folder) = (Profile::new(), folder());
    profile.ok(&["import", folder.path().to_str().expect("path")]);
    let path = profile.dir().join("inkhorn.db");
    fs::write(&path, b"not a database at all, but somebody's shopping list").expect("damaged");
    let output = profile.run(&["courses", "--json"]);
    assert!(output.status.success());
    assert_eq!(text(&output.stdout).trim(), "[]");
    let said = text(&output.stderr);
    let aside = fs::read_dir(profile.dir())
        .expect("dir")
        .map(|entry| entry.expect("entry").path())
        .find(|path| path.to_string_lossy().contains("inkhorn.db.corrupt-"))
        .expect("set aside");
    assert!(said.contains(aside.to_str().expect("path")), "{said}");
    assert!(fs::read(aside).expect("kept").ends_with(b"shopping list"));
    profile.ok(&["import", folder.path().to_str().expect("path")]);
}

#[test]
fn damaged_and_hostile_backups_are_refused_and_change_nothing() {
    let (profile, folder) = (Profile::new(), folder());
    let course = profile.last(&["import", folder.path().to_str().expect("path")]);
    let file = profile.dir().join("course.inkhorn");
    profile.ok(&["backup", &course, file.to_str().expect("path")]);
    let good = fs::read(&file).expect("backup");
    let other = Profile::new();
    let bad = other.dir().join("bad.inkhorn");
    let mut refused = 0;
    for at in (0..good.len()).step_by(good.len() / 60) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x55;
        fs::write(&bad, bytes).expect("bad");
        let output = other.run(&["open", bad.to_str().expect("path")]);
        let said = text(&output.stderr);
        assert!(!said.contains("panicked"), "{at}: {said}");
        // A flip in a part that nobody reads (a time stamp) does no harm.
        if !output.status.success() {
            refused += 1;
            assert!(said.contains("bad.inkhorn"), "{at}: {said}");
        }
    }
    assert!(refused > 30, "{refused}");
    fs::write(&bad, &good[..good.len() / 2]).expect("bad");
    let fresh = Profile::new();
    assert!(fresh.fails(&["open", bad.to_str().expect("path")]).contains("not a backup"));
    fs::write(&bad, b"PK\x03\x04").expect("bad");
    fresh.fails(&["open", bad.to_str().expect("path")]);
    assert_eq!(fresh.json(&["courses", "--json"]), serde_json::json!([]));
}

#[test]
fn a_profile_that_cannot_be_used_is_named() {
    let profile = Profile::new();
    let file = profile.dir().join("a file");
    fs::write(&file, b"").expect("file");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_inkhorn-cli"))
        .arg("--profile")
        .arg(&file)
        .arg("courses")
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("a file"), "{}", text(&output.stderr));
}

/// An import that is killed at any moment leaves the whole course, or none of it.
#[test]
fn an_import_that_is_killed_leaves_a_whole_course_or_none() {
    let folder = folder();
    let path = folder.path().to_str().expect("path").to_owned();
    for pages in 0..200 {
        let name = format!("2-ink/page-{pages}.md");
        fs::write(folder.path().join(name), format!("# Page {pages}\n\n{}\n", "ink ".repeat(500)))
            .expect("file");
    }
    let profile = Profile::new();
    let (mut whole, mut none) = (0, 0);
    for round in 0..12u64 {
        let before = profile.json(&["courses", "--json"]).as_array().map_or(0, Vec::len);
        let mut child = profile.command(&["import", &path]).stdout(Stdio::null()).spawn().expect("runs");
        // Moments are spread over the commit: how far its log has grown, not how long it took.
        let wal = profile.dir().join("inkhorn.db-wal");
        let grown = |size: u64| fs::metadata(&wal).is_ok_and(|file| file.len() >= size);
        while !grown(round * 60_000 + 1) && child.try_wait().expect("child").is_none() {
            std::thread::yield_now();
        }
        child.kill().expect("killed");
        child.wait().expect("gone");
        let courses = profile.json(&["courses", "--json"]);
        let courses = courses.as_array().expect("list");
        for course in courses {
            assert_eq!(course["lessons"], 203, "round {round}");
            let id = course["id"].as_str().expect("id");
            profile.ok(&[
                "export",
                id,
                "--out",
                profile.dir().join(format!("out-{round}-{id}")).to_str().expect("path"),
            ]);
        }
        if courses.len() > before { whole += 1 } else { none += 1 }
    }
    eprintln!("{whole} whole, {none} none");
}

#[test]
#[cfg(unix)]
fn a_backup_that_finds_no_room_is_one_sentence_and_leaves_the_older_one() {
    let (profile, folder) = (Profile::new(), crate::folder());
    let mut image = b"\x89PNG\r\n\x1a\n".to_vec();
    image.resize(400_000, 7);
    fs::write(folder.path().join("1-quills/goose.png"), image).expect("file");
    let course = profile.last(&["import", folder.path().to_str().expect("path")]);
    let file = folder.path().join("course.inkhorn");
    fs::write(&file, "an older one").expect("file");
    // Files may have 200 blocks of 512 or 1,024 bytes, by the shell; the signal about it is ignored, so that writing fails.
    let output = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 200; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_inkhorn-cli"),
            "--profile",
        ])
        .arg(profile.dir())
        .args(["backup", &course])
        .arg(&file)
        .output()
        .expect("runs");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("could not be written") && !said.contains("ZipWriter"), "{said}");
    assert_eq!(fs::read(&file).expect("file"), b"an older one");
    let left = fs::read_dir(folder.path()).expect("folder").map(|entry| entry.expect("entry").file_name());
    assert!(
        !left.into_iter().any(|name| name.to_string_lossy().starts_with(".inkhorn")),
        "no draft stays behind"
    );
}
