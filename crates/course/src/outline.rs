//! The outline of a course: which chapters, sections and lessons there are, where they stand, what is in Trash.

use crate::error::{Integrate, OpError};
use crate::guard::Guarded;
use crate::position;
use crate::random::{Random, token};
use crate::record::{self, Del, Place, Record, Records};
use crate::view::Tree;
use inkhorn_protocol::projection::{NodeKind, OutlineView};
use inkhorn_protocol::{NodeId, schema};
use std::collections::BTreeMap;
use yrs::{Any, Map, MapPrelim, MapRef, Out, TransactionMut, WriteTxn};

pub(crate) const NODES: &str = "nodes";
pub(crate) const META: &str = "meta";

/// What an operation did: the update to log and send, `None` when there was nothing to do.
pub type Edit = Result<Option<Vec<u8>>, OpError>;

/// A node to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNode {
    /// Fresh id.
    pub id: NodeId,
    /// Kind.
    pub kind: NodeKind,
    /// `None`: the course itself.
    pub parent: Option<NodeId>,
    /// Title.
    pub title: String,
}

/// The outline document of one course.
///
/// Every operation is one transaction and returns its Yjs v1 update; every read is a function of the state alone.
/// After [`Integrate::Poisoned`] the document must be rebuilt from its log.
pub struct Outline {
    pub(crate) document: Guarded,
}

impl Outline {
    /// An empty outline that writes as `client`, a fresh random id (see [`crate::client_id`]). Writes nothing.
    pub fn new(client: u64) -> Self {
        Self { document: Guarded::new(client, schema::COURSE_ROOTS) }
    }

    /// An outline from one update that holds its whole state.
    pub fn load(client: u64, state: &[u8]) -> Result<Self, Integrate> {
        Ok(Self { document: Guarded::load(client, schema::COURSE_ROOTS, state)? })
    }

    /// Integrates an update (in order, gap-free); `false` when it held nothing new.
    pub fn apply(&mut self, update: &[u8]) -> Result<bool, Integrate> {
        self.document.apply(update)
    }

    /// State vector, Yjs v1.
    pub fn state_vector(&self) -> Result<Vec<u8>, Integrate> {
        self.document.state_vector()
    }

    /// Delete set, Yjs v1; two of them are equal only if their meaning is, not the reverse.
    pub fn delete_set(&self) -> Result<Vec<u8>, Integrate> {
        self.document.delete_set()
    }

    /// All that a reader at `state_vector` lacks, as one update.
    pub fn diff(&self, state_vector: &[u8]) -> Result<Vec<u8>, Integrate> {
        self.document.diff(state_vector)
    }

    /// The whole state as one update.
    pub fn encode(&self) -> Result<Vec<u8>, Integrate> {
        self.document.encode()
    }

    // ---- reading ---------------------------------------------------------------

    /// The outline as people see it.
    pub fn view(&self) -> Result<OutlineView, Integrate> {
        let records = self.records()?;
        let tree = Tree::new(&records);
        Ok(OutlineView {
            title: self.title()?,
            nodes: tree.project(&tree.top),
            recovered: tree.project(&tree.recovered),
            trash: tree.project(&tree.trash),
        })
    }

    /// Title of the course; empty when it has none.
    pub fn title(&self) -> Result<String, Integrate> {
        self.document.read(|txn| {
            let title = yrs::ReadTxn::get_map(txn, META).and_then(|meta| meta.get(txn, record::TITLE));
            match title {
                Some(Out::Any(Any::String(title))) => title.to_string(),
                _ => String::new(),
            }
        })
    }

    /// All lessons, those in Trash too, in order of their ids.
    pub fn lessons(&self) -> Result<Vec<NodeId>, Integrate> {
        let lessons = self.records()?.into_iter().filter(|(_, record)| record.kind == NodeKind::Lesson);
        Ok(lessons.map(|(id, _)| id).collect())
    }

