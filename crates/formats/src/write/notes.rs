//! Footnotes of a body that is written: a number for each text, a definition at the end.

use super::inline::{Style, escape, escape_start};
use inkhorn_protocol::body::Node;
use std::collections::HashMap;

/// The texts of the footnotes of a body, each with its number: equal texts share one.
#[derive(Default)]
pub(crate) struct Notes {
    texts: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Notes {
    /// The footnotes of a body, in order.
    pub(super) fn of(body: &Node) -> Self {
        let mut notes = Self::default();
        body.walk(|node| {
            if node.kind == "footnote"
                && let Some(text) = node.attr("text")
                && !notes.numbers.contains_key(text)
            {
                notes.texts.push(text.to_owned());
                notes.numbers.insert(text.to_owned(), notes.texts.len());
            }
        });
        notes
    }

    /// The mark of a footnote in the text.
    pub(super) fn mark(&self, text: &str) -> Option<String> {
        self.numbers.get(text).map(|number| format!("[^{number}]"))
    }

    /// A text with the definitions of the marks that it has, at its end.
    pub(super) fn with_definitions(&self, mut text: String) -> String {
        let used: Vec<String> = self
            .texts
            .iter()
            .zip(1..)
            .filter(|(_, number)| text.contains(&format!("[^{number}]")))
            .map(|(note, number)| {
                let mut written = escape_start(&escape(note, Style::Escaped));
                if written.ends_with(' ') {
                    written.pop();
                    written.push_str("&#32;");
                }
                format!("[^{number}]: {written}").trim_end().to_owned() + "\n"
            })
            .collect();
        if !used.is_empty() {
            text.truncate(text.trim_end_matches('\n').len());
            text.push_str("\n\n");
            text.push_str(&used.concat());
        }
        text
    }
}
