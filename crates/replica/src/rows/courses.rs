//! Courses, single facts, and the sums of sync.

use super::{Result, WAITING, int, json, number, parsed, to_json};
use crate::state::*;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::projection::SyncCount;
use inkhorn_protocol::session::Role;
use sqlx::{Row, SqliteConnection, query};

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

pub(crate) async fn remove_fact(db: &mut SqliteConnection, name: &str) -> Result<()> {
    query("DELETE FROM fact WHERE name = ?").bind(name).execute(db).await?;
    Ok(())
}

/// Names of the facts that begin like this. Prefixes are ours and hold no wildcards.
pub(crate) async fn facts_named(db: &mut SqliteConnection, prefix: &str) -> Result<Vec<String>> {
    let rows = query("SELECT name FROM fact WHERE name GLOB ? || '*' ORDER BY name")
        .bind(prefix)
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| Ok(row.try_get("name")?)).collect()
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
