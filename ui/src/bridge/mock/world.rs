//! What the mock's core would hold: courses, account, sync, as the window asks for them.

use super::cache::Cache;
use super::{find, settings};
use crate::page;
use crate::state::tree;
use inkhorn_protocol::fidelity::FidelityReport;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{
    Access, Account, Available, CourseSummary, KeptWords, LessonInfo, NodeKind, OperationInfo,
    OperationState, OutlineNode, OutlineView, Peer, Storage, SyncCount, SyncSummary, Transfer, WaitingDoc,
};
use inkhorn_protocol::rest::{Member, MemberChange};
use inkhorn_protocol::session::Role;
use inkhorn_protocol::settings::{Change, CourseSettings};
use inkhorn_protocol::window::{Boot, Exported, Failure, FetchStatus, Imported, QueryReply, QueryStatus};
use inkhorn_protocol::{CourseId, NodeId, OpId};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A course with its outline.
pub(super) struct Course {
    pub(super) id: CourseId,
    pub(super) view: OutlineView,
    pub(super) settings: CourseSettings,
    pub(super) role: Option<Role>,
    pub(super) owners: Vec<String>,
    pub(super) members: Vec<Member>,
    pub(super) peers: Vec<Peer>,
}

/// Everything.
pub(super) struct World {
    pub(super) courses: Vec<Course>,
    pub(super) account: Option<Account>,
    pub(super) sync: SyncSummary,
    pub(super) operations: Vec<OperationInfo>,
    pub(super) transfers: Vec<Transfer>,
    pub(super) waiting: Vec<WaitingDoc>,
    pub(super) kept_words: Vec<KeptWords>,
    pub(super) storage: Storage,
    pub(super) cache: Cache,
    /// What a dialog for files answers; none is cancelled.
    pub(super) chosen: Option<String>,
    /// Commands that fail now.
    pub(super) failing: BTreeMap<String, Failure>,
    /// How long commands take, in milliseconds.
    pub(super) delays: BTreeMap<String, i32>,
    /// How often each command, and each query by its path, was called.
    pub(super) calls: BTreeMap<String, u64>,
    /// Commands of the user with their arguments, in order.
    pub(super) log: Vec<(String, Value)>,
    pub(super) drawn: u64,
    /// Outlines as they were before each change.
    pub(super) was: Vec<OutlineView>,
}

pub(super) type Done = Result<(Value, Vec<QueryKey>), Failure>;

pub(super) fn arg<T: DeserializeOwned>(args: &Value, name: &str) -> Result<T, Failure> {
    serde_json::from_value(args[name].clone()).map_err(|error| Failure::other(format!("{name}: {error}")))
}

pub(super) fn done(answer: impl serde::Serialize, keys: Vec<QueryKey>) -> Done {
    Ok((serde_json::to_value(answer).map_err(|error| Failure::other(error.to_string()))?, keys))
}

fn lessons(nodes: &[OutlineNode]) -> u32 {
    nodes.iter().map(|node| u32::from(node.kind == NodeKind::Lesson) + lessons(&node.children)).sum()
}

impl World {
    /// Counts a call; the failure that a test wants, if any.
    pub(super) fn called(&mut self, command: &str) -> Option<Failure> {
        *self.calls.entry(command.to_owned()).or_default() += 1;
        self.failing.get(command).cloned()
    }

    pub(super) fn draw(&mut self) -> String {
        self.drawn += 1;
        format!("n{}", self.drawn)
    }

    pub(super) fn course(&mut self, id: &CourseId) -> Result<&mut Course, Failure> {
        let found = self.courses.iter_mut().find(|course| &course.id == id);
        found.ok_or_else(|| Failure::other("This course is not on this computer."))
    }

    /// The course that a node is in, outside of Trash.
    pub(super) fn home(&mut self, node: &NodeId) -> Result<&mut Course, Failure> {
        let found = self.courses.iter_mut().find(|course| tree::find(&course.view.nodes, node).is_some());
        found.ok_or_else(|| Failure::other("This is not in the outline any more."))
    }

    pub(super) fn access(&self, lesson: &NodeId) -> Access {
        let holds = |nodes: &[OutlineNode]| tree::find(nodes, lesson).is_some();
        match self.courses.iter().find(|course| holds(&course.view.nodes)) {
            Some(Course { role: Some(Role::Viewer), owners, .. }) => {
                Access::ReadOnly { role: Role::Viewer, owners: owners.clone() }
            }
            Some(_) => Access::Edit,
            None if self.courses.iter().any(|course| holds(&course.view.trash)) => Access::Trashed,
            None => Access::NotArrived,
        }
    }

