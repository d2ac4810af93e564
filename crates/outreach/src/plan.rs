//! What planning reckons with, gathered from service state: open forecasts, booked visits, shelves, people.

use std::collections::BTreeMap;

use foretell_model::catalogue::Action;
use foretell_model::{Finding, FindingId, FindingKind, Grade, MachineId, Timestamp};

use crate::calendar::Calendar;
use crate::compose::{self, Piece, due_pieces, pieces_of};
use crate::desk::Desk;
use crate::error::Result;
use crate::planning::{self, Delay, Money, PER_DAY_H, PartDemand, Prospect, Risk, Shelf, WeekLoad, When};
use crate::registry::{Depot, Machine, Site};
use crate::roster::monday;
use crate::service::{self, Counter, DUE_PREFIX};
use crate::store::{Case, registry, stock};
use crate::views::{QueueEntry, Stage};
use crate::{Outreach, joint};

const MINUTES_PER_HOUR: f64 = 60.0;
const DAYS_PER_YEAR: f64 = 365.0;

/// What is known of machines' running-hour counters.
pub type Counters = BTreeMap<MachineId, Counter>;

/// What the coming weeks need.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Demand by kind of part.
    pub parts: Vec<PartDemand>,
    /// Visits of each week.
    pub weeks: Vec<WeekLoad>,
}

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
    /// What the present week and those after it need, from Monday to Sunday in the house's own zone: parts, against what lies in
    /// all depots together, and visits, against what people can do. `counters` say when service by running hours falls due of
    /// which nobody has heard yet.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn plan(&self, weeks: usize, counters: &Counters, now: Timestamp) -> Result<Plan> {
        let (shelves, roster) = self.store.read("plan the coming weeks", |c| {
            let mut shelves: BTreeMap<String, u32> = BTreeMap::new();
            for line in stock::all(c)? {
                *shelves.entry(line.part).or_insert(0) += line.n;
            }
            Ok((shelves, self.roster(c, now)?))
        })?;
        let bounds = weeks_from(now, weeks, self.zone());
        let prospects = self.prospects(counters, &bounds, now)?;
        Ok(Plan {
            parts: planning::parts(&prospects, &shelves, &bounds, now),
            weeks: planning::visits(&prospects, &bounds, now, &|week| roster.capacity_h(week, PER_DAY_H)),
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
    /// orders no parts. Service that falls due later is as certain as the hours of its machine.
    fn prospects(&self, counters: &Counters, bounds: &[Timestamp], now: Timestamp) -> Result<Vec<Prospect>> {
        let desk = self.desk()?;
        let is_outward = |case: &&Case| case.finding.grade >= Grade::Advise || case.stage != Stage::Internal;
        // What was done needs no parts again until something new is forecast; a visit booked since is one all the same.
        let is_ahead = |case: &&Case| !desk.is_spent(case) || desk.appointment_of(&case.finding.id).is_some();
        // What goes with another case of its machine is part of that one's work, and a booked visit is for all its machines.
        let is_own = |case: &&Case| match case.leader() {
            None => true,
            Some(leader) => joint::is_companion(case) && desk.appointment_of(leader).is_none(),
        };
        let outward = desk.open_cases().filter(is_outward).filter(is_ahead).filter(is_own);
        let dues = dues_beside(&desk);
        let mut prospects: Vec<Prospect> = outward.flat_map(|case| self.prospects_of(case, &desk, &dues)).collect();
        let span_days = bounds.last().copied().unwrap_or(now).days_since(now);
        // Both are in order: of a large fleet, looking each machine up costs more than all the rest.
        let mut counters = counters.iter().peekable();
        for (machine, own) in desk.machines() {
            while counters.next_if(|(known, _)| *known < machine).is_some() {}
            let Some((_, counter)) = counters.next_if(|(known, _)| *known == machine) else { continue };
            // What is in hand only puts work off: few machines have any within reach, and only theirs is looked at. Nobody goes to whom
            // the house does not know any more.
            let is_known = || desk.customer_of(machine).is_none_or(|owner| !owner.erased);
            if service::ahead(&own.service, *counter, &[], span_days).is_empty() || !is_known() {
                continue;
            }
            let evidence = desk.cases_of(machine).flat_map(|case| &case.finding.evidence);
            let in_hand: Vec<&str> = evidence.filter_map(|e| e.feature.strip_prefix(DUE_PREFIX)).collect();
            for (days, works) in service::ahead(&own.service, *counter, &in_hand, span_days) {
                let actions: Vec<&Action> =
                    works.iter().filter_map(|work| self.options.catalogue.actions.get(*work)).collect();
                prospects.extend(prospect(&actions, When::Due(now.plus_days(days))));
            }
        }
        Ok(prospects)
    }

    /// The work of one case: of a fault its own is as likely as its forecast, and what is due by hours beside it is certain.
    fn prospects_of(&self, case: &Case, desk: &Desk, dues: &BTreeMap<&FindingId, Timestamp>) -> Vec<Prospect> {
        if let Some(visit) = desk.appointment_of(&case.finding.id) {
            let all: Vec<Piece<'_>> = self.works(case).map(|(_, piece)| piece).collect();
            return prospect(&actions(&all), When::Booked(visit.start)).into_iter().collect();
        }
        let all: Vec<Piece<'_>> = pieces_of(case.own(), &self.options.catalogue);
        if case.finding.kind == FindingKind::MaintenanceDue {
            return prospect(&actions(&all), When::Due(due_at(&case.finding))).into_iter().collect();
        }
        let due = due_pieces(case.own(), &self.options.catalogue);
        let is_due = |piece: &Piece<'_>| due.iter().any(|due| due.code == piece.code);
        let (due, own): (Vec<Piece<'_>>, Vec<Piece<'_>>) = all.into_iter().partition(is_due);
        let own = prospect(&actions(&own), When::Forecast(Risk::of(&case.finding)));
        // When it falls due, the case that says so knows.
        let due_at = dues.get(&case.finding.id).copied().unwrap_or(case.finding.at);
        let due = prospect(&actions(&due), When::Due(due_at));
        own.into_iter().chain(due).collect()
    }
}

/// When the service that goes with each leading case falls due, the soonest of it: one look at all cases, which are many.
fn dues_beside(desk: &Desk) -> BTreeMap<&FindingId, Timestamp> {
    let mut dues = BTreeMap::new();
    for case in desk.open_cases().filter(|case| case.finding.kind == FindingKind::MaintenanceDue) {
        if let Some(leader) = case.leader() {
            let at = due_at(&case.finding);
            dues.entry(leader).and_modify(|soonest: &mut Timestamp| *soonest = at.min(*soonest)).or_insert(at);
        }
    }
    dues
}

/// When work by running hours falls due.
fn due_at(finding: &Finding) -> Timestamp {
    finding.at.plus_days(finding.rul_days.and_then(|rul| rul.p50).unwrap_or(0.0))
}

fn actions<'a>(pieces: &[Piece<'a>]) -> Vec<&'a Action> {
    pieces.iter().map(|piece| piece.action).collect()
}

/// What some works need, and when; nothing where there is none.
fn prospect(actions: &[&Action], when: When) -> Option<Prospect> {
    let mut parts: Vec<String> = actions.iter().flat_map(|action| action.parts.clone()).collect();
    // Two works of one visit that take the same part take it once.
    parts.sort_unstable();
    parts.dedup();
    let hours = actions.iter().map(|action| f64::from(action.minutes)).sum::<f64>() / MINUTES_PER_HOUR;
    (!actions.is_empty()).then_some(Prospect { parts, hours, when })
}

/// What is known of the money behind a case: what a stop of its machine costs, and what all of which it speaks wastes meanwhile.
fn money(case: &Case, machine: Option<&Machine>) -> Money {
    let wasted = case.findings().filter_map(compose::waste_per_year).map(|per_year| per_year / DAYS_PER_YEAR);
    Money {
        stop_cost: machine.and_then(|machine| machine.stop_cost),
        waste_per_day: wasted.reduce(|sum, more| sum + more),
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
