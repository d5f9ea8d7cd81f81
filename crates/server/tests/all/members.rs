//! Owners say who is in a course.

use super::client::{Client, Running};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::{EventKind, Role, ToApp};
use serde_json::{Value, json};

async fn change(running: &Running, who: &str, op: &str, whom: &str, change: Value) -> Value {
    let request = json!({ "op": op, "kind": "member", "course": "c", "email": format!("{whom}@example.org"), "change": change });
    let (status, reply) = running.post(who, "operations", &request).await;
    assert_eq!(status, 200, "{reply}");
    reply["rejected"]["code"].clone()
}

fn role(role: &str) -> Value {
    json!({ "do": "role", "role": role })
}

async fn roles(running: &Running) -> Vec<(String, String)> {
    let (_, course) = running.get("ann", "courses/c").await;
    let members = course["members"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    members.iter().map(|one| (text(&one["name"]), text(&one["role"]))).collect()
}

#[tokio::test]
async fn only_an_owner_changes_who_is_in_a_course_and_everybody_may_leave() {
    let running = Running::start(&["lesson:l"]).await;
    let before = roles(&running).await;
    let invite = json!({ "do": "invite", "role": "editor" });
    for (number, who) in ["ben", "vic"].into_iter().enumerate() {
        let op = |what: &str| format!("{what}{number}");
        assert_eq!(change(&running, who, &op("a"), who, role("owner")).await, "not_owner");
        assert_eq!(change(&running, who, &op("b"), "eve", invite.clone()).await, "not_owner");
        assert_eq!(
            change(&running, who, &op("c"), "nobody", invite.clone()).await,
            "not_owner",
            "says of no account"
        );
        assert_eq!(change(&running, who, &op("d"), "ann", json!({ "do": "remove" })).await, "not_owner");
    }
    assert_eq!(change(&running, "eve", "e", "eve", invite.clone()).await, "not_member");
    assert_eq!(roles(&running).await, before);
    assert_eq!(change(&running, "vic", "f", "vic", json!({ "do": "remove" })).await, Value::Null);
    assert_eq!(change(&running, "ann", "g", "eve", invite).await, Value::Null);
    let names: Vec<String> =
        roles(&running).await.into_iter().map(|(name, role)| format!("{name} {role}")).collect();
    assert_eq!(names, ["ann owner", "ben editor", "eve editor"]);
    running.server.stop().await;
}

#[tokio::test]
async fn the_last_owner_stays_until_there_is_another_one() {
    let running = Running::start(&[]).await;
    assert_eq!(change(&running, "ann", "a", "ann", role("editor")).await, "last_owner");
    assert_eq!(change(&running, "ann", "b", "ann", json!({ "do": "remove" })).await, "last_owner");
    assert_eq!(change(&running, "ann", "c", "ben", role("owner")).await, Value::Null);
    assert_eq!(change(&running, "ann", "d", "ann", role("viewer")).await, Value::Null);
    assert_eq!(change(&running, "ann", "e", "ann", role("owner")).await, "not_owner", "it counts at once");
    assert_eq!(change(&running, "ben", "f", "ben", json!({ "do": "remove" })).await, "last_owner");
    running.server.stop().await;
}

#[tokio::test]
async fn an_invitation_takes_no_role_away_and_says_whom_the_server_does_not_know() {
    let running = Running::start(&[]).await;
    let invite = |role: &str| json!({ "do": "invite", "role": role });
    assert_eq!(change(&running, "ann", "a", "nobody", invite("viewer")).await, "no_account");
    assert_eq!(change(&running, "ann", "b", "ben", invite("viewer")).await, "already_member");
    assert_eq!(change(&running, "ann", "c", "eve", role("viewer")).await, "no_such_member");
    // Sent twice, done once, answered the same.
    assert_eq!(change(&running, "ann", "d", "EVE", invite("viewer")).await, Value::Null);
    assert_eq!(change(&running, "ann", "d", "EVE", invite("viewer")).await, Value::Null);
    assert_eq!(roles(&running).await.len(), 4);
    running.server.stop().await;
}

#[tokio::test]
async fn a_change_of_a_role_is_told_to_all_and_in_force_at_once() {
    let running = Running::start(&["lesson:l"]).await;
    let app = async |who: &str| Client::app(running.address(), running.token(who), &[("c", 0)]).await.0;
    let (mut ben, mut vic) = (app("ben").await, app("vic").await);
    ben.open("lesson:l").await;
    assert_eq!(change(&running, "ann", "a", "ben", role("viewer")).await, Value::Null);
    let told = |own: Role| move |t: &ToApp| matches!(t, ToApp::Event { kind: EventKind::Members { role: Some(r) }, .. } if *r == own);
    ben.told(told(Role::Viewer)).await;
    vic.told(told(Role::Viewer)).await;
    assert_eq!(change(&running, "ann", "b", "ben", role("editor")).await, Value::Null);
    ben.find(|_, m| *m == Message::Authenticated { read_only: false }).await;
    running.server.stop().await;
}
