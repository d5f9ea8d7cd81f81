//! The server's disk: records that are written, then synced. A crash keeps what was synced, and of the rest a part that
//! ends anywhere: a record that is torn does not count, as its checksum would say.

use inkhorn_protocol::session::{CourseChanged, EventKind, Reason, Role};
use inkhorn_protocol::{CourseId, DocId};
use inkhorn_server::engine::event::{Access, Change, Greeting, Standing, User};
use inkhorn_server::engine::{Batch, Content, Loaded, LogEntry, LogError};
use std::collections::{BTreeMap, HashMap};

/// What is written in one piece.
#[derive(Debug, Clone)]
enum Record {
    /// Content.
    Batch(Batch),
    /// Documents of a course are known from now on.
    Register { course: CourseId, docs: Vec<DocId> },
    /// A role.
    Member { course: CourseId, user: String, role: Option<Role> },
}

/// One document as far as written.
#[derive(Debug)]
struct Doc {
    course: CourseId,
    changed_seq: u64,
    entries: Vec<LogEntry>,
}

/// What the records add up to.
#[derive(Debug, Default)]
struct State {
    docs: BTreeMap<DocId, Doc>,
    heads: BTreeMap<CourseId, u64>,
    members: BTreeMap<(CourseId, String), Role>,
}

/// The disk, and what can be read from it.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    records: Vec<Record>,
    synced: usize,
    state: State,
    /// The synced content of each document, for the oracles.
    durable: BTreeMap<DocId, Content>,
}

impl Disk {
    /// Writes a batch, without syncing it.
    pub(crate) fn write(&mut self, batch: Batch) {
        self.records.push(Record::Batch(batch));
    }

    /// Takes back what was written and not synced: there was no room for it.
    pub(crate) fn take_back(&mut self) {
        self.records.truncate(self.synced);
    }

    /// What was written survives a crash from now on; gives the new heads of the courses whose content was.
    pub(crate) fn sync(&mut self) -> Result<Vec<(CourseId, u64)>, String> {
        let mut heads = BTreeMap::new();
        for record in self.records.get(self.synced..).unwrap_or_default() {
            // Each batch is a step of its own for the heads, also when a crash has them read all at once.
            let mut of_record = BTreeMap::new();
            self.state.take(record, &mut of_record)?;
            heads.append(&mut of_record);
            if let Record::Batch(batch) = record {
                for entry in &batch.entries {
                    let content =
                        self.durable.entry(entry.doc.clone()).or_insert_with(|| Content::new(&entry.doc));
                    content.replay(&entry.bytes).map_err(|error| format!("the log forks: {error}"))?;
                }
            }
        }
        self.synced = self.records.len();
        Ok(heads.into_iter().collect())
    }

    /// The machine ends: of what was not synced, `torn` of 1,000 is there afterwards.
    pub(crate) fn crash(&mut self, torn: u32) -> Result<(), String> {
        let rest = self.records.len() - self.synced;
        // The record in which the end falls is torn, hence rounded down.
        let whole = rest * torn as usize / 1_000;
        self.records.truncate(self.synced + whole);
        let records = std::mem::take(&mut self.records);
        *self = Self { records, ..Self::default() };
        self.sync().map(drop)
    }

    // ---- what the engine asks -------------------------------------------------------------------

    pub(crate) fn load(&self, doc: &DocId) -> Result<Loaded, LogError> {
        let mut content = Content::new(doc);
        let mut claims = HashMap::new();
        let entries = self.state.docs.get(doc).map(|d| d.entries.as_slice()).unwrap_or_default();
        for entry in entries {
            content.replay(&entry.bytes).map_err(|error| LogError::RolledBack(error.to_string()))?;
            claims.extend(entry.claims.iter().map(|client| (*client, entry.user.clone())));
        }
        let doc_seq = entries.last().map_or(0, |entry| entry.doc_seq);
        Ok(Loaded { content, doc_seq, since_checkpoint: entries.len() as u64, claims })
    }

    pub(crate) fn authorise(&self, user: User, doc: Option<&DocId>) -> Result<Access, Reason> {
        let Some(doc) = doc else { return Ok(Access { user, document: None }) };
        let course = &self.state.docs.get(doc).ok_or(Reason::NotRegistered)?.course;
        let member = (course.clone(), user.id.to_string());
        let role = self.state.members.get(&member).copied();
        let course_seq = self.state.heads.get(course).copied().unwrap_or(0);
        Ok(Access { user, document: Some(Standing { course: course.clone(), role, course_seq }) })
    }

    pub(crate) fn greet(&self, user: &str, since: BTreeMap<CourseId, u64>) -> Greeting {
        let role = |course: &CourseId| self.state.members.get(&(course.clone(), user.to_owned())).copied();
        let head = |course: &CourseId| self.state.heads.get(course).copied().unwrap_or(0);
        let mut greeting = Greeting::default();
        for (course, seq) in since {
            let (role, head) = (role(&course), head(&course));
            let mut changed =
                CourseChanged { course, course_seq: 0, role, title: String::new(), docs: Vec::new() };
            if role.is_some() {
                let all = seq > head || seq == 0;
                let docs = self.state.docs.iter();
                let docs =
                    docs.filter(|(_, doc)| doc.course == changed.course && (all || doc.changed_seq > seq));
                changed.docs = docs.map(|(id, _)| id.clone()).collect();
                changed.course_seq = head;
            }
            greeting.courses.push(changed);
        }
        for (course, seq) in &self.state.heads {
            if let Some(role) = role(course) {
                greeting.heads.insert(course.clone(), (*seq, role));
            }
        }
        greeting
    }

