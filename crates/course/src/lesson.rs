//! A lesson's document: body, schema version, assets.
//!
//! Roots: `body` (XML fragment, as y-prosemirror writes it), `meta` (`schema`: the version of the body's schema;
//! `frontMatter`: the settings of the file that the lesson was imported from, if it had any), `assets`
//! (hash → `{mime, bytes, name}`).

use crate::any;
use crate::error::{BodyError, Integrate};
use crate::guard::Guarded;
use crate::xml;
use inkhorn_protocol::body::{Attrs, Node};
use inkhorn_protocol::projection::AssetRef;
use inkhorn_protocol::schema;
use serde_json::Value;
use std::{collections::HashMap, sync::Arc};
use yrs::{Any, Map, MapRef, Out, ReadTxn, TransactionMut, WriteTxn, XmlFragment};

pub(crate) const BODY: &str = "body";
const META: &str = "meta";
const ASSETS: &str = "assets";
const SCHEMA: &str = "schema";
const FRONT_MATTER: &str = "frontMatter";

/// Levels of front matter that is kept as JSON text: serde_json reads no more than 127.
const MAX_TEXT_DEPTH: usize = 120;

/// Levels of nested nodes that a body may have. No real lesson comes near it (a list item takes two),
/// and a tree of this depth can be dropped, compared and serialised by recursion on any thread.
pub const MAX_DEPTH: usize = 100;

/// The document of one lesson. Every write is one transaction and returns its Yjs v1 update.
/// After [`Integrate::Poisoned`] it must be rebuilt from its log.
pub struct Lesson {
    pub(crate) document: Guarded,
}

impl Lesson {
    /// A document without content that writes as `client`, a fresh random id. Writes nothing.
    pub fn new(client: u64) -> Self {
        Self { document: Guarded::new(client, schema::LESSON_ROOTS) }
    }

    /// A new lesson with its first update, which its creator alone writes, once: schema version, body (a `doc`), assets.
    /// An empty body gets an empty paragraph: an editor needs a block to stand in, and must not write one on opening.
    pub fn create(
        client: u64,
        body: &Node,
        schema_version: u32,
        assets: &[AssetRef],
    ) -> Result<(Self, Vec<u8>), BodyError> {
        Self::create_with_front_matter(client, body, schema_version, assets, &Attrs::new())
    }

    /// As [`Lesson::create`], with the settings of the file that the lesson comes from.
    pub fn create_with_front_matter(
        client: u64,
        body: &Node,
        schema_version: u32,
        assets: &[AssetRef],
        front_matter: &Attrs,
    ) -> Result<(Self, Vec<u8>), BodyError> {
        xml::check(&body.content)?;
        let front_matter = front_to_any(front_matter)?;
        let empty = [Node::new("paragraph", vec![])];
        let blocks = if body.content.is_empty() { &empty } else { body.content.as_slice() };
        let mut lesson = Self::new(client);
        let update = lesson.write(|txn| {
            let meta = txn.get_or_insert_map(META);
            meta.insert(txn, SCHEMA, schema_version);
            if let Some(front_matter) = front_matter {
                meta.insert(txn, FRONT_MATTER, front_matter);
            }
            let fragment = txn.get_or_insert_xml_fragment(BODY);
            xml::append(txn, &fragment, blocks);
            let map = txn.get_or_insert_map(ASSETS);
            write_assets(txn, &map, assets);
        })?;
        Ok((lesson, update.unwrap_or_default()))
    }

