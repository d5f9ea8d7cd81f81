//! The app in a window, and what people do with it.

use super::clock::Clock;
use super::process::{self, Ending};
use super::screen::Screen;
use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use thirtyfour::Capabilities;
use thirtyfour::prelude::*;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_inkhorn");

/// How long a condition may take: generous, since a busy machine is no failure, and nothing waits for it when all is well.
const LIMIT: Duration = Duration::from_secs(60);

/// How long the app may take to leave.
const LEAVE: Duration = Duration::from_secs(15);

/// Pause between two looks at a condition.
const LOOK: Duration = Duration::from_millis(40);

/// An app with its screen and its driver. Ends with the value; [`App::quit`] ends it politely.
pub(crate) struct App {
    pub(crate) driver: WebDriver,
    profile: PathBuf,
    _server: Ending,
    _screen: Screen,
}

/// A running test: the body gets the app, and whatever it answers, the app is closed afterwards.
pub(crate) async fn with_app<T>(
    profile: &Path,
    body: impl AsyncFnOnce(&App) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    run(App::open(profile).await?, body).await
}

/// The same with a clock that the test moves, for the window and its core.
pub(crate) async fn with_app_by_clock<T>(
    profile: &Path,
    clock: &Clock,
    body: impl AsyncFnOnce(&App) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    run(App::start(profile, &clock.environment()?).await?, body).await
}

async fn run<T>(app: App, body: impl AsyncFnOnce(&App) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let answer = body(&app).await;
    if let Err(error) = &answer {
        app.picture(error).await;
    }
    let closed = app.quit().await;
    let answer = answer?;
    closed?;
    Ok(answer)
}

impl App {
    /// Starts the app on a profile and waits until it shows something.
    pub(crate) async fn open(profile: &Path) -> anyhow::Result<Self> {
        Self::start(profile, &[]).await
    }

    async fn start(profile: &Path, environment: &[(&str, String)]) -> anyhow::Result<Self> {
        let screen = Screen::start()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env("DISPLAY", &screen.display)
            .env("GDK_BACKEND", "x11")
            .env_remove("WAYLAND_DISPLAY")
            // No Secret Service: the token goes into the profile, whatever desktop the tests run on.
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("INKHORN_PROFILE", profile)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start WebKitWebDriver (cargo xtask setup installs it)")?;
        let server = Ending(server);
        let driver = connect(port).await?;
        let app = Self { driver, profile: profile.to_owned(), _server: server, _screen: screen };
        let shown = app.wait(
            "the window",
            "return !!document.querySelector('[data-testid=app], [data-testid=trouble]')",
            &[],
        );
        match shown.await {
            Ok(_) => Ok(app),
            Err(error) => {
                let _ = app.quit().await;
                Err(error)
            }
        }
    }

    /// The value of a script's `return`.
    pub(crate) async fn js(&self, script: &str, arguments: &[Value]) -> anyhow::Result<Value> {
        Ok(self.driver.execute(script, arguments.to_vec()).await?.json().clone())
    }

    /// The value that a script hands to its last argument, a callback.
    pub(crate) async fn js_async(&self, script: &str, arguments: &[Value]) -> anyhow::Result<Value> {
        Ok(self.driver.execute_async(script, arguments.to_vec()).await?.json().clone())
    }

