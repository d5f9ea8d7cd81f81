//! Documents: history, what was acked, what is behind.

use super::{Result, SINCE, WAITING, int, number, parsed, reason, to_json};
use crate::state::*;
use inkhorn_protocol::{CourseId, DocId};
use sqlx::{Row, SqliteConnection, query};

/// A document's row, as the writer needs it.
#[derive(Debug, Clone)]
pub(crate) struct Doc {
    pub(crate) id: i64,
    pub(crate) course: CourseId,
    pub(crate) version: u64,
    pub(crate) acked: u64,
}

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
    at_ms: Option<u64>,
) -> Result<()> {
    query("INSERT INTO log (doc, version, local, bytes, at_ms) VALUES (?, ?, ?, ?, ?)")
        .bind(id)
        .bind(int(version))
        .bind(i64::from(local))
        .bind(bytes)
        .bind(at_ms.map(int))
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
         folded_bytes = CASE WHEN ?2 >= COALESCE((SELECT s.version FROM snapshot s WHERE s.doc = doc.id), 0) \
                  THEN 0 ELSE folded_bytes END, \
         folded_since_ms = CASE WHEN ?2 >= COALESCE((SELECT s.version FROM snapshot s WHERE s.doc = doc.id), 0) \
                  THEN NULL ELSE folded_since_ms END, \
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

/// What was subscribed may have missed something, and is subscribed no more.
pub(crate) async fn missed(db: &mut SqliteConnection, id: i64) -> Result<()> {
    query("UPDATE doc SET mark = mark + 1, subscribed = 0 WHERE id = ?").bind(id).execute(db).await?;
    Ok(())
}

pub(crate) async fn registered(db: &mut SqliteConnection, doc: &DocId) -> Result<()> {
    query("UPDATE doc SET registered = 1 WHERE name = ?").bind(doc.to_string()).execute(db).await?;
    Ok(())
}

/// Marks documents of the server as behind, making those that are new here. One storm of news names a thousand of them, so
/// they go to the store together.
pub(crate) async fn mark_behind(db: &mut SqliteConnection, docs: &[DocId], course: &CourseId) -> Result<()> {
    let names = to_json(docs)?;
    // `WHERE true`: else the grammar takes ON CONFLICT for a join.
    query(
        "INSERT INTO doc (name, course) SELECT value, ?2 FROM json_each(?1) WHERE true \
         ON CONFLICT (name) DO NOTHING",
    )
    .bind(&names)
    .bind(course.as_str())
    .execute(&mut *db)
    .await?;
    // What is subscribed gets its updates by itself; should the link end before they come, `subscribed` says so.
    query(
        "UPDATE doc SET mark = mark + 1, registered = 1 \
         WHERE name IN (SELECT value FROM json_each(?1)) AND course = ?2 AND subscribed = 0",
    )
    .bind(&names)
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

/// Another server, or an older state of it: all documents and assets of shared courses are to be asked for, and by whoever
/// may write offered again. The server takes nothing from others: it would come back as a refused edit that nobody made.
pub(crate) async fn offer_all(db: &mut SqliteConnection) -> Result<()> {
    query(
        "UPDATE doc SET offer = (version > 0 AND course IN (SELECT id FROM course WHERE role IN ('editor', 'owner'))), \
         mark = mark + 1, registered = 0, subscribed = 0 \
         WHERE course IN (SELECT id FROM course WHERE shared = 1)",
    )
    .execute(&mut *db)
    .await?;
    query("UPDATE asset SET uploaded = 0").execute(&mut *db).await?;
    query("UPDATE course SET course_seq = 0").execute(db).await?;
    Ok(())
}

/// The same for one course: the server has begun it anew, with us as its owner.
pub(crate) async fn offer_course(db: &mut SqliteConnection, course: &CourseId) -> Result<()> {
    query(
        "UPDATE doc SET offer = (version > 0), mark = mark + 1, registered = 0, subscribed = 0 WHERE course = ?",
    )
    .bind(course.as_str())
    .execute(&mut *db)
    .await?;
    query("UPDATE asset SET uploaded = 0 WHERE course = ?").bind(course.as_str()).execute(&mut *db).await?;
    query("UPDATE course SET course_seq = 0 WHERE id = ?").bind(course.as_str()).execute(db).await?;
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
    // What goes on waiting has waited since it was written.
    let sql = format!("SELECT {SINCE} AS since FROM doc d WHERE d.id = ?");
    let row = query(sqlx::AssertSqlSafe(sql)).bind(id).fetch_one(&mut *db).await?;
    let since = row.try_get::<Option<i64>, _>("since")?.and_then(|ms| u64::try_from(ms).ok());
    query("DELETE FROM log WHERE doc = ?").bind(id).execute(&mut *db).await?;
    write_snapshot(db, id, version, snapshot).await?;
    query(
        "UPDATE doc SET version = ?1, acked = ?1, folded = 0, folded_bytes = 0, folded_since_ms = NULL WHERE id = ?2",
    )
        .bind(int(version))
        .bind(id)
        .execute(&mut *db)
        .await?;
    if let Some(own) = own {
        append(db, id, version + 1, true, own, since).await?;
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
        "UPDATE doc SET folded = folded + f.n, folded_bytes = folded_bytes + f.bytes, \
         folded_since_ms = COALESCE(MIN(folded_since_ms, f.since), folded_since_ms, f.since) \
         FROM (SELECT COUNT(*) AS n, COALESCE(SUM(LENGTH(l.bytes)), 0) AS bytes, MIN(l.at_ms) AS since \
               FROM log l JOIN doc d ON d.id = l.doc \
               WHERE l.doc = ?1 AND l.local = 1 AND l.version > d.acked AND l.version <= ?2) f WHERE id = ?1",
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
                rejected: rejected.as_deref().map(reason),
            })
        })
        .collect()
}

