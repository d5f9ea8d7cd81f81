//! A body as Markdown.
//!
//! Why not a library's formatter: it must be exact. What is written is parsed again, and the first form that gives the
//! same tree wins: plain Markdown, Markdown with more escapes, HTML tags for marks, fenced divs for what tables and
//! quotes cannot hold, and at last a fenced block with the node as JSON (which also carries nodes of a newer app).

mod divs;
mod inline;
mod notes;

use crate::{
    attributes::{DIRECTIONS, has_direction},
    blocks::{self, JSON_FENCE},
    canonical::{MAX_DEPTH, canonical},
    divs::is_part_of_details,
    env::Plain,
    html, math, media,
};
use inkhorn_protocol::body::Node;
use serde_json::Value;

pub(crate) use inline::{Style, escape, escape_start};
use notes::Notes;

/// A body (a `doc`) as Markdown that [`crate::markdown_to_blocks`] reads back as the same blocks, in canonical form.
/// Ends with a line break unless it is empty.
pub fn body_to_markdown(body: &Node) -> String {
    let body = canonical(body);
    let notes = Notes::of(&body);
    let blocks = &body.content;
    let parts: Vec<String> = blocks.iter().map(|node| block(node, &notes, 0)).collect();
    for apart in [false, true] {
        let text = notes.with_definitions(join(blocks, &parts, apart));
        if blocks::parse(&text, &mut Plain) == body {
            return text;
        }
    }
    let parts: Vec<String> = blocks.iter().map(json).collect();
    join(blocks, &parts, false)
}

/// Whether two neighbours would grow together.
fn touching(before: &Node, after: &Node) -> bool {
    let list = |node: &Node| match node.kind.as_str() {
        "bulletList" | "taskList" => 1,
        "orderedList" => 2,
        _ => 0,
    };
    list(before) != 0 && list(before) == list(after)
}

fn join(blocks: &[Node], parts: &[String], apart: bool) -> String {
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push('\n');
            if apart || touching(&blocks[at - 1], &blocks[at]) {
                out.push_str("<!-- -->\n\n");
            }
        }
        out.push_str(part);
        out.push('\n');
    }
    out
}

/// One block, without a line break at its end.
fn block(node: &Node, notes: &Notes, depth: usize) -> String {
    if depth > MAX_DEPTH / 2 {
        return json(node);
    }
    // What is inside is written once, whatever form is tried around it: else the cost doubles with every level.
    let inner = match node.kind.as_str() {
        "blockquote" | "callout" | "instructorNote" => vec![vec![below(&node.content, notes, depth)]],
        "details" => {
            vec![node.content.iter().skip(1).map(|part| below(&part.content, notes, depth)).collect()]
        }
        "columns" => vec![node.content.iter().map(|part| below(&part.content, notes, depth + 1)).collect()],
        "bulletList" | "orderedList" | "taskList" => node
            .content
            .iter()
            .map(|item| item.content.iter().map(|node| block(node, notes, depth + 1)).collect())
            .collect(),
        _ => vec![],
    };
    for attempt in 0..4 {
        let Some(text) = directed(node, notes, &inner, attempt, depth) else { continue };
        if blocks::parse(&notes.with_definitions(text.clone()), &mut Plain).content.as_slice()
            == std::slice::from_ref(node)
        {
            return text;
        }
    }
    json(node)
}

/// A block as JSON in a fence.
fn json(node: &Node) -> String {
    let json = serde_json::to_string(node).unwrap_or_default();
    let fence = fence(&json, '`');
    format!("{fence}{JSON_FENCE}\n{json}\n{fence}")
}

fn fence(text: &str, mark: char) -> String {
    let longest = text.split(|c| c != mark).map(str::len).max().unwrap_or(0);
    mark.to_string().repeat(3.max(longest + 1))
}

fn below(nodes: &[Node], notes: &Notes, depth: usize) -> String {
    let parts: Vec<String> = nodes.iter().map(|node| block(node, notes, depth + 1)).collect();
    let text = join(nodes, &parts, false);
    text.trim_end_matches('\n').to_owned()
}