    /// Waits until a script returns something true, and gives it.
    pub(crate) async fn wait(&self, what: &str, script: &str, arguments: &[Value]) -> anyhow::Result<Value> {
        let started = Instant::now();
        loop {
            let found = self.js(script, arguments).await;
            match &found {
                Ok(Value::Null | Value::Bool(false)) => {}
                Ok(value) if value.as_str() == Some("") => {}
                Ok(value) => return Ok(value.clone()),
                // The page may be between two documents.
                Err(_) if started.elapsed() < LIMIT => {}
                Err(error) => bail!("waiting for {what}: {error}"),
            }
            ensure!(started.elapsed() < LIMIT, "waited {} s in vain for {what}", LIMIT.as_secs());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until the open lesson can be read, and gives its id.
    pub(crate) async fn lesson(&self) -> anyhow::Result<String> {
        let id = self
            .wait(
                "an open lesson",
                "const page = document.querySelector('[data-testid=lesson]');
                 return page && page.dataset.mode !== 'loading' && page.querySelector('.prose') ? page.dataset.lesson : null",
                &[],
            )
            .await?;
        Ok(id.as_str().unwrap_or_default().to_owned())
    }

    /// Opens a lesson by a click on its row in the outline, which it looks for as with a wheel, and waits until it is shown.
    pub(crate) async fn open_lesson(&self, id: &str) -> anyhow::Result<String> {
        self.wait(
            "a row of the outline",
            "const row = document.getElementById('node-' + arguments[0]);
             row?.click();
             const area = document.querySelector('nav.sidebar-body');
             if (!row && area) {
                 const next = area.scrollTop + area.clientHeight;
                 area.scrollTop = next >= area.scrollHeight ? 0 : next;
             }
             return !!row",
            &[json!(id)],
        )
        .await?;
        let mode = self
            .wait(
                "the lesson",
                "const page = document.querySelector('[data-testid=lesson]');
                 return page?.dataset.lesson === arguments[0] && page.dataset.mode !== 'loading' && page.querySelector('.prose')
                     ? page.dataset.mode : null",
                &[json!(id)],
            )
            .await?;
        Ok(mode.as_str().unwrap_or_default().to_owned())
    }

    /// Opens a course by its title.
    pub(crate) async fn open_course(&self, title: &str) -> anyhow::Result<()> {
        let opened = "const shown = document.querySelector('.course-switch-title')?.textContent;
             const menu = document.querySelector('[data-testid=course-item]');
             if (shown === arguments[0] && !menu && document.querySelector('[data-testid=node]')) return true;
             const card = [...document.querySelectorAll('[data-testid=course-item], [data-testid=course-card], [data-testid=open-course]')]
                 .find(one => one.textContent.includes(arguments[0]));
             if (card) (card.matches('button') ? card : card.querySelector('button') ?? card).click();
             else if (!menu && shown !== arguments[0] && document.querySelector('[data-testid=node]'))
                 document.querySelector('[data-testid=course-switch]')?.click();
             return false";
        self.wait("the course", opened, &[json!(title)]).await.map(drop)
    }

    /// Text of the open lesson's body as it is shown.
    pub(crate) async fn text(&self) -> anyhow::Result<String> {
        let text = self.js("return document.querySelector('.prose')?.textContent ?? ''", &[]).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the body shows a text.
    pub(crate) async fn shows(&self, text: &str) -> anyhow::Result<()> {
        let script = "return document.querySelector('.prose')?.textContent.includes(arguments[0])";
        self.wait(&format!("“{text}” in the lesson"), script, &[json!(text)]).await.map(drop)
    }

    /// Puts the caret behind the first paragraph and types there.
    pub(crate) async fn write(&self, text: &str) -> anyhow::Result<()> {
        let paragraph = self.driver.find(By::Css(".prose > p")).await?;
        paragraph.scroll_into_view().await?;
        paragraph.click().await?;
        self.wait("the caret", "return document.activeElement?.classList.contains('prose')", &[]).await?;
        // The End key would stop at the end of the line that the click hit.
        let end = "getSelection().selectAllChildren(document.querySelector('.prose > p')); getSelection().collapseToEnd()";
        self.js(end, &[]).await?;
        self.keys(text).await?;
        self.shows(text).await
    }

    /// Presses keys, one after the other, wherever the focus is.
    pub(crate) async fn keys(&self, keys: impl Into<TypingData>) -> anyhow::Result<()> {
        self.driver.action_chain().send_keys(keys).perform().await?;
        Ok(())
    }

    /// Presses one key while others are held.
    pub(crate) async fn chord(&self, held: &[Key], key: impl Into<TypingData>) -> anyhow::Result<()> {
        let mut chain = self.driver.action_chain();
        for modifier in held {
            chain = chain.key_down(modifier.clone());
        }
        chain = chain.send_keys(key);
        for modifier in held.iter().rev() {
            chain = chain.key_up(modifier.clone());
        }
        chain.perform().await?;
        Ok(())
    }

    /// Waits until the window says that everything is saved on this computer. What was typed before is on its way by
    /// then: the island says so in the same turn, and two frames later it is on the screen.
    pub(crate) async fn saved(&self) -> anyhow::Result<()> {
        self.js_async("requestAnimationFrame(() => requestAnimationFrame(() => arguments[0](true)))", &[])
            .await?;
        let script = "const pill = document.querySelector('[data-testid=sync-pill]');
             return pill?.dataset.unsaved === 'false' && /(Saved|Everything is) on this computer/.test(pill.title)";
        self.wait("“Saved on this computer”", script, &[]).await.map(drop)
    }

    /// Waits until the pill is in one of these states.
    pub(crate) async fn pill(&self, states: &[&str]) -> anyhow::Result<()> {
        let script =
            "return arguments[0].includes(document.querySelector('[data-testid=sync-pill]')?.dataset.state)";
        self.wait(&format!("the pill to say one of {states:?}"), script, &[json!(states)]).await.map(drop)
    }

    /// Ends the app as a crash would: nothing is flushed, nothing said.
    pub(crate) async fn kill(self) -> anyhow::Result<()> {
        let pid = process::find(PROGRAM, &self.profile).context("the app is not running")?;
        process::signal(pid, "KILL")?;
        ensure!(process::gone(pid, LEAVE), "the app survived a kill");
        // The driver has lost its browser; what it says about that does not matter.
        let _ = self.driver.quit().await;
        Ok(())
    }

    /// Closes the app as the user's log-out would, and waits until it has left.
    pub(crate) async fn quit(self) -> anyhow::Result<()> {
        let pid = process::find(PROGRAM, &self.profile);
        if let Some(pid) = pid {
            process::signal(pid, "TERM")?;
        }
        let left = pid.is_none_or(|pid| process::gone(pid, LEAVE));
        let _ = self.driver.quit().await;
        if let Some(pid) = pid.filter(|_| !left) {
            let _ = process::signal(pid, "KILL");
            bail!("the app did not leave within {} s", LEAVE.as_secs());
        }
        Ok(())
    }

    /// Keeps a picture of a failure beside the build, and says where.
    async fn picture(&self, error: &anyhow::Error) {
        let Some(folder) = Path::new(PROGRAM).parent() else { return };
        let name = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let file = folder.join(format!("failed-{name}.png"));
        if self.driver.screenshot(&file).await.is_ok() {
            eprintln!("{error:#}\nwhat the window showed: {}", file.display());
        }
    }
}

/// Starts the app through the driver. The driver may need a moment until it listens.
async fn connect(port: u16) -> anyhow::Result<WebDriver> {
    let mut wanted = Capabilities::new();
    wanted.set("webkitgtk:browserOptions", json!({ "binary": PROGRAM, "args": [] }))?;
    let started = Instant::now();
    loop {
        match WebDriver::new(format!("http://127.0.0.1:{port}"), wanted.clone()).await {
            Ok(driver) => return Ok(driver),
            Err(_) if started.elapsed() < LIMIT => tokio::time::sleep(LOOK).await,
            Err(error) => return Err(error).context("the app did not start under WebDriver"),
        }
    }
}
