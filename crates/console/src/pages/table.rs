//! Raw readings as a table: one column for each signal that any of them has.

use chrono_tz::Tz;
use foretell_model::{Quality, Reading, Signal};

use super::fleet::run_state;
use crate::{Lang, civil, text};

/// What `readings_table.html` needs.
pub(crate) struct ReadingsTable {
    /// The zone's name, since times stand without one.
    pub(crate) zone: String,
    /// Signal names with units.
    pub(crate) heads: Vec<(&'static str, &'static str)>,
    pub(crate) rows: Vec<ReadingRow>,
}

impl ReadingsTable {
    /// Whether a row is struck through, which wants a word.
    pub(crate) fn has_doubtful(&self) -> bool {
        self.rows.iter().any(|row| row.doubtful)
    }
}

/// One reading.
pub(crate) struct ReadingRow {
    pub(crate) time: String,
    pub(crate) cells: Vec<String>,
    pub(crate) state: &'static str,
    /// Whether its source says not to trust it.
    pub(crate) doubtful: bool,
}

/// Lays out readings in the order given.
pub(crate) fn table(readings: &[Reading], zone: Tz, lang: Lang) -> ReadingsTable {
    let mask = readings.iter().fold(0, |mask, reading| mask | reading.signals.mask());
    let signals: Vec<Signal> = Signal::ALL.into_iter().filter(|signal| mask & (1 << *signal as u16) != 0).collect();
    let rows = readings.iter().map(|reading| ReadingRow {
        time: format!("{} {}", civil::day_of(reading.ts, zone, lang), civil::clock_seconds(reading.ts, zone)),
        cells: signals.iter().map(|signal| reading.signals.get(*signal).map_or_else(|| "–".to_owned(), cell)).collect(),
        state: run_state(reading.state, lang),
        doubtful: matches!(reading.quality, Quality::Bad | Quality::Stale),
    });
    ReadingsTable {
        zone: zone.name().to_owned(),
        heads: signals.iter().map(|signal| text::signal(*signal, lang)).collect(),
        rows: rows.collect(),
    }
}

/// A raw value: what was sent, to three places at most, because a table of readings is where people check the source.
fn cell(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_show_what_was_sent() {
        assert_eq!([83.2, 4021.5, 0.0, -0.25, 100.0].map(cell), ["83.2", "4021.5", "0", "-0.25", "100"]);
    }
}
