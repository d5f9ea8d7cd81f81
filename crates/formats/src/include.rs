//! mdBook's `{{#include file:lines}}` in code: the code is part of the lesson, so it is put in.

/// A directive, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Directive<'a> {
    path: &'a str,
    part: &'a str,
    whole: &'a str,
}

/// Replaces every directive by what `read` gives for its path; one for which it gives nothing stays.
pub(crate) fn expand(text: &str, mut read: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{#") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let directive = if before.ends_with('\\') { None } else { directive(from) };
        let found = directive.as_ref().and_then(|d| Some((d, read(d.path)?)));
        match found {
            Some((directive, file)) => {
                out.push_str(&part(&file, directive.part));
                rest = &from[directive.whole.len()..];
            }
            None => {
                out.push_str(&from[..3]);
                rest = &from[3..];
            }
        }
    }
    out + rest
}

fn directive(text: &str) -> Option<Directive<'_>> {
    let inner = text.strip_prefix("{{#")?;
    let end = inner.find("}}")?;
    let whole = &text[..end + 5];
    let (name, argument) = inner[..end].trim().split_once(char::is_whitespace)?;
    if !["include", "rustdoc_include", "playground", "playpen"].contains(&name) {
        return None;
    }
    let argument = argument.split_whitespace().next()?;
    let (path, part) = argument.split_once(':').unwrap_or((argument, ""));
    Some(Directive { path, part, whole })
}

/// The lines that are meant: all, `3`, `3:`, `:7`, `3:7` (from 1, both ends in), or those of an anchor. Marks of anchors go.
fn part(file: &str, part: &str) -> String {
    let mark = |line: &str| line.contains("ANCHOR: ") || line.contains("ANCHOR_END: ");
    let lines: Vec<&str> = file.lines().collect();
    let number = |text: &str| text.parse::<usize>().ok();
    let (from, to) = part.split_once(':').unwrap_or((part, part));
    let chosen: Vec<&str> = match (number(from), number(to)) {
        _ if part.is_empty() => lines,
        (None, None) if from == to || !from.is_empty() => {
            let name = |line: &str, mark: &str| {
                line.split_once(mark).is_some_and(|(_, n)| n.split_whitespace().next() == Some(from))
            };
            let inside = lines.iter().skip_while(|line| !name(line, "ANCHOR: ")).skip(1);
            inside.take_while(|line| !name(line, "ANCHOR_END: ")).copied().collect()
        }
        (from, to) => {
            let from = from.unwrap_or(1).max(1);
            lines.into_iter().take(to.unwrap_or(usize::MAX)).skip(from - 1).collect()
        }
    };
    chosen.into_iter().filter(|line| !mark(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_files_are_put_in() {
        let file = "a\n// ANCHOR: x\nb\n// ANCHOR_END: x\nc\n";
        let read = |path: &str| (path == "f.rs").then(|| file.to_owned());
        for (text, want) in [
            ("{{#include f.rs}}", "a\nb\nc"),
            ("<{{#rustdoc_include f.rs:x}}>", "<b>"),
            ("{{#include f.rs:3}}", "b"),
            ("{{#include f.rs:3:}}", "b\nc"),
            ("{{#include f.rs::1}}", "a"),
            ("{{#playground f.rs editable}}", "a\nb\nc"),
            (
                "{{#include g.rs}} \\{{#include f.rs}} {{#title x}} {{#",
                "{{#include g.rs}} \\{{#include f.rs}} {{#title x}} {{#",
            ),
        ] {
            assert_eq!(expand(text, read), want, "{text}");
        }
    }
}
