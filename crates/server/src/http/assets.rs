//! Assets: immutable files named by their SHA-256, per course.

use super::App;
use super::api::{SignedIn, course_id};
use super::error::Refused;
use crate::store::{Account, AssetInfo};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use inkhorn_protocol::media;
use inkhorn_protocol::rest::MAX_ASSET_BYTES;
use inkhorn_protocol::session::Reason;
use inkhorn_protocol::{AssetHash, CourseId};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::io::SeekFrom;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

/// Bytes of an upload that are there already.
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// Read at a time, in bytes.
const CHUNK: usize = 64 * 1024;

async fn checked(
    app: &App,
    account: &Account,
    course: &str,
    hash: &str,
    to_write: bool,
) -> Result<(CourseId, AssetHash), Refused> {
    let course = course_id(course)?;
    let role = app.store.role(&course, &account.id).await?.ok_or_else(|| Refused::new(Reason::NotMember))?;
    if to_write && !role.may_write() {
        return Err(Refused::new(Reason::RoleTooLow { role }));
    }
    let hash =
        hash.parse().map_err(|_| Refused::invalid("an asset is named by its SHA-256 in lower-case hex"))?;
    Ok((course, hash))
}

pub(crate) async fn head(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path((course, hash)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let (course, hash) = checked(&app, &account, &course, &hash, false).await?;
    if let Some(info) = app.store.asset(&course, &hash).await? {
        return Ok((headers(&info), [(CONTENT_LENGTH, info.bytes)]).into_response());
    }
    let part = fs::metadata(app.store.part_path(&course, &hash, &account.id)).await;
    let there = part.map_or(0, |m| m.len());
    Ok((StatusCode::NOT_FOUND, [(UPLOAD_OFFSET, there)]).into_response())
}

/// Nothing that a browser could run, whatever the file says that it is.
fn headers(info: &AssetInfo) -> [(HeaderName, String); 5] {
    let shown = info.media_type != "image/svg+xml" && media::kind(&info.media_type) != media::Kind::File;
    let kind = if shown { "inline" } else { "attachment" };
    [
        (CONTENT_TYPE, info.media_type.clone()),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_DISPOSITION, kind.to_owned()),
        (CACHE_CONTROL, "private, max-age=31536000, immutable".to_owned()),
    ]
}

pub(crate) async fn get(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path((course, hash)): Path<(String, String)>,
    request: HeaderMap,
) -> Result<Response, Refused> {
    let (course, hash) = checked(&app, &account, &course, &hash, false).await?;
    let Some(info) = app.store.asset(&course, &hash).await? else {
        return Err(Refused::not_found("this course has no such asset"));
    };
    let mut file = File::open(app.store.asset_path(&hash)).await?;
    let from = request.get(RANGE).and_then(|v| v.to_str().ok()).and_then(range_from);
    let from = from.filter(|&from| from < info.bytes);
    file.seek(SeekFrom::Start(from.unwrap_or(0))).await?;
    let left = info.bytes - from.unwrap_or(0);
    let chunks = futures_util::stream::try_unfold(file, |mut file| async move {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((chunk, file)))
    });
    let length = [(CONTENT_LENGTH, left)];
    let body = Body::from_stream(chunks);
    Ok(match from {
        None => (headers(&info), length, body).into_response(),
        Some(from) => {
            let range = format!("bytes {from}-{}/{}", info.bytes - 1, info.bytes);
            (StatusCode::PARTIAL_CONTENT, headers(&info), length, [(CONTENT_RANGE, range)], body)
                .into_response()
        }
    })
}

/// The start of `bytes=N-`; other forms are answered with the whole, which is always allowed.
fn range_from(text: &str) -> Option<u64> {
    text.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

/// Start, end (exclusive) and total of `bytes A-B/T`.
fn content_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (from, last) = range.split_once('-')?;
    let (from, last, total): (u64, u64, u64) = (from.parse().ok()?, last.parse().ok()?, total.parse().ok()?);
    (from <= last && last < total).then_some((from, last + 1, total))
}

/// Marks an upload as under way until it is dropped.
struct Upload {
    path: PathBuf,
    all: Arc<Mutex<HashSet<PathBuf>>>,
}

impl Upload {
    fn begin(app: &App, path: PathBuf) -> Option<Self> {
        let all = Arc::clone(&app.uploads);
        let new = all.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
        new.then_some(Self { path, all })
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
    }
}

