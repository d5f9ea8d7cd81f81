//! Three levels out of any number: chapters, sections, lessons.

use crate::{
    course::NodeKind,
    layout::{Entry, Pages, name_of, pretty},
    report::Reporter,
};
use inkhorn_protocol::fidelity::Outcome;

/// A node of the outline to be, without its content.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// Unique key.
    pub(crate) key: String,
    /// Level.
    pub(crate) kind: NodeKind,
    /// Title.
    pub(crate) title: String,
    /// Whether the title comes from the table of contents rather than from the page.
    pub(crate) given: bool,
    /// The page of a lesson; a lesson without one is empty.
    pub(crate) file: Option<String>,
    /// Places below.
    pub(crate) children: Vec<Place>,
}

/// Lays entries out.
pub(crate) fn shape(entries: Vec<Entry>, pages: &Pages, course: &str, report: &mut Reporter) -> Vec<Place> {
    let mut shaper = Shaper { pages, course, report };
    let leaf = |entry: &Entry| !entry.part && entry.children.is_empty() && entry.file.is_some();
    let flat = entries.iter().all(leaf);
    let mut chapters: Vec<Place> = Vec::new();
    let mut run: Vec<Entry> = Vec::new();
    for entry in entries {
        if leaf(&entry) {
            run.push(entry);
            continue;
        }
        shaper.run(&mut run, &mut chapters, false);
        let title = shaper.title(&entry);
        let mut children = Vec::new();
        children.extend(shaper.own_page(&entry));
        for child in entry.children {
            children.extend(shaper.below_chapter(child));
        }
        chapters.push(Place {
            key: format!("{}/", entry.key),
            kind: NodeKind::Chapter,
            title,
            given: true,
            file: None,
            children,
        });
    }
    if flat {
        let title = course.to_owned();
        let children = run.into_iter().map(|entry| shaper.lesson(entry)).collect();
        return vec![Place {
            key: "/".into(),
            kind: NodeKind::Chapter,
            title,
            given: true,
            file: None,
            children,
        }];
    }
    shaper.run(&mut run, &mut chapters, true);
    chapters
}

struct Shaper<'a> {
    pages: &'a Pages,
    course: &'a str,
    report: &'a mut Reporter,
}

impl Shaper<'_> {
    /// Pages that stand beside chapters get a chapter around them.
    fn run(&mut self, run: &mut Vec<Entry>, chapters: &mut Vec<Place>, last: bool) {
        let entries = std::mem::take(run);
        let Some(first) = entries.first() else { return };
        let title = match (chapters.is_empty(), last, entries.len()) {
            (true, ..) => "Introduction".to_owned(),
            (_, _, 1) => self.title(first),
            (_, true, _) => "More pages".to_owned(),
            _ => self.title(first),
        };
        let key = format!("{}#chapter", first.key);
        let children = entries.into_iter().map(|entry| self.lesson(entry)).collect();
        chapters.push(Place { key, kind: NodeKind::Chapter, title, given: true, file: None, children });
    }

    fn title(&self, entry: &Entry) -> String {
        let page = || self.pages.get(entry.file.as_ref()?)?.title.clone();
        let named = entry.title.clone().or_else(page);
        named.unwrap_or_else(|| match entry.file.as_deref() {
            Some(file) => self.by_name(file),
            None => pretty(name_of(&entry.key)),
        })
    }

    /// A title by file name; a folder's own page is called like the folder.
    fn by_name(&self, file: &str) -> String {
        match file.rsplit_once('/') {
            _ if !crate::layout::is_index(name_of(file)) => pretty(name_of(file)),
            Some((folder, _)) => pretty(name_of(folder)),
            None => self.course.to_owned(),
        }
    }

    fn lesson(&mut self, entry: Entry) -> Place {
        let title = self.title(&entry);
        Place {
            key: entry.key,
            kind: NodeKind::Lesson,
            title,
            given: entry.title.is_some(),
            file: entry.file,
            children: vec![],
        }
    }

    /// The page of a folder or of a nested chapter, as the first lesson in it.
    fn own_page(&mut self, entry: &Entry) -> Option<Place> {
        let page = Entry::page(entry.file.as_deref()?);
        Some(self.lesson(Entry { title: entry.title.clone(), ..page }))
    }

    fn below_chapter(&mut self, entry: Entry) -> Vec<Place> {
        if entry.children.is_empty() && entry.file.is_some() {
            return vec![self.lesson(entry)];
        }
        let title = self.title(&entry);
        let mut children = Vec::new();
        children.extend(self.own_page(&entry));
        for child in entry.children {
            self.below_section(child, &title, &mut children);
        }
        vec![Place {
            key: format!("{}/", entry.key),
            kind: NodeKind::Section,
            title,
            given: true,
            file: None,
            children,
        }]
    }

    fn below_section(&mut self, entry: Entry, section: &str, out: &mut Vec<Place>) {
        if entry.children.is_empty() {
            out.push(self.lesson(entry));
            return;
        }
        let title = self.title(&entry);
        self.report.note(
            &entry.key,
            None,
            "level",
            Outcome::Converted,
            format!("\"{title}\" was a fourth level; its lessons now stand in the section \"{section}\"."),
        );
        out.extend(self.own_page(&entry));
        for child in entry.children {
            self.below_section(child, section, out);
        }
    }
}
