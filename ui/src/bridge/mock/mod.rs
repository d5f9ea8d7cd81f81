//! The bridge of a plain browser: a small world in memory in place of the core, for tests and for work on the
//! interface. Only in builds with the feature `mock`; what is shipped does not contain it, nor a switch for it.
//!
//! - `world`: courses, outline, sync, as the window asks for them; `structure` and `outline`: changes of an outline; `sample`: the start
//! - `cache`: what the cache panel shows
//! - `store`: the Yjs documents (`editor/mock/store.ts`)
//! - `control`: `window.inkhornMock`, by which a test plays the server, other people and the network

mod cache;
mod control;
mod find;
mod outline;
mod sample;
mod settings;
mod store;
mod structure;
mod world;

use super::carrier::{Bridge, Incoming};
use super::feed;
use crate::page;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::AssetRef;
use inkhorn_protocol::window::{Failure, LessonHead, ToWindow};
use inkhorn_protocol::{CourseId, NodeId};
use js_sys::{JSON, Reflect, Uint8Array};
use serde::Serialize;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use world::World;

type Listener = Box<dyn FnMut(Incoming)>;

/// The mock. Cheap to clone.
#[derive(Clone)]
pub(super) struct Mock {
    world: Rc<RefCell<World>>,
    channels: Rc<RefCell<Vec<Listener>>>,
    /// Channels of the window that subscribed: its feed and its lessons.
    subscribed: Rc<Cell<Option<(usize, usize)>>>,
}

impl Mock {
    /// A fresh world, and the way to play with it.
    pub(super) fn start() -> Self {
        let mock = Self {
            world: Rc::new(RefCell::new(sample::world())),
            channels: Rc::default(),
            subscribed: Rc::default(),
        };
        control::offer(mock.clone());
        mock
    }

    /// Listeners only put what they get into a queue, so they can be called at any time.
    fn send(&self, to: Option<usize>, incoming: Incoming) {
        if let Some(at) = to
            && let Some(listener) = self.channels.borrow_mut().get_mut(at)
        {
            listener(incoming);
        }
    }

    fn gap(&self) {
        self.send(self.subscribed.get().map(|(feed, _)| feed), Incoming::Gap);
        self.send(self.subscribed.get().map(|(_, lessons)| lessons), Incoming::Gap);
    }

    fn say(&self, message: &ToWindow) {
        if let Ok(message) = plain(message) {
            self.send(self.subscribed.get().map(|(feed, _)| feed), Incoming::Message(message));
        }
    }

    /// These keys changed; only those that somebody looks at are worth a message.
    fn touched(&self, keys: Vec<QueryKey>, cause: &str) {
        let keys = self.world.borrow_mut().cache.invalidate(keys, cause);
        if !keys.is_empty() {
            self.say(&ToWindow::Stale { keys });
        }
    }

    /// Somebody else wrote in a lesson.
    fn write(&self, lesson: &NodeId, text: &str) {
        let update = store::write(lesson.as_str(), text);
        let head = LessonHead { lesson: lesson.clone(), access: None, version: 0 };
        if let Ok(all) = head.join(&update) {
            let message = Uint8Array::from(all.as_slice()).buffer();
            self.send(self.subscribed.get().map(|(_, lessons)| lessons), Incoming::Message(message.into()));
        }
    }

    async fn run(
        self,
        command: &'static str,
        args: JsValue,
        lesson: Option<NodeId>,
    ) -> Result<JsValue, Failure> {
        let refused = self.world.borrow_mut().called(command);
        if let Some(failure) = refused {
            return Err(failure);
        }
        let delay = self.world.borrow().delays.get(command).copied();
        if let Some(ms) = delay {
            page::sleep(ms).await;
        }
        match (command, lesson) {
            ("subscribe", _) => {
                let number = |name: &str| {
                    let value = Reflect::get(&args, &name.into()).ok()?.as_f64()?;
                    Some(value as usize)
                };
                self.subscribed.set(number("feed").zip(number("lessons")));
                Ok(JsValue::NULL)
            }
            ("lesson_open", Some(lesson)) => {
                let access = self.world.borrow().access(&lesson);
                let bytes = store::diff(lesson.as_str(), &feed::bytes(&args).unwrap_or_default());
                let head = LessonHead { lesson, access: Some(access), version: 1 };
                let all = head.join(&bytes).map_err(|error| Failure::other(error.to_string()))?;
                Ok(Uint8Array::from(all.as_slice()).buffer().into())
            }
            ("lesson_push", Some(lesson)) => {
                store::apply(lesson.as_str(), &feed::bytes(&args).unwrap_or_default());
                Ok(JsValue::NULL)
            }
            ("set_cover", Some(course)) => {
                let course: CourseId = course.as_str().parse().map_err(|_| Failure::other("no course"))?;
                let bytes = feed::bytes(&args).unwrap_or_default();
                let hash = store::put_image(&bytes).await?.as_string().unwrap_or_default();
                let hash = hash.parse().map_err(|_| Failure::other("This file is not an image."))?;
                let cover = AssetRef {
                    hash,
                    mime: "image/png".into(),
                    bytes: bytes.len() as u64,
                    name: "cover".into(),
                };
                let changed = {
                    let mut world = self.world.borrow_mut();
                    let before = world.course(&course)?.settings.clone();
                    world.course(&course)?.settings.cover = Some(cover);
                    world.set(&course, &before)?
                };
                self.touched(vec![QueryKey::Settings { course }], command);
                plain(&changed).map_err(Failure::other)
            }
            ("put_asset", _) => {
                let bytes = feed::bytes(&args).unwrap_or_default();
                let hash = store::put_image(&bytes).await?.as_string().unwrap_or_default();
                let mime = inkhorn_protocol::media::sniff(&bytes);
                let asset = json!({ "hash": hash, "mime": mime, "bytes": bytes.len(), "name": "file" });
                plain(&asset).map_err(Failure::other)
            }
            ("asset_url", _) => {
                let hash = Reflect::get(&args, &"hash".into()).ok().and_then(|it| it.as_string());
                Ok(hash.and_then(|hash| store::image_url(&hash)).map_or(JsValue::NULL, JsValue::from))
            }
            _ => {
                let args: Value = JSON::stringify(&args)
                    .ok()
                    .and_then(|text| serde_json::from_str(&String::from(text)).ok())
                    .unwrap_or_default();
                let (answer, keys) = self.world.borrow_mut().run(command, &args)?;
                self.touched(keys, command);
                plain(&answer).map_err(Failure::other)
            }
        }
    }
}

/// Data as the page has it.
fn plain(data: &impl Serialize) -> Result<JsValue, String> {
    let text = serde_json::to_string(data).map_err(|error| error.to_string())?;
    JSON::parse(&text).map_err(|_| "This cannot be said in JSON.".to_owned())
}

impl Bridge for Mock {
    fn call(
        &self,
        command: &'static str,
        args: JsValue,
        headers: &[(&str, &str)],
    ) -> LocalBoxFuture<'static, Result<JsValue, Failure>> {
        let lesson = headers.iter().find(|(name, _)| matches!(*name, "inkhorn-lesson" | "inkhorn-course"));
        let lesson = lesson.and_then(|(_, id)| id.parse().ok());
        self.clone().run(command, args, lesson).boxed_local()
    }

    fn channel(&self, on_message: Box<dyn FnMut(Incoming)>) -> JsValue {
        let mut channels = self.channels.borrow_mut();
        channels.push(on_message);
        JsValue::from_f64((channels.len() - 1) as f64)
    }
}
