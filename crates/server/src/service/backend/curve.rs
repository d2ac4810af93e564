//! The curve of a machine: what was, what is normal for it, what is forecast.

use foretell_console::view::{ConePoint, Curve, DayPoint, Mark, MarkKind, Reached};
use foretell_engine::{DayView, MachineView};
use foretell_model::{Finding, FindingKind, Grade, Status, Timestamp};

use crate::service::findings;

/// The normal band is the expectation plus and minus so many standard deviations.
const BAND_SD: f64 = 2.0;

/// Draws a machine's history and forecast. `open` is what is open of it, the most pressing first.
pub fn curve(view: &MachineView, now: Timestamp, open: &[Finding], marks: Vec<Mark>) -> Curve {
    Curve {
        now,
        limit_c: view.limits.warn_c,
        days: view.days.iter().map(day).collect(),
        cone: cone(view),
        reached: open.iter().find_map(|finding| Reached::of(finding, now)),
        marks,
        counter: None,
    }
}

/// Of what is open of a machine what the words beside its curve are about: nobody reads "that cannot be told yet" beside the window
/// of something else.
pub fn about<'a>(open: &'a [Finding], told: &Finding) -> &'a [Finding] {
    open.iter().find(|known| known.id == told.id).map_or(&[], std::slice::from_ref)
}

/// One day with its normal band, where one is known.
pub fn day(day: &DayView) -> DayPoint {
    let edge = |sign: f64| day.expected_c.map(|expected_c| expected_c + sign * BAND_SD * day.expected_sd_k);
    DayPoint { day: day.day.day(), hot_c: day.observed_c, normal_low_c: edge(-1.0), normal_high_c: edge(1.0) }
}

/// The forecast as it stands.
pub fn cone(view: &MachineView) -> Vec<ConePoint> {
    let point = |point: &foretell_engine::ConePoint| ConePoint {
        day: point.day.day(),
        q10_c: point.q10_c,
        q50_c: point.q50_c,
        q90_c: point.q90_c,
    };
    view.cone.iter().map(point).collect()
}

/// What happened to a machine, and when advisories about it were opened, in order of time.
pub(super) fn marks<'a>(noted: &[findings::Mark], findings: impl Iterator<Item = &'a Finding>) -> Vec<Mark> {
    let mut marks: Vec<Mark> = noted.iter().map(mark).chain(findings.filter_map(advisory_mark)).collect();
    marks.sort_by_key(|mark| mark.at);
    marks
}

/// What somebody noted at a machine may name people: where those were erased the log keeps it, and nobody is shown it any more.
pub(super) fn strike_notes(marks: &mut Vec<Mark>) {
    marks.retain(|mark| mark.kind != MarkKind::Note);
}

fn mark(noted: &findings::Mark) -> Mark {
    let kind = match noted.kind {
        findings::MarkKind::Maintenance => MarkKind::Maintenance,
        findings::MarkKind::Alarm => MarkKind::Alarm,
        findings::MarkKind::Note => MarkKind::Note,
    };
    Mark { at: noted.at, kind, label: noted.text.clone() }
}

/// The beginning of an episode that may reach a customer.
fn advisory_mark(finding: &Finding) -> Option<Mark> {
    let opened =
        finding.status == Status::Opened && finding.kind == FindingKind::Prediction && finding.grade >= Grade::Advise;
    opened.then(|| Mark { at: finding.at, kind: MarkKind::Advisory, label: finding.fault.to_string() })
}

#[cfg(test)]
mod tests {
    use foretell_model::{FaultCode, FindingId, MachineId, RulDays};

    use super::*;

    #[test]
    fn nobody_is_shown_what_was_noted_at_the_machine_of_somebody_erased() {
        let noted = |kind, text: &str| findings::Mark { at: Timestamp::default(), kind, text: text.to_owned() };
        let told = [
            noted(findings::MarkKind::Note, "ask for Ms Baker"),
            noted(findings::MarkKind::Maintenance, "oil_changed"),
        ];
        let mut marks = marks(&told, [].iter());
        assert_eq!(marks.len(), 2);
        strike_notes(&mut marks);
        assert_eq!(marks.iter().map(|mark| mark.label.as_str()).collect::<Vec<_>>(), ["oil_changed"]);
    }

    #[test]
    fn a_curve_shows_the_window_that_its_words_tell_and_no_other() {
        let machine = MachineId::new("s", "m").unwrap();
        let finding = |fault: &str, p10: f64, p90: Option<f64>| Finding {
            at: Timestamp::from_millis(0),
            id: FindingId::new(&machine, &FaultCode::new(fault).unwrap(), 1),
            machine: machine.clone(),
            kind: FindingKind::Prediction,
            status: Status::Opened,
            grade: Grade::Advise,
            fault: FaultCode::new(fault).unwrap(),
            likelihood: 0.9,
            alternatives: Vec::new(),
            rul_days: Some(RulDays { p10: Some(p10), p50: None, p90 }),
            probability_within: None,
            limit: None,
            evidence: Vec::new(),
            text: String::new(),
        };
        // Of the first nobody can tell when; of the second they can.
        let open = [finding("oil_aged", 2.0, None), finding("cooler_clogging", 14.0, Some(21.0))];
        let shown = |told: &Finding| about(&open, told).iter().find_map(|known| Reached::of(known, told.at));
        assert_eq!(shown(&open[0]), None);
        assert!(shown(&open[1]).is_some());
        assert_eq!(shown(&finding("low_oil", 14.0, Some(21.0))), None, "what is over forecasts nothing");
    }
}
