//! Real yjs (13.6) as oracle: what its clients send is taken, and what the index gives back, yjs reads as the same.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use inkhorn_updates::{Refused, StateVector, validate};
use serde_json::{Value, json};
use yrs::updates::decoder::Decode;
use yrs::{Doc, OffsetKind, Options, ReadTxn, Transact, Update};

use crate::{hex, index};

/// Scenarios in an ordinary run; `INKHORN_SCENARIOS=1000` for a longer one, `INKHORN_SEED` to begin elsewhere.
const SCENARIOS: u32 = 120;

fn oracle() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle");
    assert!(
        folder.join("node_modules/yjs").is_dir(),
        "yjs is missing: run `npm ci` in {} (`cargo xtask test` does it)",
        folder.display()
    );
    folder
}

fn number(name: &str, default: u32) -> u32 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex(value.as_str().expect("hex"))
}

#[test]
fn all_that_yjs_sends_is_taken_and_comes_back_as_the_same() {
    let folder = oracle();
    let (first, count) = (number("INKHORN_SEED", 1), number("INKHORN_SCENARIOS", SCENARIOS));
    let made = Command::new("node")
        .args(["oracle.mjs", "generate", &first.to_string(), &count.to_string()])
        .current_dir(&folder)
        .output()
        .expect("node runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let lines = String::from_utf8(made.stdout).expect("UTF-8");
    let mut results = String::new();
    let mut taken = 0;
    for line in lines.lines() {
        let scenario: Value = serde_json::from_str(line).expect("a scenario");
        let (result, updates) = run(&scenario);
        taken += updates;
        results.push_str(&result.to_string());
        results.push('\n');
    }
    assert!(taken > count as usize * 20, "scenarios are not empty");

    let mut verify = Command::new("node")
        .args(["oracle.mjs", "verify"])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs");
    let mut input = verify.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || input.write_all(results.as_bytes()));
    let verdict = verify.wait_with_output().expect("node ends");
    writer.join().expect("the writer ends").expect("all is read");
    assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stdout));
}

/// Feeds one scenario to an index; gives what `verify` wants to know, and how many updates were taken.
fn run(scenario: &Value) -> (Value, usize) {
    let seed = &scenario["seed"];
    let updates = scenario["updates"].as_array().expect("updates");
    let mut index = index();
    let mut parts = Vec::new();
    let mut vectors = vec![index.state_vector()];
    let peer = Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::default() });
    for (number, update) in updates.iter().enumerate() {
        let sent = bytes(&update["bytes"]);
        if let Err(invalid) = validate(&sent) {
            panic!("seed {seed}, update {number}: {invalid}: {}", text(&sent));
        }
        let relayed = match index.add(&sent) {
            Ok(added) => {
                assert_eq!(
                    index.add(&sent).map(|again| again.is_noop),
                    Ok(true),
                    "seed {seed}, update {number}"
                );
                added.part.unwrap_or(sent)
            }
            Err(Refused::Gap { .. } | Refused::UnknownReference { .. }) if update["partial"] == true => {
                vec![0, 0]
            }
            Err(refused) => panic!("seed {seed}, update {number}: {refused}: {}", text(&sent)),
        };
        peer.transact_mut()
            .apply_update(Update::decode_v1(&relayed).expect("yrs decodes"))
            .expect("yrs applies");
        assert!(!peer.transact().has_missing_updates(), "seed {seed}, update {number}: yrs misses something");
        vectors.push(index.state_vector());
        parts.push(relayed);
    }
    let known = peer.transact().state_vector();
    for (client, clock) in index.state_vector().iter() {
        assert_eq!(known.get(&yrs::ClientID::new(client)), clock, "seed {seed}: yrs's state vector");
    }
    // What yrs integrated and wrote again (other order of keys, other forms of numbers, content dropped) is no fork.
    let rewritten = peer.transact().encode_state_as_update_v1(&yrs::StateVector::default());
    match index.check(&rewritten) {
        Ok(added) => assert!(added.new.is_empty(), "seed {seed}: {added:?}"),
        Err(refused) => panic!(
            "seed {seed}: what yrs wrote again is refused: {refused}: {} over {}",
            text(&rewritten),
            text(&index.encode())
        ),
    }
    let every = (vectors.len() / 8).max(1);
    let diffs: Vec<Value> = vectors
        .iter()
        .enumerate()
        .step_by(every)
        .map(|(after, vector)| json!({"after": after, "sv": text(&vector.encode()), "diff": text(&index.diff(vector))}))
        .collect();
    let cuts: Vec<String> = scenario["cuts"]
        .as_array()
        .expect("cuts")
        .iter()
        .map(|cut| text(&index.diff(&StateVector::decode(&bytes(cut)).expect("a state vector"))))
        .collect();
    let compact = index.compact();
    assert!(compact.len() <= index.encode().len(), "seed {seed}: compacting makes it longer");
    let mut again = self::index();
    again.add(&compact).expect("a compacted state is taken");
    assert_eq!(again.state_vector(), index.state_vector(), "seed {seed}");
    assert_eq!(again.delete_set(), index.delete_set(), "seed {seed}");
    assert!(again.add(&index.encode()).expect("the log passes on top").is_noop, "seed {seed}");
    let result = json!({
        "seed": seed,
        "parts": parts.iter().map(|part| text(part)).collect::<Vec<_>>(),
        "encode": text(&index.encode()),
        "compact": text(&compact),
        "vector": text(&index.state_vector().encode()),
        "diffs": diffs,
        "cuts": cuts,
    });
    (result, updates.len())
}
