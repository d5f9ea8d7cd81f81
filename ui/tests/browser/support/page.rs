//! A browser with the interface in it.

use super::serve;
use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use thirtyfour::common::capabilities::chromium::ChromiumLikeCapabilities as _;
use thirtyfour::prelude::*;

/// How long a condition may take: generous, since a busy machine is no failure, and nothing waits for it when all is well.
const LIMIT: Duration = Duration::from_secs(60);

/// Pause between two looks at a condition.
const LOOK: Duration = Duration::from_millis(25);

/// Headless, on its own, silent: no window, no first run, nothing that it does by itself.
const BROWSER: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,860",
];

/// Runs in the page before anything else: what went wrong is kept for the end of the test, and time can be made short.
const WATCH: &str = "window.inkhornErrors = [];
    const say = console.error; console.error = (...all) => { inkhornErrors.push(all.join(' ')); say(...all) };
    addEventListener('error', event => inkhornErrors.push(event.message));
    addEventListener('unhandledrejection', event => inkhornErrors.push(String(event.reason)));
    const timer = window.setTimeout;
    window.setTimeout = (work, ms, ...rest) => timer(work, window.inkhornShortTime ? 0 : ms, ...rest);";

/// The interface in a browser. Ends with the value; [`with_page`] ends it politely.
pub(crate) struct Page {
    pub(crate) driver: WebDriver,
    url: String,
    /// Where the driver takes commands of the browser's own protocol.
    devtools: String,
    _server: Ending,
    _profile: TempDir,
}

/// A child that is killed and reaped with the value.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running test: the body gets the page, with a lesson open in it. Afterwards nothing must have gone wrong in the page.
pub(crate) async fn with_page(body: impl AsyncFnOnce(&Page) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let page = Page::open().await?;
    let mut answer = body(&page).await;
    if answer.is_ok() {
        answer = page.is_sound().await;
    }
    if let Err(error) = &answer {
        let name = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("failed-{name}.png"));
        if page.driver.screenshot(&file).await.is_ok() {
            eprintln!("{error:#}\nwhat the page showed: {}", file.display());
        }
    }
    let _ = page.driver.clone().quit().await;
    answer
}

