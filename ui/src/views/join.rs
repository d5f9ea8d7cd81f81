//! Courses on the server that are not on this computer yet.

use crate::components::{Dialog, Icon, Skeleton, close_dialog};
use crate::hooks::{Client, use_mutation, use_query};
use crate::i18n::text;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::CourseSummary;
use inkhorn_protocol::rest::Course;

/// The dialog.
#[component]
pub(super) fn JoinDialog() -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let remote = use_query::<Vec<Course>>(QueryKey::RemoteCourses);
    let local = use_query::<Vec<CourseSummary>>(QueryKey::Courses);
    let join = use_mutation(move |course: Course| {
        let api = client.api.clone();
        async move {
            api.join(&course.id).await?;
            close_dialog(ui);
            ui.open_course(Some(course.id));
            ui.tell(text::joined(text::titled(&course.title)));
            Ok(())
        }
    });
    let here = local.data();
    let is_here = |course: &Course| here.iter().flat_map(|all| all.iter()).any(|one| one.id == course.id);
    let busy = join.is_pending();
    let list =
        remote.data().map(|all| all.iter().filter(|course| !is_here(course)).cloned().collect::<Vec<_>>());
    rsx! {
        Dialog { title: text::JOIN_TITLE, testid: "join-dialog", busy,
            match list {
                Some(list) if list.is_empty() => rsx! {
                    p { class: "muted", {text::JOIN_EMPTY} }
                },
                Some(list) => rsx! {
                    div { class: "list",
                        for course in list {
                            div { key: "{course.id}", class: "list-row", "data-testid": "remote-course",
                                Icon { name: "book-open" }
                                div { class: "list-main",
                                    span { class: "list-title", {text::titled(&course.title)} }
                                    span { class: "list-detail",
                                        {text::role(course.role)}
                                        if !course.owners.is_empty() {
                                            " · {course.owners.join(\", \")}"
                                        }
                                    }
                                }
                                button {
                                    class: "button",
                                    r#type: "button",
                                    disabled: busy,
                                    "data-testid": "join-submit",
                                    onclick: move |_| join.run(course.clone()),
                                    {text::JOIN}
                                }
                            }
                        }
                    }
                },
                None if remote.error().is_some() || remote.is_paused() => rsx! {
                    p { class: "muted", {text::JOIN_OFFLINE} }
                    if let Some(error) = remote.error() {
                        p { class: "form-error", "{error}" }
                    }
                },
                None => rsx! {
                    Skeleton { lines: 3 }
                },
            }
            if let Some(failure) = join.failure() {
                p { class: "form-error", role: "alert", "{failure.message}" }
            }
        }
    }
}
