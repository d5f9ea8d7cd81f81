//! Real courses, where they are present: `INKHORN_CORPORA`, or `corpora` in the folder `shared` beside the repository.

use crate::{assert_round_trip, import, lessons, outline};
use inkhorn_formats::{ImportedCourse, ImportedNode, is_valid};
use inkhorn_protocol::{body::Node, fidelity::Outcome};
use serde_json::Value;
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

fn corpus(name: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let root = std::env::var_os("INKHORN_CORPORA").map_or(beside, PathBuf::from);
    let path = root.join(name);
    if !path.is_dir() {
        println!("SKIPPED: {} is not here. Set INKHORN_CORPORA to the folder that holds it.", path.display());
        return None;
    }
    Some(path)
}

fn markdown_files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    entries
        .map(|path| {
            if path.is_dir() {
                markdown_files(&path)
            } else {
                usize::from(path.extension().is_some_and(|e| e == "md"))
            }
        })
        .sum()
}

fn words(text: &str, found: &mut HashMap<String, i64>, step: i64) {
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *found.entry(word.to_lowercase()).or_default() += step;
    }
}

fn tree_words(body: &Node, found: &mut HashMap<String, i64>) {
    body.walk(|node| {
        words(node.text.as_deref().unwrap_or(""), found, 1);
        let marks = node.marks.iter().flat_map(|mark| mark.attrs.values());
        for value in node.attrs.values().chain(marks).filter_map(Value::as_str) {
            words(value, found, 1);
        }
    });
}

/// A source without what is syntax: comments, addresses, attributes, the numbers of lists, the kinds of divs.
fn without_syntax(source: &str) -> String {
    let mut text = source.to_owned();
    while let Some(from) = text.find("<!--") {
        let to = text[from..].find("-->").map_or(text.len(), |n| from + n + 3);
        text.replace_range(from..to, " ");
    }
    let tags = ["sup", "sub", "br", "kbd"].map(|tag| [format!("<{tag}>"), format!("</{tag}>")]);
    for tag in tags.iter().flatten() {
        text = text.replace(tag, " ");
    }
    let spans = [("](", ")"), ("][", "]"), ("{alt=", "=")];
    for (open, close) in spans {
        let mut at = 0;
        while let Some(from) = text[at..].find(open).map(|n| at + n) {
            let to = text[from + 2..].find(close).map_or(text.len(), |n| from + 2 + n);
            text.replace_range(from..to, " ");
            at = from;
        }
    }
    let numbered = |line: &str| {
        let bare = line.trim_start_matches([' ', '>']);
        let rest = bare.trim_start_matches(|c: char| c.is_ascii_digit());
        let listed = rest.len() < bare.len() && rest.starts_with(". ");
        let rest = if listed { rest } else { line };
        let narrow = |word: &&str| !word.starts_with("width=") && !word.starts_with("{width=");
        rest.replace("[x]", "").split(' ').filter(narrow).collect::<Vec<_>>().join(" ")
    };
    // The definition of a reference says where a link leads.
    let definition = |line: &&str| !(line.starts_with('[') && line.contains("]: "));
    text.lines().filter(definition).map(|line| numbered(line) + "\n").collect()
}

/// Every word of every file stands in its lesson at least as often as in the file.
fn assert_nothing_lost(root: &Path, course: &ImportedCourse) {
    let mut total = 0;
    for lesson in lessons(&course.nodes) {
        let ImportedNode { key, title, lesson: Some(content), .. } = lesson else { continue };
        assert!(is_valid(&content.body), "{key}");
        let direct = root.join(key);
        let file = if direct.is_dir() { direct.join("README.md") } else { direct };
        let source = fs::read_to_string(&file).unwrap().replace("\r\n", "\n");
        let mut balance = HashMap::new();
        words(&without_syntax(&source), &mut balance, -1);
        total += balance.values().map(|n| -n).sum::<i64>();
        tree_words(&content.body, &mut balance);
        words(title, &mut balance, 1);
        for (name, value) in &content.front_matter {
            words(name, &mut balance, 1);
            words(&value.to_string(), &mut balance, 1);
        }
        words("title", &mut balance, 1);
        let lost: Vec<_> = balance.iter().filter(|(_, n)| **n < 0).collect();
        assert!(lost.is_empty(), "{key}: {lost:?}");
    }
    println!("{total} words, none lost");
}

fn check(name: &str) -> Option<ImportedCourse> {
    let path = corpus(name)?;
    let course = import(&path);
    for count in &course.report.counts {
        println!("{:?} {} {}", count.outcome, count.count, count.what);
    }
    assert_eq!(lessons(&course.nodes).len(), markdown_files(&path), "every file is a lesson");
    assert_nothing_lost(&path, &course);
    assert_round_trip(&course);
    Some(course)
}

#[test]
fn a_curriculum_in_folders_survives_import_export_import() {
    let Some(course) = check("iot-for-beginners") else { return };
    let parts: Vec<_> = course.nodes.iter().map(|node| node.title.as_str()).collect();
    assert_eq!(parts.len(), 9, "{parts:?}");
    let sections: usize =
        course.nodes.iter().map(|n| n.children.iter().filter(|c| !c.children.is_empty()).count()).sum();
    assert_eq!(sections, 24, "24 lessons, each with its pages\n{}", outline(&course.nodes));
    assert_eq!(course.title, "IoT for Beginners - A Curriculum");
    assert!(course.report.with(Outcome::Missing).any(|item| item.what == "image" && item.line.is_some()));
}

#[test]
fn a_carpentries_lesson_survives_import_export_import() {
    let Some(course) = check("git-novice") else { return };
    assert_eq!(course.title, "Version Control with Git");
    let episodes: Vec<_> = course.nodes[1].children.iter().map(|node| node.title.as_str()).collect();
    assert_eq!(
        (episodes.len(), episodes[0], episodes[13]),
        (14, "Automated Version Control", "Supplemental: Using Git from RStudio")
    );
    assert_eq!(course.nodes[1].children[0].lesson.as_ref().unwrap().front_matter["teaching"], 5);
}
