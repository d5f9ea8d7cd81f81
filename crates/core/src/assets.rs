//! Images and other files of lessons: stored by hash, named in the lesson's own document.

use crate::{Code, Core, CoreError, Result, blocking};
use inkhorn_protocol::media;
use inkhorn_protocol::projection::{AssetInfo, AssetRef, AssetState, Transfer, TransferState};
use inkhorn_protocol::rest::MAX_ASSET_BYTES;
use inkhorn_protocol::{AssetHash, CourseId, DocId, NodeId};
use inkhorn_replica::{Edited, Origin};
use std::io::{self, Read as _, Seek as _};
use std::path::Path;

/// Where an asset is, of a course that is shared or not.
fn state(row: &inkhorn_replica::AssetRow, shared: bool) -> AssetState {
    match (row.here, row.uploaded) {
        (false, _) => AssetState::WaitsForDownload,
        (true, _) if !shared => AssetState::Local,
        (true, false) => AssetState::WaitsForUpload,
        (true, true) => AssetState::Synced,
    }
}

impl Core {
    /// Assets of a course with where they are.
    ///
    /// # Errors
    /// [`Code::NotFound`], and the store's.
    pub async fn assets(&self, course: &CourseId) -> Result<Vec<AssetInfo>> {
        let shared = self.replica().course(course).await?.shared;
        let rows = self.replica().assets(Some(course)).await?;
        let info =
            |row: inkhorn_replica::AssetRow| AssetInfo { state: state(&row, shared), asset: row.asset };
        Ok(rows.into_iter().map(info).collect())
    }

    /// Assets of a shared course that are not in both places yet.
    ///
    /// # Errors
    /// [`Code::NotFound`], and the store's.
    pub async fn transfers(&self, course: &CourseId) -> Result<Vec<Transfer>> {
        let online = self.net().is_connected();
        let shared = self.replica().course(course).await?.shared;
        let rows = self.replica().assets(Some(course)).await?;
        let transfer = |row: inkhorn_replica::AssetRow| {
            let up = match state(&row, shared) {
                AssetState::WaitsForUpload => true,
                AssetState::WaitsForDownload => false,
                AssetState::Local | AssetState::Synced => return None,
            };
            let lesson = match row.doc {
                Some(DocId::Lesson(lesson)) => Some(lesson),
                Some(DocId::Course(_)) | None => None,
            };
            let moved = self.net().moved(course, &row.asset.hash).filter(|_| online);
            let why = self.net().not_moved(course, &row.asset.hash).filter(|_| online);
            let state = match (online, moved) {
                (false, _) => TransferState::Offline,
                (true, None) => TransferState::Waits,
                (true, Some(_)) => TransferState::Moves,
            };
            Some(Transfer { asset: row.asset, up, state, done: moved.unwrap_or(0), lesson, why })
        };
        Ok(rows.into_iter().filter_map(transfer).collect())
    }

    /// Stores a file and names it in a lesson. The type is told by the content; what is neither shown nor played has
    /// [`media::OPAQUE`].
    ///
    /// # Errors
    /// [`Code::Invalid`] for a file that is too large, [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn put_asset(&self, lesson: &NodeId, name: &str, bytes: Vec<u8>) -> Result<AssetRef> {
        self.writable(lesson).await?;
        let mime = check(&bytes)?;
        let replica = self.replica().clone();
        let size = bytes.len() as u64;
        let hash = blocking(move || Ok(replica.files().put(&bytes)?)).await?;
        let name = file_name(name);
        let asset = AssetRef { hash, mime: mime.to_owned(), bytes: size, name };
        let named = asset.clone();
        let id = lesson.clone();
        let edit = self.replica().edit_lesson(lesson, Origin::Core, move |lesson, _| {
            let update = lesson.add_asset(&named).map_err(inkhorn_course::BodyError::from)?;
            let mut edited = Edited::new((), update);
            edited.assets.push((id, named));
            Ok(edited)
        });
        edit.await?;
        Ok(asset)
    }

    /// A stretch of an asset; `None` when the asset is not on this computer (yet). Only what is asked for is read, and not
    /// checked against the hash: [`Core::asset_bytes`] does that.
    ///
    /// # Errors
    /// The store's and the disk's.
    pub async fn asset_part(&self, hash: &AssetHash, wanted: &Range) -> Result<Option<AssetPart>> {
        let Some(row) = self.replica().asset(hash).await? else { return Ok(None) };
        let path = self.replica().files().path(hash);
        let wanted = wanted.clone();
        let read = blocking(move || Ok(read_part(&path, &wanted))).await?;
        match read {
            Ok((range, total, bytes)) => Ok(Some(AssetPart { mime: row.asset.mime, range, total, bytes })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(CoreError::new(Code::Other, format!("A file of this course cannot be read: {error}.")))
            }
        }
    }

    /// Writes a copy of an asset to a file that the user chose. It is never opened or made executable.
    ///
    /// # Errors
    /// [`Code::NotFound`] when it is not on this computer (yet), [`Code::Other`] with what the disk says.
    pub async fn save_asset(&self, hash: &AssetHash, to: &Path) -> Result<()> {
        let Some((_, bytes)) = self.asset_bytes(hash).await? else {
            return Err(CoreError::new(
                Code::NotFound,
                "This file has not arrived on this computer yet. Nothing was saved; try again when it has.",
            ));
        };
        let to = to.to_owned();
        let failed = |to: &Path, error: &io::Error| {
            CoreError::new(
                Code::Other,
                format!("{} could not be written: {error}. The course is unchanged.", to.display()),
            )
        };
        blocking(move || std::fs::write(&to, bytes).map_err(|error| failed(&to, &error))).await
    }

    /// Type and bytes of an asset; `None` when it is not on this computer (yet).
    ///
    /// # Errors
    /// The store's.
    pub async fn asset_bytes(&self, hash: &AssetHash) -> Result<Option<(String, Vec<u8>)>> {
        let Some(row) = self.replica().asset(hash).await? else { return Ok(None) };
        let (replica, hash) = (self.replica().clone(), hash.clone());
        let bytes = blocking(move || Ok(replica.files().get(&hash)?)).await?;
        Ok(bytes.map(|bytes| (row.asset.mime, bytes)))
    }
}

