//! Files as content-addressed assets. The type is told by the content: a name proves nothing.

use crate::course::ImportedAsset;
use inkhorn_protocol::{
    AssetHash,
    media::{self, HEAD},
};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{self, Read},
    path::Path,
};

/// What the report says of a file that stands as an image and is none, going by [`media::sniff`].
pub(crate) fn refusal(path: &str) -> String {
    format!(
        "{path} is no image of a type that a course can hold, going by its content: PNG, JPEG, GIF, WebP, AVIF, BMP \
         and SVG work. Its place and its description are kept."
    )
}

/// Hashes a file in pieces and tells its type.
pub(crate) fn read(path: &Path) -> io::Result<ImportedAsset> {
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
    Ok(ImportedAsset {
        hash: AssetHash::from_digest(&digest.finalize().into()),
        mime: media::sniff(&head).to_owned(),
        bytes,
        name: path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_names_every_type_that_works() {
        let said = refusal("a").to_lowercase();
        for (mime, _) in media::TYPES.iter().filter(|(mime, _)| media::kind(mime) == media::Kind::Image) {
            let name = mime.trim_start_matches("image/").trim_end_matches("+xml");
            assert!(said.contains(name), "{mime} is not among the types that work: {said}");
        }
    }
}
