//! The course that opens on first start: a tour of Inkhorn, as a folder of Markdown that is part of the program.

use std::{fs, io, path::Path};

macro_rules! file {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../sample/", $name)) as &[u8])
    };
}

/// The files of the sample course: path inside the folder, bytes.
pub const FILES: &[(&str, &[u8])] = &[
    file!("book.toml"),
    file!("src/1-writing/blocks.md"),
    file!("src/1-writing/first-lesson.md"),
    file!("src/2-together/offline.md"),
    file!("src/2-together/sync-words.md"),
    file!("src/3-courses/import-export.md"),
    file!("src/3-courses/keyboard.md"),
    file!("src/SUMMARY.md"),
    file!("src/assets/inkhorn.svg"),
];

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
