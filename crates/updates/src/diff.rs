//! What somebody lacks: the first struct cut where needed, the rest copied as it lies.

use crate::index::Index;
use crate::log::ClientLog;
use crate::reader::put_number;
use crate::state_vector::StateVector;
use crate::write;

pub(crate) fn diff(index: &Index, remote: &StateVector) -> Vec<u8> {
    // Descending clients, as yjs writes them: its conflict resolution then has the least to do.
    let lacking = || {
        index
            .logs
            .iter()
            .rev()
            .map(|(&client, log)| (client, log, remote.get(client)))
            .filter(|(_, log, from)| *from < log.committed.end)
    };
    let bytes: usize = lacking().map(|(_, log, from)| size_hint(log, from)).sum();
    let mut out = Vec::with_capacity(bytes + 16 + index.deletes.len() * 6);
    put_number(&mut out, lacking().count() as u64);
    for (client, log, from) in lacking() {
        let first = log.position(from).min((log.committed.entries as usize).saturating_sub(1));
        put_number(&mut out, log.committed.entries as u64 - first as u64);
        put_number(&mut out, client);
        put_number(&mut out, u64::from(from));
        let offset = log.read(first).map_or(0, |item| from - item.clock);
        if offset == 0 {
            out.extend_from_slice(log.bytes_from(first, log.committed));
        } else {
            if let Some(item) = log.read(first) {
                write::put_rest(&mut out, client, &item, offset);
            }
            out.extend_from_slice(log.bytes_from(first + 1, log.committed));
        }
    }
    index.deletes.write(&mut out);
    out
}

fn size_hint(log: &ClientLog, from: u32) -> usize {
    // Three numbers in front, and a cut origin.
    log.bytes_from(log.position(from), log.committed).len() + 40
}
