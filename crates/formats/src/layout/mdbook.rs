//! mdBook's and GitBook's `SUMMARY.md`: headings are parts, lists nest, links without a target are drafts.

use super::{Entry, Pages, Plan, folder_of, join, text};
use crate::{front, inlines::texts, report::Reporter, resolve::percent_decode, scan::Tree};
use comrak::{
    Arena, Options,
    nodes::{AstNode, NodeValue},
};
use inkhorn_protocol::fidelity::Outcome;

pub(super) fn plan(tree: &Tree, pages: &Pages, report: &mut Reporter) -> Option<Plan> {
    let mut title = None;
    let mut source = String::new();
    if let Some(settings) = tree.settings("book.toml") {
        source = "src".into();
        match front::toml(&settings) {
            Ok(value) => {
                let book = value.get("book").cloned().unwrap_or_default();
                title = text(&book, "title").map(str::to_owned);
                if let Some(own) = text(&book, "src") {
                    source = join("", own)?;
                }
            }
            Err(trouble) => {
                report.note(
                    "book.toml",
                    None,
                    "settings",
                    Outcome::Dropped,
                    format!("They cannot be read ({trouble}), so the usual ones hold."),
                );
            }
        }
    }
    let found = |folder: &str| {
        let wanted = join(folder, "SUMMARY.md")?;
        pages.keys().find(|name| name.eq_ignore_ascii_case(&wanted)).cloned()
    };
    let file = found(&source).or_else(|| found("")).or_else(|| found("src"))?;
    let page = pages.get(&file)?;
    let arena = Arena::new();
    let mut options = Options::default();
    options.extension.strikethrough = true;
    let root = comrak::parse_document(&arena, &page.text.body, &options);
    let mut reader = Reader { file: &file.clone(), pages, report, drafts: 0 };
    let mut plan = Plan { title, bases: vec![format!("{}/", folder_of(&file))], ..Plan::default() };
    for (at, node) in root.children().enumerate() {
        let value = node.data().value.clone();
        match value {
            // The first heading is the title of the page, as in mdBook.
            NodeValue::Heading(_) if at == 0 => {}
            NodeValue::Heading(_) => {
                let key = format!("{file}#part{at}");
                plan.entries.push(Entry::part(&key, &texts(node), vec![]));
            }
            NodeValue::Paragraph | NodeValue::List(_) => {
                let found = if matches!(value, NodeValue::List(_)) {
                    reader.list(node, 0)
                } else {
                    reader.links(node)
                };
                // What follows the last part behind a line still belongs to it: our outline has nothing behind parts.
                match plan.entries.last_mut().filter(|last| last.part) {
                    Some(part) => part.children.extend(found),
                    None => plan.entries.extend(found),
                }
            }
            _ => {}
        }
    }
    plan.used = Some(file);
    (!plan.entries.is_empty() || !source.is_empty()).then_some(plan)
}

struct Reader<'a> {
    file: &'a str,
    pages: &'a Pages,
    report: &'a mut Reporter,
    drafts: usize,
}

impl Reader<'_> {
    fn list<'n>(&mut self, list: &'n AstNode<'n>, depth: usize) -> Vec<Entry> {
        let mut out = Vec::new();
        for item in list.children().filter(|_| depth < 32) {
            let mut entry = None;
            let mut children = Vec::new();
            for block in item.children() {
                let nested = matches!(block.data().value, NodeValue::List(_));
                if nested {
                    children.extend(self.list(block, depth + 1));
                } else if entry.is_none() {
                    entry = self.links(block).into_iter().next().or_else(|| {
                        let title = texts(block);
                        (!title.trim().is_empty()).then(|| self.draft(title.trim()))
                    });
                }
            }
            match entry {
                Some(mut entry) => {
                    entry.children = children;
                    out.push(entry);
                }
                None => out.extend(children),
            }
        }
        out
    }

    /// The links of a paragraph as entries.
    fn links<'n>(&mut self, block: &'n AstNode<'n>) -> Vec<Entry> {
        let mut out = Vec::new();
        for node in block.descendants() {
            let link = match &node.data().value {
                NodeValue::Link(link) => link.url.clone(),
                _ => continue,
            };
            let line = node.data().sourcepos.start.line as u32;
            let title = texts(node);
            if link.is_empty() {
                out.push(self.draft(&title));
                continue;
            }
            let path = percent_decode(link.split('#').next().unwrap_or(""));
            let target = join(folder_of(self.file), &path).filter(|path| self.pages.contains_key(path));
            match target {
                Some(path) => {
                    let title = (!title.trim().is_empty()).then_some(title);
                    out.push(Entry { title, ..Entry::page(&path) });
                }
                None => {
                    self.report.note(
                        self.file,
                        Some(line),
                        "lesson",
                        Outcome::Missing,
                        format!("\"{title}\" has no file {link}; it is an empty place in the outline."),
                    );
                    out.push(self.draft(&title));
                }
            }
        }
        out
    }

    fn draft(&mut self, title: &str) -> Entry {
        self.drafts += 1;
        Entry {
            key: format!("{}#draft{}", self.file, self.drafts),
            title: Some(title.to_owned()),
            ..Entry::default()
        }
    }
}
