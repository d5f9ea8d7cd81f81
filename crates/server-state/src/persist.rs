//! Data across restarts: an image of what is worth keeping, with version and age. What is damaged, or was written by
//! another version, is ignored as a whole: it is a cache, its source still has everything.

use crate::cache::ServerState;
use crate::policy::Policy;
use crate::shared::Shared;
use crate::slot::{Cause, Hold, Slot};
use crate::source::Fetch;
use std::sync::Arc;

/// How keys and data become bytes and come back.
pub trait Codec<K, D>: Send + Sync {
    /// Version of the encoding: raise it when the bytes change their meaning. Images of other versions are ignored.
    fn version(&self) -> u32;
    /// A key as bytes.
    fn key_to_bytes(&self, key: &K) -> Vec<u8>;
    /// A key from bytes; none when they are not one.
    fn key_from_bytes(&self, bytes: &[u8]) -> Option<K>;
    /// Data as bytes; none when it is not worth keeping.
    fn data_to_bytes(&self, data: &D) -> Option<Vec<u8>>;
    /// Data from bytes; none when they are not what this key holds.
    fn data_from_bytes(&self, key: &K, bytes: &[u8]) -> Option<D>;
}

/// Where an image is kept.
pub trait Persist: Send + Sync {
    /// The last image; none when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn load(&self) -> std::io::Result<Option<Vec<u8>>>;
    /// Puts an image in the place of the last one, all of it or nothing.
    ///
    /// # Errors
    /// When it cannot be written; the last one is then still there.
    fn save(&self, image: &[u8]) -> std::io::Result<()>;
}

/// What became of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restored {
    /// There was none.
    Nothing,
    /// So many entries are back.
    Entries(usize),
    /// It was written by a version that writes differently; it is not used.
    OtherVersion,
    /// It is damaged; it is not used.
    Damaged,
}

/// First bytes of an image, and version of its frame.
const MAGIC: &[u8; 8] = b"cache\0\0\x01";

impl<F: Fetch> ServerState<F> {
    /// Writes the data of every key whose [`Policy::persist`] is set. `wall_ms` is the time of day, in milliseconds
    /// since the Unix epoch. Overlays are not part of it: pending operations are kept by whoever sends them.
    ///
    /// # Errors
    /// Those of `persist`.
    pub fn save(
        &self,
        persist: &impl Persist,
        codec: &impl Codec<F::Key, F::Data>,
        wall_ms: u64,
    ) -> std::io::Result<()> {
        persist.save(&self.shared.image(codec, wall_ms))
    }

    /// Brings back what [`ServerState::save`] wrote, each entry as old as it is. What has been missed since then is
    /// unknown: a key without a stale time comes back stale. What is known already stays.
    ///
    /// # Errors
    /// Those of `persist`; bytes that make no sense are none.
    pub fn restore(
        &self,
        persist: &impl Persist,
        codec: &impl Codec<F::Key, F::Data>,
        wall_ms: u64,
    ) -> std::io::Result<Restored> {
        let Some(image) = persist.load()? else { return Ok(Restored::Nothing) };
        Ok(self.shared.restore(&image, codec, wall_ms))
    }
}