    fn summary(&self, course: &Course) -> CourseSummary {
        CourseSummary {
            id: course.id.clone(),
            title: course.view.title.clone(),
            lessons: lessons(&course.view.nodes),
            shared: course.role.is_some(),
            role: course.role,
            owners: course.owners.clone(),
            sync: if course.role.is_some() { self.sync.count } else { SyncCount::default() },
        }
    }

    fn query(&mut self, key: &QueryKey) -> Result<Value, Failure> {
        let found = match key {
            QueryKey::Courses => json!(self.courses.iter().map(|one| self.summary(one)).collect::<Vec<_>>()),
            QueryKey::Outline { course } => json!(self.course(course)?.view),
            QueryKey::Settings { course } => json!(self.course(course)?.settings),
            QueryKey::Lesson { lesson, .. } => {
                let access = self.access(lesson);
                json!(LessonInfo { id: lesson.clone(), access, version: 1, waiting: 0 })
            }
            QueryKey::Sync => json!(self.sync),
            QueryKey::Account => json!(self.account),
            QueryKey::Members { course } => json!(self.course(course)?.members),
            QueryKey::RemoteCourses => json!([]),
            QueryKey::Operations => json!(self.operations),
            QueryKey::Waiting => json!(self.waiting),
            QueryKey::KeptWords => json!(self.kept_words),
            QueryKey::Storage => json!(self.storage),
            QueryKey::Available { course } => {
                let lessons = u64::from(lessons(&self.course(course)?.view.nodes));
                json!(Available { lessons_here: lessons, lessons, assets_here: 3, assets: 3 })
            }
            QueryKey::Presence { course } => json!(self.course(course)?.peers),
            QueryKey::Transfers { .. } => json!(self.transfers),
            QueryKey::Find { course, needle } => json!(find::look(&self.course(course)?.view, needle)?),
        };
        Ok(found)
    }

