//! The one plain English sentence of a finding: figure, since when, window in weeks.

use foretell_model::{Catalogue, FaultCode, RulDays, Timestamp, WeekWindow};

use crate::diagnose::{ADVISED_FROM, NAME_KEPT};
use crate::ha::cold::Below;
use crate::sd::day::start_of;

/// `20 June 2026`.
pub(crate) fn date(ts: Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (year, month, day) = ts.civil();
    let name = MONTHS.get(usize::from(month).saturating_sub(1)).copied().unwrap_or("January");
    format!("{day} {name} {year}")
}

/// `1 week`, `3 weeks`.
pub(crate) fn count(n: i64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A window in weeks of the 10-90 % interval, the very weeks that letters and pages say; never a date, never finer than the
/// interval.
pub(crate) fn window(rul: &RulDays) -> String {
    match WeekWindow::of(*rul, 0.0) {
        WeekWindow::ThisWeek => "within a week".to_owned(),
        WeekWindow::Within { to } => format!("within {to} weeks"),
        WeekWindow::Between { from, to } => format!("in {from} to {to} weeks"),
        WeekWindow::From { from } => format!("in {} at the earliest", count(from.into(), "week", "weeks")),
        WeekWindow::Open if rul.p10.is_some() => "perhaps within a week, perhaps not for months".to_owned(),
        WeekWindow::Open => "not within three months".to_owned(),
    }
}

/// The English name of a fault, or its code when the catalogue does not have it.
pub(crate) fn name<'a>(catalogue: &'a Catalogue, fault: &'a FaultCode) -> &'a str {
    catalogue.fault(fault).map_or(fault.as_str(), |f| f.name.en.as_str())
}

/// How sure one is of a cause, in words: from even chances on it is the likely one; one that hardly explains what is seen any
/// more is not called likely because it was named before.
pub(crate) fn because(cause: &str, likelihood: f64) -> String {
    match likelihood {
        sure if sure >= ADVISED_FROM => format!("most likely because of {cause}"),
        kept if kept >= NAME_KEPT => format!("perhaps because of {cause}"),
        _ => format!("for a cause that is not clear ({cause} was the first thought)"),
    }
}

/// The sentence of a growing excess.
pub(crate) fn prediction(
    because: &str,
    excess_k: f64,
    since: Timestamp,
    limit_c: f64,
    rul: Option<&RulDays>,
) -> String {
    let seen = format!(
        "The discharge temperature runs {excess_k:.1} K above this machine's own normal at equal load and ambient since about {}, \
         {because}",
        date(since)
    );
    match rul {
        Some(rul) if rul.p10.is_some() => {
            format!("{seen}; it is expected to reach {limit_c:.0} degC {}.", window(rul))
        }
        _ => format!("{seen}; it is not expected to reach {limit_c:.0} degC within three months."),
    }
}

/// The sentence of a discharge sensor that reads too high wherever one looks: at a cold machine as well, or in regulated
/// hours.
pub(crate) fn suspected_drift(excess_k: f64, since: Timestamp, is_cold_too: bool) -> String {
    let seen = if is_cold_too {
        "after long stops as much as under load, while a clogged cooler would show under load only"
    } else {
        "in hours that the thermostatic valve regulates as much as in hot ones, while a clogged cooler would show in hot hours only"
    };
    format!(
        "The sensor behind `discharge_temp_c` reads about {excess_k:.1} K higher since about {}, {seen}: most likely the sensor \
         drifts. Hold a thermometer to it at a cold machine.",
        date(since)
    )
}

/// The sentence of a machine that is loaded and warm below its lower limit.
pub(crate) fn too_cold(below: &Below, because: &str) -> String {
    let &Below { since, always, td_c, limit_c, lost_k, .. } = below;
    let since =
        if always { "as long as it is known".to_owned() } else { format!("since about {}", date(start_of(since))) };
    let less = format!("{lost_k:.0} K less above its cooling air than it used to in air no cooler");
    // To a tenth: what is below must read so.
    let (now, limit) = (tenths(td_c), tenths(limit_c));
    match (below.is_now(), lost_k > 0.0) {
        (true, true) => format!(
            "Loaded and warm, the machine runs at {now} degC, below its lower limit of {limit} degC, {since}: {less}, {because}; \
             water may collect in the oil."
        ),
        (true, false) => format!(
            "Loaded and warm, the machine runs at {now} degC, below its lower limit of {limit} degC, {since}, {because}; it was \
             never seen to keep more above its cooling air, so it may also be made so. Look for water in the oil."
        ),
        (false, true) => format!(
            "Loaded and warm, the machine has stood {less} {since}, {because}; at the {td_c:.0} degC of present weather one cannot see \
             whether it closes again."
        ),
        (false, false) => format!(
            "Loaded and warm, the machine has run below its lower limit of {limit} degC {since}, {because}; at present it runs at \
             {td_c:.0} degC."
        ),
    }
}

/// What a symptom shows, for [`symptom`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    /// The feature as the subject of a sentence.
    pub(crate) what: &'a str,
    pub(crate) value: f64,
    pub(crate) normal: f64,
    /// UCUM unit of both.
    pub(crate) unit: &'a str,
    pub(crate) since: Timestamp,
    pub(crate) sudden: bool,
    /// Whether it counts events.
    pub(crate) counted: bool,
    /// Whether `what` says all there is to say, without a figure.
    pub(crate) is_fact: bool,
}