    /// Registers documents, durably; gives what is to be told.
    pub(crate) fn register(
        &mut self,
        user: &str,
        course: &CourseId,
        docs: &[DocId],
    ) -> Result<Vec<Change>, Reason> {
        let mut changes = Vec::new();
        let member = (course.clone(), user.to_owned());
        let known = self.state.heads.contains_key(course);
        match self.state.members.get(&member) {
            None if known => return Err(Reason::NotMember),
            Some(role) if !role.may_write() => return Err(Reason::RoleTooLow { role: *role }),
            Some(_) => {}
            None => changes.push(self.set_role(course, user, Some(Role::Owner))),
        }
        let fresh = |doc: &&DocId| !self.state.docs.contains_key(*doc);
        let docs: Vec<DocId> = docs.iter().filter(fresh).cloned().collect();
        if !docs.is_empty() {
            self.records.push(Record::Register { course: course.clone(), docs: docs.clone() });
            // Nothing else is unsynced where it could be mixed up with this: an operation is a transaction of its own.
            let course_seq = self.append_last(course);
            let kind = Some(EventKind::Registered { docs });
            changes.push(Change { course: course.clone(), course_seq, kind, member: None });
        }
        Ok(changes)
    }

    /// Sets a role, durably; gives what is to be told.
    pub(crate) fn set_role(&mut self, course: &CourseId, user: &str, role: Option<Role>) -> Change {
        self.records.push(Record::Member { course: course.clone(), user: user.to_owned(), role });
        let course_seq = self.append_last(course);
        let member = Some((user.into(), role));
        Change { course: course.clone(), course_seq, kind: None, member }
    }

    /// Syncs the last record, before a batch that is being written.
    fn append_last(&mut self, course: &CourseId) -> u64 {
        if let Some(record) = self.records.pop() {
            let mut heads = BTreeMap::new();
            // These kinds cannot fail.
            let _ = self.state.take(&record, &mut heads);
            self.records.insert(self.synced, record);
            self.synced += 1;
        }
        self.state.heads.get(course).copied().unwrap_or(0)
    }

    // ---- what the oracles ask -------------------------------------------------------------------

    /// Role of a user.
    pub(crate) fn role(&self, course: &CourseId, user: &str) -> Option<Role> {
        self.state.members.get(&(course.clone(), user.to_owned())).copied()
    }

    /// Documents that are registered.
    pub(crate) fn docs(&self) -> Vec<DocId> {
        self.state.docs.keys().cloned().collect()
    }

    /// Whether anything of a document is synced.
    pub(crate) fn has_content(&self, doc: &DocId) -> bool {
        self.state.docs.get(doc).is_some_and(|doc| !doc.entries.is_empty())
    }

    /// Whether all of an update is synced.
    pub(crate) fn holds(&mut self, doc: &DocId, update: &[u8]) -> Result<bool, String> {
        let content = self.durable.entry(doc.clone()).or_insert_with(|| Content::new(doc));
        let staged = content.stage(&bytes::Bytes::copy_from_slice(update));
        let holds = match &staged {
            Ok(staged) => Ok(staged.bytes.is_none() && staged.gap.is_none()),
            Err(inkhorn_server::engine::Refusal::Gap { .. }) => Ok(false),
            Err(refusal) => Err(format!("{doc} differs from the server's: {refusal:?}")),
        };
        content.rollback();
        holds
    }

    /// The synced state of a document as one update.
    pub(crate) fn state(&self, doc: &DocId) -> Vec<u8> {
        let whole = self.durable.get(doc).and_then(|content| content.diff(&[0]).ok());
        whole.unwrap_or_else(|| vec![0, 0])
    }
}

impl State {
    fn take(&mut self, record: &Record, heads: &mut BTreeMap<CourseId, u64>) -> Result<(), String> {
        match record {
            Record::Batch(batch) => {
                for entry in &batch.entries {
                    let seq = *heads.entry(entry.course.clone()).or_insert_with(|| {
                        let head = self.heads.entry(entry.course.clone()).or_default();
                        *head += 1;
                        *head
                    });
                    let doc = self.docs.get_mut(&entry.doc).ok_or("an unregistered document is written")?;
                    let last = doc.entries.last().map_or(0, |last| last.doc_seq);
                    if entry.doc_seq != last + 1 {
                        return Err(format!("{}: {} follows {last}", entry.doc, entry.doc_seq));
                    }
                    doc.changed_seq = seq;
                    doc.entries.push(entry.clone());
                }
            }
            Record::Register { course, docs } => {
                let seq = self.heads.entry(course.clone()).or_default();
                *seq += 1;
                for id in docs {
                    let (course, changed_seq) = (course.clone(), *seq);
                    self.docs.entry(id.clone()).or_insert(Doc { course, changed_seq, entries: Vec::new() });
                }
            }
            Record::Member { course, user, role } => {
                *self.heads.entry(course.clone()).or_default() += 1;
                let member = (course.clone(), user.clone());
                match role {
                    Some(role) => self.members.insert(member, *role),
                    None => self.members.remove(&member),
                };
            }
        }
        Ok(())
    }
}
