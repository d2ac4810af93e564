//! What a message to a customer may need to know of a machine, from what the engine knows.

use foretell_engine::Brief;
use foretell_outreach::MachineContext;

/// The context of a machine's message.
pub fn of(brief: &Brief) -> MachineContext {
    let context = MachineContext {
        run_hours: brief.run_hours,
        hours_per_day: (brief.hours_per_day > 0.0).then_some(brief.hours_per_day),
        discharge_temp_c: brief.hot_c.or(brief.discharge_temp_c),
        excess_k: Some(brief.excess_k).filter(|excess_k| *excess_k > 0.0),
        in_normal_range: brief.peak_c.map(|peak_c| peak_c < brief.limits.warn_c),
        ..MachineContext::default()
    };
    context.with_duty(&brief.weekly_duty)
}
