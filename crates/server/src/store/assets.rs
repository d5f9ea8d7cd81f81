//! Assets: metadata in the database, content in files named by their hash.

use super::{Store, StoreError};
use inkhorn_protocol::{AssetHash, CourseId};
use std::path::PathBuf;

/// What is known of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetInfo {
    /// Media type.
    pub media_type: String,
    /// Size, in bytes.
    pub bytes: u64,
}

impl Store {
    /// Where an asset's content is: one file for all courses that have it.
    pub fn asset_path(&self, hash: &AssetHash) -> PathBuf {
        let name = hash.as_str();
        self.folder.join("assets").join(name.get(..2).unwrap_or("00")).join(name)
    }

    /// Where an upload that is under way is kept: by account, so that nobody adds to another's.
    pub fn part_path(&self, course: &CourseId, hash: &AssetHash, user: &str) -> PathBuf {
        self.folder.join("assets").join("parts").join(format!("{course}.{hash}.{user}"))
    }

    /// An asset of a course.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn asset(&self, course: &CourseId, hash: &AssetHash) -> Result<Option<AssetInfo>, StoreError> {
        let row: Option<(String, i64)> =
            sqlx::query_as("SELECT type, bytes FROM assets WHERE course = ? AND hash = ?")
                .bind(course.as_str())
                .bind(hash.as_str())
                .fetch_optional(&self.read)
                .await?;
        Ok(row.map(|(media_type, bytes)| AssetInfo { media_type, bytes: bytes as u64 }))
    }

    /// A course has an asset, whose content is durable already.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn add_asset(
        &self,
        course: &CourseId,
        hash: &AssetHash,
        info: &AssetInfo,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT OR IGNORE INTO assets (course, hash, type, bytes) VALUES (?, ?, ?, ?)")
            .bind(course.as_str())
            .bind(hash.as_str())
            .bind(&info.media_type)
            .bind(info.bytes as i64)
            .execute(&self.write)
            .await?;
        Ok(())
    }
}
