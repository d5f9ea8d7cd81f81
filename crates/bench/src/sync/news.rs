//! News: from the frame of an event to the projection that the window gets, with the durable commit between.

use super::device::Device;
use super::{percentile, within};
use crate::report::{Goal, Report, Row, Unit};
use anyhow::{Context, Result, ensure};
use inkhorn_core::LessonUpdate;
use inkhorn_protocol::key::QueryKey;
use inkhorn_testkit::scripted::{Script, Scripted};
use std::collections::HashMap;
use std::time::SystemTime;

const KEYS: usize = 20;
const PER_SECOND: u32 = 20;
const EVENTS: usize = 600;

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let server = Scripted::start().await?;
    let address = server.url().trim_start_matches("http://").parse()?;
    let (device, course, lessons) = Device::with_course(address, Scripted::TOKEN, KEYS).await?;
    let core = &device.core;
    let mut feed = core.subscribe("window");
    let mut open = Vec::new();
    let mut shown: HashMap<QueryKey, (usize, u64)> = HashMap::new();
    for (place, lesson) in lessons.iter().enumerate() {
        let key = QueryKey::Lesson { course: course.clone(), lesson: lesson.clone() };
        core.observe("window", &key);
        let version = core.lesson_info(&course, lesson).await?.version;
        shown.insert(key, (place, version));
        // Lessons that windows have open: their updates come by themselves.
        open.push(core.lesson_updates(lesson, 1));
        server.opened(lesson).await;
    }
    let drains: Vec<_> = open
        .into_iter()
        .map(|mut updates| {
            tokio::spawn(async move { while let Some(LessonUpdate::Update { .. }) = updates.next().await {} })
        })
        .collect();
    device.wire.quiet().await;

    let script = Script { lessons: lessons.clone(), events: EVENTS, per_second: PER_SECOND };
    let mut seen: Vec<Option<SystemTime>> = vec![None; EVENTS];
    let watching = async {
        let mut missing = EVENTS;
        while missing > 0 {
            for key in feed.next().await.keys {
                let Some((place, version)) = shown.get_mut(&key) else { continue };
                // The window asks for what it was told is stale.
                let reply = core.query(&key).await;
                let now = SystemTime::now();
                let is = reply.data.as_ref().and_then(|data| data["version"].as_u64()).unwrap_or(0);
                while *version < is {
                    // The n-th event of this lesson, counted over all lessons in turn.
                    let event = *place;
                    ensure!(event < EVENTS, "more versions than events");
                    seen[event] = Some(now);
                    *place += KEYS;
                    *version += 1;
                    missing -= 1;
                }
            }
        }
        Ok(())
    };
    let (told, watched) = tokio::join!(server.play(&script), within("the news in the window", watching));
    watched?;
    let mut took = Vec::with_capacity(EVENTS);
    for (told, seen) in told?.into_iter().zip(seen) {
        took.push(seen.context("an event was not seen")?.duration_since(told)?.as_secs_f64());
    }
    drains.iter().for_each(tokio::task::JoinHandle::abort);
    device.close().await;
    let name = |what: &str| format!("frame received → projection at the window's channel, {what}");
    report.row(Row::new(name("p50"), Unit::Seconds, percentile(&took, 0.5)).goal(Goal::AtMost(0.008)));
    report.row(Row::new(name("p99"), Unit::Seconds, percentile(&took, 0.99)).goal(Goal::AtMost(0.03)));
    report.note(format!("news: {EVENTS} events at {PER_SECOND}/s over {KEYS} keys, slowest {:.1} ms; IPC itself is measured by `bench storm`", percentile(&took, 1.0) * 1e3));
    Ok(())
}
