//! Which files make the course, in which order, under which headings: what the folder says about itself.

mod carpentries;
mod folder;
mod mdbook;
mod mkdocs;

use crate::{front::Text, report::Reporter, scan::Tree};
use inkhorn_protocol::fidelity::Outcome;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The Markdown files that could be read, by path relative to the folder.
pub(crate) type Pages = BTreeMap<String, Page>;

/// A Markdown file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    /// Its text, taken apart.
    pub(crate) text: Text,
    /// Title by its front matter, else by its first heading.
    pub(crate) title: Option<String>,
}

/// An entry of a plan. Its children may be nested to any depth; [`crate::shape`] makes three levels of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Entry {
    /// Path of the file or folder.
    pub(crate) key: String,
    /// Title that the layout gives; else the page's.
    pub(crate) title: Option<String>,
    /// The page.
    pub(crate) file: Option<String>,
    /// Entries below.
    pub(crate) children: Vec<Entry>,
    /// It is a heading over what follows, and a chapter even where it is empty.
    pub(crate) part: bool,
}

impl Entry {
    /// A page without a place below it.
    pub(crate) fn page(file: &str) -> Self {
        Self { key: file.to_owned(), file: Some(file.to_owned()), ..Self::default() }
    }
    /// A heading.
    pub(crate) fn part(key: &str, title: &str, children: Vec<Entry>) -> Self {
        Self { key: key.to_owned(), title: Some(title.to_owned()), children, part: true, ..Self::default() }
    }
}

/// What a course consists of.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Title of the course, where the folder names one.
    pub(crate) title: Option<String>,
    /// The entries.
    pub(crate) entries: Vec<Entry>,
    /// The page that is the table of contents, and so no lesson.
    pub(crate) used: Option<String>,
    /// Definitions of references, one a line, that hold for every page.
    pub(crate) definitions: Vec<String>,
    /// Folders (with `/` at the end) in which links that begin with `/`, or that lead nowhere, are tried.
    pub(crate) bases: Vec<String>,
}

/// Finds the plan of a folder.
pub(crate) fn plan(tree: &Tree, pages: &Pages, report: &mut Reporter) -> Plan {
    let mut plan = mdbook::plan(tree, pages, report)
        .or_else(|| mkdocs::plan(tree, pages, report))
        .or_else(|| carpentries::plan(tree, pages, report))
        .unwrap_or_else(|| folder::plan(tree, pages));
    let mut seen = BTreeSet::new();
    once(&mut plan.entries, &mut seen, report);
    for (file, page) in pages {
        if !seen.contains(file) && plan.used.as_ref() != Some(file) {
            let about = page.title.as_deref().map(|t| format!(" (\"{t}\")")).unwrap_or_default();
            report.note(
                file,
                None,
                "lesson",
                Outcome::Dropped,
                format!("The table of contents does not name this page{about}, so it was left out."),
            );
        }
    }
    plan.bases.extend(["", "static/", "public/", "docs/", "src/", "content/"].map(str::to_owned));
    plan
}

/// Leaves a page where it is named first.
fn once(entries: &mut Vec<Entry>, seen: &mut BTreeSet<String>, report: &mut Reporter) {
    entries.retain_mut(|entry| {
        if let Some(file) = entry.file.clone()
            && !seen.insert(file.clone())
        {
            report.note(
                &file,
                None,
                "lesson",
                Outcome::Dropped,
                "The table of contents names this page twice; it stands at its first place.".into(),
            );
            entry.file = None;
            if entry.children.is_empty() {
                return false;
            }
        }
        once(&mut entry.children, seen, report);
        true
    });
}

/// All pages that no entry names, in the order of their paths.
fn rest(pages: &Pages, entries: &[Entry]) -> Vec<Entry> {
    fn files<'a>(entries: &'a [Entry], out: &mut BTreeSet<&'a str>) {
        for entry in entries {
            out.extend(entry.file.as_deref());
            files(&entry.children, out);
        }
    }
    let mut named = BTreeSet::new();
    files(entries, &mut named);
    let mut left: Vec<&String> = pages.keys().filter(|file| !named.contains(file.as_str())).collect();
    left.sort_by(|a, b| crate::scan::natural(a, b));
    left.into_iter().map(|file| Entry::page(file)).collect()
}

/// A path below a folder, both relative to the root, with `.` and `..` worked out; `None` if it leads outside.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The folder of a path, `""` for the root.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
pub(crate) fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A file or folder name as a title: `01-what_is-it.md` is "What is it".
pub(crate) fn pretty(name: &str) -> String {
    let stem = if crate::scan::is_markdown(name) {
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    } else {
        name
    };
    let digits = stem.trim_start_matches(|c: char| c.is_ascii_digit());
    let bare = if digits.len() < stem.len() { digits.trim_start_matches(['-', '_', '.', ' ']) } else { stem };
    let bare = if bare.is_empty() { stem } else { bare };
    let spaced = if bare.contains(' ') { bare.to_owned() } else { bare.replace(['-', '_'], " ") };
    let spaced = spaced.trim();
    let mut chars = spaced.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => "Untitled".to_owned(),
    }
}

/// Whether a file is its folder's own page.
pub(crate) fn is_index(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    ["readme", "index", "_index"].iter().any(|s| stem.eq_ignore_ascii_case(s))
}

/// A text value under a key.
fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_never_lead_outside() {
        assert_eq!(join("a/b", "../c/./d.md").as_deref(), Some("a/c/d.md"));
        assert_eq!(join("a", "../../etc/passwd"), None);
        assert_eq!(join("", ""), Some(String::new()));
    }

    #[test]
    fn file_names_become_titles() {
        for (name, title) in [
            ("01-what_is-it.md", "What is it"),
            ("1. Getting Started - a tour.md", "Getting Started - a tour"),
            ("2024.md", "2024"),
            ("été", "Été"),
            ("-.md", "Untitled"),
        ] {
            assert_eq!(pretty(name), title, "{name}");
        }
    }
}
