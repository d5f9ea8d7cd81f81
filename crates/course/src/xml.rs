//! A body as y-prosemirror encodes it: an XML element per node (its name is the node type, attributes are JSON values),
//! one XML text per run of adjacent inline texts, marks as formatting attributes (mark type → its attributes).
//! Everything here walks with a stack of its own: a body from the network may be nested deeply.

use crate::any;
use crate::error::BodyError;
use crate::lesson::MAX_DEPTH;
use inkhorn_protocol::body::{Attrs, Mark, Node};
use inkhorn_protocol::schema::{BODY_MARKS, BODY_NODES};
use serde_json::Value;
use std::sync::Arc;
use yrs::types::Delta;
use yrs::types::text::YChange;
use yrs::{
    Any, In, Out, ReadTxn, Text, TransactionMut, Xml, XmlElementPrelim, XmlElementRef, XmlFragment,
    XmlFragmentRef, XmlOut, XmlTextPrelim, XmlTextRef,
};

const TEXT: &str = "text";
/// Written by y-prosemirror's version view into the editor's state only, never into a document.
const YCHANGE: &str = "ychange";

/// A body, and whether all of it is of types that this build knows and can edit.
pub(crate) struct Body {
    pub(crate) doc: Node,
    pub(crate) unknown: bool,
}

// ---- reading ---------------------------------------------------------------------

pub(crate) fn read<T: ReadTxn>(txn: &T, fragment: &XmlFragmentRef) -> Result<Body, BodyError> {
    let top: Vec<_> = fragment.children(txn).collect();
    let other = top.len() != fragment.len(txn) as usize;
    let mut body = read_nodes(txn, top)?;
    body.unknown |= other;
    Ok(body)
}

/// The same of some nodes.
pub(crate) fn read_nodes<T: ReadTxn>(txn: &T, top: Vec<XmlOut>) -> Result<Body, BodyError> {
    let mut unknown = false;
    // In document order, parents first, each with its parent's index; folded up from the end afterwards.
    let mut found = vec![(Node::new("doc", vec![]), 0)];
    let mut stack: Vec<(XmlOut, usize, usize)> = Vec::new();
    let push = |stack: &mut Vec<_>, children: Vec<XmlOut>, parent: usize, depth: usize| {
        stack.extend(children.into_iter().rev().map(|child| (child, parent, depth)));
    };
    // Text needs a block around it; y-prosemirror cannot show a lesson that has it at the top.
    unknown |= top.iter().any(|child| matches!(child, XmlOut::Text(_)));
    push(&mut stack, top, 0, 1);

    while let Some((child, parent, depth)) = stack.pop() {
        if depth > MAX_DEPTH {
            return Err(BodyError::TooDeep);
        }
        match child {
            XmlOut::Element(element) => {
                let Some(kind) = element.try_tag().filter(|tag| !matches!(tag.as_ref(), TEXT | "doc")) else {
                    unknown = true;
                    continue;
                };
                unknown |= !BODY_NODES.contains(&kind.as_ref());
                let mut node = Node::new(kind, vec![]);
                for (name, value) in element.attributes(txn) {
                    match value {
                        Out::Any(Any::Undefined) => {}
                        Out::Any(value) => drop(node.attrs.insert(name.to_owned(), any::to_json(&value))),
                        _ => unknown = true,
                    }
                }
                let children: Vec<_> = element.children(txn).collect();
                unknown |= children.len() != element.len(txn) as usize;
                found.push((node, parent));
                push(&mut stack, children, found.len() - 1, depth + 1);
            }
            XmlOut::Text(text) => {
                for part in text.diff(txn, YChange::identity) {
                    let Out::Any(Any::String(insert)) = part.insert else {
                        unknown = true;
                        continue;
                    };
                    let mut node = Node::text(insert.as_ref());
                    node.marks =
                        part.attributes.iter().flat_map(|attrs| attrs.iter()).filter_map(read_mark).collect();
                    node.marks.sort_by(|a, b| order(a).cmp(&order(b)));
                    unknown |= node.marks.iter().any(|mark| !BODY_MARKS.contains(&mark.kind.as_str()));
                    found.push((node, parent));
                }
            }
            XmlOut::Fragment(_) => unknown = true,
        }
    }

    while found.len() > 1 {
        if let Some((mut node, parent)) = found.pop() {
            node.content.reverse();
            if let Some((parent, _)) = found.get_mut(parent) {
                join(&mut parent.content, node);
            }
        }
    }
    let mut doc = found.pop().map(|(doc, _)| doc).unwrap_or_default();
    doc.content.reverse();
    Ok(Body { doc, unknown })
}

