//! Work that comes due by running hours, and when: since it was last reported, or by the machine's total where it never was.

use foretell_model::{Catalogue, Evidence, FaultCode, FindingKind, RulDays};

use super::Service;
use super::pace::Expected;
use crate::dm::counter::RunHours;
use crate::findings::episode::Draft;

/// Work that includes others: what shares all its parts is done with it.
const FULL_SERVICE: &str = "serviced";
/// A due mark is announced this long before it is reached.
const ANNOUNCE_DAYS: f64 = 28.0;
/// A mark that the total passed while we watched and nobody reported work stays due for this share of the interval.
const OVERDUE_SHARE: f64 = 0.1;
/// Forecasts end here, days.
const HORIZON_DAYS: f64 = 90.0;

/// One task and its standing.
pub(crate) struct Due {
    pub(crate) draft: Draft,
    /// Whether it is to be announced.
    pub(crate) due: bool,
    /// Whether the mark is passed.
    pub(crate) passed: bool,
}

/// Where a task stands.
struct Standing<'a> {
    work: &'a str,
    name: &'a str,
    interval_h: f64,
    since_h: f64,
    /// Whether hours are counted from reported work rather than on the total.
    reported: bool,
}

/// Every task with an interval and its standing, but for those that are neither near nor open: nothing is to be said of them.
pub(crate) fn due(
    service: &Service,
    catalogue: &Catalogue,
    hours: &RunHours,
    pace: &Expected,
    is_open: impl Fn(&FaultCode) -> bool,
) -> Vec<Due> {
    let standings = standings(service, catalogue, hours);
    let full_left_h = standings.iter().find(|s| s.work == FULL_SERVICE).map(|s| s.interval_h - s.since_h);
    let said = |s: &&Standing<'_>| {
        // A filter whose mark on the total is that of the full service is changed with it.
        let with_it =
            full_left_h.is_some_and(|h| (h - (s.interval_h - s.since_h)).abs() <= OVERDUE_SHARE * s.interval_h);
        s.reported || s.work == FULL_SERVICE || !includes(catalogue, s.work) || !with_it
    };
    standings.iter().filter(said).filter_map(|s| announce(s, pace, &is_open)).collect()
}

fn standings<'a>(service: &Service, catalogue: &'a Catalogue, hours: &RunHours) -> Vec<Standing<'a>> {
    let (counted_h, total_h) = (hours.counted_h(), hours.total_h());
    let standing = |(work, action): (&'a String, &'a foretell_model::catalogue::Action)| {
        let interval_h = action.interval_h.filter(|h| *h > 0.0)?;
        let with_service = includes(catalogue, work);
        let own = service.since_h(work, with_service.then_some(FULL_SERVICE), counted_h);
        let since_h = own.or_else(|| {
            let since_h = total_h?.rem_euclid(interval_h);
            let watched_it_pass = since_h < OVERDUE_SHARE * interval_h && counted_h > since_h;
            Some(if watched_it_pass { since_h + interval_h } else { since_h })
        })?;
        Some(Standing { work, name: &action.name.en, interval_h, since_h, reported: own.is_some() })
    };
    catalogue.actions.iter().filter_map(standing).collect()
}

/// Whether a full service includes the work: it needs parts, and no others than that.
fn includes(catalogue: &Catalogue, work: &str) -> bool {
    let parts = |work: &str| catalogue.actions.get(work).map_or(&[][..], |a| a.parts.as_slice());
    let (own, full) = (parts(work), parts(FULL_SERVICE));
    work == FULL_SERVICE || (!own.is_empty() && own.iter().all(|part| full.contains(part)))
}

fn announce(s: &Standing<'_>, pace: &Expected, is_open: impl Fn(&FaultCode) -> bool) -> Option<Due> {
    let (left_h, fault) = (s.interval_h - s.since_h, FaultCode::new(s.work)?);
    // Most tasks of most days: to seek their dates would cost more than all the rest of closing the day.
    if !is_open(&fault) && pace.is_beyond(ANNOUNCE_DAYS, left_h) {
        return None;
    }
    let [p10, p50, p90] = pace.days_until(left_h);
    let text = text(s, left_h, [p10, p50, p90], pace.per_day_h);
    let mut draft = Draft::plain(FindingKind::MaintenanceDue, fault, 1.0, text);
    let within = |days: f64| (days <= HORIZON_DAYS).then_some(days);
    draft.rul_days = Some(RulDays { p10: within(p10), p50: within(p50), p90: within(p90) });
    draft.evidence.push(Evidence {
        feature: "run_hours_since_service".to_owned(),
        value: s.since_h,
        unit: "h".to_owned(),
        change_per_day: Some(pace.per_day_h),
        since: None,
    });
    Some(Due { draft, due: p50 <= ANNOUNCE_DAYS, passed: left_h <= 0.0 })
}

