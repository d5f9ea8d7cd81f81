//! One node as the outline document holds it, read leniently: what cannot be read counts as absent, and is kept.
//!
//! `nodes: id → {kind, title, place: [parent, pos, m], del: [m, seen, t], alive}`

use crate::position;
use inkhorn_protocol::{NodeId, projection::NodeKind};
use std::{collections::BTreeMap, sync::Arc};
use yrs::{Any, Map, MapRef, Out, ReadTxn};

pub(crate) const KIND: &str = "kind";
pub(crate) const TITLE: &str = "title";
pub(crate) const PLACE: &str = "place";
pub(crate) const DEL: &str = "del";
pub(crate) const ALIVE: &str = "alive";

/// All readable nodes, by id.
pub(crate) type Records = BTreeMap<NodeId, Record>;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) kind: NodeKind,
    pub(crate) title: String,
    pub(crate) place: Option<Place>,
    pub(crate) del: Option<Del>,
    pub(crate) alive: Option<String>,
}

/// Where a node stands. One key in the document, so that a move is one last-writer-wins write.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// `None`: the course itself.
    pub(crate) parent: Option<NodeId>,
    pub(crate) position: String,
    /// Drawn anew at each change of parent.
    pub(crate) token: String,
}

/// A trash action, as it stands on each node that it concerned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Del {
    /// The place's token as the trasher saw it; empty when there was no place.
    pub(crate) token: String,
    /// State vector of the lesson as the trasher had it; `None` for chapters and sections.
    pub(crate) seen: Option<Vec<u8>>,
    /// One per action.
    pub(crate) action: String,
}

impl Record {
    pub(crate) fn token(&self) -> &str {
        self.place.as_ref().map_or("", |place| &place.token)
    }

    /// In Trash only if it was not moved and not restored since, so a concurrent move out wins, also after a move back.
    pub(crate) fn trashed(&self) -> Option<&Del> {
        let del = self.del.as_ref()?;
        (del.token == self.token() && self.alive.as_deref() != Some(del.action.as_str())).then_some(del)
    }

    pub(crate) fn parent(&self) -> Option<&NodeId> {
        self.place.as_ref()?.parent.as_ref()
    }
}

/// Chapters stand in the course, sections in a chapter, lessons in a chapter or a section: no cycle can be said.
pub(crate) fn fits(kind: NodeKind, parent: Option<NodeKind>) -> bool {
    matches!(
        (kind, parent),
        (NodeKind::Chapter, None)
            | (NodeKind::Section, Some(NodeKind::Chapter))
            | (NodeKind::Lesson, Some(NodeKind::Chapter | NodeKind::Section))
    )
}

pub(crate) fn read_all<T: ReadTxn>(txn: &T, nodes: &MapRef) -> Records {
    let entries = nodes.iter(txn).filter_map(|(id, value)| {
        let Out::YMap(node) = value else { return None };
        Some((id.parse().ok()?, read(txn, &node)?))
    });
    entries.collect()
}

fn read<T: ReadTxn>(txn: &T, node: &MapRef) -> Option<Record> {
    let any = |key: &str| match node.get(txn, key) {
        Some(Out::Any(value)) => Some(value),
        _ => None,
    };
    Some(Record {
        kind: any(KIND).and_then(|kind| kind_from(text(&kind)?))?,
        title: any(TITLE).and_then(|title| text(&title).map(str::to_owned)).unwrap_or_default(),
        place: any(PLACE).and_then(|place| read_place(&place)),
        del: any(DEL).and_then(|del| read_del(&del)),
        alive: any(ALIVE).and_then(|alive| text(&alive).map(str::to_owned)),
    })
}

fn read_place(value: &Any) -> Option<Place> {
    // More elements than these are a newer version's; they are left alone until the next move.
    let Any::Array(items) = value else { return None };
    let [parent, position, token, ..] = items.as_ref() else { return None };
    let parent = match parent {
        Any::Null => None,
        parent => Some(text(parent)?.parse().ok()?),
    };
    let position = text(position).filter(|position| position::readable(position))?.to_owned();
    Some(Place { parent, position, token: text(token)?.to_owned() })
}

fn read_del(value: &Any) -> Option<Del> {
    let Any::Array(items) = value else { return None };
    let [token, seen, action, ..] = items.as_ref() else { return None };
    let seen = match seen {
        Any::Buffer(bytes) => Some(bytes.to_vec()),
        _ => None,
    };
    Some(Del { token: text(token)?.to_owned(), seen, action: text(action)?.to_owned() })
}

pub(crate) fn place_value(place: &Place) -> Any {
    let parent = place.parent.as_ref().map_or(Any::Null, |parent| string(parent.as_str()));
    Any::Array(Arc::from([parent, string(&place.position), string(&place.token)]))
}

pub(crate) fn del_value(del: &Del) -> Any {
    let seen = del.seen.as_deref().map_or(Any::Null, |seen| Any::Buffer(Arc::from(seen)));
    Any::Array(Arc::from([string(&del.token), seen, string(&del.action)]))
}

pub(crate) fn kind_value(kind: NodeKind) -> Any {
    string(match kind {
        NodeKind::Chapter => "chapter",
        NodeKind::Section => "section",
        NodeKind::Lesson => "lesson",
    })
}

fn kind_from(text: &str) -> Option<NodeKind> {
    match text {
        "chapter" => Some(NodeKind::Chapter),
        "section" => Some(NodeKind::Section),
        "lesson" => Some(NodeKind::Lesson),
        _ => None,
    }
}

pub(crate) fn string(text: &str) -> Any {
    Any::String(Arc::from(text))
}

pub(crate) fn text(value: &Any) -> Option<&str> {
    match value {
        Any::String(text) => Some(text),
        _ => None,
    }
}
