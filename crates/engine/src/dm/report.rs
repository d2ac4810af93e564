//! What is said of sensors: one episode per sensor and kind of trouble, in plain words: which signal, what is seen, what
//! to do.

use foretell_model::{Evidence, FaultCode, Finding, FindingKind, Grade, MachineId, Signal, Timestamp};

use super::channel::{Channel, Trouble, Weights};
use super::hold::Minute;
use super::plausible::Plausible;
use super::sensors::{Culprit, HOURS, SUBJECTS, Sensors, TA, TD, minute_of};
use crate::findings::episode::{Draft, Episodes};

/// A machine whose discharge sensor could be compared with nothing for so many days is said to be unchecked.
const UNCHECKED_DAYS: u16 = 30;

/// Where nothing tells which of two sensors has drifted: how likely the discharge sensor, and the ambient sensor.
const EITHER: (f64, f64) = (0.55, 0.4);

/// Says which sensors changed their standing since it was last asked.
pub(crate) fn say(
    sensors: &mut Sensors,
    episodes: &mut Episodes,
    at: Timestamp,
    id: &MachineId,
    out: &mut Vec<Finding>,
) {
    let Some((before, now)) = sensors.news() else { return };
    for (place, signal) in SUBJECTS.into_iter().enumerate() {
        let (was, is) = (before[place], now[place]);
        if was == is {
            continue;
        }
        if let Some(code) = was.fault().filter(|code| is.fault().as_ref() != Some(code)) {
            episodes.clear(at, id, draft(place, code, 0.95, cleared(signal)), out);
        }
        if let Some(code) = is.fault() {
            let mut draft = draft(place, code, 0.95, String::new());
            describe(sensors, place, signal, is, at, &mut draft);
            episodes.say(at, id, draft, out);
        }
    }
}

/// Says once that the run-hour counter restarted. The machine is not ill, so nothing stays open.
pub(crate) fn restarted(
    sensors: &Sensors,
    from_h: f64,
    episodes: &mut Episodes,
    at: Timestamp,
    id: &MachineId,
    out: &mut Vec<Finding>,
) {
    let to_h = sensors.run_hours.shown_h().unwrap_or_default();
    let total_h = sensors.run_hours.total_h().unwrap_or_default();
    let text = format!(
        "The run-hour counter `run_hours` went from {from_h:.0} h to {to_h:.0} h at once: it was reset, exchanged or set. \
         Our own count goes on at {total_h:.0} h, so no service comes due by it; nothing needs to be done unless the controller was not exchanged."
    );
    let mut draft = draft(HOURS, FaultCode::SENSOR_DRIFT, 0.99, text);
    draft.evidence =
        vec![evidence("run_hours_jump_h", to_h - from_h, "h"), evidence("run_hours_total_h", total_h, "h")];
    episodes.note(at, id, draft, out);
}

/// Says that the discharge sensor of a machine that never rests cannot be checked, and when it can be again.
pub(crate) fn checkability(
    sensors: &Sensors,
    today: u16,
    episodes: &mut Episodes,
    at: Timestamp,
    id: &MachineId,
    out: &mut Vec<Finding>,
) {
    let (kind, fault) = (FindingKind::Observability, FaultCode::SENSOR_DRIFT);
    let unchecked = sensors.unchecked_days(today) >= UNCHECKED_DAYS;
    if unchecked == episodes.is_open(kind, &fault, TD as u8) {
        return;
    }
    let text = if unchecked {
        "Whether the discharge temperature sensor slowly drifts cannot be checked: for 30 days the machine has not rested the \
         hours after which it must read the room's temperature beside a working ambient sensor. A stop over a night or a hand \
         thermometer would settle it."
    } else {
        "The discharge temperature sensor could be checked again at a cold machine."
    };
    let mut draft = Draft::plain(kind, fault, 1.0, text.to_owned());
    draft.subject = TD as u8;
    if unchecked {
        episodes.say(at, id, draft, out);
    } else {
        episodes.clear(at, id, draft, out);
    }
}

fn draft(place: usize, code: FaultCode, likelihood: f64, text: String) -> Draft {
    let mut draft = Draft::plain(FindingKind::SensorFault, code, likelihood, text);
    draft.subject = place as u8;
    draft
}

fn evidence(feature: &str, value: f64, unit: &str) -> Evidence {
    Evidence { feature: feature.to_owned(), value, unit: unit.to_owned(), change_per_day: None, since: None }
}

fn cleared(signal: Signal) -> String {
    format!("The sensor behind `{}` works again and is used.", signal.name())
}

fn describe(sensors: &Sensors, place: usize, signal: Signal, trouble: Trouble, at: Timestamp, draft: &mut Draft) {
    if place == HOURS {
        let stood_h = sensors.run_hours.stood_h();
        draft.text = format!(
            "The run-hour counter `run_hours` has stood still for {stood_h:.0} hours of running by the motor current; service is \
             counted by the current until it moves. Check the counter's wiring or the gateway's mapping."
        );
        draft.evidence.push(evidence("sensor_constant_hours", stood_h, "h"));
        return;
    }
    let Some(channel) = sensors.channel(place) else { return };
    match trouble {
        Trouble::Drift => drift(sensors, draft),
        Trouble::None => {}
        _ => single(channel, &sensors.weights, signal, trouble, minute_of(at), draft),
    }
}

/// How often a day, at least once, in words.
fn times_a_day(times: f64) -> String {
    let times = times.round().max(1.0);
    if times == 1.0 { "about once a day".to_owned() } else { format!("about {times:.0} times a day") }
}

