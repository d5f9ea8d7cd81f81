//! Makes one dialect of several, line by line, before the Markdown parser sees a text, and remembers which line came
//! from where: fenced divs with any number of colons (Pandoc, Carpentries, Docusaurus), MkDocs admonitions, grid tables, kramdown's
//! `{: .class}` lines. Code blocks pass untouched.

use crate::{attributes::pairs, grid, math};

/// A text that the parser can read.
pub(crate) struct Source {
    /// The text.
    pub(crate) text: String,
    /// For each line of `text`, the line of the original, from 1.
    lines: Vec<u32>,
    /// The divs by number; an opening fence in `text` has the info `div<number>`.
    pub(crate) divs: Vec<Div>,
    /// Attribute lists by number; in `text` they stand as `<!--ial<number>-->`.
    pub(crate) lists: Vec<AttributeList>,
}

/// What the opening fence of a div said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Div {
    /// First class or name.
    pub(crate) kind: String,
    /// Title, if it had one.
    pub(crate) title: String,
    /// Attributes that have no place in a callout, as `key=value`.
    pub(crate) rest: Vec<(String, String)>,
}

/// A kramdown attribute list on a line of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttributeList {
    /// Whether it belongs to the block behind it.
    pub(crate) next: bool,
    /// What is in the braces.
    pub(crate) text: String,
}

impl Source {
    /// The source of a text that stands within one line.
    pub(crate) fn at(line: u32) -> Self {
        Self { text: String::new(), lines: vec![line], divs: Vec::new(), lists: Vec::new() }
    }
    /// The line of the original for a line of the prepared text, both from 1.
    pub(crate) fn line(&self, prepared: usize) -> u32 {
        self.lines.get(prepared.saturating_sub(1)).or(self.lines.last()).copied().unwrap_or(1)
    }
}

/// Prepares a text.
pub(crate) fn prepare(markdown: &str) -> Source {
    let original: Vec<Line> =
        markdown.lines().enumerate().map(|(n, line)| (line.to_owned(), n as u32 + 1)).collect();
    let mut lists = Vec::new();
    let lines = attribute_lists(grid::tables(admonitions(math::fenced(original), 0)), &mut lists);
    let (lines, divs) = number_divs(lines);
    let mut text = String::with_capacity(markdown.len() + 64);
    let mut numbers = Vec::with_capacity(lines.len());
    for (line, number) in lines {
        text.push_str(&line);
        text.push('\n');
        numbers.push(number);
    }
    Source { text, lines: numbers, divs, lists }
}

/// A line with its number in the original.
pub(crate) type Line = (String, u32);

/// Deepest nesting of divs: real ones have three, and each level makes every fence longer.
const MAX_DIVS: usize = 24;

/// Follows fenced code blocks and multi-line comments, whose lines are nobody's markup.
#[derive(Default)]
pub(crate) struct Fences {
    open: Option<(u8, usize, usize)>,
    comment: bool,
}

impl Fences {
    /// Takes the next line; true if it belongs to a code block or a comment.
    pub(crate) fn covers(&mut self, line: &str) -> bool {
        let (quotes, rest) = unquote(line);
        if self.comment {
            self.comment = !line.contains("-->");
            return true;
        }
        if let Some((mark, len, depth)) = self.open {
            if quotes < depth {
                self.open = None;
            } else {
                let run = run_of(rest.trim_start(), mark);
                if run >= len && rest.trim_start()[run..].trim().is_empty() {
                    self.open = None;
                }
                return true;
            }
        }
        let body = strip_list_markers(rest);
        for mark in *b"`~" {
            let run = run_of(body, mark);
            if run >= 3 && !(mark == b'`' && body[run..].contains('`')) {
                self.open = Some((mark, run, quotes));
                return true;
            }
        }
        if body.starts_with("<!--") && !body.contains("-->") {
            self.comment = true;
            return true;
        }
        false
    }
}

fn run_of(text: &str, mark: u8) -> usize {
    text.bytes().take_while(|b| *b == mark).count()
}

/// Number of `>` at the start, and what is behind them.
pub(crate) fn unquote(line: &str) -> (usize, &str) {
    let mut rest = line;
    let mut depth = 0;
    while let Some(next) = rest.trim_start().strip_prefix('>') {
        depth += 1;
        rest = next;
    }
    (depth, rest)
}

fn strip_list_markers(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let after = match digits {
            0 => rest.strip_prefix(['-', '*', '+']),
            1..=9 => rest[digits..].strip_prefix(['.', ')']),
            _ => None,
        };
        match after.and_then(|a| a.strip_prefix([' ', '\t'])) {
            Some(next) => rest = next.trim_start(),
            None => return rest,
        }
    }
}

fn indent(line: &str) -> usize {
    line.bytes().take_while(|b| *b == b' ').count()
}

