//! The rich-text editor: the functions of `editor.js`, as `editor/CONTRACT.md` says.

use crate::bridge::Message;
use crate::hooks::Client;
use crate::i18n::text;
use crate::page::{number_of, text_of};
use crate::state::follow::Followed;
use crate::state::history::Way;
use crate::state::{retry, tree};
use futures_channel::mpsc::UnboundedSender;
use inkhorn_protocol::caret::Caret;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{OutlineView, Transfer};
use inkhorn_protocol::window::Failure;
use inkhorn_protocol::{AssetHash, CourseId, NodeId};
use js_sys::{Object, Promise, Reflect, Uint8Array};
use std::future::Future;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

#[wasm_bindgen(raw_module = "./editor.js")]
extern "C" {
    #[wasm_bindgen(js_name = configure)]
    fn configure_js(host: &JsValue);
    #[wasm_bindgen(js_name = open)]
    fn open_js(element: &web_sys::HtmlElement, options: &JsValue) -> Handle;
    #[wasm_bindgen(js_name = changed)]
    fn changed_js(lesson: &str);
    #[wasm_bindgen(js_name = changedAll)]
    fn changed_all_js();
    #[wasm_bindgen(js_name = applyRemote)]
    fn apply_remote_js(lesson: &str, update: &Uint8Array) -> bool;
    #[wasm_bindgen(js_name = carets)]
    fn carets_js(lesson: &str, carets: &JsValue);
    #[wasm_bindgen(js_name = reset)]
    fn reset_js(lesson: &str);
    #[wasm_bindgen(js_name = assetArrived)]
    fn asset_arrived_js(hash: &str);
    #[wasm_bindgen(js_name = assetTransfers)]
    fn asset_transfers_js(list: &JsValue);
    #[wasm_bindgen(js_name = step)]
    fn step_js(lesson: &str, way: &str) -> JsValue;
    #[wasm_bindgen(js_name = seal)]
    fn seal_js();
    #[wasm_bindgen(js_name = flush, catch)]
    async fn flush_js() -> Result<JsValue, JsValue>;

    /// An open lesson.
    pub(crate) type Handle;
    #[wasm_bindgen(method, js_name = setEditable)]
    pub(crate) fn set_editable(this: &Handle, editable: bool);
    #[wasm_bindgen(method)]
    pub(crate) fn focus(this: &Handle, place: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn reveal(this: &Handle, fragment: &str) -> bool;
    /// Opens the bar that finds in the lesson; an empty text leaves what stood there.
    #[wasm_bindgen(method)]
    pub(crate) fn find(this: &Handle, query: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn follow(this: &Handle, person: &JsValue);
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &Handle);
}

/// Lessons that the link field offers at most.
const MOST_FOUND: usize = 8;

/// How the island shows a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Edit,
    Read,
    Newer,
}

/// What happened in the island.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) lesson: NodeId,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Ready(Mode),
    Mode(Mode),
    Failed(String),
    Saving,
    Saved,
    /// A save failed for a passing reason and will be tried again.
    Unsaved,
    Frozen {
        message: String,
        text: String,
    },
    Words {
        words: u64,
        minutes: u64,
    },
    Notice {
        trouble: bool,
        message: String,
    },
    Link(String),
    /// The user typed or scrolled while somebody was followed.
    Unfollow,
    /// The author wrote: a new step of this lesson's own.
    Step,
    /// This lesson's own steps are gone.
    Lost,
    /// The author wants the last thing taken back or done again, whatever it was.
    Travel(Way),
}

/// How a step of a lesson's own went, and how many it has left each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) done: bool,
    pub(crate) undo: usize,
    pub(crate) redo: usize,
}

