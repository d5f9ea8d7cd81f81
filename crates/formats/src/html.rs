//! Just enough of HTML: tags with their attributes, comments, text between them. Nothing is ever run.

/// A piece of an HTML text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text between tags, as it stands.
    Text(&'a str),
    /// `<!-- … -->`: what is between the marks, and the whole.
    Comment(&'a str, &'a str),
    /// An opening tag: name in lower case, and the whole tag.
    Open(String, &'a str),
    /// A closing tag: name in lower case, and the whole tag.
    Close(String, &'a str),
    /// A declaration or processing instruction.
    Other(&'a str),
}

/// Splits an HTML text into pieces; their raw texts put together give the text again.
pub(crate) fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let Some(at) = rest.find('<') else {
            out.push(Piece::Text(rest));
            break;
        };
        if at > 0 {
            out.push(Piece::Text(&rest[..at]));
            rest = &rest[at..];
        }
        if let Some(body) = rest.strip_prefix("<!--") {
            let end = body.find("-->").unwrap_or(body.len());
            let after = body[end..].strip_prefix("-->").unwrap_or("");
            out.push(Piece::Comment(&body[..end], &rest[..rest.len() - after.len()]));
            rest = after;
            continue;
        }
        let Some(len) = tag_len(rest) else {
            out.push(Piece::Text(&rest[..1]));
            rest = &rest[1..];
            continue;
        };
        let tag = &rest[..len];
        rest = &rest[len..];
        let closing = tag[1..].starts_with('/');
        let name: String = tag[1 + usize::from(closing)..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '_' | '.'))
            .collect::<String>()
            .to_ascii_lowercase();
        out.push(match (name.is_empty(), closing) {
            (true, _) => Piece::Other(tag),
            (false, true) => Piece::Close(name, tag),
            (false, false) => Piece::Open(name, tag),
        });
    }
    out
}

/// Length of the tag at the start, in bytes; quotes may hold `>`.
fn tag_len(text: &str) -> Option<usize> {
    let mut quote = None;
    let second = text[1..].chars().next()?;
    if !(second.is_ascii_alphabetic() || matches!(second, '/' | '!' | '?')) {
        return None;
    }
    for (at, c) in text.char_indices().skip(1) {
        match (quote, c) {
            (None, '>') => return Some(at + 1),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

/// Attributes of an opening tag: name in lower case, decoded value, and the byte range of the raw value in the tag.
pub(crate) fn attributes(tag: &str) -> Vec<(String, String, std::ops::Range<usize>)> {
    let bytes = tag.as_bytes();
    let mut out = Vec::new();
    let mut at = 1;
    while at < bytes.len() && !bytes[at].is_ascii_whitespace() && bytes[at] != b'>' {
        at += 1;
    }
    while at < bytes.len() {
        while at < bytes.len() && (bytes[at].is_ascii_whitespace() || bytes[at] == b'/') {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && !bytes[at].is_ascii_whitespace() && !matches!(bytes[at], b'=' | b'>' | b'/')
        {
            at += 1;
        }
        if start == at {
            // `>` or a stray `=`: nothing that has a name.
            at += 1;
            continue;
        }
        let name = tag[start..at].to_ascii_lowercase();
        let mut next = at;
        while next < bytes.len() && bytes[next].is_ascii_whitespace() {
            next += 1;
        }
        if bytes.get(next) != Some(&b'=') {
            out.push((name, String::new(), at..at));
            continue;
        }
        at = next + 1;
        while at < bytes.len() && bytes[at].is_ascii_whitespace() {
            at += 1;
        }
        let (from, to) = match bytes.get(at) {
            Some(quote @ (b'"' | b'\'')) => {
                let from = at + 1;
                let to = tag[from..].find(char::from(*quote)).map_or(tag.len(), |n| from + n);
                at = to + 1;
                (from, to)
            }
            _ => {
                let from = at;
                while at < bytes.len() && !bytes[at].is_ascii_whitespace() && bytes[at] != b'>' {
                    at += 1;
                }
                (from, at)
            }
        };
        out.push((name, decode(&tag[from..to]), from..to));
    }
    out
}

/// One attribute of an opening tag, decoded.
pub(crate) fn attribute(tag: &str, name: &str) -> Option<String> {
    attributes(tag).into_iter().find(|(n, ..)| n == name).map(|(_, value, _)| value)
}

/// The five entities that a writer of attributes uses, and numbers.
pub(crate) fn decode(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let decoded = rest[1..].split_once(';').and_then(|(name, _)| {
            let c = match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => {
                    let digits = name.strip_prefix('#')?;
                    let code = match digits.strip_prefix(['x', 'X']) {
                        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                        None => digits.parse().ok()?,
                    };
                    char::from_u32(code)?
                }
            };
            Some((c, name.len() + 2))
        });
        match decoded {
            Some((c, len)) => {
                out.push(c);
                rest = &rest[len..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

/// A text as the value of an attribute in double quotes, on one line.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push_str(&format!("&#{};", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// The same HTML with every `src` and `href` passed through `change` (attribute name, decoded value);
/// untouched where it gives `None`.
pub(crate) fn rewrite(html: &str, mut change: impl FnMut(&str, &str) -> Option<String>) -> String {
    let mut out = String::with_capacity(html.len());
    for piece in pieces(html) {
        match piece {
            Piece::Text(raw) | Piece::Comment(_, raw) | Piece::Close(_, raw) | Piece::Other(raw) => {
                out.push_str(raw)
            }
            Piece::Open(_, tag) => {
                let mut last = 0;
                for (name, value, range) in attributes(tag) {
                    if !matches!(name.as_str(), "src" | "href") || range.is_empty() {
                        continue;
                    }
                    if let Some(new) = change(&name, &value) {
                        out.push_str(&tag[last..range.start]);
                        out.push_str(&encode(&new));
                        last = range.end;
                    }
                }
                out.push_str(&tag[last..]);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_a_browser_reads_them() {
        let tag = r#"<img SRC='a b.png' alt="x > y &amp; z" hidden width=12/>"#;
        assert_eq!(attribute(tag, "src").as_deref(), Some("a b.png"));
        assert_eq!(attribute(tag, "alt").as_deref(), Some("x > y & z"));
        assert_eq!(attribute(tag, "hidden").as_deref(), Some(""));
        assert_eq!(attribute(tag, "width").as_deref(), Some("12/"));
    }

    #[test]
    fn rewriting_touches_nothing_else() {
        let html = "<p>a < b <!-- <img src=\"no\"> --><img src=x.png alt='1'> & <a href=\"y.md\">t</a>";
        assert_eq!(rewrite(html, |_, _| None), html);
        let done = rewrite(html, |name, value| (name == "src").then(|| format!("assets/{value}")));
        assert_eq!(done, html.replace("src=x.png", "src=assets/x.png"));
        for odd in ["<", "<!--", "<a", "<a b='", "</", "<!-- a", "&#xffffffff;", "<é>"] {
            assert_eq!(rewrite(odd, |_, _| None), odd);
            decode(odd);
        }
    }
}
