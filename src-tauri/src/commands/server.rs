//! Server and account, sharing and joining.

use super::{Answer, State};
use inkhorn_protocol::CourseId;
use inkhorn_protocol::projection::Account;
use inkhorn_protocol::rest::MemberChange;

#[tauri::command]
pub(crate) async fn login_token(
    shell: State<'_>,
    server: String,
    token: String,
    allow_plain: bool,
) -> Answer<Account> {
    Ok(shell.core().await?.login(&server, &token, allow_plain).await?)
}

#[tauri::command]
pub(crate) async fn login_password(
    shell: State<'_>,
    server: String,
    email: String,
    password: String,
    allow_plain: bool,
) -> Answer<Account> {
    Ok(shell.core().await?.login_password(&server, &email, &password, allow_plain).await?)
}

#[tauri::command]
pub(crate) async fn logout(shell: State<'_>) -> Answer<()> {
    Ok(shell.core().await?.logout().await?)
}

#[tauri::command]
pub(crate) async fn share(shell: State<'_>, course: CourseId) -> Answer<()> {
    Ok(shell.core().await?.share(&course).await?)
}

#[tauri::command]
pub(crate) async fn join(shell: State<'_>, course: CourseId) -> Answer<()> {
    Ok(shell.core().await?.join(&course).await?)
}

#[tauri::command]
pub(crate) async fn change_member(
    shell: State<'_>,
    course: CourseId,
    email: String,
    change: MemberChange,
) -> Answer<()> {
    Ok(shell.core().await?.change_member(&course, &email, change).await?)
}

#[tauri::command]
pub(crate) async fn retry_now(shell: State<'_>) -> Answer<()> {
    shell.core().await?.retry_now();
    Ok(())
}
