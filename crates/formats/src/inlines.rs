//! From the parser's inlines to texts with marks; images come out beside the text.

use crate::{
    attributes::{attribute_list, lost},
    blocks::Build,
    canonical::{MAX_DEPTH, push},
    env::Wiki,
    footnotes::Reference,
    html,
    math::{self, dollars},
};
use comrak::nodes::{AstNode, NodeValue};
use inkhorn_protocol::{
    body::{Mark, Node},
    fidelity::Outcome,
};
use std::collections::HashMap;

/// A piece of a paragraph.
pub(crate) enum Item {
    /// A text, a break, a formula or a footnote.
    Inline(Node),
    /// A displayed formula, which a body has between paragraphs only.
    Formula(String),
    /// An image, which a body has between paragraphs only.
    Image(Node),
}

/// All text below a node, whatever holds it. Not recursive.
pub(crate) fn texts<'n>(node: &'n AstNode<'n>) -> String {
    let mut out = String::new();
    for below in node.descendants() {
        let data = below.data();
        match &data.value {
            NodeValue::Text(text) => out.push_str(text),
            NodeValue::Code(code) => out.push_str(&code.literal),
            NodeValue::CodeBlock(code) => out.push_str(&code.literal),
            NodeValue::HtmlInline(html) => out.push_str(html),
            NodeValue::HtmlBlock(html) => out.push_str(&html.literal),
            NodeValue::Math(math) => out.push_str(&dollars(math)),
            NodeValue::SoftBreak | NodeValue::LineBreak => out.push(' '),
            value if value.block() && !out.is_empty() && !out.ends_with(' ') => out.push(' '),
            _ => {}
        }
    }
    out
}

/// What a pair of inline tags means.
enum Tag {
    Mark(Mark),
    Link,
    Nothing,
}

fn tag(name: &str) -> Option<Tag> {
    let mark = match name {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "s" | "del" | "strike" => "strike",
        "u" | "ins" => "underline",
        "sub" => "subscript",
        "sup" => "superscript",
        "code" | "kbd" | "samp" | "tt" => "code",
        "a" => return Some(Tag::Link),
        "span" | "font" | "small" | "big" | "mark" | "abbr" | "cite" | "center" | "var" | "dfn" | "q"
        | "nobr" => {
            return Some(Tag::Nothing);
        }
        _ => return None,
    };
    Some(Tag::Mark(Mark::new(mark)))
}

/// Inlines in the making.
pub(crate) struct Run {
    pub(crate) items: Vec<Item>,
    line: u32,
}

impl Run {
    pub(crate) fn text(&mut self, text: &str, marks: &[Mark]) {
        if text.is_empty() {
            return;
        }
        let mut node = Node::text(text);
        node.marks = marks.to_vec();
        self.items.push(Item::Inline(node));
    }
}