impl<F: Fetch> Shared<F> {
    fn image(&self, codec: &impl Codec<F::Key, F::Data>, wall_ms: u64) -> Vec<u8> {
        let now = i64::try_from(self.now()).unwrap_or(i64::MAX);
        let mut worth = Vec::new();
        {
            let state = self.read();
            for (_, slot) in state.tree.iter() {
                let (data, version, updated_at) = match &slot.hold {
                    Hold::Rest(rest) => (rest.data.upgrade(), rest.version, rest.updated_at),
                    Hold::Active(active) => {
                        (active.data.clone(), active.entry.version(), active.entry.updated_at())
                    }
                };
                if let Some(data) = data
                    && self.fetch.policy(&slot.key).persist
                {
                    worth.push((slot.key.clone(), data, version, updated_at));
                }
            }
        }
        // The slow part, without the lock.
        let mut out = MAGIC.to_vec();
        out.extend(codec.version().to_le_bytes());
        out.extend(wall_ms.to_le_bytes());
        for (key, data, version, updated_at) in worth {
            let Some(data) = codec.data_to_bytes(&data) else { continue };
            let age = u64::try_from(now.saturating_sub(updated_at)).unwrap_or(0);
            out.extend(version.to_le_bytes());
            out.extend(age.to_le_bytes());
            for bytes in [codec.key_to_bytes(&key), data] {
                out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
                out.extend(bytes);
            }
        }
        out.extend(checksum(&out).to_le_bytes());
        out
    }

    fn restore(&self, image: &[u8], codec: &impl Codec<F::Key, F::Data>, wall_ms: u64) -> Restored {
        let Some((body, sum)) = image.split_last_chunk::<8>() else { return Restored::Damaged };
        if !body.starts_with(MAGIC) {
            let ours = body.len() >= MAGIC.len() && body.starts_with(&MAGIC[..7]);
            return if ours { Restored::OtherVersion } else { Restored::Damaged };
        }
        if checksum(body) != u64::from_le_bytes(*sum) {
            return Restored::Damaged;
        }
        let mut bytes = Bytes(&body[MAGIC.len()..]);
        let (Some(version), Some(saved_ms)) = (bytes.u32(), bytes.u64()) else { return Restored::Damaged };
        if version != codec.version() {
            return Restored::OtherVersion;
        }
        // A clock that was set back says nothing about age: what it dates is old.
        let since = wall_ms.checked_sub(saved_ms);
        let mut found = Vec::new();
        while !bytes.0.is_empty() {
            let Some((version, age, key, data)) = bytes.entry() else { return Restored::Damaged };
            let Some(key) = codec.key_from_bytes(key) else { continue };
            let Some(data) = codec.data_from_bytes(&key, data) else { continue };
            found.push((key, data, version, since.and_then(|since| age.checked_add(since))));
        }
        let mut count = 0;
        let mut state = self.write();
        let now = i64::try_from(self.now()).unwrap_or(i64::MAX);
        for (key, data, version, age) in found {
            let policy: Policy = self.fetch.policy(&key);
            let forgotten =
                policy.gc_time.is_some_and(|gc| age.is_none_or(|age| u128::from(age) > gc.as_millis()));
            if !policy.persist || forgotten || self.find(&state, &key).is_some() {
                continue;
            }
            let known_age = age.and_then(|age| i64::try_from(age).ok());
            let updated_at = now.saturating_sub(known_age.unwrap_or(i64::MAX));
            let id = self.add(&mut state, &key, data, updated_at);
            // It may have been evicted at once.
            let Some(slot) = state.tree.get_mut(id).filter(|slot: &&mut Slot<_, _>| slot.key == key) else {
                continue;
            };
            slot.cause = Cause::Restored;
            if let Hold::Rest(rest) = &mut slot.hold {
                rest.version = version;
                if policy.stale_time.is_none() || age.is_none() {
                    rest.covered = 0;
                }
            }
            count += 1;
        }
        Restored::Entries(count)
    }
}

/// FNV-1a: an image is damaged by accident, not by intent.
fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }
    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }
    fn part(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(usize::try_from(length).ok()?)
    }
    fn entry(&mut self) -> Option<(u64, u64, &'a [u8], &'a [u8])> {
        Some((self.u64()?, self.u64()?, self.part()?, self.part()?))
    }
}

impl<P: Persist + ?Sized> Persist for Arc<P> {
    fn load(&self) -> std::io::Result<Option<Vec<u8>>> {
        (**self).load()
    }
    fn save(&self, image: &[u8]) -> std::io::Result<()> {
        (**self).save(image)
    }
}
