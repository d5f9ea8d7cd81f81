//! The statements of the store. Nothing here decides anything; everything runs on the writer's one connection.

use crate::ReplicaError;
use crate::state::*;
use inkhorn_protocol::projection::{AssetRef, RejectedEdit, SyncCount};
use inkhorn_protocol::session::{Reason, Role};
use inkhorn_protocol::{AssetHash, CourseId, DocId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query};
use std::str::FromStr;

type Result<T> = std::result::Result<T, ReplicaError>;

/// A document's row, as the writer needs it.
#[derive(Debug, Clone)]
pub(crate) struct Doc {
    pub(crate) id: i64,
    pub(crate) course: CourseId,
    pub(crate) version: u64,
    pub(crate) acked: u64,
}

/// Local rows that the server has not acked, of documents in shared courses whose edits were not refused.
const WAITING: &str = "CASE WHEN c.shared = 0 OR d.rejected IS NOT NULL THEN 0 ELSE d.folded + \
     (SELECT COUNT(*) FROM log l WHERE l.doc = d.id AND l.local = 1 AND l.version > d.acked) END";

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

fn to_json(value: &impl serde::Serialize) -> Result<String> {
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

// ---- documents ------------------------------------------------------------------------------------

pub(crate) async fn find_doc(db: &mut SqliteConnection, doc: &DocId) -> Result<Option<Doc>> {
    let row = query("SELECT id, course, version, acked FROM doc WHERE name = ?")
        .bind(doc.to_string())
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok(Doc {
            id: row.try_get("id")?,
            course: parsed(&row, "course")?,
            version: number(&row, "version")?,
            acked: number(&row, "acked")?,
        })
    })
    .transpose()
}

/// Makes the row of a document unless it is there; gives its row number and whether it was made.
pub(crate) async fn add_doc(db: &mut SqliteConnection, doc: &DocId, course: &CourseId) -> Result<bool> {
    let done = query("INSERT INTO doc (name, course) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")
        .bind(doc.to_string())
        .bind(course.as_str())
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// One piece of a document's history.
pub(crate) struct Entry {
    pub(crate) version: u64,
    /// Made on this computer; a snapshot counts as not local.
    pub(crate) local: bool,
    pub(crate) snapshot: bool,
    pub(crate) bytes: Vec<u8>,
}

/// Snapshot (if any) and log of a document, in order.
pub(crate) async fn history(db: &mut SqliteConnection, id: i64) -> Result<Vec<Entry>> {
    let rows = query(
        "SELECT version, 0 AS local, bytes, 0 AS part FROM snapshot WHERE doc = ?1 \
         UNION ALL SELECT version, local, bytes, 1 FROM log WHERE doc = ?1 ORDER BY part, version",
    )
    .bind(id)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Entry {
                version: number(row, "version")?,
                local: row.try_get::<i64, _>("local")? != 0,
                snapshot: row.try_get::<i64, _>("part")? == 0,
                bytes: row.try_get("bytes")?,
            })
        })
        .collect()
}

pub(crate) async fn append(
    db: &mut SqliteConnection,
    id: i64,
    version: u64,
    local: bool,
    bytes: &[u8],
) -> Result<()> {
    query("INSERT INTO log (doc, version, local, bytes) VALUES (?, ?, ?, ?)")
        .bind(id)
        .bind(int(version))
        .bind(i64::from(local))
        .bind(bytes)
        .execute(&mut *db)
        .await?;
    query("UPDATE doc SET version = ? WHERE id = ?").bind(int(version)).bind(id).execute(db).await?;
    Ok(())
}

