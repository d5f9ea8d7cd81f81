//! Documents with edits that wait for the server.

use super::{Result, SINCE, WAITING, number, parsed};
use crate::state::WaitingRow;
use sqlx::{Row, SqliteConnection, query};

/// All of them, the one that has waited longest first; those of which that is not known are older still.
pub(crate) async fn waiting(db: &mut SqliteConnection) -> Result<Vec<WaitingRow>> {
    let sql = format!(
        "SELECT d.name, d.course, {WAITING} AS edits, {SINCE} AS since, d.folded_bytes + \
         (SELECT COALESCE(SUM(LENGTH(l.bytes)), 0) FROM log l \
          WHERE l.doc = d.id AND l.local = 1 AND l.version > d.acked) AS bytes, \
         (SELECT COUNT(*) FROM lesson_asset la JOIN asset a ON a.course = d.course AND a.hash = la.hash \
          WHERE la.doc = d.id AND a.here = 1 AND a.uploaded = 0) AS assets \
         FROM doc d JOIN course c ON c.id = d.course WHERE c.shared = 1 AND {WAITING} > 0 \
         ORDER BY since, d.name"
    );
    let rows = query(sqlx::AssertSqlSafe(sql)).fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            Ok(WaitingRow {
                doc: parsed(row, "name")?,
                course: parsed(row, "course")?,
                edits: number(row, "edits")?,
                bytes: number(row, "bytes")?,
                since_ms: row.try_get::<Option<i64>, _>("since")?.and_then(|ms| u64::try_from(ms).ok()),
                assets: number(row, "assets")?,
            })
        })
        .collect()
}
