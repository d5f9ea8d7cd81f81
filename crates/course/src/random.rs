//! Randomness, passed in.

/// A source of random bytes. Implemented by every `FnMut() -> [u8; 16]`, so that a test can replay a run from a seed.
pub trait Random {
    /// 16 fresh random bytes.
    fn bytes16(&mut self) -> [u8; 16];
}

impl<F: FnMut() -> [u8; 16]> Random for F {
    fn bytes16(&mut self) -> [u8; 16] {
        self()
    }
}

/// A fresh client id for one writer and one run: 32 bits and not zero, as yjs draws them. Never persisted,
/// never reused: a copied profile that reuses clocks loses edits.
pub fn client_id(random: &mut dyn Random) -> u64 {
    loop {
        let [a, b, c, d, ..] = random.bytes16();
        let id = u32::from_le_bytes([a, b, c, d]);
        if id != 0 {
            return u64::from(id);
        }
    }
}

/// A short token: 64 random bits in hex. Two tokens of one node must differ, nothing more.
pub(crate) fn token(random: &mut dyn Random) -> String {
    let bytes = random.bytes16();
    bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
