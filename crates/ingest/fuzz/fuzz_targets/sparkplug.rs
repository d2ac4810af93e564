//! Edge nodes of Sparkplug: messages one after the other, each a byte that chooses the topic, one with the payload's length,
//! and the payload, to a host that knows nothing yet.
#![no_main]

use foretell_ingest_fuzz::{check, decoder};
use libfuzzer_sys::fuzz_target;

const TOPICS: [&str; 9] = [
    "spBv1.0/hq/NBIRTH/gw",
    "spBv1.0/hq/DBIRTH/gw/k1",
    "spBv1.0/hq/DDATA/gw/k1",
    "spBv1.0/hq/NDATA/gw",
    "spBv1.0/hq/DBIRTH/gw/k2",
    "spBv1.0/hq/DDATA/gw/k2",
    "spBv1.0/hq/DDEATH/gw/k1",
    "spBv1.0/hq/NDEATH/gw",
    "spBv1.0/STATE/foretell",
];

fuzz_target!(|data: &[u8]| {
    let decoder = decoder("mapping = []");
    let mut rest = data;
    while let [topic, length, tail @ ..] = rest {
        let (payload, after) = tail.split_at(usize::from(*length).min(tail.len()));
        check(&decoder, TOPICS[usize::from(*topic) % TOPICS.len()], payload);
        rest = after;
    }
});
