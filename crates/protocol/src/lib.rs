//! The vocabulary that every layer shares: ids, keys, events, projections, wire framing, errors.
