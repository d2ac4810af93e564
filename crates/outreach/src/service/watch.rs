//! Which machines' registered service is to be looked at again, without asking the store about each of them: those of which something
//! else is due than at the last look, by their counters or by what is registered, and once a day those of which anything is due or has
//! a case, because hours come on every day. Of all others there is nothing to say: asking the store about a whole fleet at midnight, or
//! at every start, kept pages waiting for seconds.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use foretell_model::{MachineId, Timestamp};

use super::{Counter, is_registered};
use crate::error::Result;
use crate::registry::ServiceTask;
use crate::{Counters, Outreach};

const WEEK_DAYS: f64 = 7.0;

/// What was due at the last look.
#[derive(Debug, Default)]
pub struct ServiceWatch {
    /// The day of the last look at everything that is due.
    day: Option<i64>,
    /// How each machine stood, as a digest.
    stood: HashMap<MachineId, u64>,
}

impl ServiceWatch {
    /// Some machines could not be looked at: the next look is at them again.
    pub fn forget(&mut self, machines: &[MachineId]) {
        for machine in machines {
            self.stood.remove(machine);
        }
    }
}

impl Outreach {
    /// Machines whose service is to be checked now; they count as looked at from then on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn services_to_check(
        &self,
        watch: &mut ServiceWatch,
        counters: &Counters,
        now: Timestamp,
    ) -> Result<Vec<MachineId>> {
        let desk = self.desk()?;
        let is_new_day = watch.day.replace(now.day()) != Some(now.day());
        // Whose works were all struck out may have a case that is open still.
        let cases = desk.open_cases().filter(|case| is_registered(&case.finding));
        let with_case: HashSet<&MachineId> = cases.map(|case| &case.finding.machine).collect();
        let mut wanted = Vec::new();
        for (id, machine) in desk.machines() {
            if machine.service.is_empty() && !with_case.contains(id) {
                continue;
            }
            let horizon_days = self.options.service_horizon_days;
            let Standing { digest, is_due } = standing(&machine.service, counters.get(id).copied(), horizon_days);
            let has_changed = watch.stood.get(id) != Some(&digest);
            if has_changed {
                watch.stood.insert(id.clone(), digest);
            }
            if (is_due || with_case.contains(id)) && (is_new_day || has_changed) {
                wanted.push(id.clone());
            }
        }
        Ok(wanted)
    }
}

/// How a machine's registered service stands by its counter.
struct Standing {
    /// What is registered, which of it is due or overdue, and to the week when the first of it falls due.
    digest: u64,
    /// Whether any of it falls due within the horizon, as [`super::due`] reckons it.
    is_due: bool,
}

fn standing(tasks: &[ServiceTask], counter: Option<Counter>, horizon_days: f64) -> Standing {
    let mut digest = DefaultHasher::new();
    let counter = counter.filter(|counter| counter.hours_per_day > 0.0);
    let mut first_days = f64::INFINITY;
    for task in tasks {
        (&task.work, task.interval_h.to_bits(), task.last_done_h.to_bits()).hash(&mut digest);
        let Some(counter) = counter else { continue };
        let left_days = (task.last_done_h + task.interval_h - counter.run_hours) / counter.hours_per_day;
        (left_days <= 0.0, left_days <= horizon_days).hash(&mut digest);
        first_days = first_days.min(left_days);
    }
    let weeks = (first_days.clamp(0.0, horizon_days) / WEEK_DAYS).round() as i64;
    (counter.is_some(), weeks).hash(&mut digest);
    Standing { digest: digest.finish(), is_due: first_days <= horizon_days }
}
