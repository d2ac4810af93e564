//! The coming weeks: parts and capacity, and what waiting costs.

use std::collections::HashMap;

use foretell_console::view::{Band, DelayLine, PartPlan, Planning, WeekPlan};
use foretell_console::{BackendError, Lang};
use foretell_model::Clock;
use foretell_outreach::planning::{Count, PartDemand};
use foretell_outreach::{Delayed, Plan};

use super::ServiceBackend;
use super::errors::of_outreach;
use super::registry::language;

/// Weeks planned ahead; forecasts say little beyond.
const WEEKS: usize = 8;
/// What waiting is compared over, days.
const DELAY_DAYS: f64 = 14.0;
/// Delays shown, the costliest.
const DELAYS_MAX: usize = 30;

impl ServiceBackend {
    pub(super) fn planning_view(&self, lang: Lang) -> Result<Planning, BackendError> {
        let now = self.clocks.now();
        let desk = self.outreach.desk().map_err(of_outreach)?;
        let stock = self.outreach.stock().map_err(of_outreach)?;
        let mut shelves: HashMap<&str, Vec<(String, u32)>> = HashMap::new();
        for line in &stock {
            let depot = desk.depots().find(|depot| depot.id == line.depot);
            let name = depot.map_or_else(|| line.depot.clone(), |depot| language(lang).of(&depot.name).to_owned());
            shelves.entry(&line.part).or_default().push((name, line.n));
        }
        let part = |plan: PartDemand| PartPlan {
            shelves: shelves.get(plan.part.as_str()).cloned().unwrap_or_default(),
            weeks: plan.weeks.iter().map(band).collect(),
            up_to: plan.up_to.iter().map(band).collect(),
            part: plan.part,
            stock: plan.stock,
            may_run_out: plan.may_run_out,
            runs_out: plan.runs_out,
        };
        let counters = self.room.counters(desk.with_service());
        let Plan { parts, weeks } = self.outreach.plan(WEEKS, &counters, now).map_err(of_outreach)?;
        let weeks = weeks.iter().map(|week| WeekPlan {
            from: week.from,
            visits: band(&week.visits),
            expected_h: week.expected_h,
            booked_h: week.booked_h,
            capacity_h: week.capacity_h,
        });
        Ok(Planning {
            now,
            zone: self.outreach.zone(),
            parts: parts.into_iter().map(part).collect(),
            depots: self.look(lang)?.depots(),
            weeks: weeks.collect(),
            delays: self.delays(now)?,
        })
    }

    /// What it costs to do each waiting case's work two weeks after the next free time, the costliest first: what may stop a
    /// machine meanwhile, and what goes on wasting electricity.
    fn delays(&self, now: foretell_model::Timestamp) -> Result<Vec<DelayLine>, BackendError> {
        let mut delays = self.outreach.delays(DELAY_DAYS, now).map_err(of_outreach)?;
        delays.retain(|delayed| delayed.delay.risk_after > 0.0 || delayed.delay.energy_cost.is_some());
        let gained = |delayed: &Delayed| delayed.delay.risk_after - delayed.delay.risk_before;
        let cost =
            |delayed: &Delayed| delayed.delay.stop_cost.unwrap_or(0.0) + delayed.delay.energy_cost.unwrap_or(0.0);
        delays.sort_by(|a, b| cost(b).total_cmp(&cost(a)).then(gained(b).total_cmp(&gained(a))));
        delays.truncate(DELAYS_MAX);
        let line = |Delayed { entry, sooner, later, delay }: Delayed| DelayLine {
            currency: self.config.engine.currency_of(&entry.machine).to_string(),
            case: entry.id.to_string(),
            machine_name: entry.number,
            customer: entry.customer.unwrap_or_default(),
            fault: entry.fault,
            sooner,
            later,
            risk_before: delay.risk_before,
            risk_after: delay.risk_after,
            stop_cost: delay.stop_cost,
            energy_cost: delay.energy_cost,
        };
        Ok(delays.into_iter().map(line).collect())
    }
}

fn band(count: &Count) -> Band {
    Band { expected: count.expected, low: count.low, high: count.high }
}
