//! The machine alone: what it says, what it takes, what it leaves out.

use super::*;
use crate::net::whereabouts::{Courses, Lessons};
use inkhorn_protocol::awareness::{State, User, hue_of};
use inkhorn_protocol::caret::{Cursor, Position, Said};
use inkhorn_protocol::projection::Peer;
use inkhorn_protocol::{CourseId, NodeId};

type People = Presence<Courses>;
type At = (CourseId, Option<NodeId>);

fn course(id: &str) -> CourseId {
    id.parse().unwrap()
}

fn place(id: &str, lesson: Option<&str>) -> Option<At> {
    Some((course(id), lesson.map(|id| id.parse().unwrap())))
}

fn placed(at: Option<At>, client: u64, name: &str) -> Option<Place<CourseId, State>> {
    let user = User { name: name.into(), hue: hue_of(name) };
    at.map(|(room, lesson)| Place { room, client, said: State { user, lesson } })
}

fn put(presence: &mut People, window: &str, at: Option<At>, now_ms: u64) -> Vec<Output<CourseId>> {
    let place = placed(at, 1000 + window.len() as u64, "Ada");
    presence.step(Input::Placed { window, place }, now_ms)
}

/// In course `c`, connected, at time 0.
fn connected() -> People {
    let mut presence = People::default();
    assert_eq!(put(&mut presence, "w", place("c", None), 0), [Output::Open(course("c"))]);
    let course = course("c");
    assert_eq!(presence.step(Input::Opening(&course), 0), []);
    assert_eq!(said(&presence.step(Input::Granted(&course), 0)), [(1001, 2, true)]);
    presence
}

/// Client, clock and whether it is there, of everything that is sent.
fn said<R>(out: &[Output<R>]) -> Vec<(u64, u64, bool)> {
    out.iter()
        .filter_map(|output| match output {
            Output::Send(_, bytes) => Some(decode(bytes).unwrap()),
            _ => None,
        })
        .flatten()
        .map(|entry| (entry.client, entry.clock, entry.state.is_some()))
        .collect()
}

fn hear(
    presence: &mut People,
    client: u64,
    clock: u64,
    state: Option<&str>,
    now_ms: u64,
) -> Vec<Output<CourseId>> {
    let bytes = encode(&[Entry { client, clock, state }]);
    presence.step(Input::States(&course("c"), &bytes), now_ms)
}

fn peers(presence: &People, id: &str) -> Vec<Peer> {
    presence.others(&course(id)).1
}

fn names(presence: &People) -> Vec<String> {
    peers(presence, "c").into_iter().map(|peer| peer.name).collect()
}

const BEN: &str = r#"{"user":{"name":"Ben","hue":5},"lesson":"l1"}"#;
const CIM: &str = r#"{"user":{"name":"Cim"},"cursor":{"anchor":7}}"#;

#[test]
fn others_are_listed_and_oneself_is_not() {
    let mut p = connected();
    let changed = [Output::Changed(course("c"))];
    assert_eq!(hear(&mut p, 2, 1, Some(CIM), 0), changed);
    assert_eq!(hear(&mut p, 1, 1, Some(BEN), 0), changed);
    assert_eq!(hear(&mut p, 1001, 9, Some(BEN), 0), [], "an echo of our own");
    let ben = Peer { client: 1, name: "Ben".into(), hue: 5, lesson: Some("l1".parse().unwrap()) };
    let cim = Peer { client: 2, name: "Cim".into(), hue: hue_of("Cim"), lesson: None };
    assert_eq!(peers(&p, "c"), [ben, cim]);
    assert_eq!(peers(&p, "other"), []);
    assert_eq!(hear(&mut p, 1, 2, None, 0), changed);
    assert_eq!(names(&p), ["Cim"]);
}

