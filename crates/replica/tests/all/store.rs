//! Damaged files, newer files, full disks.

use crate::common::{a_course, course, lesson, open, texts, try_open, write};
use inkhorn_replica::ReplicaError;
use std::fs;
use std::path::Path;

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .expect("dir")
        .map(|e| e.expect("entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

async fn filled(dir: &Path) {
    let replica = open(dir, 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    for number in 0..50 {
        write(&replica, &format!("{number} {}", "ink ".repeat(200))).await.expect("saved");
    }
    replica.files().put(b"an image").expect("stored");
    replica.close().await;
}

#[tokio::test]
async fn a_damaged_database_is_set_aside_unchanged_and_named() {
    // Not a database at all; a page in the middle overwritten; cut short.
    let damage: [fn(&mut Vec<u8>); 3] = [
        |bytes| bytes[..16].fill(b'x'),
        |bytes| {
            for page in bytes.chunks_mut(4096).skip(1) {
                page[..64].fill(0xa5);
            }
        },
        |bytes| bytes.truncate(bytes.len() / 2 + 100),
    ];
    for (kind, damage) in damage.iter().enumerate() {
        let dir = tempfile::tempdir().expect("dir");
        filled(dir.path()).await;
        let path = dir.path().join("inkhorn.db");
        let mut bytes = fs::read(&path).expect("database");
        damage(&mut bytes);
        fs::write(&path, &bytes).expect("damaged");

        let (replica, _) = try_open(dir.path(), 2).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
        let aside = replica.set_aside().unwrap_or_else(|| panic!("{kind}: set aside")).to_owned();
        assert_eq!(aside.file_name().and_then(|n| n.to_str()), Some("inkhorn.db.corrupt-1700000000000"));
        assert_eq!(fs::read(&aside).expect("kept"), bytes, "{kind}: not a byte is changed");
        assert!(replica.courses().await.expect("a fresh database").is_empty());
        assert!(replica.files().has(&inkhorn_replica::Files::hash(b"an image")), "assets stay");
        replica.create_course(a_course(2)).await.expect("and it works");
        replica.close().await;

        // Damaged again at the same time of the clock: both files are kept.
        fs::write(&path, b"SQLite format 3 but not really").expect("damaged");
        let again = open(dir.path(), 2).await;
        assert_ne!(again.set_aside(), Some(aside.as_path()));
        assert_eq!(fs::read(&aside).expect("kept"), bytes);
        again.close().await;
    }
}

#[tokio::test]
async fn a_torn_log_loses_only_what_was_not_committed() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    for number in 0..20 {
        write(&replica, &number.to_string()).await.expect("saved");
    }
    // A copy in the middle of the run, as a crash would leave it, with half a frame more behind its log.
    let copy = tempfile::tempdir().expect("dir");
    for name in ["inkhorn.db", "inkhorn.db-wal"] {
        fs::copy(dir.path().join(name), copy.path().join(name)).expect("copy");
    }
    let wal = copy.path().join("inkhorn.db-wal");
    let mut bytes = fs::read(&wal).expect("log");
    let torn: Vec<u8> = bytes.iter().rev().take(2000).copied().collect();
    bytes.extend(torn);
    fs::write(&wal, bytes).expect("torn");
    let after = open(copy.path(), 2).await;
    assert_eq!(after.set_aside(), None);
    assert_eq!(texts(&after).await.len(), 20);
    write(&after, "more").await.expect("goes on");
    after.close().await;
    replica.close().await;
}

#[tokio::test]
async fn a_database_of_a_newer_inkhorn_is_refused_and_not_touched() {
    let dir = tempfile::tempdir().expect("dir");
    filled(dir.path()).await;
    let path = dir.path().join("inkhorn.db");
    let mut bytes = fs::read(&path).expect("database");
    bytes[60..64].copy_from_slice(&99u32.to_be_bytes());
    fs::write(&path, &bytes).expect("newer");
    let before = names(dir.path());
    let error = try_open(dir.path(), 2).await.expect_err("refused");
    assert_eq!(error, ReplicaError::NewerSchema { found: 99, known: 4 });
    assert!(error.to_string().contains("Update Inkhorn"), "{error}");
    assert_eq!(fs::read(&path).expect("database"), bytes, "not touched");
    assert_eq!(names(dir.path()), before);
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_shown_as_saved_and_later_it_works() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("skipped: a small tmpfs cannot be mounted here (needs root)");
        return;
    };
    let replica = open(&disk.0, 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    write(&replica, "before").await.expect("saved");
    let mut changes = replica.changes();
    let filler = disk.0.join("filler");
    let mut size = 4 << 20;
    // Fill up to the last page.
    let mut file = fs::File::create(&filler).expect("filler");
    while size > 0 {
        if std::io::Write::write_all(&mut file, &vec![7; size]).is_err() {
            size /= 2;
        }
    }
    let mut refused = 0;
    for number in 0..20 {
        match write(&replica, &format!("{number} {}", "x".repeat(5000))).await {
            Err(error) => {
                assert_eq!(error, ReplicaError::DiskFull);
                assert!(changes.try_recv().is_err(), "what was not saved is told to nobody");
                refused += 1;
            }
            // What fitted into the log's own room.
            Ok(()) => drop(changes.try_recv()),
        }
    }
    assert!(refused > 0, "the disk was full");
    assert_eq!(replica.files().put(&[1; 100_000]), Err(ReplicaError::DiskFull));
    let kept = texts(&replica).await;
    assert_eq!(kept.len(), 1 + 20 - refused, "what failed is not shown");
    drop(file);
    fs::remove_file(&filler).expect("room again");
    write(&replica, "after").await.expect("works again");
    let mut expected = kept;
    expected.push("after".into());
    assert_eq!(texts(&replica).await, expected);
    replica.close().await;
    let again = open(&disk.0, 2).await;
    assert_eq!(texts(&again).await, expected, "and it is on the disk");
    again.close().await;
}

#[tokio::test]
async fn opening_and_reading_writes_to_no_document() {
    let dir = tempfile::tempdir().expect("dir");
    filled(dir.path()).await;
    let look = async || {
        let replica = open(dir.path(), 5).await;
        let mut seen = Vec::new();
        for row in replica.docs(None).await.expect("docs") {
            let state = replica.state(&row.doc).await.expect("state");
            seen.push((row, state));
        }
        drop(replica.outline(&course()).await.expect("outline"));
        drop(replica.body(&lesson()).await.expect("body"));
        replica.close().await;
        seen
    };
    assert_eq!(look().await, look().await);
}

/// A disk of 2 MB that goes away with the value.
struct SmallDisk(std::path::PathBuf, #[expect(dead_code, reason = "removes the folder")] tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().ok()?;
        let path = dir.path().join("disk");
        fs::create_dir(&path).ok()?;
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(&path)
            .stderr(std::process::Stdio::null())
            .status();
        mounted.ok()?.success().then_some(Self(path, dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