/// Gives the island what it needs; once, before anything else.
pub(crate) fn configure(client: Client, out: UnboundedSender<Message>) {
    let api = client.api.clone();
    let host = Object::new();
    let set = |name: &str, function: JsValue| {
        let _ = Reflect::set(&host, &JsValue::from_str(name), &function);
    };

    let load = api.clone();
    set(
        "load",
        // Arguments: course, lesson, state vector.
        for_ever(move |_: String, lesson: String, state_vector: Uint8Array| {
            let api = load.clone();
            promise(async move {
                let (_, bytes) = api.lesson_open(&id(&lesson)?, &state_vector.to_vec()).await?;
                Ok(Uint8Array::from(bytes.as_slice()).into())
            })
        }),
    );
    let push = api.clone();
    set(
        "push",
        for_ever(move |_: String, lesson: String, update: Uint8Array| {
            let api = push.clone();
            promise(async move {
                api.lesson_push(&id(&lesson)?, &update.to_vec()).await?;
                Ok(JsValue::UNDEFINED)
            })
        }),
    );
    let caret = api.clone();
    let set_caret = Closure::<dyn Fn(String, Option<f64>, JsValue) -> Promise>::new(
        move |lesson: String, client: Option<f64>, cursor: JsValue| {
            let api = caret.clone();
            promise(async move {
                api.set_caret(&id(&lesson)?, client, cursor).await?;
                Ok(JsValue::UNDEFINED)
            })
        },
    );
    set("caret", set_caret.into_js_value());
    let put = api.clone();
    let put_asset = Closure::<dyn Fn(String, String, String, String, Uint8Array) -> Promise>::new(
        move |_course: String, lesson: String, name: String, _mime: String, bytes: Uint8Array| {
            let api = put.clone();
            promise(async move {
                let asset = api.put_asset(&id(&lesson)?, &name, &bytes.to_vec()).await?;
                Ok(plain(&asset))
            })
        },
    );
    set("putAsset", put_asset.into_js_value());
    let save = api.clone();
    let save_asset = Closure::<dyn Fn(String, String, String) -> Promise>::new(
        move |_course: String, hash: String, name: String| {
            let api = save.clone();
            promise(async move {
                let path = api.save_asset(&asset(&hash)?, &name).await?;
                Ok(path.map_or(JsValue::NULL, JsValue::from))
            })
        },
    );
    set("saveAsset", save_asset.into_js_value());
    let blocks = api.clone();
    let markdown_to_blocks = Closure::<dyn Fn(String) -> Promise>::new(move |markdown: String| {
        let api = blocks.clone();
        promise(async move { api.markdown_blocks(&markdown).await })
    });
    set("markdownToBlocks", markdown_to_blocks.into_js_value());
    let find_lessons =
        Closure::<dyn Fn(String, String) -> Promise>::new(move |course: String, query: String| {
            let found = course.parse::<CourseId>().ok().and_then(|course| {
                let view = client.last::<OutlineView>(&QueryKey::Outline { course })?;
                Some(tree::find_lessons(&view.nodes, &query, MOST_FOUND))
            });
            Promise::resolve(&listed(found.unwrap_or_default()))
        });
    set("findLessons", find_lessons.into_js_value());
    let asset_url =
        Closure::<dyn Fn(String, String) -> Promise>::new(move |_course: String, hash: String| {
            let api = api.clone();
            promise(async move {
                Ok(api.asset_url(&asset(&hash)?).await?.map_or(JsValue::NULL, |url| JsValue::from_str(&url)))
            })
        });
    set("assetUrl", asset_url.into_js_value());

    let links = out.clone();
    let open_link =
        Closure::<dyn Fn(String, String, String)>::new(move |_: String, lesson: String, href: String| {
            if let Ok(lesson) = lesson.parse() {
                let _ = links.unbounded_send(Message::Island(Event { lesson, what: What::Link(href) }));
            }
        });
    set("openLink", open_link.into_js_value());
    let travels = out.clone();
    let history = Closure::<dyn Fn(String, String)>::new(move |lesson: String, way: String| {
        let way = if way == "redo" { Way::Redo } else { Way::Undo };
        if let Ok(lesson) = lesson.parse() {
            let _ = travels.unbounded_send(Message::Island(Event { lesson, what: What::Travel(way) }));
        }
    });
    set("history", history.into_js_value());
    let event = Closure::<dyn Fn(String, String, JsValue)>::new(
        move |lesson: String, name: String, detail: JsValue| {
            let (Ok(lesson), Some(what)) = (lesson.parse(), what(&name, &detail)) else { return };
            let _ = out.unbounded_send(Message::Island(Event { lesson, what }));
        },
    );
    set("event", event.into_js_value());
    configure_js(&host);
}

/// Opens a lesson in an element that nothing else renders into.
pub(crate) fn open(
    element: &web_sys::HtmlElement,
    course: &str,
    lesson: &NodeId,
    editable: bool,
    label: &str,
) -> Handle {
    let options = Object::new();
    let set = |name: &str, value: JsValue| {
        let _ = Reflect::set(&options, &JsValue::from_str(name), &value);
    };
    set("course", course.into());
    set("lesson", lesson.as_str().into());
    set("editable", editable.into());
    set("label", label.into());
    open_js(element, &options)
}

/// An update that was made elsewhere. False when the island does not hold this lesson (any more).
pub(crate) fn apply_remote(lesson: &NodeId, update: &[u8]) -> bool {
    apply_remote_js(lesson.as_str(), &Uint8Array::from(update))
}

/// Who else has a lesson open, and where.
pub(crate) fn carets(lesson: &NodeId, carets: &[Caret]) {
    let list = serde_json::to_string(carets).ok().and_then(|text| js_sys::JSON::parse(&text).ok());
    if let Some(list) = list {
        carets_js(lesson.as_str(), &list);
    }
}