/// `!!! kind "title"`, `??? kind`, `=== "tab"` with an indented body become fenced divs.
fn admonitions(lines: Vec<Line>, depth: usize) -> Vec<Line> {
    let marked = |line: &str| ["!!!", "???", "==="].iter().any(|m| line.trim_start().starts_with(m));
    if depth > 16 || !lines.iter().any(|(line, _)| marked(line)) {
        return lines;
    }
    let mut out = Vec::with_capacity(lines.len());
    let mut fences = Fences::default();
    let mut at = 0;
    while at < lines.len() {
        let (line, number) = &lines[at];
        let head = if fences.covers(line) { None } else { admonition_head(line) };
        let margin = indent(line);
        at += 1;
        let Some(head) = head else {
            out.push((line.clone(), *number));
            continue;
        };
        let from = at;
        while at < lines.len() && (lines[at].0.trim().is_empty() || indent(&lines[at].0) >= margin + 4) {
            at += 1;
        }
        while at > from && lines[at - 1].0.trim().is_empty() {
            at -= 1;
        }
        if at == from {
            out.push((line.clone(), *number));
            continue;
        }
        let inner: Vec<Line> = lines[from..at]
            .iter()
            .map(|(line, n)| (line.get(margin + 4..).unwrap_or("").to_owned(), *n))
            .collect();
        let pad = " ".repeat(margin);
        let last = inner.last().map_or(*number, |(_, n)| *n);
        out.push((format!("{pad}::: {head}"), *number));
        for (line, n) in admonitions(inner, depth + 1) {
            out.push((if line.is_empty() { line } else { format!("{pad}{line}") }, n));
        }
        out.push((format!("{pad}:::"), last));
    }
    out
}

/// The head of an admonition as the info of a div.
fn admonition_head(line: &str) -> Option<String> {
    let text = line.trim();
    let (mark, rest) = text.split_at_checked(3)?;
    let rest = rest.strip_prefix('+').unwrap_or(rest);
    let rest = rest.strip_prefix([' ', '\t'])?.trim();
    let (kind, title) = match rest.split_once('"') {
        Some((kind, title)) => (kind.trim(), Some(title.strip_suffix('"')?)),
        None => (rest, None),
    };
    let kind = kind.split_whitespace().next().unwrap_or("");
    if !kind.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')) {
        return None;
    }
    let kind = match mark {
        "!!!" | "???" if !kind.is_empty() => kind,
        "===" if kind.is_empty() && title.is_some() => "tab",
        _ => return None,
    };
    Some(match title {
        Some(title) => format!("{kind} {title}"),
        None => kind.to_owned(),
    })
}

/// `{: …}` on a line of its own becomes a comment, which ends the paragraph or quote before it.
fn attribute_lists(lines: Vec<Line>, lists: &mut Vec<AttributeList>) -> Vec<Line> {
    let mut fences = Fences::default();
    let blank = |line: Option<&Line>| line.is_none_or(|(line, _)| unquote(line).1.trim().is_empty());
    let mut out: Vec<Line> = Vec::with_capacity(lines.len());
    for (at, (line, number)) in lines.iter().enumerate() {
        let (_, rest) = unquote(line);
        let list = rest
            .trim()
            .strip_prefix("{:")
            .and_then(|r| r.strip_suffix('}'))
            .filter(|r| !r.contains(['{', '}']));
        match list {
            Some(list) if !fences.covers(line) => {
                let next = blank(at.checked_sub(1).and_then(|n| lines.get(n))) && !blank(lines.get(at + 1));
                let start = line.len() - rest.trim_start().len();
                out.push((format!("{}<!--ial{}-->", &line[..start], lists.len()), *number));
                lists.push(AttributeList { next, text: list.trim().to_owned() });
            }
            Some(_) => out.push((line.clone(), *number)),
            None => {
                fences.covers(line);
                out.push((line.clone(), *number));
            }
        }
    }
    out
}

