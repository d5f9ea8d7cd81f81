//! The network half as functions of [`Core`].

use crate::Core;
use crate::error::Result;
use crate::feed::{Feed, WindowId};
use crate::net::whereabouts::Spot;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{Account, Peer, SyncSummary};
use inkhorn_protocol::rest::{Course, Member, MemberChange};
use inkhorn_protocol::window::QueryReply;
use inkhorn_protocol::{CourseId, NodeId};
use std::time::Duration;

impl Core {
    /// The account that is signed in, if any.
    ///
    /// # Errors
    /// None today; the answer may come from elsewhere later.
    pub async fn account(&self) -> Result<Option<Account>> {
        Ok(self.net().account())
    }

    /// Signs in with a token. Plain http is refused except to this computer, unless `allow_plain_http`.
    ///
    /// # Errors
    /// The address, the token, or the way to the server: in words.
    pub async fn login(&self, server: &str, token: &str, allow_plain_http: bool) -> Result<Account> {
        let account = self.net().login(server, token, allow_plain_http).await?;
        self.windows().account_changed();
        Ok(account)
    }

    /// Signs in with a password; it is traded for a token and not kept.
    ///
    /// # Errors
    /// As [`Core::login`].
    pub async fn login_password(
        &self,
        server: &str,
        email: &str,
        password: &str,
        allow_plain_http: bool,
    ) -> Result<Account> {
        let account = self.net().login_password(server, email, password, allow_plain_http).await?;
        self.windows().account_changed();
        Ok(account)
    }

    /// Signs out. Courses and waiting edits stay here.
    ///
    /// # Errors
    /// When the sign-in cannot be removed from the profile.
    pub async fn logout(&self) -> Result<()> {
        self.net().logout()?;
        self.windows().account_changed();
        Ok(())
    }

    /// Puts a local course on the server. May be repeated: it goes on where it was.
    ///
    /// # Errors
    /// Why it is not there, or not whole yet.
    pub async fn share(&self, course: &CourseId) -> Result<()> {
        self.net().share(course).await
    }

    /// Takes a course of the server to this computer.
    ///
    /// # Errors
    /// Not a member, or the way to the server.
    pub async fn join(&self, course: &CourseId) -> Result<()> {
        self.net().join(course).await
    }

    /// Courses on the server that the user is a member of.
    ///
    /// # Errors
    /// The way to the server.
    pub async fn remote_courses(&self) -> Result<Vec<Course>> {
        self.net().remote_courses().await
    }

    /// Members of a course, from the server.
    ///
    /// # Errors
    /// The way to the server.
    pub async fn members(&self, course: &CourseId) -> Result<Vec<Member>> {
        self.net().members(course).await
    }

    /// Changes who is in a course: invites, gives another role, removes; about oneself, leaves. Done when it returns;
    /// it needs the server, and is not kept for later.
    ///
    /// # Errors
    /// [`crate::Code::Denied`] for who is no owner, [`crate::Code::NotFound`] for an e-mail without an account,
    /// [`crate::Code::Invalid`] for the last owner, or the way to the server. Nothing was changed then.
    pub async fn change_member(&self, course: &CourseId, email: &str, change: MemberChange) -> Result<()> {
        let done = self.net().change_member(course, email, change).await;
        // The event says it too, where there is a connection; a failure may mean that the list is an old one.
        self.windows().members_changed(course);
        done
    }

    /// Connects, and syncs until nothing is pending in either direction.
    ///
    /// # Errors
    /// Why something still waits after `timeout` or for good. Nothing is lost by any of them.
    pub async fn sync(&self, timeout: Duration) -> Result<SyncSummary> {
        self.net().sync(timeout).await
    }

    /// Who else is in a course now, and where; by name. Known while a window of ours is in it ([`Core::set_presence`])
    /// and there is a connection.
    pub fn presence(&self, course: &CourseId) -> Vec<Peer> {
        self.net().peers(course)
    }

    /// A window shows this course, and this lesson of it, or no course any more: others see the user there, as long as
    /// there is a connection. Nothing of it is stored.
    pub fn set_presence(&self, window: &str, course: Option<&CourseId>, lesson: Option<&NodeId>) {
        let place = course.map(|course| Spot { course: course.clone(), lesson: lesson.cloned() });
        self.net().place(window, place);
    }

    /// What waits, what is synced, how the connection is.
    ///
    /// # Errors
    /// The replica's.
    pub async fn sync_summary(&self) -> Result<SyncSummary> {
        self.net().sync_summary().await
    }

    /// Tries to connect now rather than at the next try.
    pub fn retry_now(&self) {
        self.net().retry_now();
    }

    /// This computer got another network, or lost one: a link is checked, and where there is none it is tried at once.
    pub fn network_changed(&self) {
        self.net().network_changed();
    }

    /// The feed of a window: batches of what changed. Its page starts with nothing observed, and in no course.
    pub fn subscribe(&self, window: impl Into<WindowId>) -> Feed {
        let window = window.into();
        self.net().place(&window, None);
        self.net().no_caret(&window);
        self.windows().subscribe(window)
    }

    /// What is known about a key, through the cache.
    pub async fn query(&self, key: &QueryKey) -> QueryReply {
        self.windows().query(key).await
    }

    /// The window shows this: it is kept fresh, and the window is told when it changes.
    pub fn observe(&self, window: &str, key: &QueryKey) {
        self.windows().observe(window, key);
    }

    /// The window does not show this any more.
    pub fn unobserve(&self, window: &str, key: &QueryKey) {
        self.windows().unobserve(window, key);
    }
}