/// Attributes of an element; what is not a plain value is left out.
pub(crate) fn attrs<T: ReadTxn>(txn: &T, element: &XmlElementRef) -> Attrs {
    let plain = element.attributes(txn).filter_map(|(name, value)| match value {
        Out::Any(Any::Undefined) => None,
        Out::Any(value) => Some((name.to_owned(), any::to_json(&value))),
        _ => None,
    });
    plain.collect()
}

/// Adds a node *before* those that are there in reverse; texts of equal marks that meet become one, as in ProseMirror.
fn join(reversed: &mut Vec<Node>, mut node: Node) {
    if let (Some(next), Some(text)) = (reversed.last_mut(), node.text.as_mut())
        && let Some(after) = &next.text
        && next.marks == node.marks
    {
        text.push_str(after);
        *next = node;
        return;
    }
    reversed.push(node);
}

fn read_mark((name, value): (&Arc<str>, &Any)) -> Option<Mark> {
    let attrs = match value {
        Any::Null | Any::Undefined => return None,
        Any::Map(attrs) => attrs.iter().map(|(name, value)| (name.clone(), any::to_json(value))).collect(),
        // `true` and the like: the mark is there, without attributes.
        _ => Attrs::new(),
    };
    Some(Mark { kind: mark_name(name).to_owned(), attrs })
}

/// Marks in the schema's order, so that equal texts compare equal; maps come out of yrs in any order.
fn order(mark: &Mark) -> (usize, &str, String) {
    let rank = BODY_MARKS.iter().position(|known| *known == mark.kind).unwrap_or(BODY_MARKS.len());
    // Several marks of one type differ by their attributes alone.
    (rank, &mark.kind, Value::from_iter(mark.attrs.clone()).to_string())
}

/// y-prosemirror adds `--` and eight characters of a hash to marks of which a text may have several.
fn mark_name(name: &str) -> &str {
    let Some((kind, hash)) = name.len().checked_sub(10).and_then(|at| name.split_at_checked(at)) else {
        return name;
    };
    let is_hash = |hash: &str| hash.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    match hash.strip_prefix("--") {
        Some(hash) if is_hash(hash) => kind,
        _ => name,
    }
}

// ---- writing ---------------------------------------------------------------------

/// Refuses what readers of trees, ours or others', could not take.
pub(crate) fn check(blocks: &[Node]) -> Result<(), BodyError> {
    let mut stack: Vec<(&Node, usize)> = blocks.iter().map(|node| (node, 1)).collect();
    while let Some((node, depth)) = stack.pop() {
        let values = node.attrs.values().chain(node.marks.iter().flat_map(|mark| mark.attrs.values()));
        if depth > MAX_DEPTH || values.into_iter().any(|value| any::depth(value) > any::MAX_VALUE_DEPTH) {
            return Err(BodyError::TooDeep);
        }
        stack.extend(node.content.iter().map(|child| (child, depth + 1)));
    }
    Ok(())
}

/// Adds checked blocks at the end. Texts at the top get a paragraph around them.
pub(crate) fn append(txn: &mut TransactionMut<'_>, fragment: &XmlFragmentRef, blocks: &[Node]) {
    let end = fragment.len(txn);
    insert(txn, fragment, end, blocks);
}

