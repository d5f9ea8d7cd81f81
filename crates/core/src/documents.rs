//! Courses and lessons as data: lists, summaries, and which course a node belongs to.

use crate::{Code, Core, CoreError, Result};
use inkhorn_course::Lesson;
use inkhorn_protocol::projection::{
    Access, CourseSummary, LessonInfo, NodeKind, OutlineNode, OutlineView, RejectedEdit, SyncCount,
};
use inkhorn_protocol::session::Role;
use inkhorn_protocol::{CourseId, DocId, NodeId, body};
use inkhorn_replica::{CourseRow, ReplicaError};

/// Sync as this computer knows it, without the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Sums over all shared courses.
    pub count: SyncCount,
    /// Refused edits, newest first.
    pub rejected: Vec<RejectedEdit>,
}

impl Core {
    /// Courses on this computer, by title.
    ///
    /// # Errors
    /// The store's.
    pub async fn courses(&self) -> Result<Vec<CourseSummary>> {
        let mut summaries = Vec::new();
        for row in self.replica().courses().await? {
            let sync = self.replica().sync_count(Some(&row.id)).await?;
            // A course whose outline has not arrived has no lessons to count.
            let lessons = match self.replica().outline(&row.id).await {
                Ok(view) => count(&view.nodes) + count(&view.recovered),
                Err(ReplicaError::UnknownCourse(_) | ReplicaError::Damaged { .. }) => 0,
                Err(error) => return Err(error.into()),
            };
            let CourseRow { id, title, shared, role, owners, .. } = row;
            let title = if title.is_empty() { "Untitled course".to_owned() } else { title };
            let role = role.filter(|_| shared);
            summaries.push(CourseSummary { id, title, lessons, shared, role, owners, sync });
        }
        Ok(summaries)
    }

    /// Outline of a course.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub async fn outline(&self, course: &CourseId) -> Result<OutlineView> {
        Ok(self.replica().outline(course).await?)
    }

    /// The course that a node belongs to.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub async fn course_of(&self, node: &NodeId) -> Result<CourseId> {
        match self.replica().doc(&DocId::Lesson(node.clone())).await {
            Ok(row) => return Ok(row.course),
            Err(ReplicaError::UnknownDoc(_)) => {}
            Err(error) => return Err(error.into()),
        }
        for row in self.replica().courses().await? {
            let view = match self.replica().outline(&row.id).await {
                Ok(view) => view,
                Err(ReplicaError::UnknownCourse(_) | ReplicaError::Damaged { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            if find(&view, node).is_some() {
                return Ok(row.id);
            }
        }
        Err(CoreError::new(Code::NotFound, format!("No course on this computer has a node {node}.")))
    }

    /// Facts about a lesson.
    ///
    /// # Errors
    /// [`Code::NotFound`] when the course does not name it.
    pub async fn lesson_info(&self, course: &CourseId, lesson: &NodeId) -> Result<LessonInfo> {
        // The questions wait in the writer's queue together: one after the other, each could come behind a commit.
        let id = DocId::Lesson(lesson.clone());
        let replica = self.replica();
        let (row, view, course_row, unknown) = tokio::join!(
            replica.doc(&id),
            replica.outline(course),
            replica.course(course),
            replica.with_lesson(lesson, Lesson::has_unknown_content),
        );
        let row = match row {
            Ok(row) => row,
            Err(ReplicaError::UnknownDoc(_)) => {
                self.named(course, lesson).await?;
                return Ok(LessonInfo {
                    id: lesson.clone(),
                    access: Access::NotArrived,
                    version: 0,
                    waiting: 0,
                });
            }
            Err(error) => return Err(error.into()),
        };
        let access = if row.version == 0 {
            Access::NotArrived
        } else if view.is_ok_and(|view| within(&view.trash, lesson).is_some()) {
            Access::Trashed
        } else {
            let course = course_row?;
            match course.role {
                role if course.shared && !role.is_some_and(Role::may_write) => {
                    Access::ReadOnly { role: role.unwrap_or(Role::Viewer), owners: course.owners }
                }
                // What cannot be read at all must not be edited either.
                _ if unknown?.unwrap_or(true) => Access::Newer,
                _ => Access::Edit,
            }
        };
        Ok(LessonInfo { id: lesson.clone(), access, version: row.version, waiting: row.waiting })
    }

    /// Body of a lesson.
    ///
    /// # Errors
    /// [`Code::NotFound`] when it is not here.
    pub async fn lesson_body(&self, lesson: &NodeId) -> Result<body::Node> {
        match self.replica().body(lesson).await {
            Err(ReplicaError::UnknownDoc(_)) => {
                let course = self.course_of(lesson).await?;
                let node = self.named(&course, lesson).await?;
                Err(CoreError::new(
                    Code::NotFound,
                    match node.kind {
                        NodeKind::Lesson => {
                            format!(
                                "“{}” has not arrived on this computer yet. It comes with the next sync.",
                                node.title
                            )
                        }
                        _ => format!("“{}” is not a lesson: it has no text of its own.", node.title),
                    },
                ))
            }
            outcome => Ok(outcome?),
        }
    }

    /// The node as the course's outline has it, in Trash or not.
    pub(crate) async fn named(&self, course: &CourseId, node: &NodeId) -> Result<OutlineNode> {
        named_in(&self.replica().outline(course).await?, node)
    }

    /// What waits and what was refused.
    ///
    /// # Errors
    /// The store's.
    pub async fn sync_facts(&self) -> Result<Facts> {
        let count = self.replica().sync_count(None).await?;
        Ok(Facts { count, rejected: self.replica().rejected().await? })
    }
}

/// The node as an outline has it, in Trash or not.
pub(crate) fn named_in(view: &OutlineView, node: &NodeId) -> Result<OutlineNode> {
    let found = find(view, node).cloned();
    found.ok_or_else(|| CoreError::new(Code::NotFound, format!("The course has no node {node}.")))
}

/// Lessons in a list of nodes and below.
fn count(nodes: &[OutlineNode]) -> u32 {
    nodes.iter().map(|node| u32::from(node.kind == NodeKind::Lesson) + count(&node.children)).sum()
}

/// A node anywhere in an outline, Trash included.
pub(crate) fn find<'a>(view: &'a OutlineView, id: &NodeId) -> Option<&'a OutlineNode> {
    [&view.nodes, &view.recovered, &view.trash].into_iter().find_map(|nodes| within(nodes, id))
}

fn within<'a>(nodes: &'a [OutlineNode], id: &NodeId) -> Option<&'a OutlineNode> {
    // An outline is three levels deep, so recursion is bounded.
    nodes.iter().find_map(|node| if node.id == *id { Some(node) } else { within(&node.children, id) })
}

/// All lessons at or below a node.
pub(crate) fn lessons(node: &OutlineNode, found: &mut Vec<NodeId>) {
    if node.kind == NodeKind::Lesson {
        found.push(node.id.clone());
    }
    for child in &node.children {
        lessons(child, found);
    }
}
