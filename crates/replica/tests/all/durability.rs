//! What was reported as saved survives a kill.

use crate::common::{a_course, lesson_doc, open, texts, write};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

const CHILD: &str = "INKHORN_TEST_WRITER";

/// Not a test of its own: the process that is killed. Writes for ever, and says after each edit that it is saved.
#[test]
#[ignore = "runs as the child of another test"]
fn the_writer_that_is_killed() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    runtime.block_on(async {
        let replica = open(dir.as_ref(), u64::from(std::process::id())).await;
        if replica.courses().await.expect("courses").is_empty() {
            replica.create_course(a_course(1)).await.expect("course");
        }
        let begin = texts(&replica).await.len();
        for number in begin.. {
            write(&replica, &format!("edit {number}")).await.expect("saved");
            let mut out = std::io::stdout().lock();
            writeln!(out, "saved {number}").expect("parent");
            out.flush().expect("parent");
        }
    });
}

#[test]
fn what_was_reported_as_saved_is_there_after_kill_9_ten_times() {
    let dir = tempfile::tempdir().expect("dir");
    let mut rng = StdRng::seed_from_u64(9);
    let mut reported = 0;
    for round in 0..10 {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "durability::the_writer_that_is_killed", "--ignored", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("child");
        let mut lines = BufReader::new(child.stdout.take().expect("pipe")).lines();
        let until = rng.random_range(1..40);
        for _ in 0..until {
            // Lines of the test runner stand between.
            let saved = lines.by_ref().map(|line| line.expect("line")).find(|line| line.contains("saved "));
            let line = saved.expect("the writer goes on until it is killed");
            let number: usize = line.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("number");
            reported = number + 1;
        }
        child.kill().expect("kill -9");
        child.wait().expect("gone");
        let kept = tokio::runtime::Runtime::new().expect("runtime").block_on(async {
            let replica = open(dir.path(), 3).await;
            assert_eq!(replica.set_aside(), None, "a kill damages nothing");
            let kept = texts(&replica).await;
            assert!(replica.doc(&lesson_doc()).await.expect("doc").version as usize > kept.len());
            replica.close().await;
            kept
        });
        assert!(kept.len() >= reported, "round {round}: {reported} were reported, {} are there", kept.len());
        for (at, text) in kept.iter().enumerate() {
            assert_eq!(text, &format!("edit {at}"), "round {round}");
        }
    }
}

/// Not a test: prints how long a save takes, for the record. Run it with `--ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement"]
async fn how_long_a_save_takes() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 1).await;
    replica.create_course(a_course(1)).await.expect("course");
    let mut times = Vec::new();
    for number in 0..500 {
        let begin = std::time::Instant::now();
        write(&replica, &format!("edit {number}")).await.expect("saved");
        times.push(begin.elapsed());
    }
    times.sort();
    eprintln!("500 saves, one at a time: p50 {:?}, p99 {:?}, max {:?}", times[250], times[495], times[499]);
    replica.close().await;
}
