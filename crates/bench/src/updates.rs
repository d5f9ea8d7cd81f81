//! Updates as bytes: our index against yrs's and yjs's ways to do the same.

use crate::report::{Report, Row, Unit};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use inkhorn_updates::{Index, RootType, Schema, StateVector, validate};
use serde_json::Value;
use yrs::updates::decoder::Decode;
use yrs::{Any, ClientID, Doc, OffsetKind, Options, ReadTxn, Text, Transact, Update};

/// How many updates a log has: an afternoon of a few writers.
const UPDATES: usize = 20_000;

/// Runs all logs.
pub(crate) fn run() -> Result<Report> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR"));
    ensure!(peers.join("node_modules/yjs").is_dir(), "yjs is missing: run `npm ci` in {}", peers.display());
    let mut report = Report::new("updates");
    log(&mut report, "typing, one writer", &typing(1), peers)?;
    log(&mut report, "typing, three writers, deletions", &typing(3), peers)?;
    log(&mut report, "prose, five writers, formats", &prose(), peers)?;
    Ok(report)
}

fn log(report: &mut Report, name: &str, updates: &[Vec<u8>], peers: &Path) -> Result<()> {
    let bytes: usize = updates.iter().map(Vec::len).sum();
    report.note(format!("{name}: {} updates, {bytes} bytes", updates.len()));

    let mut index = indexed(updates)?;
    let add = median(9, || indexed(updates).map(|index| index.byte_size()));
    let checked = median(9, || updates.iter().filter(|update| validate(update).is_ok()).count());
    let doc = doc(u64::from(u32::MAX));
    let apply = median(1, || {
        for update in updates {
            if let Ok(update) = Update::decode_v1(update) {
                let _ = doc.transact_mut().apply_update(update);
            }
        }
    });
    let mut merged = Vec::new();
    let merge = median(1, || merged = yrs::merge_updates_v1(updates).unwrap_or_default());
    ensure!(!merged.is_empty(), "yrs merges");

    // Somebody who lacks everything, half, the last ten updates, and nothing.
    let mut early = Index::new(Schema::default());
    let mut vectors = vec![("everything", StateVector::new())];
    for (number, update) in updates.iter().enumerate() {
        early.add(update)?;
        if number + 1 == updates.len() / 2 {
            vectors.push(("half", early.state_vector()));
        } else if number + 11 == updates.len() {
            vectors.push(("the last ten updates", early.state_vector()));
        }
    }
    vectors.push(("nothing", early.state_vector()));

    let mut file = tempfile::NamedTempFile::new()?;
    write(&mut file, updates.iter().map(Vec::as_slice))?;
    let encoded: Vec<Vec<u8>> = vectors.iter().map(|(_, vector)| vector.encode()).collect();
    write(&mut file, encoded.iter().map(Vec::as_slice))?;
    let output =
        Command::new("node").arg("peers/updates.mjs").arg(file.path()).current_dir(peers).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let yjs: Value = serde_json::from_slice(&output.stdout)?;

    let mut row = |what: &str, ours: Duration, yrs: Duration, yjs: &Value| -> Result<()> {
        let yjs = yjs.as_f64().context("a number")? / 1e6;
        let ours = Row::new(format!("{name}: {what}"), Unit::Seconds, ours.as_secs_f64());
        report.row(ours.clone().peer("yrs", yrs.as_secs_f64()));
        report.row(ours.peer("yjs", yjs));
        Ok(())
    };
    row("index all, against merging all", add, merge, &yjs["merge"])?;
    row("index all, against integrating all", add, apply, &yjs["integrate"])?;
    for (number, (name, vector)) in vectors.iter().enumerate() {
        let ours = median(99, || index.diff(vector).len());
        let encoded = &encoded[number];
        let bytes = median(9, || yrs::diff_updates_v1(&merged, encoded).map(|diff| diff.len()).unwrap_or(0));
        let theirs = yrs::StateVector::decode_v1(encoded)?;
        let integrated = median(9, || doc.transact().encode_diff_v1(&theirs).len());
        let diff = index.diff(vector).len();
        row(&format!("diff for who lacks {name} ({diff} B)"), ours, bytes, &yjs["diffs"][number]["update"])?;
        row("  the same from an integrated document", ours, integrated, &yjs["diffs"][number]["doc"])?;
    }
    let compact = median(9, || index.compact().len());
    let state = doc.transact().encode_state_as_update_v1(&yrs::StateVector::default()).len();
    let checkpoint = index.compact();
    let size = Row::new(format!("{name}: checkpoint, size"), Unit::Bytes, checkpoint.len() as f64);
    report.row(size.clone().peer("yrs, merged", merged.len() as f64));
    report.row(size.peer("yjs, merged", yjs["merged"].as_f64().context("a number")?));
    report.row(Row::new(format!("{name}: checkpoint, time"), Unit::Seconds, compact.as_secs_f64()));
    report.note(format!(
        "{name}: integrated (and gc'd) by yrs {state} B, by yjs {} B; validation {:.0} MB/s; index in memory {} B",
        yjs["state"],
        rate(bytes, checked),
        index.byte_size(),
    ));
    let mut again = Index::new(Schema::default());
    again.add(&checkpoint)?;
    ensure!(again.state_vector() == index.state_vector(), "the checkpoint is the same state");
    ensure!(index.add(&merged)?.new.is_empty(), "what yrs merged is the same state");
    Ok(())
}