impl Build<'_> {
    /// The inlines below a block.
    pub(crate) fn inline<'n>(&mut self, parent: &'n AstNode<'n>, depth: usize) -> Vec<Item> {
        let mut run = Run { items: Vec::new(), line: self.line(parent) };
        let nodes: Vec<_> = parent.children().collect();
        self.nodes(&nodes, &[], depth, &mut run);
        self.wikilinks(run.items, run.line)
    }

    fn nodes<'n>(&mut self, nodes: &[&'n AstNode<'n>], marks: &[Mark], depth: usize, run: &mut Run) {
        let closes = closing_tags(nodes);
        let mut at = 0;
        while at < nodes.len() {
            let node = nodes[at];
            at += 1;
            if depth > 2 * MAX_DEPTH {
                run.text(&texts(node), marks);
                continue;
            }
            run.line = self.line(node);
            let value = node.data().value.clone();
            match value {
                NodeValue::Text(text) => run.text(&text, marks),
                NodeValue::SoftBreak => run.text(" ", marks),
                NodeValue::LineBreak => run.items.push(Item::Inline(Node::new("hardBreak", vec![]))),
                NodeValue::Code(code) => run.text(&code.literal, &with(marks, Mark::new("code"))),
                NodeValue::Math(math) => self.formula(&math, marks, run),
                NodeValue::Emph => self.below(node, &with(marks, Mark::new("italic")), depth, run),
                NodeValue::Strong => self.below(node, &with(marks, Mark::new("bold")), depth, run),
                NodeValue::Strikethrough => self.below(node, &with(marks, Mark::new("strike")), depth, run),
                NodeValue::Link(link) => self.link(node, &link.url, &link.title, marks, depth, run),
                NodeValue::Image(image) => {
                    let (list, used) = attribute_list(&nodes[at..]);
                    let listed =
                        |name: &str| list.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
                    let own = texts(node);
                    let alt = listed("alt").unwrap_or_else(|| own.clone());
                    let title = listed("title").unwrap_or_else(|| image.title.clone());
                    let line = run.line;
                    let mut block = self.image(&image.url, &alt, &title, line);
                    if let Some(caption) = listed("caption") {
                        block = block.with("caption", caption);
                    }
                    run.items.push(Item::Image(block));
                    if alt != own && !own.trim().is_empty() {
                        // Pandoc shows this text as the caption below the image.
                        run.text(&own, marks);
                    }
                    if let Some(lost) = lost(&list) {
                        self.env.note(
                            line,
                            "image",
                            Outcome::Dropped,
                            format!("Its attributes {lost} were left out."),
                        );
                    }
                    if let Some((nodes_used, rest)) = used {
                        run.text(&rest, marks);
                        at += nodes_used;
                    }
                }
                NodeValue::FootnoteReference(note) => match self.notes.refer(&note.name) {
                    Reference::Note(note) => run.items.push(Item::Inline(note)),
                    Reference::Number(number) => {
                        run.text(&number.to_string(), &with(marks, Mark::new("superscript")))
                    }
                },
                NodeValue::HtmlInline(html) => {
                    let inner = closes.get(&(at - 1)).map(|end| &nodes[at..*end]);
                    at += self.html_inline(&html, inner, marks, depth, run);
                }
                _ if node.first_child().is_some() => self.below(node, marks, depth, run),
                _ => run.text(&texts(node), marks),
            }
        }
    }

    fn below<'n>(&mut self, node: &'n AstNode<'n>, marks: &[Mark], depth: usize, run: &mut Run) {
        let children: Vec<_> = node.children().collect();
        self.nodes(&children, marks, depth + 1, run);
    }

    fn link<'n>(
        &mut self,
        node: &'n AstNode<'n>,
        url: &str,
        title: &str,
        marks: &[Mark],
        depth: usize,
        run: &mut Run,
    ) {
        let line = run.line;
        let children: Vec<_> = node.children().collect();
        let (images, others): (Vec<_>, Vec<_>) =
            children.iter().copied().partition(|c| matches!(c.data().value, NodeValue::Image(_)));
        if !images.is_empty() && others.iter().all(|c| texts(c).trim().is_empty()) {
            let alt = children.iter().map(|c| texts(c)).collect::<Vec<_>>().join(" ");
            self.nodes(&children, &[], depth + 1, run);
            let mut text = self.image_link(url, title, alt.trim(), line);
            text.marks.extend(marks.iter().filter(|m| m.kind != "link").cloned());
            run.items.push(Item::Inline(text));
            return;
        }
        let mut mark = Mark::new("link").with("href", self.env.link(url, line));
        if !title.is_empty() {
            mark = mark.with("title", title);
        }
        let before = run.items.len();
        let linked = with(marks, mark);
        self.nodes(&children, &linked, depth + 1, run);
        if run.items.len() == before && !url.is_empty() {
            self.env.note(
                line,
                "link",
                Outcome::Converted,
                format!("It had no text; it now shows its address {url}."),
            );
            run.text(url, &linked);
        }
    }

    /// Handles a piece of inline HTML, with the nodes up to its closing tag; gives the number of nodes behind it that it has used up.
    fn html_inline<'n>(
        &mut self,
        raw: &str,
        inner: Option<&[&'n AstNode<'n>]>,
        marks: &[Mark],
        depth: usize,
        run: &mut Run,
    ) -> usize {
        let line = run.line;
        let parts = html::pieces(raw);
        let (name, whole) = match parts.as_slice() {
            [html::Piece::Comment(text, _)] => {
                if !text.trim().is_empty() {
                    self.comment(text.trim(), line);
                }
                return 0;
            }
            [html::Piece::Open(name, whole)] => (name.as_str(), *whole),
            _ => {
                run.text(raw, marks);
                return 0;
            }
        };
        match name {
            "br" => {
                run.items.push(Item::Inline(Node::new("hardBreak", vec![])));
                return 0;
            }
            "wbr" => return 0,
            "img" => {
                for block in self.html_image(whole, line, None) {
                    run.items.push(Item::Image(block));
                }
                return 0;
            }
            _ => {}
        }
        if let (true, Some([])) = (name == "span", inner)
            && let Some(node) = atom(whole)
        {
            run.items.push(Item::Inline(node));
            return 1;
        }
        if let Some(nodes) = inner
            && let Some(block) = self.inline_media(name, whole, nodes, line)
        {
            run.items.push(Item::Image(block));
            return nodes.len() + 1;
        }
        let (Some(tag), Some(nodes)) = (tag(name), inner) else {
            self.env.note(
                line,
                "HTML",
                Outcome::Converted,
                format!("The tag {raw} in a sentence is shown as text."),
            );
            run.text(raw, marks);
            return 0;
        };
        let inner = match tag {
            Tag::Mark(mark) => with(marks, mark),
            Tag::Link => match html::attribute(whole, "href") {
                Some(href) => {
                    let mut mark = Mark::new("link").with("href", self.env.link(&href, line));
                    if let Some(title) = html::attribute(whole, "title").filter(|t| !t.is_empty()) {
                        mark = mark.with("title", title);
                    }
                    with(marks, mark)
                }
                None => {
                    self.env.note(
                        line,
                        "HTML",
                        Outcome::Dropped,
                        format!("The anchor {raw} was left out; its text is kept."),
                    );
                    marks.to_vec()
                }
            },
            Tag::Nothing => {
                self.env.note(
                    line,
                    "HTML",
                    Outcome::Dropped,
                    format!("The formatting {raw} was left out; its text is kept."),
                );
                marks.to_vec()
            }
        };
        self.nodes(nodes, &inner, depth + 1, run);
        nodes.len() + 1
    }

    /// `[[Page]]`, `[[Page#Part|text]]` and `![[image.png]]`, where they lead somewhere; brackets of other kinds stay text.
    fn wikilinks(&mut self, items: Vec<Item>, line: u32) -> Vec<Item> {
        let mut joined: Vec<Item> = Vec::new();
        let mut texts = Vec::new();
        for item in items {
            match item {
                Item::Inline(node) => push(&mut texts, node),
                image => {
                    joined.extend(texts.drain(..).map(Item::Inline));
                    joined.push(image);
                }
            }
        }
        joined.extend(texts.drain(..).map(Item::Inline));
        let mut out = Vec::new();
        for item in joined {
            let (text, marks) = match &item {
                Item::Inline(node)
                    if node.marks.iter().all(|m| !matches!(m.kind.as_str(), "code" | "link")) =>
                {
                    (node.text.clone().unwrap_or_default(), node.marks.clone())
                }
                _ => (String::new(), vec![]),
            };
            if !text.contains("[[") {
                out.push(item);
                continue;
            }
            self.wiki_text(&text, &marks, line, &mut out);
        }
        out
    }

    fn wiki_text(&mut self, text: &str, marks: &[Mark], line: u32, out: &mut Vec<Item>) {
        let plain = |text: &str, out: &mut Vec<Item>| {
            if !text.is_empty() {
                out.push(Item::Inline(Node { marks: marks.to_vec(), ..Node::text(text) }));
            }
        };
        let mut from = 0;
        let mut at = 0;
        while let Some(open) = text[at..].find("[[").map(|n| at + n) {
            let Some(close) = text[open..].find("]]").map(|n| open + n) else { break };
            let inner = &text[open + 2..close];
            let (target, shown) = inner.split_once('|').unwrap_or((inner, inner));
            let start = open - usize::from(text[..open].ends_with('!'));
            match self.env.wiki(target.trim(), line) {
                Some(Wiki::Lesson(href)) => {
                    plain(&text[from..start], out);
                    let mut all = marks.to_vec();
                    all.push(Mark::new("link").with("href", href));
                    out.push(Item::Inline(Node { marks: all, ..Node::text(shown.trim()) }));
                    from = close + 2;
                }
                Some(Wiki::Image(src)) => {
                    plain(&text[from..start], out);
                    let size = shown.trim().bytes().all(|b| b.is_ascii_digit() || b == b'x');
                    let alt = if size || shown == inner { "" } else { shown.trim() };
                    let mut image = Node::new("image", vec![]).with("src", src);
                    if !alt.is_empty() {
                        image = image.with("alt", alt);
                    }
                    out.push(Item::Image(image));
                    from = close + 2;
                }
                Some(Wiki::Media(kind, src, name)) => {
                    plain(&text[from..start], out);
                    out.push(Item::Image(Node::new(kind, vec![]).with("src", src).with("name", name)));
                    from = close + 2;
                }
                None => {}
            }
            at = if from > open { from } else { open + 2 };
        }
        plain(&text[from..], out);
    }
}

