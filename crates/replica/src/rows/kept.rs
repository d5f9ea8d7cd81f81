//! Words that somebody took away unseen, and who writes on this computer.

use super::{Result, int, json, number, parsed, to_json};
use crate::state::KeptWords;
use inkhorn_course::Place;
use inkhorn_course::lost::ItemId;
use inkhorn_protocol::body::Node;
use inkhorn_protocol::{CourseId, DocId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query};
use std::collections::BTreeSet;

/// Client ids that are remembered for a document, the newest: a window draws one each time it opens a lesson, and what one of a
/// thousand openings ago wrote has been seen by everybody.
const WRITERS: u32 = 1_000;

/// Client ids have 53 bits.
#[expect(clippy::cast_possible_wrap, reason = "far below the sign bit")]
fn signed(client: u64) -> i64 {
    client as i64
}

/// Client ids of this computer, as far as they were written down.
pub(crate) async fn writers(db: &mut SqliteConnection, id: i64) -> Result<BTreeSet<u64>> {
    let rows = query("SELECT client FROM writer WHERE doc = ?").bind(id).fetch_all(db).await?;
    rows.iter().map(|row| number(row, "client")).collect()
}

/// Writes them down, before the rows of the log that tell them go.
pub(crate) async fn keep_writers(db: &mut SqliteConnection, id: i64, writers: &BTreeSet<u64>) -> Result<()> {
    for client in writers {
        query("INSERT INTO writer (doc, client) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(id)
            .bind(signed(*client))
            .execute(&mut *db)
            .await?;
    }
    query(
        "DELETE FROM writer WHERE doc = ?1 AND id NOT IN \
         (SELECT id FROM writer WHERE doc = ?1 ORDER BY id DESC LIMIT ?2)",
    )
    .bind(id)
    .bind(WRITERS)
    .execute(db)
    .await?;
    Ok(())
}

/// Keeps blocks; what is kept of the same container already stays as it is. Says whether that is new.
pub(crate) async fn keep(
    db: &mut SqliteConnection,
    id: i64,
    at_ms: u64,
    container: ItemId,
    blocks: &[Node],
    place: &Place,
) -> Result<bool> {
    let done = query(
        "INSERT INTO kept (doc, at_ms, container, blocks, place) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(int(at_ms))
    .bind(name(container))
    .bind(to_json(blocks)?)
    .bind(to_json(&(&place.after, &place.before))?)
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Adds blocks to what is kept of a container; `false` where nothing is.
pub(crate) async fn keep_more(
    db: &mut SqliteConnection,
    id: i64,
    container: ItemId,
    more: &[Node],
) -> Result<bool> {
    let row = query("SELECT id, blocks FROM kept WHERE doc = ? AND container = ?")
        .bind(id)
        .bind(name(container))
        .fetch_optional(&mut *db)
        .await?;
    let Some(row) = row else { return Ok(false) };
    let mut blocks: Vec<Node> = json(row.try_get("blocks")?)?;
    blocks.extend_from_slice(more);
    query("UPDATE kept SET blocks = ? WHERE id = ?")
        .bind(to_json(&blocks)?)
        .bind(row.try_get::<i64, _>("id")?)
        .execute(db)
        .await?;
    Ok(true)
}

fn name((client, clock): ItemId) -> String {
    format!("{client}:{clock}")
}

const SELECT: &str =
    "SELECT k.id, k.at_ms, k.blocks, k.place, d.name, d.course FROM kept k JOIN doc d ON d.id = k.doc";

fn read(row: &SqliteRow) -> Result<Option<KeptWords>> {
    let DocId::Lesson(lesson) = parsed(row, "name")? else { return Ok(None) };
    let (after, before) = json(row.try_get("place")?)?;
    Ok(Some(KeptWords {
        id: number(row, "id")?,
        course: parsed(row, "course")?,
        lesson,
        at_ms: number(row, "at_ms")?,
        blocks: json(row.try_get("blocks")?)?,
        place: Place { after, before },
    }))
}

/// All that is kept, newest first.
pub(crate) async fn kept(db: &mut SqliteConnection) -> Result<Vec<KeptWords>> {
    let sql = format!("{SELECT} ORDER BY k.id DESC");
    let rows = query(sqlx::AssertSqlSafe(sql)).fetch_all(db).await?;
    rows.iter().filter_map(|row| read(row).transpose()).collect()
}

/// Forgets one; gives the document that it was of.
pub(crate) async fn forget_kept(db: &mut SqliteConnection, id: u64) -> Result<Option<(CourseId, DocId)>> {
    let row = query("SELECT d.name, d.course FROM kept k JOIN doc d ON d.id = k.doc WHERE k.id = ?")
        .bind(int(id))
        .fetch_optional(&mut *db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    query("DELETE FROM kept WHERE id = ?").bind(int(id)).execute(db).await?;
    Ok(Some((parsed(&row, "course")?, parsed(&row, "name")?)))
}
