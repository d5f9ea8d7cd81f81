//! The transfer of assets: one task, a few at a time, each resumable, each checked against its hash. Uploads run
//! before the update that names them (the engine holds that back), downloads whenever there is a connection.

use super::Shared;
use super::rest::{Rest, RestError, sentence};
use super::session::Ask;
use crate::error::{Code, CoreError, Result};
use futures_util::{StreamExt, stream};
use inkhorn_events::Status;
use inkhorn_protocol::media;
use inkhorn_protocol::rest::MAX_ASSET_BYTES;
use inkhorn_protocol::{AssetHash, CourseId, DocId};
use inkhorn_replica::AssetWork;
use inkhorn_replica::assets::Files;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Transfers at the same time: enough to hide the round trip of small images.
const AT_A_TIME: usize = 4;
/// Bytes of one piece of an upload: what a break on the way costs at most.
const PIECE: usize = 1024 * 1024;
/// Wait after a round in which something failed; it doubles up to the longest.
const MIN_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_secs(60);
/// Looks for work this often without being told: a safety net, not the way it usually goes.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Bytes of broken downloads that are kept to go on from.
const MAX_PARTS_BYTES: usize = 4 * MAX_ASSET_BYTES as usize;

/// Downloads that broke off, by content. In memory: a restart is rarer than a bad line.
type Parts = Arc<Mutex<HashMap<AssetHash, Vec<u8>>>>;

/// One course's copy of an asset.
pub(super) type Way = (CourseId, AssetHash);

/// An asset on its way; it is under way as long as the value lives.
struct Moving<'a> {
    shared: &'a Shared,
    way: Way,
}

impl<'a> Moving<'a> {
    fn begin(shared: &'a Shared, work: &AssetWork) -> Self {
        let moving = Self { shared, way: (work.course.clone(), work.hash.clone()) };
        moving.at(0);
        moving
    }

    /// So many bytes of it are there.
    fn at(&self, bytes: u64) {
        self.write(|moving| {
            moving.insert(self.way.clone(), bytes);
        });
    }

    fn write(&self, change: impl FnOnce(&mut HashMap<Way, u64>)) {
        change(&mut self.shared.moving.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.progress.send_modify(|progress| progress.moved += 1);
    }
}

impl Drop for Moving<'_> {
    fn drop(&mut self) {
        self.write(|moving| {
            moving.remove(&self.way);
        });
    }
}

/// Runs until the connection's task ends.
pub(super) async fn run(shared: Arc<Shared>) {
    let parts = Parts::default();
    let mut status = shared.connection.watch();
    let mut wait = MIN_WAIT;
    loop {
        if !matches!(*status.borrow_and_update(), Status::Connected { .. }) {
            if status.changed().await.is_err() {
                return;
            }
            wait = MIN_WAIT;
            continue;
        }
        let pause = match round(&shared, &parts).await {
            Ok(()) => {
                wait = MIN_WAIT;
                shared.progress.send_if_modified(|progress| progress.asset_trouble.take().is_some());
                LOOK_EVERY
            }
            Err(error) => {
                tracing::warn!(%error, "assets could not be moved");
                shared.progress.send_modify(|progress| progress.asset_trouble = Some(error));
                let pause = wait;
                wait = (2 * wait).min(MAX_WAIT);
                pause
            }
        };
        tokio::select! {
            () = shared.assets.notified() => {}
            () = tokio::time::sleep(pause) => {}
            changed = status.changed() => if changed.is_err() { return },
        }
    }
}

