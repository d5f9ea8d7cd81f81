//! Texts, marks and breaks as Markdown, in three styles of growing caution.

use super::{Notes, escape_html};
use inkhorn_protocol::body::{Mark, Node};

/// How cautious the writer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Escapes what has a meaning; a dollar by itself has none.
    Plain,
    /// Escapes all that could have one.
    Escaped,
    /// Writes marks, formulas and notes as HTML tags, and breaks up what would become a link by itself.
    Tags,
}

/// Where the text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Paragraph,
    Heading,
    Cell,
}

/// Ends a word for the parser and is dropped again without a trace.
const BREAK: &str = "<!-- -->";

struct Writer {
    out: String,
    style: Style,
    place: Place,
    open: Vec<Mark>,
}

/// The inlines as one text; `None` if there is something that has no form here.
pub(crate) fn write(content: &[Node], notes: &Notes, style: Style, place: Place) -> Option<String> {
    let mut writer = Writer { out: String::new(), style, place, open: Vec::new() };
    for (at, node) in content.iter().enumerate() {
        let next = content.get(at + 1);
        match node.kind.as_str() {
            "text" => writer.text(node, content, at)?,
            "inlineMath" | "footnote" if node.attrs.len() == 1 && node.marks.is_empty() => {
                writer.close(&marks_behind(&content[at..]))?;
                let text = match (node.kind.as_str(), style) {
                    ("inlineMath", Style::Tags) => tag("data-latex", node.attr("latex")?),
                    ("inlineMath", _) => formula(node.attr("latex")?, next),
                    (_, Style::Tags) => tag("data-footnote", node.attr("text")?),
                    _ => notes.mark(node.attr("text")?)?,
                };
                writer.out.push_str(&text);
            }
            "hardBreak" if node.attrs.is_empty() && node.marks.is_empty() => {
                writer.close(&marks_behind(&content[at..]))?;
                let whole = place == Place::Paragraph && at > 0 && next.is_some_and(|n| n.kind == "text");
                let soft = whole && style != Style::Tags && !writer.out.ends_with('\n');
                // A tag alone on its line would begin an HTML block.
                writer.out.push_str(match (soft, writer.out.is_empty()) {
                    (true, _) => "\\\n",
                    (false, true) => "<br><!-- -->",
                    (false, false) => "<br>",
                });
            }
            _ => return None,
        }
    }
    writer.close(&[])?;
    let mut out = writer.out;
    if place == Place::Cell {
        out = out.replace('|', "\\|");
    }
    Some(out)
}

/// The marks of the next text: they stay open over what has none itself.
fn marks_behind(content: &[Node]) -> Vec<Mark> {
    content.iter().find(|node| node.kind == "text").map(|node| node.marks.clone()).unwrap_or_default()
}

/// A formula between dollars, where that is exact; else between dollars and backticks.
fn formula(latex: &str, next: Option<&Node>) -> String {
    let digit = next
        .and_then(|next| next.text.as_deref())
        .is_some_and(|text| text.starts_with(|c: char| c.is_ascii_digit()));
    let tidy = !digit && latex.trim() == latex && !latex.contains('$');
    if tidy { format!("${latex}$") } else { format!("$`{latex}`$") }
}

/// A span for what has no other exact form.
fn tag(name: &str, text: &str) -> String {
    format!("<span {name}=\"{}\"></span>", escape_html(text))
}

fn delimiter(kind: &str, style: Style) -> Option<(&'static str, &'static str)> {
    Some(match (kind, style) {
        ("bold", Style::Tags) => ("<strong>", "</strong>"),
        ("italic", Style::Tags) => ("<em>", "</em>"),
        ("strike", Style::Tags) => ("<del>", "</del>"),
        ("bold", _) => ("**", "**"),
        ("italic", _) => ("*", "*"),
        ("strike", _) => ("~~", "~~"),
        ("underline", _) => ("<u>", "</u>"),
        ("subscript", _) => ("<sub>", "</sub>"),
        ("superscript", _) => ("<sup>", "</sup>"),
        _ => return None,
    })
}

impl Writer {
    fn text(&mut self, node: &Node, content: &[Node], at: usize) -> Option<()> {
        let text = node.text.as_deref()?;
        let code = node.marks.iter().any(|m| m.kind == "code");
        let mut wanted: Vec<Mark> = node.marks.iter().filter(|m| m.kind != "code").cloned().collect();
        if let [link] = wanted.as_slice()
            && !code
            && self.open.is_empty()
            && let Some(auto) = autolink(link, text)
            && content.get(at + 1).is_none_or(|next| !next.marks.contains(link))
        {
            self.out.push_str(&auto);
            return Some(());
        }
        self.close(&wanted)?;
        wanted.retain(|mark| !self.open.contains(mark));
        // What lasts longest opens first.
        let reach = |mark: &Mark| {
            content[at..].iter().take_while(|n| n.kind != "text" || n.marks.contains(mark)).count()
        };
        wanted.sort_by_key(|mark| std::cmp::Reverse(reach(mark)));
        for mark in wanted {
            self.open(mark)?;
        }
        let start = self.out.is_empty() || self.out.ends_with('\n');
        if code {
            let cell = self.code(text);
            self.out.push_str(&cell);
            return Some(());
        }
        let last = content.get(at + 1).is_none_or(|next| next.kind == "hardBreak");
        let next_linked = content.get(at + 1).is_some_and(|next| next.marks.iter().any(|m| m.kind == "link"));
        let mut escaped = escape(text, self.style);
        if start {
            // At the beginning of a line a comment would be a block.
            escaped = escape_start(escaped.strip_prefix(BREAK).unwrap_or(&escaped));
        }
        if last && escaped.ends_with(' ') {
            escaped.pop();
            escaped.push_str("&#32;");
        }
        if next_linked && escaped.ends_with('!') {
            escaped.pop();
            escaped.push_str("\\!");
        }
        if self.place == Place::Heading && last && escaped.ends_with('#') {
            escaped.pop();
            escaped.push_str("\\#");
        }
        self.out.push_str(&escaped);
        Some(())
    }

