//! Images as content-addressed assets. The type is told by the content: a name proves nothing.

use crate::course::ImportedAsset;
use inkhorn_protocol::{AssetHash, rest::ASSET_TYPES};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{self, Read},
    path::Path,
};

/// What the report says of a file that [`read`] finds to be no image.
pub(crate) fn refusal(path: &str) -> String {
    format!(
        "{path} is no image of a type that a course can hold, going by its content: PNG, JPEG, GIF, WebP, AVIF, BMP \
         and SVG work. Its place and its description are kept."
    )
}

/// Hashes a file in pieces and tells its type; `None` if it is no image that a server takes and a web view shows.
pub(crate) fn read(path: &Path) -> io::Result<Option<ImportedAsset>> {
    let mut file = fs::File::open(path)?;
    let mut digest = Sha256::new();
    let mut bytes = 0;
    let mut head = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        let wanted = HEAD.saturating_sub(head.len()).min(count);
        head.extend_from_slice(&buffer[..wanted]);
        digest.update(&buffer[..count]);
        bytes += count as u64;
    }
    Ok(mime(&head).filter(|mime| ASSET_TYPES.contains(mime)).map(|mime| ImportedAsset {
        hash: AssetHash::from_digest(&digest.finalize().into()),
        mime: mime.to_owned(),
        bytes,
        name: path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        path: path.to_owned(),
    }))
}

/// Bytes that are looked at: a drawing program may put a long comment before `<svg`.
const HEAD: usize = 4096;

/// The type of an image by its first bytes; `None` if it is no image that a web view shows.
pub fn mime(head: &[u8]) -> Option<&'static str> {
    let at = |from: usize, mark: &[u8]| head.get(from..from + mark.len()) == Some(mark);
    let magic: [(&str, bool); 6] = [
        ("image/png", at(0, b"\x89PNG\r\n\x1a\n")),
        ("image/jpeg", at(0, b"\xff\xd8\xff")),
        ("image/gif", at(0, b"GIF87a") || at(0, b"GIF89a")),
        ("image/webp", at(0, b"RIFF") && at(8, b"WEBP")),
        ("image/avif", at(4, b"ftypavif") || at(4, b"ftypavis")),
        ("image/bmp", at(0, b"BM") && at(6, &[0, 0, 0, 0])),
    ];
    if let Some((mime, _)) = magic.iter().find(|(_, fits)| *fits) {
        return Some(mime);
    }
    let text = String::from_utf8_lossy(&head[..head.len().min(HEAD)]);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    (text.starts_with('<') && text.contains("<svg") && !text.to_ascii_lowercase().contains("<html"))
        .then_some("image/svg+xml")
}

/// The usual end of a file name for a type.
pub(crate) fn extension(mime: &str) -> &'static str {
    match mime {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/avif" => "avif",
        "image/bmp" => "bmp",
        "image/svg+xml" => "svg",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_tells_the_type() {
        assert_eq!(mime(b"\x89PNG\r\n\x1a\n..."), Some("image/png"));
        assert_eq!(mime(b"<?xml version='1.0'?>\n<!-- x -->\n<svg xmlns='x'>"), Some("image/svg+xml"));
        assert_eq!(mime(b"<!doctype html><html><svg>"), None);
        assert_eq!(mime(b"version https://git-lfs.github.com/spec/v1"), None);
        assert_eq!(mime(b""), None);
        let said = refusal("a").to_lowercase();
        for mime in ASSET_TYPES {
            assert_ne!(extension(mime), "bin", "{mime}");
            let name = mime.trim_start_matches("image/").trim_end_matches("+xml");
            assert!(said.contains(name), "{mime} is not among the types that work: {said}");
        }
    }
}
