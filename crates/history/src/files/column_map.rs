//! Which column of a foreign file is which signal, in which unit and at which time.
//!
//! ```toml
//! [columns]
//! discharge_temp_c = "Oil_temperature"                       # a bare name: same unit
//! motor_current_a = { column = "I", scale = 0.1 }            # ours = theirs * scale + offset
//! ambient_temp_c = { column = "T_out", unit = "degF" }       # or by unit, after scale and offset
//! ts = { column = "timestamp", format = "%Y-%m-%d %H:%M:%S", zone = "Europe/Lisbon" }
//! # ts = { column = "t", epoch = "s" }                       # a number since 1970: d, h, min, s, ms, us, ns
//! # ts = { start = "2026-01-01T00:00:00Z", step = "1m" }     # no time column: one step per row and machine
//! machine = { column = "type", prefix = "c" }
//! # machine = { file = "name" }                              # or "folder": one machine per file, per folder
//! # machine = [{ column = "line", prefix = "l" }, "unit"]      # several, joined by `-`
//! state = { column = "COMP", values = { "1.0" = "unloaded", "0.0" = "loaded" } }
//! [constants]
//! site = "metro"
//! [derive]
//! run_hours = { from = "motor_current_a", above = 5.0, start = 0.0, gap_max = "15m" }
//! [filter]
//! quality = ["1", "ok"]                                      # rows whose column holds one of these
//! [watch]                                                    # signals of no contract, for a backtest's scores
//! flow = "Volume Flow RateRMS"                               # their name = a column
//! gap = { column = "G", scale = 0.001, offset = 0.0 }
//! all = true                                                 # every other numeric column, by its own name
//! except = ["label"]                                         # but not these
//! unscored = ["flow"]                                        # watched for relations only
//! ```
//! `[file]` says what a text file without a header, or with another separator, does not say of itself; see `file_map`.
//! `[[relation]]` says which watched column should follow from which; see `relation_map`.
//! With `[watch]` a file needs no signal of the contract at all. A watched cell that is no number is missing.
//! What the map does not mention is taken from the column of its own name, if the file has one.

use std::collections::BTreeMap;

use foretell_model::{DAY_MS, HOUR_MS, MINUTE_MS, MachineId, RunState, Signal, Timestamp};
use serde::Deserialize;

use super::file_map::{FileMap, RawFile};
use super::relation_map::{RawRelation, RelationMap};
use super::times::{Clockface, Epoch};
use super::units::{Linear, conversion};
use super::watch_map::WatchMap;

/// Why a text is not a column map.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// Not TOML, or a key is unknown or of the wrong type; says where.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A key holds something impossible.
    #[error("`{key}`: {problem}")]
    Key {
        /// Which key.
        key: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

pub(crate) fn wrong(key: &str, problem: impl Into<String>) -> MapError {
    MapError::Key { key: key.to_owned(), problem: problem.into() }
}

/// A checked column map. The default takes every column by its own name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnMap {
    pub(crate) signals: BTreeMap<Signal, SignalSource>,
    pub(crate) ts: Option<TimeSource>,
    pub(crate) site: Option<TextSource>,
    pub(crate) machine: Option<TextSource>,
    pub(crate) state: Option<TextSource>,
    pub(crate) run_hours: Option<DeriveRunHours>,
    pub(crate) filter: BTreeMap<String, Vec<String>>,
    pub(crate) watch: WatchMap,
    pub(crate) relations: Vec<RelationMap>,
    pub(crate) file: FileMap,
}

/// Where a signal comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SignalSource {
    Column { column: String, linear: Linear },
    Constant(f64),
}

/// Where a time stamp comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TimeSource {
    Column { column: String, clockface: Clockface },
    Steps { start: Timestamp, step_ms: i64 },
}

/// Where a text comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TextSource {
    Column {
        column: String,
        prefix: String,
        values: BTreeMap<String, String>,
    },
    /// From where the file lies: one file or one folder per machine or site.
    Path {
        part: PathPart,
        prefix: String,
    },
    /// Several, joined by `-`.
    Joined(Vec<TextSource>),
    Constant(String),
}