/// Moves what there is to move; the first failure is told, the others go on.
async fn round(shared: &Arc<Shared>, parts: &Parts) -> Result<()> {
    let (up, down) = shared.replica.asset_work().await?;
    if up.is_empty() && down.is_empty() {
        return Ok(());
    }
    let rest = shared.rest()?;
    let mut registered: HashMap<CourseId, bool> = HashMap::new();
    let mut failure = None;
    let mut jobs = Vec::new();
    for work in up {
        // The server takes assets of courses that it knows.
        let known = match registered.get(&work.course) {
            Some(known) => *known,
            None => {
                let outline = shared.replica.doc(&DocId::Course(work.course.clone())).await;
                let known = outline.is_ok_and(|row| row.registered);
                registered.insert(work.course.clone(), known);
                known
            }
        };
        if known {
            jobs.push((true, work));
        }
    }
    jobs.extend(down.into_iter().map(|work| (false, work)));
    let mut moved = stream::iter(jobs)
        .map(|(up, work)| {
            let (shared, rest, parts) = (Arc::clone(shared), rest.clone(), Arc::clone(parts));
            async move {
                let outcome = if up {
                    upload(&shared, &rest, &work).await
                } else {
                    download(&shared, &rest, &work, &parts).await
                };
                tell(&shared, &work, outcome.as_ref().err());
                outcome
            }
        })
        .buffer_unordered(AT_A_TIME);
    while let Some(outcome) = moved.next().await {
        match outcome {
            Ok(()) => shared.ask(Ask::Work),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    failure.map_or(Ok(()), Err)
}

/// Keeps why an asset did not move, and forgets it when it did.
fn tell(shared: &Shared, work: &AssetWork, failure: Option<&CoreError>) {
    let way = (work.course.clone(), work.hash.clone());
    let mut not_moved = shared.not_moved.lock().unwrap_or_else(PoisonError::into_inner);
    let before = match failure {
        Some(error) => not_moved.insert(way, error.message.clone()),
        None => not_moved.remove(&way),
    };
    drop(not_moved);
    if before.as_ref() != failure.map(|error| &error.message) {
        // Who shows it reads it again.
        shared.progress.send_modify(|progress| progress.moved += 1);
    }
}

async fn upload(shared: &Arc<Shared>, rest: &Rest, work: &AssetWork) -> Result<()> {
    let AssetWork { course, hash, .. } = work;
    let (replica, wanted) = (shared.replica.clone(), hash.clone());
    let bytes = blocking(move || replica.files().get(&wanted)).await??;
    let Some(bytes) = bytes else {
        return Err(CoreError::new(
            Code::Corrupt,
            format!(
                "An image or a file of a lesson ({hash:.12}) is damaged on this computer: insert it again.",
                hash = hash.as_str()
            ),
        ));
    };
    // Not what the lesson says: an app that named it otherwise must not keep it from travelling.
    let mime = media::sniff(&bytes);
    let total = bytes.len() as u64;
    let moving = Moving::begin(shared, work);
    let mut offset = rest.asset_offset(course, hash).await?;
    while let Some(from) = offset {
        // More than there is: what is there is not ours; the server starts over.
        let from = usize::try_from(from).ok().filter(|&from| from < bytes.len()).unwrap_or(0);
        let piece = bytes[from..bytes.len().min(from + PIECE)].to_vec();
        let sent = from as u64 + piece.len() as u64;
        moving.at(from as u64);
        offset = rest.put_asset(course, hash, mime, piece, from as u64, total).await?;
        if offset.is_some_and(|next| next != sent) {
            return Err(CoreError::new(Code::Offline, "An upload broke off; it goes on where it was."));
        }
    }
    shared.replica.asset_uploaded(course, hash).await?;
    Ok(())
}

async fn download(shared: &Arc<Shared>, rest: &Rest, work: &AssetWork, parts: &Parts) -> Result<()> {
    let AssetWork { course, hash, .. } = work;
    let (replica, wanted) = (shared.replica.clone(), hash.clone());
    // Another course may have brought it already.
    if blocking(move || replica.files().get(&wanted)).await??.is_none() {
        let moving = Moving::begin(shared, work);
        let bytes = fetch(rest, work, parts, &moving).await?;
        if Files::hash(&bytes) != *hash {
            return Err(CoreError::new(
                Code::Other,
                "The server sent a file that is not the one that was asked for; it was not kept.",
            ));
        }
        let replica = shared.replica.clone();
        blocking(move || replica.files().put(&bytes)).await??;
    }
    shared.replica.asset_arrived(course, hash).await?;
    Ok(())
}

/// The bytes of an asset; after a break on the way the next call goes on where this one was.
async fn fetch(rest: &Rest, work: &AssetWork, parts: &Parts, moving: &Moving<'_>) -> Result<Vec<u8>> {
    let mut bytes = lock(parts).remove(&work.hash).unwrap_or_default();
    let mut body = match rest.get_asset(&work.course, &work.hash, bytes.len() as u64).await {
        Err(RestError::Refused { status: 404, .. }) => {
            return Err(CoreError::new(
                Code::NotFound,
                format!("A file of a lesson ({:.12}) is not on the server yet.", work.hash.as_str()),
            ));
        }
        Err(error) => {
            keep(parts, work, bytes);
            return Err(error.into());
        }
        Ok(body) => body,
    };
    if body.whole {
        bytes.clear();
    }
    loop {
        match body.next().await {
            Ok(Some(chunk)) => {
                bytes.extend_from_slice(&chunk);
                // Not with each packet: a piece at a time, as an upload.
                if bytes.len() / PIECE != (bytes.len() - chunk.len()) / PIECE {
                    moving.at(bytes.len() as u64);
                }
            }
            Ok(None) => return Ok(bytes),
            Err(error) => {
                keep(parts, work, bytes);
                return Err(error.into());
            }
        }
        if bytes.len() as u64 > MAX_ASSET_BYTES {
            return Err(CoreError::new(
                Code::Other,
                "The server sent a file that is too large; it was not kept.",
            ));
        }
    }
}

fn keep(parts: &Parts, work: &AssetWork, bytes: Vec<u8>) {
    let mut parts = lock(parts);
    if bytes.len() + parts.values().map(Vec::len).sum::<usize>() <= MAX_PARTS_BYTES {
        parts.insert(work.hash.clone(), bytes);
    }
}

fn lock(parts: &Parts) -> MutexGuard<'_, HashMap<AssetHash, Vec<u8>>> {
    parts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs disk work off the runtime's threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| CoreError::new(Code::Other, sentence(&error.to_string())))
}
