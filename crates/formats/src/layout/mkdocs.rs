//! MkDocs: `mkdocs.yml` with `nav`.

use super::{Entry, Pages, Plan, join, pretty, text};
use crate::{front, report::Reporter, scan::Tree};
use inkhorn_protocol::fidelity::Outcome;
use serde_json::Value;

pub(super) fn plan(tree: &Tree, pages: &Pages, report: &mut Reporter) -> Option<Plan> {
    let (name, settings) =
        ["mkdocs.yml", "mkdocs.yaml"].iter().find_map(|n| Some((*n, tree.settings(n)?)))?;
    let settings = match front::yaml(&without_tags(&settings)) {
        Ok(settings) => settings,
        Err(trouble) => {
            report.note(
                name,
                None,
                "settings",
                Outcome::Dropped,
                format!("They cannot be read ({trouble}), so the folders give the order."),
            );
            return None;
        }
    };
    let docs = join("", text(&settings, "docs_dir").unwrap_or("docs"))?;
    let title = text(&settings, "site_name").map(str::to_owned);
    let bases = vec![format!("{docs}/")];
    let Some(nav) = settings.get("nav").and_then(Value::as_array) else {
        let inside: Pages = pages
            .iter()
            .filter(|(n, _)| n.starts_with(&bases[0]))
            .map(|(n, p)| (n.clone(), p.clone()))
            .collect();
        if inside.is_empty() {
            return None;
        }
        return Some(Plan { title, bases, ..super::folder::plan(tree, &inside) });
    };
    let mut reader = Reader { file: name, docs: &docs, pages, report };
    let entries = reader.entries(nav, "nav", 0);
    (!entries.is_empty()).then_some(Plan { title, entries, bases, ..Plan::default() })
}

/// Tags such as `!!python/name:x` are for Python; the value behind them is enough here.
fn without_tags(yaml: &str) -> String {
    let words =
        |line: &str| line.split_inclusive(' ').filter(|word| !word.starts_with('!')).collect::<String>();
    yaml.lines().map(|line| if line.contains(" !") { words(line) } else { line.to_owned() } + "\n").collect()
}

struct Reader<'a> {
    file: &'a str,
    docs: &'a str,
    pages: &'a Pages,
    report: &'a mut Reporter,
}

impl Reader<'_> {
    fn entries(&mut self, nav: &[Value], key: &str, depth: usize) -> Vec<Entry> {
        let mut out = Vec::new();
        for (at, item) in nav.iter().enumerate().filter(|_| depth < 32) {
            let key = format!("{key}/{at}");
            match item {
                Value::String(path) => out.extend(self.page(path, None)),
                Value::Object(map) => {
                    for (title, value) in map {
                        match value {
                            Value::String(path) => out.extend(self.page(path, Some(title))),
                            Value::Array(below) => {
                                let children = self.entries(below, &key, depth + 1);
                                out.push(Entry {
                                    key: key.clone(),
                                    title: Some(title.clone()),
                                    children,
                                    ..Entry::default()
                                });
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        out
    }

    fn page(&mut self, path: &str, title: Option<&str>) -> Option<Entry> {
        let found = join(self.docs, path).filter(|path| self.pages.contains_key(path));
        match found {
            Some(found) => Some(Entry { title: title.map(str::to_owned), ..Entry::page(&found) }),
            None => {
                let outcome = if path.contains("://") { Outcome::Dropped } else { Outcome::Missing };
                let title = title.map_or_else(|| pretty(path), str::to_owned);
                self.report.note(
                    self.file,
                    None,
                    "lesson",
                    outcome,
                    format!("\"{title}\" leads to {path}, which is no page of this folder."),
                );
                None
            }
        }
    }
}
