//! Asks the core, one function a command.

use crate::arguments::{Add, Arguments, Command, Format, Kind, Lesson};
use crate::print::Printer;
use crate::words;
use anyhow::Context as _;
use inkhorn_core::{Config, Core};
use inkhorn_protocol::projection::{NodeKind, OutlineNode};
use inkhorn_protocol::{CourseId, NodeId};
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

/// Largest text that `lesson append` takes, in bytes: as much as the importer takes for one file.
const MAX_STDIN_BYTES: u64 = 16 * 1024 * 1024;

/// Opens the profile, does what was asked, and closes the profile whatever came of it.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let profile = arguments.profile.unwrap_or_else(Core::default_profile);
    let core = Core::open(Config { profile, connect: false }).await?;
    let out = Printer { json: arguments.json };
    let outcome = Box::pin(answer(&core, arguments.command, out)).await;
    core.close().await;
    outcome
}

async fn answer(core: &Core, command: Command, out: Printer) -> anyhow::Result<()> {
    match command {
        Command::Import { path, title, report } => import(core, &path, title, report, out).await,
        Command::Courses => courses(core, out).await,
        Command::Outline { course, trash } => outline(core, &course, trash, out).await,
        Command::Add(add) => add_node(core, add, out).await,
        Command::Rename { node, title } => Ok(core.rename(&node, &title).await?),
        Command::Move { node, to, before } => Ok(core.move_node(&node, to, before).await?),
        Command::Trash { node } => Ok(core.trash(&node).await?),
        Command::Restore { node } => Ok(core.restore(&node).await?),
        Command::Lesson(Lesson::Show { lesson, format }) => show(core, &lesson, format, out).await,
        Command::Lesson(Lesson::Append { lesson }) => {
            let markdown = standard_input()?;
            Ok(core.append_markdown(&lesson, &markdown).await?)
        }
        Command::Assets { course } => assets(core, &course, out).await,
        Command::Login { server, token_stdin: _, allow_plain_http } => {
            let token = standard_input()?;
            let account = core.login(&server, token.trim(), allow_plain_http).await?;
            out.data(&json!(account), || {
                vec![format!("Signed in on {} as {}.", account.server, account.email)]
            })?;
            Ok(())
        }
        Command::Share { course } => {
            core.share(&course).await?;
            let done = "The course is on the server. `sync` sends what changes from here on.";
            out.data(&json!({ "course": course }), || vec![done.to_owned()])?;
            Ok(())
        }
        Command::Join { course } => {
            core.join(&course).await?;
            let done = "Joined. `sync` fetches the course.";
            out.data(&json!({ "course": course }), || vec![done.to_owned()])?;
            Ok(())
        }
        Command::Sync { timeout } => {
            let summary = core.sync(Duration::from_secs(timeout)).await?;
            out.data(&json!(summary), || vec!["Synced: nothing waits in either direction.".to_owned()])?;
            Ok(())
        }
        Command::Status => status(core, out).await,
        Command::Export { course, out: folder } => {
            let report = core.export_course(&course, &folder).await?;
            out.data(&json!(report), || vec![format!("Exported to {}.", folder.display())])?;
            Ok(())
        }
        Command::Backup { course, file } => {
            core.backup(&course, &file).await?;
            out.data(&json!({ "file": file }), || vec![format!("Backed up to {}.", file.display())])?;
            Ok(())
        }
        Command::Open { file } => {
            let course = core.open_file(&file).await?;
            out.data(&json!({ "course": course }), || vec![course.to_string()])?;
            Ok(())
        }
    }
}

async fn import(
    core: &Core,
    path: &Path,
    title: Option<String>,
    everything: bool,
    out: Printer,
) -> anyhow::Result<()> {
    let (course, report) = core.import_folder(path, title).await?;
    let lessons = core.courses().await?.into_iter().find(|one| one.id == course).map_or(0, |one| one.lessons);
    out.data(&json!({ "course": course, "lessons": lessons, "report": report }), || {
        let mut lines = vec![format!("Imported {}.", words::count(u64::from(lessons), "lesson", "lessons"))];
        lines.extend(words::report(&report, everything));
        lines.push(course.to_string());
        lines
    })?;
    Ok(())
}

