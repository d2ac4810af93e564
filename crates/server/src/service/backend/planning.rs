//! The coming weeks: the calendar of visits, parts and capacity, what waiting costs; and the search over everything.

use std::collections::HashMap;

use foretell_console::view::{
    Band, CalendarRow, CalendarVisit, DelayLine, Hit, Hits, PartPlan, Planning, VisitCalendar, WeekPlan,
};
use foretell_console::{BackendError, Lang};
use foretell_model::{Clock, DAY_MS, MachineId, Timestamp};
use foretell_outreach::planning::{Count, PER_DAY_H, PartDemand};
use foretell_outreach::roster::Roster;
use foretell_outreach::{Booking, Technician};

use super::ServiceBackend;
use super::customers::machine_of;
use super::errors::of_outreach;
use super::registry::{Sites, language};

/// Weeks in the calendar.
const CALENDAR_WEEKS: usize = 2;
/// Weeks planned ahead; forecasts say little beyond.
const WEEKS: usize = 8;
/// What waiting is compared over, days.
const DELAY_DAYS: f64 = 14.0;
/// Delays shown, the costliest.
const DELAYS_MAX: usize = 30;
/// Visits looked through.
const VISITS_MAX: u32 = 10_000;

impl ServiceBackend {
    pub(super) fn calendar_view(&self, day: Option<i64>, lang: Lang) -> Result<VisitCalendar, BackendError> {
        let (now, zone) = (self.clocks.now(), self.outreach.zone());
        let day = day.unwrap_or_else(|| foretell_console::local_day(now, zone));
        // 1 January 1970 was a Thursday.
        let first_day = day - (day + 3).rem_euclid(7);
        let technicians = self.outreach.technicians().map_err(of_outreach)?;
        let shown = first_day..first_day + 7 * CALENDAR_WEEKS as i64;
        // A day more on each side: which day a visit is on is a matter of the zone.
        let since = Timestamp::from_millis((first_day - 1) * DAY_MS);
        let sites = Sites::read(&self.outreach)?;
        let booked = self.outreach.visits(since, VISITS_MAX).map_err(of_outreach)?;
        let booked = booked.iter().filter(|visit| shown.contains(&foretell_console::local_day(visit.start, zone)));
        let visits = booked.filter_map(|visit| self.calendar_visit(visit, &sites).transpose());
        let visits = visits.collect::<Result<Vec<CalendarVisit>, _>>()?;
        let mut rows: Vec<CalendarRow> =
            technicians.iter().map(|technician| row(technician, first_day, zone, lang)).collect();
        if technicians.is_empty() || visits.iter().any(|visit| visit.technician.is_empty()) {
            rows.push(CalendarRow {
                key: String::new(),
                name: String::new(),
                capacity_h: capacity(&[], self.outreach.nameless_crews(), first_day, zone),
                away: Vec::new(),
            });
        }
        Ok(VisitCalendar { now, zone, first_day, weeks: CALENDAR_WEEKS, rows, visits })
    }

    fn calendar_visit(&self, visit: &Booking, sites: &Sites) -> Result<Option<CalendarVisit>, BackendError> {
        let Some(machine) = machine_of(visit) else { return Ok(None) };
        let customer = sites.customer(&machine);
        Ok(Some(CalendarVisit {
            machine_name: self.number(&machine)?,
            site_name: sites.site_name(&machine),
            customer_id: customer.map(|customer| customer.id.clone()).unwrap_or_default(),
            customer: customer.map(|customer| customer.name.clone()).unwrap_or_default(),
            fault: visit.case.as_str().split('/').nth(2).unwrap_or_default().to_owned(),
            technician: visit.technician.as_ref().map(|technician| technician.id.clone()).unwrap_or_default(),
            from: visit.start,
            to: visit.end,
            case: visit.case.to_string(),
        }))
    }

