//! The tree of prefixes: which keys there are, and at which generation each was last invalidated.
//!
//! An invalidation marks one node, however many keys lie below it: the node gets the next number of one counter
//! of the whole cache. The generation of a key is the largest number on its way up to the root. So marking costs
//! the same for ten keys and for a million, and the generation rule ([`crate::entry`]) needs no more than this one
//! number.
//!
//! Nodes are found by a hash of their path, 64 bits from a random seed, and keep no text. Two prefixes that share
//! a hash would be invalidated together, which costs a fetch and hides nothing; keys are compared as well.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::{BuildHasher, Hasher};

/// Number of a node. It is used again after its last key is gone.
pub type Id = u32;
/// The node of the empty prefix.
pub const ROOT: Id = 0;

/// Nodes a block: blocks never move, and the last one wastes less than doubling a vector does.
const BLOCK: usize = 256;

/// Keys with a `T` each, by prefix.
#[derive(Clone)]
pub struct Tree<T> {
    blocks: Vec<Vec<Node<T>>>,
    by_hash: HashTable<Id>,
    free: Vec<Id>,
    hasher: DefaultHashBuilder,
    clock: u64,
    len: usize,
}

#[derive(Clone)]
struct Node<T> {
    hash: u64,
    /// The counter when this prefix was last invalidated; 0 is never.
    raised: u64,
    parent: Id,
    /// Children, and one for the value.
    uses: u32,
    value: Option<T>,
}

impl<T> std::fmt::Debug for Tree<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree").field("len", &self.len).field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl<T> Default for Tree<T> {
    fn default() -> Self {
        // The root counts as invalidated once, so that whatever has never been read is stale.
        let root = Node { hash: 0, raised: 1, parent: ROOT, uses: 1, value: None };
        let mut first = Vec::with_capacity(BLOCK);
        first.push(root);
        Self {
            blocks: vec![first],
            by_hash: HashTable::new(),
            free: Vec::new(),
            hasher: DefaultHashBuilder::default(),
            clock: 1,
            len: 0,
        }
    }
}

impl<T> Tree<T> {
    fn node(&self, id: Id) -> &Node<T> {
        &self.blocks[id as usize / BLOCK][id as usize % BLOCK]
    }
    fn node_mut(&mut self, id: Id) -> &mut Node<T> {
        &mut self.blocks[id as usize / BLOCK][id as usize % BLOCK]
    }

