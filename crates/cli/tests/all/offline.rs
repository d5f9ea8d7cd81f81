//! Everything that works without a server.

use crate::{Profile, folder, id_of, text, titles};
use std::path::Path;
use std::process::Stdio;

#[test]
fn a_folder_is_imported_shown_exported_and_imported_again_as_the_same_course() {
    let (profile, folder) = (Profile::new(), folder());
    let path = folder.path().to_str().expect("path");
    let course = profile.last(&["import", path, "--title", "Ink and quills"]);
    let courses = profile.json(&["courses", "--json"]);
    assert_eq!(courses[0]["id"], course.as_str());
    assert_eq!(courses[0]["title"], "Ink and quills");
    assert_eq!(courses[0]["lessons"], 3);
    let outline = profile.json(&["outline", &course, "--json"]);
    let lesson = id_of(&outline, "Choose a quill");
    let shown = profile.ok(&["lesson", "show", &lesson]);
    assert!(shown.contains("A goose."), "{shown}");
    assert!(
        shown.contains(&format!("lesson:{}", id_of(&outline, "A recipe"))),
        "links point to lessons: {shown}"
    );
    let body = profile.json(&["lesson", "show", &lesson, "--format", "json"]);
    assert_eq!(body["type"], "doc");
    let assets = profile.json(&["assets", &course, "--json"]);
    assert_eq!(assets.as_array().map(Vec::len), Some(1));
    assert_eq!((&assets[0]["state"], &assets[0]["name"]), (&"local".into(), &"goose.png".into()));
    assert!(profile.ok(&["assets", &course]).trim_end().ends_with("  local"));

    let out = profile.dir().join("export");
    profile.ok(&["export", &course, "--out", out.to_str().expect("path")]);
    let other = Profile::new();
    let again = other.last(&["import", out.to_str().expect("path")]);
    assert_ne!(again, course, "another import is another course");
    let second = other.json(&["outline", &again, "--json"]);
    assert_eq!(titles(&second["nodes"]), titles(&outline["nodes"]));
    let report = other.json(&["import", path, "--json"]);
    let missing = report["report"]["items"].as_array().expect("items");
    assert!(missing.iter().any(|item| item["outcome"] == "missing"), "{missing:?}");
    assert!(other.ok(&["import", path, "--report"]).contains("gone.png"));
}

#[test]
fn front_matter_outlasts_import_edit_export_and_the_next_import() {
    let folder = tempfile::tempdir().expect("dir");
    let settings =
        "---\ntitle: Ink 🖋\nteaching: 10\ntags: [a, b]\nid: 12345678901234567890\nmore: {x: [1.5, ~]}\n---\n";
    std::fs::write(folder.path().join("one.md"), format!("{settings}\nText.\n")).expect("file");
    std::fs::write(folder.path().join("two.md"), "# Two\n").expect("file");
    let mut from = folder.path().to_owned();
    let mut written = Vec::new();
    let profiles = [Profile::new(), Profile::new()];
    for profile in &profiles {
        let course = profile.last(&["import", from.to_str().expect("path")]);
        let lesson = id_of(&profile.json(&["outline", &course, "--json"]), "Ink 🖋");
        assert!(profile.append(&lesson, b"More.").status.success());
        from = profile.dir().join("export");
        profile.ok(&["export", &course, "--out", from.to_str().expect("path")]);
        written.push(exported(&from, "01-ink.md"));
    }
    for (text, added) in written.iter().zip(["More.", "More.\n\nMore."]) {
        assert_eq!(
            *text,
            format!(
                "---\nid: 12345678901234567890\nmore: {{\"x\":[1.5,null]}}\ntags: [\"a\",\"b\"]\nteaching: 10\n---\n\n\
                 # Ink 🖋\n\nText.\n\n{added}\n"
            ),
            "the title is the heading"
        );
    }
}

/// The text of a lesson in an exported course of one chapter.
fn exported(folder: &Path, name: &str) -> String {
    let chapters = std::fs::read_dir(folder.join("src")).expect("folder");
    let mut pages = chapters.map(|entry| entry.expect("entry").path().join(name));
    std::fs::read_to_string(pages.find(|page| page.is_file()).expect(name)).expect("text")
}

#[test]
fn outlines_are_changed_by_ids_and_every_change_is_there_for_the_next_process() {
    let (profile, folder) = (Profile::new(), folder());
    let course = profile.last(&["import", folder.path().to_str().expect("path")]);
    let chapter = profile.last(&["add", "chapter", "--course", &course, "--title", "  Paper \n and more "]);
    let lesson = profile.last(&["add", "lesson", "--course", &course, "--under", &chapter, "--title", "Rag"]);
    let section =
        profile.last(&["add", "section", "--course", &course, "--under", &chapter, "--title", "Old"]);
    let outline = || profile.json(&["outline", &course, "--json"]);
    assert_eq!(id_of(&outline(), "Paper and more"), chapter, "a title is one line");
    profile.ok(&["rename", &chapter, "Paper"]);
    let first = outline()["nodes"][0]["id"].as_str().expect("id").to_owned();
    profile.ok(&["move", &chapter, "--before", &first]);
    profile.ok(&["move", &lesson, "--to", &section]);
    let before = outline();
    assert_eq!(before["nodes"][0]["id"], chapter.as_str());
    assert_eq!(before["nodes"][0]["children"][0]["children"][0]["id"], lesson.as_str());
    assert_eq!(before["nodes"][0]["children"][0]["kind"], "section");

    profile.ok(&["trash", &chapter]);
    let trashed = outline();
    assert!(!trashed.to_string().contains(&lesson), "Trash is left out unless asked for");
    let with_trash = profile.json(&["outline", &course, "--trash", "--json"]);
    assert!(with_trash["trash"].to_string().contains(&lesson));
    assert!(profile.ok(&["outline", &course, "--trash"]).contains("Rag"));
    profile.ok(&["restore", &chapter]);
    assert_eq!(outline(), before);
}