pub(crate) async fn caught_up(db: &mut SqliteConnection, id: i64, mark: u64) -> Result<bool> {
    let done = query("UPDATE doc SET caught_up = ?1 WHERE id = ?2 AND caught_up < ?1")
        .bind(int(mark))
        .bind(id)
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn acked(db: &mut SqliteConnection, id: i64, version: u64, doc_seq: u64) -> Result<()> {
    query(
        "UPDATE doc SET offer = 0, doc_seq = MAX(doc_seq, ?3), \
         folded = CASE WHEN ?2 >= COALESCE((SELECT s.version FROM snapshot s WHERE s.doc = doc.id), 0) \
                  THEN 0 ELSE folded END, \
         acked = MAX(acked, ?2) WHERE id = ?1",
    )
    .bind(id)
    .bind(int(version))
    .bind(int(doc_seq))
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn subscribed(db: &mut SqliteConnection, id: i64, on: bool) -> Result<()> {
    query("UPDATE doc SET subscribed = ? WHERE id = ?").bind(i64::from(on)).bind(id).execute(db).await?;
    Ok(())
}

pub(crate) async fn registered(db: &mut SqliteConnection, doc: &DocId) -> Result<()> {
    query("UPDATE doc SET registered = 1 WHERE name = ?").bind(doc.to_string()).execute(db).await?;
    Ok(())
}

/// Marks a document of the server as behind, making it when it is new here.
pub(crate) async fn mark_behind(db: &mut SqliteConnection, doc: &DocId, course: &CourseId) -> Result<()> {
    add_doc(db, doc, course).await?;
    // What is subscribed gets its updates by itself; should the link end before they come, `subscribed` says so.
    query("UPDATE doc SET mark = mark + 1, registered = 1 WHERE name = ? AND course = ? AND subscribed = 0")
        .bind(doc.to_string())
        .bind(course.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// What was subscribed when the last connection ended may have missed something.
pub(crate) async fn mark_subscribed_behind(db: &mut SqliteConnection) -> Result<()> {
    query("UPDATE doc SET mark = mark + 1, subscribed = 0 WHERE subscribed = 1").execute(db).await?;
    Ok(())
}

/// Another server, or an older state of it: all documents and assets of shared courses are to be offered again.
pub(crate) async fn offer_all(db: &mut SqliteConnection) -> Result<()> {
    query(
        "UPDATE doc SET offer = (version > 0), mark = mark + 1, registered = 0, subscribed = 0 \
         WHERE course IN (SELECT id FROM course WHERE shared = 1)",
    )
    .execute(&mut *db)
    .await?;
    query("UPDATE asset SET uploaded = 0").execute(&mut *db).await?;
    query("UPDATE course SET course_seq = 0").execute(db).await?;
    Ok(())
}

/// Replaces a document's history by a snapshot and, on top, one local row.
pub(crate) async fn replace_history(
    db: &mut SqliteConnection,
    id: i64,
    version: u64,
    snapshot: &[u8],
    own: Option<&[u8]>,
) -> Result<()> {
    query("DELETE FROM log WHERE doc = ?").bind(id).execute(&mut *db).await?;
    write_snapshot(db, id, version, snapshot).await?;
    query("UPDATE doc SET version = ?1, acked = ?1, folded = 0 WHERE id = ?2")
        .bind(int(version))
        .bind(id)
        .execute(&mut *db)
        .await?;
    if let Some(own) = own {
        append(db, id, version + 1, true, own).await?;
    }
    Ok(())
}

async fn write_snapshot(db: &mut SqliteConnection, id: i64, version: u64, bytes: &[u8]) -> Result<()> {
    query(
        "INSERT INTO snapshot (doc, version, bytes) VALUES (?1, ?2, ?3) \
         ON CONFLICT (doc) DO UPDATE SET version = ?2, bytes = ?3",
    )
    .bind(id)
    .bind(int(version))
    .bind(bytes)
    .execute(db)
    .await?;
    Ok(())
}

/// Puts a verified snapshot in place of the log up to `version`, and keeps count of what was not acked in it.
pub(crate) async fn fold(db: &mut SqliteConnection, id: i64, version: u64, bytes: &[u8]) -> Result<()> {
    query(
        "UPDATE doc SET folded = folded + (SELECT COUNT(*) FROM log l \
         WHERE l.doc = ?1 AND l.local = 1 AND l.version > doc.acked AND l.version <= ?2) WHERE id = ?1",
    )
    .bind(id)
    .bind(int(version))
    .execute(&mut *db)
    .await?;
    write_snapshot(db, id, version, bytes).await?;
    query("DELETE FROM log WHERE doc = ? AND version <= ?").bind(id).bind(int(version)).execute(db).await?;
    Ok(())
}

pub(crate) async fn docs(
    db: &mut SqliteConnection,
    course: Option<&CourseId>,
    doc: Option<&DocId>,
) -> Result<Vec<DocRow>> {
    let sql = format!(
        "SELECT d.name, d.course, d.version, d.mark > d.caught_up AS behind, d.registered, d.rejected, \
         {WAITING} AS waiting FROM doc d JOIN course c ON c.id = d.course \
         WHERE (?1 IS NULL OR d.course = ?1) AND (?2 IS NULL OR d.name = ?2) ORDER BY d.name"
    );
    let rows = query(sqlx::AssertSqlSafe(sql))
        .bind(course.map(CourseId::as_str))
        .bind(doc.map(ToString::to_string))
        .fetch_all(db)
        .await?;
    rows.iter()
        .map(|row| {
            let rejected: Option<String> = row.try_get("rejected")?;
            Ok(DocRow {
                doc: parsed(row, "name")?,
                course: parsed(row, "course")?,
                version: number(row, "version")?,
                waiting: number(row, "waiting")?,
                behind: row.try_get("behind")?,
                registered: row.try_get("registered")?,
                rejected: rejected.as_deref().map(json).transpose()?,
            })
        })
        .collect()
}

pub(crate) async fn work(db: &mut SqliteConnection, also: &[DocId]) -> Result<Vec<DocWork>> {
    let sql = format!(
        "SELECT d.name, d.course, d.version, d.acked, d.offer, d.mark, d.mark > d.caught_up AS behind, \
         d.registered, d.rejected IS NOT NULL AS muted, {WAITING} AS waiting, \
         EXISTS (SELECT 1 FROM lesson_asset la JOIN asset a ON a.course = d.course AND a.hash = la.hash \
                 WHERE la.doc = d.id AND a.here = 1 AND a.uploaded = 0) AS held \
         FROM doc d JOIN course c ON c.id = d.course WHERE c.shared = 1 AND c.role IS NOT NULL ORDER BY d.name"
    );
    let rows = query(sqlx::AssertSqlSafe(sql)).fetch_all(db).await?;
    let mut work = Vec::new();
    for row in &rows {
        let waiting = number(row, "waiting")?;
        let item = DocWork {
            doc: parsed(row, "name")?,
            course: parsed(row, "course")?,
            version: number(row, "version")?,
            dirty: waiting > 0 || row.try_get::<bool, _>("offer")?,
            fresh: number(row, "acked")? == 0,
            behind: row.try_get("behind")?,
            mark: number(row, "mark")?,
            registered: row.try_get("registered")?,
            muted: row.try_get("muted")?,
            held: row.try_get("held")?,
        };
        if item.dirty || item.behind || !item.registered || also.contains(&item.doc) {
            work.push(item);
        }
    }
    Ok(work)
}

// ---- refusals -------------------------------------------------------------------------------------

pub(crate) async fn reject(
    db: &mut SqliteConnection,
    id: i64,
    reason: &Reason,
    at_ms: u64,
    bytes: &[u8],
) -> Result<()> {
    let reason = to_json(reason)?;
    query("UPDATE doc SET rejected = ? WHERE id = ?").bind(&reason).bind(id).execute(&mut *db).await?;
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
    query("DELETE FROM rejected WHERE doc = ?").bind(id).execute(&mut *db).await?;
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
        let reason: Reason = json(row.try_get("rejected")?)?;
        if matches!(reason, Reason::RoleTooLow { .. } | Reason::NotMember) {
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
                why: json::<Reason>(row.try_get("reason")?)?.to_string(),
                at_ms: number(row, "at_ms")?,
            })
        })
        .collect()
}

// ---- courses and facts ------------------------------------------------------------------------------

pub(crate) async fn add_course(db: &mut SqliteConnection, course: &CourseId, title: &str) -> Result<()> {
    query("INSERT INTO course (id, title) VALUES (?, ?) ON CONFLICT (id) DO NOTHING")
        .bind(course.as_str())
        .bind(title)
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn courses(db: &mut SqliteConnection) -> Result<Vec<CourseRow>> {
    let rows = query("SELECT * FROM course ORDER BY title, id").fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            let role: Option<String> = row.try_get("role")?;
            Ok(CourseRow {
                id: parsed(row, "id")?,
                title: row.try_get("title")?,
                shared: row.try_get("shared")?,
                role: role.as_deref().and_then(|role| role.parse().ok()),
                owners: json(row.try_get("owners")?)?,
                course_seq: number(row, "course_seq")?,
                registered_title: row.try_get("registered_title")?,
            })
        })
        .collect()
}

