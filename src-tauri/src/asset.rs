//! Files of lessons by content address: `inkhorn-asset://localhost/<sha256>`. What is served cannot act: no script, no
//! style of others, no fetch, whatever the file holds. Parts are served, too: that is how a player finds its place.

use crate::shell::Shell;
use inkhorn_core::Range;
use inkhorn_protocol::{AssetHash, media};
use tauri::http::{HeaderMap, Request, Response, StatusCode, header, response::Builder};
use tauri::{Manager as _, Runtime, UriSchemeContext, UriSchemeResponder};

/// The scheme; the content security policy names it.
pub(crate) const SCHEME: &str = "inkhorn-asset";

/// Policy of every answer: an SVG may bring its own styles, and nothing else.
const INERT: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// The app's own page, by platform. No other may read an answer, an embedded page least of all.
const OWN_PAGES: [&str; 3] = ["tauri://localhost", "http://tauri.localhost", "https://tauri.localhost"];

/// Address of an asset.
pub(crate) fn url(hash: &AssetHash) -> String {
    if cfg!(any(windows, target_os = "android")) {
        format!("http://{SCHEME}.localhost/{hash}")
    } else {
        format!("{SCHEME}://localhost/{hash}")
    }
}

/// Answers one request.
pub(crate) fn serve<R: Runtime>(
    context: UriSchemeContext<'_, R>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let app = context.app_handle().clone();
    tauri::async_runtime::spawn(async move {
        let answer = Builder::new();
        let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        let answer = match origin.filter(|origin| OWN_PAGES.contains(origin)) {
            Some(origin) => answer
                .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin)
                .header(header::ACCESS_CONTROL_ALLOW_HEADERS, "range")
                .header(header::ACCESS_CONTROL_EXPOSE_HEADERS, "content-range, accept-ranges"),
            None => answer,
        };
        let hash = request.uri().path().trim_start_matches('/').parse::<AssetHash>();
        let answer = match hash {
            // The question before the question of another origin.
            _ if request.method() == "OPTIONS" => {
                answer.status(StatusCode::NO_CONTENT).header(header::ALLOW, "GET").body(Vec::new())
            }
            Ok(hash) => read(answer, &app.state::<Shell>(), &hash, range(request.headers())).await,
            Err(_) => missing(answer),
        };
        responder.respond(answer.unwrap_or_default());
    });
}

type Answer = tauri::http::Result<Response<Vec<u8>>>;

fn missing(answer: Builder) -> Answer {
    // It may arrive later.
    answer.status(StatusCode::NOT_FOUND).header(header::CACHE_CONTROL, "no-store").body(Vec::new())
}

async fn read(answer: Builder, shell: &Shell, hash: &AssetHash, range: Option<Range>) -> Answer {
    let Ok(core) = shell.core().await else { return missing(answer) };
    let Some(range) = range else {
        return match core.asset_bytes(hash).await {
            Ok(Some((mime, bytes))) => found(answer, &mime).body(bytes),
            _ => missing(answer),
        };
    };
    match core.asset_part(hash, &range).await {
        Ok(Some(part)) => {
            let (status, said) = match part.range {
                Some(at) => {
                    (StatusCode::PARTIAL_CONTENT, format!("bytes {}-{}/{}", at.start, at.end - 1, part.total))
                }
                None => (StatusCode::RANGE_NOT_SATISFIABLE, format!("bytes */{}", part.total)),
            };
            found(answer, &part.mime).status(status).header(header::CONTENT_RANGE, said).body(part.bytes)
        }
        _ => missing(answer),
    }
}

fn found(answer: Builder, mime: &str) -> Builder {
    // The type comes from whoever added the file: only what is shown or played is named as such.
    let mime = if media::is_known(mime) { mime } else { media::OPAQUE };
    answer
        .header(header::CONTENT_TYPE, mime)
        // The address is the content: it never changes.
        .header(header::CACHE_CONTROL, "private, max-age=31536000, immutable")
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CONTENT_SECURITY_POLICY, INERT)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
}

/// The one range that a request asks for; several at once, or what is none, are answered with the whole, as HTTP allows.
fn range(headers: &HeaderMap) -> Option<Range> {
    let (from, last) =
        headers.get(header::RANGE)?.to_str().ok()?.trim().strip_prefix("bytes=")?.split_once('-')?;
    if from.is_empty() {
        return last.parse().ok().map(Range::Last);
    }
    let from = from.parse().ok()?;
    if last.is_empty() {
        return Some(Range::From(from, None));
    }
    let last: u64 = last.parse().ok().filter(|last| *last >= from)?;
    Some(Range::From(from, last.checked_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_says_them_and_what_is_none_is_the_whole() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, header::HeaderValue::from_static(text));
            range(&headers)
        };
        assert_eq!(read("bytes=0-3"), Some(Range::From(0, Some(4))));
        assert_eq!(read("bytes=7-"), Some(Range::From(7, None)));
        assert_eq!(read("bytes=-5"), Some(Range::Last(5)));
        assert_eq!(read("bytes=0-18446744073709551615"), Some(Range::From(0, None)));
        for whole in ["bytes=5-3", "bytes=0-1,3-4", "bytes=", "bytes=-", "items=0-3", "bytes=a-b"] {
            assert_eq!(read(whole), None, "{whole}");
        }
        assert_eq!(range(&HeaderMap::new()), None);
    }
}
