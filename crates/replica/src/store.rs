//! The database file: opened, checked, migrated, or set aside.

use crate::ReplicaError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the database in the profile.
pub(crate) const FILE: &str = "inkhorn.db";

/// Version of the schema that this build writes, kept in SQLite's `user_version`.
pub(crate) const SCHEMA: i64 = 4;

/// The first 16 bytes of every SQLite file (<https://www.sqlite.org/fileformat.html>).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Offset of `user_version` in the header.
const USER_VERSION_AT: usize = 60;

/// Schema changes, one step a version, each run in the transaction that raises `user_version`.
const MIGRATIONS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
];

pub(crate) struct Opened {
    pub(crate) connection: SqliteConnection,
    /// Where a damaged file was moved.
    pub(crate) set_aside: Option<PathBuf>,
}

/// Opens `dir/inkhorn.db`. A damaged file is renamed first, a newer one is refused untouched.
pub(crate) async fn open(dir: &Path, now_ms: u64) -> Result<Opened, ReplicaError> {
    let path = dir.join(FILE);
    std::fs::create_dir_all(dir).map_err(|error| ReplicaError::from_io(dir, &error))?;
    let mut set_aside = None;
    let header = read_header(&path)?;
    if let Header::Foreign = header {
        set_aside = Some(move_away(&path, now_ms)?);
    }
    if let Header::Version(found) = header
        && found > SCHEMA
    {
        return Err(ReplicaError::NewerSchema { found, known: SCHEMA });
    }
    let connection = match connect(&path).await {
        Err(ReplicaError::Corrupt { detail }) => {
            tracing::warn!(%detail, "the database is damaged and is set aside");
            set_aside = Some(move_away(&path, now_ms)?);
            connect(&path).await?
        }
        outcome => outcome?,
    };
    Ok(Opened { connection, set_aside })
}

enum Header {
    /// Missing or empty: SQLite begins it anew.
    None,
    /// Not a database of SQLite.
    Foreign,
    /// A database, with the schema version of the header (the log may hold a newer one).
    Version(i64),
}

fn read_header(path: &Path) -> Result<Header, ReplicaError> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Header::None),
        Err(error) => return Err(ReplicaError::from_io(path, &error)),
    };
    let mut header = Vec::with_capacity(100);
    file.take(100).read_to_end(&mut header).map_err(|error| ReplicaError::from_io(path, &error))?;
    let version = header.get(USER_VERSION_AT..USER_VERSION_AT + 4).and_then(|bytes| bytes.try_into().ok());
    Ok(match version {
        _ if header.is_empty() => Header::None,
        Some(version) if is_sound(&header) => Header::Version(i64::from(u32::from_be_bytes(version))),
        _ => Header::Foreign,
    })
}

/// Whether the fields that SQLite fixes hold what they must: where they do not, the number of the schema is debris too,
/// and a damaged file must not be taken for one of a newer Inkhorn.
fn is_sound(header: &[u8]) -> bool {
    let Some(fields) = header.get(16..24) else { return false };
    let page = u16::from_be_bytes([fields[0], fields[1]]);
    let page_is_sound = page == 1 || (page >= 512 && page.is_power_of_two());
    let versions_are_sound = fields[2..4].iter().all(|version| (1..=2).contains(version));
    header.starts_with(MAGIC) && page_is_sound && versions_are_sound && fields[5..8] == [64, 32, 32]
}

async fn connect(path: &Path) -> Result<SqliteConnection, ReplicaError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        // The log is synced at each commit (FULL), the file itself at checkpoints.
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // The profile's lock keeps others away; this is for a backup tool that reads for a moment.
        .busy_timeout(Duration::from_secs(2))
        // A database is a file that may come from anywhere: no functions from its schema.
        .pragma("trusted_schema", "OFF")
        .log_statements(tracing::log::LevelFilter::Off);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let checked = check_and_migrate(&mut connection).await;
    if let Err(error) = checked {
        // A file that is about to be renamed must not be held open.
        let _ = connection.close().await;
        return Err(error);
    }
    Ok(connection)
}

async fn check_and_migrate(connection: &mut SqliteConnection) -> Result<(), ReplicaError> {
    let found: i64 = sqlx::query("PRAGMA user_version").fetch_one(&mut *connection).await?.try_get(0)?;
    if found > SCHEMA {
        return Err(ReplicaError::NewerSchema { found, known: SCHEMA });
    }
    if found > 0 {
        let verdict: String =
            sqlx::query("PRAGMA quick_check(1)").fetch_one(&mut *connection).await?.try_get(0)?;
        if verdict != "ok" {
            return Err(ReplicaError::Corrupt { detail: verdict });
        }
    }
    for (step, migration) in MIGRATIONS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
        // A pragma takes no parameters; the number is ours.
        let version = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {}", step + 1));
        sqlx::raw_sql(version).execute(&mut *transaction).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Renames the database with its log, and gives the new name of the database.
fn move_away(path: &Path, now_ms: u64) -> Result<PathBuf, ReplicaError> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    // Two damaged files in one millisecond (a test, or a clock that stands still) keep both.
    let target = (0..)
        .map(|n: u32| if n == 0 { format!(".corrupt-{now_ms}") } else { format!(".corrupt-{now_ms}-{n}") })
        .find(|suffix| !beside(suffix).exists())
        .unwrap_or_default();
    // The log goes first: a new database must never meet an old log.
    for part in ["-wal", "-shm", ""] {
        let (from, to) = (beside(part), beside(&format!("{target}{part}")));
        match std::fs::rename(&from, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(ReplicaError::from_io(&from, &error));
            }
            _ => {}
        }
    }
    Ok(beside(&target))
}
