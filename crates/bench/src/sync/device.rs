//! A core on a profile of its own, over a wire, and an editor in its lessons.

use super::wire::Wire;
use super::within;
use anyhow::{Context, Result};
use inkhorn_core::{Config, Core};
use inkhorn_protocol::event::Status;
use inkhorn_protocol::projection::{NodeKind, OutlineNode};
use inkhorn_protocol::{CourseId, NodeId};
use inkhorn_testkit::server::Server;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;
use yrs::updates::decoder::Decode as _;
use yrs::{
    ClientID, Doc, GetString as _, OffsetKind, Options, Text as _, Transact as _, Update, WriteTxn as _,
    XmlFragment as _, XmlOut, XmlTextRef,
};

/// How often it is looked whether the device is where it should be: finer than what is measured.
const LOOK: Duration = Duration::from_millis(1);

pub(super) struct Device {
    pub(super) core: Core,
    pub(super) wire: Wire,
    profile: TempDir,
}

impl Device {
    /// A device that stays connected, as the app does.
    pub(super) async fn new(server: SocketAddr, token: &str) -> Result<Self> {
        let (profile, wire) = (TempDir::new()?, Wire::to(server).await?);
        let core = Core::open(Config::online(profile.path(), "a benchmark")).await?;
        core.login(&format!("http://{}", wire.address()), token, false).await?;
        Ok(Self { core, wire, profile })
    }

    /// The same with a course of so many lessons on the server, synced.
    pub(super) async fn with_course(
        server: SocketAddr,
        token: &str,
        lessons: usize,
    ) -> Result<(Self, CourseId, Vec<NodeId>)> {
        let device = Self::new(server, token).await?;
        let folder = written(lessons)?;
        let (course, _) = device.core.import_folder(folder.path(), Some("Measured".to_owned())).await?;
        within("the course to be shared", async { Ok(device.core.share(&course).await?) }).await?;
        within("the course to be synced", async { Ok(device.core.sync(super::LIMIT).await.map(drop)?) })
            .await?;
        let outline = device.core.outline(&course).await?;
        let mut found = Vec::new();
        collect(&outline.nodes, &mut found);
        Ok((device, course, found))
    }

    /// Cuts the wire and waits until the core knows.
    pub(super) async fn go_offline(&self) -> Result<()> {
        self.wire.cut();
        within("the connection to be seen as lost", async {
            while matches!(self.core.sync_summary().await?.status, Status::Connected { .. }) {
                tokio::time::sleep(LOOK).await;
            }
            Ok(())
        })
        .await
    }

    /// Waits until it is connected and nothing waits to be sent.
    pub(super) async fn synced(&self) -> Result<()> {
        within("everything to be durable on the server", async {
            loop {
                let summary = self.core.sync_summary().await?;
                if matches!(summary.status, Status::Connected { .. }) && summary.count.is_settled() {
                    return Ok(());
                }
                tokio::time::sleep(LOOK).await;
            }
        })
        .await
    }

    pub(super) async fn close(self) {
        self.core.close().await;
        drop(self.profile);
    }
}

/// The server of these measurements: a process of its own.
pub(super) fn server() -> Result<(Server, SocketAddr, String)> {
    let server = Server::start()?;
    let address = server.url().trim_start_matches("http://").parse()?;
    let token = server.token("ada@example.org")?;
    Ok((server, address, token))
}

fn written(lessons: usize) -> Result<TempDir> {
    let folder = TempDir::new()?;
    for lesson in 0..lessons {
        let chapter = folder.path().join(format!("{:03}-chapter", lesson / 50 + 1));
        std::fs::create_dir_all(&chapter)?;
        let mut text = String::new();
        writeln!(text, "# Lesson {lesson}\n\nA lesson of a few words.")?;
        std::fs::write(chapter.join(format!("{lesson:04}-lesson.md")), text)?;
    }
    Ok(folder)
}

fn collect(nodes: &[OutlineNode], found: &mut Vec<NodeId>) {
    for node in nodes {
        if node.kind == NodeKind::Lesson {
            found.push(node.id.clone());
        }
        collect(&node.children, found);
    }
}

/// An editor in one lesson: a document of its own, each change of which is pushed, as the window does.
pub(super) struct Editor {
    core: Core,
    lesson: NodeId,
    client: u64,
    doc: Doc,
    text: XmlTextRef,
}

impl Editor {
    pub(super) async fn open(core: &Core, lesson: &NodeId, client: u64) -> Result<Self> {
        let state = core.lesson_open(lesson).await?.bytes;
        let options =
            Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(ClientID::new(client)) };
        let doc = Doc::with_options(options);
        let text = {
            let mut txn = doc.transact_mut();
            txn.apply_update(Update::decode_v1(&state)?)?;
            let body = txn.get_or_insert_xml_fragment("body");
            let last =
                body.len(&txn).checked_sub(1).and_then(|at| body.get(&txn, at)).context("a paragraph")?;
            let XmlOut::Element(paragraph) = last else { anyhow::bail!("the last block is no element") };
            let Some(XmlOut::Text(text)) = paragraph.get(&txn, 0) else {
                anyhow::bail!("the paragraph has no text")
            };
            text
        };
        Ok(Self { core: core.clone(), lesson: lesson.clone(), client, doc, text })
    }

    pub(super) fn len(&self) -> u32 {
        self.text.len(&self.doc.transact())
    }

    pub(super) fn text(&self) -> String {
        self.text.get_string(&self.doc.transact())
    }

    /// Inserts at a place; durable on this computer when it returns.
    pub(super) async fn insert(&self, at: u32, words: &str) -> Result<()> {
        let update = {
            let mut txn = self.doc.transact_mut();
            self.text.insert(&mut txn, at, words);
            txn.encode_update_v1()
        };
        self.push(update).await
    }

    /// Deletes one character at a place.
    pub(super) async fn delete(&self, at: u32) -> Result<()> {
        let update = {
            let mut txn = self.doc.transact_mut();
            self.text.remove_range(&mut txn, at, 1);
            txn.encode_update_v1()
        };
        self.push(update).await
    }

    async fn push(&self, update: Vec<u8>) -> Result<()> {
        self.core.lesson_push(&self.lesson, self.client, update).await?;
        Ok(())
    }
}
