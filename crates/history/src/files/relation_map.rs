//! The `[[relation]]` tables of a column map: which column should follow from which, and what a lasting change of it means.
//!
//! ```toml
//! [[relation]]
//! target = "Tho"                                    # a name under [watch], or of a signal of the contract
//! companions = ["Thi", "Tci", "m_h", "m_cold"]      # the same; without: every other watched column
//! skip = "500s"                                     # start-up, from the first row on; default nothing
//! learn = "3500s"                                   # then what is learned from; default "28d"
//! delay_max = "30m"                                 # longest dead time looked for; default half of learn
//! effect_min = 0.5                                  # least shift worth a word; default a tenth of the target's spread
//! unit = "K"                                        # of a shift, UCUM; default the contract's, else "1"
//! fault = "cooler_clogging"                         # what a lasting shift means; default "sensor_drift"
//! when = "up"                                       # if only one way means that: "up" or "down"
//! grade = "advise"                                  # default "watch"
//! ```
//! A shift the other way than `when` says is `sensor_drift` at grade `watch`: a sensor of the relation may be off.

use foretell_model::{DAY_MS, FaultCode, Grade, Signal};
use serde::Deserialize;

use super::column_map::{MapError, duration_ms, wrong};
use super::watch_map::WatchMap;

/// Which way a shift must go to mean the relation's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// The target is higher than its companions let expect.
    Up,
    /// It is lower.
    Down,
}

/// A relation to watch in a backtest.
#[derive(Clone, Debug, PartialEq)]
pub struct RelationMap {
    /// Name of the target, as it is watched.
    pub target: String,
    /// Names of its companions; empty means every other watched column.
    pub companions: Vec<String>,
    /// Start-up that is not learned from, ms.
    pub skip_ms: i64,
    /// Length of the learning window, ms.
    pub learn_ms: i64,
    /// Longest dead time, ms, where the map says.
    pub delay_max_ms: Option<i64>,
    /// Least shift worth a word, in the target's unit, where the map says.
    pub effect_min: Option<f64>,
    /// UCUM unit of a shift.
    pub unit: String,
    /// What a lasting shift means.
    pub fault: FaultCode,
    /// If only one way means that.
    pub when: Option<When>,
    /// How pressing that is.
    pub grade: Grade,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRelation {
    target: String,
    #[serde(default)]
    companions: Vec<String>,
    skip: Option<String>,
    learn: Option<String>,
    delay_max: Option<String>,
    effect_min: Option<f64>,
    unit: Option<String>,
    fault: Option<String>,
    when: Option<When>,
    grade: Option<String>,
}

impl RelationMap {
    pub(crate) fn parse(raw: RawRelation, watch: &WatchMap) -> Result<Self, MapError> {
        let key = format!("relation {}", raw.target);
        let known = |name: &String| watch.all || watch.named.contains_key(name) || Signal::from_name(name).is_some();
        if let Some(name) = std::iter::once(&raw.target).chain(&raw.companions).find(|name| !known(name)) {
            return Err(wrong(&key, format!("`{name}` is neither under [watch] nor a signal of the contract")));
        }
        if raw.companions.contains(&raw.target) {
            return Err(wrong(&key, "a target cannot be its own companion"));
        }
        let duration = |text: Option<String>| text.map(|text| duration_ms(&key, &text)).transpose();
        let fault = raw.fault.map_or(Ok(FaultCode::SENSOR_DRIFT), |fault| {
            FaultCode::new(&fault).ok_or_else(|| wrong(&key, format!("`{fault}` is not a fault's code (a-z 0-9 _)")))
        })?;
        let grade = raw.grade.map_or(Ok(Grade::Watch), |grade| {
            Grade::from_name(&grade)
                .ok_or_else(|| wrong(&key, format!("grade `{grade}` is none of watch, advise, urgent")))
        })?;
        let (learn_ms, delay_max_ms) = (duration(raw.learn)?.unwrap_or(28 * DAY_MS), duration(raw.delay_max)?);
        if delay_max_ms.is_some_and(|delay| delay >= learn_ms) {
            return Err(wrong(&key, "delay_max must be shorter than learn"));
        }
        if raw.effect_min.is_some_and(|effect| !(effect > 0.0 && effect.is_finite())) {
            return Err(wrong(&key, "effect_min must be above 0"));
        }
        Ok(Self {
            unit: raw.unit.or_else(|| Some(unit_of_shift(&raw.target)?.to_owned())).unwrap_or_else(|| "1".to_owned()),
            skip_ms: duration(raw.skip)?.unwrap_or(0),
            target: raw.target,
            companions: raw.companions,
            learn_ms,
            delay_max_ms,
            effect_min: raw.effect_min,
            fault,
            when: raw.when,
            grade,
        })
    }
}

/// A difference of temperatures is in kelvin, whatever they themselves are in.
fn unit_of_shift(target: &str) -> Option<&'static str> {
    let unit = Signal::from_name(target)?.ucum();
    Some(if unit == "Cel" { "K" } else { unit })
}

#[cfg(test)]
mod tests {
    use super::super::ColumnMap;

    fn check(text: &str, expected: &str) {
        let shown = ColumnMap::parse(text).map(|map| {
            let relation = &map.relations()[0];
            let learn_s = (relation.skip_ms / 1_000, relation.learn_ms / 1_000);
            let means = (relation.fault.as_str(), relation.when, relation.grade.name(), relation.unit.as_str());
            format!("{} {:?} {learn_s:?} {means:?}", relation.target, relation.companions)
        });
        assert_eq!(shown.unwrap_or_else(|e| e.to_string()), expected, "{text}");
    }

    #[test]
    fn says_what_follows_from_what() {
        check(
            "[watch]\nall = true\n[[relation]]\ntarget = \"T\"",
            r#"T [] (0, 2419200) ("sensor_drift", None, "watch", "1")"#,
        );
        check(
            "[[relation]]\ntarget = \"oil_injection_temp_c\"\ncompanions = [\"ambient_temp_c\"]\nskip = \"1h\"\n\
             learn = \"2d\"\nfault = \"cooler_clogging\"\nwhen = \"up\"\ngrade = \"advise\"",
            r#"oil_injection_temp_c ["ambient_temp_c"] (3600, 172800) ("cooler_clogging", Some(Up), "advise", "K")"#,
        );
        let refused = |more: &str, expected: &str| {
            let text = format!("[watch]\nT = \"T\"\nU = \"U\"\n[[relation]]\ntarget = \"T\"\n{more}");
            check(&text, &format!("`relation T`: {expected}"));
        };
        refused("companions = [\"V\"]", "`V` is neither under [watch] nor a signal of the contract");
        refused("companions = [\"T\"]", "a target cannot be its own companion");
        refused("fault = \"Clogged!\"", "`Clogged!` is not a fault's code (a-z 0-9 _)");
        refused("grade = \"high\"", "grade `high` is none of watch, advise, urgent");
        refused("learn = \"1h\"\ndelay_max = \"1h\"", "delay_max must be shorter than learn");
        refused("effect_min = -1.0", "effect_min must be above 0");
    }
}
