//! The Carpentries' workbench: `config.yaml` with the order, and the folders that it knows.

use super::{Entry, Pages, Plan, join, rest, text};
use crate::{
    front,
    report::Reporter,
    scan::{Tree, natural},
};
use inkhorn_protocol::fidelity::Outcome;
use serde_json::Value;

/// The folders, the key that orders each, and the chapter that it becomes.
const FOLDERS: &[(&str, &str)] = &[
    ("episodes", "Episodes"),
    ("learners", "For learners"),
    ("instructors", "For instructors"),
    ("profiles", "Learner profiles"),
];

pub(super) fn plan(tree: &Tree, pages: &Pages, report: &mut Reporter) -> Option<Plan> {
    let (name, settings) =
        ["config.yaml", "config.yml"].iter().find_map(|n| Some((*n, tree.settings(n)?)))?;
    if !pages.keys().any(|name| name.starts_with("episodes/")) {
        return None;
    }
    let settings = match front::yaml(&settings) {
        Ok(settings) => settings,
        Err(trouble) => {
            report.note(
                name,
                None,
                "settings",
                Outcome::Dropped,
                format!("They cannot be read ({trouble}), so file names give the order."),
            );
            Value::Null
        }
    };
    let mut entries = Vec::new();
    if let Some(index) =
        pages.keys().find(|n| n.eq_ignore_ascii_case("index.md") || n.eq_ignore_ascii_case("index.rmd"))
    {
        entries.push(Entry::part("index", "Introduction", vec![Entry::page(index)]));
    }
    for (folder, title) in FOLDERS {
        let mut files: Vec<String> = Vec::new();
        for listed in
            settings.get(*folder).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
        {
            match join(folder, listed).filter(|path| pages.contains_key(path)) {
                Some(path) => files.push(path),
                None => report.note(
                    name,
                    None,
                    "lesson",
                    Outcome::Missing,
                    format!("{folder}/{listed} is listed, but there is no such file."),
                ),
            }
        }
        if files.is_empty() {
            let prefix = format!("{folder}/");
            files = pages.keys().filter(|name| name.starts_with(&prefix)).cloned().collect();
            files.sort_by(|a, b| natural(a, b));
        }
        if !files.is_empty() {
            entries.push(Entry::part(folder, title, files.iter().map(|file| Entry::page(file)).collect()));
        }
    }
    let left = rest(pages, &entries);
    if !left.is_empty() {
        entries.push(Entry::part("more", "More pages", left));
    }
    let bases = FOLDERS.iter().map(|(folder, _)| format!("{folder}/")).collect();
    let title = text(&settings, "title").map(str::to_owned);
    // The workbench puts this page's definitions behind every other page.
    let links = pages.get("links.md").map(|page| page.text.body.as_str()).unwrap_or_default();
    let definitions = links
        .lines()
        .filter(|line| line.starts_with('[') && line.contains("]: "))
        .map(str::to_owned)
        .collect();
    Some(Plan { title, entries, bases, definitions, ..Plan::default() })
}
