//! Room that the profile takes on the disk, and how much of a course is on this computer.

use crate::documents::{find, lessons};
use crate::{Core, Result, blocking};
use inkhorn_protocol::projection::{Available, NodeKind, Storage};
use inkhorn_protocol::{CourseId, DocId, NodeId};
use std::collections::BTreeSet;
use std::path::Path;

impl Core {
    /// How much of a course can be read without a network.
    ///
    /// # Errors
    /// [`crate::Code::NotFound`], and the store's.
    pub async fn available(&self, course: &CourseId) -> Result<Available> {
        let view = self.outline(course).await?;
        let mut named = Vec::new();
        for node in view.nodes.iter().chain(&view.recovered) {
            lessons(node, &mut named);
        }
        let rows = self.replica().docs(Some(course)).await?;
        let here: BTreeSet<&NodeId> = rows
            .iter()
            .filter_map(|row| match &row.doc {
                DocId::Lesson(lesson) if row.version > 0 => Some(lesson),
                _ => None,
            })
            .collect();
        let assets = self.replica().assets(Some(course)).await?;
        Ok(Available {
            lessons_here: named.iter().filter(|lesson| here.contains(lesson)).count() as u64,
            lessons: named.len() as u64,
            assets_here: assets.iter().filter(|asset| asset.here).count() as u64,
            assets: assets.len() as u64,
        })
    }

    /// Room that the profile takes on the disk.
    ///
    /// # Errors
    /// None for files that cannot be looked at: they are left out.
    pub async fn storage(&self) -> Result<Storage> {
        let folder = self.profile().to_owned();
        blocking(move || Ok(measure(&folder))).await
    }

    /// Gives room that the database does not need back to the disk; how many bytes. Nothing of a course is removed.
    ///
    /// # Errors
    /// [`crate::Code::DiskFull`] when there is no room to write the database anew; all is as it was then.
    pub async fn free_storage(&self) -> Result<u64> {
        let before = self.storage().await?.database;
        self.replica().tidy().await?;
        self.windows().storage_changed();
        Ok(before.saturating_sub(self.storage().await?.database))
    }

    /// Title of a lesson of a course, if its outline names it; none for an outline.
    pub(crate) async fn doc_title(&self, course: &CourseId, doc: &DocId) -> Option<String> {
        let DocId::Lesson(lesson) = doc else { return None };
        let view = self.outline(course).await.unwrap_or_default();
        let node = find(&view, lesson).filter(|node| node.kind == NodeKind::Lesson);
        Some(node.map(|node| node.title.clone()).unwrap_or_default())
    }
}

/// Walks through the profile. What comes and goes meanwhile is a matter of luck, and of no weight.
fn measure(folder: &Path) -> Storage {
    let mut storage = Storage { folder: folder.display().to_string(), ..Storage::default() };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let bytes = size(&entry.path());
        match name.as_str() {
            name if name.contains(".corrupt-") => storage.set_aside += bytes,
            "assets" => storage.assets += bytes,
            name if name == "logs" || name.ends_with(".log") => storage.logs += bytes,
            _ => storage.database += bytes,
        }
    }
    storage
}

/// Bytes of a file, or of all files below a folder. Links are not followed: what they lead to is not ours.
fn size(path: &Path) -> u64 {
    let Ok(found) = std::fs::symlink_metadata(path) else { return 0 };
    if !found.is_dir() {
        return found.len();
    }
    let mut bytes = 0;
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(found) if found.is_dir() => folders.push(entry.path()),
                Ok(found) => bytes += found.len(),
                Err(_) => {}
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_where_they_belong() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: usize| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, vec![7; bytes]).unwrap();
        };
        write("inkhorn.db", 100);
        write("inkhorn.db-wal", 20);
        write("inkhorn.db.corrupt-17", 3_000);
        write("assets/ab/abcd", 40_000);
        write("logs/today", 500_000);
        let found = measure(folder.path());
        let bytes = (found.database, found.set_aside, found.assets, found.logs);
        assert_eq!(bytes, (120, 3_000, 40_000, 500_000));
        assert_eq!(measure(&folder.path().join("nowhere")).database, 0);
    }
}
