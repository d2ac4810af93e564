//! A machine that is registered and was never heard of.

use foretell_console::view::{Baseline, Curve, Health, HiddenBy, MachineDetail, MachineSummary, Offline, OfflineWhy};
use foretell_model::Limits;

use super::fleet::now;

/// Takes from a machine what only readings could tell.
pub(super) fn detail(rated_kw: f64, mut summary: MachineSummary) -> MachineDetail {
    summary.offline = Some(Offline { since: None, why: OfflineWhy::Silent });
    (summary.state, summary.last_reading) = (None, None);
    (summary.discharge_temp_c, summary.health) = (None, Health::Hidden(HiddenBy::NoReadings));
    summary.trend_c.clear();
    let baseline = Baseline { since: None, days: 0, days_needed: 10, hinge_ambient_c: None, ambient_measured: false };
    MachineDetail {
        rated_kw: Some(rated_kw),
        limits: Limits::default(),
        run_hours: None,
        hours_per_day: None,
        curve: Curve { now: now(), limit_c: 105.0, days: vec![], cone: vec![], marks: vec![] },
        open: vec![],
        past: vec![],
        baseline,
        cooler_loss: None,
        features: vec![],
        duty_week: None,
        hours: vec![],
        readings: vec![],
        advisory_id: None,
        summary,
    }
}
