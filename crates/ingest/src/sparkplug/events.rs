//! What is worth a metric or a line in the log about edge nodes.

use metrics::counter;

use super::{Publication, SparkplugNotes};

/// Counts what a message of an edge node was, and says when one is asked for its births.
pub(crate) fn emit(source: &str, notes: &SparkplugNotes, publications: &[Publication]) {
    let SparkplugNotes { births, deaths, stale_deaths, gaps, repeated, data_sets, templates } = *notes;
    let counted = [
        ("birth", births),
        ("death", deaths),
        ("late_death", stale_deaths),
        ("gap", gaps),
        ("repeated", repeated),
        ("data_set_ignored", data_sets),
        ("template_ignored", templates),
        ("rebirth_asked", publications.len() as u32),
    ];
    for (what, count) in counted.into_iter().filter(|(_, count)| *count > 0) {
        counter!("foretell_sparkplug_total", "source" => source.to_owned(), "what" => what).increment(count.into());
    }
    for Publication { topic, .. } in publications {
        let gap = gaps > 0;
        tracing::info!(
            source,
            topic,
            gap,
            "Asked an edge node to be born again: it is not known, or a message of it was missed."
        );
    }
}

/// A request found no room on its way; the node is asked again later.
pub(crate) fn not_said(source: &str, topic: &str) {
    tracing::debug!(source, topic, "Could not ask an edge node for its births.");
    counter!("foretell_sparkplug_total", "source" => source.to_owned(), "what" => "rebirth_not_said").increment(1);
}
