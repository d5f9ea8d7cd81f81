//! What was read from the server, across restarts: one file in the profile, for the time without a network. A file that
//! cannot be read is no trouble: the server still has everything.

use crate::fetch::{Name, Projection};
use inkhorn_server_state::{Codec, Persist};
use std::io::{Error, ErrorKind, Result, Write as _};
use std::path::{Path, PathBuf};

/// The file.
#[derive(Debug)]
pub(crate) struct Remembered {
    file: PathBuf,
}

impl Remembered {
    pub(crate) fn new(profile: &Path) -> Self {
        Self { file: profile.join("cache.bin") }
    }

    /// Another account must not see it.
    pub(crate) fn forget(&self) {
        match std::fs::remove_file(&self.file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::warn!(%error, "what was remembered of the server could not be removed");
            }
            _ => {}
        }
    }
}

impl Persist for Remembered {
    fn load(&self) -> Result<Option<Vec<u8>>> {
        match std::fs::read(&self.file) {
            Ok(image) => Ok(Some(image)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn save(&self, image: &[u8]) -> Result<()> {
        let folder = self.file.parent().ok_or_else(|| Error::from(ErrorKind::NotFound))?;
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        new.write_all(image)?;
        new.persist(&self.file)?;
        Ok(())
    }
}

/// Keys and projections as JSON, as windows get them.
pub(crate) struct AsJson;

impl Codec<Name, Projection> for AsJson {
    // Raised when a projection that is kept changes its shape.
    fn version(&self) -> u32 {
        1
    }
    fn key_to_bytes(&self, key: &Name) -> Vec<u8> {
        serde_json::to_vec(&key.0).unwrap_or_default()
    }
    fn key_from_bytes(&self, bytes: &[u8]) -> Option<Name> {
        serde_json::from_slice(bytes).ok().map(Name)
    }
    fn data_to_bytes(&self, data: &Projection) -> Option<Vec<u8>> {
        serde_json::to_vec(&data.json).ok()
    }
    fn data_from_bytes(&self, _: &Name, bytes: &[u8]) -> Option<Projection> {
        Projection::of(&serde_json::from_slice::<serde_json::Value>(bytes).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all_and_none_is_no_error() -> Result<()> {
        let profile = tempfile::tempdir()?;
        let remembered = Remembered::new(profile.path());
        assert_eq!(remembered.load()?, None);
        remembered.save(b"one")?;
        remembered.save(b"two")?;
        assert_eq!(remembered.load()?, Some(b"two".to_vec()));
        remembered.forget();
        remembered.forget();
        assert_eq!(remembered.load()?, None);
        Ok(())
    }
}
