//! From a command to calls of the core.

use crate::args::{Add, Cli, Command, Format, Kind, Lesson, Operations};
use crate::kept;
use crate::network;
use crate::show::{self, Output, counted};
use inkhorn_core::{Code, Config, Core, CoreError};
use inkhorn_protocol::projection::NodeKind;
use std::io::{IsTerminal, Read};

/// Longest Markdown that is read from standard input, bytes.
const MAX_INPUT: u64 = 8 << 20;

/// How this program is called in the lock of a profile.
const HOLDER: &str = "inkhorn-cli";

pub(crate) async fn run(cli: Cli, out: &mut Output) -> anyhow::Result<()> {
    let profile = cli.profile.unwrap_or_else(Core::default_profile);
    // What comes from standard input is read first: a slow writer must not keep the profile from others.
    let input = match &cli.command {
        Command::Lesson(Lesson::Append { .. }) => input("Markdown")?,
        Command::Login { .. } => input("token")?,
        _ => String::new(),
    };
    let core = Core::open(Config::offline(&profile, HOLDER)).await?;
    if let Some(notice) = core.notice() {
        out.note(notice);
    }
    let outcome = perform(&core, cli.command, input, out).await;
    core.close().await;
    outcome
}

async fn perform(core: &Core, command: Command, input: String, out: &mut Output) -> anyhow::Result<()> {
    match command {
        Command::Import { path, title, report } => {
            let (course, found) = core.import_folder(&path, title).await?;
            if out.json {
                return out.json(&serde_json::json!({ "course": course, "report": found }));
            }
            show::report(out, &found, report);
            out.line(course);
        }
        Command::Courses => {
            let courses = core.courses().await?;
            if out.json {
                return out.json(&courses);
            }
            show::courses(out, &courses);
        }
        Command::Outline { course, trash } => show::outline(out, &core.outline(&course).await?, trash)?,
        Command::Add(Add { kind, course, under, before, title }) => {
            let kind = match kind {
                Kind::Chapter => NodeKind::Chapter,
                Kind::Section => NodeKind::Section,
                Kind::Lesson => NodeKind::Lesson,
            };
            if under.is_none() && kind != NodeKind::Chapter {
                let (what, places) = match kind {
                    NodeKind::Section => ("section", "chapter"),
                    _ => ("lesson", "chapter or a section"),
                };
                let message = format!("A {what} stands in a {places}: say in which one with --under NODE.");
                return Err(CoreError::new(Code::Invalid, message).into());
            }
            let id = core.add(&course, kind, under, before, &title).await?;
            if out.json {
                return out.json(&serde_json::json!({ "id": id }));
            }
            out.line(id);
        }
        Command::Rename { node, title } => core.rename(&node, &title).await?,
        Command::Move { node, to, before } => core.move_node(&node, to, before).await?,
        Command::Trash { node } => core.trash(&node).await?,
        Command::Restore { node } => core.restore(&node).await?,
        Command::Lesson(Lesson::Show { lesson, format }) => {
            let body = core.lesson_body(&lesson).await?;
            if out.json || format == Format::Json {
                return out.json(&body);
            }
            out.text(&core.lesson_markdown(&lesson).await?);
        }
        Command::Lesson(Lesson::Append { lesson }) => core.append_markdown(&lesson, &input).await?,
        Command::Assets { course } => {
            let assets = core.assets(&course).await?;
            if out.json {
                return out.json(&assets);
            }
            show::assets(out, &assets);
        }
        Command::Export { course, out: folder } => {
            let report = core.export_course(&course, &folder).await?;
            let missing: Vec<_> = report
                .missing_assets
                .iter()
                .map(|(lesson, hash)| serde_json::json!({ "lesson": lesson, "hash": hash }))
                .collect();
            if out.json {
                return out.json(&serde_json::json!({
                    "lessons": report.lessons, "assets": report.assets, "missing_assets": missing,
                }));
            }
            let (lessons, assets) = (report.lessons as u64, report.assets as u64);
            out.line(format_args!(
                "{} and {} written to {}.",
                counted(lessons, "lesson"),
                counted(assets, "asset"),
                folder.display()
            ));
            for (lesson, hash) in &report.missing_assets {
                out.note(format_args!(
                    "An image of “{lesson}” is not on this computer yet and was left out: {hash}."
                ));
            }
        }
        Command::Backup { course, file } => {
            core.backup(&course, &file).await?;
            if out.json {
                return out.json(&serde_json::json!({ "course": course, "file": file }));
            }
            out.line(format_args!("Written to {}.", file.display()));
        }
        Command::Open { file } => {
            let course = core.open_file(&file).await?;
            if out.json {
                return out.json(&serde_json::json!({ "course": course }));
            }
            out.line(course);
        }
        Command::Operations { command } => {
            kept::operations(core, command.unwrap_or(Operations::List), out).await?;
        }
        Command::Rejected(command) => kept::rejected(core, command, out).await?,
        Command::Kept { put_back, forget } => kept::words(core, put_back, forget, out).await?,
        Command::Login { .. }
        | Command::Share { .. }
        | Command::Join { .. }
        | Command::Sync { .. }
        | Command::Status => return network::perform(core, command, &input, out).await,
    }
    Ok(())
}

/// Everything on standard input, as text.
fn input(what: &str) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        // A person at a terminal is told what is awaited; nobody else is.
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "Type the {what}, then press Ctrl+D.");
    }
    let mut bytes = Vec::new();
    stdin.lock().take(MAX_INPUT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_INPUT {
        let message = format!(
            "The {what} on standard input is larger than {} MB. Nothing was changed.",
            MAX_INPUT >> 20
        );
        return Err(CoreError::new(Code::Invalid, message).into());
    }
    String::from_utf8(bytes).map_err(|_| {
        CoreError::new(
            Code::Invalid,
            format!("The {what} on standard input is not UTF-8 text. Nothing was changed."),
        )
        .into()
    })
}
