//! Who is signed in where: one small file in the profile, readable by its owner only. The token is in it; it is
//! never logged and never part of an error.

use crate::error::{Code, CoreError, Result};
use inkhorn_transport::Endpoint;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const FILE: &str = "account.json";

/// A sign-in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignIn {
    /// Address of the server.
    pub(crate) server: String,
    /// The user insisted on plain http for this server.
    #[serde(default)]
    pub(crate) plain_http: bool,
    pub(crate) token: String,
    pub(crate) email: String,
    pub(crate) name: String,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn")
            .field("server", &self.server)
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

impl SignIn {
    pub(crate) fn endpoint(&self) -> Result<Endpoint> {
        endpoint(&self.server, self.plain_http)
    }
}

pub(crate) fn endpoint(server: &str, plain_http: bool) -> Result<Endpoint> {
    Endpoint::parse(server, plain_http).map_err(|error| CoreError::new(Code::Invalid, error.to_string()))
}

/// The file.
#[derive(Debug, Clone)]
pub(crate) struct AccountFile {
    path: PathBuf,
}

impl AccountFile {
    pub(crate) fn new(profile: &Path) -> Self {
        Self { path: profile.join(FILE) }
    }

    /// The sign-in, if there is one. A file that does not read is moved aside: signing in again loses nothing.
    pub(crate) fn read(&self) -> Result<Option<SignIn>> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("read", &error)),
        };
        match serde_json::from_slice(&bytes) {
            Ok(sign_in) => Ok(Some(sign_in)),
            Err(error) => {
                tracing::warn!(%error, "the sign-in does not read and is moved aside");
                let _ = fs::rename(&self.path, self.path.with_extension("json.damaged"));
                Ok(None)
            }
        }
    }

    /// Writes the sign-in, whole or not at all.
    pub(crate) fn write(&self, sign_in: &SignIn) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(sign_in).map_err(|error| {
            CoreError::new(Code::Other, format!("The sign-in cannot be written: {error}."))
        })?;
        let draft = self.path.with_extension("json.new");
        let written = (|| {
            // A file of an earlier crash may have other rights: never reuse it.
            match fs::remove_file(&draft) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&draft)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&draft, &self.path)
        })();
        written.map_err(|error| self.failed("written", &error))
    }

    /// Forgets the sign-in.
    pub(crate) fn remove(&self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed("removed", &error)),
            _ => Ok(()),
        }
    }

    fn failed(&self, what: &str, error: &io::Error) -> CoreError {
        let code = if error.kind() == io::ErrorKind::StorageFull { Code::DiskFull } else { Code::Other };
        CoreError::new(
            code,
            format!("{} cannot be {what}: {error}. Your courses are safe.", self.path.display()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign_in() -> SignIn {
        SignIn {
            server: "https://example.org".into(),
            plain_http: false,
            token: "secret".into(),
            email: "ada@example.org".into(),
            name: "Ada".into(),
        }
    }

    #[test]
    fn a_sign_in_is_readable_by_its_owner_only_and_survives() {
        let folder = tempfile::tempdir().unwrap();
        let file = AccountFile::new(folder.path());
        assert_eq!(file.read(), Ok(None));
        file.write(&sign_in()).unwrap();
        file.write(&sign_in()).unwrap();
        assert_eq!(file.read(), Ok(Some(sign_in())));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        file.remove().unwrap();
        file.remove().unwrap();
        assert_eq!(file.read(), Ok(None));
    }

    #[test]
    fn the_token_is_not_in_what_is_logged() {
        assert!(!format!("{:?}", sign_in()).contains("secret"));
    }

    #[test]
    fn a_damaged_file_is_moved_aside_and_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), b"{half").unwrap();
        let file = AccountFile::new(folder.path());
        assert_eq!(file.read(), Ok(None));
        assert_eq!(fs::read(folder.path().join("account.json.damaged")).unwrap(), b"{half");
    }
}