    /// The lessons in Trash, each with the state vector that the trasher had seen. A lesson that
    /// [holds more](crate::holds_more) was edited by somebody else meanwhile and must be [revived](Self::revive).
    pub fn trashed_seen(&self) -> Result<Vec<(NodeId, Vec<u8>)>, Integrate> {
        let seen = |(id, record): (NodeId, Record)| {
            let seen = record.trashed()?.seen.clone().unwrap_or_default();
            (record.kind == NodeKind::Lesson).then_some((id, seen))
        };
        Ok(self.records()?.into_iter().filter_map(seen).collect())
    }

    // ---- operations --------------------------------------------------------------

    /// Renames the course.
    pub fn set_title(&mut self, title: &str) -> Edit {
        if self.title()? == title {
            return Ok(None);
        }
        self.write(|txn| name_course(txn, title))
    }

    /// Adds a node under `parent` (`None`: the course), before a sibling or at the end. Returns the update.
    pub fn add(
        &mut self,
        random: &mut dyn Random,
        kind: NodeKind,
        parent: Option<&NodeId>,
        before: Option<&NodeId>,
        title: &str,
        id: NodeId,
    ) -> Result<Vec<u8>, OpError> {
        let records = self.records()?;
        self.check_free(&id)?;
        check_parent(&records, kind, parent)?;
        let (position, moved) = room(&records, parent, before, None, random)?;
        let place = Place { parent: parent.cloned(), position, token: token(random) };
        let update = self.write(|txn| {
            let nodes = txn.get_or_insert_map(NODES);
            insert(txn, &nodes, &id, kind, title, &place);
            reposition(txn, &nodes, &records, moved);
        })?;
        Ok(update.unwrap_or_default())
    }

    /// Adds many nodes in one transaction, each at the end of its parent, which may be one of those before it.
    /// All or nothing. For imports: one by one, each would read the outline anew.
    pub fn add_all(&mut self, random: &mut dyn Random, nodes: &[NewNode]) -> Edit {
        let mut records = self.records()?;
        let mut ends: BTreeMap<Option<&NodeId>, String> = BTreeMap::new();
        let mut places = Vec::with_capacity(nodes.len());
        for node in nodes {
            let parent = node.parent.as_ref();
            check_parent(&records, node.kind, parent)?;
            if records.contains_key(&node.id) {
                return Err(OpError::Taken(node.id.clone()));
            }
            self.check_free(&node.id)?;
            let end = match ends.remove(&parent) {
                Some(end) => Some(end),
                None => siblings(&records, parent, None).pop().map(|(_, end)| end),
            };
            let position = position::between(end.as_deref(), None, random).unwrap_or_default();
            ends.insert(parent, position.clone());
            let place = Place { parent: node.parent.clone(), position, token: token(random) };
            places.push(place.clone());
            let title = node.title.clone();
            records.insert(
                node.id.clone(),
                Record { kind: node.kind, title, place: Some(place), del: None, alive: None },
            );
        }
        self.write(|txn| {
            let map = txn.get_or_insert_map(NODES);
            for (node, place) in nodes.iter().zip(&places) {
                insert(txn, &map, &node.id, node.kind, &node.title, place);
            }
        })
    }

    /// Gives a node another title; the last writer wins.
    pub fn rename(&mut self, id: &NodeId, title: &str) -> Edit {
        if find(&self.records()?, id)?.title == title {
            return Ok(None);
        }
        self.write(|txn| set(txn, id, record::TITLE, record::string(title)))
    }

