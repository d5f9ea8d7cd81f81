//! The calls with JSON.

use super::client::Running;
use serde_json::json;

#[tokio::test]
async fn a_password_gives_a_token_and_a_wrong_one_does_not() {
    let running = Running::start(&[]).await;
    let login = |password: &str| json!({ "email": "ann@example.org", "password": password });
    let (status, reply) = running.post("eve", "login", &login("a password")).await;
    assert_eq!(status, 200);
    let client = reqwest::Client::new();
    let me =
        client.get(running.url("me")).bearer_auth(reply["token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(me.json::<serde_json::Value>().await.unwrap()["name"], "ann");
    let (status, reply) = running.post("eve", "login", &login("another")).await;
    assert_eq!((status, &reply["reason"]["code"]), (401, &json!("unauthenticated")));
    let me = client.get(running.url("me")).bearer_auth("nonsense").send().await.unwrap();
    assert_eq!(me.status(), 401);
    assert!(me.json::<serde_json::Value>().await.unwrap()["message"].is_string());
    running.server.stop().await;
}

#[tokio::test]
async fn who_registers_a_course_owns_it_and_strangers_do_not_learn_of_it() {
    let running = Running::start(&["course:c", "lesson:l"]).await;
    let (status, course) = running.get("ann", "courses/c").await;
    assert_eq!(status, 200);
    assert_eq!((&course["role"], &course["owners"]), (&json!("owner"), &json!(["ann"])));
    assert_eq!(course["documents"], json!(["course:c", "lesson:l"]));
    assert_eq!(course["members"].as_array().map(Vec::len), Some(3));
    let (status, courses) = running.get("vic", "courses").await;
    assert_eq!((status, &courses[0]["role"]), (200, &json!("viewer")));
    for course in ["c", "none", "no%20id"] {
        let (status, body) = running.get("eve", &format!("courses/{course}")).await;
        assert_eq!((status, &body["reason"]["code"]), (403, &json!("not_member")));
    }
    running.server.stop().await;
}

#[tokio::test]
async fn an_operation_is_done_once_and_answered_the_same() {
    let running = Running::start(&["lesson:l"]).await;
    let title =
        |op: &str, title: &str| json!({ "op": op, "kind": "set_title", "course": "c", "title": title });
    let first = running.post("ben", "operations", &title("o1", "New")).await;
    running.post("ben", "operations", &title("o2", "Newer")).await;
    assert_eq!(running.post("ben", "operations", &title("o1", "New")).await, first);
    let (_, course) = running.get("ben", "courses/c").await;
    assert_eq!(course["title"], "Newer", "the repeated one was not done again");
    let (_, reply) = running.post("vic", "operations", &title("o1", "Mine")).await;
    assert_eq!(reply["rejected"], json!({ "code": "role_too_low", "role": "viewer" }));
    running.server.stop().await;
}

#[tokio::test]
async fn a_document_belongs_to_one_course() {
    let running = Running::start(&["course:c", "lesson:l"]).await;
    let register = |op: &str, course: &str, documents: &[&str]| json!({ "op": op, "kind": "register", "course": course, "title": "T", "documents": documents });
    let (_, reply) = running.post("eve", "operations", &register("o1", "d", &["lesson:l", "lesson:n"])).await;
    assert_eq!((&reply["rejected"]["code"], &reply["taken"]), (&json!("id_taken"), &json!(["lesson:l"])));
    let (status, _) = running.get("eve", "courses/d").await;
    assert_eq!(status, 403, "nothing of it was done");
    let (_, reply) = running.post("eve", "operations", &register("o2", "d", &["course:e"])).await;
    assert_eq!(reply["taken"], json!(["course:e"]), "an outline belongs to the course of its name");
    let (_, reply) = running.post("eve", "operations", &register("o3", "c", &["lesson:n"])).await;
    assert_eq!(reply["rejected"]["code"], "not_member");
    let (_, reply) = running.post("ann", "operations", &register("o4", "c", &["lesson:l", "lesson:n"])).await;
    assert_eq!(reply["rejected"], json!(null), "what is registered already is fine");
    running.server.stop().await;
}

#[tokio::test]
async fn nonsense_is_refused_with_a_reason() {
    let running = Running::start(&[]).await;
    let (status, body) = running.post("ann", "operations", &json!({ "op": "a b" })).await;
    assert_eq!((status, &body["reason"]["code"]), (400, &json!("invalid")));
    let (status, body) = running.get("ann", "nowhere").await;
    assert_eq!(status, 404, "{body}");
    let large = json!({ "op": "o", "kind": "set_title", "course": "c", "title": "x".repeat(3_000_000) });
    let (status, _) = running.post("ann", "operations", &large).await;
    assert_eq!(status, 413);
    running.server.stop().await;
}
