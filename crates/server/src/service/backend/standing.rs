//! Of which instant a health report tells the machine's standing, and how it stood then: the present is claimed only from
//! fresh data, and the past is told from closed days and the findings of the time, as far as they are kept.

use foretell_console::view::{Health, HiddenBy, MachineDetail, StandingOf};
use foretell_console::{BackendError, Span};
use foretell_engine::{DayView, MachineView};
use foretell_model::{Clock, DAY_MS, FaultCode, Finding, FindingKind, MachineId, Status, Timestamp};

use super::ServiceBackend;
use super::lookout::{DAYS_NEEDED, LOAD_H_MIN, UNHEARD_MS};
use super::machine::by_grade;

/// With so many closed days kept, older ones may have been dropped, and a short history is no sign of learning.
const DAYS_KEPT: usize = 90;

impl ServiceBackend {
    /// The machine as it stood at the end of a span.
    pub(super) fn standing_at(
        &self,
        id: &MachineId,
        view: &MachineView,
        span: Span,
    ) -> Result<(MachineDetail, StandingOf), BackendError> {
        let now = self.clocks.now();
        let mut detail = self.machine_detail_at(id, Some(view.clone()), view.last_ts.unwrap_or(now))?;
        let Some(last) = view.last_ts else { return Ok(untold(detail, now)) };
        if last < span.from {
            return Ok(untold(detail, last));
        }
        if span.to.day() >= last.day() {
            // A span that ends with the data claims nothing of the present either.
            let silent = span.to.min(now) - last > UNHEARD_MS || now - last > UNHEARD_MS;
            return Ok((detail, if silent { StandingOf::LastReading } else { StandingOf::Now }));
        }
        let findings = self.room.findings(Some(id), None, usize::MAX);
        let told = self.findings_reach_back_to(span.to) && rewind(&mut detail, view, &findings, span);
        let end = detail.curve.now;
        match (told, span.to - end > UNHEARD_MS) {
            (false, _) => Ok(untold(detail, span.to)),
            (true, true) => Ok((detail, StandingOf::LastReading)),
            (true, false) => {
                detail.curve.now = span.to;
                Ok((detail, StandingOf::Then))
            }
        }
    }

    /// Whether no finding of that time has been dropped to make room for newer ones.
    fn findings_reach_back_to(&self, then: Timestamp) -> bool {
        self.room.findings_since().is_none_or(|oldest| oldest <= then)
    }
}

/// A machine of which the data do not tell how it stood.
fn untold(mut detail: MachineDetail, at: Timestamp) -> (MachineDetail, StandingOf) {
    detail.open.clear();
    (detail.curve.cone, detail.curve.reached) = (Vec::new(), None);
    detail.curve.days.retain(|day| day.day < at.day());
    detail.curve.now = at;
    detail.summary.health = Health::Hidden(HiddenBy::NoReadings);
    detail.summary.last_reading = detail.summary.last_reading.filter(|last| *last <= at);
    (detail, StandingOf::Untold)
}

/// Sets a machine back to the end of a span, so that its curve ends with the last closed day before; `false` when that day
/// is not of the span or what lies before it is not kept.
fn rewind(detail: &mut MachineDetail, view: &MachineView, newest_first: &[Finding], span: Span) -> bool {
    let days = view.days.partition_point(|day| day.day.day() < span.to.day());
    let days = &view.days[..days];
    let Some(last) = days.last().filter(|day| day.day >= span.from) else { return false };
    let usable = days.iter().filter(|day| day.observed_c.is_some()).count();
    let learning = usable < DAYS_NEEDED as usize;
    if learning && view.days.len() >= DAYS_KEPT {
        return false;
    }
    let end = last.day + DAY_MS;
    detail.open = open_at(newest_first, end.max(span.to));
    detail.summary.health = if learning {
        Health::Learning { days: u32::try_from(usable).unwrap_or(DAYS_NEEDED), days_needed: DAYS_NEEDED }
    } else {
        health_at(days, last, &detail.open)
    };
    detail.summary.last_reading = Some(end);
    detail.curve.now = end;
    detail.curve.days.retain(|day| day.day < span.to.day());
    detail.curve.marks.retain(|mark| mark.at <= span.to);
    // A forecast of then is not kept as a curve, and the counter's reading of then is not known here.
    (detail.curve.cone, detail.curve.reached) = (Vec::new(), None);
    (detail.run_hours, detail.cooler_loss) = (None, None);
    let month = days.iter().rev().take(28);
    detail.hours_per_day = Some(month.clone().map(|day| day.run_h).sum::<f64>() / month.count().max(1) as f64);
    true
}

