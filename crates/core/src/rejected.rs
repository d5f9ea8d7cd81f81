//! Edits that the server refused. They stay in their document and are kept apart too; nothing of them goes by itself.
//! The user exports them, has them sent again, has them written anew, or lets them go.
//!
//! An export is a folder. Beside what any Markdown editor reads, and Inkhorn imports (`src/`, as [`Core::export_course`]
//! writes it: the lesson as its author has it, with its images), the folder `refused/` holds what nothing is lost by:
//! `edits.yjs`, the refused part as a Yjs v1 update; `document.yjs`, the author's whole document as one; and
//! `refused.json`, which says of which course and lesson they are, why and when they were refused. A folder rather than
//! one file, so that a person who has no Inkhorn at hand can read it.

use crate::documents::find;
use crate::{Code, Core, CoreError, Result, blocking, random16};
use inkhorn_course::{Lesson, client_id};
use inkhorn_formats::{ExportCourse, ExportNode};
use inkhorn_protocol::projection::{NodeKind, OutlineNode, OutlineView, RejectedEdit};
use inkhorn_protocol::session::Reason;
use inkhorn_protocol::{AssetHash, DocId, NodeId, body, schema};
use inkhorn_replica::{Edited, Origin, RejectedPart, ReplicaError};
use serde_json::json;
use std::io;
use std::path::Path;

/// Version of the layout of `refused/`.
const FORMAT: u32 = 1;

impl Core {
    /// Refused edits that are kept, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn rejected(&self) -> Result<Vec<RejectedEdit>> {
        Ok(self.replica().rejected().await?)
    }

    /// Sends the refused edits of a document again, as they are.
    ///
    /// # Errors
    /// [`Code::NotFound`]; [`Code::Denied`] while the role does not allow it: nothing was changed then.
    pub async fn retry_rejected(&self, id: u64) -> Result<()> {
        let part = self.part(id).await?;
        self.may_write(&part.course).await?;
        self.replica().retry_rejected(&part.doc).await?;
        self.net().look_again();
        Ok(())
    }

    /// Brings refused edits to the server once that is allowed again. Where the document can take them they are sent as
    /// they are; where it never will (its id is another course's, its history is refused), the lesson as its author has
    /// it is written anew, as a lesson of its own beside the old one. Gives that lesson, if one was made.
    ///
    /// # Errors
    /// [`Code::NotFound`]; [`Code::Denied`] while the role does not allow it; [`Code::Invalid`] where it cannot be done.
    /// Nothing was changed then.
    pub async fn reapply_rejected(&self, id: u64) -> Result<Option<NodeId>> {
        let part = self.part(id).await?;
        match (&part.reason, &part.doc) {
            (Reason::TooLarge { limit_bytes }, _) => Err(CoreError::new(
                Code::Invalid,
                format!(
                    "It is too large for the server, which takes {} MB: export it, and bring it in again in several \
                     lessons. It stays kept here.",
                    limit_bytes >> 20
                ),
            )),
            (
                Reason::IdTaken
                | Reason::ClientIdTaken
                | Reason::Fork
                | Reason::Differed
                | Reason::Invalid { .. },
                DocId::Lesson(lesson),
            ) => {
                self.may_write(&part.course).await?;
                self.write_anew(&part, lesson).await.map(Some)
            }
            _ => self.retry_rejected(id).await.map(|()| None),
        }
    }

    /// Forgets refused edits, by word of the user: their document becomes what the server has.
    ///
    /// # Errors
    /// [`Code::NotFound`], and the store's.
    pub async fn discard_rejected(&self, id: u64) -> Result<()> {
        let part = self.part(id).await?;
        self.replica().discard_rejected(&part.doc).await?;
        self.net().look_again();
        Ok(())
    }

    /// Writes refused edits to a folder that is new or empty; see the module's words on its layout. They stay kept here.
    ///
    /// # Errors
    /// [`Code::NotFound`]; [`Code::Invalid`] when the folder is not empty; [`Code::DiskFull`], and the store's.
    pub async fn export_rejected(&self, id: u64, out: &Path) -> Result<()> {
        let part = self.part(id).await?;
        let view = self.outline(&part.course).await.unwrap_or_default();
        let title = match &part.doc {
            DocId::Course(_) => view.title.clone(),
            DocId::Lesson(lesson) => find(&view, lesson).map(|node| node.title.clone()).unwrap_or_default(),
        };
        // A document that does not read any more has its refused part still.
        let document = self.replica().state(&part.doc).await.map(|read| read.bytes).unwrap_or_default();
        let nodes = self.readable(&part, &view, &title).await;
        let export = ExportCourse { title: heading(&part, &view.title), nodes, ..ExportCourse::default() };
        let facts = json!({
            "inkhorn_refused": FORMAT,
            "course": part.course,
            "course_title": view.title,
            "document": part.doc,
            "title": title,
            "reason": part.reason,
            "why": part.reason.to_string(),
            "refused_at_ms": part.at_ms,
            "files": {
                "edits.yjs": "the refused part, a Yjs update (v1)",
                "document.yjs": "the whole document as its author has it, a Yjs update (v1)",
                "../src": "the same to be read, and to be imported",
            },
        });
        let (replica, out) = (self.replica().clone(), out.to_owned());
        blocking(move || {
            let mut asset = |hash: &AssetHash| {
                replica.files().get(hash).map_err(|error| io::Error::other(error.to_string()))
            };
            inkhorn_formats::export_course(&export, &mut asset, &out)
                .map_err(|error| CoreError::new(Code::Invalid, error.to_string()))?;
            write_raw(&out.join("refused"), &part.bytes, &document, &facts)
        })
        .await
    }

    async fn part(&self, id: u64) -> Result<RejectedPart> {
        let part = self.replica().rejected_part(id).await?;
        part.ok_or_else(|| {
            let message = format!("There is no refused edit {id} here: it was sent, or let go.");
            CoreError::new(Code::NotFound, message)
        })
    }

    /// The readable part of an export: the lesson, or all of a course's outline with what is here of its lessons.
    async fn readable(&self, part: &RejectedPart, view: &OutlineView, title: &str) -> Vec<ExportNode> {
        let mut missing = Vec::new();
        let alone = |id: &NodeId| OutlineNode {
            id: id.clone(),
            kind: NodeKind::Lesson,
            title: if title.is_empty() { "Untitled lesson".to_owned() } else { title.to_owned() },
            children: Vec::new(),
        };
        let nodes: Vec<OutlineNode> = match &part.doc {
            DocId::Course(_) => view.nodes.iter().chain(&view.recovered).cloned().collect(),
            DocId::Lesson(lesson) => vec![alone(lesson)],
        };
        let mut written = Vec::new();
        for node in &nodes {
            match Box::pin(self.export_node(node, &mut missing)).await {
                Ok(node) => written.push(with_bodies(node)),
                Err(error) => tracing::warn!(%error, "a lesson does not read; its raw form is exported"),
            }
        }
        written
    }

    /// The lesson as its author has it becomes a lesson of its own, and the old one what the server has of it.
    async fn write_anew(&self, part: &RejectedPart, lesson: &NodeId) -> Result<NodeId> {
        let course = &part.course;
        let read = |lesson: &Lesson| {
            Ok::<_, inkhorn_course::BodyError>((lesson.body()?, lesson.assets()?, lesson.front_matter()?))
        };
        let (content, assets, front) = match part.reason {
            // All that was here is in the copy; the document is the server's by now.
            Reason::Differed => {
                let copy = Lesson::load(client_id(&mut random16), &part.bytes);
                read(&copy.map_err(|error| CoreError::new(Code::Invalid, error.to_string()))?)
            }
            _ => self.replica().with_lesson(lesson, read).await?,
        }
        .map_err(ReplicaError::from)?;
        let view = self.outline(course).await?;
        let Some(old) = find(&view, lesson) else {
            return Err(CoreError::new(
                Code::Invalid,
                "The course has no such lesson any more: export what was refused, and import it. It stays kept here.",
            ));
        };
        let taken = part.reason == Reason::IdTaken;
        let title = if taken { old.title.clone() } else { format!("{} (your version)", old.title) };
        let (parent, next) = place(&view, lesson);
        let id = NodeId::from_random(random16());
        let client = client_id(&mut random16);
        let created =
            Lesson::create_with_front_matter(client, &content, schema::BODY_SCHEMA_VERSION, &assets, &front);
        let first = created.map_err(ReplicaError::from)?.1;
        let added = id.clone();
        let edit = self.replica().edit_outline(course, Origin::Core, move |outline, random| {
            let (parent, next) = (parent.as_ref(), next.as_ref());
            let update = outline.add(random, NodeKind::Lesson, parent, next, &title, added.clone())?;
            let mut edited = Edited::new((), [update]).creating(DocId::Lesson(added.clone()), first);
            edited.assets.extend(assets.into_iter().map(|asset| (added.clone(), asset)));
            Ok(edited)
        });
        edit.await?;
        // What follows may be repeated: the new lesson is durable, and only then the old one is touched.
        if taken {
            self.trash(lesson).await?;
        }
        self.replica().discard_rejected(&part.doc).await?;
        self.net().look_again();
        Ok(id)
    }
}

