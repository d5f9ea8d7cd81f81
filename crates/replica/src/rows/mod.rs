//! The statements of the store. Nothing here decides anything; everything runs on the writer's one connection.

mod assets;
mod courses;
mod documents;
mod kept;
mod operations;
mod refusals;
mod waiting;

pub(crate) use assets::*;
pub(crate) use courses::*;
pub(crate) use documents::*;
pub(crate) use kept::*;
pub(crate) use operations::*;
pub(crate) use refusals::*;
pub(crate) use waiting::*;

use crate::ReplicaError;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::str::FromStr;

type Result<T> = std::result::Result<T, ReplicaError>;

/// Local rows that the server has not acked, of documents in shared courses whose edits were not refused.
const WAITING: &str = "CASE WHEN c.shared = 0 OR d.rejected IS NOT NULL THEN 0 ELSE d.folded + \
     (SELECT COUNT(*) FROM log l WHERE l.doc = d.id AND l.local = 1 AND l.version > d.acked) END";

/// When the oldest local row that the server has not acked was written; null where that is not known.
const SINCE: &str = "(SELECT MIN(t) FROM (SELECT d.folded_since_ms AS t UNION ALL SELECT l.at_ms FROM log l \
     WHERE l.doc = d.id AND l.local = 1 AND l.version > d.acked))";

/// A value of ours that cannot be read back: the file was changed by something else.
fn parsed<T: FromStr>(row: &SqliteRow, column: &str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    let text: String = row.try_get(column)?;
    text.parse().map_err(|error: T::Err| ReplicaError::Corrupt { detail: format!("{column}: {error}") })
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| ReplicaError::Corrupt { detail: error.to_string() })
}

fn to_json(value: &(impl serde::Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value).map_err(|error| ReplicaError::Corrupt { detail: error.to_string() })
}

fn number(row: &SqliteRow, column: &str) -> Result<u64> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
}

/// SQLite's integers are signed; versions and marks stay far below the sign bit.
#[expect(clippy::cast_possible_wrap, reason = "counters that start at 0 and grow by one")]
fn int(value: u64) -> i64 {
    value as i64
}