/// Troubles that show in the sensor's own values.
fn single(channel: &Channel, weights: &Weights, signal: Signal, trouble: Trouble, at: Minute, draft: &mut Draft) {
    let (name, unit) = (signal.name(), signal.unit());
    let value = channel.hold.value();
    let (text, item) = match trouble {
        Trouble::Dropout => (
            format!(
                "The sensor behind `{name}` delivers nothing usable: values are missing, at the end of the range or impossible. It is \
                 not used until it has been well for some hours. Check plug, cable and sensor for a break or a short."
            ),
            evidence("sensor_bad_share", channel.bad_share(), "1"),
        ),
        Trouble::Flaky => (
            format!(
                "The sensor behind `{name}` jumps to impossible values or drops out {}, as a loose contact does. \
                 These values are left out and the others used. Check plug and cable before it fails for good.",
                times_a_day(channel.faults_per_day(weights))
            ),
            evidence("sensor_faults_per_day", channel.faults_per_day(weights), "/d"),
        ),
        Trouble::Unit => {
            let plausible = Plausible::of(signal);
            let wrong = plausible.as_ref().and_then(|p| channel.wrong_unit(p));
            let (wrong, factor) = wrong.map_or(("another unit", 1.0), |u| (u.name, f64::from(u.factor)));
            (
                format!(
                    "The values of `{name}` changed all at once as if they now came in {wrong} instead of {unit}. They are not used and not \
                     converted on a guess: set the unit in the column map or the gateway."
                ),
                evidence("sensor_unit_factor", factor, "1"),
            )
        }
        _ => {
            let held_h = f64::from(channel.hold.identical_h(at));
            (
                format!(
                    "The sensor behind `{name}` repeats {value:.1} {unit} although the machine did what must move it. It is not used until \
                     its value moves again. Check whether the gateway repeats an old value, then the sensor."
                ),
                evidence("sensor_constant_hours", held_h, "h"),
            )
        }
    };
    draft.text = text;
    draft.evidence.push(item);
}

/// Two sensors that no longer agree where they must.
fn drift(sensors: &Sensors, draft: &mut Draft) {
    let soaked_k = f64::from(sensors.soak.departure_k());
    let seen = |k: f64| format!("{:.1} K {}", k.abs(), if k < 0.0 { "lower" } else { "higher" });
    let beside = sensors.channel(TA).is_some_and(Channel::is_known);
    let witness = if beside {
        "the ambient sensor agrees with the site's others"
    } else {
        "the site's other cold machines agree among themselves"
    };
    let alone = "after long stops, when both must read the room";
    let (text, shift_k) = match sensors.culprit {
        Culprit::Ambient if sensors.soak.has_moved() => (
            format!(
                "The sensor behind `ambient_temp_c` reads {} than it should: it left both the cold machine {alone} and the site's other \
                 ambient sensors. It is not used; check where it hangs (sun, exhaust air), then the sensor.",
                seen(-soaked_k)
            ),
            -soaked_k,
        ),
        Culprit::Ambient => {
            let beside_k = f64::from(sensors.beside.departure_k());
            (
                format!(
                    "The sensor behind `ambient_temp_c` reads {} against the site's other ambient sensors than it used to. It is not used; \
                     check where it hangs (sun, exhaust air), then the sensor.",
                    seen(beside_k)
                ),
                beside_k,
            )
        }
        Culprit::Either => {
            // Which of the two it is stands in the text; a sensor's drift it is either way.
            draft.likelihood = EITHER.0 + EITHER.1;
            (
                format!(
                    "`discharge_temp_c` reads {} against `ambient_temp_c` than it used to {alone}. Either the discharge sensor ({:.0} %) or the \
                     ambient sensor ({:.0} %) has drifted; without a second ambient sensor on the site nothing tells which. The ambient is not \
                     used meanwhile. Hold a thermometer to both at a cold machine.",
                    seen(soaked_k),
                    100.0 * EITHER.0,
                    100.0 * EITHER.1
                ),
                soaked_k,
            )
        }
        _ => (
            format!(
                "The sensor behind `discharge_temp_c` reads {} than it used to {alone}, and {witness}. It is not used, because its \
                 drift would look like a fault of the cooler. Check sensor and contact, then exchange it.",
                seen(soaked_k)
            ),
            soaked_k,
        ),
    };
    if matches!(sensors.culprit, Culprit::Discharge | Culprit::Either) {
        // The machine is judged by it, so somebody must look.
        draft.grade = Grade::Advise;
    }
    draft.text = text;
    draft.evidence.push(evidence("sensor_bias_k", shift_k, "K"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_is_no_plural() {
        for (times, expected) in [(0.2, "once"), (1.4, "once"), (1.6, "2 times"), (40.0, "40 times")] {
            assert_eq!(times_a_day(times), format!("about {expected} a day"));
        }
    }

    #[test]
    fn a_drift_is_no_other_cause_of_itself() {
        for (culprit, likelihood) in [(Culprit::Discharge, 0.9), (Culprit::Ambient, 0.9), (Culprit::Either, 0.95)] {
            let mut sensors = Sensors::default();
            sensors.culprit = culprit;
            let mut draft = draft(TD, FaultCode::SENSOR_DRIFT, 0.9, String::new());
            drift(&sensors, &mut draft);
            assert!((draft.likelihood - likelihood).abs() < 1e-9, "{culprit:?}: {}", draft.likelihood);
            assert_eq!(draft.alternatives, [], "{culprit:?}");
            assert_eq!(draft.text.contains("(55 %)"), culprit == Culprit::Either, "{}", draft.text);
        }
    }
}
