//! Small Yjs updates, byte by byte.

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// `meta[key] = 1` by a client, at its clock.
pub(crate) fn set(client: u64, clock: u32, key: &str) -> Vec<u8> {
    let mut out = vec![1, 1];
    put(&mut out, client);
    put(&mut out, u64::from(clock));
    out.extend([0x28, 1, 4]);
    out.extend(b"meta");
    put(&mut out, key.len() as u64);
    out.extend(key.as_bytes());
    out.extend([1, 0x7d, 1, 0]);
    out
}

/// Overwrites what another client's struct holds.
pub(crate) fn over(client: u64, clock: u32, origin: (u64, u32)) -> Vec<u8> {
    let mut out = vec![1, 1];
    put(&mut out, client);
    put(&mut out, u64::from(clock));
    out.push(0xa8);
    put(&mut out, origin.0);
    put(&mut out, u64::from(origin.1));
    out.extend([1, 0x7d, 2, 0]);
    out
}

/// Deletes one clock of a client.
pub(crate) fn delete(client: u64, clock: u32) -> Vec<u8> {
    let mut out = vec![0, 1];
    put(&mut out, client);
    out.push(1);
    put(&mut out, u64::from(clock));
    out.push(1);
    out
}

/// An update of nothing.
pub(crate) const EMPTY: [u8; 2] = [0, 0];

/// A state vector.
pub(crate) fn state_vector(clients: &[(u64, u32)]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, clients.len() as u64);
    for &(client, clock) in clients {
        put(&mut out, client);
        put(&mut out, u64::from(clock));
    }
    out
}

/// Several single-client updates of one client, from a clock on, as one.
pub(crate) fn sets(client: u64, from: u32, keys: &[&str]) -> Vec<u8> {
    let mut out = vec![1];
    put(&mut out, keys.len() as u64);
    put(&mut out, client);
    put(&mut out, u64::from(from));
    for key in keys {
        out.extend([0x28, 1, 4]);
        out.extend(b"meta");
        put(&mut out, key.len() as u64);
        out.extend(key.as_bytes());
        out.extend([1, 0x7d, 1]);
    }
    out.push(0);
    out
}

/// Awareness of one client.
pub(crate) fn awareness(client: u64, clock: u64, state: &str) -> Vec<u8> {
    let mut out = vec![1];
    put(&mut out, client);
    put(&mut out, clock);
    put(&mut out, state.len() as u64);
    out.extend(state.as_bytes());
    out
}