    /// Moves a node under `to` (`None`: where it is), before a sibling or to the end.
    pub fn move_node(
        &mut self,
        random: &mut dyn Random,
        id: &NodeId,
        to: Option<&NodeId>,
        before: Option<&NodeId>,
    ) -> Edit {
        let records = self.records()?;
        let record = find(&records, id)?;
        if record.trashed().is_some() {
            return Err(OpError::Trashed(id.clone()));
        }
        let parent = to.or(record.parent());
        check_parent(&records, record.kind, parent)?;
        if before == Some(id) {
            return Ok(None);
        }
        let stays = record.place.as_ref().is_some_and(|place| place.parent.as_ref() == parent);
        if stays && is_there(&records, parent, id, before) {
            return Ok(None);
        }
        let (position, moved) = room(&records, parent, before, Some(id), random)?;
        // Only a change of parent takes a new token: to reorder is not to rescue from Trash.
        let token = if stays { record.token().to_owned() } else { token(random) };
        let place = Place { parent: parent.cloned(), position, token };
        self.write(|txn| {
            set(txn, id, record::PLACE, record::place_value(&place));
            let nodes = txn.get_or_insert_map(NODES);
            reposition(txn, &nodes, &records, moved);
        })
    }

    /// Puts a node and all that it shows into Trash. `seen` gives each lesson's state vector,
    /// `None` for one that is not fully loaded, which refuses the whole operation.
    pub fn trash(
        &mut self,
        random: &mut dyn Random,
        id: &NodeId,
        seen: &dyn Fn(&NodeId) -> Option<Vec<u8>>,
    ) -> Edit {
        let records = self.records()?;
        let (id, record) = records.get_key_value(id).ok_or_else(|| OpError::UnknownNode(id.clone()))?;
        if record.trashed().is_some() {
            return Ok(None);
        }
        let action = token(random);
        let mut marks = Vec::new();
        for id in Tree::new(&records).subtree(id) {
            let record = find(&records, id)?;
            let seen = match record.kind {
                NodeKind::Lesson => Some(seen(id).ok_or_else(|| OpError::NotLoaded(id.clone()))?),
                _ => None,
            };
            marks.push((id, Del { token: record.token().to_owned(), seen, action: action.clone() }));
        }
        self.write(|txn| {
            for (id, del) in &marks {
                set(txn, id, record::DEL, record::del_value(del));
            }
        })
    }

    /// Takes a node out of Trash, with all that went there with it.
    pub fn restore(&mut self, id: &NodeId) -> Edit {
        let records = self.records()?;
        let Some((id, record)) = records.get_key_value(id) else {
            return Err(OpError::UnknownNode(id.clone()));
        };
        if record.trashed().is_none() {
            return Ok(None);
        }
        let back = Tree::new(&records).subtree(id);
        self.set_alive(&records, &back)
    }

    /// Takes one node out of Trash because it holds content that the trasher had not seen. The same write as
    /// [`restore`](Self::restore), so whoever finds it writes the same value.
    pub fn revive(&mut self, id: &NodeId) -> Edit {
        let records = self.records()?;
        find(&records, id)?;
        self.set_alive(&records, &[id])
    }

    /// An entry that cannot be read holds its id as well.
    pub(crate) fn check_free(&self, id: &NodeId) -> Result<(), OpError> {
        let taken = self.document.read(|txn| {
            yrs::ReadTxn::get_map(txn, NODES).is_some_and(|nodes| nodes.contains_key(txn, id.as_str()))
        })?;
        if taken { Err(OpError::Taken(id.clone())) } else { Ok(()) }
    }

    pub(crate) fn set_alive(&mut self, records: &Records, ids: &[&NodeId]) -> Edit {
        let actions = ids.iter().filter_map(|id| Some((*id, records.get(*id)?.trashed()?.action.as_str())));
        let actions: Vec<_> = actions.collect();
        if actions.is_empty() {
            return Ok(None);
        }
        self.write(|txn| {
            for (id, action) in actions {
                set(txn, id, record::ALIVE, record::string(action));
            }
        })
    }

    pub(crate) fn records(&self) -> Result<Records, Integrate> {
        self.document.read(|txn| {
            yrs::ReadTxn::get_map(txn, NODES).map(|nodes| record::read_all(txn, &nodes)).unwrap_or_default()
        })
    }

