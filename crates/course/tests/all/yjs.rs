//! The real yjs and y-prosemirror, driven over a pipe (`oracle/oracle.mjs`).

use inkhorn_protocol::body::Node;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub(crate) struct Yjs {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Yjs {
    pub(crate) fn start() -> Self {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle");
        assert!(
            folder.join("node_modules/yjs/package.json").is_file(),
            "the yjs oracle is not installed: run `npm ci` in crates/course/oracle (`cargo xtask test` does it)"
        );
        let mut command = Command::new("node");
        command.arg("oracle.mjs").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the yjs oracle needs Node.js 18 or newer as `node`");
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, requests, answers }
    }

    pub(crate) fn ask(&mut self, op: &str, request: Value) -> Value {
        let mut request = request;
        request["op"] = op.into();
        let pipe = self.requests.as_mut().unwrap();
        writeln!(pipe, "{request}").unwrap();
        pipe.flush().unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("the oracle stopped at {request}"));
        assert!(answer.get("error").is_none(), "{}", answer["error"].as_str().unwrap_or_default());
        answer
    }

    /// The updates in an answer.
    pub(crate) fn updates(answer: &Value) -> Vec<Vec<u8>> {
        answer["updates"].as_array().unwrap().iter().map(bytes).collect()
    }

    pub(crate) fn apply(&mut self, doc: usize, update: &[u8]) -> Vec<Vec<u8>> {
        let answer = self.ask("apply", json!({"doc": doc, "update": base64(update)}));
        assert_eq!(answer["pending"], false, "yjs lacks something");
        Self::updates(&answer)
    }

    /// Body of one of the oracle's documents, canonical.
    pub(crate) fn dump(&mut self, doc: usize) -> Node {
        let answer = self.ask("dump", json!({ "doc": doc }));
        canonical(serde_json::from_value(answer["body"].clone()).unwrap())
    }
}

impl Drop for Yjs {
    fn drop(&mut self) {
        // End of input ends it.
        self.requests.take();
        let _ = self.child.wait();
    }
}

/// One order of marks, one text where two of equal marks meet: what is equal by meaning becomes equal.
pub(crate) fn canonical(mut node: Node) -> Node {
    node.marks.sort_by_key(|mark| format!("{mark:?}"));
    let children = std::mem::take(&mut node.content);
    for child in children.into_iter().map(canonical) {
        match (node.content.last_mut(), &child.text) {
            (Some(Node { text: Some(text), marks, .. }), Some(more)) if *marks == child.marks => {
                text.push_str(more)
            }
            _ => node.content.push(child),
        }
    }
    node
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            text.push(char::from(DIGITS[(group >> (18 - 6 * at)) as usize & 63]));
        }
        text.extend(std::iter::repeat_n('=', 3 - chunk.len()));
    }
    text
}

pub(crate) fn bytes(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap().trim_end_matches('=');
    let (mut bytes, mut group, mut bits) = (Vec::new(), 0u32, 0);
    for digit in text.bytes() {
        group = group << 6 | DIGITS.iter().position(|known| *known == digit).unwrap() as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits) as u8);
            group &= (1 << bits) - 1;
        }
    }
    bytes
}
