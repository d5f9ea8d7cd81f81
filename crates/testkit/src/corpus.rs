//! Courses to work on: real ones where they are at hand, a written one everywhere.

use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Folder of a real course: `$INKHORN_CORPORA/<name>`, or `../shared/corpora/<name>` beside the checkout.
/// `None`, said on standard error, where it is not at hand.
pub fn real(name: &str) -> Option<PathBuf> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let folder = std::env::var_os("INKHORN_CORPORA")
        .map_or_else(|| checkout.join("../shared/corpora"), PathBuf::from)
        .join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("The course {name} is not at hand (INKHORN_CORPORA): this part is skipped");
    None
}

/// A written course of three chapters with three lessons each, with a picture, a table, a link and code.
///
/// # Errors
/// When it cannot be written.
pub fn written() -> anyhow::Result<TempDir> {
    let folder = TempDir::new()?;
    for chapter in 1..=3 {
        let path = folder.path().join(format!("{chapter}-part"));
        fs::create_dir(&path)?;
        for lesson in 1..=3 {
            let text = format!(
                "# Lesson {chapter}.{lesson}\n\nWords of lesson {chapter}.{lesson}, with *stress* and `code`.\n\n\
                 | a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nprint({lesson})\n```\n\n\
                 ![a dot](../dot.png)\n\n[the first](../1-part/1-lesson.md)\n"
            );
            fs::write(path.join(format!("{lesson}-lesson.md")), text)?;
        }
    }
    fs::write(folder.path().join("dot.png"), DOT)?;
    Ok(folder)
}

/// A PNG of one pixel.
pub const DOT: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 0x01, 0,
    0, 0, 0x01, 0x08, 0x06, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78,
    0xda, 0x63, 0xd0, 0xf1, 0xea, 0xfa, 0x0f, 0, 0x03, 0xa6, 0x02, 0, 0xdd, 0x1f, 0x96, 0x62, 0, 0, 0, 0,
    0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];
