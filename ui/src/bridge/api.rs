//! The commands of the core, typed.

use super::{Bridge, Message, feed};
use futures_channel::mpsc::UnboundedSender;
use inkhorn_protocol::change::{Changed, Step};
use inkhorn_protocol::find::{Needle, PutBack, Replaced};
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{Account, AssetRef, NodeKind};
use inkhorn_protocol::rest::MemberChange;
use inkhorn_protocol::settings::Change;
use inkhorn_protocol::window::{Boot, CacheReport, Exported, Failure, Imported, LessonHead, QueryReply};
use inkhorn_protocol::{AssetHash, CourseId, DocId, NodeId, OpId};
use js_sys::{Object, Reflect, Uint8Array};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// Answer of a command.
type Answer<T> = Result<T, Failure>;

/// The commands. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    bridge: Rc<dyn Bridge>,
}

impl Api {
    pub(crate) fn new(bridge: Rc<dyn Bridge>) -> Self {
        Self { bridge }
    }

    async fn run<T: DeserializeOwned>(&self, command: &'static str, args: Value) -> Answer<T> {
        let args = js_sys::JSON::parse(&args.to_string()).map_err(|_| odd(command))?;
        let answer = self.bridge.call(command, args, &[]).await?;
        read(command, &answer)
    }

    async fn raw(&self, command: &'static str, bytes: &[u8], headers: &[(&str, &str)]) -> Answer<JsValue> {
        self.bridge.call(command, Uint8Array::from(bytes).into(), headers).await
    }

    // ---- the window ---------------------------------------------------------------

    pub(crate) async fn boot(&self) -> Answer<Boot> {
        self.run("boot", json!({})).await
    }
    /// Opens the two channels of this window; what they bring goes to `out`.
    pub(crate) async fn subscribe(&self, out: &UnboundedSender<Message>) -> Answer<()> {
        let (feed, lessons) = feed::channels(&*self.bridge, out);
        let args = Object::new();
        let _ = Reflect::set(&args, &"feed".into(), &feed);
        let _ = Reflect::set(&args, &"lessons".into(), &lessons);
        self.bridge.call("subscribe", args.into(), &[]).await.map(|_| ())
    }
    pub(crate) async fn set_title(&self, title: &str) -> Answer<()> {
        self.run("set_title", json!({ "title": title })).await
    }
    /// Answer to `Closing`: everything of this window is with the core.
    pub(crate) async fn flushed(&self) -> Answer<()> {
        self.run("flushed", json!({})).await
    }
    pub(crate) async fn quit(&self) -> Answer<()> {
        self.run("quit", json!({})).await
    }
    pub(crate) async fn open_link(&self, href: &str) -> Answer<()> {
        self.run("open_link", json!({ "href": href })).await
    }
    pub(crate) async fn choose_folder(&self, title: &str) -> Answer<Option<String>> {
        self.run("choose_folder", json!({ "title": title })).await
    }
    pub(crate) async fn choose_file(&self) -> Answer<Option<String>> {
        self.run("choose_file", json!({})).await
    }
    pub(crate) async fn choose_new_file(&self, name: &str) -> Answer<Option<String>> {
        self.run("choose_new_file", json!({ "name": name })).await
    }

    /// Where the user is, for those who have the same course open.
    pub(crate) async fn set_presence(
        &self,
        course: Option<&CourseId>,
        lesson: Option<&NodeId>,
    ) -> Answer<()> {
        self.run("set_presence", json!({ "course": course, "lesson": lesson })).await
    }

    // ---- queries --------------------------------------------------------------------

    pub(crate) async fn query(&self, key: &QueryKey) -> Answer<QueryReply> {
        self.run("query", json!({ "key": key })).await
    }
    pub(crate) async fn observe(&self, key: &QueryKey) -> Answer<()> {
        self.run("observe", json!({ "key": key })).await
    }
    pub(crate) async fn cache_report(&self) -> Answer<CacheReport> {
        self.run("cache_report", json!({})).await
    }
    pub(crate) async fn unobserve(&self, key: &QueryKey) -> Answer<()> {
        self.run("unobserve", json!({ "key": key })).await
    }

    // ---- outline ----------------------------------------------------------------------

