//! Assets that lessons name.

use super::{Result, int, number, parsed};
use crate::state::*;
use inkhorn_protocol::projection::AssetRef;
use inkhorn_protocol::{AssetHash, CourseId};
use sqlx::{Row, SqliteConnection, query};

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
    // Who names it is looked for only where it is told: a course has many assets, few of them on their way.
    let rows = query(
        "SELECT *, CASE WHEN here AND uploaded THEN NULL ELSE (
            SELECT min(doc.name) FROM doc JOIN lesson_asset ON lesson_asset.doc = doc.id
            WHERE doc.course = asset.course AND lesson_asset.hash = asset.hash
        ) END AS named_in FROM asset WHERE ?1 IS NULL OR course = ?1 ORDER BY course, hash",
    )
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
                doc: row.try_get::<Option<String>, _>("named_in")?.and_then(|name| name.parse().ok()),
            })
        })
        .collect()
}
