//! No table of contents: folders are chapters, their folders sections, their files lessons.
//!
//! - A folder's `README.md` or `index.md` names the folder and is its first lesson.
//! - A folder that only leads to others (`lessons/`, `docs/`) is passed through.
//! - Order: what front matter or `_category_.json` says (`sidebar_position`, `nav_order`, `weight`, `order`), then
//!   numbers in names, then the order in which the folder's own page links to them, then names.
//! - Pages at the root beside folders: the root's own page opens the course, the others close it.

use super::{Entry, Pages, Plan, folder_of, is_index, name_of, pretty, text};
use crate::{
    front,
    scan::{Tree, natural},
};
use serde_json::Value;
use std::{cmp::Ordering, collections::BTreeMap};

#[derive(Default)]
struct Folder {
    pages: Vec<String>,
    folders: BTreeMap<String, Folder>,
}

pub(super) fn plan(tree: &Tree, pages: &Pages) -> Plan {
    let mut root = Folder::default();
    for path in pages.keys() {
        let mut at = &mut root;
        for part in folder_of(path).split('/').filter(|p| !p.is_empty()) {
            at = at.folders.entry(part.to_owned()).or_default();
        }
        at.pages.push(path.clone());
    }
    let reader = Reader { tree, pages };
    let title = site_title(tree);
    let top = reader.entry("", root);
    let mut entries = Vec::new();
    if let Some(file) = top.file {
        entries.push(Entry::page(&file));
    }
    let (ordered, loose): (Vec<Entry>, Vec<Entry>) = top
        .children
        .into_iter()
        .partition(|e| !e.children.is_empty() || reader.hint(e).is_some() || numbered(name_of(&e.key)));
    entries.extend(ordered);
    entries.extend(loose);
    Plan { title, entries, ..Plan::default() }
}

/// The title that a site generator's settings give.
fn site_title(tree: &Tree) -> Option<String> {
    ["_config.yml", "_config.yaml", "hugo.yaml", "config.yaml", "myst.yml", "_quarto.yml"]
        .iter()
        .find_map(|name| front::yaml(&tree.settings(name)?).ok())
        .or_else(|| {
            ["hugo.toml", "config.toml", "zola.toml"]
                .iter()
                .find_map(|name| front::toml(&tree.settings(name)?).ok())
        })
        .and_then(|settings| text(&settings, "title").map(str::to_owned))
}

fn numbered(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit())
}

struct Reader<'a> {
    tree: &'a Tree,
    pages: &'a Pages,
}

impl Reader<'_> {
    fn entry(&self, path: &str, mut folder: Folder) -> Entry {
        folder.pages.sort_by(|a, b| natural(a, b));
        let index = ["readme", "index", "_index"].iter().find_map(|stem| {
            let fits = |page: &&String| {
                let name = name_of(page);
                is_index(name) && name.rsplit_once('.').is_some_and(|(s, _)| s.eq_ignore_ascii_case(stem))
            };
            folder.pages.iter().find(fits).cloned()
        });
        folder.pages.retain(|page| Some(page) != index.as_ref());
        if folder.pages.is_empty() && folder.folders.len() == 1 {
            // A folder on the way to the lessons, not a level of the course.
            let only = folder
                .folders
                .first_entry()
                .filter(|e| e.get().pages.is_empty() || (path.is_empty() && index.is_none()));
            if let Some((name, inner)) = only.map(|e| e.remove_entry()) {
                let below = if path.is_empty() { name } else { format!("{path}/{name}") };
                let passed = self.entry(&below, inner);
                let mut entry = Entry {
                    key: path.to_owned(),
                    file: index.or(passed.file),
                    children: passed.children,
                    ..Entry::default()
                };
                entry.title = self
                    .category(path)
                    .and_then(|c| text(&c, "label").map(str::to_owned))
                    .or_else(|| self.title(path, entry.file.as_deref()));
                return entry;
            }
        }
        let links = index.as_deref().map(|file| self.links(file)).unwrap_or_default();
        let mut children: Vec<Entry> = folder.pages.iter().map(|page| Entry::page(page)).collect();
        for (name, inner) in folder.folders {
            let below = if path.is_empty() { name } else { format!("{path}/{name}") };
            children.push(self.entry(&below, inner));
        }
        let place = |entry: &Entry| {
            links.iter().position(|link| {
                *link == entry.key || link.strip_prefix(&entry.key).is_some_and(|r| r.starts_with('/'))
            })
        };
        children.sort_by(|a, b| self.compare(a, b, &place));
        let title = self
            .category(path)
            .and_then(|c| text(&c, "label").map(str::to_owned))
            .or_else(|| self.title(path, index.as_deref()));
        Entry { key: path.to_owned(), title, file: index, children, part: false }
    }

    fn title(&self, path: &str, index: Option<&str>) -> Option<String> {
        index.and_then(|file| self.pages.get(file)?.title.clone()).or_else(|| Some(pretty(name_of(path))))
    }

    fn compare(&self, a: &Entry, b: &Entry, place: &dyn Fn(&Entry) -> Option<usize>) -> Ordering {
        let hint = |e: &Entry| self.hint(e).unwrap_or(f64::INFINITY);
        let (left, right) = (name_of(&a.key), name_of(&b.key));
        hint(a)
            .total_cmp(&hint(b))
            .then_with(|| numbered(right).cmp(&numbered(left)))
            .then_with(|| if numbered(left) { natural(left, right) } else { Ordering::Equal })
            .then_with(|| place(a).unwrap_or(usize::MAX).cmp(&place(b).unwrap_or(usize::MAX)))
            .then_with(|| a.children.is_empty().cmp(&b.children.is_empty()).reverse())
            .then_with(|| natural(left, right))
    }

    /// The place that a page or folder claims for itself.
    fn hint(&self, entry: &Entry) -> Option<f64> {
        let category = self.category(&entry.key).and_then(|c| c.get("position").and_then(Value::as_f64));
        category.or_else(|| {
            let front = &self.pages.get(entry.file.as_ref()?)?.text.front;
            ["sidebar_position", "nav_order", "weight", "order"]
                .iter()
                .find_map(|key| front.get(*key)?.as_f64())
                .filter(|number| *number != 0.0)
        })
    }

    /// Docusaurus's settings of a folder.
    fn category(&self, folder: &str) -> Option<Value> {
        let file = |end: &str| format!("{folder}/_category_.{end}");
        let json = self.tree.settings(&file("json")).and_then(|text| serde_json::from_str(&text).ok());
        json.or_else(|| front::yaml(&self.tree.settings(&file("yml"))?).ok())
    }

    /// Where a page links to, in order, relative to the root.
    fn links(&self, file: &str) -> Vec<String> {
        let Some(page) = self.pages.get(file) else { return vec![] };
        let targets =
            page.text.body.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next());
        targets
            .filter(|t| !t.contains(':'))
            .filter_map(|t| super::join(folder_of(file), &crate::resolve::percent_decode(t)))
            .collect()
    }
}
