//! The handle's calls for assets.

use super::Replica;
use crate::job::Job;
use crate::state::*;
use crate::{ReplicaError, assets::Files};
use inkhorn_protocol::{AssetHash, CourseId};
use std::future::Future;

impl Replica {
    /// The files of the assets: written, read and checked there; which course names which is in the database.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Assets of a course; of all courses when none is named.
    ///
    /// # Errors
    /// The store's.
    pub fn assets(
        &self,
        course: Option<&CourseId>,
    ) -> impl Future<Output = Result<Vec<AssetRow>, ReplicaError>> + Send + use<> {
        let course = course.cloned();
        self.ask(|done| Job::Assets { course, done })
    }

    /// Media type of an asset and whether its file is here, whichever course names it.
    ///
    /// # Errors
    /// The store's.
    pub async fn asset(&self, hash: &AssetHash) -> Result<Option<AssetRow>, ReplicaError> {
        let rows = self.assets(None).await?;
        Ok(rows.into_iter().filter(|row| &row.asset.hash == hash).max_by_key(|row| row.here))
    }

    /// The file of an asset is on the server now: lessons that waited for it may be sent.
    ///
    /// # Errors
    /// The store's.
    pub fn asset_uploaded(
        &self,
        course: &CourseId,
        hash: &AssetHash,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let (course, hash) = (course.clone(), hash.clone());
        self.ask(|done| Job::AssetState { course, hash, here: false, done })
    }

    /// The file of an asset was stored here ([`Files::put`]); it came from the server, so that has it too.
    ///
    /// # Errors
    /// The store's.
    pub fn asset_arrived(
        &self,
        course: &CourseId,
        hash: &AssetHash,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let (course, hash) = (course.clone(), hash.clone());
        self.ask(|done| Job::AssetState { course, hash, here: true, done })
    }

    /// Assets that wait for upload (first) and for download (second), of shared courses.
    ///
    /// # Errors
    /// The store's.
    pub async fn asset_work(&self) -> Result<(Vec<AssetWork>, Vec<AssetWork>), ReplicaError> {
        let shared: Vec<CourseId> = self
            .courses()
            .await?
            .into_iter()
            .filter(|c| c.shared && c.role.is_some())
            .map(|c| c.id)
            .collect();
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for row in self.assets(None).await? {
            if !shared.contains(&row.course) {
                continue;
            }
            let list = match (row.here, row.uploaded) {
                (true, false) => &mut up,
                (false, _) => &mut down,
                (true, true) => continue,
            };
            let AssetRow { course, asset, .. } = row;
            list.push(AssetWork { course, hash: asset.hash, mime: asset.mime, bytes: asset.bytes });
        }
        Ok((up, down))
    }
}