    fn longer(&self, hash: u64, segment: &str) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u64(hash);
        hasher.write(segment.as_bytes());
        hasher.finish()
    }

    /// Hash of a path that `walk` gives segment by segment.
    pub fn hash<'a>(&self, walk: impl FnOnce(&mut dyn FnMut(&'a str))) -> u64 {
        let mut hash = 0;
        walk(&mut |segment| hash = self.longer(hash, segment));
        hash
    }

    /// The node of a path with this hash whose value fits.
    pub fn find(&self, hash: u64, mut fits: impl FnMut(&T) -> bool) -> Option<Id> {
        let found = self.by_hash.find(hash, |&id| {
            let node = self.node(id);
            node.hash == hash && node.value.as_ref().is_some_and(&mut fits)
        });
        found.copied()
    }

    /// The nodes of a prefix: one, unless two prefixes share a hash; none when no key lies at or below it.
    pub fn at(&self, prefix: &[&str]) -> Vec<Id> {
        if prefix.is_empty() {
            return vec![ROOT];
        }
        let hash = prefix.iter().fold(0, |hash, segment| self.longer(hash, segment));
        self.by_hash.iter_hash(hash).copied().filter(|&id| self.node(id).hash == hash).collect()
    }

    /// Puts a value at a path that has none.
    pub fn insert(&mut self, path: &[&str], value: T) -> Id {
        let (mut at, mut hash) = (ROOT, 0);
        for (depth, segment) in path.iter().enumerate() {
            hash = self.longer(hash, segment);
            let last = depth + 1 == path.len();
            let known = self.by_hash.find(hash, |&id| {
                let node = self.node(id);
                node.hash == hash && !(last && node.value.is_some())
            });
            at = match known {
                Some(&id) => id,
                None => self.grow(Node { hash, raised: 0, parent: at, uses: 0, value: None }),
            };
        }
        let node = self.node_mut(at);
        node.uses += 1;
        node.value = Some(value);
        self.len += 1;
        at
    }

    fn grow(&mut self, node: Node<T>) -> Id {
        let (hash, parent) = (node.hash, node.parent);
        self.node_mut(parent).uses += 1;
        let id = match self.free.pop() {
            Some(id) => {
                *self.node_mut(id) = node;
                id
            }
            None => {
                if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
                    self.blocks.push(Vec::with_capacity(BLOCK));
                }
                let full = (self.blocks.len() - 1) * BLOCK;
                let Some(block) = self.blocks.last_mut() else { return ROOT };
                block.push(node);
                // 2^32 nodes of 100 bytes do not fit into any memory that this runs in.
                u32::try_from(full + block.len() - 1).unwrap_or(ROOT)
            }
        };
        let blocks = &self.blocks;
        let rehash = |&id: &Id| blocks[id as usize / BLOCK][id as usize % BLOCK].hash;
        self.by_hash.insert_unique(hash, id, rehash);
        id
    }

    /// Takes the value away, and the nodes that only it needed.
    pub fn remove(&mut self, id: Id) -> Option<T> {
        let value = self.node_mut(id).value.take()?;
        self.len -= 1;
        let mut at = id;
        loop {
            let node = self.node_mut(at);
            node.uses -= 1;
            if node.uses > 0 || at == ROOT {
                return Some(value);
            }
            let (hash, parent) = (node.hash, node.parent);
            if let Ok(entry) = self.by_hash.find_entry(hash, |&id| id == at) {
                entry.remove();
            }
            self.free.push(at);
            at = parent;
        }
    }

    /// The value of a node.
    pub fn get(&self, id: Id) -> Option<&T> {
        self.node(id).value.as_ref()
    }
    /// The value of a node.
    pub fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        self.node_mut(id).value.as_mut()
    }

    /// Marks everything at or below a node as changed.
    pub fn raise(&mut self, id: Id) -> u64 {
        self.clock += 1;
        let clock = self.clock;
        self.node_mut(id).raised = clock;
        clock
    }

    /// When the node or anything above it was last invalidated.
    pub fn generation(&self, id: Id) -> u64 {
        self.up(id).map(|id| self.node(id).raised).max().unwrap_or(0)
    }

    /// A node and all that it lies below, up to the root.
    pub fn up(&self, id: Id) -> impl Iterator<Item = Id> {
        std::iter::successors(Some(id), |&id| (id != ROOT).then(|| self.node(id).parent))
    }

    /// Every value.
    pub fn iter(&self) -> impl Iterator<Item = (Id, &T)> {
        let blocks = self.blocks.iter().enumerate();
        blocks.flat_map(|(block, nodes)| {
            nodes.iter().enumerate().filter_map(move |(at, node)| {
                let id = u32::try_from(block * BLOCK + at).ok()?;
                Some((id, node.value.as_ref()?))
            })
        })
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(tree: &Tree<&'static str>, prefix: &[&str]) -> Vec<&'static str> {
        let nodes = tree.at(prefix);
        let mut found: Vec<_> = tree
            .iter()
            .filter(|(id, _)| tree.up(*id).any(|node| nodes.contains(&node)))
            .map(|(_, value)| *value)
            .collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn a_prefix_matches_whole_segments_only() {
        let mut tree = Tree::default();
        let a = tree.insert(&["course", "a", "outline"], "a outline");
        tree.insert(&["course", "ab", "outline"], "ab outline");
        tree.insert(&["course", "a"], "a");
        tree.insert(&["courses"], "courses");
        assert_eq!(below(&tree, &["course", "a"]), ["a", "a outline"]);
        assert_eq!(below(&tree, &["course"]).len(), 3);
        assert_eq!(below(&tree, &["cour"]), [""; 0]);
        assert_eq!(below(&tree, &[]).len(), 4);
        assert_eq!(tree.remove(a), Some("a outline"));
        assert_eq!(tree.at(&["course", "a", "outline"]), []);
        assert_eq!(below(&tree, &["course", "a"]), ["a"]);
    }

    #[test]
    fn a_mark_reaches_all_below_it_and_nothing_beside_it() {
        let mut tree = Tree::default();
        let (one, two) = (tree.insert(&["a", "1"], ()), tree.insert(&["b", "2"], ()));
        let before = tree.generation(two);
        let mark = tree.raise(tree.at(&["a"])[0]);
        assert_eq!((tree.generation(one), tree.generation(two)), (mark, before));
        let all = tree.raise(ROOT);
        assert_eq!((tree.generation(one), tree.generation(two)), (all, all));
        let leaf = tree.raise(two);
        assert_eq!((tree.generation(one), tree.generation(two)), (all, leaf));
    }

    #[test]
    fn nodes_that_nobody_needs_are_used_again() {
        let mut tree = Tree::default();
        for round in 0..10 {
            let ids: Vec<_> =
                (0..1_000).map(|n| tree.insert(&["x", &format!("{round}"), &format!("{n}")], n)).collect();
            assert_eq!((tree.len(), tree.blocks.len()), (1_000, 4));
            for id in ids {
                tree.remove(id);
            }
            assert!(tree.is_empty() && tree.at(&["x"]).is_empty());
        }
    }
}