    pub(crate) async fn create_course(&self, title: &str) -> Answer<CourseId> {
        self.run("create_course", json!({ "title": title })).await
    }
    pub(crate) async fn rename_course(&self, course: &CourseId, title: &str) -> Answer<Changed> {
        self.run("rename_course", json!({ "course": course, "title": title })).await
    }
    pub(crate) async fn change_settings(&self, course: &CourseId, change: &Change) -> Answer<Changed> {
        self.run("change_settings", json!({ "course": course, "change": change })).await
    }
    /// Stores an image and makes it the picture of a course.
    pub(crate) async fn set_cover(&self, course: &CourseId, name: &str, bytes: &[u8]) -> Answer<Changed> {
        // Header values are ASCII.
        let name = String::from(js_sys::encode_uri_component(name));
        let headers = [("inkhorn-course", course.as_str()), ("inkhorn-name", name.as_str())];
        read("set_cover", &self.raw("set_cover", bytes, &headers).await?)
    }
    pub(crate) async fn add(
        &self,
        course: &CourseId,
        kind: NodeKind,
        under: Option<&NodeId>,
        before: Option<&NodeId>,
        title: &str,
    ) -> Answer<Changed> {
        let args =
            json!({ "course": course, "kind": kind, "under": under, "before": before, "title": title });
        self.run("add", args).await
    }
    pub(crate) async fn rename(&self, node: &NodeId, title: &str) -> Answer<Changed> {
        self.run("rename", json!({ "node": node, "title": title })).await
    }
    /// Moves nodes of one course, in this order.
    pub(crate) async fn move_nodes(
        &self,
        nodes: &[NodeId],
        to: Option<&NodeId>,
        before: Option<&NodeId>,
    ) -> Answer<Changed> {
        self.run("move_nodes", json!({ "nodes": nodes, "to": to, "before": before })).await
    }
    pub(crate) async fn trash(&self, nodes: &[NodeId]) -> Answer<Changed> {
        self.run("trash", json!({ "nodes": nodes })).await
    }
    pub(crate) async fn restore(&self, nodes: &[NodeId]) -> Answer<Changed> {
        self.run("restore", json!({ "nodes": nodes })).await
    }
    pub(crate) async fn duplicate(&self, nodes: &[NodeId]) -> Answer<Changed> {
        self.run("duplicate", json!({ "nodes": nodes })).await
    }
    /// Copies nodes into another course.
    pub(crate) async fn copy_to(
        &self,
        nodes: &[NodeId],
        course: &CourseId,
        under: Option<&NodeId>,
    ) -> Answer<Changed> {
        self.run("copy_to", json!({ "nodes": nodes, "course": course, "under": under })).await
    }
    /// Takes a change back, or does it again.
    pub(crate) async fn take_back(&self, step: &Step) -> Answer<Changed> {
        self.run("take_back", json!({ "step": step })).await
    }

    /// Puts something else in every place of a course, or of the lessons named.
    pub(crate) async fn replace(
        &self,
        course: &CourseId,
        needle: &Needle,
        with: &str,
        only: Option<&[NodeId]>,
    ) -> Answer<Replaced> {
        self.run("replace", json!({ "course": course, "needle": needle, "with": with, "only": only })).await
    }
    /// Takes a replacement back, where nobody has written since.
    pub(crate) async fn put_back(&self, id: u64) -> Answer<PutBack> {
        self.run("put_back", json!({ "id": id })).await
    }

    // ---- lessons ------------------------------------------------------------------------

    /// Whether a lesson can be edited, and its state beyond `state_vector` as Yjs v1 bytes. From then on this window
    /// gets its updates.
    pub(crate) async fn lesson_open(
        &self,
        lesson: &NodeId,
        state_vector: &[u8],
    ) -> Answer<(LessonHead, Vec<u8>)> {
        let answer = self.raw("lesson_open", state_vector, &[("inkhorn-lesson", lesson.as_str())]).await?;
        let all = feed::bytes(&answer).ok_or_else(|| odd("lesson_open"))?;
        let (head, bytes) = LessonHead::split(&all).ok_or_else(|| odd("lesson_open"))?;
        Ok((head, bytes.to_vec()))
    }
    /// Returns when the update is durable on this computer. The caller keeps the order: one at a time per lesson.
    pub(crate) async fn lesson_push(&self, lesson: &NodeId, update: &[u8]) -> Answer<()> {
        self.raw("lesson_push", update, &[("inkhorn-lesson", lesson.as_str())]).await.map(|_| ())
    }
    /// This window holds the lesson no more.
    pub(crate) async fn lesson_close(&self, lesson: &NodeId) -> Answer<()> {
        self.run("lesson_close", json!({ "lesson": lesson })).await
    }
    /// This window shows the lesson, with the caret there (`cursor`: two relative positions of Yjs, as the island made
    /// them), or shows it no more. The caller keeps the order.
    pub(crate) async fn set_caret(
        &self,
        lesson: &NodeId,
        client: Option<f64>,
        cursor: JsValue,
    ) -> Answer<()> {
        let args = Object::new();
        let _ = Reflect::set(&args, &"lesson".into(), &lesson.as_str().into());
        let _ = Reflect::set(&args, &"client".into(), &client.map_or(JsValue::NULL, JsValue::from_f64));
        let _ = Reflect::set(&args, &"cursor".into(), &cursor);
        self.bridge.call("set_caret", args.into(), &[]).await.map(|_| ())
    }
    pub(crate) async fn put_asset(&self, lesson: &NodeId, name: &str, bytes: &[u8]) -> Answer<AssetRef> {
        // Header values are ASCII.
        let name = String::from(js_sys::encode_uri_component(name));
        let headers = [("inkhorn-lesson", lesson.as_str()), ("inkhorn-name", name.as_str())];
        let answer = self.raw("put_asset", bytes, &headers).await?;
        read("put_asset", &answer)
    }
    /// Asks where a copy of a file goes and writes it there; the path, or none when the user changed their mind.
    pub(crate) async fn save_asset(&self, hash: &AssetHash, name: &str) -> Answer<Option<String>> {
        self.run("save_asset", json!({ "hash": hash, "name": name })).await
    }
    /// An address that shows the asset, if it is here.
    pub(crate) async fn asset_url(&self, hash: &AssetHash) -> Answer<Option<String>> {
        self.run("asset_url", json!({ "hash": hash })).await
    }
    /// The blocks of a Markdown text, as the island takes them.
    pub(crate) async fn markdown_blocks(&self, markdown: &str) -> Answer<JsValue> {
        let args = Object::new();
        let _ = Reflect::set(&args, &"markdown".into(), &markdown.into());
        self.bridge.call("markdown_blocks", args.into(), &[]).await
    }

