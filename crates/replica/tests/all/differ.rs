//! Provable sync: a document that differs from the server's although nothing is under way is seen, mended, and said; and
//! what was here is not thrown away.

use crate::common::{lesson_doc, texts, write};
use crate::sync::Run;
use inkhorn_protocol::session::Reason;
use sqlx::{Connection, Row, SqliteConnection};
use std::path::Path;

/// A course in which the second of two has what the first has written.
async fn with_a_word(seed: u64) -> Run {
    let mut run = Run::new(seed, 2).await;
    write(&run.clients[0].replica, "a horn").await.expect("saved");
    run.written.insert("a horn".to_owned());
    run.agree(seed).await;
    run
}

/// Changes letters in the file of a profile that nobody has open: as long as they were, so that it still reads.
async fn spoil(dir: &Path, from: &str, to: &str) {
    let mut db = SqliteConnection::connect(&format!("sqlite://{}", dir.join("inkhorn.db").display()))
        .await
        .expect("opens");
    let mut spoilt = 0;
    for (select, update) in [
        ("SELECT doc, version, bytes FROM log", "UPDATE log SET bytes = ? WHERE doc = ? AND version = ?"),
        (
            "SELECT doc, version, bytes FROM snapshot",
            "UPDATE snapshot SET bytes = ? WHERE doc = ? AND version = ?",
        ),
    ] {
        for row in sqlx::query(select).fetch_all(&mut db).await.expect("reads") {
            let mut bytes: Vec<u8> = row.get("bytes");
            let Some(at) = bytes.windows(from.len()).position(|part| part == from.as_bytes()) else {
                continue;
            };
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            let (doc, version): (i64, i64) = (row.get("doc"), row.get("version"));
            sqlx::query(update).bind(bytes).bind(doc).bind(version).execute(&mut db).await.expect("writes");
            spoilt += 1;
        }
    }
    assert!(spoilt > 0, "{from:?} is not there");
    db.close().await.expect("closes");
}

#[tokio::test]
async fn a_document_that_was_damaged_here_is_mended_from_the_server_and_the_copy_is_kept() {
    let mut run = with_a_word(21).await;
    let dir = run.clients[1].dir.path().to_owned();
    run.clients[1].disconnect(&mut run.server);
    run.clients[1].replica.close().await;
    spoil(&dir, "horn", "born").await;
    let client = &mut run.clients[1];
    client.restart(99, &mut run.server).await;
    assert_eq!(texts(&client.replica).await, ["a born"]);
    // What was written on top of it meanwhile is nobody's damage.
    write(&client.replica, "of ink").await.expect("saved");
    run.written.insert("of ink".to_owned());
    for _ in 0..2 {
        run.clients[1].connect(&mut run.server).await;
        run.quiesce().await;
    }
    let client = &mut run.clients[1];
    assert_eq!(std::mem::take(&mut client.differed), [(lesson_doc(), true)]);
    assert_eq!(texts(&client.replica).await, ["a horn", "of ink"]);
    let kept = client.replica.rejected().await.expect("lists");
    assert_eq!(kept.len(), 1, "{kept:?}");
    let part = client.replica.rejected_part(kept[0].id).await.expect("reads").expect("kept");
    assert_eq!((part.reason, part.doc), (Reason::Differed, lesson_doc()));
    assert!(part.bytes.windows(6).any(|word| word == b"a born"));
    // The user lets the copy go; the document stays.
    client.replica.discard_rejected(&lesson_doc()).await.expect("let go");
    run.agree(21).await;
}

#[tokio::test]
async fn a_server_that_says_something_else_for_ever_is_told_of_once_a_connection_and_nothing_is_sent_for_ever()
 {
    let mut run = with_a_word(22).await;
    run.server.lies = true;
    for connection in 1..5 {
        run.clients[1].connect(&mut run.server).await;
        run.quiesce().await;
        let client = &mut run.clients[1];
        for (doc, mended) in std::mem::take(&mut client.differed) {
            assert_eq!((doc, mended), (lesson_doc(), false), "connection {connection}");
        }
        assert_eq!(texts(&client.replica).await, ["a horn"]);
        assert!(
            client.replica.rejected().await.expect("lists").is_empty(),
            "there is no other content to keep"
        );
    }
}
