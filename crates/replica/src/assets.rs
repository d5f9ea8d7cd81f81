//! Files of assets: `<profile>/assets/<first 2 hex digits>/<sha256>`. Content-addressed, so a file is written once, by a
//! temporary file, an fsync and a rename, and is checked against its name whenever it is read.

use crate::ReplicaError;
use inkhorn_protocol::AssetHash;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The folder of the assets. Its functions block on the disk: call them off the UI's thread.
#[derive(Debug)]
pub struct Files {
    root: PathBuf,
    /// Tells two writers of the same content apart.
    drafts: AtomicU64,
}

impl Files {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, drafts: AtomicU64::new(0) }
    }

    /// The content address of bytes.
    pub fn hash(bytes: &[u8]) -> AssetHash {
        AssetHash::from_digest(&Sha256::digest(bytes).into())
    }

    /// Where the file of an asset is, or would be.
    pub fn path(&self, hash: &AssetHash) -> PathBuf {
        let name = hash.as_str();
        self.root.join(name.get(..2).unwrap_or(name)).join(name)
    }

    /// Stores bytes durably under their hash. Storing what is there already writes nothing.
    ///
    /// # Errors
    /// [`ReplicaError::DiskFull`], [`ReplicaError::Io`]; nothing is left under the hash then.
    pub fn put(&self, bytes: &[u8]) -> Result<AssetHash, ReplicaError> {
        let hash = Self::hash(bytes);
        let path = self.path(&hash);
        if matches!(self.get(&hash), Ok(Some(_))) {
            return Ok(hash);
        }
        self.write(&path, bytes).map_err(|error| ReplicaError::from_io(&path, &error))?;
        Ok(hash)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)?;
        let draft = self.drafts.fetch_add(1, Ordering::Relaxed);
        let temporary = folder.join(format!(".{}-{draft}.part", std::process::id()));
        let written = (|| {
            let mut file = fs::File::create(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, path)?;
            // The rename itself must survive a crash: the row that names the file is committed after this.
            #[cfg(unix)]
            fs::File::open(folder)?.sync_all()?;
            Ok(())
        })();
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// The bytes of an asset; `None` when it is not here, also when its file does not hold what its name says (it is then
    /// moved out of the way, so that it is fetched again).
    ///
    /// # Errors
    /// [`ReplicaError::Io`].
    pub fn get(&self, hash: &AssetHash) -> Result<Option<Vec<u8>>, ReplicaError> {
        let path = self.path(hash);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ReplicaError::from_io(&path, &error)),
        };
        if Self::hash(&bytes) == *hash {
            return Ok(Some(bytes));
        }
        tracing::warn!(%hash, "an asset's file does not hold what its name says");
        let _ = fs::rename(&path, path.with_extension("damaged"));
        Ok(None)
    }

    /// Whether the file of an asset is here (not whether it is sound; [`Files::get`] checks that).
    pub fn has(&self, hash: &AssetHash) -> bool {
        self.path(hash).is_file()
    }
}