#[test]
fn only_what_looks_different_is_told() {
    let mut p = connected();
    hear(&mut p, 2, 1, Some(CIM), 0);
    assert_eq!(hear(&mut p, 2, 2, Some(CIM), 10), [], "a renewal");
    assert_eq!(
        hear(&mut p, 2, 3, Some(r#"{"user":{"name":"Cim"},"cursor":{"anchor":8}}"#), 20),
        [],
        "a cursor"
    );
    assert_eq!(hear(&mut p, 2, 2, Some(BEN), 30), [], "older than what is known");
    assert_eq!(hear(&mut p, 2, 2, None, 30), [], "a leave that is older");
    assert_eq!(hear(&mut p, 9, 1, None, 30), [], "the leave of somebody unknown");
    assert_eq!(put(&mut p, "w", place("c", None), 40), [], "where we are already");
    assert_eq!(names(&p), ["Cim"]);
}

#[test]
fn a_state_is_renewed_before_others_forget_it_and_forgotten_when_it_is_not_renewed() {
    let mut p = connected();
    hear(&mut p, 2, 1, Some(CIM), 0);
    assert_eq!(p.step(Input::Tick, RENEW_MS - 1), []);
    assert_eq!(said(&p.step(Input::Tick, RENEW_MS)), [(1001, 4, true)]);
    assert_eq!(p.step(Input::Tick, RENEW_MS + 1), [], "once");
    hear(&mut p, 2, 2, Some(CIM), 20_000);
    let out = p.step(Input::Tick, 20_000 + EXPIRE_MS - 1);
    assert_eq!((said(&out).len(), names(&p)), (1, vec!["Cim".to_owned()]));
    assert!(p.step(Input::Tick, 20_000 + EXPIRE_MS).contains(&Output::Changed(course("c"))));
    assert_eq!(names(&p), Vec::<String>::new());
}

#[test]
fn with_the_connection_the_others_are_gone_and_the_next_one_hears_of_us_under_a_later_clock() {
    let mut p = connected();
    let c = course("c");
    hear(&mut p, 2, 1, Some(CIM), 0);
    assert_eq!(p.step(Input::LinkEnded, 5), [Output::Changed(c.clone())]);
    assert_eq!(names(&p), Vec::<String>::new());
    assert_eq!(p.step(Input::Tick, 60_000), [], "nobody to tell");
    p.step(Input::Opening(&c), 60_000);
    assert_eq!(hear(&mut p, 2, 1, Some(CIM), 60_000), [], "what comes of the exchange before is void");
    let out = p.step(Input::Granted(&c), 60_000);
    // The server ended our state 2 with 3 when the link went.
    assert_eq!(said(&out), [(1001, 4, true)]);
    hear(&mut p, 2, 1, Some(CIM), 60_000);
    assert_eq!(names(&p), ["Cim"]);
    assert_eq!(p.step(Input::Granted(&c), 60_000), [], "a role that changed is no new exchange");
}

#[test]
fn who_moves_to_another_course_leaves_the_one_before_with_a_last_word() {
    let mut p = connected();
    hear(&mut p, 2, 1, Some(CIM), 0);
    let out = put(&mut p, "w", place("d", Some("l")), 1);
    assert_eq!(said(&out), [(1001, 3, false)]);
    let c = course("c");
    assert_eq!(out[1..], [Output::Close(c.clone()), Output::Changed(c), Output::Open(course("d"))]);
    let out = put(&mut p, "w", None, 2);
    assert_eq!(out, [Output::Close(course("d"))], "it was never said there");
    assert_eq!(p.step(Input::Tick, 60_000), []);
    assert_eq!(p.rooms.len(), 1, "only the outline that is still open on the connection");
    p.step(Input::Closed(&course("c")), 60_001);
    assert_eq!(p.rooms.len(), 0);
}

#[test]
fn an_outline_that_is_open_already_is_asked_for_the_others() {
    let mut p = People::default();
    let c = course("c");
    p.step(Input::Opening(&c), 0);
    p.step(Input::Granted(&c), 0);
    assert_eq!(hear(&mut p, 2, 1, Some(CIM), 0), [], "nobody of ours is in it");
    let out = put(&mut p, "w", place("c", None), 1);
    assert_eq!(out[..2], [Output::Open(c.clone()), Output::Query(c)]);
    assert_eq!(said(&out), [(1001, 2, true)]);
}

#[test]
fn two_windows_are_two_clients_and_the_course_stays_open_for_the_second() {
    let mut p = connected();
    let out = put(&mut p, "second", place("c", Some("l")), 1);
    assert_eq!((said(&out), out.len()), (vec![(1006, 2, true)], 1), "open already");
    assert_eq!(hear(&mut p, 1006, 2, Some(BEN), 1), [], "and none of them is a peer");
    let out = put(&mut p, "w", None, 2);
    assert_eq!((said(&out), out.len()), (vec![(1001, 3, false)], 1));
    let out = put(&mut p, "second", None, 3);
    assert_eq!(out[1..], [Output::Close(course("c"))]);
}

#[test]
fn who_is_said_to_have_left_says_so_again_with_the_next_tick_and_no_sooner() {
    let mut p = connected();
    for clock in 2..50 {
        assert_eq!(hear(&mut p, 1001, clock, None, 5), []);
    }
    assert_eq!(said(&p.step(Input::Tick, 500)), [(1001, 51, true)]);
    assert_eq!(p.step(Input::Tick, 1_000), []);
    hear(&mut p, 1001, MAX_NUMBER - 1, None, 1_000);
    assert_eq!(said(&p.step(Input::Tick, 1_500)), [(1001, MAX_NUMBER - 1, true)], "no overflow");
}

#[test]
fn what_others_say_is_bounded_and_nonsense_is_left_out() {
    let mut p = connected();
    for bad in [&[][..], &[0xff; 12], &[1, 2, 3, 9, b'{'], &[200, 1]] {
        assert_eq!(p.step(Input::States(&course("c"), bad), 0), []);
    }
    for state in ["", "[]", "7", r#"{"user":null}"#, &"[".repeat(10_000)] {
        assert_eq!(hear(&mut p, 2, 1, Some(state), 0), []);
    }
    let long = format!(r#"{{"user":{{"name":"{}"}}}}"#, "n".repeat(10_000));
    for client in 0..900 {
        hear(&mut p, client, 1, Some(&long), 0);
    }
    let peers = peers(&p, "c");
    assert_eq!(peers.len(), MAX_PEERS);
    assert!(peers.iter().all(|peer| peer.name.len() <= 80));
    // Who is listed is still heard.
    assert_eq!(hear(&mut p, 0, 2, None, 0), [Output::Changed(course("c"))]);
}

fn caret(lesson: &str, client: u64, clock: Option<u64>) -> Option<Place<NodeId, Said>> {
    let at = |clock| Position {
        item: Some(inkhorn_protocol::caret::Id { client, clock }),
        assoc: -1,
        ..Position::default()
    };
    let cursor = clock.map(|clock| Cursor { anchor: at(clock), head: at(clock) });
    let user = User { name: "Ada".into(), hue: 3 };
    Some(Place { room: lesson.parse().unwrap(), client, said: Said { user, cursor } })
}

#[test]
fn in_a_lesson_each_move_is_said_and_a_window_whose_document_is_made_anew_is_another_client() {
    let mut p = Presence::<Lessons>::default();
    let l: NodeId = "l".parse().unwrap();
    let mut put = |place, now_ms| p.step(Input::Placed { window: "w", place }, now_ms);
    assert_eq!(put(caret("l", 7, None), 0), [Output::Open(l.clone())]);
    p.step(Input::Opening(&l), 0);
    assert_eq!(said(&p.step(Input::Granted(&l), 0)), [(7, 2, true)]);
    let mut put = |place, now_ms| p.step(Input::Placed { window: "w", place }, now_ms);
    assert_eq!(said(&put(caret("l", 7, Some(1)), 1)), [(7, 4, true)]);
    assert_eq!(put(caret("l", 7, Some(1)), 2), [], "nothing moved");
    assert_eq!(said(&put(caret("l", 8, Some(1)), 3)), [(7, 5, false), (8, 7, true)]);
    let other: NodeId = "other".parse().unwrap();
    assert_eq!(p.step(Input::Left { window: "w", room: &other }, 4), [], "it is not there");
    let out = p.step(Input::Left { window: "w", room: &l }, 4);
    assert_eq!(said(&out), [(8, 8, false)]);
    assert_eq!(out[1..], [Output::Close(l)]);
}

#[test]
fn in_a_lesson_a_renewal_is_told_too_and_every_change_has_a_number_of_its_own() {
    let mut p = Presence::<Lessons>::default();
    let l: NodeId = "l".parse().unwrap();
    p.step(Input::Placed { window: "w", place: caret("l", 7, None) }, 0);
    p.step(Input::Opening(&l), 0);
    p.step(Input::Granted(&l), 0);
    let mut numbers = vec![p.others(&l).0];
    for clock in 1..4 {
        let bytes = encode(&[Entry { client: 2, clock, state: Some(CIM) }]);
        assert_eq!(p.step(Input::States(&l, &bytes), clock), [Output::Changed(l.clone())], "{clock}");
        numbers.push(p.others(&l).0);
    }
    let carets = p.others(&l).1;
    assert_eq!((carets.len(), carets[0].name.as_str(), &carets[0].cursor), (1, "Cim", &None));
    p.step(Input::Closed(&l), 5);
    assert_eq!(p.others(&l).1, []);
    numbers.push(p.others(&l).0);
    assert!(numbers.windows(2).all(|two| two[0] != two[1]), "{numbers:?}");
}

/// Several machines at one relay that does what the server does: relays what is newer, and ends the states of a
/// connection that goes.
#[test]
fn whatever_order_people_come_move_drop_and_return_in_everybody_ends_up_seeing_exactly_the_others() {
    for seed in 0..200u64 {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut draw = move |n: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % n
        };
        let mut town = Town::new(4);
        for now_ms in (0..40_000).step_by(400) {
            let who = draw(4) as usize;
            match draw(5) {
                0 => town.place(who, None, now_ms),
                1 => town.place(who, place("c", None), now_ms),
                2 => town.place(who, place("c", Some("l")), now_ms),
                3 => town.drop_link(who, now_ms),
                _ => town.connect(who, now_ms),
            }
            town.tick(now_ms);
        }
        (0..4).for_each(|who| town.connect(who, 40_000));
        town.tick(40_000);
        for who in 0..4 {
            let expected: Vec<u64> = (0..4u64)
                .filter(|other| *other != who && town.places[*other as usize].is_some())
                .filter(|_| town.places[who as usize].is_some())
                .collect();
            let mut seen: Vec<u64> =
                peers(&town.people[who as usize], "c").iter().map(|peer| peer.client).collect();
            seen.sort_unstable();
            assert_eq!(seen, expected, "seed {seed}, person {who}");
        }
    }
}

struct Town {
    people: Vec<People>,
    places: Vec<Option<At>>,
    connected: Vec<bool>,
    /// Client → clock, state, by whom.
    relay: BTreeMap<u64, (u64, Option<String>, usize)>,
}

impl Town {
    fn new(n: usize) -> Self {
        Self {
            people: (0..n).map(|_| People::default()).collect(),
            places: vec![None; n],
            connected: vec![false; n],
            relay: BTreeMap::new(),
        }
    }
    fn place(&mut self, who: usize, at: Option<At>, now_ms: u64) {
        self.places[who].clone_from(&at);
        let out = self.people[who]
            .step(Input::Placed { window: "w", place: placed(at, who as u64, &format!("P{who}")) }, now_ms);
        self.perform(who, out, now_ms);
    }
    fn drop_link(&mut self, who: usize, now_ms: u64) {
        if !std::mem::replace(&mut self.connected[who], false) {
            return;
        }
        self.people[who].step(Input::LinkEnded, now_ms);
        let mut gone = Vec::new();
        for (client, (clock, state, owner)) in &mut self.relay {
            if *owner == who && state.take().is_some() {
                *clock += 1;
                gone.push((*client, *clock));
            }
        }
        for (client, clock) in gone {
            self.tell(who, &[Entry { client, clock, state: None }], now_ms);
        }
    }
    fn connect(&mut self, who: usize, now_ms: u64) {
        if std::mem::replace(&mut self.connected[who], true) {
            return;
        }
        let c = course("c");
        self.people[who].step(Input::Opening(&c), now_ms);
        let out = self.people[who].step(Input::Granted(&c), now_ms);
        self.query(who, now_ms);
        self.perform(who, out, now_ms);
    }
    fn tick(&mut self, now_ms: u64) {
        for who in 0..self.people.len() {
            let out = self.people[who].step(Input::Tick, now_ms);
            self.perform(who, out, now_ms);
        }
    }
    fn query(&mut self, who: usize, now_ms: u64) {
        let all: Vec<_> = self
            .relay
            .iter()
            .filter_map(|(&client, (clock, state, _))| {
                Some(Entry { client, clock: *clock, state: Some(state.as_deref()?) })
            })
            .collect();
        self.people[who].step(Input::States(&course("c"), &encode(&all)), now_ms);
    }
    fn perform(&mut self, who: usize, out: Vec<Output<CourseId>>, now_ms: u64) {
        for output in out {
            match output {
                Output::Send(_, bytes) => {
                    assert!(self.connected[who], "nothing is said without a connection");
                    for entry in decode(&bytes).unwrap() {
                        let known = self.relay.get(&entry.client).map(|(clock, ..)| *clock);
                        assert!(known.is_none_or(|clock| entry.clock > clock), "the clock grows");
                        let state = entry.state.map(str::to_owned);
                        self.relay.insert(entry.client, (entry.clock, state, who));
                        self.tell(who, &[entry], now_ms);
                    }
                }
                Output::Query(_) => self.query(who, now_ms),
                _ => {}
            }
        }
    }
    fn tell(&mut self, from: usize, entries: &[Entry<'_>], now_ms: u64) {
        for who in (0..self.people.len()).filter(|who| *who != from) {
            if self.connected[who] {
                self.people[who].step(Input::States(&course("c"), &encode(entries)), now_ms);
            }
        }
    }
}
