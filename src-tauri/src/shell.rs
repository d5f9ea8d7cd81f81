//! What the shell holds: the open core and the channels of the window.

use crate::Options;
use crate::forward::{Feeding, Lessons};
use inkhorn_core::{Config, Core};
use inkhorn_protocol::CourseId;
use inkhorn_protocol::window::{Boot, Failure};
use std::path::{Path, PathBuf};
use tokio::sync::{Mutex, Notify, RwLock};

/// How another program that finds the profile in use names this one.
const HOLDER: &str = "Inkhorn";

/// State of the app.
pub(crate) struct Shell {
    options: Options,
    profile: PathBuf,
    /// Open while there is a window; a trouble screen has none.
    core: RwLock<Option<Core>>,
    /// Only one start at a time: a reloaded page starts again.
    starting: Mutex<()>,
    pub(crate) feeding: Mutex<Option<Feeding>>,
    pub(crate) lessons: Mutex<Lessons>,
    /// The window says that its last edit is with the core.
    pub(crate) flushed: Notify,
}

impl Shell {
    pub(crate) fn new(options: Options) -> Self {
        let profile = options.profile.clone().unwrap_or_else(Core::default_profile);
        Self {
            options,
            profile,
            core: RwLock::new(None),
            starting: Mutex::new(()),
            feeding: Mutex::new(None),
            lessons: Mutex::new(Lessons::default()),
            flushed: Notify::new(),
        }
    }

    pub(crate) fn profile(&self) -> &Path {
        &self.profile
    }

    /// The open core.
    pub(crate) async fn core(&self) -> Result<Core, Failure> {
        let core = self.core.read().await.clone();
        core.ok_or_else(|| Failure::other("The profile is not open. Nothing was changed."))
    }

    /// Opens the profile if it is not open, and says what to show.
    pub(crate) async fn boot(&self) -> Boot {
        let _one_at_a_time = self.starting.lock().await;
        let profile = self.profile.display().to_string();
        match self.start().await {
            Ok((course, notice)) => Boot::Ready { profile, course, notice },
            Err(failure) => Boot::Trouble { profile, failure },
        }
    }

    async fn start(&self) -> Result<(Option<CourseId>, Option<String>), Failure> {
        let open = self.core.read().await.clone();
        let core = match open {
            Some(core) => core,
            None => {
                let core = Core::open(Config::online(&self.profile, HOLDER)).await?;
                *self.core.write().await = Some(core.clone());
                self.sign_in(&core).await;
                core
            }
        };
        // The tour of Inkhorn on the first start, else whatever is there.
        let course = match core.first_start().await? {
            Some(sample) => Some(sample),
            None => core.courses().await?.first().map(|course| course.id.clone()),
        };
        Ok((course, core.notice()))
    }

    /// Signs in with what the environment names, unless somebody is signed in. In the background: the window does
    /// not wait for a server.
    async fn sign_in(&self, core: &Core) {
        let Some((server, token)) = self.options.server.clone() else { return };
        if !matches!(core.account().await, Ok(None)) {
            return;
        }
        let core = core.clone();
        tokio::spawn(async move {
            if let Err(error) = core.login(&server, &token, false).await {
                tracing::warn!(%error, "cannot sign in with INKHORN_SERVER and INKHORN_TOKEN");
            }
        });
    }

    /// Closes the profile; twice does no harm.
    pub(crate) async fn close(&self) {
        let core = self.core.write().await.take();
        self.lessons.lock().await.clear();
        self.feeding.lock().await.take();
        if let Some(core) = core {
            core.close().await;
        }
    }
}