/// The same at a place: behind so many blocks.
pub(crate) fn insert(txn: &mut TransactionMut<'_>, fragment: &XmlFragmentRef, at: u32, blocks: &[Node]) {
    let mut at = at..;
    let mut stack: Vec<(XmlElementRef, &[Node])> = Vec::new();
    for run in blocks.chunk_by(|a, b| is_text(a) && is_text(b)) {
        match run {
            [node] if !is_text(node) => {
                let at = at.next().unwrap_or(u32::MAX);
                let element = fragment.insert(txn, at, XmlElementPrelim::empty(node.kind.as_str()));
                attributes(txn, &element, node);
                stack.push((element, &node.content));
            }
            texts if texts.iter().all(is_empty) => {}
            texts => {
                let at = at.next().unwrap_or(u32::MAX);
                let paragraph = fragment.insert(txn, at, XmlElementPrelim::empty("paragraph"));
                stack.push((paragraph, texts));
            }
        }
    }
    while let Some((parent, children)) = stack.pop() {
        for run in children.chunk_by(|a, b| is_text(a) && is_text(b)) {
            match run {
                [node] if !is_text(node) => {
                    let element = parent.push_back(txn, XmlElementPrelim::empty(node.kind.as_str()));
                    attributes(txn, &element, node);
                    stack.push((element, &node.content));
                }
                // The editor writes no text where there is none.
                texts if texts.iter().all(is_empty) => {}
                texts => {
                    let text = parent.push_back(txn, XmlTextPrelim::new(""));
                    write_texts(txn, &text, texts);
                }
            }
        }
    }
}

fn is_text(node: &Node) -> bool {
    node.kind == TEXT
}

fn is_empty(text: &Node) -> bool {
    text.text.as_deref().unwrap_or_default().is_empty()
}

fn attributes(txn: &mut TransactionMut<'_>, element: &XmlElementRef, node: &Node) {
    // Absent and null are one to y-prosemirror, which never writes null.
    for (name, value) in node.attrs.iter().filter(|(name, value)| !value.is_null() && *name != YCHANGE) {
        element.insert_attribute(txn, name.as_str(), any::from_json(value));
    }
}

fn write_texts(txn: &mut TransactionMut<'_>, text: &XmlTextRef, nodes: &[Node]) {
    let delta = nodes.iter().filter_map(|node| {
        let insert = node.text.as_deref().filter(|text| !text.is_empty())?;
        let marks = write_marks(&node.marks);
        Some(Delta::Inserted(
            In::Any(Any::String(Arc::from(insert))),
            (!marks.is_empty()).then(|| Box::new(marks)),
        ))
    });
    let delta: Vec<_> = delta.collect();
    text.apply_delta(txn, delta);
}

fn write_marks(marks: &[Mark]) -> yrs::types::Attrs {
    let value = |mark: &Mark| {
        Any::Map(Arc::new(
            mark.attrs.iter().map(|(name, value)| (name.clone(), any::from_json(value))).collect(),
        ))
    };
    let written = marks.iter().filter(|mark| mark.kind != YCHANGE).map(|mark| {
        let several = marks.iter().filter(|other| other.kind == mark.kind).count() > 1;
        let name = if several { hashed_name(mark) } else { mark.kind.clone() };
        (Arc::from(name.as_str()), value(mark))
    });
    written.collect()
}

/// Any eight characters that differ between the marks will do: a reader strips them, and the editor writes
/// its own when it next touches the text.
fn hashed_name(mark: &Mark) -> String {
    // FNV-1a, 48 bits of it as eight characters of base 64.
    let text = Value::from_iter(mark.attrs.clone()).to_string();
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit =
        |at: u64| digits.get((hash >> (6 * at)) as usize & 63).map_or('A', |digit| char::from(*digit));
    format!("{}--{}", mark.kind, (0..8).map(digit).collect::<String>())
}
