//! What the fuzz targets share: an instant, decoders, and the rules that every decoded event must keep.

use std::sync::OnceLock;

use foretell_ingest::decode::{Decoded, Decoder, DecoderOptions, MappingSpec, RefusalReason};
use foretell_model::{Event, MINUTE_MS, MachineId, Timestamp};

/// The instant at which everything arrives, so that a finding can be repeated.
pub fn arrived() -> Timestamp {
    Timestamp::parse("2026-07-01T08:00:00Z").unwrap_or(Timestamp::MIN)
}

#[derive(serde::Deserialize)]
struct File {
    mapping: Vec<MappingSpec>,
}

/// A decoder with the mappings of a configuration; only `[[mapping]]` is read.
pub fn decoder(toml: &str) -> Decoder {
    let mappings = toml::from_str::<File>(toml).map(|file| file.mapping).unwrap_or_default();
    Decoder::new(DecoderOptions { mappings, ..DecoderOptions::default() }).unwrap_or_else(|error| panic!("{error}"))
}

/// The decoder of the contract's own topics.
pub fn contract() -> &'static Decoder {
    static DECODER: OnceLock<Decoder> = OnceLock::new();
    DECODER.get_or_init(|| decoder(""))
}

/// Decodes a payload twice and checks what came of it.
pub fn check(decoder: &Decoder, topic: &str, payload: &[u8]) {
    let mut out = Decoded::default();
    decoder.decode(arrived(), "fuzz", topic, payload, &mut out);
    for event in &out.events {
        assert!(MachineId::parse(event.machine().as_str()).is_ok(), "an identity that is none");
        assert!(event.ts() >= Timestamp::MIN && event.ts() <= arrived() + 10 * MINUTE_MS, "a time out of bounds");
        let Event::Reading(reading) = event else { continue };
        assert!(!reading.signals.is_empty() || reading.state.is_some(), "a reading of nothing");
        for (signal, value) in reading.signals.iter() {
            assert!(signal.physical_range().contains(value), "{} = {value}", signal.name());
        }
    }
    for refusal in &out.refused {
        assert!(RefusalReason::ALL.iter().any(|reason| reason.code() == refusal.reason), "{}", refusal.reason);
    }
    assert!(!decoder.explain(arrived(), topic, payload).outcome.is_empty());
}