async fn courses(core: &Core, out: Printer) -> anyhow::Result<()> {
    let courses = core.courses().await?;
    out.data(&json!(courses), || {
        let line = |course: &inkhorn_protocol::projection::CourseSummary| {
            let lessons = words::count(u64::from(course.lessons), "lesson", "lessons");
            let place = course.role.map_or_else(|| "only here".to_owned(), |role| format!("shared, {role}"));
            format!("{}  {}  ({lessons}, {place})", course.id, course.title)
        };
        courses.iter().map(line).collect()
    })?;
    Ok(())
}

/// With `--json` a list of nested nodes: chapters in order; then, marked, what lost its parent; then, when asked for, Trash.
async fn outline(core: &Core, course: &CourseId, trash: bool, out: Printer) -> anyhow::Result<()> {
    let view = core.outline(course).await?;
    let marked = |nodes: &[OutlineNode], mark: &str| -> Vec<Value> {
        let mut list: Vec<Value> = nodes.iter().map(|node| json!(node)).collect();
        for node in &mut list {
            node[mark] = Value::Bool(true);
        }
        list
    };
    let mut list: Vec<Value> = view.nodes.iter().map(|node| json!(node)).collect();
    list.extend(marked(&view.recovered, "recovered"));
    if trash {
        list.extend(marked(&view.trash, "trashed"));
    }
    out.data(&Value::Array(list), || {
        let mut lines = vec![view.title.clone()];
        draw(&view.nodes, 1, &mut lines);
        if !view.recovered.is_empty() {
            lines.push("Recovered".to_owned());
            draw(&view.recovered, 1, &mut lines);
        }
        if trash && !view.trash.is_empty() {
            lines.push("Trash".to_owned());
            draw(&view.trash, 1, &mut lines);
        }
        lines
    })?;
    Ok(())
}

fn draw(nodes: &[OutlineNode], level: usize, lines: &mut Vec<String>) {
    for node in nodes {
        lines.push(format!("{}{}  [{}]", "  ".repeat(level), node.title, node.id));
        draw(&node.children, level + 1, lines);
    }
}

async fn add_node(core: &Core, add: Add, out: Printer) -> anyhow::Result<()> {
    let kind = match add.kind {
        Kind::Chapter => NodeKind::Chapter,
        Kind::Section => NodeKind::Section,
        Kind::Lesson => NodeKind::Lesson,
    };
    let id = core.add(&add.course, kind, add.under, None, &add.title).await?;
    out.data(&json!({ "id": id }), || vec![id.to_string()])?;
    Ok(())
}

async fn show(core: &Core, lesson: &NodeId, format: Option<Format>, out: Printer) -> anyhow::Result<()> {
    let format = format.unwrap_or(if out.json { Format::Json } else { Format::Markdown });
    match format {
        Format::Json => out.line(json!(core.lesson_body(lesson).await?).to_string())?,
        Format::Markdown => out.text(&core.lesson_markdown(lesson).await?)?,
    }
    Ok(())
}

async fn assets(core: &Core, course: &CourseId, out: Printer) -> anyhow::Result<()> {
    let assets = core.assets(course).await?;
    out.data(&json!(assets), || {
        let line = |info: &inkhorn_protocol::projection::AssetInfo| {
            let state = json!(info.state).as_str().unwrap_or_default().replace('_', " ");
            format!("{}  {:>9} bytes  {state}  {}", info.asset.hash, info.asset.bytes, info.asset.name)
        };
        assets.iter().map(line).collect()
    })?;
    Ok(())
}

async fn status(core: &Core, out: Printer) -> anyhow::Result<()> {
    let summary = core.sync_summary().await?;
    let account = core.account().await?;
    out.data(&json!({ "account": account, "sync": summary }), || {
        let mut lines = words::status(&summary);
        if let Some(account) = &account {
            lines.push(format!("Server: {}, account {}.", account.server, account.email));
        }
        lines
    })?;
    Ok(())
}

fn standard_input() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAX_STDIN_BYTES + 1)
        .read_to_end(&mut bytes)
        .context("Standard input cannot be read")?;
    if bytes.len() as u64 > MAX_STDIN_BYTES {
        anyhow::bail!(
            "The text is larger than {} MB: split it into several lessons.",
            MAX_STDIN_BYTES / 1024 / 1024
        );
    }
    String::from_utf8(bytes).context("The text is not UTF-8: save it as UTF-8 and try again")
}