fn indexed(updates: &[Vec<u8>]) -> Result<Index> {
    let mut index = Index::new(Schema::new([("text", RootType::Text)]));
    for update in updates {
        index.add(update)?;
    }
    Ok(index)
}

fn median<T>(times: usize, mut work: impl FnMut() -> T) -> Duration {
    let mut took: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed()
        })
        .collect();
    took.sort();
    took[times / 2]
}

fn rate(bytes: usize, took: Duration) -> f64 {
    bytes as f64 / took.as_secs_f64() / 1e6
}

fn write<'a>(file: &mut impl Write, list: impl ExactSizeIterator<Item = &'a [u8]>) -> Result<()> {
    file.write_all(&(list.len() as u32).to_le_bytes())?;
    for bytes in list {
        file.write_all(&(bytes.len() as u32).to_le_bytes())?;
        file.write_all(bytes)?;
    }
    Ok(())
}

fn doc(client: u64) -> Doc {
    let options =
        Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(ClientID::new(client)) };
    let doc = Doc::with_options(options);
    doc.get_or_insert_text("text");
    doc
}

/// A seeded generator (xorshift): the same logs in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % u64::from(end.max(1))) as u32
    }
}

/// Writers in turn type, move the caret now and then, and delete one character in ten.
fn typing(writers: u64) -> Vec<Vec<u8>> {
    let mut random = Random(7);
    let docs: Vec<Doc> = (1..=writers).map(|client| doc(client * 1_000_003)).collect();
    let mut log: Vec<Vec<u8>> = Vec::new();
    let mut caret = 0;
    let mut who = 0;
    while log.len() < UPDATES {
        if random.below(200) == 0 {
            who = random.below(writers as u32) as usize;
            let text = docs[who].get_or_insert_text("text");
            caret = random.below(text.len(&docs[who].transact()) + 1);
        }
        let text = docs[who].get_or_insert_text("text");
        let update = {
            let mut txn = docs[who].transact_mut();
            caret = caret.min(text.len(&txn));
            if caret > 0 && random.below(10) == 0 {
                caret -= 1;
                text.remove_range(&mut txn, caret, 1);
            } else {
                text.insert(&mut txn, caret, ["e", "n", " ", "i", "r", "t"][random.below(6) as usize]);
                caret += 1;
            }
            txn.encode_update_v1()
        };
        share(&docs, who, &update);
        log.push(update);
    }
    log
}

/// Five writers insert sentences anywhere, and format some.
fn prose() -> Vec<Vec<u8>> {
    let mut random = Random(11);
    let docs: Vec<Doc> = (1..=5).map(|client| doc(client * 1_000_003)).collect();
    let mut log: Vec<Vec<u8>> = Vec::new();
    while log.len() < UPDATES {
        let who = random.below(5) as usize;
        let text = docs[who].get_or_insert_text("text");
        let update = {
            let mut txn = docs[who].transact_mut();
            let len = text.len(&txn);
            let at = random.below(len + 1);
            if random.below(8) == 0 && at < len {
                let bold = [("bold".into(), Any::Bool(true))].into_iter().collect();
                text.format(&mut txn, at, random.below(len - at).min(30) + 1, bold);
            } else {
                text.insert(&mut txn, at, "An inkhorn was a portable inkwell for writing. ");
            }
            txn.encode_update_v1()
        };
        share(&docs, who, &update);
        log.push(update);
    }
    log
}

fn share(docs: &[Doc], who: usize, update: &[u8]) {
    for (number, doc) in docs.iter().enumerate() {
        if number != who
            && let Ok(update) = Update::decode_v1(update)
        {
            let _ = doc.transact_mut().apply_update(update);
        }
    }
}