pub(crate) async fn put(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path((course, hash)): Path<(String, String)>,
    request: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let (course, hash) = checked(&app, &account, &course, &hash, true).await?;
    let media_type = request.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    if !media::is_known(&media_type) {
        return Err(Refused::invalid(format!("'{media_type}' is not taken as an asset"))
            .status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let too_large = || Refused::new(Reason::TooLarge { limit_bytes: MAX_ASSET_BYTES });
    let number = |name: &HeaderName| request.get(name)?.to_str().ok()?.parse::<u64>().ok();
    let range = match request.get(CONTENT_RANGE) {
        None => None,
        Some(value) => {
            let range = value.to_str().ok().and_then(content_range);
            Some(range.ok_or_else(|| Refused::invalid("Content-Range is not 'bytes A-B/TOTAL'"))?)
        }
    };
    let announced = range.map(|r| r.2).or_else(|| number(&CONTENT_LENGTH));
    if announced.is_some_and(|bytes| bytes > MAX_ASSET_BYTES) {
        return Err(too_large());
    }
    if app.store.asset(&course, &hash).await?.is_some() {
        return Ok(StatusCode::OK.into_response());
    }
    let part = app.store.part_path(&course, &hash, &account.id);
    let Some(upload) = Upload::begin(&app, part) else {
        return Err(Refused::busy("this asset is being uploaded already"));
    };
    if let Some(folder) = upload.path.parent() {
        fs::create_dir_all(folder).await?;
    }
    let from = range.map_or(0, |r| r.0);
    let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&upload.path).await?;
    let there = file.metadata().await?.len();
    if from > there {
        let refused = Refused::busy("the upload goes on elsewhere; see Upload-Offset").into_response();
        return Ok(([(UPLOAD_OFFSET, there)], refused).into_response());
    }
    // What is behind the start comes again.
    file.set_len(from).await?;
    file.seek(SeekFrom::Start(from)).await?;
    let mut end = from;
    let mut chunks = body.into_data_stream();
    let received = loop {
        match chunks.next().await {
            None => break true,
            // The connection broke: what came stays, and HEAD says how much that is.
            Some(Err(_)) => break false,
            Some(Ok(bytes)) => {
                end += bytes.len() as u64;
                if end > MAX_ASSET_BYTES || range.is_some_and(|r| end > r.1) {
                    drop(file);
                    fs::remove_file(&upload.path).await?;
                    return Err(too_large());
                }
                file.write_all(&bytes).await?;
            }
        }
    };
    file.sync_all().await?;
    drop(file);
    if !received || announced.is_some_and(|total| end < total) {
        return Ok((StatusCode::ACCEPTED, [(UPLOAD_OFFSET, end)]).into_response());
    }
    let sum = digest(upload.path.clone()).await?;
    if sum != hash {
        fs::remove_file(&upload.path).await?;
        return Err(Refused::invalid(format!(
            "the content has the SHA-256 {sum}, not the one of its address"
        )));
    }
    let mut start = Vec::new();
    File::open(&upload.path).await?.take(media::HEAD as u64).read_to_end(&mut start).await?;
    if !looks_like(&media_type, &start) {
        fs::remove_file(&upload.path).await?;
        return Err(Refused::invalid(format!("the content is not of the type {media_type}"))
            .status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let to = app.store.asset_path(&hash);
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).await?;
        fs::rename(&upload.path, &to).await?;
        // The name has to survive a power cut too, before the database says that it is there.
        File::open(folder).await?.sync_all().await?;
    }
    app.store.add_asset(&course, &hash, &AssetInfo { media_type, bytes: end }).await?;
    Ok(StatusCode::CREATED.into_response())
}

async fn digest(path: PathBuf) -> Result<AssetHash, Refused> {
    let sum = tokio::task::spawn_blocking(move || {
        let mut file = std::fs::File::open(path)?;
        let mut hasher = Sha256::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            match std::io::Read::read(&mut file, &mut chunk)? {
                0 => return Ok::<[u8; 32], std::io::Error>(hasher.finalize().into()),
                read => hasher.update(chunk.get(..read).unwrap_or_default()),
            }
        }
    });
    let sum = sum.await.map_err(std::io::Error::other)??;
    Ok(AssetHash::from_digest(&sum))
}

/// Whether the first bytes fit a type: a page that calls itself an image is none. What is only handed out may be anything.
fn looks_like(media_type: &str, start: &[u8]) -> bool {
    media_type == media::OPAQUE || media::sniff(start) == media_type
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_strictly() {
        assert_eq!(content_range("bytes 0-4/10"), Some((0, 5, 10)));
        for bad in ["bytes 5-4/10", "bytes 0-10/10", "bytes */10", "0-4/10", "bytes -1-4/10"] {
            assert_eq!(content_range(bad), None, "{bad}");
        }
        assert_eq!(range_from("bytes=7-"), Some(7));
        assert_eq!(range_from("bytes=7-9"), None);
    }
}
