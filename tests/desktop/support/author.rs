//! Who writes with whom: courses that are shared, and another author without a window.

use anyhow::Context as _;
use inkhorn_core::{Config, Core};
use inkhorn_protocol::{CourseId, NodeId};
use inkhorn_testkit::corpus;
use inkhorn_testkit::profile::{Profile, of_kind};
use inkhorn_testkit::server::Server;
use inkhorn_testkit::typist::Typist;
use std::time::Duration;
use tempfile::TempDir;

/// A course of Ada's that is on a server.
pub(crate) fn shared_by_ada(server: &Server, title: &str) -> anyhow::Result<(Profile, String)> {
    let ada = Profile::new()?;
    let folder = corpus::written()?;
    let course = ada.last_line(&["import", &folder.path().to_string_lossy(), "--title", title])?;
    ada.login(server, "ada@example.org")?;
    ada.run(&["share", &course])?;
    ada.sync()?;
    Ok((ada, course))
}

/// A course of hers called “Shared course” on a server, and its first lesson.
pub(crate) fn lesson_of_ada(server: &Server) -> anyhow::Result<(Profile, String, NodeId)> {
    let (ada, course) = shared_by_ada(server, "Shared course")?;
    let lesson = of_kind(&ada.outline(&course)?, "lesson").first().context("no lesson")?.id.parse()?;
    Ok((ada, course, lesson))
}

/// A course of hers, with Ben who edits it too and has it on a computer of his own.
pub(crate) fn shared_by_two(server: &Server, title: &str) -> anyhow::Result<(Profile, Profile, String)> {
    let (ada, course) = shared_by_ada(server, title)?;
    let ben = Profile::new()?;
    server.token("ben@example.org")?;
    server.member(&course, "ben@example.org", "editor")?;
    ben.login(server, "ben@example.org")?;
    ben.run(&["join", &course])?;
    ben.sync()?;
    Ok((ada, ben, course))
}

/// Another author with a core of their own, in the lesson.
pub(crate) struct Author {
    pub(crate) core: Core,
    lesson: NodeId,
    client: u64,
    pub(crate) typist: Typist,
    _profile: TempDir,
}

impl Author {
    pub(crate) async fn join(
        server: &Server,
        course: &str,
        lesson: &NodeId,
        name: u64,
    ) -> anyhow::Result<Self> {
        let (profile, email) = (TempDir::new()?, format!("author{name}@example.org"));
        let token = server.token(&email)?;
        server.member(course, &email, "editor")?;
        let core = Core::open(Config::online(profile.path(), "a test")).await?;
        core.login(&server.url(), &token, false).await?;
        let course: CourseId = course.parse()?;
        core.join(&course).await?;
        core.sync(Duration::from_secs(60)).await?;
        // As an editor does: one that is not open is not subscribed at once.
        let client = 1_000 + name;
        let state = core.lesson_open(lesson).await?.bytes;
        let (typist, first) = Typist::begin(&state, client)?;
        core.lesson_push(lesson, client, first).await?;
        Ok(Self { core, lesson: lesson.clone(), client, typist, _profile: profile })
    }

    pub(crate) async fn types(&mut self, words: &str) -> anyhow::Result<()> {
        let update = self.typist.types(words);
        self.push(update).await
    }

    pub(crate) async fn push(&self, update: Vec<u8>) -> anyhow::Result<()> {
        self.core.lesson_push(&self.lesson, self.client, update).await?;
        Ok(())
    }
}
