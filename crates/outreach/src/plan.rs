//! What planning reckons with, gathered from service state: open forecasts, booked visits, shelves, people.

use std::collections::BTreeMap;

use foretell_model::{FindingKind, Grade, MachineId, Timestamp};

use crate::calendar::Calendar;
use crate::compose::pieces_of;
use crate::error::Result;
use crate::planning::{self, Delay, Money, PER_DAY_H, PartDemand, Prospect, Risk, Shelf, WeekLoad, When};
use crate::registry::{Depot, Machine, Site};
use crate::roster::monday;
use crate::store::{Case, registry, stock};
use crate::views::{QueueEntry, Stage};
use crate::{Outreach, joint};

const MINUTES_PER_HOUR: f64 = 60.0;

/// A waiting case, and what it costs to wait longer.
#[derive(Clone, Debug, PartialEq)]
pub struct Delayed {
    /// The case.
    pub entry: QueueEntry,
    /// Its next free time.
    pub sooner: Timestamp,
    /// The time it is compared with.
    pub later: Timestamp,
    /// What the difference costs.
    pub delay: Delay,
}

/// First instants of so many weeks from the one of `now` on, and the end of the last: Mondays, as in every calendar.
fn weeks_from(now: Timestamp, weeks: usize, zone: chrono_tz::Tz) -> Vec<Timestamp> {
    let calendar = Calendar::plain(zone);
    let monday = monday(calendar.local(now).date());
    let nth = |n: u64| monday.checked_add_days(chrono::Days::new(7 * n)).unwrap_or(monday);
    (0..=weeks as u64).map(|n| calendar.instant(nth(n).and_time(chrono::NaiveTime::MIN))).collect()
}

impl Outreach {
    /// Demand for parts in the present week and those after it, from Monday to Sunday in the house's own zone, by part, against what lies in all depots together.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn parts_plan(&self, weeks: usize, now: Timestamp) -> Result<Vec<PartDemand>> {
        let shelves = self.store.read("plan the parts", |c| {
            let mut shelves: BTreeMap<String, u32> = BTreeMap::new();
            for line in stock::all(c)? {
                *shelves.entry(line.part).or_insert(0) += line.n;
            }
            Ok(shelves)
        });
        Ok(planning::parts(&self.prospects()?, &shelves?, &weeks_from(now, weeks, self.zone()), now))
    }

    /// Visits of the same weeks against what people can do.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn visits_plan(&self, weeks: usize, now: Timestamp) -> Result<Vec<WeekLoad>> {
        let roster = self.store.read("plan the visits", |c| self.roster(c, now))?;
        let bounds = weeks_from(now, weeks, self.zone());
        Ok(planning::visits(&self.prospects()?, &bounds, now, &|week| roster.capacity_h(week, PER_DAY_H)))
    }

    /// The nearest depot that holds so many of a part, with the distance from a machine's site as the crow flies, km, where
    /// both places are known.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn nearest_depot(&self, machine: &MachineId, part: &str, n: u32) -> Result<Option<(Depot, Option<f64>)>> {
        self.store.read("look for the nearest depot", |c| {
            let site: Option<Site> = registry::find(c, machine.site())?;
            let depots: Vec<Depot> = registry::all(c)?;
            let lines = stock::all(c)?;
            let on_shelf = |depot: &Depot| lines.iter().find(|line| line.depot == depot.id && line.part == part);
            let shelf = |depot: &Depot| Shelf {
                depot: depot.id.clone(),
                place_deg: depot.place(),
                n: on_shelf(depot).map_or(0, |line| line.n),
            };
            let shelves: Vec<Shelf> = depots.iter().map(shelf).collect();
            let found = planning::nearest(&shelves, site.as_ref().and_then(Site::place), n);
            Ok(found.and_then(|(shelf, km)| Some((depots.iter().find(|depot| depot.id == shelf.depot)?.clone(), km))))
        })
    }

    /// What it costs to do each waiting case's work so many days after its next free time, in the order of the queue. Cases
    /// for which nobody is free are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn delays(&self, days: f64, now: Timestamp) -> Result<Vec<Delayed>> {
        let desk = self.reckoned_desk(now)?;
        let delayed = desk.queue(now).into_iter().filter_map(|entry| {
            let (sooner, case) = (entry.next_free?, desk.open_case(&entry.id)?);
            // Done work cannot be put off.
            if desk.is_spent(case) {
                return None;
            }
            let (later, money) = (sooner.plus_days(days), money(case, desk.machine(&entry.machine)));
            // Of several machines the one that the queue fears for most.
            let risks = case.findings().map(Risk::of);
            let risk = risks.max_by(|a, b| a.by(sooner).total_cmp(&b.by(sooner)))?;
            let delay = planning::delay(&risk, money, (sooner, later));
            Some(Delayed { entry, sooner, later, delay })
        });
        Ok(delayed.collect())
    }

    /// Work that will or may be needed. Only what has come or may come to a customer, whatever its grade: what is merely watched
    /// orders no parts.
    fn prospects(&self) -> Result<Vec<Prospect>> {
        let desk = self.desk()?;
        let prospect = |case: &Case| {
            let pieces = pieces_of(case.own(), &self.options.catalogue);
            let when = match desk.appointment_of(&case.finding.id) {
                Some(visit) => When::Booked(visit.start),
                None if case.finding.kind == FindingKind::MaintenanceDue => {
                    let days = case.finding.rul_days.and_then(|rul| rul.p50).unwrap_or(0.0);
                    When::Due(case.finding.at.plus_days(days))
                }
                None => When::Forecast(Risk::of(&case.finding)),
            };
            (!pieces.is_empty()).then(|| Prospect {
                parts: pieces.iter().flat_map(|piece| piece.action.parts.clone()).collect(),
                hours: pieces.iter().map(|piece| f64::from(piece.action.minutes)).sum::<f64>() / MINUTES_PER_HOUR,
                when,
            })
        };
        let is_outward = |case: &&Case| case.finding.grade >= Grade::Advise || case.stage != Stage::Internal;
        // What was done needs no parts again until something new is forecast; a visit booked since is one all the same.
        let is_ahead = |case: &&Case| !desk.is_spent(case) || desk.appointment_of(&case.finding.id).is_some();
        // What goes with another case of its machine is part of that one's work.
        let is_own = |case: &&Case| case.leader().is_none() || joint::is_companion(case);
        let outward = desk.open_cases().filter(is_outward).filter(is_ahead).filter(is_own);
        Ok(outward.filter_map(prospect).collect())
    }
}

/// What is known of the money behind a case's machine.
fn money(case: &Case, machine: Option<&Machine>) -> Money {
    Money {
        stop_cost: machine.and_then(|machine| machine.stop_cost),
        tariff_per_kwh: machine.and_then(|machine| machine.tariff_per_kwh),
        hours_per_day: case.context.hours_per_day,
        wasted_kw: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_mondays_as_the_calendars_do() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        // A Thursday afternoon in China, and a Monday morning there that is still Sunday in UTC.
        for (now, first) in
            [("2026-07-16T08:00:00Z", "2026-07-12T16:00:00Z"), ("2026-07-19T17:00:00Z", "2026-07-19T16:00:00Z")]
        {
            let weeks = weeks_from(at(now), 2, chrono_tz::Asia::Shanghai);
            assert_eq!(weeks, [0.0, 7.0, 14.0].map(|days| at(first).plus_days(days)), "{now}");
        }
    }
}
