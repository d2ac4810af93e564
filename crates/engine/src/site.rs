//! What a machine is judged against on its site: the siblings' air, their sensors, their excess.
//!
//! Siblings are read up to the day before yesterday only: by then each of them has concluded that day, live as well as when
//! this machine delivers late.

use foretell_model::Finding;

use crate::dm::report;
use crate::engine::Engine;
use crate::ha::air::Sibling;
use crate::ha::assess::Judgement;
use crate::ha::points::Surroundings;
use crate::machine::Machine;
use crate::sd::day::{Day, DayRecord, start_of};
use crate::service::effect::{self, Outcome};

/// A room is not believed to get hotter than this for a machine's own inlet, K: a larger common rise is several clogged
/// coolers.
const ROOM_RISE_MAX_K: f64 = 6.0;
/// Excess from which a sibling counts as hot, K.
const CROWD_EXCESS_K: f64 = 1.5;

impl Engine {
    pub(crate) fn surroundings(&self, place: usize) -> Surroundings<'_> {
        Surroundings {
            siblings: self.siblings(place).map(sibling).collect(),
            latitude_deg: self.profile(&self.ids[place]).latitude_deg,
            two_level: self.machines[place].regime.is_two_level(),
        }
    }

    /// Share of the siblings that were judged hotter than their own normal some days ago, 0 to 1. Read no later than
    /// [`Self::common_share`] and for the same reason.
    pub(crate) fn crowd_share(&self, place: usize, today: Day) -> f64 {
        let recent = today.saturating_sub(6)..=today.saturating_sub(2);
        let (hot, all) = self.siblings(place).fold((0.0, 0.0), |(hot, all), sibling| {
            let mut judged = sibling.days.iter().rev().filter(|d| recent.contains(&d.day)).filter_map(|d| d.excess_k());
            let is_hot = judged.any(|excess_k| excess_k >= CROWD_EXCESS_K);
            (hot + f64::from(u8::from(is_hot)), all + 1.0)
        });
        if all > 0.0 { hot / all } else { 0.0 }
    }

    fn siblings(&self, place: usize) -> impl Iterator<Item = &Machine> {
        let site = self.machines[place].site as usize;
        let members = self.sites.get(site).map_or(&[][..], |(_, members)| members.as_slice());
        members.iter().map(|&m| m as usize).filter(move |&m| m != place).map(|m| &self.machines[m])
    }

    /// How much of this machine's excess *every* sibling shares, 0 to 1: a hot room lifts all of them, a clogged cooler
    /// one. `None` when no sibling can say. Siblings are read up to the day before yesterday only: by then each of them
    /// has concluded that day, live as well as when this machine delivers late.
    pub(crate) fn common_share(&self, place: usize, today: Day, judgement: &Judgement) -> Option<f64> {
        if judgement.excess_k < 0.5 {
            return None;
        }
        let onset = judgement.onset_day.clamp(0.0, f64::from(Day::MAX)) as Day;
        let rises = self.siblings(place).filter_map(|sibling| {
            let mean = |from: Day, to: Day| {
                let days = sibling.days.iter().filter(|d| (from..=to).contains(&d.day));
                let (sum, n) = days.filter_map(|d| d.excess_k()).fold((0.0, 0.0), |(s, n), e| (s + e, n + 1.0));
                (n > 0.0).then(|| sum / n)
            };
            let now_k = mean(today.saturating_sub(5), today.saturating_sub(2))?;
            Some(now_k - mean(onset.saturating_sub(6), onset.saturating_sub(1)).unwrap_or(0.0))
        });
        rises.min_by(f64::total_cmp).map(|rise_k| (rise_k.min(ROOM_RISE_MAX_K) / judgement.excess_k).clamp(0.0, 1.0))
    }

    /// Holds the machine's sensors against those of its siblings. These are read up to the day before yesterday only, as in
    /// [`Self::common_share`].
    pub(crate) fn compare_sensors(&mut self, place: usize, today: Day, out: &mut Vec<Finding>) {
        let day = today.saturating_sub(2);
        let of = |machine: &Machine, value: fn(&DayRecord) -> Option<f64>| {
            let found = machine.days.binary_search_by_key(&day, |d| d.day).ok()?;
            machine.days.get(found).and_then(value)
        };
        let beside = |value: fn(&DayRecord) -> Option<f64>, least: usize| {
            let own = of(&self.machines[place], value)?;
            let others: Vec<f64> = self.siblings(place).filter_map(|sibling| of(sibling, value)).collect();
            let enough = others.len() >= least;
            // The nearest: one that differs from every other is itself the odd one.
            let nearest =
                others.into_iter().filter(|_| enough).min_by(|a, b| (own - a).abs().total_cmp(&(own - b).abs()));
            nearest.map(|other| (own - other, other))
        };
        let ambient = beside(|d| d.hot.ta_c(), 1);
        // Of two cold machines that differ nobody can say which is wrong; of three the odd one.
        let soaked = beside(DayRecord::soak_c, 2);
        let machine = &mut self.machines[place];
        machine.sensors.close_day(today, ambient, soaked);
        let Machine { sensors, episodes, .. } = machine;
        report::checkability(sensors, today, episodes, start_of(today), &self.ids[place], out);
    }

    /// Says what the last job achieved, once enough days have passed.
    pub(crate) fn measure_effect(&mut self, place: usize, today: Day, out: &mut Vec<Finding>) {
        let machine = &self.machines[place];
        let Some(pending) = machine.service.pending.as_deref() else { return };
        let energy = self.profile(&self.ids[place]).energy;
        let outcome = effect::measure(pending, machine, today, &self.surroundings(place), &energy);
        let machine = &mut self.machines[place];
        match outcome {
            Outcome::Wait => return,
            Outcome::Unknown => {}
            Outcome::Measured(draft) => machine.episodes.note(start_of(today), &self.ids[place], *draft, out),
        }
        machine.service.pending = None;
    }
}

fn sibling(machine: &Machine) -> Sibling<'_> {
    Sibling { days: &machine.days, health: &machine.health, two_level: machine.regime.is_two_level() }
}