    fn code(&self, text: &str) -> String {
        let odd = text.contains(['\n', '\r', '\0']) || text.trim().is_empty() || self.style == Style::Tags;
        if odd {
            return format!(
                "<code>{}</code>",
                escape(text, Style::Tags).replace(' ', if text.trim().is_empty() { "&#32;" } else { " " })
            );
        }
        let mut run = 1;
        while text.split(|c| c != '`').any(|ticks| ticks.len() == run) {
            run += 1;
        }
        let fence = "`".repeat(run);
        let pad =
            text.starts_with('`') || text.ends_with('`') || (text.starts_with(' ') && text.ends_with(' '));
        if pad { format!("{fence} {text} {fence}") } else { format!("{fence}{text}{fence}") }
    }

    fn open(&mut self, mark: Mark) -> Option<()> {
        if mark.kind == "link" {
            let href = mark.attrs.get("href")?.as_str()?;
            if self.style == Style::Tags {
                self.out.push_str(&format!("<a href=\"{}\"", escape_html(href)));
                if let Some(title) = mark.attrs.get("title") {
                    self.out.push_str(&format!(" title=\"{}\"", escape_html(title.as_str()?)));
                }
                self.out.push('>');
            } else {
                self.out.push('[');
            }
        } else {
            if !mark.attrs.is_empty() {
                return None;
            }
            self.out.push_str(delimiter(&mark.kind, self.style)?.0);
        }
        self.open.push(mark);
        Some(())
    }

    /// Closes every mark that is not wanted, and those that were opened after it.
    fn close(&mut self, wanted: &[Mark]) -> Option<()> {
        let keep = self.open.iter().take_while(|mark| wanted.contains(mark)).count();
        while self.open.len() > keep {
            let mark = self.open.pop()?;
            if mark.kind != "link" {
                self.out.push_str(delimiter(&mark.kind, self.style)?.1);
            } else if self.style == Style::Tags {
                self.out.push_str("</a>");
            } else {
                let href = destination(mark.attrs.get("href")?.as_str()?);
                let title = match mark.attrs.get("title") {
                    Some(text) => format!(" {}", title(text.as_str()?)),
                    None => String::new(),
                };
                self.out.push_str(&format!("]({href}{title})"));
            }
        }
        Some(())
    }
}

/// `<https://…>` for a link whose text is its address.
fn autolink(link: &Mark, text: &str) -> Option<String> {
    let href = link.attrs.get("href")?.as_str()?;
    let fits = link.attrs.len() == 1
        && href == text
        && (href.starts_with("https://") || href.starts_with("http://"));
    let safe = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | '&' | '\\' | '|');
    (fits && href.chars().all(safe)).then(|| format!("<{href}>"))
}

/// A link's address.
pub(crate) fn destination(url: &str) -> String {
    let mut out = String::new();
    for (at, c) in url.char_indices() {
        match c {
            '<' | '>' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '&' if entity_like(&url[at + 1..]) => out.push_str("&amp;"),
            c if c.is_control() => out.push_str(&format!("&#{};", u32::from(c))),
            c => out.push(c),
        }
    }
    let bare =
        !url.is_empty() && !url.contains([' ', '(', ')', '<', '>']) && !url.chars().any(char::is_control);
    if bare { out } else { format!("<{out}>") }
}

/// A link's title, in quotes.
pub(crate) fn title(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push_str(&format!("&#{};", u32::from(c))),
            c => out.push(c),
        }
    }
    format!("\"{out}\"")
}

fn entity_like(rest: &str) -> bool {
    rest.starts_with(|c: char| c == '#' || c.is_ascii_alphabetic())
}

/// A text with everything escaped that means something in the middle of a line.
pub(crate) fn escape(text: &str, style: Style) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let after = rest.chars().next().unwrap_or(' ');
        match c {
            '_' if before.is_alphanumeric() && after.is_alphanumeric() && style == Style::Plain => {
                out.push('_')
            }
            // Whether two of them are far enough apart, the parser says: what is written is read back.
            '$' if style == Style::Plain && text.matches('$').count() == 1 => out.push('$'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '&' if entity_like(rest) => out.push_str("&amp;"),
            '!' if after == '[' => out.push_str("\\!"),
            '{' if out.is_empty() || style == Style::Tags => out.push_str("\\{"),
            c if c.is_control() => out.push_str(&format!("&#{};", u32::from(c))),
            c => out.push(c),
        }
        before = c;
    }
    if style == Style::Tags {
        out = out
            .replace("://", &format!(":{BREAK}//"))
            .replace("www.", &format!("www{BREAK}."))
            .replace('@', &format!("{BREAK}@"));
        out = out.replace("\\{", &format!("{BREAK}\\{{{BREAK}"));
    }
    out
}

/// Escapes what means something at the beginning of a line only.
pub(crate) fn escape_start(text: &str) -> String {
    let Some(first) = text.chars().next() else { return String::new() };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match first {
        ' ' => format!("&#32;{}", &text[1..]),
        '#' | '>' | '-' | '+' | '=' | ':' | '|' | '{' | '!' | '?' => format!("\\{text}"),
        _ if digits > 0 && text[digits..].starts_with(['.', ')']) => {
            format!("{}\\{}", &text[..digits], &text[digits..])
        }
        _ => text.to_owned(),
    }
}
