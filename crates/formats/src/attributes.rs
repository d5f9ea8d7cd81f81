//! Attribute lists in braces: Pandoc's behind images and in divs, kramdown's on lines of their own.

use crate::{
    blocks::{Build, callout_node},
    inlines::texts,
};
use comrak::nodes::{AstNode, NodeValue};
use inkhorn_protocol::{body::Node, fidelity::Outcome};

/// What a block's attribute `dir` can say; without it the block follows its first letter.
pub(crate) const DIRECTIONS: [&str; 2] = ["ltr", "rtl"];

/// Whether Markdown can say the direction of a block, by a list on the line below it.
pub(crate) fn has_direction(block: &Node) -> bool {
    matches!(block.kind.as_str(), "paragraph" | "heading" | "blockquote" | "callout")
}

/// `.class #id key=value key="a b" word` as pairs; a class has the key `class`, an id `id`, a word an empty key.
pub(crate) fn pairs(list: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut rest = list.trim();
    while let Some(first) = rest.chars().next() {
        let (key, after) = match first {
            '.' => ("class".to_owned(), &rest[1..]),
            '#' => ("id".to_owned(), &rest[1..]),
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
                match rest[end..].strip_prefix('=') {
                    Some(value) => (rest[..end].to_owned(), value),
                    None => (String::new(), rest),
                }
            }
        };
        let (value, behind) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let mut value = String::new();
                let mut chars = after.char_indices().skip(1);
                let mut end = after.len();
                while let Some((at, c)) = chars.next() {
                    match c {
                        '\\' => value.extend(chars.next().map(|(_, c)| c)),
                        c if c == quote => {
                            end = at + 1;
                            break;
                        }
                        c => value.push(c),
                    }
                }
                (value, &after[end..])
            }
            _ => {
                let end = after.find(char::is_whitespace).unwrap_or(after.len());
                (after[..end].to_owned(), &after[end..])
            }
        };
        out.push((key, value));
        rest = behind.trim_start();
    }
    out
}

type Listed = (Vec<(String, String)>, Option<(usize, String)>);

/// Pandoc's `{alt='…' width=50%}` behind an image (it may go over several lines): the pairs, the number of nodes that
/// it fills, and the text behind it in the last of them.
pub(crate) fn attribute_list<'n>(rest: &[&'n AstNode<'n>]) -> Listed {
    let mut text = String::new();
    for (at, node) in rest.iter().enumerate() {
        match &node.data().value {
            NodeValue::Text(part) => text.push_str(part),
            NodeValue::SoftBreak => text.push(' '),
            // An address in the alternative text was taken for a link; an asterisk for emphasis.
            NodeValue::Link(_) | NodeValue::Emph | NodeValue::Strong | NodeValue::Code(_) => {
                text.push_str(&texts(node))
            }
            _ => break,
        }
        let Some(body) = text.strip_prefix('{') else { break };
        let mut quote = None;
        let mut escaped = false;
        for (n, c) in body.char_indices() {
            match (quote, c) {
                _ if escaped => escaped = false,
                (Some(_), '\\') => escaped = true,
                (Some(open), c) if open == c => quote = None,
                (None, '"' | '\'') if body[..n].ends_with('=') => quote = Some(c),
                (None, '}') => {
                    let list = body[..n].trim_start_matches(':');
                    let pairs = pairs(list);
                    let named = |(key, value): &(String, String)| !key.is_empty() && !value.is_empty();
                    if !pairs.is_empty() && pairs.iter().all(named) {
                        return (pairs, Some((at + 1, body[n + 1..].to_owned())));
                    }
                    return (vec![], None);
                }
                _ => {}
            }
        }
    }
    (vec![], None)
}

pub(crate) fn lost(list: &[(String, String)]) -> Option<String> {
    let lost: Vec<String> = list
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "alt" | "title" | "caption"))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    (!lost.is_empty()).then(|| lost.join(" "))
}

impl Build<'_> {
    /// Applies a kramdown attribute list to a block.
    pub(crate) fn apply(&mut self, list: usize, line: u32, out: &mut [Node], at: usize) {
        let text = self.source.lists[list].text.clone();
        let list = pairs(&text);
        if let [(key, value)] = list.as_slice()
            && key == "dir"
            && DIRECTIONS.contains(&value.as_str())
            && let Some(block) = out.get_mut(at).filter(|block| has_direction(block))
        {
            block.attrs.insert("dir".into(), value.clone().into());
            return;
        }
        let class = list.iter().find(|(key, _)| key == "class").map(|(_, value)| value.clone());
        let Some((block, class)) = out.get_mut(at).zip(class) else {
            self.env.note(
                line,
                "attributes",
                Outcome::Dropped,
                format!("The attributes {{: {text}}} were left out."),
            );
            return;
        };
        match block.kind.as_str() {
            "blockquote" => {
                let mut content = std::mem::take(&mut block.content);
                let title = match content.first() {
                    Some(first)
                        if first.kind == "heading" && first.content.iter().all(|t| t.kind == "text") =>
                    {
                        let title = crate::canonical::plain_text(first);
                        content.remove(0);
                        title
                    }
                    _ => String::new(),
                };
                *block = callout_node(&class, &title, content);
            }
            "codeBlock" if block.attr("language").is_none() => {
                let language = class.strip_prefix("language-").unwrap_or(&class).to_owned();
                block.attrs.insert("language".into(), language.into());
            }
            "paragraph" | "bulletList" | "orderedList" if !class.starts_with("no_toc") && list.len() == 1 => {
                let content = std::mem::take(block);
                *block = callout_node(&class, "", vec![content]);
            }
            _ => self.env.note(
                line,
                "attributes",
                Outcome::Dropped,
                format!("The attributes {{: {text}}} were left out."),
            ),
        }
    }
}
