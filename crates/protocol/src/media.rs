//! Types of the files that a course may hold, by their content: a name proves nothing. One table for the window, the core,
//! the importer and the server.

/// Type of a file that is none of the others: it is kept and handed out, never shown or run.
pub const OPAQUE: &str = "application/octet-stream";

/// Bytes at the start of a file that are looked at: a drawing program may put a long comment before `<svg`.
pub const HEAD: usize = 4096;

/// What a file is to a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Shown as it is.
    Image,
    /// Played with a picture.
    Video,
    /// Played without one.
    Audio,
    /// Offered for saving.
    File,
}

/// Types that a course knows, with the usual ends of their files' names, the first one for names that are made.
pub const TYPES: &[(&str, &[&str])] = &[
    ("image/png", &["png"]),
    ("image/jpeg", &["jpg", "jpeg"]),
    ("image/gif", &["gif"]),
    ("image/webp", &["webp"]),
    ("image/svg+xml", &["svg"]),
    ("image/avif", &["avif"]),
    ("image/bmp", &["bmp"]),
    ("video/mp4", &["mp4", "m4v"]),
    ("video/webm", &["webm", "mkv"]),
    ("video/ogg", &["ogv"]),
    ("video/quicktime", &["mov"]),
    ("audio/mpeg", &["mp3"]),
    ("audio/mp4", &["m4a", "aac"]),
    ("audio/ogg", &["ogg", "oga", "opus"]),
    ("audio/wav", &["wav"]),
    ("audio/flac", &["flac"]),
    (OPAQUE, &["bin"]),
];

/// The type of a file by its first bytes ([`HEAD`] are enough); [`OPAQUE`] for everything that is not shown or played.
pub fn sniff(head: &[u8]) -> &'static str {
    let head = &head[..head.len().min(HEAD)];
    let at = |from: usize, mark: &[u8]| head.get(from..from + mark.len()) == Some(mark);
    let holds = |mark: &[u8]| head.windows(mark.len()).any(|part| part == mark);
    if at(4, b"ftyp") {
        return match head.get(8..12) {
            Some(b"avif" | b"avis") => "image/avif",
            Some(b"M4A " | b"M4B ") => "audio/mp4",
            Some(b"qt  ") => "video/quicktime",
            // A photograph of a telephone: no webview shows it.
            Some(b"heic" | b"heix" | b"mif1" | b"msf1") => OPAQUE,
            _ => "video/mp4",
        };
    }
    if at(0, b"OggS") {
        return if holds(b"\x80theora") { "video/ogg" } else { "audio/ogg" };
    }
    let frame = |first: u8| matches!(first, 0xfb | 0xfa | 0xf3 | 0xf2);
    let magic = [
        ("image/png", at(0, b"\x89PNG\r\n\x1a\n")),
        ("image/jpeg", at(0, b"\xff\xd8\xff")),
        ("image/gif", at(0, b"GIF87a") || at(0, b"GIF89a")),
        ("image/webp", at(0, b"RIFF") && at(8, b"WEBP")),
        ("image/bmp", at(0, b"BM") && at(6, &[0, 0, 0, 0])),
        ("audio/wav", at(0, b"RIFF") && at(8, b"WAVE")),
        ("audio/flac", at(0, b"fLaC")),
        ("audio/mpeg", at(0, b"ID3") || (at(0, b"\xff") && head.get(1).copied().is_some_and(frame))),
        ("video/webm", at(0, b"\x1a\x45\xdf\xa3")),
    ];
    if let Some((mime, _)) = magic.iter().find(|(_, fits)| *fits) {
        return mime;
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let svg = text.starts_with('<') && text.contains("<svg") && !text.to_ascii_lowercase().contains("<html");
    if svg { "image/svg+xml" } else { OPAQUE }
}

/// Whether a course knows a type.
pub fn is_known(mime: &str) -> bool {
    TYPES.iter().any(|(known, _)| *known == mime)
}

/// What a file of a type is to a lesson.
pub fn kind(mime: &str) -> Kind {
    match mime.split('/').next() {
        Some("image") if is_known(mime) => Kind::Image,
        Some("video") if is_known(mime) => Kind::Video,
        Some("audio") if is_known(mime) => Kind::Audio,
        _ => Kind::File,
    }
}

/// The type that a file's name promises; `None` when it promises none that a course knows.
pub fn by_name(name: &str) -> Option<&'static str> {
    let end = name.rsplit_once('.')?.1.to_ascii_lowercase();
    TYPES.iter().find(|(mime, ends)| *mime != OPAQUE && ends.contains(&end.as_str())).map(|(mime, _)| *mime)
}

/// The usual end of a file's name for a type.
pub fn extension(mime: &str) -> &'static str {
    let ends = TYPES.iter().find(|(known, _)| *known == mime).map_or(&["bin"][..], |(_, ends)| ends);
    ends.first().copied().unwrap_or("bin")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_tells_the_type() {
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n..."), "image/png");
        assert_eq!(sniff(b"<?xml version='1.0'?>\n<!-- x -->\n<svg xmlns='x'>"), "image/svg+xml");
        assert_eq!(sniff(b"<!doctype html><html><svg>"), OPAQUE);
        assert_eq!(sniff(b"version https://git-lfs.github.com/spec/v1"), OPAQUE);
        assert_eq!(sniff(b"\0\0\0\x20ftypisom"), "video/mp4");
        assert_eq!(sniff(b"\0\0\0\x20ftypavif"), "image/avif");
        assert_eq!(sniff(b"\0\0\0\x20ftypM4A "), "audio/mp4");
        assert_eq!(sniff(b"RIFF....WAVEfmt "), "audio/wav");
        assert_eq!(sniff(b"ID3\x03"), "audio/mpeg");
        assert_eq!(sniff(b"\xff\xfb\x90"), "audio/mpeg");
        assert_eq!(sniff(b"OggS......OpusHead"), "audio/ogg");
        assert_eq!(sniff(b"\x7fELF"), OPAQUE);
        assert_eq!(sniff(b"%PDF-1.7"), OPAQUE);
        assert_eq!(sniff(b""), OPAQUE);
    }

    #[test]
    fn names_and_types_agree() {
        for (mime, ends) in TYPES {
            assert_eq!(extension(mime), ends[0]);
            if *mime != OPAQUE {
                assert!(ends.iter().all(|end| by_name(&format!("a.{end}")) == Some(mime)), "{mime}");
                assert_ne!(kind(mime), Kind::File, "{mime}");
            }
        }
        assert_eq!(by_name("a.b.MP4"), Some("video/mp4"));
        assert_eq!((by_name("mp4"), by_name("a.exe"), by_name("a.bin")), (None, None, None));
        assert_eq!(
            (kind(OPAQUE), kind("text/html"), kind("image/x-odd")),
            (Kind::File, Kind::File, Kind::File)
        );
    }
}
