//! Accounts and tokens.

use super::{Store, StoreError, fresh_id, now_ms};
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id.
    pub id: String,
    /// E-mail.
    pub email: String,
    /// Name that others see.
    pub name: String,
}

/// How long a token lives without being used. Who opens the app once a term is not asked for a password each time.
pub const SIGN_IN: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Longest password, in bytes: hashing a longer one would only cost time.
const MAX_PASSWORD_BYTES: usize = 1_024;

/// What the store keeps of a token. A token is 256 random bits, so it needs no salt and no slow hash.
pub fn hash_token(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| StoreError::Io(std::io::Error::other(e.to_string())))?;
    Ok(bytes)
}

fn hash_password(password: &str) -> Result<String, StoreError> {
    let failed = |what: String| StoreError::Missing(what);
    let salt = SaltString::encode_b64(&random::<16>()?).map_err(|e| failed(e.to_string()))?;
    let hash =
        Argon2::default().hash_password(password.as_bytes(), &salt).map_err(|e| failed(e.to_string()))?;
    Ok(hash.to_string())
}

impl Store {
    /// Makes an account; an existing one gets the new password (and name, where one is given).
    ///
    /// # Errors
    /// [`StoreError::Missing`] when the e-mail or password cannot be used.
    pub async fn put_user(
        &self,
        email: &str,
        name: Option<&str>,
        password: &str,
    ) -> Result<Account, StoreError> {
        let email = email.trim();
        if !email.contains('@') || email.len() > 254 {
            return Err(StoreError::Missing(format!("'{email}' is not an e-mail address")));
        }
        if password.is_empty() || password.len() > MAX_PASSWORD_BYTES {
            return Err(StoreError::Missing(format!("a password has 1 to {MAX_PASSWORD_BYTES} bytes")));
        }
        let hash = hash_password(password)?;
        let first_part = email.split('@').next().unwrap_or(email);
        sqlx::query(
            "INSERT INTO users (id, email, name, password, created_ms) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (email) DO UPDATE SET password = excluded.password, name = coalesce(?, name)",
        )
        .bind(fresh_id())
        .bind(email)
        .bind(name.unwrap_or(first_part))
        .bind(hash)
        .bind(now_ms() as i64)
        .bind(name)
        .execute(&self.write)
        .await?;
        self.account(email).await
    }

    /// The account with this e-mail.
    ///
    /// # Errors
    /// [`StoreError::Missing`].
    pub async fn account(&self, email: &str) -> Result<Account, StoreError> {
        let row: Option<(String, String, String)> =
            sqlx::query_as("SELECT id, email, name FROM users WHERE email = ?")
                .bind(email.trim())
                .fetch_optional(&self.write)
                .await?;
        row.map(|(id, email, name)| Account { id, email, name }).ok_or_else(|| {
            StoreError::Missing(format!(
                "there is no account '{email}'; make one with: inkhorn-server user add"
            ))
        })
    }

    /// A fresh token of an account; it ends when it is not used for [`SIGN_IN`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_token(&self, account: &Account) -> Result<String, StoreError> {
        self.add_token_for(account, SIGN_IN).await
    }

    /// A fresh token of an account; it ends when it is not used for so long.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_token_for(&self, account: &Account, life: Duration) -> Result<String, StoreError> {
        let token = URL_SAFE_NO_PAD.encode(random::<32>()?);
        let (now, life) = (now_ms() as i64, i64::try_from(life.as_millis()).unwrap_or(i64::MAX));
        sqlx::query(
            "INSERT INTO tokens (hash, user, created_ms, life_ms, expires_ms) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(hash_token(&token))
        .bind(&account.id)
        .bind(now)
        .bind(life)
        .bind(now.saturating_add(life))
        .execute(&self.write)
        .await?;
        Ok(token)
    }

    /// Withdraws all tokens of an account; gives how many there were. Its connections end within a second.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_tokens(&self, account: &Account) -> Result<u64, StoreError> {
        let mut tx = self.write.begin().await?;
        sqlx::query("INSERT INTO revoked (hash, at_ms) SELECT hash, ? FROM tokens WHERE user = ?")
            .bind(now_ms() as i64)
            .bind(&account.id)
            .execute(&mut *tx)
            .await?;
        let gone =
            sqlx::query("DELETE FROM tokens WHERE user = ?").bind(&account.id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(gone.rows_affected())
    }

    /// Withdraws the tokens whose time is over.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn expire_tokens(&self) -> Result<(), StoreError> {
        let now = now_ms() as i64;
        // Looked up first: this is asked every second, and almost always there is none.
        let over: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM tokens WHERE expires_ms <= ?)")
            .bind(now)
            .fetch_one(&self.read)
            .await?;
        if over {
            let mut tx = self.write.begin().await?;
            sqlx::query("INSERT INTO revoked (hash, at_ms) SELECT hash, ? FROM tokens WHERE expires_ms <= ?")
                .bind(now)
                .bind(now)
                .execute(&mut *tx)
                .await?;
            sqlx::query("DELETE FROM tokens WHERE expires_ms <= ?").bind(now).execute(&mut *tx).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Hashes of tokens that were withdrawn behind a number, with the number of the last one.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn revoked_since(&self, last: i64) -> Result<(i64, Vec<Vec<u8>>), StoreError> {
        let rows: Vec<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT id, hash FROM revoked WHERE id > ? ORDER BY id")
                .bind(last)
                .fetch_all(&self.read)
                .await?;
        let head = rows.last().map_or(last, |row| row.0);
        Ok((head, rows.into_iter().map(|row| row.1).collect()))
    }

    /// The account behind a token. In the second half of its time, the token's end moves on.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn signed_in(&self, token: &str) -> Result<Option<Account>, StoreError> {
        let (hash, now) = (hash_token(token), now_ms() as i64);
        let row: Option<(String, String, String, i64, i64)> = sqlx::query_as(
            "SELECT users.id, email, name, life_ms, expires_ms
             FROM tokens JOIN users ON users.id = tokens.user WHERE hash = ? AND expires_ms > ?",
        )
        .bind(&hash)
        .bind(now)
        .fetch_optional(&self.read)
        .await?;
        let Some((id, email, name, life, expires)) = row else { return Ok(None) };
        if expires.saturating_sub(now) < life / 2 {
            let moved = sqlx::query("UPDATE tokens SET expires_ms = ? WHERE hash = ?")
                .bind(now.saturating_add(life))
                .bind(&hash)
                .execute(&self.write)
                .await;
            if let Err(error) = moved {
                // The next use tries again; until then it is as good as it was.
                tracing::warn!(%error, "the end of a token could not be moved");
            }
        }
        Ok(Some(Account { id, email, name }))
    }

    /// The account whose password this is. An unknown e-mail takes as long as a wrong password.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn check_password(&self, email: &str, password: String) -> Result<Option<Account>, StoreError> {
        let row: Option<(String, String, String, String)> =
            sqlx::query_as("SELECT id, email, name, password FROM users WHERE email = ?")
                .bind(email.trim())
                .fetch_optional(&self.read)
                .await?;
        if password.len() > MAX_PASSWORD_BYTES {
            return Ok(None);
        }
        let kept = row.as_ref().map(|r| r.3.clone());
        let right = tokio::task::spawn_blocking(move || match kept {
            Some(kept) => PasswordHash::new(&kept)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()),
            None => {
                let _ = hash_password(&password);
                false
            }
        })
        .await
        .unwrap_or(false);
        Ok(row.filter(|_| right).map(|(id, email, name, _)| Account { id, email, name }))
    }
}
