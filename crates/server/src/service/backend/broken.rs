//! What is known of a machine that broke, for whoever calls back or goes there: nobody asks the customer for what we have.

use foretell_console::BackendError;
use foretell_console::view::{BrokenMachine, EarlierVisit};
use foretell_model::{MachineId, Timestamp};
use foretell_outreach as outreach;

use super::ServiceBackend;
use super::desk::Look;
use super::errors::{not_found, of_outreach};
use super::machine::FINDINGS_MAX;
use super::standing::open_at;
use super::visits::named;

impl ServiceBackend {
    /// The machine of a case: while it is open as of now, later as it was when it broke.
    pub(super) fn broken_machine(
        &self,
        case: &outreach::ServiceCase,
        look: &Look,
    ) -> Result<BrokenMachine, BackendError> {
        let machine = MachineId::parse(&case.machine).map_err(|_| not_found("machine", &case.machine))?;
        let then = case.closed.map_or(look.now, |_| case.opened);
        let (own, site) = (look.sites.machine(&machine), look.sites.site(&machine));
        let before = (Timestamp::MIN, then);
        let visits = self.outreach.visits_done(&machine, before).map_err(of_outreach)?;
        let last_visit = visits.into_iter().next().map(|done| EarlierVisit {
            at: done.visit.start,
            machine_name: look.sites.number(&machine),
            works: done.works,
            looked_at: done.looked_at,
            technician: named(done.visit.technician.as_ref(), look.lang),
            note: done.report.map(|report| report.note).unwrap_or_default(),
        });
        let open = open_at(&self.room.findings(Some(&machine), None, FINDINGS_MAX), then);
        // What was forecast is what most likely broke.
        let cures = open.iter().filter_map(|finding| {
            let fault = finding.cause(None, &[], &self.catalogue).fault;
            self.catalogue.action_for(fault).map(|(code, _)| code)
        });
        Ok(BrokenMachine {
            parts: self.parts_for(&machine, cures, look.lang)?,
            model: own.and_then(|machine| machine.model.clone()).unwrap_or_default(),
            rated_kw: own.and_then(|machine| machine.rated_kw),
            run_hours: self.room.machine(&machine).and_then(|view| view.run_hours),
            address: site.map(|site| site.address.clone()).unwrap_or_default(),
            place_deg: site.and_then(outreach::Site::place),
            open,
            last_visit,
        })
    }
}
