//! Folders of Markdown become courses, and courses become folders.

use crate::{Code, Core, CoreError, Result, blocking, random16};
use inkhorn_course::{Lesson, OpError, Outline, Random, client_id};
use inkhorn_formats::{
    About, ExportCourse, ExportNode, ExportReport, ImportError, ImportOptions, ImportedCourse, ImportedNode,
    sample,
};
use inkhorn_protocol::fidelity::{FidelityCount, FidelityItem, FidelityReport, Outcome};
use inkhorn_protocol::projection::{AssetRef, NodeKind, OutlineNode};
use inkhorn_protocol::settings::{Change, CourseSettings, Entry, List};
use inkhorn_protocol::{AssetHash, CourseId, NodeId, schema};
use inkhorn_replica::{Files, NewCourse, ReplicaError};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// Fact: the sample course was made, under this id. It is made once, also when it is deleted later.
const SAMPLE: &str = "sample_course";

impl Core {
    /// Makes a course of a folder of Markdown (or of one file). The course is there whole, or not at all.
    ///
    /// # Errors
    /// [`Code::NotFound`] when the folder cannot be read, [`Code::Invalid`] when it is not a course, and the store's.
    pub async fn import_folder(
        &self,
        path: &Path,
        title: Option<String>,
    ) -> Result<(CourseId, FidelityReport)> {
        let title = title.as_deref().map(crate::outline::checked).transpose()?;
        let (path, replica) = (path.to_owned(), self.replica().clone());
        let id = CourseId::from_random(random16());
        let course = id.clone();
        let (course, report) = blocking(move || {
            let options = ImportOptions { title, ..ImportOptions::default() };
            let mut ids = || NodeId::from_random(random16());
            let mut imported =
                inkhorn_formats::import_folder(&path, &options, &mut ids).map_err(import_error)?;
            let mut report = std::mem::take(&mut imported.report);
            Ok((documents(course, imported, replica.files(), &mut report)?, report))
        })
        .await?;
        self.replica().create_course(course).await?;
        Ok((id, report))
    }

    /// Makes the sample course.
    ///
    /// # Errors
    /// The store's.
    pub async fn import_sample(&self) -> Result<CourseId> {
        let folder = blocking(|| {
            let unpack = || {
                let folder = tempfile::tempdir()?;
                sample::write_to(folder.path())?;
                Ok(folder)
            };
            unpack().map_err(|error: io::Error| {
                CoreError::new(Code::Other, format!("The sample course could not be unpacked: {error}."))
            })
        })
        .await?;
        let (course, _) = self.import_folder(folder.path(), None).await?;
        self.replica().set_fact(SAMPLE, course.as_str()).await?;
        Ok(course)
    }