impl Page {
    async fn open() -> anyhow::Result<Self> {
        let url = serve::serve(serve::folder()?)?;
        let profile = TempDir::new()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start chromedriver (cargo xtask setup installs it)")?;
        let server = Ending(server);
        let mut wanted = DesiredCapabilities::chrome();
        for argument in BROWSER {
            wanted.add_arg(argument)?;
        }
        wanted.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
        let driver = connect(port, wanted.into()).await?;
        let devtools = format!("http://127.0.0.1:{port}/session/{}/goog/cdp/execute", driver.session_id());
        let page = Self { driver, url, devtools, _server: server, _profile: profile };
        page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH })).await?;
        page.load().await?;
        Ok(page)
    }

    /// Loads the page anew, and waits until a lesson is open.
    pub(crate) async fn load(&self) -> anyhow::Result<()> {
        self.driver.goto(&self.url).await?;
        self.wait("an open lesson", "return !!document.querySelector('[data-testid=lesson] .prose')", &[])
            .await?;
        self.settled().await
    }

    /// A command of the browser's own protocol: what WebDriver has no word for.
    pub(crate) async fn devtools(&self, command: &str, params: Value) -> anyhow::Result<Value> {
        let body = json!({ "cmd": command, "params": params });
        let answer = reqwest::Client::new().post(&self.devtools).json(&body).send().await?;
        Ok(answer.error_for_status()?.json::<Value>().await?["value"].clone())
    }

    /// Nothing went wrong in the page, as far as it knows.
    async fn is_sound(&self) -> anyhow::Result<()> {
        let errors = self.js("return window.inkhornErrors", &[]).await?;
        ensure!(errors == json!([]), "the page says: {errors}");
        Ok(())
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
            match self.js(script, arguments).await? {
                Value::Null | Value::Bool(false) => {}
                value if value.as_str() == Some("") => {}
                value => return Ok(value),
            }
            ensure!(started.elapsed() < LIMIT, "waited {} s in vain for {what}", LIMIT.as_secs());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until an element is there.
    pub(crate) async fn sees(&self, css: &str) -> anyhow::Result<()> {
        self.wait(css, "return !!document.querySelector(arguments[0])", &[json!(css)]).await.map(drop)
    }

    /// Waits until an element is gone.
    pub(crate) async fn sees_no(&self, css: &str) -> anyhow::Result<()> {
        self.wait(css, "return !document.querySelector(arguments[0])", &[json!(css)]).await.map(drop)
    }

    /// Waits until the text, or the value, of an element contains something.
    pub(crate) async fn reads(&self, css: &str, text: &str) -> anyhow::Result<()> {
        let script = "const one = document.querySelector(arguments[0]);
             return !!one && (one.matches('input, textarea') ? one.value : one.textContent).includes(arguments[1])";
        let waited = self.wait(&format!("“{text}” in {css}"), script, &[json!(css), json!(text)]).await;
        if let Err(error) = waited {
            bail!("{error}; it says “{}”", self.text(css).await?);
        }
        Ok(())
    }

    /// Text, or value, of an element; empty when it is not there.
    pub(crate) async fn text(&self, css: &str) -> anyhow::Result<String> {
        let script = "const one = document.querySelector(arguments[0]);
             return one?.matches('input, textarea') ? one.value : one?.textContent ?? ''";
        Ok(self.js(script, &[json!(css)]).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Clicks an element as a person does, once it is there.
    pub(crate) async fn click(&self, css: &str) -> anyhow::Result<()> {
        self.sees(css).await?;
        self.driver.find(By::Css(css)).await?.click().await?;
        Ok(())
    }

    /// Opens the menu at the end of the bar and takes an entry.
    pub(crate) async fn menu(&self, entry: &str) -> anyhow::Result<()> {
        self.click("[data-testid=more]").await?;
        self.click(&format!("[data-testid={entry}]")).await
    }

    /// Presses keys, one after the other, wherever the focus is.
    pub(crate) async fn keys(&self, keys: impl Into<TypingData>) -> anyhow::Result<()> {
        self.driver.action_chain().send_keys(keys).perform().await?;
        Ok(())
    }

    /// Puts a text where the caret is, in one step: typed key by key on a busy machine it can become two steps to undo.
    pub(crate) async fn puts(&self, text: &str) -> anyhow::Result<()> {
        self.devtools("Input.insertText", json!({ "text": text })).await.map(drop)
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

    /// Selects all the text of the field that has the focus, so that typing replaces it.
    pub(crate) async fn select_all(&self) -> anyhow::Result<()> {
        self.js("document.activeElement.select()", &[]).await.map(drop)
    }

    /// Plays the core: see `ui/src/bridge/mock/control.rs`.
    pub(crate) async fn mock(&self, control: Value) -> anyhow::Result<Value> {
        let script = "return JSON.parse(window.inkhornMock(JSON.stringify(arguments[0])))";
        let answer = self.js(script, std::slice::from_ref(&control)).await?;
        ensure!(answer["failure"].is_null(), "the mock cannot do {control}: {answer}");
        Ok(answer)
    }

    /// How often a command, or `query <path>`, was called.
    pub(crate) async fn calls(&self, of: &str) -> anyhow::Result<u64> {
        Ok(self.mock(json!({ "do": "calls" })).await?[of].as_u64().unwrap_or(0))
    }

    /// Waits until a command was given with arguments that hold all of these.
    pub(crate) async fn commanded(&self, command: &str, holds: Value) -> anyhow::Result<()> {
        let script = "const log = JSON.parse(window.inkhornMock(JSON.stringify({ do: 'log' })));
             return log.some(([name, args]) => name === arguments[0]
                 && Object.entries(arguments[1]).every(([key, value]) => JSON.stringify(args[key]) === JSON.stringify(value)))";
        self.wait(&format!("the command {command} {holds}"), script, &[json!(command), holds.clone()])
            .await
            .map(drop)
    }

    /// Waits until the page has nothing left to do: no command is given, and nothing drawn, for some frames.
    pub(crate) async fn settled(&self) -> anyhow::Result<()> {
        let script = "const done = arguments[arguments.length - 1];
             let quiet = 0, calls = '';
             const watch = new MutationObserver(() => { quiet = 0 });
             watch.observe(document.getElementById('main'), { subtree: true, childList: true, attributes: true, characterData: true });
             const look = () => {
                 const now = window.inkhornMock(JSON.stringify({ do: 'calls' }));
                 quiet = now === calls ? quiet + 1 : 0;
                 calls = now;
                 if (quiet > 10) { watch.disconnect(); done(true) } else requestAnimationFrame(look);
             };
             look()";
        self.js_async(script, &[]).await.map(drop)
    }
}

/// Starts the browser through its driver, which may need a moment until it listens.
async fn connect(port: u16, wanted: Capabilities) -> anyhow::Result<WebDriver> {
    let started = Instant::now();
    loop {
        match WebDriver::new(format!("http://127.0.0.1:{port}"), wanted.clone()).await {
            Ok(driver) => return Ok(driver),
            Err(_) if started.elapsed() < LIMIT => tokio::time::sleep(LOOK).await,
            Err(error) => return Err(error).context("the browser did not start"),
        }
    }
}
