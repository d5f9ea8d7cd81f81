//! Pandoc's grid tables, drawn with `+`, `-` and `|`, as the fenced divs that stand for tables whose cells hold blocks.

use crate::source::{Fences, Line};

/// Turns every grid table into divs. A drawing that is no regular grid stays as it is.
pub(crate) fn tables(lines: Vec<Line>) -> Vec<Line> {
    if !lines.iter().any(|(line, _)| is_border(line.trim())) {
        return lines;
    }
    let mut fences = Fences::default();
    let mut out = Vec::with_capacity(lines.len());
    let mut at = 0;
    while at < lines.len() {
        let (line, number) = &lines[at];
        if !fences.covers(line) && is_border(line.trim()) {
            let drawn =
                lines[at..].iter().take_while(|(line, _)| line.trim().starts_with(['+', '|'])).count();
            let body: Vec<&str> = lines[at..at + drawn].iter().map(|(line, _)| line.trim()).collect();
            match table(&body) {
                Some(table) => {
                    let pad = &line[..line.len() - line.trim_start().len()];
                    out.extend(
                        table
                            .into_iter()
                            .map(|(text, row)| (format!("{pad}{text}").trim_end().to_owned(), number + row)),
                    );
                }
                None => out.extend_from_slice(&lines[at..at + drawn]),
            }
            at += drawn;
            continue;
        }
        out.push((line.clone(), *number));
        at += 1;
    }
    out
}

fn is_border(line: &str) -> bool {
    line.len() > 2
        && line.starts_with('+')
        && line.ends_with('+')
        && line.chars().all(|c| matches!(c, '+' | '-' | '=' | ':'))
        && line.contains(['-', '='])
}

/// The divs of a table, each line with its distance from the first line of the drawing.
fn table(drawn: &[&str]) -> Option<Vec<(String, u32)>> {
    let rows: Vec<Vec<char>> = drawn.iter().map(|line| line.chars().collect()).collect();
    let edges: Vec<usize> =
        rows.first()?.iter().enumerate().filter(|(_, c)| **c == '+').map(|(at, _)| at).collect();
    if rows.len() < 3 || edges.len() < 2 || !is_border(drawn.last()?) {
        return None;
    }
    let head = drawn.iter().position(|line| is_border(line) && line.contains('=')).unwrap_or(0);
    let mut out = vec![("::: ink-table".to_owned(), 0)];
    let mut cells: Vec<Vec<String>> = vec![Vec::new(); edges.len() - 1];
    for (at, row) in rows.iter().enumerate() {
        let distance = at as u32;
        if is_border(drawn[at]) {
            if edges.iter().any(|edge| row.get(*edge) != Some(&'+')) {
                return None;
            }
            if cells.iter().any(|cell| !cell.is_empty()) {
                out.push(("::: ink-row".to_owned(), distance));
                for cell in &mut cells {
                    out.push((format!("::: {}", if at <= head { "ink-head" } else { "ink-cell" }), distance));
                    out.extend(cell.drain(..).map(|line| (line, distance)));
                    out.push((":::".to_owned(), distance));
                }
                out.push((":::".to_owned(), distance));
            }
            continue;
        }
        if edges.iter().any(|edge| row.get(*edge) != Some(&'|')) {
            return None;
        }
        for (cell, pair) in cells.iter_mut().zip(edges.windows(2)) {
            let text: String = row[pair[0] + 1..pair[1]].iter().collect();
            cell.push(text.strip_prefix(' ').unwrap_or(&text).trim_end().to_owned());
        }
    }
    out.push((":::".to_owned(), rows.len() as u32 - 1));
    (out.len() > 2).then_some(out)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_drawn_table_becomes_a_table() {
        let drawn = "a\n\n+---+-----+\n| A | B   |\n+===+=====+\n| 1 | - x |\n|   | - y |\n+---+-----+\n| é | *z* |\n+---+-----+\n\nb\n";
        let blocks = crate::markdown_to_blocks(drawn);
        assert_eq!(
            blocks.iter().map(|b| b.kind.as_str()).collect::<Vec<_>>(),
            ["paragraph", "table", "paragraph"]
        );
        let rows = &blocks[1].content;
        assert_eq!((rows.len(), rows[0].content[0].kind.as_str()), (3, "tableHeader"));
        assert_eq!(rows[1].content[1].content[0].kind, "bulletList");
        assert_eq!(rows[2].content[1].content[0].content[0].marks[0].kind, "italic");
        for odd in [
            "+---+\n| a |\n",
            "+--+--+\n| a   |\n+--+--+\n",
            "+-+\n",
            "+--+\n+--+\n+--+\n",
            "    +---+\n    | a |\n    +---+\n",
            "```\n+---+\n| a |\n+---+\n```\n",
        ] {
            assert!(crate::markdown_to_blocks(odd).iter().all(|b| b.kind != "table"), "{odd}");
        }
    }
}
