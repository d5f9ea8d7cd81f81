//! Blocks that somebody else takes away while an author writes in them: a copy of each as it was, where it stood, and putting
//! such a copy back. Which items those are is told by [`inkhorn_updates::Collateral`]; here they are found in the body.

use crate::error::{BodyError, Integrate};
use crate::lesson::{BODY, Lesson};
use crate::xml;
use inkhorn_protocol::body::Node;
use inkhorn_updates::Collateral;
use std::collections::{BTreeSet, HashMap};
use yrs::branch::{Branch, BranchID};
use yrs::{ReadTxn, TransactionMut, WriteTxn, XmlFragment, XmlOut};

/// Client and clock of the item that created a node.
pub type ItemId = (u64, u32);

/// Neighbours that a place remembers on each side: one of them will be there still.
const NEIGHBOURS: usize = 8;

/// A run of fewer characters may stand in any text: then the whole block must be found elsewhere.
const TELLING: usize = 4;

/// Attributes that hold what an author writes or inserts. Others (a language, a direction) are choices, not words.
const WORDS: [&str; 8] = ["alt", "title", "caption", "latex", "text", "html", "name", "src"];

/// Nodes that cannot stand by themselves: a copy keeps a shell of what was around them.
const PARTS: [&str; 11] = [
    "listItem",
    "taskItem",
    "tableRow",
    "tableCell",
    "tableHeader",
    "column",
    "detailsSummary",
    "detailsContent",
    "inlineMath",
    "footnote",
    "hardBreak",
];

/// Where a block stands, by its neighbours: the nearest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Blocks before it.
    pub after: Vec<ItemId>,
    /// Blocks behind it.
    pub before: Vec<ItemId>,
}

/// A block that is about to go, with words in it that whoever takes it away has not seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Going {
    /// What goes: the outermost node.
    pub container: ItemId,
    /// The block as it is, with all that is in it.
    pub block: Node,
    /// Where it stands.
    pub place: Place,
    /// The words that were not seen.
    words: Vec<String>,
}

/// What a lesson is before an update that takes something away.
#[derive(Debug, Clone)]
pub struct Before {
    going: Vec<Going>,
    nodes: BTreeSet<ItemId>,
}

impl Before {
    /// All that goes, whatever the lesson becomes.
    pub fn all(self) -> Vec<Going> {
        self.going
    }

    /// Whether nothing is to be kept, whatever the lesson becomes.
    pub fn is_empty(&self) -> bool {
        self.going.is_empty()
    }
}

impl Lesson {
    /// Copies of the blocks that an update is about to take away with these words in them. To be asked before it is applied.
    ///
    /// # Errors
    /// [`BodyError`] where the body does not read.
    pub fn before(&self, collateral: &[Collateral]) -> Result<Before, BodyError> {
        self.document.read(|txn| {
            let mut before = Before { going: Vec::new(), nodes: BTreeSet::new() };
            let walk = Walk::of(txn);
            before.nodes.extend(walk.nodes.iter().filter_map(|node| node.id));
            for lost in collateral {
                let told = |run: &inkhorn_updates::Run| {
                    run.key.as_deref().is_none_or(|key| WORDS.contains(&key)) && !run.text.trim().is_empty()
                };
                let words: Vec<String> =
                    lost.runs.iter().filter(|run| told(run)).map(|run| run.text.clone()).collect();
                let at = walk.by_id.get(&lost.container).copied();
                if let (Some(at), false) = (at, words.is_empty()) {
                    let Some((block, place)) = walk.copy(txn, at)? else { continue };
                    before.going.push(Going { container: lost.container, block, place, words });
                }
            }
            Ok(before)
        })?
    }

    /// Of the blocks that went, those whose words are not in what the same update brought: a block that somebody moves is
    /// written anew elsewhere. To be asked after the update was applied.
    ///
    /// # Errors
    /// [`BodyError`] where the body does not read.
    pub fn lost(&self, before: &Before) -> Result<Vec<Going>, BodyError> {
        let new = self.document.read(|txn| {
            let walk = Walk::of(txn);
            let is_new = |at: usize| {
                walk.nodes.get(at).and_then(|node| node.id).is_some_and(|id| !before.nodes.contains(&id))
            };
            let mut texts = Vec::new();
            for (at, node) in walk.nodes.iter().enumerate() {
                // The outermost of what is new tells all that is in it.
                if is_new(at) && !node.parent.is_some_and(is_new) {
                    let read = xml::read_nodes(txn, vec![node.xml.clone()])?;
                    texts.push(plain(&read.doc));
                }
            }
            Ok::<_, BodyError>(texts)
        })??;
        let found = |going: &Going| {
            let short = going.words.iter().any(|word| word.trim().chars().count() < TELLING);
            new.iter().any(|text| {
                going.words.iter().all(|word| text.contains(word.trim()))
                    && (!short || text.contains(plain(&going.block).trim()))
            })
        };
        Ok(before.going.iter().filter(|going| !found(going)).cloned().collect())
    }

    /// Writes blocks at a place: behind the nearest neighbour that is there still, else before the nearest one, else at the
    /// end. `None` when there were none.
    ///
    /// # Errors
    /// [`BodyError`] for blocks that no lesson takes.
    pub fn put_blocks(&mut self, place: &Place, blocks: &[Node]) -> Result<Option<Vec<u8>>, BodyError> {
        xml::check(blocks)?;
        Ok(self.write(|txn| {
            let at = index(txn, place);
            let fragment = txn.get_or_insert_xml_fragment(BODY);
            xml::insert(txn, &fragment, at.unwrap_or_else(|| fragment.len(txn)), blocks);
        })?)
    }

