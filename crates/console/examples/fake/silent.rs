//! A machine that is registered and was never heard of, and what machines are called.

use foretell_console::view::{Health, HiddenBy, MachineDetail, MachineName, MachineSummary, Offline, OfflineWhy};

use super::fleet::now;

/// Takes from a machine what only readings could tell.
pub(super) fn detail(rated_kw: f64, mut summary: MachineSummary) -> MachineDetail {
    summary.offline = Some(Offline { since: None, why: OfflineWhy::Silent });
    (summary.state, summary.last_reading) = (None, None);
    (summary.discharge_temp_c, summary.health) = (None, Health::Hidden(HiddenBy::NoReadings));
    summary.trend_c.clear();
    MachineDetail { rated_kw: Some(rated_kw), ..MachineDetail::unheard(summary, now(), 10) }
}

/// Every machine by its names.
pub(super) fn names(machines: &[MachineDetail]) -> Vec<MachineName> {
    let name = |machine: &MachineDetail| MachineName {
        id: machine.summary.id.clone(),
        name: machine.summary.name.clone(),
        site_name: machine.summary.site_name.clone(),
        customer: machine.summary.customer.clone(),
    };
    machines.iter().map(name).collect()
}