    pub(crate) fn write(&mut self, edit: impl FnOnce(&mut TransactionMut<'_>)) -> Edit {
        Ok(self.document.write(edit)?)
    }
}

pub(crate) fn name_course(txn: &mut TransactionMut<'_>, title: &str) {
    txn.get_or_insert_map(META).insert(txn, record::TITLE, title);
}

pub(crate) fn find<'a>(records: &'a Records, id: &NodeId) -> Result<&'a Record, OpError> {
    records.get(id).ok_or_else(|| OpError::UnknownNode(id.clone()))
}

/// `parent` exists, is not in Trash, and may hold such a node.
pub(crate) fn check_parent(
    records: &Records,
    kind: NodeKind,
    parent: Option<&NodeId>,
) -> Result<(), OpError> {
    let above = parent.map(|id| find(records, id)).transpose()?;
    if !record::fits(kind, above.map(|above| above.kind)) {
        return Err(OpError::WrongParent(kind));
    }
    match (parent, above.and_then(Record::trashed)) {
        (Some(id), Some(_)) => Err(OpError::Trashed(id.clone())),
        _ => Ok(()),
    }
}

/// The siblings that are shown under `parent`, in order, without `except`.
pub(crate) fn siblings(
    records: &Records,
    parent: Option<&NodeId>,
    except: Option<&NodeId>,
) -> Vec<(NodeId, String)> {
    let tree = Tree::new(records);
    let shown = parent.map_or(tree.top.as_slice(), |parent| tree.children(parent));
    let position = |id: &&NodeId| Some(((*id).clone(), records.get(*id)?.place.as_ref()?.position.clone()));
    shown.iter().filter(|id| Some(**id) != except).filter_map(position).collect()
}

fn room(
    records: &Records,
    parent: Option<&NodeId>,
    before: Option<&NodeId>,
    except: Option<&NodeId>,
    random: &mut dyn Random,
) -> Result<(String, Vec<(NodeId, String)>), OpError> {
    let stranger = |id: &NodeId| OpError::NotASibling(id.clone());
    let room = position::make_room(&siblings(records, parent, except), before, random);
    // Without `before` there is always room at the end.
    room.ok_or_else(|| before.or(parent).map_or(OpError::WrongParent(NodeKind::Chapter), stranger))
}

/// Whether `id` already stands right before `before` (or last).
fn is_there(records: &Records, parent: Option<&NodeId>, id: &NodeId, before: Option<&NodeId>) -> bool {
    let siblings = siblings(records, parent, None);
    let at = siblings.iter().position(|(sibling, _)| sibling == id);
    at.is_some_and(|at| siblings.get(at + 1).map(|(next, _)| next) == before)
}

pub(crate) fn insert(
    txn: &mut TransactionMut<'_>,
    nodes: &MapRef,
    id: &NodeId,
    kind: NodeKind,
    title: &str,
    place: &Place,
) {
    let node = nodes.insert(txn, id.as_str(), MapPrelim::default());
    node.insert(txn, record::KIND, record::kind_value(kind));
    node.insert(txn, record::TITLE, title);
    node.insert(txn, record::PLACE, record::place_value(place));
}

pub(crate) fn set(txn: &mut TransactionMut<'_>, id: &NodeId, key: &str, value: Any) {
    let nodes = txn.get_or_insert_map(NODES);
    if let Some(Out::YMap(node)) = nodes.get(txn, id.as_str()) {
        node.insert(txn, key, value);
    }
}

/// Tells siblings apart that shared a position; they keep parent and token.
pub(crate) fn reposition(
    txn: &mut TransactionMut<'_>,
    nodes: &MapRef,
    records: &Records,
    moved: Vec<(NodeId, String)>,
) {
    for (id, position) in moved {
        let place = records.get(&id).and_then(|record| record.place.clone());
        if let (Some(place), Some(Out::YMap(node))) = (place, nodes.get(txn, id.as_str())) {
            node.insert(txn, record::PLACE, record::place_value(&Place { position, ..place }));
        }
    }
}
