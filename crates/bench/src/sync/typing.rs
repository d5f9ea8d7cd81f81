//! Ten thousand keystrokes offline in one lesson, and the way to the server afterwards.

use super::device::{self, Device, Editor};
use super::median;
use super::peer::{self, Work};
use crate::report::{Goal, Report, Row, Unit};
use anyhow::{Context, Result, ensure};
use std::time::Instant;

const KEYS: usize = 10_000;
const ROUNDS: usize = 3;

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let (_server, address, token) = device::server()?;
    let (device, _, lessons) = Device::with_course(address, &token, ROUNDS).await?;
    let (mut times, mut sent) = (Vec::new(), Vec::new());
    for (round, lesson) in lessons.iter().enumerate() {
        device.go_offline().await?;
        // As long as the ids that yjs draws are: nearly all of them have 32 bits.
        let client = u64::from(u32::MAX) - (round as u64 + 1) * 1_000_003;
        let editor = Editor::open(&device.core, lesson, client).await?;
        type_into(&editor).await?;
        device.wire.mend();
        let started = Instant::now();
        device.core.retry_now();
        device.synced().await?;
        times.push(started.elapsed().as_secs_f64());
        sent.push(device.wire.quiet().await.up as f64);
        let shown = device.core.lesson_markdown(lesson).await?;
        let typed = editor.text();
        ensure!(shown.contains(typed.trim()), "what was typed is not what is kept");
    }
    device.close().await;

    let peer = peer::run(Work { documents: 1, edits: KEYS, kind: "type" }).await?;
    let name = format!("{KEYS} keystrokes offline, durable on the server after the reconnect");
    let row = Row::new(name, Unit::Seconds, median(times)).goal(Goal::AtMost(0.25));
    report.row(row.peer("Hocuspocus, in memory", peer.seconds));
    let row = Row::new("  bytes sent, calls included", Unit::Bytes, median(sent));
    report.row(row.goal(Goal::AtMost(25.0 * 1024.0)).peer("Hocuspocus", peer.traffic.up as f64));
    Ok(())
}

/// Runs of about 50 characters, then the caret goes elsewhere; one key in twenty takes a character back.
async fn type_into(editor: &Editor) -> Result<()> {
    let mut random = Random(7);
    let mut caret = editor.len();
    for _ in 0..KEYS {
        if random.below(50) == 0 {
            caret = random.below(editor.len() + 1);
        }
        if caret > 0 && random.below(20) == 0 {
            caret -= 1;
            editor.delete(caret).await?;
        } else {
            let key = ["e", "n", "i", "r", "t", " ", "a"].get(random.below(7) as usize).context("a key")?;
            editor.insert(caret, key).await?;
            caret += 1;
        }
    }
    Ok(())
}

/// A seeded generator (xorshift): the same keys in every run, and at the peer.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % u64::from(end.max(1))) as u32
    }
}
