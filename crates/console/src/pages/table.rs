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
    let sent = |signal: Signal| readings.iter().filter_map(move |reading| reading.signals.get(signal));
    let columns: Vec<_> = signals.iter().map(|signal| (*signal, places(sent(*signal)))).collect();
    let rows = readings.iter().map(|reading| ReadingRow {
        time: format!("{} {}", civil::day_of(reading.ts, zone, lang), civil::clock_seconds(reading.ts, zone)),
        cells: columns.iter().map(|(signal, places)| cell(reading.signals.get(*signal), *places)).collect(),
        state: run_state(reading.state, lang),
        doubtful: matches!(reading.quality, Quality::Bad | Quality::Stale),
    });
    ReadingsTable {
        zone: zone.name().to_owned(),
        heads: signals.iter().map(|signal| text::signal(*signal, lang)).collect(),
        rows: rows.collect(),
    }
}

/// Places that show what was sent, three at most, because a table of readings is where people check the source.
fn places(sent: impl Iterator<Item = f64>) -> usize {
    let places = |value: f64| format!("{value:.3}").trim_end_matches('0').rsplit('.').next().map_or(0, str::len);
    sent.map(places).max().unwrap_or(0)
}

/// A value with the places of its column, so that point stands under point.
fn cell(value: Option<f64>, places: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.places$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_shows_what_was_sent_point_under_point() {
        #[track_caller]
        fn check(sent: &[f64], expected: &[&str]) {
            let places = places(sent.iter().copied());
            assert_eq!(sent.iter().map(|value| cell(Some(*value), places)).collect::<Vec<_>>(), expected);
        }
        check(&[83.2, 98.0, -0.25], &["83.20", "98.00", "-0.25"]);
        check(&[4021.0, 100.0, 0.0], &["4021", "100", "0"]);
        check(&[109.38712, 146.0], &["109.387", "146.000"]);
        assert_eq!(cell(None, places(std::iter::empty())), "–");
    }
}
