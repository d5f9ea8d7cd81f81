//! Finding and replacing in the mock: its lessons are their titles.

use super::outline;
use inkhorn_protocol::find::{FindView, FoundIn, Needle, Place, Replaced};
use inkhorn_protocol::projection::{NodeKind, OutlineNode, OutlineView};
use inkhorn_protocol::window::Failure;

fn lessons<'a>(nodes: &'a [OutlineNode], found: &mut Vec<&'a OutlineNode>) {
    for node in nodes {
        if node.kind == NodeKind::Lesson {
            found.push(node);
        }
        lessons(&node.children, found);
    }
}

/// Byte offsets of a text in another; capital letters count where they are asked to.
fn places(text: &str, needle: &Needle) -> Vec<usize> {
    let (text, what) = match needle.match_case {
        true => (text.to_owned(), needle.text.clone()),
        false => (text.to_ascii_lowercase(), needle.text.to_ascii_lowercase()),
    };
    text.match_indices(&what).map(|(at, _)| at).collect()
}

pub(super) fn look(view: &OutlineView, needle: &Needle) -> Result<FindView, Failure> {
    if needle.pattern && needle.text.contains('(') && !needle.text.contains(')') {
        let message =
            "This cannot be looked for: it is not a regular expression that can be used: unclosed group.";
        return Err(Failure { code: "invalid".to_owned(), message: message.to_owned() });
    }
    let mut all = Vec::new();
    lessons(&view.nodes, &mut all);
    let mut found = FindView { looked_at: all.len() as u32, ..FindView::default() };
    for node in all {
        let at = places(&node.title, needle);
        if at.is_empty() {
            continue;
        }
        let cut = |from: usize, to: usize| node.title.get(from..to).unwrap_or_default().to_owned();
        let place = |at: &usize| {
            let end = at + needle.text.len();
            Place { before: cut(0, *at), found: cut(*at, end), after: cut(end, node.title.len()) }
        };
        found.count += at.len() as u32;
        found.lessons.push(FoundIn {
            lesson: node.id.clone(),
            title: node.title.clone(),
            count: at.len() as u32,
            fixed: 0,
            places: at.iter().map(place).collect(),
            editable: true,
        });
    }
    Ok(found)
}

pub(super) fn replace(view: &mut OutlineView, needle: &Needle, with: &str) -> Result<Replaced, Failure> {
    let found = look(view, needle)?;
    for lesson in &found.lessons {
        if let Some(node) = outline::find(&mut view.nodes, &lesson.lesson) {
            for at in places(&node.title, needle).into_iter().rev() {
                node.title.replace_range(at..at + needle.text.len(), with);
            }
        }
    }
    let id = (found.count > 0).then_some(1);
    Ok(Replaced { id, count: found.count, lessons: found.lessons.len() as u32, ..Replaced::default() })
}