    /// A lesson from one update that holds its whole state.
    pub fn load(client: u64, state: &[u8]) -> Result<Self, Integrate> {
        Ok(Self { document: Guarded::load(client, schema::LESSON_ROOTS, state)? })
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

    /// The body as a `doc` node. Marks stand in the order of the schema; adjacent texts of equal marks are one.
    pub fn body(&self) -> Result<Node, BodyError> {
        Ok(self.read_body()?.doc)
    }

    /// Version of the body's schema; `None` until the lesson's first update has arrived.
    pub fn schema_version(&self) -> Result<Option<u32>, Integrate> {
        self.document.read(|txn| {
            let version = txn.get_map(META)?.get(txn, SCHEMA)?;
            let Out::Any(version) = version else { return None };
            any::to_json(&version).as_u64().and_then(|version| u32::try_from(version).ok())
        })
    }

    /// The settings of the file that the lesson was imported from; empty if it had none.
    pub fn front_matter(&self) -> Result<Attrs, Integrate> {
        let front_matter = self.document.read(|txn| match txn.get_map(META)?.get(txn, FRONT_MATTER)? {
            Out::Any(value) => front_from_any(&value),
            _ => None,
        })?;
        Ok(front_matter.unwrap_or_default())
    }

    /// True when this build must not open the lesson for editing: a newer schema, or nodes and marks that it does not
    /// know, which y-prosemirror would delete.
    pub fn has_unknown_content(&self) -> Result<bool, BodyError> {
        let newer = self.schema_version()?.is_some_and(|version| version > schema::BODY_SCHEMA_VERSION);
        Ok(newer || self.read_body()?.unknown)
    }

    /// The assets that the lesson names, by hash.
    pub fn assets(&self) -> Result<Vec<AssetRef>, Integrate> {
        let mut assets = self.document.read(|txn| txn.get_map(ASSETS).map(|map| read_assets(txn, &map)))?;
        let assets = assets.get_or_insert_default();
        assets.sort();
        Ok(std::mem::take(assets))
    }

    fn read_body(&self) -> Result<xml::Body, BodyError> {
        self.document.read(|txn| match txn.get_xml_fragment(BODY) {
            Some(fragment) => xml::read(txn, &fragment),
            None => Ok(xml::Body { doc: Node::new("doc", vec![]), unknown: false }),
        })?
    }

    // ---- writing ---------------------------------------------------------------

    /// Adds blocks at the end; `None` when there were none.
    pub fn append(&mut self, blocks: &[Node]) -> Result<Option<Vec<u8>>, BodyError> {
        xml::check(blocks)?;
        Ok(self.write(|txn| {
            let fragment = txn.get_or_insert_xml_fragment(BODY);
            xml::append(txn, &fragment, blocks);
        })?)
    }

    /// Replaces the whole body, as new edits. For restoring a version, not for edits: what others
    /// write at the same time into the old blocks goes with them.
    pub fn set_body(&mut self, body: &Node) -> Result<Option<Vec<u8>>, BodyError> {
        xml::check(&body.content)?;
        Ok(self.write(|txn| {
            let fragment = txn.get_or_insert_xml_fragment(BODY);
            let len = fragment.len(txn);
            if len > 0 {
                fragment.remove_range(txn, 0, len);
            }
            xml::append(txn, &fragment, &body.content);
        })?)
    }

    /// Names assets; those that are named already stay as they are. `None` when all were.
    pub fn add_assets(&mut self, assets: &[AssetRef]) -> Result<Option<Vec<u8>>, Integrate> {
        let known = self.assets()?;
        let new: Vec<_> =
            assets.iter().filter(|new| known.iter().all(|old| old.hash != new.hash)).cloned().collect();
        self.write(|txn| {
            let map = txn.get_or_insert_map(ASSETS);
            write_assets(txn, &map, &new);
        })
    }

    /// Names one asset.
    pub fn add_asset(&mut self, asset: &AssetRef) -> Result<Option<Vec<u8>>, Integrate> {
        self.add_assets(std::slice::from_ref(asset))
    }

    pub(crate) fn write(
        &mut self,
        edit: impl FnOnce(&mut TransactionMut<'_>),
    ) -> Result<Option<Vec<u8>>, Integrate> {
        self.document.write(edit)
    }
}

/// Front matter as a map, or, where a map of ours would not give it back as it is, as JSON text: numbers that JavaScript
/// rounds, keys and depths that the validator refuses. `None` if there is none.
fn front_to_any(front_matter: &Attrs) -> Result<Option<Any>, BodyError> {
    if front_matter.is_empty() {
        return Ok(None);
    }
    let value = Value::from_iter(front_matter.clone());
    let depth = any::depth(&value);
    if depth > MAX_TEXT_DEPTH {
        return Err(BodyError::TooDeep);
    }
    if depth <= any::MAX_VALUE_DEPTH && !names_proto(&value) {
        let plain = any::from_json(&value);
        if any::to_json(&plain) == value {
            return Ok(Some(plain));
        }
    }
    Ok(Some(Any::String(Arc::from(value.to_string()))))
}

fn front_from_any(value: &Any) -> Option<Attrs> {
    match value {
        Any::Map(fields) => {
            Some(fields.iter().map(|(name, value)| (name.clone(), any::to_json(value))).collect())
        }
        Any::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// Whether a key is one that would reach into JavaScript's prototypes: no update may have it.
fn names_proto(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(names_proto),
        Value::Object(map) => map.iter().any(|(key, value)| key == "__proto__" || names_proto(value)),
        _ => false,
    }
}

fn write_assets(txn: &mut TransactionMut<'_>, map: &MapRef, assets: &[AssetRef]) {
    for asset in assets {
        let fields = [
            ("mime", Any::String(Arc::from(asset.mime.as_str()))),
            ("bytes", any::from_json(&asset.bytes.into())),
            ("name", Any::String(Arc::from(asset.name.as_str()))),
        ];
        let fields: HashMap<_, _> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        map.insert(txn, asset.hash.as_str(), Any::Map(Arc::new(fields)));
    }
}

fn read_assets<T: ReadTxn>(txn: &T, map: &MapRef) -> Vec<AssetRef> {
    let read = |(hash, value): (&str, Out)| {
        let Out::Any(Any::Map(fields)) = value else { return None };
        let text = |name: &str| match fields.get(name) {
            Some(Any::String(text)) => text.to_string(),
            _ => String::new(),
        };
        let bytes = fields.get("bytes").and_then(|bytes| any::to_json(bytes).as_u64()).unwrap_or(0);
        Some(AssetRef { hash: hash.parse().ok()?, mime: text("mime"), bytes, name: text("name") })
    };
    map.iter(txn).filter_map(read).collect()
}
