//! The commands about the server.

use crate::args::Command;
use crate::show::{Output, counted};
use inkhorn_core::{Code, Core, CoreError};
use inkhorn_protocol::event::Status;
use inkhorn_protocol::projection::SyncSummary;
use std::time::Duration;

pub(crate) async fn perform(
    core: &Core,
    command: Command,
    input: &str,
    out: &mut Output,
) -> anyhow::Result<()> {
    match command {
        Command::Login { server, allow_plain_http, .. } => {
            let token = input.trim();
            if token.is_empty() {
                let message = "There was no token on standard input. Give it like this: inkhorn-cli login --server URL --token-stdin < FILE";
                return Err(CoreError::new(Code::Invalid, message).into());
            }
            let account = core.login(&server, token, allow_plain_http).await?;
            if out.json {
                return out.json(&account);
            }
            out.line(format_args!("Signed in at {} as {}.", account.server, account.email));
        }
        Command::Share { course } => {
            core.share(&course).await?;
            if out.json {
                return out.json(&serde_json::json!({ "course": course }));
            }
            out.line("The course is on the server. `inkhorn-cli sync` brings its contents there.");
        }
        Command::Join { course } => {
            core.join(&course).await?;
            if out.json {
                return out.json(&serde_json::json!({ "course": course }));
            }
            out.line("The course is on the list. `inkhorn-cli sync` brings its contents here.");
        }
        Command::Sync { timeout } => {
            let summary = core.sync(Duration::from_secs(timeout)).await?;
            if out.json {
                return out.json(&summary);
            }
            out.line(words(&summary));
            refused(out, &summary);
            differed(out, &summary);
            unfinished(core, out).await?;
        }
        Command::Status => {
            let summary = core.sync_summary().await?;
            let account = core.account().await?;
            let kept = core.kept_words().await?.len() as u64;
            if out.json {
                return out.json(&serde_json::json!({
                    "profile": core.profile(), "account": account, "sync": summary, "kept_words": kept,
                }));
            }
            out.line(format_args!("Profile: {}", core.profile().display()));
            out.line(match account {
                Some(account) => format!("Signed in at {} as {}.", account.server, account.email),
                None => "Not signed in: everything stays on this computer.".to_owned(),
            });
            out.line(words(&summary));
            refused(out, &summary);
            unfinished(core, out).await?;
            if kept > 0 {
                out.line(format_args!(
                    "{} deleted unseen: see `inkhorn-cli kept`.",
                    counted(kept, "paragraph")
                ));
            }
        }
        // The others do not come here.
        _ => {}
    }
    Ok(())
}

/// One line about sync, in the words of the app.
fn words(summary: &SyncSummary) -> String {
    let count = &summary.count;
    let mut waiting = Vec::new();
    for (number, what) in [
        (count.waiting_edits, "change"),
        (count.waiting_uploads, "upload"),
        (count.waiting_downloads, "download"),
    ] {
        if number > 0 {
            waiting.push(counted(number, what));
        }
    }
    let why = match &summary.status {
        Status::Offline { why: Some(why), .. } => format!(" {why}"),
        _ => String::new(),
    };
    match (waiting.is_empty(), summary.synced_at_ms) {
        (true, Some(_)) => "Synced: nothing waits.".to_owned(),
        (true, None) => "Saved on this computer. Nothing waits.".to_owned(),
        (false, _) => format!("Saved on this computer. {} waiting.{why}", waiting.join(" and ")),
    }
}

async fn unfinished(core: &Core, out: &mut Output) -> anyhow::Result<()> {
    for info in core.operations().await? {
        out.line(crate::kept::operation(&info));
    }
    Ok(())
}

fn differed(out: &mut Output, summary: &SyncSummary) {
    for one in &summary.differed {
        out.line(format_args!(
            "{} differed from the server's, and {}.",
            one.doc,
            if one.repaired { "was mended from it" } else { "differs still: export the course" }
        ));
    }
}

fn refused(out: &mut Output, summary: &SyncSummary) {
    for edit in &summary.rejected {
        out.line(format_args!(
            "Refused, and kept on this computer: {} of course {}: {}.",
            edit.doc, edit.course, edit.why
        ));
    }
}