    pub(super) fn planning_view(&self) -> Result<Planning, BackendError> {
        let now = self.clocks.now();
        let depots = self.outreach.depots().map_err(of_outreach)?;
        let stock = self.outreach.stock().map_err(of_outreach)?;
        let mut shelves: HashMap<&str, Vec<(String, u32)>> = HashMap::new();
        for line in &stock {
            let depot = depots.iter().find(|depot| depot.id == line.depot);
            let name = depot.map_or_else(|| line.depot.clone(), |depot| depot.name.clone());
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
        let weeks = self.outreach.visits_plan(WEEKS, now).map_err(of_outreach)?;
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
            parts: self.outreach.parts_plan(WEEKS, now).map_err(of_outreach)?.into_iter().map(part).collect(),
            weeks: weeks.collect(),
            delays: self.delays(now)?,
        })
    }

    /// What it costs to do each waiting case's work two weeks after the next free time, the riskiest first.
    fn delays(&self, now: Timestamp) -> Result<Vec<DelayLine>, BackendError> {
        let mut delays = Vec::new();
        for entry in self.outreach.queue(now).map_err(of_outreach)? {
            let Some(sooner) = entry.next_free else { continue };
            let later = sooner.plus_days(DELAY_DAYS);
            let delay = self.outreach.delay(&entry.id, (sooner, later), None, now).map_err(of_outreach)?;
            if delay.risk_after <= 0.0 {
                continue;
            }
            delays.push(DelayLine {
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
            });
        }
        let gained = |line: &DelayLine| line.risk_after - line.risk_before;
        let cost = |line: &DelayLine| line.stop_cost.unwrap_or(0.0);
        delays.sort_by(|a, b| cost(b).total_cmp(&cost(a)).then(gained(b).total_cmp(&gained(a))));
        delays.truncate(DELAYS_MAX);
        Ok(delays)
    }

    pub(super) fn hits(&self, needle: &str, max: usize) -> Result<Hits, BackendError> {
        let sites = Sites::read(&self.outreach)?;
        let registered = self.outreach.machines().map_err(of_outreach)?;
        let mut names: HashMap<MachineId, String> = registered
            .into_iter()
            .filter_map(|machine| Some((MachineId::parse(&machine.id).ok()?, machine.number)))
            .collect();
        for (id, _) in self.room.machines() {
            names.entry(id.clone()).or_insert_with(|| id.machine().to_owned());
        }
        let hit = |key: &str, name: &str, detail: String| {
            let holds = format!("{key} {name} {detail}").to_lowercase().contains(needle);
            holds.then(|| Hit { key: key.to_owned(), name: name.to_owned(), detail })
        };
        let mut machines: Vec<Hit> = names
            .iter()
            .filter_map(|(id, name)| {
                let customer = sites.customer(id).map_or("", |customer| customer.name.as_str());
                hit(id.as_str(), name, format!("{id} · {} · {customer}", sites.site_name(id)))
            })
            .collect();
        machines.sort_by(|a, b| a.key.cmp(&b.key));
        let customers = self.outreach.customers().map_err(of_outreach)?;
        let customer = |c: &foretell_outreach::Customer| hit(&c.id, &c.name, c.contact.clone().unwrap_or_default());
        let mut customers: Vec<Hit> = customers.iter().filter_map(customer).collect();
        let cases = self.outreach.service_cases().map_err(of_outreach)?;
        let mut cases: Vec<Hit> = cases
            .iter()
            .filter_map(|case| {
                let id = MachineId::parse(&case.machine).ok()?;
                let name = names.get(&id).map_or(case.machine.as_str(), String::as_str);
                let detail = format!("{} · {}", sites.site_name(&id), case.what.replace('\n', " · "));
                hit(&case.id.to_string(), name, detail)
            })
            .collect();
        let more = [machines.len(), customers.len(), cases.len()].iter().any(|found| *found > max);
        machines.truncate(max);
        customers.truncate(max);
        cases.truncate(max);
        Ok(Hits { machines, customers, cases, more })
    }
}

fn band(count: &Count) -> Band {
    Band { expected: count.expected, low: count.low, high: count.high }
}

fn row(technician: &Technician, first_day: i64, zone: chrono_tz::Tz, lang: Lang) -> CalendarRow {
    let days = first_day..first_day + 7 * CALENDAR_WEEKS as i64;
    let name = |day: i64| {
        let (year, month, day) = Timestamp::from_millis(day * DAY_MS).civil();
        format!("{year:04}-{month:02}-{day:02}")
    };
    CalendarRow {
        key: technician.id.clone(),
        name: language(lang).of(&technician.name).to_owned(),
        capacity_h: capacity(std::slice::from_ref(technician), 0, first_day, zone),
        away: days.filter(|day| technician.is_away(&name(*day))).collect(),
    }
}

/// Hours that people can spend on sites in each week shown.
fn capacity(technicians: &[Technician], nameless: u32, first_day: i64, zone: chrono_tz::Tz) -> Vec<f64> {
    let roster = Roster::new(technicians, nameless, zone, Vec::new());
    // Wednesday at noon, UTC, is in the same week everywhere on Earth.
    let midweek = |n: i64| Timestamp::from_millis((first_day + n * 7 + 2) * DAY_MS + DAY_MS / 2);
    (0..CALENDAR_WEEKS as i64).map(|n| roster.capacity_h(midweek(n), PER_DAY_H)).collect()
}
