//! From the parser's blocks to the blocks of a body.

use crate::{
    canonical::{MAX_DEPTH, canonical, push},
    divs::details,
    env::Env,
    footnotes::Notes,
    inlines::{self, Item},
    math,
    source::{self, Source},
    valid::{is_block, is_valid},
};
use comrak::{
    Arena, Options,
    nodes::{AstNode, ListType, NodeTable, NodeValue, TableAlignment},
};
use inkhorn_protocol::{
    body::{Mark, Node},
    fidelity::Outcome,
};

/// Info of a fenced block that holds a node as JSON: what Markdown has no words for.
pub(crate) const JSON_FENCE: &str = "inkhorn-node";

/// The dialect: GitHub's, with the parts of others that do not change what plain Markdown means.
pub(crate) fn options() -> Options<'static> {
    let mut options = Options::default();
    let on = &mut options.extension;
    on.strikethrough = true;
    on.table = true;
    on.autolink = true;
    on.tasklist = true;
    on.footnotes = true;
    on.description_lists = true;
    on.ofm_callouts = true;
    on.math_dollars = true;
    on.math_code = true;
    on.block_directive = true;
    options.parse.leave_footnote_definitions = true;
    options
}

/// Parses a text (without front matter) to a canonical `doc`.
pub(crate) fn parse(markdown: &str, env: &mut dyn Env) -> Node {
    let markdown = markdown.replace('\0', "\u{fffd}");
    let source = source::prepare(&markdown);
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, &source.text, &options());
    let mut build = Build { env, source: &source, notes: Notes::read(root), next: None };
    let mut blocks = build.blocks(root, 0);
    build.footnotes(root, &mut blocks);
    canonical(&Node::new("doc", blocks))
}

/// A conversion in progress.
pub(crate) struct Build<'a> {
    pub(crate) env: &'a mut dyn Env,
    pub(crate) source: &'a Source,
    /// What is known of the footnotes.
    pub(crate) notes: Notes,
    /// Number of the attribute list that waits for the block behind it.
    pub(crate) next: Option<usize>,
}

