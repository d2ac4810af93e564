//! `[sparkplug]` and `[[sparkplug.mapping]]`: edge nodes of Sparkplug B. The mappings' sense belongs to ingest; this gives
//! their faults their lines.

use std::time::Duration;

use foretell_ingest::sparkplug::{SparkplugMapping, SparkplugOptions};

use super::reader::Section;
use super::sections::SparkplugSection;

/// Reads the section. An empty `host_id` switches Sparkplug off.
pub(super) fn read(mut s: Section<'_>) -> SparkplugSection {
    let or = SparkplugOptions::default();
    let is_named = s.was_written("host_id");
    let host_id = s.optional("host_id");
    let every = s.duration("rebirth_interval", Duration::from_millis(or.rebirth_every_ms.unsigned_abs()));
    let mappings: Option<Vec<SparkplugMapping>> = s.forms("mapping");
    let is_whole = mappings.is_some();
    let options = SparkplugOptions {
        host_id: host_id.clone().unwrap_or(or.host_id),
        rebirth_every_ms: i64::try_from(every.as_millis()).unwrap_or(i64::MAX),
        mappings: mappings.unwrap_or_default(),
    };
    // Their sense is checked only when all have the right form, so that one fault is not told twice.
    for fault in options.faults().into_iter().filter(|_| is_whole) {
        if fault.key == "host_id" {
            s.fault("host_id", format!("[sparkplug] `host_id`: {}", fault.problem));
            continue;
        }
        let path = format!("sparkplug.mapping[{}].{}", fault.mapping, fault.key);
        s.fault_at(&path, format!("[[sparkplug.mapping]] `{}`: `{}`: {}", fault.topic, fault.key, fault.problem));
    }
    s.finish();
    SparkplugSection((!is_named || host_id.is_some()).then_some(options))
}
