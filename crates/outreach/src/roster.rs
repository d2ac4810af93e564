//! Who could come when: technicians with their skills, days away, weekly hours and the visits they have promised. Pure.
//!
//! One half-day belongs to one site, because the rest of it is spent on the road; visits at the same site share it. So work
//! at one site gathers in one trip of one person.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, Days, NaiveDate, Timelike};
use foretell_model::{MINUTE_MS, Timestamp};

use crate::calendar::{self, Calendar, Span};
use crate::registry::Technician;
use crate::slots::Slot;

/// What somebody has to be able to do, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// At which site.
    pub site: String,
    /// Codes of the work.
    pub works: Vec<String>,
}

/// A visit that was promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promised {
    /// Number of its booking.
    pub booking: i64,
    /// Key of the crew.
    pub crew: String,
    /// At which site.
    pub site: String,
    /// From when.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
}

/// Somebody who makes visits: a technician, or a nameless one where none is registered.
#[derive(Clone, Debug, PartialEq)]
pub struct Crew {
    /// What its visits are kept under.
    pub key: String,
    /// Key of the technician.
    pub technician: Option<String>,
    skills: Vec<String>,
    minutes_per_week: Option<f64>,
    away: Vec<Span>,
}

/// A half of a day: the day, and whether it is the afternoon.
type Half = (NaiveDate, bool);

/// A visit that was promised, with the half-days it takes.
type Kept = (Promised, Vec<Half>);

/// What is promised for one week.
#[derive(Clone, Debug, Default)]
struct Week {
    by_crew: HashMap<String, Vec<Kept>>,
    sites: HashSet<String>,
}

/// Everybody who makes visits, and what they have promised.
#[derive(Clone, Debug)]
pub struct Roster {
    crews: Vec<Crew>,
    /// By the Monday of the week: whatever clashes, bundles or counts does so within one.
    promised: HashMap<NaiveDate, Week>,
    zone: Calendar,
}

impl Crew {
    fn of(technician: &Technician) -> Self {
        Self {
            key: technician.id.clone(),
            technician: Some(technician.id.clone()),
            skills: technician.skills.clone(),
            minutes_per_week: technician.hours_per_week.map(|hours| hours * 60.0),
            // Registration has checked the days.
            away: calendar::spans("away", &technician.away).unwrap_or_default(),
        }
    }

    fn nameless(n: u32) -> Self {
        Self { key: format!("#{n}"), technician: None, skills: Vec::new(), minutes_per_week: None, away: Vec::new() }
    }

    fn knows(&self, works: &[String]) -> bool {
        self.skills.is_empty() || works.iter().all(|work| self.skills.contains(work))
    }

    fn is_away(&self, day: NaiveDate) -> bool {
        self.away.iter().any(|(from, to)| (*from..=*to).contains(&day))
    }
}

impl Roster {
    /// The technicians, or so many nameless crews (at least one) where none is registered. `zone` is where their half-days
    /// are counted.
    #[must_use]
    pub fn new(technicians: &[Technician], nameless: u32, zone: chrono_tz::Tz, promised: Vec<Promised>) -> Self {
        let mut crews: Vec<Crew> = technicians.iter().map(Crew::of).collect();
        if crews.is_empty() {
            crews = (0..nameless.max(1)).map(Crew::nameless).collect();
        }
        let mut roster = Self { crews, promised: HashMap::new(), zone: Calendar::plain(zone) };
        for promised in promised {
            let halves = roster.halves(promised.start, promised.end);
            let mut weeks: Vec<NaiveDate> = halves.iter().map(|(day, _)| monday(*day)).collect();
            weeks.dedup();
            for week in weeks {
                let week = roster.promised.entry(week).or_default();
                week.sites.insert(promised.site.clone());
                week.by_crew.entry(promised.crew.clone()).or_default().push((promised.clone(), halves.clone()));
            }
        }
        roster
    }

