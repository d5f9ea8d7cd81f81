//! Edits that the server refused: what they were is kept beside the document.

use super::{Result, int, number, parsed, to_json};
use crate::state::RejectedPart;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::projection::RejectedEdit;
use inkhorn_protocol::session::Reason;
use sqlx::{Row, SqliteConnection, query};

/// A reason that does not read (a newer Inkhorn wrote it) is still a refusal.
pub(crate) fn reason(text: &str) -> Reason {
    serde_json::from_str(text).unwrap_or(Reason::Other)
}

pub(crate) async fn reject(
    db: &mut SqliteConnection,
    id: i64,
    reason: &Reason,
    at_ms: u64,
    bytes: &[u8],
) -> Result<()> {
    let text = to_json(reason)?;
    query("UPDATE doc SET rejected = ? WHERE id = ?").bind(&text).bind(id).execute(&mut *db).await?;
    keep_refused(db, id, reason, at_ms, bytes).await
}

/// Keeps what was refused, and goes on sending the document.
pub(crate) async fn keep_refused(
    db: &mut SqliteConnection,
    id: i64,
    reason: &Reason,
    at_ms: u64,
    bytes: &[u8],
) -> Result<()> {
    let reason = to_json(reason)?;
    query("INSERT INTO rejected (doc, reason, at_ms, bytes) VALUES (?, ?, ?, ?)")
        .bind(id)
        .bind(&reason)
        .bind(int(at_ms))
        .bind(bytes)
        .execute(db)
        .await?;
    Ok(())
}

/// The refused edits of these documents wait to be sent again.
pub(crate) async fn unmute(db: &mut SqliteConnection, id: i64) -> Result<()> {
    // What was kept from a document that was rebuilt is in none of its histories: it cannot be sent again.
    query("DELETE FROM rejected WHERE doc = ? AND reason <> ?")
        .bind(id)
        .bind(to_json(&Reason::Differed)?)
        .execute(&mut *db)
        .await?;
    query("UPDATE doc SET rejected = NULL WHERE id = ?").bind(id).execute(db).await?;
    Ok(())
}

/// Documents of a course that are muted because of the role.
pub(crate) async fn muted_by_role(db: &mut SqliteConnection, course: &CourseId) -> Result<Vec<i64>> {
    let rows = query("SELECT id, rejected FROM doc WHERE course = ? AND rejected IS NOT NULL")
        .bind(course.as_str())
        .fetch_all(db)
        .await?;
    let mut muted = Vec::new();
    for row in &rows {
        if reason(row.try_get("rejected")?).is_of_role() {
            muted.push(row.try_get("id")?);
        }
    }
    Ok(muted)
}

pub(crate) async fn rejected(db: &mut SqliteConnection) -> Result<Vec<RejectedEdit>> {
    let rows = query(
        "SELECT r.id, r.reason, r.at_ms, d.name, d.course FROM rejected r JOIN doc d ON d.id = r.doc \
         ORDER BY r.id DESC",
    )
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(RejectedEdit {
                id: number(row, "id")?,
                course: parsed(row, "course")?,
                doc: parsed(row, "name")?,
                why: reason(row.try_get("reason")?).to_string(),
                at_ms: number(row, "at_ms")?,
            })
        })
        .collect()
}

/// One refused edit with its bytes.
pub(crate) async fn rejected_part(db: &mut SqliteConnection, id: u64) -> Result<Option<RejectedPart>> {
    let row = query(
        "SELECT r.id, r.reason, r.at_ms, r.bytes, d.name, d.course FROM rejected r JOIN doc d ON d.id = r.doc \
         WHERE r.id = ?",
    )
    .bind(int(id))
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(RejectedPart {
            id,
            course: parsed(&row, "course")?,
            doc: parsed(&row, "name")?,
            reason: reason(row.try_get("reason")?),
            at_ms: number(&row, "at_ms")?,
            bytes: row.try_get("bytes")?,
        })
    })
    .transpose()
}

/// Forgets the refused edits of a document, and leaves what keeps it from being sent.
pub(crate) async fn forget_rejected(db: &mut SqliteConnection, id: i64) -> Result<()> {
    query("DELETE FROM rejected WHERE doc = ?").bind(id).execute(db).await?;
    Ok(())
}
