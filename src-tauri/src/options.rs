//! The command line and the environment.

use anyhow::{Context, bail};
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

impl Options {
    /// From this process's arguments and environment.
    ///
    /// # Errors
    /// An argument that is not known, or a missing value.
    pub fn from_command_line() -> anyhow::Result<Self> {
        let mut options = Self::parse(std::env::args_os().skip(1))?;
        let server = std::env::var("INKHORN_SERVER").ok().zip(std::env::var("INKHORN_TOKEN").ok());
        options.server = server.filter(|(server, token)| !server.is_empty() && !token.is_empty());
        Ok(options)
    }

    /// From arguments without the program's name.
    ///
    /// # Errors
    /// An argument that is not known, or a missing value.
    pub fn parse(args: impl IntoIterator<Item = OsString>) -> anyhow::Result<Self> {
        let mut options = Self::default();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            if arg == "--profile" {
                let folder = args.next().filter(|folder| !folder.is_empty());
                options.profile = Some(folder.context("--profile needs a folder")?.into());
            } else if let Some(folder) = arg.to_str().and_then(|arg| arg.strip_prefix("--profile=")) {
                options.profile = Some(folder.into());
            } else {
                bail!("'{}' is not an option of Inkhorn; there is --profile DIR", arg.to_string_lossy());
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> anyhow::Result<Options> {
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
    }
}
