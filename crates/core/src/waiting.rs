//! What waits for the server, and what the user does about it: try now, or keep a copy.

use crate::documents::find;
use crate::{Code, Core, CoreError, Result};
use inkhorn_formats::{About, ExportReport};
use inkhorn_protocol::projection::{NodeKind, OutlineNode, OutlineView, WaitingDoc, WaitsFor};
use inkhorn_protocol::session::Reason;
use inkhorn_protocol::{CourseId, DocId};
use inkhorn_replica::WaitingRow;
use std::collections::HashMap;
use std::path::Path;

impl Core {
    /// Documents with edits that wait for the server, the one that has waited longest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn waiting(&self) -> Result<Vec<WaitingDoc>> {
        let rows = self.replica().waiting().await?;
        let mut outlines: HashMap<CourseId, OutlineView> = HashMap::new();
        let mut waiting = Vec::new();
        for row in rows {
            if !outlines.contains_key(&row.course) {
                let view = self.outline(&row.course).await.unwrap_or_default();
                outlines.insert(row.course.clone(), view);
            }
            let Some(view) = outlines.get(&row.course) else { continue };
            let title = match &row.doc {
                DocId::Course(_) => None,
                DocId::Lesson(lesson) => {
                    Some(find(view, lesson).map(|node| node.title.clone()).unwrap_or_default())
                }
            };
            waiting.push(WaitingDoc {
                waits: self.waits_for(&row).await?,
                course_title: view.title.clone(),
                title,
                doc: row.doc,
                course: row.course,
                edits: row.edits,
                bytes: row.bytes,
                since_ms: row.since_ms,
            });
        }
        Ok(waiting)
    }

    async fn waits_for(&self, row: &WaitingRow) -> Result<WaitsFor> {
        if let Some(early) = self.net().waits_for() {
            return Ok(early);
        }
        if row.assets > 0 {
            return Ok(match self.net().asset_trouble() {
                Some(why) => WaitsFor::Trouble { why },
                None => WaitsFor::Assets { count: row.assets },
            });
        }
        if matches!(row.doc, DocId::Course(_)) {
            let rows = self.replica().docs(Some(&row.course)).await?;
            let refused = |reason: &Option<Reason>| reason.as_ref().is_some_and(Reason::is_of_role);
            let first =
                rows.iter().filter(|doc| doc.doc != row.doc && (doc.waiting > 0 || refused(&doc.rejected)));
            let count = first.filter(|doc| !doc.registered || refused(&doc.rejected)).count() as u64;
            if count > 0 {
                return Ok(WaitsFor::Lessons { count });
            }
        }
        Ok(match self.net().trouble() {
            Some(why) => WaitsFor::Trouble { why },
            None => WaitsFor::Turn,
        })
    }

    /// Tries to send a document now rather than at the next try. It goes with all that waits: there is one connection.
    pub fn retry_waiting(&self) {
        self.net().retry_now();
        self.net().look_again();
    }

    /// Writes a copy of what waits as Markdown, into a folder that is new or empty: a lesson, or for an outline the whole
    /// course. What waits goes on waiting.
    ///
    /// # Errors
    /// [`Code::NotFound`]; [`Code::Invalid`] when the folder is not empty; [`Code::DiskFull`], and the store's.
    pub async fn export_copy(&self, course: &CourseId, doc: &DocId, out: &Path) -> Result<ExportReport> {
        match doc {
            DocId::Course(_) => self.export_course(course, out).await,
            DocId::Lesson(lesson) => {
                let title = self.doc_title(course, doc).await.filter(|title| !title.is_empty());
                let node = OutlineNode {
                    id: lesson.clone(),
                    kind: NodeKind::Lesson,
                    title: title.unwrap_or_else(|| "Untitled lesson".to_owned()),
                    children: Vec::new(),
                };
                if self.replica().doc(doc).await?.version == 0 {
                    return Err(CoreError::new(
                        Code::NotFound,
                        "This lesson has not arrived on this computer yet.",
                    ));
                }
                self.export_nodes(&node.title.clone(), &[&node], About::default(), out).await
            }
        }
    }
}
