//! Images of lessons: stored by hash, named in the lesson's own document.

use crate::{Code, Core, CoreError, Result, blocking};
use inkhorn_protocol::projection::{AssetInfo, AssetRef, AssetState};
use inkhorn_protocol::rest::{ASSET_TYPES, MAX_ASSET_BYTES};
use inkhorn_protocol::{AssetHash, CourseId, NodeId};
use inkhorn_replica::{Edited, Origin};

impl Core {
    /// Assets of a course with where they are.
    ///
    /// # Errors
    /// [`Code::NotFound`], and the store's.
    pub async fn assets(&self, course: &CourseId) -> Result<Vec<AssetInfo>> {
        let shared = self.replica().course(course).await?.shared;
        let rows = self.replica().assets(Some(course)).await?;
        let info = |row: inkhorn_replica::AssetRow| AssetInfo {
            state: match (row.here, row.uploaded) {
                (false, _) => AssetState::WaitsForDownload,
                (true, _) if !shared => AssetState::Local,
                (true, false) => AssetState::WaitsForUpload,
                (true, true) => AssetState::Synced,
            },
            asset: row.asset,
        };
        Ok(rows.into_iter().map(info).collect())
    }

    /// Stores an image and names it in a lesson. The type is told by the content.
    ///
    /// # Errors
    /// [`Code::Invalid`] for a file that is too large or no image, [`Code::Denied`], [`Code::NotFound`], and the store's.
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

/// The type of an image that a course may hold.
fn check(bytes: &[u8]) -> Result<&'static str> {
    if bytes.len() as u64 > MAX_ASSET_BYTES {
        let limit = MAX_ASSET_BYTES >> 20;
        return Err(CoreError::new(
            Code::Invalid,
            format!(
                "This file is larger than {limit} MB, the limit for images. Make it smaller and add it again."
            ),
        ));
    }
    inkhorn_formats::image_type(bytes).filter(|mime| ASSET_TYPES.contains(mime)).ok_or_else(|| {
        CoreError::new(
            Code::Invalid,
            "This file is not an image that Inkhorn can show. PNG, JPEG, GIF, WebP, AVIF, BMP and SVG work.",
        )
    })
}

/// A name without folders and control characters, as a hint for exports.
fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    last.chars().filter(|c| !c.is_control()).take(120).collect()
}
