//! Every metric of ours in words: what it counts, and what to do when it moves. The words stand in `deploy/metrics.md`, where
//! operators read them, and are built into the program from there.

/// The document.
const DOCUMENT: &str = include_str!("../../../../deploy/metrics.md");

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Type {
    /// It only grows; its rate is what matters.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    /// Its labels, for people; empty when it has none.
    pub(super) labels: &'static str,
    /// What it is; `# HELP` shows it with the next.
    pub(super) help: &'static str,
    /// What to do when it moves.
    pub(super) act: &'static str,
}

/// Every metric, in the document's order.
pub(super) fn metrics() -> impl Iterator<Item = Metric> {
    DOCUMENT.lines().filter_map(row)
}

fn row(line: &'static str) -> Option<Metric> {
    let mut cells = line.strip_prefix("| `foretell_").map(|_| line.trim_matches('|').split('|').map(str::trim))?;
    let name = cells.next()?.trim_matches('`');
    let kind = match cells.next()? {
        "counter" => Type::Counter,
        "gauge" => Type::Gauge,
        "histogram" => Type::Histogram,
        _ => return None,
    };
    Some(Metric { name, kind, labels: cells.next()?, help: cells.next()?, act: cells.next()? })
}
