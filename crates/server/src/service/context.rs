//! What a message to a customer may need to know of a machine, from what the engine knows.

use foretell_engine::MachineView;
use foretell_model::Signal;
use foretell_outreach::MachineContext;

/// Days that "of late" means.
const LATE_DAYS: usize = 7;

/// The context of a machine's message.
pub fn of(view: &MachineView) -> MachineContext {
    let late = || view.days.iter().rev().take(LATE_DAYS);
    let hot_c = late().find_map(|day| day.observed_c);
    let newest_c =
        view.last_values.iter().find(|(signal, _)| *signal == Signal::DischargeTemp).map(|(_, value)| *value);
    let peak_c = late().filter_map(|day| day.peak_c).max_by(f64::total_cmp);
    let context = MachineContext {
        weekly_duty: None,
        run_hours: view.run_hours,
        hours_per_day: (view.hours_per_day > 0.0).then_some(view.hours_per_day),
        discharge_temp_c: hot_c.or(newest_c),
        excess_k: Some(view.health.excess_k).filter(|excess_k| *excess_k > 0.0),
        in_normal_range: peak_c.map(|peak_c| peak_c < view.limits.warn_c),
    };
    context.with_duty(&view.weekly_duty)
}
