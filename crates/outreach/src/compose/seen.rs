//! The observation a customer understands best, out of a finding's evidence.

use foretell_model::Evidence;
use serde::Serialize;

use super::facts::Subject;
use super::format;

/// One observation: what moved, by how much or from what to what, since when.
#[derive(Debug, Serialize, PartialEq)]
pub(super) struct Seen {
    what: &'static str,
    figure: String,
    /// What the figure used to be; empty where only the change is told.
    before: String,
    since: Option<String>,
    /// It came all at once and not little by little.
    sudden: bool,
}

impl Seen {
    /// The same with a figure that was told of it already.
    pub(super) fn told_as(&mut self, figure: &str) {
        figure.clone_into(&mut self.figure);
    }

    /// What moved, and its figure as it is written.
    pub(super) fn said(&self) -> (&str, &str) {
        (self.what, &self.figure)
    }
}

/// Evidence of how much of a change came all at once, 0 to 1.
const STEP_SHARE: &str = "onset_step_share";

/// From this share on a change is told as a jump.
const SUDDEN_FROM: f64 = 0.5;

/// Evidence of what the first feature used to be on this machine.
const OWN_NORMAL: &str = "own_normal";

/// A temperature where there is one, else the strongest evidence that has words, else that something moved.
pub(super) fn seen(subject: &Subject<'_>) -> Seen {
    let finding = subject.spoken.finding;
    let normal = finding.evidence.iter().find(|e| e.feature == OWN_NORMAL).map(|e| e.value);
    let mut said = finding.evidence.iter().enumerate().find_map(|(place, e)| {
        // The normal is that of the first feature.
        observation(e, normal.filter(|_| place == 0))
    });
    if said.as_ref().is_none_or(|(what, ..)| *what == "cooler_loss") {
        // "4 degrees hotter" says more than "a quarter less heat".
        if let Some(rise) = subject.context.excess_k.filter(|k| *k >= 1.0) {
            said = Some(("temperature_rise", format!("{rise:.0}"), String::new()));
        }
    }
    let (what, figure, before) = said.unwrap_or(("drift", String::new(), String::new()));
    let in_words = |t| format::day(subject.customer.language, subject.calendar.local(t).date());
    let sudden = finding.evidence.iter().any(|e| e.feature == STEP_SHARE && e.value >= SUDDEN_FROM);
    Seen { what, figure, before, since: subject.spoken.onset().map(in_words), sudden }
}

/// What, its figure and what that used to be.
type Said = (&'static str, String, String);

/// What a feature means to a reader; `None` when it has no plain words or is too small to speak of. Features that are levels
/// and not changes need the machine's own normal beside them: a level told as a change would be a falsehood.
fn observation(evidence: &Evidence, normal: Option<f64>) -> Option<Said> {
    let (name, value) = (evidence.feature.as_str(), evidence.value);
    let plain = |what, figure: String| Some((what, figure, String::new()));
    let change = normal.map(|normal| value - normal).filter(|change| change.is_finite());
    let degrees = |change: f64| match change {
        c if c >= 1.0 => plain("temperature_rise", format!("{c:.0}")),
        c if c <= -1.0 => plain("temperature_fall", format!("{:.0}", -c)),
        _ => None,
    };
    if !value.is_finite() {
        return None;
    }
    match name {
        "discharge_excess_k" => degrees(value),
        "cooler_ua_loss" if value >= 0.05 => plain("cooler_loss", format!("{:.0}", (value * 20.0).round() * 5.0)),
        "coolest_hour_c" => degrees(change?),
        "injection_gap_k" => plain("oil_heats_more", format!("{:.0}", change.filter(|k| *k >= 1.0)?)),
        "oil_filter_dp_bar" => plain("oil_filter_dp", format::figure(value)),
        "separator_dp_bar" => plain("separator_dp", format::figure(value)),
        "inlet_vacuum_mbar" => plain("inlet_vacuum", format!("{value:.0}")),
        "vibration_mm_s" => plain("vibration", format::figure(value)),
        "loaded_current_a" => match change? {
            a if a >= 1.0 => plain("current_rise", format!("{a:.0}")),
            a if a <= -1.0 => plain("current_fall", format!("{:.0}", -a)),
            _ => None,
        },
        "unloaded_current_share" => Some(("idle_current", percent(value)?, percent(normal?)?)),
        "quiet_load_share" => Some(("quiet_load", percent(value)?, normal.and_then(percent).unwrap_or_default())),
        "phase_imbalance" => plain("phase_imbalance", percent(value)?),
        "hot_excursions" => plain("hot_peaks", String::new()),
        "valve_open_share" | "settled_discharge_c" => plain("too_cool", String::new()),
        // Changes under names of their own: the unit tells what they are about.
        _ if name.ends_with("_residual_k") => degrees(value),
        _ => None,
    }
}

/// Whole percents of a share; `None` of what rounds to none.
fn percent(share: f64) -> Option<String> {
    let percent = (share * 100.0).round();
    (percent >= 1.0).then(|| format!("{percent:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_never_told_as_a_change() {
        #[track_caller]
        fn check(feature: &str, value: f64, normal: Option<f64>, expected: Option<(&str, &str, &str)>) {
            let evidence =
                Evidence { feature: feature.into(), value, unit: "1".into(), change_per_day: None, since: None };
            let said = observation(&evidence, normal);
            assert_eq!(said.as_ref().map(|(what, figure, before)| (*what, &**figure, &**before)), expected);
        }
        check("loaded_current_a", 151.0, Some(146.2), Some(("current_rise", "5", "")));
        check("loaded_current_a", 151.0, None, None);
        check("injection_gap_k", 31.0, Some(25.0), Some(("oil_heats_more", "6", "")));
        check("injection_gap_k", 31.0, None, None);
        check("coolest_hour_c", 61.0, Some(75.0), Some(("temperature_fall", "14", "")));
        check("unloaded_current_share", 0.62, Some(0.54), Some(("idle_current", "62", "54")));
        check("quiet_load_share", 0.14, Some(0.003), Some(("quiet_load", "14", "")));
        check("discharge_excess_k", 4.2, None, Some(("temperature_rise", "4", "")));
        check("discharge_temp_residual_k", -9.6, None, Some(("temperature_fall", "10", "")));
        check("phase_imbalance", 0.09, Some(0.02), Some(("phase_imbalance", "9", "")));
        check("log_bayes_factor", 9.0, None, None);
        check("vibration_mm_s", f64::NAN, None, None);
    }
}
