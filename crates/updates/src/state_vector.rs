//! What somebody has: per client, the first clock that is missing.

use std::collections::BTreeMap;

use crate::error::{Invalid, Reason};
use crate::reader::{Reader, put_number};

/// Per client, the first clock that is missing. Clients of which nothing is known are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateVector(BTreeMap<u64, u32>);

impl StateVector {
    /// The state vector of an empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the encoding of yjs (a count, then client and clock of each). A client that appears twice, and bytes
    /// behind the end, are refused.
    ///
    /// # Errors
    /// [`Invalid`] where the bytes are not a state vector.
    pub fn decode(bytes: &[u8]) -> Result<Self, Invalid> {
        let mut reader = Reader::new(bytes);
        let mut clients = BTreeMap::new();
        for _ in 0..reader.count()? {
            let client = reader.number()?;
            let clock = reader.clock()?;
            if clients.insert(client, clock).is_some() {
                return reader.fail(Reason::Client);
            }
        }
        reader.end()?;
        clients.retain(|_, clock| *clock > 0);
        Ok(Self(clients))
    }

    /// The encoding of yjs, clients in descending order as yjs writes them.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1 + self.0.len() * 8);
        put_number(&mut out, self.0.len() as u64);
        for (&client, &clock) in self.0.iter().rev() {
            put_number(&mut out, client);
            put_number(&mut out, u64::from(clock));
        }
        out
    }

    /// The first clock of `client` that is missing; 0 if nothing is known of it.
    pub fn get(&self, client: u64) -> u32 {
        self.0.get(&client).copied().unwrap_or(0)
    }

    /// Sets the first missing clock of `client`.
    pub fn set(&mut self, client: u64, clock: u32) {
        if clock == 0 {
            self.0.remove(&client);
        } else {
            self.0.insert(client, clock);
        }
    }

    /// Clients and clocks, clients ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.0.iter().map(|(&client, &clock)| (client, clock))
    }

    /// Whether all that `other` has is here too.
    pub fn contains(&self, other: &StateVector) -> bool {
        other.iter().all(|(client, clock)| self.get(client) >= clock)
    }

    /// Whether nothing is known of anybody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(u64, u32)> for StateVector {
    fn from_iter<I: IntoIterator<Item = (u64, u32)>>(clients: I) -> Self {
        Self(clients.into_iter().filter(|&(_, clock)| clock > 0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_vector_comes_back() {
        let vector: StateVector = [(1, 5), (300, 70_000), (1 << 50, 1)].into_iter().collect();
        assert_eq!(StateVector::decode(&vector.encode()), Ok(vector));
        assert_eq!(StateVector::decode(&[0]), Ok(StateVector::new()));
    }

    #[test]
    fn hostile_state_vectors_are_refused() {
        for bytes in
            [&[][..], &[1], &[2, 1, 1, 1, 2], &[0, 0], &[0xff, 0xff, 0xff, 0xff, 0x0f], &[1, 1, 0x80, 0]]
        {
            assert!(StateVector::decode(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn one_vector_contains_another_where_no_clock_is_behind() {
        let small: StateVector = [(1, 5)].into_iter().collect();
        let great: StateVector = [(1, 6), (2, 1)].into_iter().collect();
        assert!(great.contains(&small) && !small.contains(&great) && small.contains(&StateVector::new()));
    }
}
