//! What planning reckons with, gathered from service state: open forecasts, booked visits, shelves, people.

use std::collections::BTreeMap;

use foretell_model::{FindingId, MachineId, Timestamp};

use crate::Outreach;
use crate::compose::works_of;
use crate::error::Result;
use crate::planning::{self, Delay, Money, PER_DAY_H, PartDemand, Prospect, Risk, Shelf, WeekLoad, When};
use crate::registry::{Depot, Machine, Site};
use crate::store::{Session, advisories, registry, stock};

const MINUTES_PER_HOUR: f64 = 60.0;

impl Outreach {
    /// Demand for parts in the coming weeks, by part, against what lies in all depots together.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn parts_plan(&self, weeks: usize, now: Timestamp) -> Result<Vec<PartDemand>> {
        self.store.read("plan the parts", |c| {
            let mut shelves: BTreeMap<String, u32> = BTreeMap::new();
            for line in stock::all(c)? {
                *shelves.entry(line.part).or_insert(0) += line.n;
            }
            Ok(planning::parts(&self.prospects(c)?, &shelves, weeks, now))
        })
    }

    /// Visits of the coming weeks against what people can do.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn visits_plan(&self, weeks: usize, now: Timestamp) -> Result<Vec<WeekLoad>> {
        self.store.read("plan the visits", |c| {
            let roster = self.roster(c, now)?;
            Ok(planning::visits(&self.prospects(c)?, weeks, now, &|week| roster.capacity_h(week, PER_DAY_H)))
        })
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

    /// What it costs to do a case's work at the later of two times. `wasted_kw` is the electrical power that the fault wastes,
    /// where somebody reckoned it.
    ///
    /// # Errors
    /// When there is no such case or the store cannot be read.
    pub fn delay(
        &self,
        id: &FindingId,
        times: (Timestamp, Timestamp),
        wasted_kw: Option<f64>,
        now: Timestamp,
    ) -> Result<Delay> {
        self.store.read("reckon what waiting costs", |c| {
            let case = advisories::get(c, id)?;
            let machine: Option<Machine> = registry::find(c, case.finding.machine.as_str())?;
            let money = Money {
                stop_cost: machine.as_ref().and_then(|machine| machine.stop_cost),
                tariff_per_kwh: machine.as_ref().and_then(|machine| machine.tariff_per_kwh),
                hours_per_day: case.context.hours_per_day,
                wasted_kw,
            };
            Ok(planning::delay(&Risk::of(&case.finding), money, times, now))
        })
    }

    /// Work that will or may be needed. Only what may reach a customer: what is merely watched orders no parts.
    fn prospects(&self, connection: &dyn Session) -> Result<Vec<Prospect>> {
        let mut prospects = Vec::new();
        for case in advisories::outward(connection)? {
            let works = works_of(&case.finding, &self.options.catalogue);
            if works.is_empty() {
                continue;
            }
            let when = match self.booking_of(connection, &case.finding.id)? {
                Some(booking) => When::Booked(booking.start),
                None => When::Forecast(Risk::of(&case.finding)),
            };
            prospects.push(Prospect {
                parts: works.iter().flat_map(|(_, action)| action.parts.clone()).collect(),
                hours: works.iter().map(|(_, action)| f64::from(action.minutes)).sum::<f64>() / MINUTES_PER_HOUR,
                when,
            });
        }
        Ok(prospects)
    }
}