/// What a course that holds one exported document is called.
fn heading(part: &RejectedPart, course: &str) -> String {
    let course = if course.is_empty() { part.course.as_str() } else { course };
    format!("{course}: refused changes")
}

/// Where a copy of a lesson stands: under its parent, before its next sibling. What has no parent goes to the first
/// chapter.
fn place(view: &OutlineView, lesson: &NodeId) -> (Option<NodeId>, Option<NodeId>) {
    fn within(nodes: &[OutlineNode], lesson: &NodeId) -> Option<(Option<NodeId>, Option<NodeId>)> {
        nodes.iter().find_map(|node| {
            let at = node.children.iter().position(|child| child.id == *lesson);
            match at {
                Some(at) => {
                    Some((Some(node.id.clone()), node.children.get(at + 1).map(|next| next.id.clone())))
                }
                None => within(&node.children, lesson),
            }
        })
    }
    within(&view.nodes, lesson).unwrap_or_else(|| (view.nodes.first().map(|node| node.id.clone()), None))
}

/// Lessons that have not arrived are written empty: the outline is what is to be kept.
fn with_bodies(mut node: ExportNode) -> ExportNode {
    if node.kind == inkhorn_formats::NodeKind::Lesson && node.body.is_none() {
        node.body = Some(body::Node::new("doc", vec![]));
    }
    node.children = node.children.into_iter().map(with_bodies).collect();
    node
}

fn write_raw(folder: &Path, edits: &[u8], document: &[u8], facts: &serde_json::Value) -> Result<()> {
    let written = (|| {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("edits.yjs"), edits)?;
        std::fs::write(folder.join("document.yjs"), document)?;
        std::fs::write(folder.join("refused.json"), serde_json::to_vec_pretty(facts)?)
    })();
    written.map_err(|error: io::Error| {
        let code = if error.kind() == io::ErrorKind::StorageFull { Code::DiskFull } else { Code::Other };
        let message = format!(
            "{} could not be written: {error}. What stands beside it is whole, and everything stays kept here.",
            folder.display()
        );
        CoreError::new(code, message)
    })
}
