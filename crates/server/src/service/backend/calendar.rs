//! The calendar: booked visits, what people can do, and what is offered and not answered.

use std::collections::HashSet;

use foretell_console::view::{CalendarOffer, CalendarRow, CalendarVisit, VisitCalendar};
use foretell_console::{BackendError, Lang};
use foretell_model::{Clock, DAY_MS, FindingId, Timestamp, VisitState};
use foretell_outreach::planning::PER_DAY_H;
use foretell_outreach::roster::Roster;
use foretell_outreach::{Appointment, Slot, Task, Technician};

use super::ServiceBackend;
use super::errors::of_outreach;
use super::registry::{Sites, language};
use super::visits::task;

/// Weeks in the calendar.
const WEEKS: usize = 2;
const DAYS: i64 = 7 * WEEKS as i64;
/// Weekday of a Saturday, 0 = Monday.
const SATURDAY: i64 = 5;

impl ServiceBackend {
    pub(super) fn calendar_view(&self, day: Option<i64>, lang: Lang) -> Result<VisitCalendar, BackendError> {
        let (now, zone) = (self.clocks.now(), self.outreach.zone());
        let local_day = |t: Timestamp| foretell_console::local_day(t, zone);
        let day = day.unwrap_or_else(|| local_day(now));
        let first_day = day - weekday(day);
        let shown = first_day..first_day + DAYS;
        // A day more on each side: which day a visit is on is a matter of the zone.
        let midnight = |day: i64| Timestamp::from_millis(day * DAY_MS);
        let (since, until) = (midnight(first_day - 1), midnight(first_day + DAYS + 1));
        let sites = Sites::read(&self.outreach)?;
        // What was done stays to be seen: it filled the days it was done on.
        let past = self.outreach.visits_between(None, (since, until)).map_err(of_outreach)?;
        let done = past.iter().filter(|(_, state)| *state == VisitState::Done).map(|(visit, _)| (visit, true));
        let booked = sites.appointments(since).map(|visit| (visit, false));
        let mut visits: Vec<(&Appointment, bool)> =
            booked.chain(done).filter(|(visit, _)| shown.contains(&local_day(visit.start))).collect();
        visits.sort_by_key(|(visit, _)| (visit.start, &visit.case));
        let offered = self.outreach.offered(since.max(now), until).map_err(of_outreach)?;
        let mut told = HashSet::new();
        let is_shown = |(case, slot): &&(FindingId, Slot)| {
            shown.contains(&local_day(slot.start)) && told.insert((case.clone(), slot.start))
        };
        let offered: Vec<&(FindingId, Slot)> = offered.iter().filter(is_shown).collect();
        let cases: Vec<&FindingId> =
            visits.iter().map(|(visit, _)| &visit.case).chain(offered.iter().map(|(case, _)| case)).collect();
        let mut tasks = self.outreach.tasks_of(&cases).map_err(of_outreach)?.into_iter();
        let visits: Vec<CalendarVisit> = visits
            .into_iter()
            .zip(tasks.by_ref())
            .map(|((visit, done), tasks)| calendar_visit(visit, done, &tasks, &sites))
            .collect();
        let offers =
            offered.into_iter().zip(tasks).filter_map(|((case, slot), tasks)| offer(case, slot, &tasks, &sites));
        let mut rows: Vec<CalendarRow> =
            sites.technicians().map(|technician| row(technician, first_day, zone, lang)).collect();
        if rows.is_empty() || visits.iter().any(|visit| visit.technician.is_empty()) {
            let crews = self.outreach.nameless_crews();
            let per_day_h = PER_DAY_H * f64::from(crews.max(1));
            rows.push(CalendarRow {
                key: String::new(),
                name: String::new(),
                capacity_h: capacity(&[], crews, first_day, zone),
                day_h: (0..DAYS).map(|n| if n % 7 < SATURDAY { per_day_h } else { 0.0 }).collect(),
                away: Vec::new(),
            });
        }
        Ok(VisitCalendar { now, zone, first_day, weeks: WEEKS, rows, offers: offers.collect(), visits })
    }
}

/// 0 = Monday; 1 January 1970 was a Thursday.
const fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

fn calendar_visit(visit: &Appointment, done: bool, tasks: &[Task], sites: &Sites) -> CalendarVisit {
    let customer = sites.customer(&visit.machine);
    CalendarVisit {
        tasks: tasks.iter().map(task).collect(),
        site_name: sites.site_name(&visit.machine),
        customer_id: customer.map(|customer| customer.id.clone()).unwrap_or_default(),
        customer: customer.map(|customer| customer.name.clone()).unwrap_or_default(),
        technician: visit.technician.clone().unwrap_or_default(),
        from: visit.start,
        to: visit.end,
        case: visit.case.to_string(),
        done,
    }
}

fn offer(case: &FindingId, slot: &Slot, tasks: &[Task], sites: &Sites) -> Option<CalendarOffer> {
    Some(CalendarOffer {
        site_name: sites.site_name(tasks.first()?.machine()),
        tasks: tasks.iter().map(task).collect(),
        from: slot.start,
        to: slot.end,
        case: case.to_string(),
    })
}

fn row(technician: &Technician, first_day: i64, zone: chrono_tz::Tz, lang: Lang) -> CalendarRow {
    let name = |day: i64| {
        let (year, month, day) = Timestamp::from_millis(day * DAY_MS).civil();
        format!("{year:04}-{month:02}-{day:02}")
    };
    let is_away = |day: &i64| technician.is_away(&name(*day));
    let most_h = technician.hours_per_week.map_or(PER_DAY_H, |hours| hours.min(PER_DAY_H));
    let day_h = |day: i64| if weekday(day) < SATURDAY && !is_away(&day) { most_h } else { 0.0 };
    CalendarRow {
        key: technician.id.clone(),
        name: language(lang).of(&technician.name).to_owned(),
        capacity_h: capacity(std::slice::from_ref(technician), 0, first_day, zone),
        day_h: (first_day..first_day + DAYS).map(day_h).collect(),
        away: (first_day..first_day + DAYS).filter(is_away).collect(),
    }
}

/// Hours that people can spend on sites in each week shown.
fn capacity(technicians: &[Technician], nameless: u32, first_day: i64, zone: chrono_tz::Tz) -> Vec<f64> {
    let roster = Roster::new(technicians, nameless, zone, Vec::new());
    // Wednesday at noon, UTC, is in the same week everywhere on Earth.
    let midweek = |n: i64| Timestamp::from_millis((first_day + n * 7 + 2) * DAY_MS + DAY_MS / 2);
    (0..WEEKS as i64).map(|n| roster.capacity_h(midweek(n), PER_DAY_H)).collect()
}
