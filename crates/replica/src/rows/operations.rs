//! Operations of the user: rows of JSON that the outbox reads. Here they are text.

use super::{Result, number};
use crate::state::StoredOperation;
use inkhorn_protocol::{CourseId, OpId};
use sqlx::{Row, SqliteConnection, query};

pub(crate) async fn operations(db: &mut SqliteConnection) -> Result<Vec<StoredOperation>> {
    // As bytes: a row that something else wrote must not keep the others from being read.
    let sql = "SELECT id, CAST(op AS BLOB) AS op, CAST(course AS BLOB) AS course, CAST(body AS BLOB) AS body \
               FROM operation ORDER BY id";
    let rows = query(sql).fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            let text = |column: &str| -> Result<String> {
                Ok(String::from_utf8_lossy(&row.try_get::<Vec<u8>, _>(column)?).into_owned())
            };
            let (op, course, body) = (text("op")?, text("course")?, text("body")?);
            Ok(StoredOperation { row: number(row, "id")?, op, course, body })
        })
        .collect()
}

/// A new one stands behind all others; one that is there keeps its place.
pub(crate) async fn save_operation(
    db: &mut SqliteConnection,
    op: &OpId,
    course: &CourseId,
    body: &str,
) -> Result<()> {
    query("INSERT INTO operation (op, course, body) VALUES (?1, ?2, ?3) ON CONFLICT (op) DO UPDATE SET body = ?3")
        .bind(op.as_str())
        .bind(course.as_str())
        .bind(body)
        .execute(db)
        .await?;
    Ok(())
}

/// By its id, or by the name that [`StoredOperation::name`] made up for it.
pub(crate) async fn remove_operation(db: &mut SqliteConnection, op: &OpId) -> Result<()> {
    query("DELETE FROM operation WHERE op = ?1 OR 'row-' || id = ?1").bind(op.as_str()).execute(db).await?;
    Ok(())
}