/// What of a file's path names a machine or a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PathPart {
    /// The file's name without its ending.
    Name,
    /// The name of the folder that it lies in.
    Folder,
}

/// Running hours as the time during which a signal was above a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DeriveRunHours {
    pub(crate) from: Signal,
    pub(crate) above: f64,
    pub(crate) start_h: f64,
    pub(crate) gap_max_ms: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMap {
    #[serde(default)]
    columns: BTreeMap<String, toml::Value>,
    #[serde(default)]
    constants: BTreeMap<String, toml::Value>,
    #[serde(default)]
    derive: RawDerive,
    #[serde(default)]
    filter: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    watch: BTreeMap<String, toml::Value>,
    #[serde(default)]
    relation: Vec<RawRelation>,
    #[serde(default)]
    file: RawFile,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDerive {
    run_hours: Option<RawRunHours>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRunHours {
    from: String,
    above: f64,
    #[serde(default)]
    start: f64,
    gap_max: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSignal {
    column: String,
    scale: Option<f64>,
    offset: Option<f64>,
    unit: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTime {
    column: Option<String>,
    format: Option<String>,
    zone: Option<String>,
    epoch: Option<String>,
    start: Option<String>,
    step: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawText {
    column: Option<String>,
    file: Option<PathPart>,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    values: BTreeMap<String, String>,
}

impl ColumnMap {
    /// Reads a map from its TOML text.
    ///
    /// # Errors
    /// When the text is not TOML, or names a signal, unit, zone or duration that does not exist.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        let raw: RawMap = toml::from_str(text)?;
        let (watch, file) = (WatchMap::parse(raw.watch)?, FileMap::parse(raw.file)?);
        let mut map = Self { filter: raw.filter, watch, file, ..Self::default() };
        for (key, value) in raw.columns {
            map.set_column(&key, value)?;
        }
        for (key, value) in raw.constants {
            map.set_constant(&key, &value)?;
        }
        map.run_hours = raw.derive.run_hours.map(run_hours).transpose()?;
        let relations = raw.relation.into_iter().map(|relation| RelationMap::parse(relation, &map.watch));
        map.relations = relations.collect::<Result<_, _>>()?;
        Ok(map)
    }

    /// Whether rows have no time of their own and are counted through instead.
    pub(crate) const fn is_counted_through(&self) -> bool {
        matches!(self.ts, Some(TimeSource::Steps { .. }))
    }

    /// Relations between watched columns.
    #[must_use]
    pub fn relations(&self) -> &[RelationMap] {
        &self.relations
    }

    fn set_column(&mut self, key: &str, value: toml::Value) -> Result<(), MapError> {
        match key {
            "ts" => self.ts = Some(time(key, value)?),
            "site" => self.site = Some(text(key, value)?),
            "machine" => self.machine = Some(text(key, value)?),
            "state" => self.state = Some(state(key, value)?),
            _ => {
                let source = signal_column(key, value)?;
                self.signals.insert(signal(key)?, source);
            }
        }
        Ok(())
    }

    fn set_constant(&mut self, key: &str, value: &toml::Value) -> Result<(), MapError> {
        let as_text = || value.as_str().map(str::to_owned).ok_or_else(|| wrong(key, "must be a text"));
        match key {
            "site" | "machine" => {
                let constant = as_text()?;
                MachineId::new(&constant, &constant).map_err(|e| wrong(key, e.to_string()))?;
                let slot = if key == "site" { &mut self.site } else { &mut self.machine };
                *slot = Some(TextSource::Constant(constant));
            }
            "state" => {
                let constant = as_text()?;
                known_state(key, &constant)?;
                self.state = Some(TextSource::Constant(constant));
            }
            _ => {
                let number = value.as_float().or_else(|| value.as_integer().map(|n| n as f64));
                let number = number.ok_or_else(|| wrong(key, "must be a number"))?;
                self.signals.insert(signal(key)?, SignalSource::Constant(number));
            }
        }
        Ok(())
    }
}

fn signal(key: &str) -> Result<Signal, MapError> {
    Signal::from_name(key).ok_or_else(|| {
        let known = Signal::ALL.map(Signal::name).join(", ");
        wrong(
            key,
            format!("is no signal; known are ts, site, machine, state, {known}; any other column goes under [watch]"),
        )
    })
}

fn signal_column(key: &str, value: toml::Value) -> Result<SignalSource, MapError> {
    let signal = signal(key)?;
    let (column, linear) = signal_source(key, value, |unit| conversion(signal, unit))?;
    Ok(SignalSource::Column { column, linear })
}

/// A column and what turns its numbers into ours; `convert` knows the units that it may come in.
pub(crate) fn signal_source(
    key: &str,
    value: toml::Value,
    convert: impl Fn(&str) -> Option<Linear>,
) -> Result<(String, Linear), MapError> {
    let raw = match value {
        toml::Value::String(column) => RawSignal { column, scale: None, offset: None, unit: None },
        other => other.try_into().map_err(|e: toml::de::Error| wrong(key, e.message()))?,
    };
    let own = Linear { scale: raw.scale.unwrap_or(1.0), offset: raw.offset.unwrap_or(0.0) };
    if !(own.scale.is_finite() && own.scale != 0.0 && own.offset.is_finite()) {
        return Err(wrong(key, "scale must be a number other than 0, and offset finite"));
    }
    let unknown = |unit: &str| wrong(key, format!("cannot come in `{unit}`; use scale and offset"));
    let unit = raw.unit.map_or(Ok(Linear::SAME), |unit| convert(&unit).ok_or_else(|| unknown(&unit)))?;
    Ok((raw.column, own.then(unit)))
}

fn time(key: &str, value: toml::Value) -> Result<TimeSource, MapError> {
    let raw = match value {
        toml::Value::String(column) => RawTime { column: Some(column), ..RawTime::default() },
        other => other.try_into().map_err(|e: toml::de::Error| wrong(key, e.message()))?,
    };
    match (raw.column, raw.start, raw.step) {
        (Some(column), None, None) => {
            let epoch = raw.epoch.map(|epoch| Epoch::from_name(&epoch).ok_or(epoch)).transpose();
            let epoch =
                epoch.map_err(|epoch| wrong(key, format!("epoch `{epoch}` is none of d, h, min, s, ms, us, ns")))?;
            let clockface = Clockface::new(raw.format, raw.zone.as_deref(), epoch).map_err(|e| wrong(key, e))?;
            Ok(TimeSource::Column { column, clockface })
        }
        (None, Some(start), Some(step)) => Ok(TimeSource::Steps {
            start: Timestamp::parse(&start).map_err(|e| wrong(key, e.to_string()))?,
            step_ms: duration_ms(key, &step)?,
        }),
        _ => Err(wrong(key, "needs either `column`, or `start` and `step`")),
    }
}

fn text(key: &str, value: toml::Value) -> Result<TextSource, MapError> {
    let raw = match value {
        toml::Value::Array(parts) if !parts.is_empty() => {
            return parts.into_iter().map(|part| text(key, part)).collect::<Result<_, _>>().map(TextSource::Joined);
        }
        toml::Value::String(column) => {
            RawText { column: Some(column), file: None, prefix: String::new(), values: BTreeMap::new() }
        }
        other => other.try_into().map_err(|e: toml::de::Error| wrong(key, e.message()))?,
    };
    match (raw.column, raw.file) {
        (Some(column), None) => Ok(TextSource::Column { column, prefix: raw.prefix, values: raw.values }),
        (None, Some(part)) if raw.values.is_empty() => Ok(TextSource::Path { part, prefix: raw.prefix }),
        _ => Err(wrong(key, "needs either `column`, or `file` without `values`")),
    }
}

fn state(key: &str, value: toml::Value) -> Result<TextSource, MapError> {
    let source = text(key, value)?;
    match &source {
        TextSource::Column { values, .. } => values.values().try_for_each(|name| known_state(key, name))?,
        _ => return Err(wrong(key, "needs `column`")),
    }
    Ok(source)
}

fn known_state(key: &str, name: &str) -> Result<(), MapError> {
    let known = RunState::ALL.map(RunState::name).join(", ");
    RunState::from_name(name).map(|_| ()).ok_or_else(|| wrong(key, format!("`{name}` is none of {known}")))
}

fn run_hours(raw: RawRunHours) -> Result<DeriveRunHours, MapError> {
    let key = "derive.run_hours";
    let gap_max_ms = raw.gap_max.map_or(Ok(HOUR_MS), |text| duration_ms(key, &text))?;
    if !(raw.above.is_finite() && raw.start.is_finite()) {
        return Err(wrong(key, "above and start must be finite numbers"));
    }
    Ok(DeriveRunHours { from: signal(&raw.from)?, above: raw.above, start_h: raw.start, gap_max_ms })
}

/// `250ms`, `10s`, `1m`, `2h`, `1d`; longer than nothing.
pub(crate) fn duration_ms(key: &str, text: &str) -> Result<i64, MapError> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit_ms = match &text[split..] {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(MINUTE_MS),
        "h" => Some(HOUR_MS),
        "d" => Some(DAY_MS),
        _ => None,
    };
    let number = text[..split].parse::<i64>().ok();
    let ms = number.zip(unit_ms).and_then(|(number, unit_ms)| number.checked_mul(unit_ms));
    ms.filter(|ms| *ms > 0).ok_or_else(|| wrong(key, format!("`{text}` is not a duration such as 10s, 1m, 2h or 1d")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, expected: &str) {
        assert_eq!(ColumnMap::parse(text).unwrap_err().to_string(), expected, "{text}");
    }

    #[test]
    fn the_example_of_the_module_is_a_map() {
        let example: String = include_str!("column_map.rs")
            .lines()
            .skip_while(|line| *line != "//! ```toml")
            .skip(1)
            .take_while(|line| *line != "//! ```")
            .map(|line| format!("{}\n", line.trim_start_matches("//!")))
            .collect();
        let map = ColumnMap::parse(&example).unwrap();
        assert_eq!((map.signals.len(), map.filter.len()), (3, 1));
        assert_eq!(map.run_hours.unwrap().gap_max_ms, 15 * MINUTE_MS);
        assert_eq!((map.watch.named.len(), map.watch.all, map.watch.except.len()), (2, true, 1));
    }

    #[test]
    fn says_what_is_wrong() {
        refused("[columns]\nts = {}", "`ts`: needs either `column`, or `start` and `step`");
        refused(
            "[columns]\nts = { start = \"2026-01-01T00:00:00Z\", step = \"1 min\" }",
            "`ts`: `1 min` is not a duration such as 10s, 1m, 2h or 1d",
        );
        refused(
            "[columns]\nts = { column = \"t\", format = \"%H\", zone = \"Mars/Olympus\" }",
            "`ts`: zone `Mars/Olympus` is neither UTC, an offset such as +08:00, nor an IANA name such as Asia/Shanghai",
        );
        refused(
            "[columns]\nambient_temp_c = { column = \"t\", unit = \"bar\" }",
            "`ambient_temp_c`: cannot come in `bar`; use scale and offset",
        );
        refused(
            "[columns]\nambient_temp_c = { colum = \"t\" }",
            "`ambient_temp_c`: unknown field `colum`, expected one of `column`, `scale`, `offset`, `unit`",
        );
        refused(
            "[columns]\nmachine = { prefix = \"c\" }",
            "`machine`: needs either `column`, or `file` without `values`",
        );
        refused("[columns]\nmachine = [\"a\", 1]", "`machine`: invalid type: integer `1`, expected struct RawText");
        refused("[constants]\nsite = \"a/b\"", "`site`: `a/b` holds '/'; only A-Z a-z 0-9 . _ - are allowed");
        refused("[constants]\nstate = \"on\"", "`state`: `on` is none of stopped, starting, unloaded, loaded");
        assert!(ColumnMap::parse("[columns]\noil = \"x\"").unwrap_err().to_string().starts_with("`oil`: is no signal"));
    }

    #[test]
    fn every_shipped_map_is_one() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/maps");
        let mut maps = 0;
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.extension() != Some("toml".as_ref()) {
                continue;
            }
            ColumnMap::parse(&std::fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            maps += 1;
        }
        assert!(maps >= 5, "{maps}");
    }
}
