//! Formulas: between dollars in a sentence, between lines of two dollars, in fences that are called `math`.

use crate::{
    blocks::Build,
    inlines::{Item, Run},
    source::{Fences, Line, unquote},
};
use comrak::nodes::NodeMath;
use inkhorn_protocol::{
    body::{Mark, Node},
    fidelity::Outcome,
};

/// Info of a fenced block that is a formula, as on GitHub.
pub(crate) const FENCE: &str = "math";

/// A formula among texts.
pub(crate) fn inline(latex: &str) -> Node {
    Node::new("inlineMath", vec![]).with("latex", latex)
}

/// A formula as it was written.
pub(crate) fn dollars(math: &NodeMath) -> String {
    match (math.dollar_math, math.display_math) {
        (false, _) => format!("$`{}`$", math.literal),
        (true, true) => format!("$${}$$", math.literal),
        (true, false) => format!("${}$", math.literal),
    }
}

impl Build<'_> {
    /// A formula in a run of inlines. In code and as the text of a link it stays text: a formula carries no marks.
    pub(crate) fn formula(&mut self, math: &NodeMath, marks: &[Mark], run: &mut Run) {
        if marks.iter().any(|mark| matches!(mark.kind.as_str(), "code" | "link")) {
            run.text(&dollars(math), marks);
            return;
        }
        self.env.count("formula", Outcome::Kept);
        run.items.push(if math.display_math {
            Item::Formula(math.literal.trim().to_owned())
        } else {
            Item::Inline(inline(&math.literal))
        });
    }
}

/// Puts formulas that fill lines of their own into fences. To the parser their lines would be Markdown: `+ b` a list, `= c`
/// the underline of a heading.
pub(crate) fn fenced(lines: Vec<Line>) -> Vec<Line> {
    if !lines.iter().any(|(line, _)| line.contains("$$")) {
        return lines;
    }
    let mut fences = Fences::default();
    let mut out = Vec::with_capacity(lines.len());
    let mut at = 0;
    while at < lines.len() {
        let (line, number) = &lines[at];
        at += 1;
        let Some((close, first)) = (!fences.covers(line))
            .then(|| opening(line).and_then(|first| Some((closing(&lines, at, line, first)?, first))))
            .flatten()
        else {
            out.push((line.clone(), *number));
            continue;
        };
        let pad = &line[..line.len() - unquote(line).1.trim_start().len()];
        let last = lines[close].0.trim_end().strip_suffix("$$").unwrap_or_default().to_owned();
        let mut inner: Vec<Line> = Vec::new();
        if !first.is_empty() {
            inner.push((format!("{pad}{first}"), *number));
        }
        inner.extend_from_slice(&lines[at..close]);
        if !unquote(&last).1.trim().is_empty() {
            inner.push((last.trim_end().to_owned(), lines[close].1));
        }
        let ticks = inner.iter().map(|(line, _)| longest_run(line)).max().unwrap_or(0);
        let fence = "`".repeat(3.max(ticks + 1));
        out.push((format!("{pad}{fence}{FENCE}"), *number));
        out.extend(inner);
        out.push((format!("{pad}{fence}"), lines[close].1));
        at = close + 1;
    }
    out
}

/// What stands behind the two dollars that open a formula of several lines.
fn opening(line: &str) -> Option<&str> {
    let rest = unquote(line).1;
    let body = rest.trim_start();
    // Four spaces make code, except in lists, where the parser knows better: formulas there begin with their dollars alone.
    let first = body.strip_prefix("$$")?.trim();
    let deep = rest.len() - body.len() > 4 && !first.is_empty();
    (!deep && !first.contains('$')).then_some(first)
}

/// The line that closes it: it ends with two dollars, in the same quote, and with nothing else of the kind between.
fn closing(lines: &[Line], from: usize, open: &str, first: &str) -> Option<usize> {
    let quotes = unquote(open).0;
    for (at, (line, _)) in lines.iter().enumerate().skip(from) {
        let (depth, rest) = unquote(line);
        let body = rest.trim();
        // A blank line ends a paragraph, and with it what begins in the middle of one.
        if depth != quotes || (body.is_empty() && !first.is_empty()) {
            return None;
        }
        if let Some(before) = body.strip_suffix("$$") {
            return (!before.contains("$$") && !before.ends_with('\\')).then_some(at);
        }
        if body.contains("$$") {
            return None;
        }
    }
    None
}

fn longest_run(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::markdown_to_blocks;
    use inkhorn_protocol::body::Node;

    fn formulas(markdown: &str) -> Vec<String> {
        let body = Node::new("doc", markdown_to_blocks(markdown));
        let mut out = Vec::new();
        body.walk(|node| {
            if let Some(latex) = node.attr("latex") {
                out.push(format!("{}: {latex}", node.kind));
            }
        });
        out
    }

    #[test]
    fn formulas_are_found_in_every_form() {
        for (markdown, want) in [
            ("Area $\\pi r^2$.", "inlineMath: \\pi r^2"),
            ("Code $`a*b*c`$.", "inlineMath: a*b*c"),
            ("$$x$$", "blockMath: x"),
            ("$$\na\n= b\n+ c\n$$", "blockMath: a\n= b\n+ c"),
            ("$$\na\n\nb\n$$", "blockMath: a\n\nb"),
            (
                "$$ \\begin{aligned}\n- a \\\\\n\\end{aligned} $$",
                "blockMath: \\begin{aligned}\n- a \\\\\n\\end{aligned}",
            ),
            ("> $$\n> a\n> $$", "blockMath: a"),
            ("- x\n\n  $$\n  a\n  - b\n  $$", "blockMath: a\n- b"),
            ("```math\na\n```", "blockMath: a"),
            ("text\n$$\na\n$$\nmore", "blockMath: a"),
            ("| $a\\|b$ |\n| --- |\n", "inlineMath: a|b"),
        ] {
            assert_eq!(formulas(markdown), [want], "{markdown}");
        }
    }

    #[test]
    fn money_and_shells_are_no_formulas() {
        for markdown in [
            "$5 and $10",
            "It costs 5$ or 6$.",
            "$ ls $ x",
            "`$a$`",
            "\\$a\\$",
            "```\n$$\na\n$$\n```",
            "$$\nnever closed\n\n# Heading",
            "PID is $$ and\nmore",
            "<code>$x$</code>",
        ] {
            assert_eq!(formulas(markdown), [""; 0], "{markdown}");
        }
    }
}