/// The sentence of a symptom: what changed, since when, why, and when the limit is met or that no date can be given.
pub(crate) fn symptom(
    seen: &Seen<'_>,
    because: &str,
    foreseeable: bool,
    limit: Option<f64>,
    rul: Option<&RulDays>,
) -> String {
    let value = |v: f64| figure(v, seen.unit);
    let changed = if seen.is_fact {
        format!("{} since about {}", capital(seen.what), date(seen.since))
    } else if seen.counted {
        format!("{} within the last three days, the latest on {}", capital(seen.what), date(seen.since))
    } else {
        let (how, verb) = if seen.value < seen.normal { ("fell", "has fallen") } else { ("rose", "has risen") };
        let (from, to, since) = (value(seen.normal), value(seen.value), date(seen.since));
        // What reads the same as before has not come from anywhere.
        let by = if from == to { format!("to {to}") } else { format!("from {from} to {to}") };
        match seen.sudden {
            true => format!("{} {how} suddenly {by} about {since}", capital(seen.what)),
            false => format!("{} {verb} {by} since about {since}", capital(seen.what)),
        }
    };
    let because = format!("{changed}, {because}");
    match (limit, rul) {
        (Some(limit), _) if seen.value >= limit && seen.normal < limit => {
            format!("{because}; it is past {}, where work is due.", value(limit))
        }
        (Some(limit), Some(rul)) if rul.p10.is_some() => {
            format!("{because}; it is expected to reach {} {}.", value(limit), window(rul))
        }
        (Some(limit), _) => format!("{because}; it is not expected to reach {} within three months.", value(limit)),
        _ if foreseeable => format!("{because}."),
        _ => format!("{because}; such a fault shows no sign weeks ahead, so no date can be given."),
    }
}

/// `65`, `64.6`.
fn tenths(value: f64) -> String {
    format!("{value:.1}").trim_end_matches(".0").to_owned()
}

/// A figure with its unit as people write it.
fn figure(value: f64, unit: &str) -> String {
    match unit {
        // Adding nought makes "0 %" of what rounds to "-0 %".
        "1" => format!("{:.0} %", (100.0 * value).round() + 0.0),
        "K" => format!("{value:.1} K"),
        "Cel" => format!("{value:.0} degC"),
        "mbar" => format!("{value:.0} mbar"),
        "bar" => format!("{value:.2} bar"),
        unit => format!("{value:.1} {unit}"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_is_nearly_nought_has_no_sign() {
        assert_eq!(figure(-0.001, "1"), "0 %");
        assert_eq!(figure(-0.016, "1"), "-2 %");
    }

    #[test]
    fn figures_that_read_the_same_are_said_once() {
        #[track_caller]
        fn check(normal: f64, value: f64, sudden: bool, expected: &str) {
            let seen = Seen {
                what: "the temperature",
                value,
                normal,
                unit: "Cel",
                since: Timestamp::from_millis(0),
                sudden,
                counted: false,
                is_fact: false,
            };
            let text = symptom(&seen, "perhaps", true, None, None);
            assert!(text.starts_with(expected), "{text}");
        }
        check(93.6, 94.4, false, "The temperature has risen to 94 degC since");
        check(94.4, 93.6, true, "The temperature fell suddenly to 94 degC about");
        check(90.0, 94.4, false, "The temperature has risen from 90 degC to 94 degC since");
    }

    #[test]
    fn what_is_below_its_limit_reads_so() {
        let below = Below { since: 9000, always: false, advised: false, td_c: 64.6, limit_c: 65.0, lost_k: 0.0 };
        let text = too_cold(&below, "perhaps because of something");
        assert!(text.contains("64.6 degC, below its lower limit of 65 degC"), "{text}");
    }

    #[test]
    fn a_window_is_never_finer_than_the_interval() {
        let check = |p10: Option<f64>, p90: Option<f64>, expected: &str| {
            assert_eq!(window(&RulDays { p10, p50: p10, p90 }), expected);
        };
        check(Some(11.2), Some(27.5), "in 1 to 4 weeks");
        check(Some(1.0), Some(5.0), "within a week");
        check(Some(2.0), Some(20.0), "within 3 weeks");
        check(Some(13.0), Some(15.0), "in 1 to 2 weeks");
        check(Some(30.0), None, "in 4 weeks at the earliest");
        check(Some(2.0), None, "perhaps within a week, perhaps not for months");
        check(None, None, "not within three months");
    }
}
