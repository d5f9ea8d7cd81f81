//! Courses, members, and who may do what.

use super::{Account, Store, StoreError, changes};
use crate::engine::event::{Access, Greeting, Standing, User};
use inkhorn_protocol::rest::{Course, CourseDetail, Member};
use inkhorn_protocol::session::{CourseChanged, Reason, Role};
use inkhorn_protocol::{CourseId, DocId};
use sqlx::SqliteConnection;
use std::collections::BTreeMap;

/// The role of an account in a course.
pub(super) async fn role_in(
    tx: &mut SqliteConnection,
    course: &CourseId,
    user: &str,
) -> Result<Option<Role>, StoreError> {
    let role: Option<String> = sqlx::query_scalar("SELECT role FROM members WHERE course = ? AND user = ?")
        .bind(course.as_str())
        .bind(user)
        .fetch_optional(tx)
        .await?;
    Ok(role.and_then(|r| r.parse().ok()))
}

fn role_of(text: &str) -> Role {
    // A role of a newer server counts as the least.
    text.parse().unwrap_or(Role::Viewer)
}

impl Store {
    /// What a token may do with a document (or, without one, with a session).
    ///
    /// # Errors
    /// [`Reason`], to be told to the client.
    pub async fn authorise(&self, token: &str, doc: Option<&DocId>) -> Result<Access, Reason> {
        let failed = |error: StoreError| {
            tracing::error!(%error, "a token could not be looked up");
            Reason::StorageFailed
        };
        let account = self.signed_in(token).await.map_err(failed)?.ok_or(Reason::Unauthenticated)?;
        let user = User { id: account.id.as_str().into(), name: account.name.as_str().into() };
        let Some(doc) = doc else { return Ok(Access { user, document: None }) };
        let row: Option<(String, Option<String>, i64)> = sqlx::query_as(
            "SELECT documents.course, role, courses.seq FROM documents
             JOIN courses ON courses.id = documents.course
             LEFT JOIN members ON members.course = documents.course AND members.user = ? WHERE name = ?",
        )
        .bind(&account.id)
        .bind(doc.to_string())
        .fetch_optional(&self.read)
        .await
        .map_err(|error| failed(error.into()))?;
        let (course, role, seq) = row.ok_or(Reason::NotRegistered)?;
        let course: CourseId = course.parse().map_err(|_| Reason::NotRegistered)?;
        let role = role.as_deref().map(role_of);
        let standing = Standing { course, role, course_seq: u64::try_from(seq).unwrap_or(0) };
        Ok(Access { user, document: Some(standing) })
    }

    /// The role of an account in a course.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn role(&self, course: &CourseId, user: &str) -> Result<Option<Role>, StoreError> {
        let mut connection = self.read.acquire().await?;
        role_in(&mut connection, course, user).await
    }

    /// The courses of an account, by title.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn courses(&self, user: &str) -> Result<Vec<Course>, StoreError> {
        let rows: Vec<(String, String, i64, String)> = sqlx::query_as(
            "SELECT id, title, seq, role FROM courses JOIN members ON members.course = courses.id
             WHERE members.user = ? ORDER BY title, id",
        )
        .bind(user)
        .fetch_all(&self.read)
        .await?;
        let owners: Vec<(String, String)> = sqlx::query_as(
            "SELECT owned.course, name FROM members owned JOIN users ON users.id = owned.user
             WHERE owned.role = 'owner' AND owned.course IN (SELECT course FROM members WHERE user = ?) ORDER BY name",
        )
        .bind(user)
        .fetch_all(&self.read)
        .await?;
        let mut by_course: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (course, name) in owners {
            by_course.entry(course).or_default().push(name);
        }
        let course = |(id, title, seq, role): (String, String, i64, String)| {
            let owners = by_course.remove(&id).unwrap_or_default();
            Some(Course { id: id.parse().ok()?, title, role: role_of(&role), course_seq: seq as u64, owners })
        };
        Ok(rows.into_iter().filter_map(course).collect())
    }

    /// One course of an account; none when it is no member.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn course(&self, course: &CourseId, user: &str) -> Result<Option<CourseDetail>, StoreError> {
        let Some(found) = self.courses(user).await?.into_iter().find(|c| c.id == *course) else {
            return Ok(None);
        };
        let members: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT email, name, role FROM members JOIN users ON users.id = members.user WHERE course = ? ORDER BY email",
        )
        .bind(course.as_str())
        .fetch_all(&self.read)
        .await?;
        let members = members
            .into_iter()
            .map(|(email, name, role)| Member { email, name, role: role_of(&role) })
            .collect();
        let documents = documents_since(self, course, -1).await?;
        Ok(Some(CourseDetail { course: found, members, documents }))
    }

    /// Answer to a session's hello.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn greet(&self, user: &str, since: BTreeMap<CourseId, u64>) -> Result<Greeting, StoreError> {
        let all: BTreeMap<CourseId, Course> =
            self.courses(user).await?.into_iter().map(|c| (c.id.clone(), c)).collect();
        let mut greeting = Greeting::default();
        for (course, seq) in since {
            let Some(found) = all.get(&course) else {
                let gone = CourseChanged {
                    course,
                    course_seq: 0,
                    role: None,
                    title: String::new(),
                    docs: Vec::new(),
                };
                greeting.courses.push(gone);
                continue;
            };
            // Beyond the head: the database was copied back, and what the app knows is of another epoch.
            let seq = if seq > found.course_seq || seq == 0 { -1 } else { seq as i64 };
            let docs = documents_since(self, &course, seq).await?;
            greeting.courses.push(CourseChanged {
                course,
                course_seq: found.course_seq,
                role: Some(found.role),
                title: found.title.clone(),
                docs,
            });
        }
        greeting.heads = all.into_iter().map(|(id, c)| (id, (c.course_seq, c.role))).collect();
        Ok(greeting)
    }

    /// Gives an account a role in a course.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such course.
    pub async fn set_role(&self, course: &CourseId, account: &Account, role: Role) -> Result<(), StoreError> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let known: Option<i64> = sqlx::query_scalar("SELECT seq FROM courses WHERE id = ?")
            .bind(course.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        if known.is_none() {
            let text =
                format!("there is no course '{course}' on this server; its owner has to share it first");
            return Err(StoreError::Missing(text));
        }
        sqlx::query(
            "INSERT INTO members (course, user, role) VALUES (?, ?, ?)
             ON CONFLICT (course, user) DO UPDATE SET role = excluded.role",
        )
        .bind(course.as_str())
        .bind(&account.id)
        .bind(role.to_string())
        .execute(&mut *tx)
        .await?;
        changes::record(&mut tx, course, None, Some((&account.id, Some(role)))).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes an account out of a course.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is no member.
    pub async fn remove_member(&self, course: &CourseId, account: &Account) -> Result<(), StoreError> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query("DELETE FROM members WHERE course = ? AND user = ?")
            .bind(course.as_str())
            .bind(&account.id)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Missing(format!("{} is no member of course '{course}'", account.email)));
        }
        changes::record(&mut tx, course, None, Some((&account.id, None))).await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn documents_since(store: &Store, course: &CourseId, seq: i64) -> Result<Vec<DocId>, StoreError> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM documents WHERE course = ? AND changed_seq > ? ORDER BY changed_seq, name",
    )
    .bind(course.as_str())
    .bind(seq)
    .fetch_all(&store.read)
    .await?;
    Ok(names.into_iter().filter_map(|name| name.parse().ok()).collect())
}
