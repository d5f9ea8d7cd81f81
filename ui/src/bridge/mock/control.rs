//! `window.inkhornMock(json)`: a test plays the server, other people and the network, and asks what the window did.

use super::{Mock, store};
use inkhorn_protocol::caret::Caret;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{
    Account, KeptWords, OperationInfo, Peer, SyncSummary, Transfer, WaitingDoc,
};
use inkhorn_protocol::session::Role;
use inkhorn_protocol::settings::Change;
use inkhorn_protocol::window::{Failure, ToWindow};
use inkhorn_protocol::{CourseId, NodeId};
use js_sys::Reflect;
use serde::Deserialize;
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::Closure;

/// What a test may do. The answer is JSON, null where there is nothing to say.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Control {
    /// How often each command was called; queries also by their path, as `query courses`.
    Calls,
    /// Counts anew.
    ForgetCalls,
    /// Commands of the user with their arguments, in order.
    Log,
    /// Says that keys are stale, so many times, though nothing changed.
    Stale {
        keys: Vec<QueryKey>,
        times: u32,
    },
    /// Says that messages were lost.
    Resync,
    /// Loses messages.
    Gap,
    Sync {
        sync: SyncSummary,
    },
    Operations {
        operations: Vec<OperationInfo>,
    },
    /// Somebody else changes a setting of a course.
    Setting {
        course: CourseId,
        change: Change,
    },
    /// Words that somebody took away unseen.
    KeptWords {
        words: Vec<KeptWords>,
    },
    /// What waits for the server.
    Waiting {
        docs: Vec<WaitingDoc>,
    },
    Peers {
        course: CourseId,
        peers: Vec<Peer>,
    },
    /// Others have a lesson open, with carets.
    Carets {
        lesson: NodeId,
        carets: Vec<Caret>,
    },
    Account {
        account: Option<Account>,
    },
    Role {
        course: CourseId,
        role: Option<Role>,
    },
    /// Somebody else renames a node, or a course.
    Rename {
        node: NodeId,
        title: String,
    },
    RenameCourse {
        course: CourseId,
        title: String,
    },
    /// Somebody else adds a chapter of so many lessons, `many-1` and on.
    Grow {
        course: CourseId,
        lessons: u32,
    },
    /// Somebody else changes it, and no message of it arrives.
    RenameUnheard {
        node: NodeId,
        title: String,
    },
    /// What is on its way.
    Transfers {
        course: CourseId,
        transfers: Vec<Transfer>,
    },
    /// Somebody else adds a paragraph to a lesson.
    Write {
        lesson: NodeId,
        text: String,
    },
    /// What a lesson holds from now on; one that is open keeps what it has until the page is loaded anew.
    Blocks {
        lesson: NodeId,
        blocks: Value,
    },
    /// Settings of a course as they are with the core.
    Settings {
        course: CourseId,
    },
    /// Text of a lesson as it is with the core.
    Text {
        lesson: NodeId,
    },
    /// A command fails from now on, or works again.
    Fail {
        command: String,
        failure: Option<Failure>,
    },
    /// A command takes so long from now on before it is carried out, in milliseconds.
    Delay {
        command: String,
        ms: i32,
    },
    /// What dialogs for files answer.
    Choose {
        path: Option<String>,
    },
}

pub(super) fn offer(mock: Mock) {
    let play = Closure::<dyn Fn(String) -> String>::new(move |text: String| {
        let answer = match serde_json::from_str(&text) {
            Ok(control) => {
                act(&mock, control).unwrap_or_else(|failure| json!({ "failure": failure.message }))
            }
            Err(error) => json!({ "failure": error.to_string() }),
        };
        answer.to_string()
    });
    if let Some(window) = web_sys::window() {
        let _ = Reflect::set(&window, &JsValue::from_str("inkhornMock"), &play.into_js_value());
    }
}

