//! The store: one SQLite file and a folder of assets. Admin commands write to the same file while the server runs.
//!
//! - `schema`: tables and versions
//! - `documents`: the engine's [`Log`](crate::engine::log::Log)
//! - `accounts`, `courses`, `operations`, `changes`, `assets`: everything else, a noun a file

mod accounts;
mod assets;
mod changes;
mod courses;
mod documents;
mod members;
mod operations;
mod schema;

pub use accounts::{Account, SIGN_IN, hash_token};
pub use assets::AssetInfo;

use sqlx::Connection as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Connections that only read.
const READERS: u32 = 4;

/// An admin command holds the write lock for milliseconds; a disk that stalls may hold it longer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer server wrote this folder.
    #[error(
        "the data in {path} was written by a newer inkhorn-server (schema {found}, this one knows {known}). \
         Nothing was changed. Update inkhorn-server, or use another --data folder"
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this build knows.
        known: i64,
    },
    /// The database is no database, or is damaged.
    #[error(
        "{path} cannot be read as a database: {cause}. Nothing was changed. Restore the folder from a backup"
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        cause: String,
    },
    /// The folder cannot be used.
    #[error("the data folder {path} cannot be used: {cause}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// There is no such account, course, …
    #[error("{0}")]
    Missing(String),
    /// A query failed; the disk may be full.
    #[error("the database failed: {0}")]
    Sql(#[from] sqlx::Error),
    /// An asset's file could not be written or read.
    #[error("a file could not be written or read: {0}")]
    Io(#[from] std::io::Error),
}

/// The store of one server.
#[derive(Debug, Clone)]
pub struct Store {
    /// One connection: SQLite has one writer, and waiting here is fairer than its busy handler.
    write: SqlitePool,
    read: SqlitePool,
    folder: PathBuf,
    epoch: String,
}

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
}

impl Store {
    /// Opens the store in a folder, which is made if it is missing.
    ///
    /// # Errors
    /// [`StoreError`]: says what to do.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        let unusable = |cause| StoreError::Folder { path: folder.to_owned(), cause };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let path = folder.join("inkhorn.db");
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            // After an I/O error SQLite rolls back by itself, and sqlx still counts a transaction: such a connection
            // would refuse every write from then on, so it is replaced.
            .after_release(|connection, _| {
                Box::pin(async move {
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(options.clone())
            .await
            .map_err(|error| damaged(&path, error))?;
        migrate(&write, &path).await?;
        let read = SqlitePoolOptions::new().max_connections(READERS).connect_with(options).await?;
        let epoch = sqlx::query_scalar("SELECT value FROM meta WHERE key = 'epoch'").fetch_one(&read).await?;
        Ok(Self { write, read, folder: folder.to_owned(), epoch })
    }

    /// The epoch: another one after a restore from a backup.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Begins a new epoch, after a restore from a backup: every app then sends again all that it has.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn begin_epoch(&self) -> Result<(), StoreError> {
        sqlx::query("UPDATE meta SET value = ? WHERE key = 'epoch'")
            .bind(fresh_id())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Closes the database; what was written stays written either way.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

fn fresh_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

fn damaged(path: &Path, error: sqlx::Error) -> StoreError {
    match &error {
        // 11 and 26: SQLITE_CORRUPT and SQLITE_NOTADB.
        sqlx::Error::Database(cause) if matches!(cause.code().as_deref(), Some("11" | "26")) => {
            StoreError::Damaged { path: path.to_owned(), cause: cause.message().to_owned() }
        }
        _ => StoreError::Sql(error),
    }
}

async fn migrate(pool: &SqlitePool, path: &Path) -> Result<(), StoreError> {
    // IMMEDIATE: two commands that start at once must not both make the tables.
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.map_err(|error| damaged(path, error))?;
    let found: i64 =
        sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *tx).await.map_err(|e| damaged(path, e))?;
    let known = schema::STEPS.len() as i64;
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    for (n, step) in schema::STEPS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        sqlx::raw_sql(*step).execute(&mut *tx).await?;
        let version = format!("PRAGMA user_version = {}", n + 1);
        sqlx::raw_sql(sqlx::AssertSqlSafe(version)).execute(&mut *tx).await?;
    }
    sqlx::query("INSERT OR IGNORE INTO meta (key, value) VALUES ('epoch', ?)")
        .bind(fresh_id())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}
