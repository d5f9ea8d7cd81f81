//! Footnotes, for which a body has no form of its own.

use crate::blocks::{Build, with_paragraph};
use comrak::nodes::{AstNode, NodeValue};
use inkhorn_protocol::{body::Node, fidelity::Outcome};

impl Build<'_> {
    /// Footnotes become a numbered list at the end; their marks in the text are the numbers.
    pub(crate) fn footnotes<'n>(&mut self, root: &'n AstNode<'n>, out: &mut Vec<Node>) {
        let mut defined = Vec::new();
        for node in root.descendants() {
            if let NodeValue::FootnoteDefinition(def) = &node.data().value {
                defined.push((def.name.clone(), node));
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
        let mut items: Vec<Option<Node>> = Vec::new();
        let mut done = 0;
        loop {
            // A footnote may refer to further ones.
            while done < self.notes.len() {
                let name = self.notes[done].clone();
                done += 1;
                let found = defined.iter().position(|(n, _)| *n == name).map(|at| defined.remove(at).1);
                let content = found.map(|node| self.blocks(node, 2)).unwrap_or_default();
                items.push(Some(Node::new("listItem", with_paragraph(content))));
            }
            match defined.first() {
                Some((name, _)) => self.notes.push(name.clone()),
                None => break,
            }
        }
        out.push(Node::new("horizontalRule", vec![]));
        out.push(Node::new("orderedList", items.into_iter().flatten().collect()));
    }
}