    /// Whether anybody could come, and at what price: trips that the visit adds, 0 where somebody is at the site that day
    /// anyway; `None` when nobody could.
    #[must_use]
    pub fn trips(&self, slot: &Slot, job: &Job) -> Option<u32> {
        let halves = self.halves(slot.start, slot.end);
        let week = self.promised.get(&monday(halves.first()?.0));
        // Most weeks nobody goes there anyway, and the first who can come is as good as any.
        let shared = week.is_some_and(|week| week.sites.contains(&job.site));
        let mut anybody = false;
        for crew in &self.crews {
            let own = own(week, crew);
            let there = shared && on_that_day(own, &halves, job, None);
            if (anybody && !there) || self.load_ms(crew, own, slot, &halves, job, None).is_none() {
                continue;
            }
            if there {
                return Some(0);
            }
            if !shared {
                return Some(1);
            }
            anybody = true;
        }
        anybody.then_some(1)
    }

    /// Who should come: whoever is at the site in that half-day, else on that day, else has promised least that week.
    /// `moving` is the booking that would be moved there; its old time does not count. Also says whether that person is at
    /// the site on that day anyway.
    #[must_use]
    pub fn choose(&self, slot: &Slot, job: &Job, moving: Option<i64>) -> Option<(&Crew, bool)> {
        let halves = self.halves(slot.start, slot.end);
        let week = self.promised.get(&monday(halves.first()?.0));
        let mut best: Option<((bool, bool, i64), &Crew)> = None;
        for crew in &self.crews {
            let own = own(week, crew);
            let Some(load_ms) = self.load_ms(crew, own, slot, &halves, job, moving) else { continue };
            let same_half = there(own, job, moving).any(|(_, theirs)| theirs.iter().any(|half| halves.contains(half)));
            let rank = (!same_half, !on_that_day(own, &halves, job, moving), load_ms);
            if best.as_ref().is_none_or(|(other, _)| rank < *other) {
                best = Some((rank, crew));
            }
        }
        best.map(|((_, not_that_day, _), crew)| (crew, !not_that_day))
    }

    /// What somebody has promised in that week, ms; `None` when that person cannot come at that time.
    fn load_ms(
        &self,
        crew: &Crew,
        own: &[Kept],
        slot: &Slot,
        halves: &[Half],
        job: &Job,
        moving: Option<i64>,
    ) -> Option<i64> {
        if !crew.knows(&job.works) || halves.iter().any(|(day, _)| crew.is_away(*day)) {
            return None;
        }
        let mut load_ms = 0;
        for (promised, theirs) in own.iter().filter(|(promised, _)| Some(promised.booking) != moving) {
            let overlaps = promised.start < slot.end && slot.start < promised.end;
            if overlaps || (promised.site != job.site && theirs.iter().any(|half| halves.contains(half))) {
                return None;
            }
            load_ms += promised.end - promised.start;
        }
        let minutes = (load_ms + (slot.end - slot.start)) as f64 / MINUTE_MS as f64;
        crew.minutes_per_week.is_none_or(|most| minutes <= most).then_some(load_ms)
    }

    /// Hours that everybody together can spend on sites in the week of an instant, days away taken off; `per_day_h` is what
    /// one person can do in a day. Saturdays and Sundays do not count.
    #[must_use]
    pub fn capacity_h(&self, week_of: Timestamp, per_day_h: f64) -> f64 {
        let monday = monday(self.zone.local(week_of).date());
        let of_crew = |crew: &Crew| {
            let days = (0..5).filter_map(|n| monday.checked_add_days(Days::new(n)));
            let present = days.filter(|day| !crew.is_away(*day)).count() as f64;
            crew.minutes_per_week.map_or(f64::INFINITY, |minutes| minutes / 60.0).min(present * per_day_h)
        };
        self.crews.iter().map(of_crew).sum()
    }

    /// The half-days that a time touches.
    fn halves(&self, start: Timestamp, end: Timestamp) -> Vec<Half> {
        let half = |t: Timestamp| {
            let local = self.zone.local(t);
            (local.date(), local.hour() >= 12)
        };
        let last = half(Timestamp::from_millis(end.millis().max(start.millis() + 1) - 1));
        let mut halves = vec![half(start)];
        while let Some(&(day, afternoon)) = halves.last().filter(|h| **h < last) {
            let next = if afternoon { day.checked_add_days(Days::new(1)).unwrap_or(last.0) } else { day };
            halves.push((next, !afternoon));
        }
        halves
    }
}

