//! `[[mapping]]`: foreign topics and payloads. Their form and sense belong to ingest; this gives its faults their lines.

use foretell_ingest::decode::{Decoder, DecoderOptions, MappingSpec};

use super::reader::Section;

/// Reads every mapping.
pub(super) fn read(root: &mut Section<'_>) -> Vec<MappingSpec> {
    let Some(mappings) = root.forms("mapping") else { return Vec::new() };
    check(root, &mappings);
    mappings
}

/// Warns of mappings of Sparkplug's own topics, where Sparkplug is switched on.
pub(super) fn warn_of_edge_nodes(root: &Section<'_>, mappings: &[MappingSpec]) {
    for (place, mapping) in mappings.iter().enumerate().filter(|(_, mapping)| mapping.topic.starts_with("spBv1.0/")) {
        let why = "never gets a message: topics below `spBv1.0/` are those of Sparkplug's edge nodes, which [[sparkplug.mapping]] \
                   maps; with `host_id = \"\"` in [sparkplug] this mapping has them";
        root.warn_at(&format!("mapping[{place}].topic"), format!("[[mapping]] `{}`: {why}", mapping.topic));
    }
}

fn check(root: &Section<'_>, mappings: &[MappingSpec]) {
    let topic = |(place, mapping): (usize, &MappingSpec)| (format!("mapping[{place}].topic"), mapping.topic.clone());
    let topics: Vec<(String, String)> = mappings.iter().enumerate().map(topic).collect();
    root.each_once(&topics, |topic| format!("[[mapping]] topic `{topic}`"));
    let options = DecoderOptions { mappings: mappings.to_vec(), ..DecoderOptions::default() };
    match Decoder::new(options) {
        Ok(decoder) => {
            for overlap in decoder.overlaps() {
                let path = format!("mapping[{}].topic", overlap.mapping);
                root.warn_at(&path, format!("[[mapping]] `{}`: {overlap}", overlap.topic));
            }
        }
        Err(error) => {
            for fault in error.faults {
                let path = format!("mapping[{}].{}", fault.mapping, fault.key);
                root.fault_at(&path, format!("[[mapping]] `{}`: `{}`: {}", fault.topic, fault.key, fault.problem));
            }
        }
    }
}
