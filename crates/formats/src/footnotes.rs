//! Footnotes: what is one plain paragraph becomes a note in its place; what is richer stands at the end of the lesson.

use crate::blocks::{Build, with_paragraph};
use comrak::nodes::{AstNode, NodeValue};
use inkhorn_protocol::{body::Node, fidelity::Outcome};
use std::collections::{HashMap, HashSet};

/// The footnotes of a text.
#[derive(Default)]
pub(crate) struct Notes {
    /// Texts of those that a body can hold, by name.
    plain: HashMap<String, String>,
    /// Places in the text that refer to one of those: numbers up to here are theirs.
    places: usize,
    /// Names of the richer ones, in order of their first reference.
    rich: Vec<String>,
}

/// What a reference to a footnote becomes.
pub(crate) enum Reference {
    /// A note of its own.
    Note(Node),
    /// The number of an item in the list at the end.
    Number(usize),
}

impl Notes {
    /// Looks at all definitions and references below a node.
    pub(crate) fn read<'n>(root: &'n AstNode<'n>) -> Self {
        let mut notes = Self::default();
        let mut names = HashSet::new();
        for node in root.descendants() {
            if let NodeValue::FootnoteDefinition(definition) = &node.data().value
                && names.insert(definition.name.clone())
                && let Some(text) = plain(node)
            {
                notes.plain.insert(definition.name.clone(), text);
            }
        }
        let refers = |node: &&AstNode<'_>| matches!(&node.data().value, NodeValue::FootnoteReference(r) if notes.plain.contains_key(&r.name));
        let used: Vec<String> = root
            .descendants()
            .filter(refers)
            .filter_map(|node| match &node.data().value {
                NodeValue::FootnoteReference(reference) => Some(reference.name.clone()),
                _ => None,
            })
            .collect();
        notes.places = used.len();
        // What nothing refers to has no place; it stands at the end with the richer ones.
        notes.plain.retain(|name, _| used.contains(name));
        notes
    }

    /// What a reference to this name becomes.
    pub(crate) fn refer(&mut self, name: &str) -> Reference {
        if let Some(text) = self.plain.get(name) {
            return Reference::Note(Node::new("footnote", vec![]).with("text", text.as_str()));
        }
        let at = self.rich.iter().position(|known| known == name).unwrap_or_else(|| {
            self.rich.push(name.to_owned());
            self.rich.len() - 1
        });
        Reference::Number(self.places + at + 1)
    }
}

/// The text of a definition that is one paragraph without any marks; an address that links to itself is text too.
fn plain<'n>(definition: &'n AstNode<'n>) -> Option<String> {
    let mut blocks = definition.children();
    let Some(paragraph) = blocks.next() else { return Some(String::new()) };
    if blocks.next().is_some() || !matches!(paragraph.data().value, NodeValue::Paragraph) {
        return None;
    }
    let mut out = String::new();
    for node in paragraph.children() {
        match &node.data().value {
            NodeValue::Text(text) => out.push_str(text),
            NodeValue::SoftBreak => out.push(' '),
            NodeValue::Link(link) => {
                let text = crate::inlines::texts(node);
                let itself = link.url == text
                    || link.url.strip_prefix("mailto:") == Some(&text)
                    || link.url.strip_prefix("http://") == Some(&text);
                if !itself || !link.title.is_empty() {
                    return None;
                }
                out.push_str(&text);
            }
            NodeValue::HtmlInline(html) if html == "<!-- -->" => {}
            _ => return None,
        }
    }
    Some(out)
}

impl Build<'_> {
    /// The richer footnotes become a numbered list at the end; their marks in the text are the numbers.
    pub(crate) fn footnotes<'n>(&mut self, root: &'n AstNode<'n>, out: &mut Vec<Node>) {
        let mut defined = Vec::new();
        let mut kept = HashSet::new();
        for node in root.descendants() {
            if let NodeValue::FootnoteDefinition(def) = &node.data().value {
                // Of two definitions of one name the first is the note.
                if self.notes.plain.contains_key(&def.name) && kept.insert(def.name.clone()) {
                    self.env.count("footnote", Outcome::Kept);
                } else {
                    defined.push((def.name.clone(), node));
                }
            }
        }
        if defined.is_empty() {
            return;
        }
        self.env.note(
            self.line(defined[0].1),
            "footnotes",
            Outcome::Converted,
            format!("{} stand at the end of the lesson, as a numbered list.", defined.len()),
        );
        let first = self.notes.places + 1;
        let mut items = Vec::new();
        let mut done = 0;
        loop {
            // A footnote may refer to further ones.
            while done < self.notes.rich.len() {
                let name = self.notes.rich[done].clone();
                done += 1;
                let found = defined.iter().position(|(n, _)| *n == name).map(|at| defined.remove(at).1);
                let content = found.map(|node| self.blocks(node, 2)).unwrap_or_default();
                items.push(Node::new("listItem", with_paragraph(content)));
            }
            match defined.first() {
                Some((name, _)) => self.notes.rich.push(name.clone()),
                None => break,
            }
        }
        out.push(Node::new("horizontalRule", vec![]));
        let list = Node::new("orderedList", items);
        out.push(if first == 1 { list } else { list.with("start", first) });
    }
}