/// What a crew has promised in a week.
fn own<'a>(week: Option<&'a Week>, crew: &Crew) -> &'a [Kept] {
    week.and_then(|week| week.by_crew.get(&crew.key)).map_or(&[], Vec::as_slice)
}

/// Of these the visits at the job's site.
fn there<'a>(own: &'a [Kept], job: &'a Job, moving: Option<i64>) -> impl Iterator<Item = &'a Kept> {
    own.iter().filter(move |(promised, _)| Some(promised.booking) != moving && promised.site == job.site)
}

/// Whether somebody is at the job's site on one of the days anyway.
fn on_that_day(own: &[Kept], halves: &[Half], job: &Job, moving: Option<i64>) -> bool {
    there(own, job, moving).any(|(_, theirs)| theirs.iter().any(|(day, _)| halves.iter().any(|(d, _)| d == day)))
}

/// Monday of a day's week.
pub(crate) fn monday(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday()))).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Words;

    fn technician(id: &str) -> Technician {
        Technician::new(id, Words { en: id.to_owned(), zh: id.to_owned() }, "1")
    }

    fn slot(from: &str, to: &str) -> Slot {
        let at = |text: &str| Timestamp::parse(&format!("{text}:00+08:00")).unwrap();
        Slot { start: at(from), end: at(to), idle: true }
    }

    fn promised(booking: i64, crew: &str, site: &str, from: &str, to: &str) -> Promised {
        let Slot { start, end, .. } = slot(from, to);
        Promised { booking, crew: crew.to_owned(), site: site.to_owned(), start, end }
    }

    #[track_caller]
    fn check(technicians: &[Technician], promised: &[Promised], wanted: Slot, site: &str, work: &str, expected: &str) {
        let roster = Roster::new(technicians, 1, chrono_tz::Asia::Shanghai, promised.to_vec());
        let job = Job { site: site.to_owned(), works: vec![work.to_owned()] };
        let chosen = roster.choose(&wanted, &job, None);
        let text = chosen.map_or_else(String::new, |(crew, there)| {
            format!("{}{}", crew.key, if there { ", there anyway" } else { "" })
        });
        assert_eq!(text, expected);
    }

    #[test]
    fn one_half_day_belongs_to_one_site() {
        let two = [technician("a"), technician("b")];
        let morning = promised(1, "a", "s1", "2026-07-16T08:00", "2026-07-16T10:00");
        let afternoon = || slot("2026-07-16T14:00", "2026-07-16T16:00");
        let late_morning = || slot("2026-07-16T10:00", "2026-07-16T12:00");
        check(&two, &[], late_morning(), "s1", "w", "a");
        check(&two, std::slice::from_ref(&morning), late_morning(), "s1", "w", "a, there anyway");
        check(&two, std::slice::from_ref(&morning), late_morning(), "s2", "w", "b");
        check(&two, std::slice::from_ref(&morning), afternoon(), "s1", "w", "a, there anyway");
        // Whoever has promised least that week goes elsewhere.
        check(&two, std::slice::from_ref(&morning), afternoon(), "s2", "w", "b");
        check(&two[..1], std::slice::from_ref(&morning), slot("2026-07-16T09:00", "2026-07-16T11:00"), "s1", "w", "");
        // Work across noon takes both halves.
        check(&two[..1], &[morning], slot("2026-07-16T11:00", "2026-07-16T13:00"), "s2", "w", "");
    }

    #[test]
    fn skills_days_away_and_weekly_hours_are_kept() {
        let mut oil = technician("a");
        oil.skills = vec!["oil_changed".to_owned()];
        let thursday = || slot("2026-07-16T08:00", "2026-07-16T10:00");
        check(&[oil.clone()], &[], thursday(), "s1", "oil_changed", "a");
        check(&[oil], &[], thursday(), "s1", "cooler_cleaned", "");
        let mut away = technician("a");
        away.away = vec!["2026-07-13/2026-07-16".to_owned()];
        check(&[away.clone()], &[], thursday(), "s1", "w", "");
        check(&[away], &[], slot("2026-07-17T08:00", "2026-07-17T10:00"), "s1", "w", "a");
        let mut part_time = technician("a");
        part_time.hours_per_week = Some(3.0);
        let monday = promised(1, "a", "s2", "2026-07-13T08:00", "2026-07-13T10:00");
        check(&[part_time.clone()], std::slice::from_ref(&monday), thursday(), "s1", "w", "");
        check(&[part_time], &[monday], slot("2026-07-20T08:00", "2026-07-20T10:00"), "s1", "w", "a");
    }

    #[test]
    fn days_and_noons_are_those_of_the_house() {
        let mut away = technician("a");
        away.away = vec!["2026-08-10/2026-08-14".to_owned()];
        let chosen = |crew: &Technician, promised: Vec<Promised>, from: &str, to: &str| {
            let at = |text: &str| Timestamp::parse(&format!("{text}:00+01:00")).unwrap();
            let roster = Roster::new(std::slice::from_ref(crew), 1, chrono_tz::Europe::London, promised);
            let job = Job { site: "s1".to_owned(), works: vec!["w".to_owned()] };
            roster.choose(&Slot { start: at(from), end: at(to), idle: true }, &job, None).is_some()
        };
        // The evening of the last day away is the next day already in the zone that is the default.
        assert!(!chosen(&away, Vec::new(), "2026-08-14T17:00", "2026-08-14T18:00"));
        assert!(chosen(&away, Vec::new(), "2026-08-15T08:00", "2026-08-15T09:00"));
        // A morning and an afternoon are two halves: 9 to 11 here is 16 to 18 there.
        let at = |text: &str| Timestamp::parse(&format!("{text}:00+01:00")).unwrap();
        let morning = Promised {
            booking: 1,
            crew: "a".to_owned(),
            site: "s2".to_owned(),
            start: at("2026-08-17T09:00"),
            end: at("2026-08-17T11:00"),
        };
        assert!(chosen(&away, vec![morning.clone()], "2026-08-17T14:00", "2026-08-17T16:00"));
        assert!(!chosen(&away, vec![morning], "2026-08-17T10:00", "2026-08-17T11:30"));
    }

    proptest::proptest! {
        #[test]
        fn what_a_trip_costs_agrees_with_who_would_come(
            visits in proptest::collection::vec((0_i64..4, 0_i64..4, 0_i64..10, 7_i64..17), 0..24),
            (site, day, hour) in (0_i64..4, 0_i64..10, 7_i64..17),
        ) {
            let crews: Vec<Technician> = (0..4).map(|n| technician(&n.to_string())).collect();
            let begins = |day: i64, hour: i64| Timestamp::parse("2026-07-13T00:00:00+08:00").unwrap().plus_days(day as f64) + hour * foretell_model::HOUR_MS;
            let of = |(n, (crew, site, day, hour)): (usize, (i64, i64, i64, i64))| Promised {
                booking: n as i64,
                crew: crew.to_string(),
                site: site.to_string(),
                start: begins(day, hour),
                end: begins(day, hour + 2),
            };
            let promised = visits.into_iter().enumerate().map(of).collect();
            let roster = Roster::new(&crews, 0, chrono_tz::Asia::Shanghai, promised);
            let job = Job { site: site.to_string(), works: Vec::new() };
            let slot = Slot { start: begins(day, hour), end: begins(day, hour + 2), idle: true };
            let chosen = roster.choose(&slot, &job, None).map(|(_, there)| u32::from(!there));
            proptest::prop_assert_eq!(roster.trips(&slot, &job), chosen);
        }
    }

    #[test]
    fn capacity_is_what_people_can_do() {
        let mut half = technician("b");
        half.hours_per_week = Some(10.0);
        let mut away = technician("c");
        away.away = vec!["2026-07-16/2026-07-17".to_owned()];
        let roster = Roster::new(&[technician("a"), half, away], 0, chrono_tz::Asia::Shanghai, Vec::new());
        assert!((roster.capacity_h(slot("2026-07-16T08:00", "2026-07-16T09:00").start, 6.0) - 58.0).abs() < 1e-9);
    }
}
