//! Who is in a course: what its owners, and members for themselves, may change.

use super::courses::role_in;
use super::{StoreError, changes};
use inkhorn_protocol::CourseId;
use inkhorn_protocol::rest::MemberChange;
use inkhorn_protocol::session::{Reason, Role};
use sqlx::SqliteConnection;

/// Does it, or says why not; then nothing was changed. To ask for what is so already is fine, except for an invitation.
pub(super) async fn change(
    tx: &mut SqliteConnection,
    user: &str,
    course: &CourseId,
    email: &str,
    change: MemberChange,
) -> Result<Option<Reason>, StoreError> {
    let Some(own) = role_in(tx, course, user).await? else { return Ok(Some(Reason::NotMember)) };
    let email = email.trim().to_owned();
    let whom: Option<String> = sqlx::query_scalar("SELECT id FROM users WHERE email = ?")
        .bind(&email)
        .fetch_optional(&mut *tx)
        .await?;
    let leaves = change == MemberChange::Remove && whom.as_deref() == Some(user);
    // First: who may not change anything does not learn who has an account.
    if own < Role::Owner && !leaves {
        return Ok(Some(Reason::NotOwner { role: own }));
    }
    let before = match &whom {
        Some(whom) => role_in(tx, course, whom).await?,
        None => None,
    };
    let after = match change {
        MemberChange::Invite { .. } if before.is_some() => return Ok(Some(Reason::AlreadyMember { email })),
        MemberChange::Invite { role } => Some(role),
        _ if before.is_none() => return Ok(Some(Reason::NoSuchMember { email })),
        MemberChange::Role { role } => Some(role),
        MemberChange::Remove => None,
    };
    let Some(whom) = whom else { return Ok(Some(Reason::NoAccount { email })) };
    if before == after {
        return Ok(None);
    }
    if before == Some(Role::Owner) {
        let owners: i64 =
            sqlx::query_scalar("SELECT count(*) FROM members WHERE course = ? AND role = 'owner'")
                .bind(course.as_str())
                .fetch_one(&mut *tx)
                .await?;
        if owners < 2 {
            return Ok(Some(Reason::LastOwner));
        }
    }
    match after {
        Some(role) => {
            sqlx::query(
                "INSERT INTO members (course, user, role) VALUES (?, ?, ?)
                 ON CONFLICT (course, user) DO UPDATE SET role = excluded.role",
            )
            .bind(course.as_str())
            .bind(&whom)
            .bind(role.to_string())
            .execute(&mut *tx)
            .await?;
        }
        None => {
            sqlx::query("DELETE FROM members WHERE course = ? AND user = ?")
                .bind(course.as_str())
                .bind(&whom)
                .execute(&mut *tx)
                .await?;
        }
    }
    changes::record(tx, course, None, Some((&whom, after))).await?;
    Ok(None)
}