    /// Client and clock of each block at the top, in order.
    ///
    /// # Errors
    /// The document's.
    pub fn blocks(&self) -> Result<Vec<ItemId>, Integrate> {
        self.document.read(|txn| top(txn).iter().filter_map(id).collect())
    }
}

/// The text of a body or a block, a line for each paragraph; with the words that attributes hold.
pub fn plain(block: &Node) -> String {
    let mut text = String::new();
    block.walk(|node| {
        match &node.text {
            Some(part) => text.push_str(part),
            None if !matches!(node.kind.as_str(), "inlineMath" | "footnote" | "hardBreak") => {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push('\n');
                }
            }
            None => text.push(' '),
        }
        let held = WORDS.iter().filter_map(|name| node.attr(name)).filter(|held| !held.is_empty());
        for held in held {
            text.push_str(held);
            text.push(' ');
        }
    });
    text
}

fn top<T: ReadTxn>(txn: &T) -> Vec<XmlOut> {
    txn.get_xml_fragment(BODY).map(|body| body.children(txn).collect()).unwrap_or_default()
}

fn index(txn: &TransactionMut<'_>, place: &Place) -> Option<u32> {
    let now: Vec<Option<ItemId>> = top(txn).iter().map(id).collect();
    let find = |wanted: &ItemId| now.iter().position(|id| *id == Some(*wanted));
    let behind = place.after.iter().find_map(find).map(|at| at + 1);
    let at = behind.or_else(|| place.before.iter().find_map(find));
    at.and_then(|at| u32::try_from(at).ok())
}

fn id(node: &XmlOut) -> Option<ItemId> {
    let branch: &Branch = match node {
        XmlOut::Element(element) => element.as_ref(),
        XmlOut::Text(text) => text.as_ref(),
        XmlOut::Fragment(fragment) => fragment.as_ref(),
    };
    match branch.id() {
        BranchID::Nested(id) => Some((id.client.get(), id.clock)),
        BranchID::Root(_) => None,
    }
}

/// All nodes of a body, parents first.
struct Walk {
    nodes: Vec<Found>,
    by_id: HashMap<ItemId, usize>,
    top: Vec<usize>,
}

struct Found {
    xml: XmlOut,
    id: Option<ItemId>,
    parent: Option<usize>,
}

impl Walk {
    fn of<T: ReadTxn>(txn: &T) -> Self {
        let mut walk = Self { nodes: Vec::new(), by_id: HashMap::new(), top: Vec::new() };
        let mut stack: Vec<(XmlOut, Option<usize>)> =
            top(txn).into_iter().rev().map(|xml| (xml, None)).collect();
        while let Some((xml, parent)) = stack.pop() {
            let (at, id) = (walk.nodes.len(), id(&xml));
            if let XmlOut::Element(element) = &xml {
                let children: Vec<_> = element.children(txn).collect();
                stack.extend(children.into_iter().rev().map(|child| (child, Some(at))));
            }
            if parent.is_none() {
                walk.top.push(at);
            }
            walk.by_id.extend(id.map(|id| (id, at)));
            walk.nodes.push(Found { xml, id, parent });
        }
        walk
    }

    fn parent(&self, at: usize) -> Option<usize> {
        self.nodes.get(at).and_then(|node| node.parent)
    }

    /// The block that a node is, or is a part of, without what stands beside it there.
    fn copy<T: ReadTxn>(&self, txn: &T, at: usize) -> Result<Option<(Node, Place)>, BodyError> {
        let Some(found) = self.nodes.get(at) else { return Ok(None) };
        // A text is nothing without its paragraph.
        let mut at = match (&found.xml, found.parent) {
            (XmlOut::Text(_), Some(parent)) => parent,
            _ => at,
        };
        let Some(unit) = self.nodes.get(at) else { return Ok(None) };
        let Some(mut block) = xml::read_nodes(txn, vec![unit.xml.clone()])?.doc.content.into_iter().next()
        else {
            return Ok(None);
        };
        while let (Some(parent), true) = (self.parent(at), PARTS.contains(&block.kind.as_str())) {
            let shell = self.nodes.get(parent).map(|node| &node.xml);
            let Some(XmlOut::Element(element)) = shell else { break };
            let Some(kind) = element.try_tag() else { break };
            let mut around = Node::new(kind, vec![block]);
            around.attrs = xml::attrs(txn, element);
            block = around;
            at = parent;
        }
        let mut outer = at;
        while let Some(parent) = self.parent(outer) {
            outer = parent;
        }
        let Some(position) = self.top.iter().position(|top| *top == outer) else { return Ok(None) };
        let ids = |range: &[usize]| -> Vec<ItemId> {
            range.iter().filter_map(|at| self.nodes.get(*at)?.id).collect()
        };
        // Itself too, when only a part of it goes.
        let mut after = ids(self.top.get(..=position).unwrap_or_default());
        after.reverse();
        after.truncate(NEIGHBOURS);
        let mut before = ids(self.top.get(position + 1..).unwrap_or_default());
        before.truncate(NEIGHBOURS);
        Ok(Some((block, Place { after, before })))
    }
}
