//! When a works wants air, and how much of each machine.

use std::f64::consts::TAU;

use crate::fleet::DAYS;
use crate::rng::Rng;

use super::climate::{between, chain};
use super::{SLOTS, day, hour};

/// When a works runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    Always,
    /// Not on Sundays.
    SixDays,
    /// From six to ten, not on Sundays.
    Two,
    /// From half past seven to the late afternoon, on five or six days.
    One,
}

impl Shift {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Always => "24/7",
            Self::SixDays => "24/6",
            Self::Two => "two shifts",
            Self::One => "one shift",
        }
    }

    /// Hours that the machines have stood when a day begins.
    pub(crate) const fn stood_h(self) -> f64 {
        if matches!(self, Self::One) { 6.5 } else { 2.0 }
    }
}

/// A works as a whole; `weekday` of its first day, Monday 0.
pub(crate) struct Works {
    /// Whether it is open, slot by slot.
    open: Vec<bool>,
    weekday: usize,
    /// How the demand wanders from day to day, share.
    days: Vec<f64>,
    /// What weekends take less, share, and the hour of most demand.
    weekend: f64,
    busiest_h: f64,
    /// Demand changes for good: day and share.
    change: Option<(f64, f64)>,
}

/// What is asked of one machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Usual demand, share of full flow; over 1 it never unloads.
    pub(crate) level: f64,
    /// It works in every second week alone: those of even number, or of odd.
    pub(crate) weeks: Option<usize>,
    /// Its own demand changes for good: day and share.
    pub(crate) change: Option<(f64, f64)>,
}

impl Works {
    pub(crate) fn draw(rng: &mut Rng, shift: Shift, weekday: usize, change: Option<(f64, f64)>) -> Self {
        let (closes_h, days) = (rng.pick(&[16.5, 17.5, 18.0]), rng.pick(&[5, 5, 6]));
        let shut = rng.chance(0.35).then(|| (rng.between(10.0, 220.0), rng.between(4.0, 11.0)));
        let open = |slot: usize| {
            let (day, hour) = (day(slot), hour(slot));
            let of_week = (day as usize + weekday) % 7;
            let works = match shift {
                Shift::Always => true,
                Shift::SixDays => of_week < 6,
                Shift::Two => (6.0..22.0).contains(&hour) && of_week < 6,
                Shift::One => (7.5..closes_h).contains(&hour) && of_week < days,
            };
            works && shut.is_none_or(|(from, long)| !(from..from + long).contains(&day))
        };
        Self {
            open: (0..SLOTS).map(open).collect(),
            weekday,
            days: chain(rng, DAYS + 1, 0.7, 0.05),
            weekend: 0.25 * rng.between(0.0, 1.0),
            busiest_h: rng.between(10.0, 16.0),
            change,
        }
    }

    /// What is asked of a machine, slot by slot: share of its full flow, below 0 where it stands still.
    pub(crate) fn demand(&self, rng: &mut Rng, asked: &Asked) -> Vec<f64> {
        let demand = |slot: usize| {
            let at = day(slot);
            if !self.open[slot] || asked.weeks.is_some_and(|weeks| at as usize / 7 % 2 != weeks) {
                return -1.0;
            }
            let weekend = if (at as usize + self.weekday) % 7 >= 5 { 1.0 - self.weekend } else { 1.0 };
            let of_day = 1.0 + 0.10 * (TAU * (hour(slot) - self.busiest_h) / 24.0).cos();
            let changed = [self.change, asked.change]
                .into_iter()
                .flatten()
                .filter(|(from, _)| at > *from)
                .map(|(_, by)| 1.0 + by)
                .product::<f64>();
            let wanders = 1.0 + between(&self.days, at) + 0.03 * rng.normal();
            (asked.level * of_day * weekend * changed * wanders).clamp(0.15, 1.5)
        };
        (0..SLOTS).map(demand).collect()
    }
}