impl Build<'_> {
    /// The line of the original where a node begins.
    pub(crate) fn line<'n>(&self, node: &'n AstNode<'n>) -> u32 {
        self.source.line(node.data().sourcepos.start.line)
    }

    /// The blocks below a node.
    pub(crate) fn blocks<'n>(&mut self, parent: &'n AstNode<'n>, depth: usize) -> Vec<Node> {
        loosen(self.parts(parent, depth))
    }

    /// The blocks below a node, with parts of a table that may have lost theirs.
    fn parts<'n>(&mut self, parent: &'n AstNode<'n>, depth: usize) -> Vec<Node> {
        let children: Vec<_> = parent.children().collect();
        self.parts_of(&children, depth)
    }

    /// The same of some nodes that follow each other.
    fn parts_of<'n>(&mut self, mut nodes: &[&'n AstNode<'n>], depth: usize) -> Vec<Node> {
        let mut out = Vec::new();
        while let Some((node, rest)) = nodes.split_first() {
            let before = out.len();
            let pending = self.next.take();
            nodes = match details(node, rest) {
                Some((title, within, behind)) => {
                    let content = loosen(self.parts_of(within, depth + 1));
                    out.push(self.html_details(&title, content, self.line(node)));
                    behind
                }
                None => {
                    self.block(node, depth, &mut out);
                    rest
                }
            };
            match pending {
                Some(list) if out.len() > before => {
                    let line = self.line(node);
                    self.apply(list, line, &mut out, before);
                }
                Some(list) => self.next = Some(list),
                None => {}
            }
        }
        out
    }

    fn block<'n>(&mut self, node: &'n AstNode<'n>, depth: usize, out: &mut Vec<Node>) {
        let line = self.line(node);
        if depth > MAX_DEPTH {
            let text: String = inlines::texts(node);
            self.env.note(
                line,
                "nesting",
                Outcome::Converted,
                format!("Blocks nested deeper than {MAX_DEPTH} levels became plain text."),
            );
            out.push(Node::new("paragraph", if text.is_empty() { vec![] } else { vec![Node::text(text)] }));
            return;
        }
        let value = node.data().value.clone();
        match value {
            NodeValue::Document => out.extend(self.blocks(node, depth)),
            NodeValue::Paragraph => {
                let items = self.inline(node, depth);
                out.extend(paragraphs(items));
            }
            NodeValue::Heading(heading) => self.heading(node, heading.level, depth, out),
            NodeValue::BlockQuote | NodeValue::MultilineBlockQuote(_) => {
                let content = filled(self.blocks(node, depth + 1));
                out.push(Node::new("blockquote", content));
            }
            NodeValue::List(list) => self.list(node, list.list_type, list.start, depth, out),
            NodeValue::CodeBlock(code) => {
                let literal = code.literal.strip_suffix('\n').unwrap_or(&code.literal);
                if code.fenced
                    && code.info == JSON_FENCE
                    && let Ok(node) = serde_json::from_str::<Node>(literal)
                    && is_block(&node)
                    && is_valid(&node)
                {
                    out.push(node);
                    return;
                }
                if code.fenced && code.info == math::FENCE {
                    self.env.count("formula", Outcome::Kept);
                    out.push(Node::new("blockMath", vec![]).with("latex", literal));
                    return;
                }
                self.env.count("code block", Outcome::Kept);
                let text = self.env.code(literal, line);
                out.push(code_block(&code.info, &text));
            }
            NodeValue::HtmlBlock(block) => self.html_block(&block.literal, line, out),
            NodeValue::ThematicBreak => out.push(Node::new("horizontalRule", vec![])),
            NodeValue::Table(table) => self.table(node, &table, depth, out),
            NodeValue::DescriptionList => {
                self.env.note(
                    line,
                    "definition list",
                    Outcome::Converted,
                    "It became a list, with the terms in bold.".into(),
                );
                let items = node.children().map(|item| {
                    let mut content = Vec::new();
                    for part in item.children() {
                        if matches!(part.data().value, NodeValue::DescriptionTerm) {
                            for block in self.blocks(part, depth + 2) {
                                content.push(bold(block));
                            }
                        } else {
                            content.extend(self.blocks(part, depth + 2));
                        }
                    }
                    Node::new("listItem", with_paragraph(content))
                });
                let items = items.collect();
                out.push(Node::new("bulletList", items));
            }
            NodeValue::Callout(callout) => {
                let mut title = String::new();
                let mut content = Vec::new();
                for child in node.children() {
                    if matches!(child.data().value, NodeValue::CalloutTitle) {
                        title = inlines::texts(child).trim().to_owned();
                    } else {
                        self.block(child, depth + 1, &mut content);
                    }
                }
                if callout.fold != comrak::nodes::CalloutFold::None {
                    self.env.note(
                        line,
                        "callout",
                        Outcome::Converted,
                        "It could be folded; it now stays open.".into(),
                    );
                }
                if let Some(rest) = &callout.metadata {
                    self.env.note(
                        line,
                        "callout",
                        Outcome::Dropped,
                        format!("The part '|{rest}' of its kind was left out."),
                    );
                }
                self.env.count("callout", Outcome::Kept);
                out.push(callout_node(&callout.callout_type, &title, content));
            }
            NodeValue::BlockDirective(directive) => {
                let number = directive.info.trim().strip_prefix("div").and_then(|n| n.parse::<usize>().ok());
                let div = number.and_then(|n| self.source.divs.get(n)).cloned();
                let content = self.parts(node, depth + 1);
                match div {
                    None => out.extend(loosen(content)),
                    Some(div) => out.push(self.div(div, content, line)),
                }
            }
            NodeValue::FootnoteDefinition(_) => {}
            // What is left holds inlines where the dialect allows none, or blocks without a form of their own.
            _ if node.first_child().is_some_and(|child| child.data().value.block()) => {
                out.extend(self.blocks(node, depth + 1))
            }
            _ => out.extend(paragraphs(self.inline(node, depth))),
        }
    }

    fn heading<'n>(&mut self, node: &'n AstNode<'n>, level: u8, depth: usize, out: &mut Vec<Node>) {
        let line = self.line(node);
        let mut text = Vec::new();
        let mut after = Vec::new();
        for item in self.inline(node, depth) {
            match item {
                Item::Inline(inline) => push(&mut text, inline),
                Item::Formula(latex) => push(&mut text, math::inline(&latex)),
                Item::Image(image) => after.push(image),
            }
        }
        let listed = text.last_mut().filter(|last| last.kind == "text" && last.marks.is_empty());
        if let Some(last) = listed.and_then(|last| last.text.as_mut())
            && last.ends_with('}')
            && let Some(at) =
                last.rfind('{').filter(|at| last[at + 1..].trim_start().starts_with(['#', '.', ':']))
        {
            let list = last.split_off(at);
            last.truncate(last.trim_end().len());
            self.env.note(line, "heading", Outcome::Dropped, format!("Its attributes {list} were left out."));
            text.retain(|node| node.text.as_deref() != Some(""));
        }
        trim_ends(&mut text);
        if !after.is_empty() {
            self.env.note(
                line,
                "image",
                Outcome::Converted,
                "It stood in a heading and now follows it.".into(),
            );
        }
        if !text.is_empty() || after.is_empty() {
            out.push(Node::new("heading", text).with("level", level));
        }
        out.extend(after);
    }

    fn list<'n>(
        &mut self,
        list: &'n AstNode<'n>,
        kind: ListType,
        start: usize,
        depth: usize,
        out: &mut Vec<Node>,
    ) {
        // A list may mix tasks and plain items, a body may not: each run becomes a list of its own.
        for (number, item) in (start..).zip(list.children()) {
            let task = match &item.data().value {
                NodeValue::TaskItem(task) => Some(task.symbol.is_some()),
                _ => None,
            };
            let content = with_paragraph(self.blocks(item, depth + 1));
            let (list_kind, item) = match task {
                Some(checked) => ("taskList", Node::new("taskItem", content).with("checked", checked)),
                None if kind == ListType::Ordered => ("orderedList", Node::new("listItem", content)),
                None => ("bulletList", Node::new("listItem", content)),
            };
            let first = number == start;
            match out.last_mut().filter(|last| !first && last.kind == list_kind) {
                Some(last) => last.content.push(item),
                None => {
                    let mut list = Node::new(list_kind, vec![item]);
                    if list_kind == "orderedList" && number != 1 {
                        list = list.with("start", number);
                    }
                    out.push(list);
                }
            }
        }
        if kind == ListType::Ordered && out.iter().any(|node| node.kind == "taskList") {
            let line = self.line(list);
            self.env.note(
                line,
                "task list",
                Outcome::Converted,
                "Its numbers became check boxes alone.".into(),
            );
        }
    }

    fn table<'n>(&mut self, table: &'n AstNode<'n>, info: &NodeTable, depth: usize, out: &mut Vec<Node>) {
        self.env.count("table", Outcome::Kept);
        let mut rows = Vec::new();
        for row in table.children() {
            let kind = if matches!(row.data().value, NodeValue::TableRow(true)) {
                "tableHeader"
            } else {
                "tableCell"
            };
            let mut cells = Vec::new();
            for (column, cell) in row.children().enumerate() {
                let content = paragraphs(self.inline(cell, depth + 2));
                let node = Node::new(kind, content);
                cells.push(match info.alignments.get(column) {
                    Some(TableAlignment::Left) => node.with("align", "left"),
                    Some(TableAlignment::Center) => node.with("align", "center"),
                    Some(TableAlignment::Right) => node.with("align", "right"),
                    _ => node,
                });
            }
            rows.push(Node::new("tableRow", cells));
        }
        out.push(Node::new("table", rows));
    }
}

