//! The short way of a step (one document alone) decides what the long way (a look at all) decides.

use super::*;
use crate::Print;
use crate::sync::Action;
use inkhorn_protocol::session::{DocNotice, Role};
use proptest::prelude::*;

/// One event: of which document, of which kind, and a number that says which variant.
type Draw = (u8, u8, u8);

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    prop::collection::vec((0u8..5, 0u8..16, any::<u8>()), 1..300)
}

fn doc(number: u8) -> DocId {
    let name = if number == 0 { "course:c".to_owned() } else { format!("lesson:l{number}") };
    name.parse().expect("an id")
}

/// Answers that are owed to reads and applies.
#[derive(Default)]
struct Owed(Vec<(DocId, Ticket, Kind)>);

#[derive(Clone, Copy)]
enum Kind {
    Read,
    Apply,
    Verify,
}

impl Owed {
    fn note(&mut self, actions: &[Action]) {
        for action in actions {
            match action {
                Action::Read { doc, ticket, .. } => self.0.push((doc.clone(), *ticket, Kind::Read)),
                Action::Verify { doc, ticket } => self.0.push((doc.clone(), *ticket, Kind::Verify)),
                Action::Apply { doc, ticket, .. } | Action::Rebuild { doc, ticket, .. } => {
                    self.0.push((doc.clone(), *ticket, Kind::Apply));
                }
                _ => {}
            }
        }
    }

    fn pay(&mut self, at: u8, variant: u8) -> Option<Event> {
        if self.0.is_empty() {
            return None;
        }
        let (doc, ticket, kind) = self.0.remove(usize::from(at) % self.0.len());
        let version = u64::from(variant % 8);
        Some(match kind {
            Kind::Read => Event::Read {
                doc,
                ticket,
                read: Ok(Read { held: variant.is_multiple_of(7), ..Read::of(vec![0, 0], version) }),
            },
            Kind::Apply => {
                let outcome = match variant % 5 {
                    0 => Ok(Applied::Gap),
                    1 => Err(ReplicaError::Closed),
                    2 => Ok(Applied::Nothing),
                    _ => Ok(Applied::Changed(version)),
                };
                Event::Applied { doc, ticket, outcome }
            }
            Kind::Verify => {
                let state = (!variant.is_multiple_of(3)).then(|| format!("1:{}", variant % 2));
                Event::Verified { doc, ticket, print: Ok(Print { state, version }) }
            }
        })
    }
}

fn event((number, kind, variant): Draw, owed: &mut Owed) -> Option<Event> {
    let id = doc(number);
    let frame = |message| Some(Event::Frame { doc: doc(number), message });
    let bit = |at: u8| variant >> at & 1 == 1;
    let number = u64::from(variant % 8);
    let state = || bit(4).then(|| format!("1:{}", variant % 2));
    match kind {
        0 | 1 => frame(Message::Authenticated { read_only: variant % 8 == 0 }),
        2 => frame(Message::Step1(vec![0])),
        3 => frame(Message::Step2(vec![0, 0])),
        4 | 5 => frame(Message::Update(vec![0, 0])),
        6 => frame(Message::Close(String::new())),
        7 => Some(Event::Notice(DocNotice::At { doc: id, doc_seq: number, state: state() })),
        8 => Some(Event::Notice(DocNotice::Stored { doc: id, doc_seq: number, n: number, state: state() })),
        9 if variant < 40 => {
            let reason =
                [Reason::Gap, Reason::Fork, Reason::NotRegistered, Reason::RoleTooLow { role: Role::Viewer }];
            let reason = reason[usize::from(variant) % 4].clone();
            Some(Event::Notice(DocNotice::Rejected { doc: id, client: 7, from_clock: 0, n: 1, reason }))
        }
        9 | 10 => Some(Event::Committed { doc: id, version: number, update: vec![0, 0].into() }),
        11 => Some(Event::Work(vec![DocWork {
            doc: id,
            course: "c".parse().expect("an id"),
            version: number,
            dirty: bit(3),
            fresh: bit(4),
            behind: bit(5),
            mark: number,
            registered: !bit(6) || bit(7),
            muted: variant % 16 == 15,
            awaits_role: variant == 31,
            held: variant % 16 == 14,
            member: variant % 16 != 13,
        }])),
        12 => Some(if bit(0) { Event::Opened(id) } else { Event::Closed(id) }),
        13 if variant % 16 == 15 => Some(Event::Anew),
        13 if variant % 16 == 14 => Some(Event::Unwritten(id)),
        13 if bit(0) => Some(Event::Tick),
        13 => Some(Event::Registered { course: "c".parse().expect("an id"), done: bit(1) }),
        _ => owed.pay(kind, variant),
    }
}

proptest! {
    #[test]
    fn a_step_that_looks_at_one_document_decides_what_a_look_at_all_decides(draws in draws()) {
        let (mut short, mut long) = (Engine::new("t".to_owned()), Engine::new("t".to_owned()));
        let mut owed = Owed::default();
        for (at, draw) in draws.into_iter().enumerate() {
            let Some(event) = event(draw, &mut owed) else { continue };
            let now = at as u64 * 300;
            long.stirred = true;
            let (decided, expected) = (short.step(event.clone(), now), long.step(event, now));
            prop_assert_eq!(&decided, &expected);
            prop_assert_eq!(short.is_settled(), long.is_settled());
            owed.note(&decided);
        }
    }
}