#[test]
fn a_move_before_a_node_goes_to_where_that_node_stands() {
    let (profile, folder) = (Profile::new(), folder());
    let course = profile.last(&["import", folder.path().to_str().expect("path")]);
    let outline = || profile.json(&["outline", &course, "--json"]);
    let before = outline();
    let (cut, recipe) = (id_of(&before, "Cut it"), id_of(&before, "A recipe"));
    profile.ok(&["move", &cut, "--before", &recipe]);
    let titles = titles(&outline()["nodes"]);
    assert_eq!(titles, ["Quills", "  Choose a quill", "Ink", "  Cut it", "  A recipe"]);
    let chapter = outline()["nodes"][0]["id"].as_str().expect("id").to_owned();
    let moved = outline();
    profile.fails(&["move", &cut, "--before", &chapter]);
    profile.fails(&["move", &chapter, "--before", &cut]);
    profile.fails(&["move", &cut, "--before", "nosuchnode"]);
    profile.fails(&["move", &cut, "--to", &chapter, "--before", &recipe]);
    assert_eq!(outline(), moved, "a refused move changes nothing");
}

#[test]
fn a_lesson_without_a_place_is_refused_with_the_flag_that_names_one() {
    let (profile, folder) = (Profile::new(), folder());
    let course = profile.last(&["import", folder.path().to_str().expect("path")]);
    for kind in ["lesson", "section"] {
        let said = profile.fails(&["add", kind, "--course", &course, "--title", "Lost"]);
        assert!(said.contains("--under"), "{said}");
    }
}

#[test]
fn markdown_from_standard_input_is_added_at_the_end_of_a_lesson() {
    let (profile, folder) = (Profile::new(), folder());
    let course = profile.last(&["import", folder.path().to_str().expect("path")]);
    let chapter = profile.last(&["add", "chapter", "--course", &course, "--title", "New"]);
    let lesson =
        profile.last(&["add", "lesson", "--course", &course, "--under", &chapter, "--title", "Empty"]);
    for markdown in ["# One\n", "Two **bold** 😀\n", ""] {
        assert!(profile.append(&lesson, markdown.as_bytes()).status.success());
    }
    assert_eq!(profile.ok(&["lesson", "show", &lesson]), "# One\n\nTwo **bold** 😀\n");
    let refused = profile.append(&lesson, b"caf\xe9");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("not UTF-8"), "{}", text(&refused.stderr));
    profile.ok(&["trash", &lesson]);
    let refused = profile.append(&lesson, b"more");
    assert!(text(&refused.stderr).contains("in Trash"), "{}", text(&refused.stderr));
}

#[test]
fn a_backup_opens_elsewhere_as_the_same_course_and_merges_where_it_is_already() {
    let (profile, folder) = (Profile::new(), folder());
    let course = profile.last(&["import", folder.path().to_str().expect("path")]);
    let file = profile.dir().join("course.inkhorn");
    let file = file.to_str().expect("path");
    profile.ok(&["backup", &course, file]);
    let outline = profile.json(&["outline", &course, "--json"]);
    let lesson = id_of(&outline, "Cut it");

    let other = Profile::new();
    assert_eq!(other.last(&["open", file]), course);
    assert_eq!(other.json(&["outline", &course, "--json"]), outline);
    assert_eq!(other.ok(&["lesson", "show", &lesson]), profile.ok(&["lesson", "show", &lesson]));
    assert_eq!(other.json(&["assets", &course, "--json"]), profile.json(&["assets", &course, "--json"]));

    // Both go on; the backup of one is opened by the other, twice.
    assert!(profile.append(&lesson, b"From the first.").status.success());
    assert!(other.append(&lesson, b"From the second.").status.success());
    profile.ok(&["backup", &course, file]);
    for _ in 0..2 {
        other.ok(&["open", file]);
        let merged = other.ok(&["lesson", "show", &lesson]);
        for line in ["From the first.", "From the second."] {
            assert_eq!(merged.matches(line).count(), 1, "{merged}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_printing_without_a_word() {
    let (profile, folder) = (Profile::new(), folder());
    let course = profile.last(&["import", folder.path().to_str().expect("path")]);
    let mut child = profile
        .command(&["outline", &course])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ends");
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
}

#[test]
fn status_says_that_all_is_on_this_computer() {
    let profile = Profile::new();
    assert!(profile.ok(&["status"]).contains("Not signed in"));
    assert_eq!(profile.json(&["status", "--json"])["sync"]["status"]["state"], "local");
    assert!(profile.fails(&["sync"]).contains("sign in"));
}