fn code_block(info: &str, literal: &str) -> Node {
    let content = if literal.is_empty() { vec![] } else { vec![Node::text(literal)] };
    let node = Node::new("codeBlock", content);
    if info.is_empty() { node } else { node.with("language", info) }
}

pub(crate) fn callout_node(kind: &str, title: &str, content: Vec<Node>) -> Node {
    let node = Node::new("callout", filled(content)).with("kind", kind);
    if title.is_empty() { node } else { node.with("title", title) }
}

/// Rows and cells that stand outside of a table, and columns that stand alone, give up their content.
pub(crate) fn loosen(content: Vec<Node>) -> Vec<Node> {
    let part =
        |node: &Node| matches!(node.kind.as_str(), "tableRow" | "tableCell" | "tableHeader" | "column");
    if !content.iter().any(part) {
        return content;
    }
    content.into_iter().flat_map(|node| if part(&node) { loosen(node.content) } else { vec![node] }).collect()
}

/// Containers of blocks hold at least one.
pub(crate) fn filled(content: Vec<Node>) -> Vec<Node> {
    if content.is_empty() { vec![Node::new("paragraph", vec![])] } else { content }
}

/// Items of lists begin with a paragraph.
pub(crate) fn with_paragraph(mut content: Vec<Node>) -> Vec<Node> {
    if content.first().is_none_or(|first| first.kind != "paragraph") {
        content.insert(0, Node::new("paragraph", vec![]));
    }
    content
}

