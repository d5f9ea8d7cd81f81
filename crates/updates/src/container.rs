//! The container check: may this kind of content sit in this kind of container? What passes, every replica can
//! integrate and read; what does not makes one of them hang, panic or disagree.

use crate::error::Misplaced;
use crate::structs::{Kind, TYPE_ELEMENT};

/// How deep shared types may nest. Readers and deletions recurse: 5,000 levels overflow a stack; real lessons stay
/// far below a hundred.
pub const MAX_NESTING: u8 = 200;

/// Type of a shared root, as the callers' schema names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootType {
    /// `Y.Map`
    Map,
    /// `Y.Array`
    Array,
    /// `Y.Text`
    Text,
    /// `Y.XmlFragment`
    Xml,
}

/// The roots that a document's readers read, by name. Other roots are stored and relayed, and never read.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    // A handful: a linear search beats a map.
    roots: Vec<(&'static str, RootType)>,
}

impl Schema {
    /// A schema of these roots.
    pub fn new(roots: impl IntoIterator<Item = (&'static str, RootType)>) -> Self {
        Self { roots: roots.into_iter().collect() }
    }

    /// The place of what lies directly in a root.
    pub(crate) fn root(&self, name: &str) -> Slot {
        match self.roots.iter().find(|(root, _)| *root == name) {
            Some((_, RootType::Map)) => Slot::Map,
            Some((_, RootType::Array)) => Slot::Array,
            Some((_, RootType::Text)) => Slot::Text,
            Some((_, RootType::Xml)) => Slot::Xml,
            None => Slot::Free,
        }
    }
}

/// What surrounds a struct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Slot {
    /// In a container that is gone: every replica turns what comes here into GC.
    Gone,
    /// In the sequence of a root that nobody reads.
    Free,
    /// Under a key of a root that nobody reads.
    FreeKey,
    /// In the sequence of a text, array, XML type or map (where nothing live may be).
    Text,
    Array,
    Xml,
    Map,
    /// Under a key of a map, or an attribute of an XML type or text.
    Key,
}

impl Slot {
    /// The place of what lies directly in a shared type, by its number in the format.
    pub(crate) fn inside(type_number: u64) -> Self {
        match type_number {
            0 => Slot::Array,
            1 => Slot::Map,
            2 | 6 => Slot::Text,
            _ => Slot::Xml,
        }
    }

    /// The place under a key of a container.
    pub(crate) fn keyed(self) -> Result<Self, Misplaced> {
        match self {
            Slot::Text | Slot::Xml | Slot::Map => Ok(Slot::Key),
            Slot::Free => Ok(Slot::FreeKey),
            Slot::Gone => Ok(Slot::Gone),
            // No writer puts a key on an array.
            Slot::Array | Slot::Key | Slot::FreeKey => Err(Misplaced::Kind),
        }
    }

    /// Whether content of this kind may be here.
    pub(crate) fn takes(self, kind: Kind, type_number: Option<u64>) -> bool {
        match (self, kind) {
            (_, Kind::Deleted | Kind::Gc) | (Slot::Gone | Slot::Free | Slot::FreeKey, _) => true,
            (Slot::Text, kind) => matches!(kind, Kind::Text | Kind::Embed | Kind::Format),
            (Slot::Xml, Kind::Type) => matches!(type_number, Some(TYPE_ELEMENT | 4 | 6)),
            (Slot::Array | Slot::Key, kind) => matches!(kind, Kind::Binary | Kind::Type | Kind::Any),
            (Slot::Xml | Slot::Map, _) => false,
        }
    }
}

/// Where a struct sits and what it opens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) slot: Slot,
    /// For a shared type, the place of its children; else [`Slot::Gone`].
    pub(crate) inside: Slot,
    /// Shared types around it.
    pub(crate) depth: u8,
}

impl Place {
    pub(crate) const GONE: Place = Place { slot: Slot::Gone, inside: Slot::Gone, depth: 0 };
}
