//! Who is in a course, as its people change it.

use crate::live::until;
use crate::world::{World, within};
use inkhorn_core::Code;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{Access, LessonInfo, NodeKind};
use inkhorn_protocol::rest::{Member, MemberChange};
use inkhorn_protocol::session::Role;

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_an_owner_lowers_is_in_force_in_the_open_lesson_and_back() {
    let world = World::start().await;
    let (ada, ben) = (world.live("ada@x.org").await, world.live("ben@x.org").await);
    let course = ada.core.create_course("Quills").await.expect("creates");
    let chapter = ada.core.add(&course, NodeKind::Chapter, None, None, "Cutting").await.expect("adds");
    let lesson = ada.core.add(&course, NodeKind::Lesson, Some(chapter), None, "One").await.expect("adds");
    within(ada.core.share(&course)).await.expect("shares");

    let members = QueryKey::Members { course: course.clone() };
    let mut people = ada.core.subscribe("main");
    ada.core.observe("main", &members);
    until(&ada.core, &mut people, &members, |all: &Vec<Member>| all.len() == 1).await;
    let change = async |email: &str, change| within(ada.core.change_member(&course, email, change)).await;
    let unknown = change("nobody@x.org", MemberChange::Invite { role: Role::Editor }).await;
    let unknown = unknown.expect_err("no account");
    assert_eq!(unknown.code, Code::NotFound);
    assert!(unknown.message.contains("nobody@x.org"), "{unknown}");
    change("ben@x.org", MemberChange::Invite { role: Role::Editor }).await.expect("invites");
    until(&ada.core, &mut people, &members, |all: &Vec<Member>| all.len() == 2).await;
    let last =
        change("ada@x.org", MemberChange::Role { role: Role::Viewer }).await.expect_err("the last owner");
    assert_eq!(last.code, Code::Invalid);

    within(ben.core.join(&course)).await.expect("joins");
    let mut feed = ben.core.subscribe("main");
    let info = QueryKey::Lesson { course: course.clone(), lesson: lesson.clone() };
    ben.core.observe("main", &info);
    until(&ben.core, &mut feed, &info, |info: &LessonInfo| info.access == Access::Edit).await;
    change("ben@x.org", MemberChange::Role { role: Role::Viewer }).await.expect("lowers");
    let owners = vec!["ada@x.org".to_owned()];
    let read = Access::ReadOnly { role: Role::Viewer, owners };
    until(&ben.core, &mut feed, &info, |info: &LessonInfo| info.access == read).await;
    let refused =
        within(ben.core.change_member(&course, "ben@x.org", MemberChange::Role { role: Role::Owner }));
    assert_eq!(refused.await.expect_err("no owner").code, Code::Denied);
    change("ben@x.org", MemberChange::Role { role: Role::Editor }).await.expect("raises");
    until(&ben.core, &mut feed, &info, |info: &LessonInfo| info.access == Access::Edit).await;

    // Leaving: what is here stays, to be read.
    within(ben.core.change_member(&course, "ben@x.org", MemberChange::Remove)).await.expect("leaves");
    until(&ben.core, &mut feed, &info, |info: &LessonInfo| matches!(info.access, Access::ReadOnly { .. }))
        .await;
    assert!(ben.core.lesson_markdown(&lesson).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_server_who_is_in_a_course_is_not_changed_and_nothing_of_it_waits() {
    let mut world = World::start().await;
    let ada = world.device("ada@x.org").await;
    let course = ada.core.create_course("Quills").await.expect("creates");
    within(ada.core.share(&course)).await.expect("shares");
    world.stop().await;
    let change = MemberChange::Invite { role: Role::Editor };
    let offline = within(ada.core.change_member(&course, "ben@x.org", change)).await.expect_err("offline");
    assert_eq!(offline.code, Code::Offline);
    assert!(ada.core.operations().await.expect("reads").is_empty(), "it is not done later by surprise");
}