fn bold(mut block: Node) -> Node {
    for text in
        block.content.iter_mut().filter(|n| n.kind == "text" && n.marks.iter().all(|m| m.kind != "bold"))
    {
        text.marks.push(Mark::new("bold"));
    }
    block
}

/// Images and displayed formulas stand between paragraphs, not in them: the paragraph is split.
pub(crate) fn paragraphs(items: Vec<Item>) -> Vec<Node> {
    let split = items.iter().any(|item| !matches!(item, Item::Inline(_)));
    let mut out = Vec::new();
    let mut text: Vec<Node> = Vec::new();
    let flush = |text: &mut Vec<Node>, out: &mut Vec<Node>| {
        let mut content = std::mem::take(text);
        if split {
            trim_ends(&mut content);
        }
        if !content.is_empty() {
            out.push(Node::new("paragraph", content));
        }
    };
    for item in items {
        match item {
            Item::Inline(node) => push(&mut text, node),
            Item::Image(image) => {
                flush(&mut text, &mut out);
                out.push(image);
            }
            Item::Formula(latex) => {
                flush(&mut text, &mut out);
                out.push(Node::new("blockMath", vec![]).with("latex", latex));
            }
        }
    }
    flush(&mut text, &mut out);
    filled(out)
}

/// Takes spaces and breaks from both ends.
fn trim_ends(content: &mut Vec<Node>) {
    let blank = |node: &Node| {
        node.kind == "hardBreak" || node.text.as_deref().is_some_and(|t| t.trim_matches(' ').is_empty())
    };
    while content.first().is_some_and(blank) {
        content.remove(0);
    }
    while content.last().is_some_and(blank) {
        content.pop();
    }
    if let Some(text) = content.first_mut().and_then(|node| node.text.as_mut()) {
        *text = text.trim_start_matches(' ').to_owned();
    }
    if let Some(text) = content.last_mut().and_then(|node| node.text.as_mut()) {
        *text = text.trim_end_matches(' ').to_owned();
    }
}

/// The text of the first heading of level 1, else, if wanted, of a heading that begins the text.
pub(crate) fn first_heading(markdown: &str, top: bool) -> Option<String> {
    let source = source::prepare(markdown);
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, &source.text, &options());
    let level = |node: &AstNode<'_>| match &node.data().value {
        NodeValue::Heading(heading) => Some(heading.level),
        _ => None,
    };
    // Inside quotes and lists a heading is not the page's own.
    let first = root.children().find(|node| level(node) == Some(1));
    let found = first.or_else(|| root.first_child().filter(|node| top && level(node).is_some()))?;
    let mut build =
        Build { env: &mut crate::env::Plain, source: &source, notes: Notes::read(root), next: None };
    let mut blocks = Vec::new();
    build.block(found, 0, &mut blocks);
    let heading = blocks.iter().find(|block| block.kind == "heading");
    let alt = || blocks.iter().find_map(|block| block.attr("alt")).map(str::to_owned);
    heading.map(crate::canonical::plain_text).or_else(alt)
}