    /// On the first start of a profile: makes the sample course and names it. `None` on every later start, and in a
    /// profile that has courses already.
    ///
    /// # Errors
    /// The store's.
    pub async fn first_start(&self) -> Result<Option<CourseId>> {
        if self.replica().fact(SAMPLE).await?.is_some() || !self.replica().courses().await?.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.import_sample().await?))
    }

    /// Writes a course to a folder that is new or empty, from which it can be imported again.
    ///
    /// # Errors
    /// [`Code::Invalid`] when the folder is not empty, [`Code::DiskFull`], [`Code::NotFound`], and the store's; nothing
    /// is left in the folder then.
    pub async fn export_course(&self, course: &CourseId, out: &Path) -> Result<ExportReport> {
        let view = self.outline(course).await?;
        let shown: Vec<&OutlineNode> = view.nodes.iter().chain(&view.recovered).collect();
        let settings = self.course_settings(course).await?;
        self.export_nodes(&view.title, &shown, about(settings), out).await
    }

    /// Writes nodes of an outline, with all below them, as a course of this title.
    pub(crate) async fn export_nodes(
        &self,
        title: &str,
        shown: &[&OutlineNode],
        about: About,
        out: &Path,
    ) -> Result<ExportReport> {
        let mut missing = Vec::new();
        let mut nodes = Vec::new();
        for node in shown {
            nodes.push(Box::pin(self.export_node(node, &mut missing)).await?);
        }
        if let Some(title) = missing.first() {
            return Err(CoreError::new(
                Code::NotFound,
                format!(
                    "{} of the lessons, “{title}” among them, have not arrived on this computer yet, so nothing was \
                     written. Sync first.",
                    missing.len()
                ),
            ));
        }
        let export = ExportCourse { title: title.to_owned(), nodes, about };
        let (replica, out) = (self.replica().clone(), out.to_owned());
        blocking(move || {
            let mut asset = |hash: &AssetHash| {
                replica.files().get(hash).map_err(|error| io::Error::other(error.to_string()))
            };
            inkhorn_formats::export_course(&export, &mut asset, &out)
                .map_err(|error| CoreError::new(Code::Invalid, error.to_string()))
        })
        .await
    }

    pub(crate) async fn export_node(
        &self,
        node: &OutlineNode,
        missing: &mut Vec<String>,
    ) -> Result<ExportNode> {
        let mut children = Vec::new();
        for child in &node.children {
            children.push(Box::pin(self.export_node(child, missing)).await?);
        }
        let (mut body, mut assets, mut front_matter) = (None, Vec::new(), BTreeMap::new());
        if node.kind == NodeKind::Lesson {
            let read = self.replica().with_lesson(&node.id, |lesson| {
                Ok::<_, inkhorn_course::BodyError>((
                    lesson.body()?,
                    lesson.assets()?,
                    lesson.front_matter()?,
                    lesson.schema_version()?,
                ))
            });
            match read.await {
                Ok(read) => {
                    let (found, named, front, version) = read.map_err(ReplicaError::from)?;
                    if version.is_none() {
                        missing.push(node.title.clone());
                    }
                    body = Some(found);
                    assets = named;
                    front_matter = front;
                }
                Err(ReplicaError::UnknownDoc(_)) => missing.push(node.title.clone()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(ExportNode {
            id: node.id.clone(),
            kind: kind_out(node.kind),
            title: node.title.clone(),
            children,
            body,
            front_matter,
            assets: assets.into_iter().map(use_of).collect(),
        })
    }
}

/// What the course says of itself becomes its settings.
fn say(
    outline: &mut Outline,
    about: About,
    stored: &BTreeSet<AssetHash>,
    random: &mut dyn Random,
) -> std::result::Result<(), OpError> {
    let add = |list| move |text| Change::Add { list, id: NodeId::from_random(random16()), text };
    let mut changes = vec![
        Change::Language { value: about.language },
        Change::Direction { value: about.direction },
        Change::Licence { value: about.licence },
    ];
    changes.extend(about.authors.into_iter().map(add(List::Authors)));
    changes.extend(about.objectives.into_iter().map(add(List::Objectives)));
    let cover = about.cover.filter(|cover| stored.contains(&cover.hash));
    changes.push(Change::Cover {
        cover: cover.map(|it| AssetRef { hash: it.hash, mime: it.mime, bytes: it.bytes, name: it.name }),
    });
    for change in changes {
        outline.change_settings(random, &change)?;
    }
    Ok(())
}

/// Settings as the formats write them.
fn about(settings: CourseSettings) -> About {
    let texts = |entries: Vec<Entry>| entries.into_iter().map(|entry| entry.text).collect();
    About {
        language: settings.language,
        direction: settings.direction,
        licence: settings.licence,
        authors: texts(settings.authors),
        objectives: texts(settings.objectives),
        cover: settings.cover.map(use_of),
    }
}

/// All documents of an imported course, and its assets as files. What could not be stored is added to the report.
fn documents(
    id: CourseId,
    imported: ImportedCourse,
    files: &Files,
    report: &mut FidelityReport,
) -> Result<NewCourse> {
    let mut random = random16;
    let mut stored = BTreeSet::new();
    for asset in &imported.assets {
        // A file that changed or went away since it was read: the lesson shows the image as missing, and the report
        // says so.
        let Ok(bytes) = std::fs::read(&asset.path) else { continue };
        if Files::hash(&bytes) == asset.hash {
            files.put(&bytes)?;
            stored.insert(asset.hash.clone());
        }
    }
    let mut outline = Outline::new(client_id(&mut random));
    outline.set_title(&imported.title).map_err(ReplicaError::from)?;
    let mut course =
        NewCourse { id, title: imported.title, outline: Vec::new(), lessons: Vec::new(), assets: Vec::new() };
    say(&mut outline, imported.about, &stored, &mut random).map_err(ReplicaError::from)?;
    for node in imported.nodes {
        add(&mut outline, &mut course, node, None, &stored, report)?;
    }
    report.items.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    course.outline =
        outline.encode().map_err(|error| ReplicaError::from(inkhorn_course::OpError::from(error)))?;
    Ok(course)
}

fn add(
    outline: &mut Outline,
    course: &mut NewCourse,
    node: ImportedNode,
    parent: Option<&NodeId>,
    stored: &BTreeSet<AssetHash>,
    report: &mut FidelityReport,
) -> Result<()> {
    let mut random = random16;
    outline
        .add(&mut random, kind_in(node.kind), parent, None, &node.title, node.id.clone())
        .map_err(ReplicaError::from)?;
    if let Some(lesson) = node.lesson {
        let (here, gone): (Vec<_>, Vec<_>) =
            lesson.assets.into_iter().partition(|asset| stored.contains(&asset.hash));
        for asset in gone {
            not_stored(report, &node.key, &asset.name);
        }
        let assets: Vec<AssetRef> = here
            .into_iter()
            .map(|asset| AssetRef {
                hash: asset.hash,
                mime: asset.mime,
                bytes: asset.bytes,
                name: asset.name,
            })
            .collect();
        let client = client_id(&mut random);
        let version = schema::BODY_SCHEMA_VERSION;
        let (_, first) =
            Lesson::create_with_front_matter(client, &lesson.body, version, &assets, &lesson.front_matter)
                .map_err(ReplicaError::from)?;
        course.lessons.push((node.id.clone(), first));
        course.assets.extend(assets.into_iter().map(|asset| (node.id.clone(), asset)));
    }
    for child in node.children {
        add(outline, course, child, Some(&node.id), stored, report)?;
    }
    Ok(())
}

/// Says that an image that was read is not in the course after all.
fn not_stored(report: &mut FidelityReport, file: &str, name: &str) {
    let (what, outcome) = ("image".to_owned(), Outcome::Missing);
    match report.counts.iter_mut().find(|count| count.what == what && count.outcome == outcome) {
        Some(count) => count.count += 1,
        None => report.counts.push(FidelityCount { what: what.clone(), outcome, count: 1 }),
    }
    let detail = format!(
        "{name} was changed or removed while the course was imported, so the lesson shows it as missing. Import again, \
         or add it to the lesson."
    );
    report.items.push(FidelityItem { file: file.to_owned(), line: None, what, outcome, detail });
}

fn import_error(error: ImportError) -> CoreError {
    let code = match &error {
        ImportError::Unreadable { .. } => Code::NotFound,
        ImportError::NoMarkdown { .. }
        | ImportError::AllRefused { .. }
        | ImportError::TooManyFiles { .. } => Code::Invalid,
    };
    CoreError::new(code, error.to_string())
}

fn kind_in(kind: inkhorn_formats::NodeKind) -> NodeKind {
    match kind {
        inkhorn_formats::NodeKind::Chapter => NodeKind::Chapter,
        inkhorn_formats::NodeKind::Section => NodeKind::Section,
        inkhorn_formats::NodeKind::Lesson => NodeKind::Lesson,
    }
}

fn kind_out(kind: NodeKind) -> inkhorn_formats::NodeKind {
    match kind {
        NodeKind::Chapter => inkhorn_formats::NodeKind::Chapter,
        NodeKind::Section => inkhorn_formats::NodeKind::Section,
        NodeKind::Lesson => inkhorn_formats::NodeKind::Lesson,
    }
}

fn use_of(asset: AssetRef) -> inkhorn_formats::AssetUse {
    inkhorn_formats::AssetUse { hash: asset.hash, mime: asset.mime, bytes: asset.bytes, name: asset.name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_image_that_changes_while_it_is_imported_is_reported_for_every_lesson_that_shows_it() {
        let (source, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |name: &str, bytes: &[u8]| std::fs::write(source.path().join(name), bytes).unwrap();
        write("a.md", b"# A\n\n![](kept.png) ![](new.png)\n");
        write("b.md", b"# B\n\n![](new.png)\n\n![](gone.png)\n");
        for name in ["kept.png", "new.png", "gone.png"] {
            write(name, &[b"\x89PNG\r\n\x1a\n".as_slice(), name.as_bytes()].concat());
        }
        let mut ids = || NodeId::from_random(random16());
        let options = ImportOptions::default();
        let mut imported = inkhorn_formats::import_folder(source.path(), &options, &mut ids).unwrap();
        write("new.png", b"\x89PNG\r\n\x1a\n and more");
        std::fs::remove_file(source.path().join("gone.png")).unwrap();

        let mut report = std::mem::take(&mut imported.report);
        let core = Core::open(crate::Config::offline(store.path(), "a test")).await.unwrap();
        let files = core.replica().files();
        let course = documents(CourseId::from_random([1; 16]), imported, files, &mut report).unwrap();
        let missing: Vec<_> = report.with(Outcome::Missing).map(|item| item.file.as_str()).collect();
        assert_eq!(missing, ["a.md", "b.md", "b.md"]);
        assert_eq!(report.count(Outcome::Missing), 3);
        assert!(report.items.iter().any(|item| item.detail.starts_with("gone.png was changed or removed")));
        assert_eq!(
            course.assets.iter().map(|(_, asset)| asset.name.as_str()).collect::<Vec<_>>(),
            ["kept.png"]
        );
    }
}