/// The form of a block for an attempt, its direction on a line below it as kramdown has it.
fn directed(
    node: &Node,
    notes: &Notes,
    inner: &[Vec<String>],
    attempt: usize,
    depth: usize,
) -> Option<String> {
    let direction = node.attr("dir").filter(|dir| DIRECTIONS.contains(dir) && has_direction(node));
    let Some(direction) = direction else { return write(node, notes, inner, attempt, depth) };
    let mut plain = node.clone();
    plain.attrs.remove("dir");
    Some(format!("{}\n{{: dir={direction}}}", write(&plain, notes, inner, attempt, depth)?))
}

/// The form of a block for an attempt; `None` if there is none.
fn write(node: &Node, notes: &Notes, inner: &[Vec<String>], attempt: usize, depth: usize) -> Option<String> {
    let once = || (attempt == 0).then_some(());
    let style = || [Style::Plain, Style::Escaped, Style::Tags].get(attempt).copied();
    match node.kind.as_str() {
        "paragraph" if node.content.is_empty() => once().map(|()| "<p></p>".to_owned()),
        "paragraph" => inline::write(&node.content, notes, style()?, inline::Place::Paragraph),
        "heading" => {
            let level =
                node.attrs.get("level").and_then(Value::as_u64).filter(|level| (1..=6).contains(level))?;
            let text = inline::write(&node.content, notes, style()?, inline::Place::Heading)?;
            Some(format!("{} {text}", "#".repeat(level as usize)).trim_end().to_owned())
        }
        "horizontalRule" => once().map(|()| "***".to_owned()),
        "image" => {
            once()?;
            if node.attrs.contains_key("caption") { media::write(node) } else { image(node) }
        }
        "video" | "audio" | "file" | "embed" => {
            once()?;
            media::write(node)
        }
        "codeBlock" => {
            once()?;
            code(node)
        }
        "htmlBlock" => {
            once()?;
            // Read again, two of these would take what is between them.
            node.attr("html").filter(|html| !is_part_of_details(html)).map(str::to_owned)
        }
        "blockquote" => {
            once()?;
            Some(prefixed(inner.first()?.first()?, "> "))
        }
        "callout" => divs::callout(node, inner.first()?.first()?, attempt),
        "details" => divs::details(node, notes, inner.first()?.first()?, attempt),
        "columns" => once().map(|()| divs::columns(inner.first().map_or(&[], Vec::as_slice))),
        "instructorNote" => {
            once()?;
            Some(divs::div("instructor", inner.first()?.first()?))
        }
        "blockMath" => formula(node.attr("latex")?, attempt),
        "bulletList" | "orderedList" | "taskList" => list(node, inner, attempt),
        "table" => match attempt {
            3 => Some(divs::table(node, notes, depth)),
            _ => pipe_table(node, notes, style()?),
        },
        _ => None,
    }
}

/// A displayed formula between lines of two dollars, or in a fence where it holds dollars itself.
fn formula(latex: &str, attempt: usize) -> Option<String> {
    match attempt {
        0 => Some(format!("$$\n{latex}\n$$")),
        1 => {
            let fence = fence(latex, '`');
            Some(format!("{fence}{}\n{latex}\n{fence}", math::FENCE))
        }
        _ => None,
    }
}