/// What our own spans stand for: formulas and notes that dollars and brackets cannot say.
fn atom(tag: &str) -> Option<Node> {
    match html::attribute(tag, "data-latex") {
        Some(latex) => Some(math::inline(&latex)),
        None => Some(Node::new("footnote", vec![]).with("text", html::attribute(tag, "data-footnote")?)),
    }
}

fn with(marks: &[Mark], mark: Mark) -> Vec<Mark> {
    // As in the editor, nothing is raised and lowered at once: the inner mark holds.
    let other = match mark.kind.as_str() {
        "subscript" => "superscript",
        "superscript" => "subscript",
        same => same,
    };
    let mut out: Vec<Mark> =
        marks.iter().filter(|m| m.kind != mark.kind && m.kind != other).cloned().collect();
    out.push(mark);
    out
}

/// For every node that is an opening tag, the place of the closing tag that belongs to it. One pass: a page may hold
/// thousands of tags that nobody closes.
fn closing_tags<'n>(nodes: &[&'n AstNode<'n>]) -> HashMap<usize, usize> {
    let mut open: HashMap<String, Vec<usize>> = HashMap::new();
    let mut out = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        let data = node.data();
        let NodeValue::HtmlInline(raw) = &data.value else { continue };
        match html::pieces(raw).as_slice() {
            [html::Piece::Open(name, _)] => open.entry(name.clone()).or_default().push(at),
            [html::Piece::Close(name, _)] => {
                if let Some(from) = open.get_mut(name).and_then(Vec::pop) {
                    out.insert(from, at);
                }
            }
            _ => {}
        }
    }
    out
}
