//! Projections of what is on this computer: plain reads of the replica.

use crate::error::{Code, CoreError, Result};
use inkhorn_protocol::projection::{
    Access, AssetInfo, AssetState, CourseSummary, LessonInfo, NodeKind, OutlineNode, OutlineView,
};
use inkhorn_protocol::schema::BODY_SCHEMA_VERSION;
use inkhorn_protocol::session::Role;
use inkhorn_protocol::{CourseId, DocId, NodeId};
use inkhorn_replica::{Replica, ReplicaError};

/// Courses on this computer, by title.
pub(crate) async fn courses(replica: &Replica) -> Result<Vec<CourseSummary>> {
    let mut summaries = Vec::new();
    for row in replica.courses().await? {
        // A course that was joined and has not arrived has no outline to count in.
        let lessons = match replica.outline(&row.id).await {
            Ok(view) => lessons(&view),
            Err(error) => {
                tracing::debug!(%error, course = %row.id, "no outline to count in");
                0
            }
        };
        let sync = replica.sync_count(Some(&row.id)).await?;
        summaries.push(CourseSummary {
            id: row.id,
            title: row.title,
            lessons,
            shared: row.shared,
            role: row.role,
            owners: row.owners,
            sync,
        });
    }
    Ok(summaries)
}

/// Lessons outside Trash.
fn lessons(view: &OutlineView) -> u32 {
    let mut count = 0;
    let mut stack: Vec<&OutlineNode> = view.nodes.iter().chain(&view.recovered).collect();
    while let Some(node) = stack.pop() {
        count += u32::from(node.kind == NodeKind::Lesson);
        stack.extend(&node.children);
    }
    count
}

/// Outline of a course.
pub(crate) async fn outline(replica: &Replica, course: &CourseId) -> Result<OutlineView> {
    Ok(replica.outline(course).await?)
}

/// Facts about a lesson. Writes nothing.
pub(crate) async fn lesson_info(replica: &Replica, course: &CourseId, lesson: &NodeId) -> Result<LessonInfo> {
    let doc = DocId::Lesson(lesson.clone());
    let view = replica.outline(course).await?;
    let trashed = holds(&view.trash, lesson);
    let (version, waiting) = match replica.doc(&doc).await {
        Ok(row) => (row.version, row.waiting),
        // The outline names it, and nothing of it has arrived.
        Err(ReplicaError::UnknownDoc(_)) if trashed || holds(&view.nodes, lesson) || holds(&view.recovered, lesson) => {
            (0, 0)
        }
        Err(ReplicaError::UnknownDoc(_)) => {
            return Err(CoreError::new(Code::NotFound, format!("There is no lesson {lesson} in this course.")));
        }
        Err(error) => return Err(error.into()),
    };
    let access = access(replica, course, lesson, version, trashed).await?;
    Ok(LessonInfo { id: lesson.clone(), access, version, waiting })
}

async fn access(
    replica: &Replica,
    course: &CourseId,
    lesson: &NodeId,
    version: u64,
    trashed: bool,
) -> Result<Access> {
    if version == 0 {
        return Ok(Access::NotArrived);
    }
    if trashed {
        return Ok(Access::Trashed);
    }
    let newer = replica
        .with_lesson(lesson, |lesson| {
            let schema = lesson.schema_version().ok().flatten();
            // A document without a version has not arrived whole: its first update carries it.
            schema.map(|version| version > BODY_SCHEMA_VERSION || !matches!(lesson.has_unknown_content(), Ok(false)))
        })
        .await?;
    match newer {
        None => return Ok(Access::NotArrived),
        Some(true) => return Ok(Access::Newer),
        Some(false) => {}
    }
    let row = replica.course(course).await?;
    let role = if row.shared { row.role.unwrap_or(Role::Viewer) } else { Role::Owner };
    Ok(if role.may_write() { Access::Edit } else { Access::ReadOnly { role, owners: row.owners } })
}

fn holds(nodes: &[OutlineNode], id: &NodeId) -> bool {
    let mut stack: Vec<&OutlineNode> = nodes.iter().collect();
    while let Some(node) = stack.pop() {
        if &node.id == id {
            return true;
        }
        stack.extend(&node.children);
    }
    false
}

/// Assets of a course.
pub(crate) async fn assets(replica: &Replica, course: &CourseId) -> Result<Vec<AssetInfo>> {
    let shared = replica.course(course).await?.shared;
    let rows = replica.assets(Some(course)).await?;
    let state = |here, uploaded| match (here, uploaded, shared) {
        (false, ..) => AssetState::WaitsForDownload,
        (true, _, false) => AssetState::Local,
        (true, false, true) => AssetState::WaitsForUpload,
        (true, true, true) => AssetState::Synced,
    };
    Ok(rows.into_iter().map(|row| AssetInfo { state: state(row.here, row.uploaded), asset: row.asset }).collect())
}
