//! Hostile bytes never make the crate reserve more than a small multiple of their length.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use inkhorn_updates::{StateVector, validate};

use crate::{hex, index};

/// Counts what the current thread holds, and the most that it held.
struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

fn count(more: usize, less: usize) {
    // The thread's last deallocations come when its counters are gone.
    let _ = HELD.try_with(|held| {
        held.set((held.get() + more).saturating_sub(less));
        let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
    });
}

// SAFETY: passes everything on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both blocks may exist for a moment.
        count(size, 0);
        count(0, layout.size());
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes held at once while `work` ran.
fn most(work: impl FnOnce()) -> usize {
    let before = HELD.get();
    MOST.set(before);
    work();
    MOST.get() - before
}

/// Bytes that are held for a fixed part of every call.
const FIXED: usize = 4096;
/// The worst: a client with one GC takes five bytes of update, and some 300 of index (its log and where it is sorted
/// in). Everything else stays below a third of that.
const PER_BYTE: usize = 64;

fn bounded(name: &str, bytes: &[u8]) {
    let validating = most(|| drop(validate(bytes)));
    let adding = most(|| {
        let mut index = index();
        let _ = index.add(bytes);
        let _ = StateVector::decode(bytes);
    });
    let bound = FIXED + PER_BYTE * bytes.len();
    assert!(
        validating <= bound && adding <= bound,
        "{name}: {validating}, {adding} bytes for {}",
        bytes.len()
    );
}

#[test]
fn hostile_inputs_reserve_no_more_than_a_small_multiple_of_their_length() {
    for bytes in [
        "8084af5f",
        "ffffffff0f",
        "01ffffff7f0100",
        "01012a0100c0843d00",
        "01010500080101610fffffffff0f",
        "0101050008010161ffffffff0f7e",
        "010105000801016101 75ffffff7f".replace(' ', "").as_str(),
        "010105000801016101 76ffffff7f".replace(' ', "").as_str(),
        "0101050004010161ffffffff0f",
        "000105ffffff7f0001",
        "00ffffff7f05010001",
    ] {
        bounded(bytes, &hex(bytes));
    }
    bounded("depth", &[&hex("010105000801016101")[..], &[117, 1].repeat(10_000), &[126, 0]].concat());
}

#[test]
fn the_densest_updates_cost_a_small_multiple_of_their_length() {
    let number = |out: &mut Vec<u8>, mut value: u32| {
        while value >= 128 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    };
    const COUNT: u32 = 20_000;
    // One client each.
    let mut clients = Vec::new();
    number(&mut clients, COUNT);
    for client in 0..COUNT {
        clients.push(1);
        number(&mut clients, client);
        clients.extend([0, 0, 1]);
    }
    clients.push(0);
    bounded("clients", &clients);
    assert!(index().add(&clients).is_ok());
    // One client, many structs of two bytes.
    let mut structs = vec![1];
    number(&mut structs, COUNT);
    structs.extend([5, 0]);
    for _ in 0..COUNT {
        structs.extend([0, 1]);
    }
    structs.push(0);
    bounded("structs", &structs);
    // Many deleted ranges of one clock.
    let mut ranges = vec![1, 1, 5, 0, 0];
    number(&mut ranges, COUNT * 2);
    ranges.extend([1, 5]);
    number(&mut ranges, COUNT);
    for range in 0..COUNT {
        number(&mut ranges, range * 2);
        ranges.push(1);
    }
    bounded("ranges", &ranges);
    assert!(index().add(&ranges).is_ok());
    // Many lists that wait for each other.
    let mut waiting = Vec::new();
    number(&mut waiting, COUNT);
    for client in 0..COUNT {
        waiting.push(1);
        number(&mut waiting, client);
        waiting.extend([0, 0x84]);
        number(&mut waiting, client + 1);
        waiting.extend([0, 1, b'x']);
    }
    waiting.push(0);
    bounded("waiting", &waiting);
}
