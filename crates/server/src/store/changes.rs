//! What happened in courses other than by content, for the running server to tell: rows that operations and admin commands leave.

use super::{Store, StoreError};
use crate::engine::event::Change;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::session::{EventKind, Role};
use sqlx::SqliteConnection;

/// Rows that are kept; a server reads them within a second, so these are for looking into.
const KEEP: i64 = 10_000;

/// Moves the head of a course on and leaves a row; gives the new head.
pub(super) async fn record(
    tx: &mut SqliteConnection,
    course: &CourseId,
    kind: Option<&EventKind>,
    member: Option<(&str, Option<Role>)>,
) -> Result<u64, StoreError> {
    let seq: i64 = sqlx::query_scalar("UPDATE courses SET seq = seq + 1 WHERE id = ? RETURNING seq")
        .bind(course.as_str())
        .fetch_one(&mut *tx)
        .await?;
    // Our own types have string keys only, so writing them cannot fail.
    let kind = kind.and_then(|k| serde_json::to_string(k).ok());
    sqlx::query("INSERT INTO changes (course, seq, kind, user, role) VALUES (?, ?, ?, ?, ?)")
        .bind(course.as_str())
        .bind(seq)
        .bind(kind)
        .bind(member.map(|m| m.0))
        .bind(member.and_then(|m| m.1).map(|role| role.to_string()))
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM changes WHERE id <= (SELECT max(id) FROM changes) - ?")
        .bind(KEEP)
        .execute(&mut *tx)
        .await?;
    Ok(seq as u64)
}

impl Store {
    /// Number of the last row.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn last_change(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM changes").fetch_one(&self.read).await?)
    }

    /// Rows behind a number, with the number of the last one.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn changes_since(&self, last: i64) -> Result<(i64, Vec<Change>), StoreError> {
        type Row = (i64, String, i64, Option<String>, Option<String>, Option<String>);
        let rows: Vec<Row> =
            sqlx::query_as("SELECT id, course, seq, kind, user, role FROM changes WHERE id > ? ORDER BY id")
                .bind(last)
                .fetch_all(&self.read)
                .await?;
        let head = rows.last().map_or(last, |row| row.0);
        let changes = rows.into_iter().filter_map(|(_, course, seq, kind, user, role)| {
            Some(Change {
                course: course.parse().ok()?,
                course_seq: seq as u64,
                kind: kind.and_then(|text| serde_json::from_str(&text).ok()),
                member: user.map(|user| (user.into(), role.and_then(|r| r.parse().ok()))),
            })
        });
        Ok((head, changes.collect()))
    }
}
