//! Assets over HTTP.

use super::client::Running;
use reqwest::{Method, RequestBuilder, Response};
use sha2::{Digest, Sha256};

fn png(len: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend((0..len).map(|n| (n * 7) as u8));
    bytes
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn request(running: &Running, who: &str, method: Method, hash: &str) -> RequestBuilder {
    let url = running.url(&format!("courses/c/assets/{hash}"));
    reqwest::Client::new().request(method, url).bearer_auth(running.token(who))
}

async fn put(running: &Running, who: &str, hash: &str, kind: &str, bytes: Vec<u8>) -> Response {
    request(running, who, Method::PUT, hash).header("content-type", kind).body(bytes).send().await.unwrap()
}

#[tokio::test]
async fn an_asset_comes_back_as_it_was_and_can_do_nothing_in_a_browser() {
    let running = Running::start(&[]).await;
    let bytes = png(100_000);
    let name = hash(&bytes);
    assert_eq!(request(&running, "vic", Method::HEAD, &name).send().await.unwrap().status(), 404);
    assert_eq!(put(&running, "ben", &name, "image/png", bytes.clone()).await.status(), 201);
    assert_eq!(put(&running, "ben", &name, "image/png", bytes.clone()).await.status(), 200, "again is fine");
    let head = request(&running, "vic", Method::HEAD, &name).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.headers()["content-length"].to_str().unwrap()), (200, "100008"));
    let got = request(&running, "vic", Method::GET, &name).send().await.unwrap();
    assert_eq!(got.headers()["x-content-type-options"], "nosniff");
    assert_eq!(got.bytes().await.unwrap(), bytes);
    let rest =
        request(&running, "vic", Method::GET, &name).header("range", "bytes=99999-").send().await.unwrap();
    assert_eq!(rest.status(), 206);
    assert_eq!(rest.bytes().await.unwrap(), bytes[99_999..]);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    let name = hash(&svg);
    assert_eq!(put(&running, "ben", &name, "image/svg+xml", svg).await.status(), 201);
    let got = request(&running, "vic", Method::GET, &name).send().await.unwrap();
    assert_eq!(got.headers()["content-disposition"], "attachment");
    assert_eq!(got.headers()["content-security-policy"], "default-src 'none'; sandbox");
    running.server.stop().await;
}

#[tokio::test]
async fn media_and_files_of_any_type_are_taken_and_a_program_is_only_handed_out() {
    let running = Running::start(&[]).await;
    let film = b"\0\0\0\x20ftypisom and so on".to_vec();
    assert_eq!(put(&running, "ben", &hash(&film), "video/mp4", film.clone()).await.status(), 201);
    let got = request(&running, "vic", Method::GET, &hash(&film)).send().await.unwrap();
    assert_eq!(got.headers()["content-disposition"], "inline");
    let program = b"\x7fELF program".to_vec();
    assert_eq!(put(&running, "ben", &hash(&program), "video/mp4", program.clone()).await.status(), 415);
    let kind = "application/octet-stream";
    assert_eq!(put(&running, "ben", &hash(&program), kind, program.clone()).await.status(), 201);
    let got = request(&running, "vic", Method::GET, &hash(&program)).send().await.unwrap();
    assert_eq!(got.headers()["content-disposition"], "attachment");
    assert_eq!(got.headers()["content-type"], kind);
    assert_eq!(got.bytes().await.unwrap(), program);
    running.server.stop().await;
}

#[tokio::test]
async fn what_is_not_what_it_says_is_refused() {
    let running = Running::start(&[]).await;
    let bytes = png(10);
    let name = hash(&bytes);
    assert_eq!(put(&running, "ann", &hash(b"other"), "image/png", bytes.clone()).await.status(), 400);
    assert_eq!(put(&running, "ann", &name, "text/html", bytes.clone()).await.status(), 415);
    let page = b"<html>".to_vec();
    assert_eq!(put(&running, "ann", &hash(&page), "image/png", page).await.status(), 415);
    assert_eq!(put(&running, "ann", "nonsense", "image/png", bytes.clone()).await.status(), 400);
    let large = put(&running, "ann", &name, "image/png", png(26 * 1024 * 1024)).await;
    assert_eq!(large.status(), 413);
    assert_eq!(put(&running, "vic", &name, "image/png", bytes.clone()).await.status(), 403);
    assert_eq!(put(&running, "eve", &name, "image/png", bytes.clone()).await.status(), 403);
    assert_eq!(put(&running, "ann", &name, "image/png", bytes).await.status(), 201);
    assert_eq!(request(&running, "eve", Method::GET, &name).send().await.unwrap().status(), 403);
    assert_eq!(request(&running, "eve", Method::HEAD, &name).send().await.unwrap().status(), 403);
    running.server.stop().await;
}

#[tokio::test]
async fn an_upload_goes_on_where_it_stopped() {
    let running = Running::start(&[]).await;
    let bytes = png(50_000);
    let name = hash(&bytes);
    let total = bytes.len();
    let part = |from: usize, to: usize| {
        request(&running, "ann", Method::PUT, &name)
            .header("content-type", "image/png")
            .header("content-range", format!("bytes {from}-{}/{total}", to - 1))
            .body(bytes[from..to].to_vec())
            .send()
    };
    let first = part(0, 20_000).await.unwrap();
    assert_eq!(
        (first.status().as_u16(), &first.headers()["upload-offset"]),
        (202, &"20000".parse().unwrap())
    );
    let head = request(&running, "ann", Method::HEAD, &name).send().await.unwrap();
    assert_eq!((head.status().as_u16(), &head.headers()["upload-offset"]), (404, &"20000".parse().unwrap()));
    let hole = part(30_000, total).await.unwrap();
    assert_eq!((hole.status().as_u16(), &hole.headers()["upload-offset"]), (409, &"20000".parse().unwrap()));
    assert_eq!(part(20_000, total).await.unwrap().status(), 201);
    let got = request(&running, "ben", Method::GET, &name).send().await.unwrap();
    assert_eq!(got.bytes().await.unwrap(), bytes);
    running.server.stop().await;
}
