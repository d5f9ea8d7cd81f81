//! Operations: each one is done once, whatever is sent how often, and its reply is kept.

use super::courses::role_in;
use super::{Store, StoreError, changes, members, now_ms};
use inkhorn_protocol::rest::{Operation, OperationReply, OperationRequest};
use inkhorn_protocol::session::{EventKind, Reason, Role};
use inkhorn_protocol::{CourseId, DocId};
use sqlx::SqliteConnection;

/// Documents in one registration: ten times the largest course that was tried.
pub(crate) const MAX_DOCUMENTS: usize = 10_000;

/// Longest title, in bytes.
const MAX_TITLE_BYTES: usize = 1_024;

/// What came of an operation, before it is written down.
struct Outcome {
    rejected: Option<Reason>,
    taken: Vec<DocId>,
}

impl Outcome {
    fn done() -> Self {
        Self { rejected: None, taken: Vec::new() }
    }
    fn rejected(reason: Reason) -> Self {
        Self { rejected: Some(reason), taken: Vec::new() }
    }
}

impl Store {
    /// Does an operation, or gives the reply of when it was done.
    ///
    /// # Errors
    /// [`StoreError::Sql`]; nothing was done then.
    pub async fn operate(
        &self,
        user: &str,
        request: &OperationRequest,
    ) -> Result<OperationReply, StoreError> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let kept: Option<String> =
            sqlx::query_scalar("SELECT reply FROM operations WHERE user = ? AND op = ?")
                .bind(user)
                .bind(request.op.as_str())
                .fetch_optional(&mut *tx)
                .await?;
        if let Some(reply) = kept.and_then(|text| serde_json::from_str(&text).ok()) {
            return Ok(reply);
        }
        let outcome = match &request.operation {
            Operation::Register { course, title, documents } => {
                register(&mut tx, user, course, title, documents).await?
            }
            Operation::SetTitle { course, title } => set_title(&mut tx, user, course, title).await?,
            Operation::Member { course, email, change } => {
                match members::change(&mut tx, user, course, email, *change).await? {
                    Some(reason) => Outcome::rejected(reason),
                    None => Outcome::done(),
                }
            }
        };
        let reply =
            OperationReply { op: request.op.clone(), rejected: outcome.rejected, taken: outcome.taken };
        // Our own types have string keys only, so writing them cannot fail.
        let text = serde_json::to_string(&reply).unwrap_or_default();
        sqlx::query("INSERT INTO operations (user, op, reply, at_ms) VALUES (?, ?, ?, ?)")
            .bind(user)
            .bind(request.op.as_str())
            .bind(text)
            .bind(now_ms() as i64)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(reply)
    }
}

/// Why an account may not change a course, if so.
async fn may_not_write(
    tx: &mut SqliteConnection,
    user: &str,
    course: &CourseId,
) -> Result<Option<Reason>, StoreError> {
    Ok(match role_in(tx, course, user).await? {
        None => Some(Reason::NotMember),
        Some(role) if !role.may_write() => Some(Reason::RoleTooLow { role }),
        Some(_) => None,
    })
}

async fn register(
    tx: &mut SqliteConnection,
    user: &str,
    course: &CourseId,
    title: &str,
    documents: &[DocId],
) -> Result<Outcome, StoreError> {
    if title.len() > MAX_TITLE_BYTES || documents.len() > MAX_DOCUMENTS {
        let limit = if title.len() > MAX_TITLE_BYTES { MAX_TITLE_BYTES } else { MAX_DOCUMENTS };
        return Ok(Outcome::rejected(Reason::TooLarge { limit_bytes: limit as u64 }));
    }
    let known: Option<i64> = sqlx::query_scalar("SELECT seq FROM courses WHERE id = ?")
        .bind(course.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    if known.is_some()
        && let Some(reason) = may_not_write(tx, user, course).await?
    {
        return Ok(Outcome::rejected(reason));
    }
    let mut taken = Vec::new();
    let mut new = Vec::new();
    for doc in documents {
        let holder: Option<String> = sqlx::query_scalar("SELECT course FROM documents WHERE name = ?")
            .bind(doc.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        // An outline belongs to the course of its name, so that nobody can take it away from that course.
        let misnamed = matches!(doc, DocId::Course(id) if id != course);
        match holder {
            Some(holder) if holder == course.as_str() => {}
            None if !misnamed => new.push(doc.clone()),
            _ => taken.push(doc.clone()),
        }
    }
    if !taken.is_empty() {
        return Ok(Outcome { rejected: Some(Reason::IdTaken), taken });
    }
    if known.is_none() {
        sqlx::query("INSERT INTO courses (id, title, seq, created_ms) VALUES (?, ?, 0, ?)")
            .bind(course.as_str())
            .bind(title)
            .bind(now_ms() as i64)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO members (course, user, role) VALUES (?, ?, ?)")
            .bind(course.as_str())
            .bind(user)
            .bind(Role::Owner.to_string())
            .execute(&mut *tx)
            .await?;
        changes::record(tx, course, None, Some((user, Some(Role::Owner)))).await?;
    }
    if new.is_empty() {
        return Ok(Outcome::done());
    }
    let kind = EventKind::Registered { docs: new.clone() };
    let seq = changes::record(tx, course, Some(&kind), None).await?;
    for doc in new {
        sqlx::query("INSERT OR IGNORE INTO documents (name, course, changed_seq) VALUES (?, ?, ?)")
            .bind(doc.to_string())
            .bind(course.as_str())
            .bind(seq as i64)
            .execute(&mut *tx)
            .await?;
    }
    Ok(Outcome::done())
}

async fn set_title(
    tx: &mut SqliteConnection,
    user: &str,
    course: &CourseId,
    title: &str,
) -> Result<Outcome, StoreError> {
    if title.len() > MAX_TITLE_BYTES {
        return Ok(Outcome::rejected(Reason::TooLarge { limit_bytes: MAX_TITLE_BYTES as u64 }));
    }
    if let Some(reason) = may_not_write(tx, user, course).await? {
        return Ok(Outcome::rejected(reason));
    }
    let done = sqlx::query("UPDATE courses SET title = ? WHERE id = ? AND title <> ?")
        .bind(title)
        .bind(course.as_str())
        .bind(title)
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() > 0 {
        changes::record(tx, course, Some(&EventKind::Title { title: title.to_owned() }), None).await?;
    }
    Ok(Outcome::done())
}