    // ---- files ----------------------------------------------------------------------------

    pub(crate) async fn import_folder(&self, path: &str, title: Option<&str>) -> Answer<Imported> {
        self.run("import_folder", json!({ "path": path, "title": title })).await
    }
    pub(crate) async fn export_course(&self, course: &CourseId, path: &str) -> Answer<Exported> {
        self.run("export_course", json!({ "course": course, "path": path })).await
    }
    pub(crate) async fn backup(&self, course: &CourseId, path: &str) -> Answer<()> {
        self.run("backup", json!({ "course": course, "path": path })).await
    }
    pub(crate) async fn open_file(&self, path: &str) -> Answer<CourseId> {
        self.run("open_file", json!({ "path": path })).await
    }

    // ---- server -----------------------------------------------------------------------------

    pub(crate) async fn login_token(&self, server: &str, token: &str, allow_plain: bool) -> Answer<Account> {
        self.run("login_token", json!({ "server": server, "token": token, "allowPlain": allow_plain })).await
    }
    pub(crate) async fn login_password(
        &self,
        server: &str,
        email: &str,
        password: &str,
        allow_plain: bool,
    ) -> Answer<Account> {
        let args =
            json!({ "server": server, "email": email, "password": password, "allowPlain": allow_plain });
        self.run("login_password", args).await
    }
    pub(crate) async fn logout(&self) -> Answer<()> {
        self.run("logout", json!({})).await
    }
    pub(crate) async fn share(&self, course: &CourseId) -> Answer<()> {
        self.run("share", json!({ "course": course })).await
    }
    pub(crate) async fn join(&self, course: &CourseId) -> Answer<()> {
        self.run("join", json!({ "course": course })).await
    }
    pub(crate) async fn change_member(
        &self,
        course: &CourseId,
        email: &str,
        change: MemberChange,
    ) -> Answer<()> {
        self.run("change_member", json!({ "course": course, "email": email, "change": change })).await
    }
    // ---- what waits, and what was refused ------------------------------------------------------

    pub(crate) async fn retry_operation(&self, op: &OpId) -> Answer<()> {
        self.run("retry_operation", json!({ "op": op })).await
    }
    pub(crate) async fn let_go_operation(&self, op: &OpId) -> Answer<()> {
        self.run("let_go_operation", json!({ "op": op })).await
    }
    /// Sends refused changes again, or writes them anew: then the lesson that holds them now.
    pub(crate) async fn reapply_rejected(&self, id: u64) -> Answer<Option<NodeId>> {
        self.run("reapply_rejected", json!({ "id": id })).await
    }
    pub(crate) async fn export_rejected(&self, id: u64, path: &str) -> Answer<()> {
        self.run("export_rejected", json!({ "id": id, "path": path })).await
    }
    pub(crate) async fn discard_rejected(&self, id: u64) -> Answer<()> {
        self.run("discard_rejected", json!({ "id": id })).await
    }

    /// Writes kept words into their lesson again; gives the lesson.
    pub(crate) async fn put_back_kept(&self, id: u64) -> Answer<NodeId> {
        self.run("put_back_kept", json!({ "id": id })).await
    }
    pub(crate) async fn forget_kept(&self, id: u64) -> Answer<()> {
        self.run("forget_kept", json!({ "id": id })).await
    }

    /// Writes a copy of a document that waits, as Markdown.
    pub(crate) async fn export_copy(&self, course: &CourseId, doc: &DocId, path: &str) -> Answer<()> {
        self.run("export_copy", json!({ "course": course, "doc": doc, "path": path })).await
    }
    pub(crate) async fn retry_waiting(&self) -> Answer<()> {
        self.run("retry_waiting", json!({})).await
    }
    /// Gives room back to the disk; how many bytes.
    pub(crate) async fn free_storage(&self) -> Answer<u64> {
        self.run("free_storage", json!({})).await
    }
    pub(crate) async fn retry_now(&self) -> Answer<()> {
        self.run("retry_now", json!({})).await
    }
}

fn read<T: DeserializeOwned>(command: &'static str, answer: &JsValue) -> Answer<T> {
    // `undefined` has no JSON; a command without an answer gives null.
    let text = js_sys::JSON::stringify(answer).ok().and_then(|text| text.as_string());
    serde_json::from_str(text.as_deref().unwrap_or("null")).map_err(|_| odd(command))
}

fn odd(command: &'static str) -> Failure {
    Failure::other(format!("The core answered “{command}” in a form that this window does not know."))
}
