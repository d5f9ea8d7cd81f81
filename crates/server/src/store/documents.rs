//! Documents: the log, checkpoints, and which account a client id belongs to.

use super::Store;
use crate::engine::event::Batch;
use crate::engine::log::Log;
use crate::engine::{Content, Loaded, LogError};
use inkhorn_protocol::{CourseId, DocId};
use std::collections::{BTreeMap, BTreeSet};

/// Nothing was written by a read.
fn unread(error: impl std::fmt::Display) -> LogError {
    LogError::RolledBack(error.to_string())
}

impl Store {
    async fn read_document(&self, doc: &DocId) -> Result<Loaded, LogError> {
        let mut tx = self.read.begin().await.map_err(unread)?;
        let (id, doc_seq): (i64, i64) = sqlx::query_as("SELECT id, doc_seq FROM documents WHERE name = ?")
            .bind(doc.to_string())
            .fetch_one(&mut *tx)
            .await
            .map_err(unread)?;
        let checkpoint: Option<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT doc_seq, bytes FROM checkpoints WHERE document = ?")
                .bind(id)
                .fetch_optional(&mut *tx)
                .await
                .map_err(unread)?;
        let from = checkpoint.as_ref().map_or(0, |c| c.0);
        let entries: Vec<(Vec<u8>,)> =
            sqlx::query_as("SELECT bytes FROM log WHERE document = ? AND doc_seq > ? ORDER BY doc_seq")
                .bind(id)
                .bind(from)
                .fetch_all(&mut *tx)
                .await
                .map_err(unread)?;
        let claims: Vec<(i64, String)> = sqlx::query_as("SELECT client, user FROM claims WHERE document = ?")
            .bind(id)
            .fetch_all(&mut *tx)
            .await
            .map_err(unread)?;
        drop(tx);
        let doc = doc.clone();
        // A long log takes milliseconds to index, which others need not wait for.
        tokio::task::spawn_blocking(move || {
            let mut content = Content::new(&doc);
            let since_checkpoint = entries.len() as u64;
            let parts = checkpoint.into_iter().map(|c| c.1).chain(entries.into_iter().map(|e| e.0));
            for bytes in parts {
                content.replay(&bytes).map_err(|e| unread(format!("the log of {doc} is damaged: {e}")))?;
            }
            let claims = claims.into_iter().map(|(client, user)| (client as u64, user.into())).collect();
            Ok(Loaded { content, doc_seq: doc_seq as u64, since_checkpoint, claims })
        })
        .await
        .map_err(unread)?
    }

    async fn write_batch(&self, batch: &Batch) -> Result<Vec<(CourseId, u64)>, sqlx::Error> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let mut heads: BTreeMap<&CourseId, u64> = BTreeMap::new();
        for course in batch.entries.iter().map(|e| &e.course).collect::<BTreeSet<_>>() {
            let seq: i64 = sqlx::query_scalar("UPDATE courses SET seq = seq + 1 WHERE id = ? RETURNING seq")
                .bind(course.as_str())
                .fetch_one(&mut *tx)
                .await?;
            heads.insert(course, seq as u64);
        }
        for entry in &batch.entries {
            let head = heads.get(&entry.course).copied().unwrap_or(0);
            // The old head is part of the condition: whatever else wrote to this log, the order has no hole and no fork.
            let document: i64 = sqlx::query_scalar(
                "UPDATE documents SET doc_seq = ?, changed_seq = ? WHERE name = ? AND doc_seq = ? RETURNING id",
            )
            .bind(entry.doc_seq as i64)
            .bind(head as i64)
            .bind(entry.doc.to_string())
            .bind(entry.doc_seq as i64 - 1)
            .fetch_one(&mut *tx)
            .await?;
            sqlx::query("INSERT INTO log (document, doc_seq, user, at_ms, bytes) VALUES (?, ?, ?, ?, ?)")
                .bind(document)
                .bind(entry.doc_seq as i64)
                .bind(entry.user.as_ref())
                .bind(entry.at_ms as i64)
                .bind(entry.bytes.as_ref())
                .execute(&mut *tx)
                .await?;
            for client in &entry.claims {
                sqlx::query("INSERT OR IGNORE INTO claims (document, client, user) VALUES (?, ?, ?)")
                    .bind(document)
                    .bind(*client as i64)
                    .bind(entry.user.as_ref())
                    .execute(&mut *tx)
                    .await?;
            }
        }
        // With synchronous = FULL this returns behind the fdatasync of the write-ahead log.
        tx.commit().await?;
        Ok(heads.into_iter().map(|(course, seq)| (course.clone(), seq)).collect())
    }

    /// Whether the heads of a batch's documents are those from before it.
    async fn is_as_before(&self, batch: &Batch) -> bool {
        let mut before: BTreeMap<&DocId, u64> = BTreeMap::new();
        for entry in &batch.entries {
            before.entry(&entry.doc).or_insert(entry.doc_seq - 1);
        }
        for (doc, seq) in before {
            let head: Result<i64, _> = sqlx::query_scalar("SELECT doc_seq FROM documents WHERE name = ?")
                .bind(doc.to_string())
                .fetch_one(&self.write)
                .await;
            if !head.is_ok_and(|head| head as u64 == seq) {
                return false;
            }
        }
        true
    }
}

impl Log for Store {
    async fn load(&self, doc: &DocId) -> Result<Loaded, LogError> {
        let loaded = self.read_document(doc).await;
        if let Err(error) = &loaded {
            tracing::error!(%doc, %error, "a document could not be read");
        }
        loaded
    }

    async fn commit(&self, batch: Batch) -> Result<Vec<(CourseId, u64)>, LogError> {
        match self.write_batch(&batch).await {
            Ok(heads) => Ok(heads),
            Err(error) => {
                tracing::error!(%error, entries = batch.entries.len(), "a batch could not be saved");
                if self.is_as_before(&batch).await {
                    Err(LogError::RolledBack(error.to_string()))
                } else {
                    Err(LogError::Uncertain(error.to_string()))
                }
            }
        }
    }

    async fn checkpoint(&self, doc: &DocId, doc_seq: u64, bytes: Vec<u8>) -> Result<(), LogError> {
        sqlx::query(
            "INSERT INTO checkpoints (document, doc_seq, bytes) SELECT id, ?, ? FROM documents WHERE name = ?
             ON CONFLICT (document) DO UPDATE SET doc_seq = excluded.doc_seq, bytes = excluded.bytes
             WHERE excluded.doc_seq > checkpoints.doc_seq",
        )
        .bind(doc_seq as i64)
        .bind(bytes)
        .bind(doc.to_string())
        .execute(&self.write)
        .await
        .map_err(unread)?;
        Ok(())
    }
}
