//! The course that opens on first start: a tour of Inkhorn, as a folder of Markdown that is part of the program.

use std::{fs, io, path::Path};

/// The files of the sample course: path inside the folder, bytes.
pub const FILES: &[(&str, &[u8])] = &[];

/// Writes the sample course to an empty folder, from which [`crate::import_folder`] reads it.
///
/// # Errors
/// Whatever the disk says.
pub fn write_to(folder: &Path) -> io::Result<()> {
    for (name, bytes) in FILES {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}
