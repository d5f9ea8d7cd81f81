//! Images by content address: `inkhorn-asset://localhost/<sha256>`. What is served cannot act: no script, no
//! style of others, no fetch, whatever the image holds.

use crate::shell::Shell;
use inkhorn_protocol::AssetHash;
use tauri::http::{Request, Response, StatusCode, header};
use tauri::{Manager as _, Runtime, UriSchemeContext, UriSchemeResponder};

/// The scheme; the content security policy names it.
pub(crate) const SCHEME: &str = "inkhorn-asset";

/// Policy of every answer: an SVG may bring its own styles, and nothing else.
const INERT: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

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
        let hash = request.uri().path().trim_start_matches('/').parse::<AssetHash>();
        let found = match hash {
            Ok(hash) => read(&app.state::<Shell>(), &hash).await,
            Err(_) => None,
        };
        let answer = match found {
            Some((mime, bytes)) => Response::builder()
                .header(header::CONTENT_TYPE, mime)
                // The address is the content: it never changes.
                .header(header::CACHE_CONTROL, "private, max-age=31536000, immutable")
                .header(header::CONTENT_SECURITY_POLICY, INERT)
                .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
                .body(bytes),
            None => Response::builder()
                .status(StatusCode::NOT_FOUND)
                // It may arrive later.
                .header(header::CACHE_CONTROL, "no-store")
                .body(Vec::new()),
        };
        responder.respond(answer.unwrap_or_default());
    });
}

async fn read(shell: &Shell, hash: &AssetHash) -> Option<(String, Vec<u8>)> {
    let core = shell.core().await.ok()?;
    let (mime, bytes) = core.asset_bytes(hash).await.ok()??;
    // The type comes from whoever added the file: only images are named as such.
    let mime = if inkhorn_protocol::rest::ASSET_TYPES.contains(&mime.as_str()) {
        mime
    } else {
        "application/octet-stream".to_owned()
    };
    Some((mime, bytes))
}
