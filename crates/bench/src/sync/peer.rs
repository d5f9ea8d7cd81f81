//! Hocuspocus, server and provider, as processes under Node, on the same work.

use super::wire::{Traffic, Wire};
use super::within;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// What a client does while it is offline.
pub(super) struct Work {
    pub(super) documents: usize,
    /// Edits in each.
    pub(super) edits: usize,
    /// `append` or `type`.
    pub(super) kind: &'static str,
}

/// What it took until the provider counted everything as synced.
pub(super) struct Took {
    pub(super) seconds: f64,
    pub(super) traffic: Traffic,
}

/// Both processes end with the call.
pub(super) async fn run(work: Work) -> Result<Took> {
    let (_server, mut said) = node(&["server"])?;
    let first = within("the peer's server", next(&mut said)).await?;
    let port: u16 = first.strip_prefix("listening ").context(first.clone())?.parse()?;
    let wire = Wire::to(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    let url = format!("ws://{}", wire.address());
    let (documents, edits) = (work.documents.to_string(), work.edits.to_string());
    let (mut client, mut said) = node(&["client", &url, &documents, &edits, work.kind])?;
    let ready = within("the peer's client", next(&mut said)).await?;
    ensure!(ready == "ready", "{ready}");
    wire.mend();
    let mut input = client.stdin.take().context("the peer takes no input")?;
    input.write_all(b"go\n").await?;
    let took: Value = serde_json::from_str(&within("the peer to sync", next(&mut said)).await?)?;
    let traffic = wire.quiet().await;
    Ok(Took { seconds: took["ms"].as_f64().context("a time")? / 1e3, traffic })
}

fn node(arguments: &[&str]) -> Result<(Child, Lines<BufReader<ChildStdout>>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let missing = || "run `cargo xtask bench`, which installs the peers";
    ensure!(folder.join("node_modules/@hocuspocus").is_dir(), missing());
    let script: PathBuf = folder.join("peers/hocuspocus.mjs");
    let mut child = Command::new("node")
        .arg(script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start node")?;
    let out = child.stdout.take().context("no output")?;
    Ok((child, BufReader::new(out).lines()))
}

async fn next(said: &mut Lines<BufReader<ChildStdout>>) -> Result<String> {
    said.next_line().await?.context("the peer ended")
}