pub(crate) async fn set_title(db: &mut SqliteConnection, course: &CourseId, title: &str) -> Result<bool> {
    let done = query("UPDATE course SET title = ?1 WHERE id = ?2 AND title <> ?1")
        .bind(title)
        .bind(course.as_str())
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn set_registered_title(
    db: &mut SqliteConnection,
    course: &CourseId,
    title: &str,
) -> Result<()> {
    // Until the outline has arrived, the registered title is the only one.
    query(
        "UPDATE course SET registered_title = ?1, title = CASE WHEN title = '' THEN ?1 ELSE title END WHERE id = ?2",
    )
    .bind(title)
    .bind(course.as_str())
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn set_shared(db: &mut SqliteConnection, course: &CourseId) -> Result<bool> {
    let done = query("UPDATE course SET shared = 1, role = COALESCE(role, 'owner') WHERE id = ?")
        .bind(course.as_str())
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Gives whether the role is another one now.
pub(crate) async fn set_role(
    db: &mut SqliteConnection,
    course: &CourseId,
    role: Option<Role>,
) -> Result<bool> {
    let done = query("UPDATE course SET role = ?1 WHERE id = ?2 AND role IS NOT ?1")
        .bind(role.map(|role| role.to_string()))
        .bind(course.as_str())
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn set_owners(
    db: &mut SqliteConnection,
    course: &CourseId,
    owners: &[String],
) -> Result<bool> {
    let done = query("UPDATE course SET owners = ?1 WHERE id = ?2 AND owners <> ?1")
        .bind(to_json(&owners)?)
        .bind(course.as_str())
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn set_course_seq(db: &mut SqliteConnection, course: &CourseId, seq: u64) -> Result<()> {
    query("UPDATE course SET course_seq = ? WHERE id = ?")
        .bind(int(seq))
        .bind(course.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn fact(db: &mut SqliteConnection, name: &str) -> Result<Option<String>> {
    let row = query("SELECT value FROM fact WHERE name = ?").bind(name).fetch_optional(db).await?;
    Ok(row.map(|row| row.try_get("value")).transpose()?)
}

pub(crate) async fn set_fact(db: &mut SqliteConnection, name: &str, value: &str) -> Result<()> {
    query("INSERT INTO fact (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2")
        .bind(name)
        .bind(value)
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn sync_count(db: &mut SqliteConnection, course: Option<&CourseId>) -> Result<SyncCount> {
    // A course whose member one is no more has nothing under way: its edits are kept, and show as refused.
    let sql = format!(
        "SELECT COALESCE(SUM({WAITING}), 0) + COALESCE(SUM(d.offer), 0) AS edits, \
         COALESCE(SUM(d.mark > d.caught_up), 0) AS docs FROM doc d JOIN course c ON c.id = d.course \
         WHERE c.shared = 1 AND c.role IS NOT NULL AND (?1 IS NULL OR c.id = ?1)"
    );
    let id = course.map(CourseId::as_str);
    let edits = query(sqlx::AssertSqlSafe(sql)).bind(id).fetch_one(&mut *db).await?;
    let assets = query(
        "SELECT COALESCE(SUM(a.here = 1 AND a.uploaded = 0), 0) AS up, COALESCE(SUM(a.here = 0), 0) AS down \
         FROM asset a JOIN course c ON c.id = a.course \
         WHERE c.shared = 1 AND c.role IS NOT NULL AND (?1 IS NULL OR c.id = ?1)",
    )
    .bind(id)
    .fetch_one(&mut *db)
    .await?;
    let rejected = query(
        "SELECT COUNT(*) AS n FROM rejected r JOIN doc d ON d.id = r.doc WHERE ?1 IS NULL OR d.course = ?1",
    )
    .bind(id)
    .fetch_one(db)
    .await?;
    Ok(SyncCount {
        waiting_edits: number(&edits, "edits")?,
        waiting_uploads: number(&assets, "up")?,
        waiting_downloads: number(&edits, "docs")? + number(&assets, "down")?,
        rejected: number(&rejected, "n")?,
    })
}

// ---- assets -----------------------------------------------------------------------------------------

/// A lesson names an asset.
pub(crate) async fn name_asset(
    db: &mut SqliteConnection,
    doc: i64,
    course: &CourseId,
    asset: &AssetRef,
    here: bool,
) -> Result<bool> {
    query("INSERT INTO lesson_asset (doc, hash) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .bind(doc)
        .bind(asset.hash.as_str())
        .execute(&mut *db)
        .await?;
    let done = query(
        "INSERT INTO asset (course, hash, mime, bytes, name, here) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (course, hash) DO UPDATE SET here = ?6 WHERE here <> ?6",
    )
    .bind(course.as_str())
    .bind(asset.hash.as_str())
    .bind(&asset.mime)
    .bind(int(asset.bytes))
    .bind(&asset.name)
    .bind(i64::from(here))
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The server has an asset; with `here`, its file is on this computer too, for every course that names it.
pub(crate) async fn asset_state(
    db: &mut SqliteConnection,
    course: &CourseId,
    hash: &AssetHash,
    here: bool,
) -> Result<()> {
    query("UPDATE asset SET uploaded = 1 WHERE course = ? AND hash = ?")
        .bind(course.as_str())
        .bind(hash.as_str())
        .execute(&mut *db)
        .await?;
    if here {
        query("UPDATE asset SET here = 1 WHERE hash = ?").bind(hash.as_str()).execute(db).await?;
    }
    Ok(())
}

pub(crate) async fn assets(db: &mut SqliteConnection, course: Option<&CourseId>) -> Result<Vec<AssetRow>> {
    let rows = query("SELECT * FROM asset WHERE ?1 IS NULL OR course = ?1 ORDER BY course, hash")
        .bind(course.map(CourseId::as_str))
        .fetch_all(db)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(AssetRow {
                course: parsed(row, "course")?,
                asset: AssetRef {
                    hash: parsed(row, "hash")?,
                    mime: row.try_get("mime")?,
                    bytes: number(row, "bytes")?,
                    name: row.try_get("name")?,
                },
                here: row.try_get("here")?,
                uploaded: row.try_get("uploaded")?,
            })
        })
        .collect()
}
