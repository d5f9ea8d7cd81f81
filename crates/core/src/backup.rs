//! A course in one file, `.inkhorn`: a zip of its documents and assets, none of them compressed, with a manifest that
//! names each one's SHA-256. It is written beside its place and renamed, and everything in it is checked before any of it
//! is taken in. Opening it where the course is already merges the two.

use crate::documents::lessons;
use crate::{Code, Core, CoreError, Result, blocking, now_ms};
use inkhorn_protocol::projection::AssetRef;
use inkhorn_protocol::rest::MAX_ASSET_BYTES;
use inkhorn_protocol::{AssetHash, CourseId, DocId};
use inkhorn_replica::{Files, NewCourse, ReplicaError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Version of the layout. A newer one is refused with a word about updating.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";

/// Largest manifest, bytes: 100,000 lines of 200 bytes.
const MAX_MANIFEST: u64 = 20 << 20;
/// Largest document, bytes: what the server takes in one frame, many times over.
const MAX_DOCUMENT: u64 = 256 << 20;

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    /// Tells our zip from any other.
    inkhorn_course: u32,
    made_ms: u64,
    course: CourseId,
    title: String,
    documents: Vec<DocEntry>,
    assets: Vec<AssetRef>,
}

#[derive(Debug, Serialize, Deserialize)]
struct DocEntry {
    doc: DocId,
    /// SHA-256 of the document's state, a Yjs v1 update.
    sha256: AssetHash,
}

impl DocEntry {
    /// Name inside the zip; ids have no characters that a path could misread.
    fn path(&self) -> String {
        match &self.doc {
            DocId::Course(id) => format!("course/{id}"),
            DocId::Lesson(id) => format!("lesson/{id}"),
        }
    }
}

fn asset_path(hash: &AssetHash) -> String {
    format!("asset/{hash}")
}

impl Core {
    /// Writes a course with all its documents and assets to one file. An existing file is replaced once the new one is
    /// complete.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::DiskFull`], and the store's; an existing file is as it was then.
    pub async fn backup(&self, course: &CourseId, file: &Path) -> Result<()> {
        let view = self.outline(course).await?;
        let mut ids = Vec::new();
        for node in view.nodes.iter().chain(&view.recovered).chain(&view.trash) {
            lessons(node, &mut ids);
        }
        let mut documents = Vec::new();
        let mut take = |doc: DocId, bytes: Vec<u8>| {
            documents.push((DocEntry { doc, sha256: Files::hash(&bytes) }, bytes));
        };
        let outline = DocId::Course(course.clone());
        take(outline.clone(), self.replica().state(&outline).await?.bytes);
        for id in ids {
            let doc = DocId::Lesson(id);
            match self.replica().state(&doc).await {
                Ok(read) if read.version > 0 => take(doc, read.bytes),
                // What has not arrived is on the server still.
                Ok(_) | Err(ReplicaError::UnknownDoc(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let assets = self.replica().assets(Some(course)).await?;
        let assets: Vec<AssetRef> = assets.into_iter().filter(|row| row.here).map(|row| row.asset).collect();
        let manifest = Manifest {
            inkhorn_course: FORMAT,
            made_ms: now_ms(),
            course: course.clone(),
            title: view.title,
            documents: Vec::new(),
            assets,
        };
        let (replica, file) = (self.replica().clone(), file.to_owned());
        blocking(move || write(&file, manifest, documents, replica.files())).await
    }

    /// Takes the course of a backup file to this computer, under its own id. Where the course is here already, each side
    /// gets what it lacks: nothing is lost and nothing doubled.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::Invalid`] for a file that is damaged or no backup: nothing was changed then.
    pub async fn open_file(&self, file: &Path) -> Result<CourseId> {
        let (file, replica) = (file.to_owned(), self.replica().clone());
        let shown = file.display().to_string();
        let course = blocking(move || read(&file, replica.files())).await?;
        let id = course.id.clone();
        self.replica().create_course(course).await.map_err(|error| match error {
            ReplicaError::Refused { reason, .. } => damaged(&shown, &reason),
            ReplicaError::Gap { .. } => damaged(&shown, "a document in it is not complete"),
            error => error.into(),
        })?;
        // The outline came through the index; that it reads as an outline is shown before it is reported as opened.
        self.outline(&id).await?;
        Ok(id)
    }
}

fn write(
    file: &Path,
    mut manifest: Manifest,
    documents: Vec<(DocEntry, Vec<u8>)>,
    files: &Files,
) -> Result<()> {
    let failed = |error: &io::Error| {
        let code = if error.kind() == io::ErrorKind::StorageFull { Code::DiskFull } else { Code::Other };
        CoreError::new(
            code,
            format!("{} could not be written: {error}. The course is unchanged.", file.display()),
        )
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".inkhorn-backup-");
    // The rights of any file that a program writes, as the user's umask has them.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let draft = builder.tempfile_in(folder);
    let mut draft = draft.map_err(|error| failed(&error))?;
    let mut failure = None;
    let written = (|| {
        let latch = Latch { inner: draft.as_file_mut(), failure: &mut failure };
        let mut zip = ZipWriter::new(BufWriter::new(latch));
        let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for (entry, bytes) in documents {
            zip.start_file(entry.path(), plain.large_file(true))?;
            zip.write_all(&bytes)?;
            manifest.documents.push(entry);
        }
        let mut kept = Vec::new();
        for asset in std::mem::take(&mut manifest.assets) {
            // One image at a time is in memory.
            let bytes = files.get(&asset.hash).map_err(|error| io::Error::other(error.to_string()))?;
            let Some(bytes) = bytes else { continue };
            zip.start_file(asset_path(&asset.hash), plain)?;
            zip.write_all(&bytes)?;
            kept.push(asset);
        }
        manifest.assets = kept;
        zip.start_file(MANIFEST, plain)?;
        serde_json::to_writer(&mut zip, &manifest)?;
        zip.finish()?.flush()
    })();
    // What failed first is why; the rest follows from it.
    match failure {
        Some(error) => Err(error),
        None => written,
    }
    .map_err(|error| failed(&error))?;
    draft.as_file().sync_all().map_err(|error| failed(&error))?;
    draft.persist(file).map_err(|error| failed(&error.error))?;
    Ok(())
}

/// A file that keeps its first failure to write, and from there on swallows what comes. The zip writer tries to finish
/// when it is dropped, and would print on standard error that it could not: a sentence about it is ours to say.
struct Latch<'a> {
    inner: &'a mut File,
    failure: &'a mut Option<io::Error>,
}

impl Latch<'_> {
    fn kept<T>(&mut self, outcome: io::Result<T>, instead: T) -> io::Result<T> {
        match outcome {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                *self.failure = Some(error);
                Ok(instead)
            }
            outcome => outcome,
        }
    }
}

impl Write for Latch<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failure.is_some() {
            return Ok(bytes.len());
        }
        let outcome = self.inner.write(bytes);
        self.kept(outcome, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.failure.is_some() {
            return Ok(());
        }
        let outcome = self.inner.flush();
        self.kept(outcome, ())
    }
}