/// Gives every opening fence of a div the number of its [`Div`], and fences that nest by length.
fn number_divs(mut lines: Vec<Line>) -> (Vec<Line>, Vec<Div>) {
    struct Open {
        line: usize,
        quotes: usize,
        height: usize,
    }
    let mut divs = Vec::new();
    let mut stack: Vec<Open> = Vec::new();
    let mut pairs = Vec::new();
    let mut literal = Vec::new();
    let mut fences = Fences::default();
    let mut in_list = false;
    for (at, (line, _)) in lines.iter().enumerate() {
        if fences.covers(line) {
            continue;
        }
        let (quotes, rest) = unquote(line);
        let body = rest.trim_start();
        in_list = strip_list_markers(rest).len() < body.len()
            || (in_list && (body.is_empty() || rest.starts_with([' ', '\t'])));
        let colons = run_of(body, b':');
        let deep = rest.len() - body.len() > 4 && !in_list && stack.is_empty();
        if colons < 3 || deep {
            continue;
        }
        while stack.last().is_some_and(|open| open.quotes > quotes) {
            literal.extend(stack.pop().map(|open| open.line));
        }
        if !body[colons..].trim().is_empty() {
            if stack.len() >= MAX_DIVS {
                literal.push(at);
                continue;
            }
            stack.push(Open { line: at, quotes, height: 1 });
        } else if let Some(open) = stack.pop_if(|open| open.quotes == quotes) {
            if let Some(outer) = stack.last_mut() {
                outer.height = outer.height.max(open.height + 1);
            }
            pairs.push((open.line, at, open.height));
        } else {
            literal.push(at);
        }
    }
    literal.extend(stack.into_iter().map(|open| open.line));
    pairs.sort_unstable();
    for (from, to, height) in pairs {
        let fence = ":".repeat(2 + height);
        let opening = &mut lines[from].0;
        let start = opening.len() - unquote(opening).1.trim_start().len();
        let info = opening[start..].trim_start_matches(':').to_owned();
        opening.truncate(start);
        opening.push_str(&format!("{fence} div{}", divs.len()));
        divs.push(div(&info));
        let closing = &mut lines[to].0;
        let start = closing.len() - unquote(closing).1.trim_start().len();
        closing.truncate(start);
        closing.push_str(&fence);
    }
    for at in literal {
        let line = &mut lines[at].0;
        let start = line.len() - unquote(line).1.trim_start().len();
        line.insert(start, '\\');
    }
    (lines, divs)
}

/// Reads the info of a div: `name`, `name Title`, `name[Title]`, `{.name title="Title"}`, with colons behind it or not.
fn div(info: &str) -> Div {
    let info = info.trim().trim_end_matches(':').trim();
    let mut out = Div::default();
    let name_end = info.find(|c: char| c.is_whitespace() || matches!(c, '{' | '[')).unwrap_or(info.len());
    let (name, mut rest) = info.split_at(name_end);
    out.kind = name.to_owned();
    rest = rest.trim_start();
    if let Some((title, behind)) = rest.strip_prefix('[').and_then(|r| r.rsplit_once(']')) {
        out.title = title.to_owned();
        rest = behind.trim_start();
    }
    match rest.strip_prefix('{').and_then(|r| r.trim_end().strip_suffix('}')) {
        Some(list) => {
            for (key, value) in pairs(list) {
                match key.as_str() {
                    "class" if out.kind.is_empty() => out.kind = value,
                    "title" if out.title.is_empty() => out.title = value,
                    _ => out.rest.push((key, value)),
                }
            }
        }
        None if out.title.is_empty() => out.title = rest.to_owned(),
        None if rest.is_empty() => {}
        None => out.title = format!("{} {rest}", out.title),
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divs_nest_whatever_the_number_of_colons() {
        let text = "::::::: challenge\n\n::: solution\nx\n:::::::::\n\n:::::\n";
        let source = prepare(text);
        assert_eq!(source.text, ":::: div0\n\n::: div1\nx\n:::\n\n::::\n");
        assert_eq!(source.divs[0].kind, "challenge");
    }

    #[test]
    fn what_opens_nothing_stays_text_and_code_stays_code() {
        for (text, want) in [
            (":::\na\n", "\\:::\na\n"),
            (":::note\na\n", "\\:::note\na\n"),
            ("```\n::: x\n:::\n```\n", "```\n::: x\n:::\n```\n"),
            ("> ::: tip\n> a\n> :::\n", "> ::: div0\n> a\n> :::\n"),
            ("<!--\n::: x\n-->\n", "<!--\n::: x\n-->\n"),
        ] {
            assert_eq!(prepare(text).text, want);
        }
    }

    #[test]
    fn heads_of_divs_are_read_in_every_dialect() {
        for (info, kind, title) in [
            (" challenge :::::", "challenge", ""),
            ("tip[My *title*]", "tip", "My *title*"),
            ("tip My title", "tip", "My title"),
            (" {.callout-note #x title=\"A \\\"b\\\"\"}", "callout-note", "A \"b\""),
            ("note Two: three", "note", "Two: three"),
        ] {
            let div = div(info);
            assert_eq!((div.kind.as_str(), div.title.as_str()), (kind, title), "{info}");
        }
    }

    #[test]
    fn admonitions_become_divs_and_lines_keep_their_numbers() {
        let source = prepare("a\n\n!!! note \"T\"\n    b\n\n    !!! tip\n        c\nd\n");
        assert_eq!(source.text, "a\n\n:::: div0\nb\n\n::: div1\nc\n:::\n::::\nd\n");
        assert_eq!((source.line(4), source.line(7), source.line(10)), (4, 7, 8));
        assert_eq!(source.divs[0].title, "T");
    }
}