/// A lesson changed elsewhere; the island pulls the difference.
pub(crate) fn changed(lesson: &NodeId) {
    changed_js(lesson.as_str());
}

/// Updates of lessons were lost; the island pulls the difference of each that it holds.
pub(crate) fn changed_all() {
    changed_all_js();
}

/// The core made this lesson's document anew: the island's copy is thrown away and loaded again in place.
pub(crate) fn reset(lesson: &NodeId) {
    reset_js(lesson.as_str());
}

/// Takes the last step of a lesson back, or does it again; none while it is not being edited in this window.
pub(crate) fn step(lesson: &NodeId, way: Way) -> Option<Steps> {
    let way = match way {
        Way::Undo => "undo",
        Way::Redo => "redo",
    };
    let steps = step_js(lesson.as_str(), way);
    let number = |name: &str| number_of(&steps, name).map(|number| number as usize);
    let done = Reflect::get(&steps, &"done".into()).ok()?.as_bool()?;
    Some(Steps { done, undo: number("undo")?, redo: number("redo")? })
}

/// The author did something else: what is typed from now on is a step of its own.
pub(crate) fn seal() {
    seal_js();
}

/// An asset is here now.
pub(crate) fn asset_arrived(hash: &AssetHash) {
    asset_arrived_js(hash.as_str());
}

/// What of the open course is on its way now.
pub(crate) fn asset_transfers(list: &[Transfer]) {
    asset_transfers_js(&plain(&list));
}

/// Returns when every edit of this window is with the core, or cannot get there (the lesson is frozen then, and said so).
pub(crate) async fn flush() {
    let _ = flush_js().await;
}

/// Somebody to follow, as the island takes it.
pub(crate) fn person(who: Option<&Followed>) -> JsValue {
    let Some(who) = who else { return JsValue::NULL };
    let one = Object::new();
    let _ = Reflect::set(&one, &"name".into(), &who.name.as_str().into());
    let _ = Reflect::set(&one, &"hue".into(), &f64::from(who.hue).into());
    one.into()
}

/// Lessons as the island's link field takes them.
fn listed(found: Vec<(NodeId, String)>) -> JsValue {
    let list = js_sys::Array::new();
    for (id, title) in found {
        let one = Object::new();
        let _ = Reflect::set(&one, &"id".into(), &id.as_str().into());
        let _ = Reflect::set(&one, &"title".into(), &text::titled(&title).into());
        list.push(&one);
    }
    list.into()
}

fn what(name: &str, detail: &JsValue) -> Option<What> {
    let mode = || match text_of(detail, "mode").as_deref() {
        Some("edit") => Mode::Edit,
        Some("newer") => Mode::Newer,
        _ => Mode::Read,
    };
    let text = |name: &str| text_of(detail, name).unwrap_or_default();
    Some(match name {
        "ready" => What::Ready(mode()),
        "mode" => What::Mode(mode()),
        "failed" => What::Failed(text("message")),
        "saving" => What::Saving,
        "saved" => What::Saved,
        "unsaved" => What::Unsaved,
        "frozen" => What::Frozen { message: text("message"), text: text("text") },
        "words" => What::Words {
            words: number_of(detail, "words").unwrap_or(0),
            minutes: number_of(detail, "minutes").unwrap_or(0),
        },
        "notice" => What::Notice { trouble: text("kind") == "trouble", message: text("message") },
        "unfollow" => What::Unfollow,
        "step" => What::Step,
        "lost" => What::Lost,
        // A newer island may tell more.
        _ => return None,
    })
}

/// A function of the host with three arguments that lives as long as the page.
fn for_ever(function: impl Fn(String, String, Uint8Array) -> Promise + 'static) -> JsValue {
    Closure::<dyn Fn(String, String, Uint8Array) -> Promise>::new(function).into_js_value()
}

fn promise(work: impl Future<Output = Result<JsValue, Failure>> + 'static) -> Promise {
    future_to_promise(async move {
        work.await.map_err(|failure| {
            let error: JsValue = js_sys::Error::new(&failure.message).into();
            // What passes: the island keeps the edit and tries again.
            let _ = Reflect::set(&error, &"retry".into(), &retry::is_passing(&failure.code).into());
            error
        })
    })
}

/// Data as the page has it; nothing of ours fails to be that.
fn plain(data: &impl serde::Serialize) -> JsValue {
    let text = serde_json::to_string(data).unwrap_or_default();
    js_sys::JSON::parse(&text).unwrap_or(JsValue::NULL)
}

fn asset(text: &str) -> Result<AssetHash, Failure> {
    text.parse().map_err(|_| Failure::other("This is not the name of an image or a file."))
}

fn id(text: &str) -> Result<NodeId, Failure> {
    text.parse().map_err(|_| Failure::other("This is not the id of a lesson."))
}