impl Seek for Latch<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// Reads and checks a backup; stores its assets, which nothing names until the course is created.
fn read(file: &Path, files: &Files) -> Result<NewCourse> {
    let shown = file.display().to_string();
    let opened = File::open(file).map_err(|error| {
        CoreError::new(Code::NotFound, format!("{shown} cannot be read: {error}. Nothing was changed."))
    })?;
    let not_ours = || {
        CoreError::new(
            Code::Invalid,
            format!(
                "{shown} is not a backup of a course. Choose a file that Inkhorn wrote (its name ends in .inkhorn)."
            ),
        )
    };
    let mut zip = ZipArchive::new(BufReader::new(opened)).map_err(|_| not_ours())?;
    let manifest = entry(&mut zip, MANIFEST, MAX_MANIFEST).map_err(|_| not_ours())?;
    let version: Version = serde_json::from_slice(&manifest).map_err(|_| not_ours())?;
    if version.inkhorn_course > FORMAT {
        return Err(CoreError::new(
            Code::Newer,
            format!(
                "{shown} was written by a newer Inkhorn. Update Inkhorn to open it. Nothing was changed."
            ),
        ));
    }
    let manifest: Manifest =
        serde_json::from_slice(&manifest).map_err(|error| damaged(&shown, &error.to_string()))?;

    let mut course = NewCourse {
        id: manifest.course.clone(),
        title: manifest.title.clone(),
        outline: Vec::new(),
        lessons: Vec::new(),
        assets: Vec::new(),
    };
    let mut found = BTreeMap::new();
    for document in &manifest.documents {
        let bytes = entry(&mut zip, &document.path(), MAX_DOCUMENT).map_err(|why| damaged(&shown, &why))?;
        if Files::hash(&bytes) != document.sha256 {
            return Err(damaged(&shown, &format!("{} does not have its checksum", document.doc)));
        }
        inkhorn_updates::validate(&bytes).map_err(|error| damaged(&shown, &error.to_string()))?;
        if found.insert(document.doc.clone(), ()).is_some() {
            return Err(damaged(&shown, "a document is in it twice"));
        }
        match &document.doc {
            DocId::Course(id) if *id == manifest.course => course.outline = bytes,
            DocId::Course(_) => return Err(damaged(&shown, "it holds the outline of another course")),
            DocId::Lesson(id) => course.lessons.push((id.clone(), bytes)),
        }
    }
    if course.outline.is_empty() {
        return Err(damaged(&shown, "the outline is missing"));
    }
    for asset in &manifest.assets {
        let bytes = entry(&mut zip, &asset_path(&asset.hash), MAX_ASSET_BYTES)
            .map_err(|why| damaged(&shown, &why))?;
        if Files::hash(&bytes) != asset.hash {
            return Err(damaged(&shown, "an image does not have its checksum"));
        }
        // Which lesson names it is in the lessons; the rows follow from them.
        files.put(&bytes)?;
    }
    Ok(course)
}

/// The part of a manifest that every version has.
#[derive(Deserialize)]
struct Version {
    inkhorn_course: u32,
}

/// One entry of a zip from anywhere: only stored ones (so that it cannot unpack to more than it is), only by names that we
/// ask for, and never more than `limit` bytes whatever its head says.
fn entry<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    name: &str,
    limit: u64,
) -> std::result::Result<Vec<u8>, String> {
    let file = zip.by_name(name).map_err(|error| format!("{name}: {error}"))?;
    if file.compression() != CompressionMethod::Stored {
        return Err(format!("{name} is compressed"));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| format!("{name}: {error}"))?;
    if bytes.len() as u64 > limit {
        return Err(format!("{name} is larger than {limit} bytes"));
    }
    Ok(bytes)
}

fn damaged(file: &str, why: &str) -> CoreError {
    CoreError::new(
        Code::Invalid,
        format!("{file} is damaged ({why}). Nothing was changed. Try another copy of the backup."),
    )
}