/// The type of a file that a course may hold.
fn check(bytes: &[u8]) -> Result<&'static str> {
    let (size, limit) = (bytes.len() as u64, MAX_ASSET_BYTES);
    if size > limit {
        return Err(CoreError::new(
            Code::Invalid,
            format!(
                "This file has {} MB; images and other files may have up to {} MB. Make it smaller and add it again.",
                size.div_ceil(1 << 20),
                limit >> 20
            ),
        ));
    }
    Ok(media::sniff(bytes))
}

/// Bytes of a file that somebody asks for, as HTTP says it; the end is not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Range {
    /// From a byte on, up to an end or to the last one.
    From(u64, Option<u64>),
    /// So many at the end.
    Last(u64),
}

/// A stretch of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetPart {
    /// Media type, as the lesson names it.
    pub mime: String,
    /// Which bytes; `None` when the file has none of those that were asked for.
    pub range: Option<std::ops::Range<u64>>,
    /// Size of the whole, in bytes.
    pub total: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Range {
    /// Where it lies in a file of `total` bytes.
    fn within(&self, total: u64) -> Option<std::ops::Range<u64>> {
        let range = match *self {
            Self::From(from, to) => from..to.unwrap_or(total).min(total),
            Self::Last(count) => total.saturating_sub(count)..total,
        };
        (!range.is_empty()).then_some(range)
    }
}

type Read = (Option<std::ops::Range<u64>>, u64, Vec<u8>);

fn read_part(path: &Path, wanted: &Range) -> io::Result<Read> {
    let mut file = std::fs::File::open(path)?;
    let total = file.metadata()?.len();
    let Some(range) = wanted.within(total) else { return Ok((None, total, Vec::new())) };
    file.seek(io::SeekFrom::Start(range.start))?;
    let mut bytes = Vec::new();
    file.take(range.end - range.start).read_to_end(&mut bytes)?;
    Ok((Some(range), total, bytes))
}

/// A name without folders and control characters, as a hint for exports.
fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    last.chars().filter(|c| !c.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_the_file_has_of_it() -> io::Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), b"0123456789")?;
        let read = |range: Range| read_part(file.path(), &range).map(|(range, _, bytes)| (range, bytes));
        assert_eq!(read(Range::From(2, Some(5)))?, (Some(2..5), b"234".to_vec()));
        assert_eq!(read(Range::From(8, None))?, (Some(8..10), b"89".to_vec()));
        assert_eq!(read(Range::From(8, Some(99)))?, (Some(8..10), b"89".to_vec()));
        assert_eq!(read(Range::Last(3))?, (Some(7..10), b"789".to_vec()));
        assert_eq!(read(Range::Last(99))?, (Some(0..10), b"0123456789".to_vec()));
        for nothing in [Range::From(10, None), Range::From(5, Some(5)), Range::Last(0)] {
            assert_eq!(read(nothing)?, (None, Vec::new()));
        }
        Ok(())
    }
}
