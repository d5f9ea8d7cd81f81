//! Where a profile is, and how it is opened.

use crate::Core;
use directories::ProjectDirs;
use inkhorn_transport::Network;
use std::path::{Path, PathBuf};

/// How to open a profile.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder with everything of this profile.
    pub profile: PathBuf,
    /// Whether to connect at once and stay connected (the app), or only in calls that need it (the command line).
    pub connect: bool,
    /// Name of this program, for whoever finds the profile in use.
    pub holder: String,
    /// How servers are reached: added certificates, proxies.
    pub network: Network,
}

impl Config {
    /// A profile that is opened without connecting, on the network as the environment sets it up.
    pub fn offline(profile: &Path, holder: &str) -> Self {
        let (profile, holder) = (profile.to_owned(), holder.to_owned());
        Self { profile, connect: false, holder, network: Network::from_env() }
    }

    /// A profile that is connected as long as it is open.
    pub fn online(profile: &Path, holder: &str) -> Self {
        Self { connect: true, ..Self::offline(profile, holder) }
    }
}

impl Core {
    /// `$INKHORN_PROFILE`, else the folder that the system sets aside for the data of a program.
    pub fn default_profile() -> PathBuf {
        let named = std::env::var_os("INKHORN_PROFILE").filter(|folder| !folder.is_empty());
        let of_the_system =
            || ProjectDirs::from("org", "Inkhorn", "Inkhorn").map(|dirs| dirs.data_dir().to_owned());
        // A system user without a home still has a folder that it is in.
        named.map(PathBuf::from).or_else(of_the_system).unwrap_or_else(|| PathBuf::from("inkhorn-profile"))
    }
}