fn act(mock: &Mock, control: Control) -> Result<Value, Failure> {
    let mut world = mock.world.borrow_mut();
    let (keys, cause) = match control {
        Control::Calls => return Ok(json!(world.calls)),
        Control::ForgetCalls => {
            world.calls.clear();
            return Ok(Value::Null);
        }
        Control::Log => return Ok(json!(world.log)),
        Control::Stale { keys, times } => {
            drop(world);
            for _ in 0..times {
                mock.touched(keys.clone(), "invalidated");
            }
            return Ok(Value::Null);
        }
        Control::Resync => {
            drop(world);
            mock.say(&ToWindow::Resync);
            return Ok(Value::Null);
        }
        Control::Gap => {
            drop(world);
            mock.gap();
            return Ok(Value::Null);
        }
        Control::Sync { sync } => {
            world.sync = sync;
            (vec![QueryKey::Sync, QueryKey::Courses], "sync changed")
        }
        Control::Setting { course, change } => {
            super::settings::change(&mut world.course(&course)?.settings, change);
            (vec![QueryKey::Settings { course }], "document changed")
        }
        Control::KeptWords { words } => {
            world.kept_words = words;
            (vec![QueryKey::KeptWords], "sync changed")
        }
        Control::Waiting { docs } => {
            world.waiting = docs;
            (vec![QueryKey::Waiting], "waiting")
        }
        Control::Operations { operations } => {
            world.operations = operations;
            (vec![QueryKey::Operations], "operation changed")
        }
        Control::Peers { course, peers } => {
            world.course(&course)?.peers = peers;
            (vec![QueryKey::Presence { course }], "presence changed")
        }
        Control::Carets { lesson, carets } => {
            drop(world);
            mock.say(&ToWindow::Carets { lesson, carets });
            return Ok(Value::Null);
        }
        Control::Transfers { course, transfers } => {
            world.transfers = transfers;
            (vec![QueryKey::Transfers { course }], "asset changed")
        }
        Control::Account { account } => {
            world.account = account;
            (vec![QueryKey::Account, QueryKey::Sync], "account changed")
        }
        Control::Role { course, role } => {
            world.course(&course)?.role = role;
            let lessons = world.cache.keys().filter(|key| matches!(key, QueryKey::Lesson { .. })).collect();
            ([vec![QueryKey::Courses], lessons].concat(), "membership changed")
        }
        Control::Rename { node, title } => {
            let course = rename(&mut world, &node, title)?;
            (vec![QueryKey::Outline { course }], "document changed")
        }
        Control::RenameCourse { course, title } => {
            world.course(&course)?.view.title = title;
            (vec![QueryKey::Courses, QueryKey::Outline { course }], "document changed")
        }
        Control::Grow { course, lessons } => {
            world.course(&course)?.view.nodes.extend(super::sample::many(lessons));
            (vec![QueryKey::Outline { course }], "document changed")
        }
        Control::RenameUnheard { node, title } => {
            rename(&mut world, &node, title)?;
            return Ok(Value::Null);
        }
        Control::Write { lesson, text } => {
            drop(world);
            mock.write(&lesson, &text);
            return Ok(Value::Null);
        }
        Control::Blocks { lesson, blocks } => {
            store::seed(lesson.as_str(), &blocks.to_string());
            return Ok(Value::Null);
        }
        Control::Settings { course } => return Ok(json!(world.course(&course)?.settings)),
        Control::Text { lesson } => return Ok(json!(store::text(lesson.as_str()))),
        Control::Fail { command, failure } => {
            match failure {
                Some(failure) => world.failing.insert(command, failure),
                None => world.failing.remove(&command),
            };
            return Ok(Value::Null);
        }
        Control::Delay { command, ms } => {
            world.delays.insert(command, ms);
            return Ok(Value::Null);
        }
        Control::Choose { path } => {
            world.chosen = path;
            return Ok(Value::Null);
        }
    };
    drop(world);
    mock.touched(keys, cause);
    Ok(Value::Null)
}

fn rename(world: &mut super::world::World, node: &NodeId, title: String) -> Result<CourseId, Failure> {
    let course = world.home(node)?;
    if let Some(node) = super::outline::find(&mut course.view.nodes, node) {
        node.title = title;
    }
    Ok(course.id.clone())
}
