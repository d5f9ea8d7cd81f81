//! `inkhorn-server`: the sync server and its admin commands.
//!
//! Admin commands write to the data folder of a running server, which follows within a second.

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use inkhorn_protocol::CourseId;
use inkhorn_protocol::session::Role;
use inkhorn_server::Server;
use inkhorn_server::store::Store;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The sync server of Inkhorn.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server until it is told to stop.
    Serve {
        /// Address and port; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:7740")]
        listen: SocketAddr,
        /// Folder of the server's data; made if it is missing.
        #[arg(long)]
        data: PathBuf,
    },
    /// Accounts.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Prints a fresh token of an account.
    Token {
        /// Folder of the server's data.
        #[arg(long)]
        data: PathBuf,
        /// E-mail of the account.
        #[arg(long)]
        email: String,
        /// Days without use after which it ends.
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=36_500))]
        days: u32,
    },
    /// Withdraws all tokens of an account: it is signed out everywhere within a second, and loses nothing.
    Revoke {
        /// Folder of the server's data.
        #[arg(long)]
        data: PathBuf,
        /// E-mail of the account.
        #[arg(long)]
        email: String,
    },
    /// Members of courses.
    Member {
        #[command(subcommand)]
        command: MemberCommand,
    },
    /// Begins a new epoch: run it once after a restore from a backup, before `serve`.
    Restored {
        /// Folder of the server's data.
        #[arg(long)]
        data: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Makes an account, or gives an existing one a new password.
    Add {
        /// Folder of the server's data; made if it is missing.
        #[arg(long)]
        data: PathBuf,
        /// E-mail, with which its owner signs in.
        #[arg(long)]
        email: String,
        /// Name that others see; without it, the first part of the e-mail.
        #[arg(long)]
        name: Option<String>,
        /// Reads the password from standard input.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

#[derive(Debug, Subcommand)]
enum MemberCommand {
    /// Gives an account a role in a course, also another one than it had.
    Add {
        /// Folder of the server's data.
        #[arg(long)]
        data: PathBuf,
        /// Id of the course.
        #[arg(long)]
        course: CourseId,
        /// E-mail of the account.
        #[arg(long)]
        email: String,
        /// owner, editor or viewer.
        #[arg(long)]
        role: Role,
    },
    /// Takes an account out of a course.
    Remove {
        /// Folder of the server's data.
        #[arg(long)]
        data: PathBuf,
        /// Id of the course.
        #[arg(long)]
        course: CourseId,
        /// E-mail of the account.
        #[arg(long)]
        email: String,
    },
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match run().await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            // A sentence for the one who administers, also where a backtrace is switched on.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Arguments::parse().command {
        Command::Serve { listen, data } => serve(listen, &data).await,
        Command::User { command: UserCommand::Add { data, email, name, password_stdin: _ } } => {
            let mut password = String::new();
            std::io::stdin().read_to_string(&mut password).context("the password could not be read")?;
            let store = Store::open(&data).await?;
            let account =
                store.put_user(&email, name.as_deref(), password.trim_end_matches(['\n', '\r'])).await?;
            store.close().await;
            say(&format!("{} ({}) can sign in", account.name, account.email))
        }
        Command::Token { data, email, days } => {
            let store = existing(&data).await?;
            let life = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
            let token = store.add_token_for(&store.account(&email).await?, life).await?;
            store.close().await;
            say(&token)
        }
        Command::Revoke { data, email } => {
            let store = existing(&data).await?;
            let account = store.account(&email).await?;
            let tokens = store.revoke_tokens(&account).await?;
            store.close().await;
            let word = if tokens == 1 { "token" } else { "tokens" };
            say(&format!("{} is signed out everywhere: {tokens} {word} withdrawn", account.email))
        }
        Command::Member { command: MemberCommand::Add { data, course, email, role } } => {
            let store = existing(&data).await?;
            let account = store.account(&email).await?;
            store.set_role(&course, &account, role).await?;
            store.close().await;
            say(&format!("{} is {role} of course {course}", account.email))
        }
        Command::Member { command: MemberCommand::Remove { data, course, email } } => {
            let store = existing(&data).await?;
            let account = store.account(&email).await?;
            store.remove_member(&course, &account).await?;
            store.close().await;
            say(&format!("{} is no member of course {course} any more", account.email))
        }
        Command::Restored { data } => {
            let store = existing(&data).await?;
            store.begin_epoch().await?;
            store.close().await;
            say("a new epoch begins: every app will send again all that it has")
        }
    }
}

/// A store that must be there: a mistyped folder is an error, not a new server.
async fn existing(data: &Path) -> anyhow::Result<Store> {
    if !data.join("inkhorn.db").exists() {
        bail!("there is no server data in {}; `serve` or `user add` makes it", data.display());
    }
    Ok(Store::open(data).await?)
}

fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

async fn serve(listen: SocketAddr, data: &Path) -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let server = Server::start(listen, data).await?;
    say(&format!("listening on http://{}", server.address()))?;
    tokio::select! {
        _ = terminate.recv() => {}
        result = tokio::signal::ctrl_c() => result?,
        () = server.ended() => bail!("the server ended by itself; everything that was acked is saved. Start it again"),
    }
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}
