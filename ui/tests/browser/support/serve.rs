//! A server for one folder of files: what a plain browser needs to load the interface.

use anyhow::{Context, ensure};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

/// The interface with its mock bridge, as `cargo xtask ui --mock` builds it.
pub(crate) fn folder() -> anyhow::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target").join("ui-mock");
    ensure!(folder.join("index.html").is_file(), "build the interface first: cargo xtask ui --mock");
    Ok(folder)
}

/// Serves a folder on this computer for as long as the process lives; gives the address of its page.
pub(crate) fn serve(folder: PathBuf) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let folder = folder.clone();
            // A browser opens several connections and leaves some of them idle.
            std::thread::spawn(move || answer(stream, &folder));
        }
    });
    Ok(format!("http://{address}/index.html"))
}

fn answer(stream: TcpStream, folder: &Path) -> anyhow::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().context("no request")??;
    for line in lines.by_ref() {
        if line?.is_empty() {
            break;
        }
    }
    let path = first.split(' ').nth(1).unwrap_or("/").split(['?', '#']).next().unwrap_or("/");
    let file = folder.join(path.trim_start_matches('/'));
    // The only clients are the browsers of these tests; still, nothing outside of the folder is theirs.
    let body = if path.contains("..") { None } else { std::fs::read(&file).ok() };
    let mut stream = stream;
    match body {
        Some(body) => {
            let kind = match file.extension().and_then(|ending| ending.to_str()) {
                Some("html") => "text/html",
                Some("js") => "text/javascript",
                Some("css") => "text/css",
                Some("svg") => "image/svg+xml",
                // Without it a browser does not compile while it loads.
                Some("wasm") => "application/wasm",
                Some("woff2") => "font/woff2",
                _ => "application/octet-stream",
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(&body)?;
        }
        None => {
            // The browser asks for an icon by itself; that there is none is no error of the page.
            let status = if path == "/favicon.ico" { "204 No Content" } else { "404 Not Found" };
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
        }
    }
    Ok(())
}