/// What was open at an instant, each in its words of the time.
pub(super) fn open_at(newest_first: &[Finding], then: Timestamp) -> Vec<Finding> {
    let mut newest: Vec<&Finding> = Vec::new();
    for finding in newest_first.iter().filter(|finding| finding.at <= then) {
        if newest.iter().all(|known| known.id != finding.id || known.kind != finding.kind) {
            newest.push(finding);
        }
    }
    let is_open = |f: &&Finding| f.status != Status::Cleared && f.kind != FindingKind::MaintenanceEffect;
    let mut open: Vec<Finding> = newest.into_iter().filter(is_open).cloned().collect();
    open.sort_by_key(by_grade);
    open
}

fn health_at(days: &[DayView], last: &DayView, open: &[Finding]) -> Health {
    let is_open = |kind, fault: Option<FaultCode>| {
        open.iter().any(|f| f.kind == kind && fault.as_ref().is_none_or(|fault| f.fault == *fault))
    };
    if is_open(FindingKind::SensorFault, None) {
        return Health::Hidden(HiddenBy::SensorFault);
    }
    if !is_open(FindingKind::Observability, Some(FaultCode::COOLER_CLOGGING)) {
        return Health::Known { cooler_loss: last.cooler_ua_loss.unwrap_or(0.0).clamp(0.0, 1.0) };
    }
    let week = days.iter().rev().take(7);
    let load_h = week.clone().map(|day| day.load_h).sum::<f64>() / week.count().max(1) as f64;
    Health::Hidden(if load_h < LOAD_H_MIN { HiddenBy::TooLittleLoad } else { HiddenBy::CoolWeather })
}

#[cfg(test)]
mod tests {
    use foretell_model::wire;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// A finding of the cooler as one line of the log would tell it.
    fn finding(when: &str, number: u32, event: &str, status: &str) -> Finding {
        let line = format!(
            r#"{{"at":"{when}T00:00:00Z","site":"s1","machine":"m1","event":"{event}","id":"s1/m1/cooler_clogging/{number}","status":"{status}","grade":"advise","fault":"cooler_clogging","likelihood":0.9,"alternatives":[],"rul_days":null,"probability_within":null,"limit":null,"evidence":[],"text":"x"}}"#
        );
        wire::from_json(&line).unwrap()
    }

    #[test]
    fn what_was_open_at_an_instant_is_told_as_of_then() {
        let newest_first = [
            finding("2026-07-10", 1, "prediction", "cleared"),
            finding("2026-07-03", 1, "prediction", "updated"),
            finding("2026-06-20", 1, "prediction", "opened"),
            finding("2026-06-15", 7, "maintenance_effect", "opened"),
            finding("2026-06-01", 2, "observability", "cleared"),
            finding("2026-05-20", 2, "observability", "opened"),
        ];
        let day = |load_h: f64| DayView {
            day: at("2026-06-30T00:00:00Z"),
            observed_c: Some(90.0),
            peak_c: None,
            expected_c: None,
            expected_sd_k: 1.0,
            ambient_c: None,
            excess_k: Some(5.0),
            cooler_ua_loss: Some(0.2),
            observable: true,
            run_h: 20.0,
            load_h,
            unloaded_current_share: None,
        };
        let known = Health::Known { cooler_loss: 0.2 };
        for (then, load_h, expected, health) in [
            ("2026-07-21", 9.0, vec![], known),
            ("2026-07-10", 9.0, vec![], known),
            ("2026-07-09", 9.0, vec!["2026-07-03"], known),
            ("2026-07-01", 9.0, vec!["2026-06-20"], known),
            ("2026-06-19", 9.0, vec![], known),
            ("2026-05-30", 9.0, vec!["2026-05-20"], Health::Hidden(HiddenBy::CoolWeather)),
            ("2026-05-30", 0.2, vec!["2026-05-20"], Health::Hidden(HiddenBy::TooLittleLoad)),
        ] {
            let open = open_at(&newest_first, at(&format!("{then}T00:00:00Z")));
            let when: Vec<String> = open.iter().map(|f| f.at.to_string()[..10].to_owned()).collect();
            assert_eq!(when, expected, "{then}");
            let days = [day(load_h)];
            assert_eq!(health_at(&days, &days[0], &open), health, "{then}");
        }
    }
}
