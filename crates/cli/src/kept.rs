//! The commands about what waits for the server, about what it refused, and about what somebody deleted unseen.

use crate::args::{Operations, Rejected};
use crate::show::{Output, counted};
use inkhorn_core::Core;
use inkhorn_protocol::projection::{OperationInfo, OperationState, RejectedEdit};

pub(crate) async fn operations(core: &Core, command: Operations, out: &mut Output) -> anyhow::Result<()> {
    match command {
        Operations::List => {
            let list = core.operations().await?;
            if out.json {
                return out.json(&list);
            }
            if list.is_empty() {
                out.note("Nothing waits: every operation has ended well.");
            }
            for info in &list {
                out.line(operation(info));
            }
        }
        Operations::Retry { op } => {
            core.retry_operation(&op).await?;
            if out.json {
                return out.json(&serde_json::json!({ "op": op }));
            }
            out.line("It is tried again with the next `inkhorn-cli sync`.");
        }
        Operations::LetGo { op } => {
            core.let_go_operation(&op).await?;
            if out.json {
                return out.json(&serde_json::json!({ "op": op }));
            }
            out.line("It is let go, and not sent.");
        }
    }
    Ok(())
}

pub(crate) async fn rejected(core: &Core, command: Rejected, out: &mut Output) -> anyhow::Result<()> {
    match command {
        Rejected::List => {
            let list = core.rejected().await?;
            if out.json {
                return out.json(&list);
            }
            if list.is_empty() {
                out.note("No change was refused.");
            }
            for edit in &list {
                out.line(refused(edit));
            }
        }
        Rejected::Retry { id } => {
            core.retry_rejected(id).await?;
            if out.json {
                return out.json(&serde_json::json!({ "id": id }));
            }
            out.line("It is sent again with the next `inkhorn-cli sync`.");
        }
        Rejected::Reapply { id } => {
            let lesson = core.reapply_rejected(id).await?;
            if out.json {
                return out.json(&serde_json::json!({ "id": id, "lesson": lesson }));
            }
            match lesson {
                Some(lesson) => {
                    out.line("Written anew as a lesson of its own:");
                    out.line(lesson);
                }
                None => out.line("It is sent again with the next `inkhorn-cli sync`."),
            }
        }
        Rejected::Export { id, out: folder } => {
            core.export_rejected(id, &folder).await?;
            if out.json {
                return out.json(&serde_json::json!({ "id": id, "path": folder }));
            }
            out.line(format_args!("Written to {}. It stays kept here too.", folder.display()));
        }
        Rejected::Discard { id } => {
            core.discard_rejected(id).await?;
            if out.json {
                return out.json(&serde_json::json!({ "id": id }));
            }
            out.line("Let go: the lesson is what the server has.");
        }
    }
    Ok(())
}

pub(crate) async fn words(
    core: &Core,
    put_back: Option<u64>,
    forget: Option<u64>,
    out: &mut Output,
) -> anyhow::Result<()> {
    if let Some(id) = put_back {
        let lesson = core.put_back_kept(id).await?;
        if out.json {
            return out.json(&serde_json::json!({ "id": id, "lesson": lesson }));
        }
        out.line(format_args!("They are in lesson {lesson} again."));
        return Ok(());
    }
    if let Some(id) = forget {
        core.forget_kept(id).await?;
        if out.json {
            return out.json(&serde_json::json!({ "id": id }));
        }
        out.line("Forgotten.");
        return Ok(());
    }
    let list = core.kept_words().await?;
    if out.json {
        return out.json(&list);
    }
    if list.is_empty() {
        out.note("Nothing of yours was deleted unseen.");
    }
    for kept in &list {
        out.line(format_args!("{}  lesson {}: {}", kept.id, kept.lesson, kept.preview));
    }
    Ok(())
}

/// One line about a refused edit.
pub(crate) fn refused(edit: &RejectedEdit) -> String {
    format!("{}  {} of course {}: {}", edit.id, edit.doc, edit.course, edit.why)
}

/// One line about an operation.
pub(crate) fn operation(info: &OperationInfo) -> String {
    let what = match info.kind.as_str() {
        "register" => "put on the server",
        "set_title" => "give its title",
        other => other,
    };
    let state = match info.state {
        OperationState::Queued => "waits",
        OperationState::Sent => "sent, not answered",
        OperationState::Acked => "answered, not confirmed",
        OperationState::Confirmed => "confirmed",
        OperationState::Rejected => "refused, kept",
        OperationState::TimedOut => "asked again",
        OperationState::Expired => "too old, kept",
    };
    let tries =
        if info.tries > 0 { format!(", sent {}", counted(info.tries, "time")) } else { String::new() };
    let why = info.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{}  course {}: {what} ({state}{tries}){why}", info.op, info.course)
}