    /// A command: its answer, and what changed by it.
    pub(super) fn run(&mut self, command: &str, args: &Value) -> Done {
        if !matches!(command, "boot" | "query" | "observe" | "unobserve" | "cache_report" | "asset_url") {
            self.log.push((command.to_owned(), args.clone()));
        }
        match command {
            "boot" => {
                let course = self.courses.first().map(|course| course.id.clone());
                done(Boot::Ready { profile: "In this browser".to_owned(), course, notice: None }, vec![])
            }
            "query" => {
                let key: QueryKey = arg(args, "key")?;
                *self.calls.entry(format!("query {}", key.path().join("/"))).or_default() += 1;
                let answer = self.query(&key);
                let (data, error) = match answer {
                    Ok(data) => (Some(data), None),
                    Err(failure) => (None, Some(failure.message)),
                };
                self.cache.read(&key, data.as_ref().map_or(0, |data| data.to_string().len()));
                let status = if error.is_some() { QueryStatus::Error } else { QueryStatus::Success };
                done(QueryReply { status, fetch_status: FetchStatus::Idle, version: 1, data, error }, vec![])
            }
            "observe" | "unobserve" => {
                self.cache.observe(&arg(args, "key")?, command == "observe");
                done((), vec![])
            }
            "cache_report" => done(self.cache.report(), vec![]),
            "choose_folder" | "choose_file" | "choose_new_file" | "save_asset" => done(&self.chosen, vec![]),
            "create_course" => {
                let title: String = arg(args, "title")?;
                let course = self.new_course(title);
                done(course, vec![QueryKey::Courses])
            }
            "rename_course" => {
                let course: CourseId = arg(args, "course")?;
                let before = self.course(&course)?.view.clone();
                self.course(&course)?.view.title = arg(args, "title")?;
                let changed = self.changed(course.clone(), vec![], before);
                done(changed, vec![QueryKey::Courses, QueryKey::Outline { course }])
            }
            "add" | "rename" | "move_nodes" | "trash" | "restore" | "duplicate" | "copy_to" | "take_back" => {
                self.change_structure(command, args)
            }
            "replace" => {
                let course: CourseId = arg(args, "course")?;
                let of = self.course(&course)?;
                let replaced =
                    find::replace(&mut of.view, &arg(args, "needle")?, &arg::<String>(args, "with")?)?;
                done(replaced, vec![QueryKey::Outline { course }])
            }
            "import_folder" => {
                let title: Option<String> = arg(args, "title")?;
                let course = self.new_course(title.unwrap_or_else(|| "Imported course".to_owned()));
                let report = FidelityReport::default();
                done(Imported { course, report }, vec![QueryKey::Courses])
            }
            "export_course" => {
                let course: CourseId = arg(args, "course")?;
                let lessons = lessons(&self.course(&course)?.view.nodes);
                done(Exported { lessons, assets: 0, missing_from: vec![] }, vec![])
            }
            "login_password" | "login_token" => {
                let email = args["email"].as_str().unwrap_or("me@example.org").to_owned();
                let account = Account { server: arg(args, "server")?, email, name: "Me".to_owned() };
                self.account = Some(account.clone());
                done(account, vec![QueryKey::Account, QueryKey::Sync])
            }
            "logout" => {
                self.account = None;
                done((), vec![QueryKey::Account, QueryKey::Sync])
            }
            "share" => {
                let course: CourseId = arg(args, "course")?;
                self.course(&course)?.role = Some(Role::Owner);
                done((), vec![QueryKey::Courses])
            }
            "change_settings" => {
                let (course, change): (CourseId, Change) = (arg(args, "course")?, arg(args, "change")?);
                let before = self.course(&course)?.settings.clone();
                settings::change(&mut self.course(&course)?.settings, change);
                done(self.set(&course, &before)?, vec![QueryKey::Settings { course }])
            }
            "change_member" => {
                let (course, email): (CourseId, String) = (arg(args, "course")?, arg(args, "email")?);
                let members = &mut self.course(&course)?.members;
                match arg(args, "change")? {
                    MemberChange::Invite { role } => {
                        let name = email.split('@').next().unwrap_or_default().to_owned();
                        members.push(Member { email, name, role });
                    }
                    MemberChange::Role { role } => {
                        members.iter_mut().filter(|one| one.email == email).for_each(|one| one.role = role);
                    }
                    MemberChange::Remove => members.retain(|one| one.email != email),
                }
                done((), vec![QueryKey::Members { course }])
            }
            "free_storage" => {
                self.storage.database /= 2;
                done(self.storage.database, vec![QueryKey::Storage])
            }
            "retry_operation" | "let_go_operation" => {
                let op: OpId = arg(args, "op")?;
                let again = command == "retry_operation";
                self.operations.retain(|info| again || info.op != op);
                if let Some(info) = self.operations.iter_mut().find(|info| info.op == op) {
                    (info.state, info.why) = (OperationState::Queued, None);
                }
                done((), vec![QueryKey::Operations])
            }
            "reapply_rejected" | "discard_rejected" => {
                let id: u64 = arg(args, "id")?;
                self.sync.rejected.retain(|edit| edit.id != id);
                self.sync.count.rejected = self.sync.rejected.len() as u64;
                done(None::<NodeId>, vec![QueryKey::Sync])
            }
            "put_back_kept" | "forget_kept" => {
                let id: u64 = arg(args, "id")?;
                let lesson =
                    self.kept_words.iter().find(|kept| kept.id == id).map(|kept| kept.lesson.clone());
                self.kept_words.retain(|kept| kept.id != id);
                let lesson = lesson.filter(|_| command == "put_back_kept");
                done(lesson, vec![QueryKey::KeptWords])
            }
            // Said, and nothing to do in a browser.
            "set_title" | "set_presence" | "flushed" | "quit" | "open_link" | "lesson_close"
            | "set_caret" | "backup" | "retry_now" | "export_rejected" | "export_copy" | "retry_waiting" => {
                done((), vec![])
            }
            _ => Err(Failure::other(format!("This needs the app: the browser has no “{command}”."))),
        }
    }

    pub(super) fn new_course(&mut self, title: String) -> CourseId {
        let id = CourseId::from_random(u128::from(page::now_ms() + self.drawn).to_le_bytes());
        self.drawn += 1;
        self.courses.push(Course {
            id: id.clone(),
            view: OutlineView { title, ..OutlineView::default() },
            settings: CourseSettings::default(),
            role: None,
            owners: vec![],
            members: vec![],
            peers: vec![],
        });
        id
    }
}