fn prefixed(text: &str, prefix: &str) -> String {
    text.lines().map(|line| format!("{prefix}{line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

pub(crate) fn image(node: &Node) -> Option<String> {
    let src = inline::destination(node.attr("src")?);
    let alt = inline::escape(node.attr("alt").unwrap_or(""), Style::Escaped);
    Some(match node.attr("title") {
        Some(title) => format!("![{alt}]({src} {})", inline::title(title)),
        None => format!("![{alt}]({src})"),
    })
}

fn code(node: &Node) -> Option<String> {
    let text = match node.content.as_slice() {
        [] => String::new(),
        [only] => format!("{}\n", only.text.as_deref()?),
        _ => return None,
    };
    let info = node.attr("language").unwrap_or("").replace('\\', "\\\\").replace('&', "&amp;");
    let mark = if info.contains('`') { '~' } else { '`' };
    let fence = fence(&text, mark);
    Some(format!("{fence}{info}\n{text}{fence}"))
}

fn list(node: &Node, inner: &[Vec<String>], attempt: usize) -> Option<String> {
    let start = node.attrs.get("start").and_then(Value::as_u64).unwrap_or(1);
    let tight = attempt == 0 && node.content.iter().all(|item| is_tight(&item.content));
    if attempt > 0 && (attempt > 1 || node.content.iter().any(|item| !is_tight(&item.content))) {
        return None;
    }
    let mut items = Vec::new();
    for (at, item) in node.content.iter().enumerate() {
        let marker = match (node.kind.as_str(), item.kind.as_str()) {
            ("bulletList", "listItem") | ("taskList", "taskItem") => "- ".to_owned(),
            ("orderedList", "listItem") => format!("{}. ", start + at as u64),
            _ => return None,
        };
        let mut content = item.content.as_slice();
        let mut parts = inner.get(at)?.as_slice();
        let mut text = match item.attrs.get("checked").and_then(Value::as_bool) {
            Some(true) => "[x] ".to_owned(),
            Some(false) => "[ ] ".to_owned(),
            None => String::new(),
        };
        let blank =
            content.first().is_some_and(|first| first.kind == "paragraph" && first.content.is_empty());
        if item.kind == "taskItem" {
            let (first, rest) = parts.split_first()?;
            (content, parts) = (&content[1..], rest);
            text += if blank { "<!-- -->" } else { first };
            if !content.is_empty() {
                text += if tight { "\n" } else { "\n\n" };
            }
        } else if blank && content.get(1).is_none_or(|next| next.kind != "paragraph") {
            (content, parts) = (&content[1..], &parts[1..]);
        }
        text += if tight { parts.join("\n") } else { join(content, parts, false) }.trim_end_matches('\n');
        let pad = " ".repeat(if item.kind == "taskItem" { 2 } else { marker.len() });
        let mut lines = text.lines();
        let mut out = format!("{marker}{}", lines.next().unwrap_or("")).trim_end().to_owned();
        for line in lines {
            out.push('\n');
            if !line.is_empty() {
                out.push_str(&pad);
                out.push_str(line);
            }
        }
        items.push(out);
    }
    Some(items.join(if tight { "\n" } else { "\n\n" }))
}

/// Whether the blocks of an item can follow each other without blank lines.
fn is_tight(content: &[Node]) -> bool {
    let list = |node: &Node| match node.kind.as_str() {
        "bulletList" | "taskList" => true,
        // Only a list that begins with 1 may end a paragraph.
        "orderedList" => !node.attrs.contains_key("start"),
        _ => false,
    } && node.content.iter().all(|item| is_tight(&item.content));
    match content {
        [paragraph] => paragraph.kind == "paragraph",
        [paragraph, nested] => paragraph.kind == "paragraph" && list(nested),
        _ => false,
    }
}

fn pipe_table(node: &Node, notes: &Notes, style: Style) -> Option<String> {
    let columns = node.content.first()?.content.len();
    let mut lines = Vec::new();
    let mut aligned: Vec<Option<&str>> = Vec::new();
    for (at, row) in node.content.iter().enumerate() {
        let kind = if at == 0 { "tableHeader" } else { "tableCell" };
        if row.kind != "tableRow" || row.content.len() != columns || columns == 0 || !row.attrs.is_empty() {
            return None;
        }
        let mut line = "|".to_owned();
        for cell in &row.content {
            if cell.kind != kind || cell.attrs.keys().any(|key| key != "align") {
                return None;
            }
            if at == 0 {
                aligned.push(cell.attr("align"));
            }
            let mut text = String::new();
            for block in &cell.content {
                let part = match block.kind.as_str() {
                    "paragraph" if block.content.is_empty() => String::new(),
                    "paragraph" => inline::write(&block.content, notes, style, inline::Place::Cell)?,
                    "image" if !block.attrs.contains_key("caption") => image(block)?.replace('|', "\\|"),
                    "blockMath" => format!("$${}$$", block.attr("latex")?.replace('|', "\\|")),
                    _ => return None,
                };
                if !text.is_empty() && !part.is_empty() {
                    text.push(' ');
                }
                text += &part;
            }
            line += &if text.is_empty() { "  |".to_owned() } else { format!(" {text} |") };
        }
        lines.push(line);
        if at == 0 {
            let rule = |align: &Option<&str>| match *align {
                Some("left") => " :--- |",
                Some("center") => " :---: |",
                Some("right") => " ---: |",
                _ => " --- |",
            };
            lines.push(format!("|{}", aligned.iter().map(rule).collect::<String>()));
        }
    }
    Some(lines.join("\n"))
}

/// A text as HTML text.
fn escape_html(text: &str) -> String {
    html::encode(text)
}