fn text(s: &Standing<'_>, left_h: f64, days: [f64; 3], per_day_h: f64) -> String {
    let Standing { name, since_h, interval_h, .. } = s;
    let basis = if s.reported {
        String::new()
    } else {
        format!(
            " No such work was ever reported, so this goes by the machine's total and its marks every {interval_h:.0} h."
        )
    };
    if left_h <= 0.0 {
        let over_h = -left_h;
        return format!(
            "It is time to {name}: {since_h:.0} running hours since the last time, {over_h:.0} over the interval.{basis}"
        );
    }
    let [p10, p50, p90] = days;
    format!(
        "{} ({p10:.0} to {p90:.0}) at {per_day_h:.1} h a day it is time to {name}: {left_h:.0} running hours are left.{basis}",
        in_days(p50)
    )
}

/// In how many days, in words.
fn in_days(days: f64) -> String {
    match days.round() {
        ..1.0 => "Within a day".to_owned(),
        1.0 => "In about 1 day".to_owned(),
        days => format!("In about {days:.0} days"),
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::HOUR_MS;

    use super::super::pace::Pace;
    use super::*;

    /// Works due for a machine first seen at `total_h` that ran `counted_h` since, with `reports` at our own count.
    fn check(total_h: f64, counted_h: f64, reports: &[(&str, f64)], expected: &[&str]) {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).expect("sound");
        let mut hours = RunHours::default();
        hours.observe(0, total_h, true);
        hours.observe((counted_h * HOUR_MS as f64) as i64, total_h + counted_h, true);
        let mut service = Service::default();
        reports.iter().for_each(|(work, at_h)| service.report(work, *at_h));
        let pace = Pace::default().expected(20.0);
        // What is not open and far off is left out early, and that changes nothing.
        for all_open in [true, false] {
            let due: Vec<String> = due(&service, &catalogue, &hours, &pace, |_| all_open)
                .into_iter()
                .filter(|d| d.due)
                .map(|d| format!("{}{}", d.draft.fault, if d.passed { " passed" } else { "" }))
                .collect();
            assert_eq!(due, expected, "total {total_h} h, counted {counted_h} h, {reports:?}, all open: {all_open}");
        }
    }

    #[test]
    fn one_day_is_no_plural() {
        for (days, expected) in
            [(0.2, "Within a day"), (0.5, "In about 1 day"), (1.4, "In about 1 day"), (1.6, "In about 2 days")]
        {
            assert_eq!(in_days(days), expected);
        }
    }

    #[test]
    fn marks_on_the_total_where_nothing_was_reported() {
        check(3_700.0, 10.0, &[], &["serviced"]);
        check(1_700.0, 10.0, &[], &["intake_filter_replaced", "oil_filter_replaced"]);
        check(8_700.0, 10.0, &[], &["vibration_tested"]);
        check(2_700.0, 10.0, &[], &[]);
        check(3_900.0, 150.0, &[], &["serviced passed"]);
        // First seen after the mark: nobody knows whether it was done.
        check(4_050.0, 10.0, &[], &[]);
    }

    #[test]
    fn reported_work_counts_from_its_own_day() {
        check(3_700.0, 1_000.0, &[("serviced", 100.0)], &[]);
        check(
            3_700.0,
            4_200.0,
            &[("serviced", 100.0)],
            &[
                "intake_filter_replaced passed",
                "oil_changed passed",
                "oil_filter_replaced passed",
                "separator_replaced passed",
                "serviced passed",
            ],
        );
        check(3_700.0, 2_000.0, &[("serviced", 10.0), ("oil_filter_replaced", 1_500.0)], &["intake_filter_replaced"]);
    }
}
