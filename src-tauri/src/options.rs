//! The command line and the environment.

use clap::Parser;
use std::ffi::OsString;
use std::path::PathBuf;

/// How the app was started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Data folder instead of the user's own (`--profile DIR`, else the variable `INKHORN_PROFILE`).
    pub profile: Option<PathBuf>,
    /// Server and token to sign in with when nobody is signed in (`INKHORN_SERVER`, `INKHORN_TOKEN`).
    pub server: Option<(String, String)>,
}

/// Write courses with others, with and without a network.
#[derive(Debug, Parser)]
#[command(name = "inkhorn", version)]
#[command(after_help = "Inkhorn can be started once for each profile. Without a window: inkhorn-cli --help")]
struct Arguments {
    /// Folder of the courses and all settings, instead of your own.
    #[arg(long, value_name = "DIR")]
    profile: Option<PathBuf>,
}

impl Options {
    /// From this process's arguments and environment. Answers `--version`, `--help` and mistakes by itself and ends the
    /// process then; needs no display for that.
    pub fn from_command_line() -> Self {
        let mut options = Self::parse(std::env::args_os().skip(1)).unwrap_or_else(|said| said.exit());
        let server = std::env::var("INKHORN_SERVER").ok().zip(std::env::var("INKHORN_TOKEN").ok());
        options.server = server.filter(|(server, token)| !server.is_empty() && !token.is_empty());
        options
    }

    /// From arguments without the program's name.
    ///
    /// # Errors
    /// What there is to say instead of starting: the version, the help, an argument that is not known, a missing value.
    pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let args = Arguments::try_parse_from(std::iter::once(OsString::from("inkhorn")).chain(args))?;
        Ok(Self { profile: args.profile, server: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Options, clap::Error> {
        Options::parse(args.iter().map(OsString::from))
    }

    #[test]
    fn a_profile_can_be_named_in_both_ways_and_nothing_else_is_taken() {
        for args in [&["--profile", "p"][..], &["--profile=p"]] {
            assert_eq!(parse(args).expect("parses").profile, Some(PathBuf::from("p")));
        }
        assert!(parse(&["--profile"]).is_err());
        assert!(parse(&["--wat"]).is_err());
        assert_eq!(parse(&[]).expect("parses").profile, None);
        assert!(parse(&["--profile", ""]).is_err(), "an empty variable of a launcher is no folder");
    }

    #[test]
    fn version_and_help_are_said_in_words_that_help() {
        let version = parse(&["--version"]).expect_err("says").to_string();
        assert_eq!(version.trim(), format!("inkhorn {}", env!("CARGO_PKG_VERSION")));
        let help = parse(&["--help"]).expect_err("says").to_string();
        assert!(help.contains("--profile <DIR>") && help.contains("--version"), "{help}");
    }
}
