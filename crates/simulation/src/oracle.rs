//! What has to be true.

use crate::client::Claim;
use crate::ledger;
use crate::world::World;
use inkhorn_course::{Lesson, Outline, holds_more};
use inkhorn_protocol::DocId;
use inkhorn_protocol::projection::NodeKind;
use inkhorn_updates::{Index, RootType, Schema};

/// Client id of a reader, who writes nothing.
const READER: u64 = 1;

/// What clients have just said is true: what they call acked or synced is on the server's disk.
pub(crate) fn claims(world: &mut World) -> Result<(), String> {
    let World { clients, server, .. } = world;
    for client in clients {
        for claim in std::mem::take(&mut client.claims) {
            match claim {
                Claim::Acked { doc, version } => {
                    let Ok(read) = client.state(&doc) else { continue };
                    // Newer edits hide what is claimed.
                    if read.version <= version && !server.disk.holds(&doc, &read.bytes)? {
                        return Err(format!(
                            "client {}: {doc} up to version {version} is called acked, and is not on the server",
                            client.number
                        ));
                    }
                }
                Claim::Differed { doc, repaired } => {
                    // Nothing damages a document here: what would be mended is a fault of the sync.
                    return Err(format!(
                        "client {}: {doc} differs from the server's, repaired: {repaired}",
                        client.number
                    ));
                }
                Claim::Settled => {
                    let count = client.ask(|replica| replica.sync_count(None)).unwrap_or_default();
                    if !count.is_settled() || count.waiting_edits > 0 || count.rejected > 0 {
                        continue;
                    }
                    let docs = client.ask(|replica| replica.docs(None)).unwrap_or_default();
                    for row in docs.iter().filter(|row| row.version > 0) {
                        let Ok(read) = client.state(&row.doc) else { continue };
                        if !server.disk.holds(&row.doc, &read.bytes)? {
                            return Err(format!(
                                "client {} calls everything synced, and {} is not on the server",
                                client.number, row.doc
                            ));
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

/// An outline on the server names no lesson that is not there: whoever opened it would see an empty page, or none.
pub(crate) fn follows(world: &World) -> Result<(), String> {
    let state = world.server.disk.state(&DocId::Course(world.course.clone()));
    let outline = Outline::load(READER, &state).map_err(|error| error.to_string())?;
    let view = outline.view().map_err(|error| error.to_string())?;
    let mut rest: Vec<_> = view.nodes.iter().chain(&view.recovered).chain(&view.trash).collect();
    while let Some(node) = rest.pop() {
        rest.extend(&node.children);
        let doc = DocId::Lesson(node.id.clone());
        if node.kind == NodeKind::Lesson && !world.server.disk.has_content(&doc) {
            return Err(format!("the outline on the server names {doc}, which is not there"));
        }
    }
    Ok(())
}

fn index(doc: &DocId, state: &[u8]) -> Result<Index, String> {
    let roots = inkhorn_protocol::schema::roots(doc).iter().map(|(name, kind)| {
        let kind = match kind {
            inkhorn_protocol::schema::RootType::Map => RootType::Map,
            inkhorn_protocol::schema::RootType::Array => RootType::Array,
            inkhorn_protocol::schema::RootType::Text => RootType::Text,
            inkhorn_protocol::schema::RootType::Xml => RootType::Xml,
        };
        (*name, kind)
    });
    let mut index = Index::new(Schema::new(roots));
    index.add(state).map_err(|error| format!("{doc}: {error}"))?;
    Ok(index)
}

/// All is synced: everybody has what the server has, nothing that was saved is missing, and Trash holds nothing that
/// whoever trashed it had not seen.
pub(crate) fn equal(world: &mut World) -> Result<(), String> {
    let docs = world.server.disk.docs();
    let outline_doc = DocId::Course(world.course.clone());
    let state = world.server.disk.state(&outline_doc);
    let outline = Outline::load(READER, &state).map_err(|error| error.to_string())?;
    let view = outline.view().map_err(|error| error.to_string())?;
    let missing = world.ledger.missing_nodes(&view);
    if !missing.is_empty() {
        return Err(format!("saved nodes are missing from the outline: {missing:?}"));
    }
    let trashed = outline.trashed_seen().map_err(|error| error.to_string())?;
    for doc in &docs {
        let theirs = world.server.disk.state(doc);
        let on_server = index(doc, &theirs)?;
        for client in &world.clients {
            let who = client.number;
            let ours = client.state(doc).map_err(|error| format!("client {who}: {doc}: {error}"))?;
            let here = index(doc, &ours.bytes)?;
            if here.state_vector() != on_server.state_vector() {
                return Err(format!(
                    "client {who}: {doc} has other edits than the server: {:?}, there {:?}",
                    here.state_vector(),
                    on_server.state_vector()
                ));
            }
            if here.delete_set() != on_server.delete_set() {
                return Err(format!("client {who}: {doc} has other deletions than the server"));
            }
            match doc {
                DocId::Course(_) => {
                    let shown = Outline::load(READER, &ours.bytes).and_then(|outline| outline.view());
                    if shown.map_err(|error| error.to_string())? != view {
                        return Err(format!("client {who} shows another outline than the server's"));
                    }
                }
                DocId::Lesson(_) => {
                    let body = Lesson::load(READER, &ours.bytes).map_err(|error| error.to_string())?.body();
                    let text = ledger::text(&body.map_err(|error| error.to_string())?);
                    let missing: Vec<&str> = world.ledger.missing(doc, &text).collect();
                    if !missing.is_empty() {
                        return Err(format!("client {who}: saved edits are missing from {doc}: {missing:?}"));
                    }
                }
            }
        }
        if let DocId::Lesson(lesson) = doc
            && let Some((_, seen)) = trashed.iter().find(|(id, _)| id == lesson)
            && holds_more(&on_server.state_vector().encode(), seen)
        {
            return Err(format!("{doc} is in Trash with edits that whoever trashed it had not seen"));
        }
    }
    Ok(())
}

/// Frames are bounded by what happened: a loop would send without end.
pub(crate) fn bounded(world: &World, edits: u64, faults: u64, links: u64) -> Result<(), String> {
    let (clients, docs) = (world.clients.len() as u64, world.server.disk.docs().len() as u64);
    // An edit: up, an ack, and at each client two frames and the news, and then perhaps an exchange of its own, eight
    // frames. A link: hello, and an exchange for each document. A fault may repeat an exchange for each document, with
    // its retries.
    let per_edit = 4 + clients * 12;
    let per_link = 8 + docs * 12;
    let bound = 200 + edits * per_edit * 2 + links * per_link + faults * clients * per_link;
    if world.net.frames > bound {
        return Err(format!(
            "{} frames for {edits} edits, {faults} faults, {links} links: the bound is {bound}",
            world.net.frames
        ));
    }
    Ok(())
}