/// What the content of a document names, or may name, and the server cannot have yet: of an outline the lessons that it has
/// never had and that are to be sent, now or once the role allows it; of a lesson whether assets are to be uploaded.
pub(crate) async fn ahead(db: &mut SqliteConnection, doc: &DocId) -> Result<(Vec<DocId>, bool)> {
    match doc {
        DocId::Course(course) => {
            let sql = format!(
                "SELECT d.name, d.rejected FROM doc d JOIN course c ON c.id = d.course \
                 WHERE d.course = ? AND d.acked = 0 AND d.name <> ? AND (d.rejected IS NOT NULL OR {WAITING} > 0)"
            );
            let rows = query(sqlx::AssertSqlSafe(sql))
                .bind(course.as_str())
                .bind(doc.to_string())
                .fetch_all(&mut *db)
                .await?;
            let mut names = Vec::new();
            for row in &rows {
                if row.try_get::<Option<&str>, _>("rejected")?.is_none_or(|why| reason(why).is_of_role()) {
                    names.push(parsed(row, "name")?);
                }
            }
            Ok((names, holds_back(db, doc).await?))
        }
        DocId::Lesson(_) => Ok((Vec::new(), holds_back(db, doc).await?)),
    }
}

/// Whether a document names assets that are to be uploaded.
async fn holds_back(db: &mut SqliteConnection, doc: &DocId) -> Result<bool> {
    let row = query(
        "SELECT EXISTS (SELECT 1 FROM doc d JOIN lesson_asset la ON la.doc = d.id \
         JOIN asset a ON a.course = d.course AND a.hash = la.hash \
         WHERE d.name = ? AND a.here = 1 AND a.uploaded = 0) AS held",
    )
    .bind(doc.to_string())
    .fetch_one(db)
    .await?;
    Ok(row.try_get("held")?)
}

pub(crate) async fn work(db: &mut SqliteConnection, also: &[DocId]) -> Result<Vec<DocWork>> {
    let sql = format!(
        "SELECT d.name, d.course, d.version, d.acked, d.offer, d.mark, d.mark > d.caught_up AS behind, \
         d.registered, d.rejected, c.role IS NOT NULL AS member, {WAITING} AS waiting, \
         EXISTS (SELECT 1 FROM lesson_asset la JOIN asset a ON a.course = d.course AND a.hash = la.hash \
                 WHERE la.doc = d.id AND a.here = 1 AND a.uploaded = 0) AS held \
         FROM doc d JOIN course c ON c.id = d.course WHERE c.shared = 1 ORDER BY d.name"
    );
    let rows = query(sqlx::AssertSqlSafe(sql)).fetch_all(db).await?;
    let mut work = Vec::new();
    for row in &rows {
        let waiting = number(row, "waiting")?;
        let refused = row.try_get::<Option<&str>, _>("rejected")?.map(reason);
        let item = DocWork {
            doc: parsed(row, "name")?,
            course: parsed(row, "course")?,
            version: number(row, "version")?,
            dirty: waiting > 0 || row.try_get::<bool, _>("offer")?,
            fresh: number(row, "acked")? == 0,
            behind: row.try_get("behind")?,
            mark: number(row, "mark")?,
            registered: row.try_get("registered")?,
            muted: refused.is_some(),
            awaits_role: refused.is_some_and(|reason| reason.is_of_role()),
            held: row.try_get("held")?,
            member: row.try_get("member")?,
        };
        if !item.member {
            if waiting > 0 {
                work.push(item);
            }
            continue;
        }
        let holds_back = item.fresh && item.awaits_role;
        if item.dirty || item.behind || holds_back || !item.registered || also.contains(&item.doc) {
            work.push(item);
        }
    }
    Ok(work)
}
