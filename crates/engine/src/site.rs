//! What a machine is judged against on its site: the siblings' air, their sensors, their excess.
//!
//! Siblings are read up to the day before yesterday only: by then each of them has concluded that day, live as well as when
//! this machine delivers late.

use foretell_model::{Finding, SiteId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::dm::report;
use crate::engine::Engine;
use crate::ha::air::Sibling;
use crate::ha::assess::Judgement;
use crate::ha::health::Health;
use crate::ha::points::{self, Surroundings};
use crate::ha::room::{self, AIR_LEAST_K, DISCHARGE_LEAST_K, HotRoom, Rise};
use crate::ha::soak;
use crate::machine::Machine;
use crate::sd::day::{Day, DayRecord, day_of, start_of};
use crate::sd::room_hours::RoomHours;
use crate::service::effect::{self, Outcome};

/// A room is not believed to get hotter than this for a machine's own inlet, K: a larger common rise is several clogged
/// coolers. Of machines that all began to rise within so many days it is: a fan or a louvre of the room that fails lifts them all at
/// once and as far as a summer does, and coolers have no reason to begin together.
const ROOM_RISE_MAX_K: f64 = 6.0;
const ROOM_RISE_AT_ONCE_K: f64 = 12.0;
const AT_ONCE_DAYS: f64 = 7.0;
/// Share of the days on which the air must be measured to be judged by the sensor.
const MEASURED: f64 = 0.5;
/// Share of those days on which cool hours are known as well, to use them.
const BOTH: f64 = 0.9;
/// A day with less than this share of the usual running knows only some of its hours, and a week that begins with one at dawn seems
/// to become hot every Monday.
const SHORT: f64 = 0.5;
/// A sibling has risen along if it did so by this much, K, and by this share of the machine's own rise: one that its valve
/// keeps cool shows little of a hot room.
const ALONG_K: f64 = 1.2;
const ALONG_SHARE: f64 = 0.3;
/// Days over which a machine's middle is taken.
const COMMON_DAYS: Day = 45;
/// Days before a rise that it is compared with.
const COMPARED_DAYS: Day = 7;
/// A machine that draws this share more current than before is hotter because it works harder.
const WORKS_HARDER: f64 = 0.05;

/// Sites close their days within so long after midnight (UTC), each at a time of its own, ms. If all did at once, thousands of machines
/// would bring seconds of work, and every reading and every page would wait for it.
const CLOSING_MS: u64 = 3_600_000;

/// A site: its machines, and what they share.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Site {
    /// Places of its machines, in order of appearance.
    pub(crate) members: Vec<u32>,
    /// How long after midnight (UTC) its days close, ms.
    closes_ms: i64,
    pub(crate) air: Air,
}

/// What a site's sensors tell of its room.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Air {
    /// Whether a machine without a sensor has asked.
    asked: bool,
    room: Option<Box<RoomHours>>,
}

impl Site {
    /// A site whose days close `closes_ms` after midnight.
    pub(crate) fn new(id: &SiteId) -> Self {
        Self { closes_ms: (id.spread() % CLOSING_MS) as i64, ..Self::default() }
    }

    /// The day that an instant of 2000 to 2179 belongs to.
    pub(crate) fn day_of(&self, ts: Timestamp) -> Day {
        day_of(ts + (-self.closes_ms)).unwrap_or(0)
    }

    /// The instant at which the day before `today` closes.
    pub(crate) fn closing(&self, today: Day) -> Timestamp {
        start_of(today) + self.closes_ms
    }

    /// The room's air in the hour that begins at `begin`, degC, by the sensors of those who have one. It is kept from the first
    /// time on that one asks and another can tell.
    pub(crate) fn air_c(&mut self, begin: Timestamp) -> Option<f64> {
        self.air.asked |= self.members.len() > 1;
        self.air.room.as_ref()?.mean_c(day_of(begin)?, begin.hour_of_day())
    }

    /// Files what a machine's inlet says of the room's air, degC.
    pub(crate) fn breathe(&mut self, ts: Timestamp, air_c: Option<f32>) {
        if let Some(air_c) = air_c.filter(|_| self.air.asked) {
            self.air.room.get_or_insert_default().add(ts, air_c);
        }
    }

    /// Bytes held on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.air.room.as_ref().map_or(0, |_| size_of::<RoomHours>())
    }
}

impl Engine {
    pub(crate) fn surroundings(&self, place: usize) -> Surroundings<'_> {
        Surroundings {
            siblings: self.siblings(place).map(sibling).collect(),
            latitude_deg: self.profile(&self.ids[place]).latitude_deg,
            switching_h: self.machines[place].regime.switching_h(),
            spoilt_from: self.machines[place].spoilt_from(),
            trend: self.machines[place].health.trend,
            is_told: self.machines[place].grade.is_told(),
        }
    }

    /// Where the machine stands.
    pub(crate) fn site(&self, place: usize) -> &Site {
        &self.sites[self.machines[place].site as usize]
    }

    fn siblings(&self, place: usize) -> impl Iterator<Item = &Machine> {
        self.site(place).members.iter().map(|&m| m as usize).filter(move |&m| m != place).map(|m| &self.machines[m])
    }

    /// How much of this machine's excess more than half of its siblings share, of two both, 0 to 1: a hot room lifts them, a clogged
    /// cooler one. `None` when no sibling can say. Siblings are read up to the day before yesterday only: by then each of them
    /// has concluded that day, live as well as when this machine delivers late.
    pub(crate) fn common_share(&self, place: usize, today: Day, judgement: &Judgement) -> Option<f64> {
        if judgement.excess_k < 0.5 {
            return None;
        }
        let onset = judgement.onset_day.clamp(0.0, f64::from(Day::MAX)) as Day;
        let at_once = |sibling: &Machine| {
            sibling.health.trend.as_ref().is_some_and(|t| (t.onset_day - judgement.onset_day).abs() <= AT_ONCE_DAYS)
        };
        let rises = self.siblings(place).filter_map(|sibling| {
            let mean = |from: Day, to: Day| {
                let days = sibling.days.iter().filter(|d| (from..=to).contains(&d.day));
                let (sum, n) = days.filter_map(|d| d.excess_k()).fold((0.0, 0.0), |(s, n), e| (s + e, n + 1.0));
                (n > 0.0).then(|| sum / n)
            };
            // Its days say what was thought of them at their time, its course what is thought of them since.
            let course_k = sibling.health.trend.map_or(0.0, |t| t.excess_k(f64::from(today.saturating_sub(2))));
            let now_k = mean(today.saturating_sub(5), today.saturating_sub(2))?.max(course_k);
            let rise_k = now_k - mean(onset.saturating_sub(6), onset.saturating_sub(1)).unwrap_or(0.0);
            Some(rise_k.min(if at_once(sibling) { ROOM_RISE_AT_ONCE_K } else { ROOM_RISE_MAX_K }))
        });
        let mut rises: Vec<f64> = rises.collect();
        rises.sort_by(f64::total_cmp);
        let shared_k = rises.get(rises.len().saturating_sub(1) / 2)?;
        Some((shared_k / judgement.excess_k).clamp(0.0, 1.0))
    }

    /// Whether the room has become hot: by a sensor of the air, the machine's own or a sibling's, or else by what the
    /// machine and its siblings do together.
    pub(crate) fn hot_room(&self, place: usize, today: Day) -> Option<HotRoom> {
        let days = &self.machines[place].days;
        let loaded = || days.iter().filter(|d| d.hot.is_some());
        let least_h = SHORT * points::median(&mut loaded().map(DayRecord::run_h).collect::<Vec<f64>>())?;
        let whole = || loaded().filter(|d| d.run_h() >= least_h);
        let own = air(whole(), |d| d.hot.ta_c(), |d| d.cool().ta_c());
        let beside = || {
            air(
                whole(),
                |d| self.air_c(place, d.day, today, |d| d.hot.ta_c()),
                |d| self.air_c(place, d.day, today, |d| d.cool().ta_c()),
            )
        };
        if let Some(air) = own.or_else(beside) {
            return room::rise(&air, today, AIR_LEAST_K).map(|rise| HotRoom { rise: rise.of_air(), measured: true });
        }
        let rise = room::rise(&self.common_discharge(place, today), today, DISCHARGE_LEAST_K)?;
        self.rose_together(place, today, &rise).then_some(HotRoom { rise, measured: false })
    }

    /// The machine's hot discharge temperature from day to day, degC, each day brought to the mean of how far it and its
    /// siblings stand off their own middles: what is one machine's alone counts for less, what the room does to all stays.
    fn common_discharge(&self, place: usize, today: Day) -> Vec<(Day, f64)> {
        let hot = |d: &DayRecord| d.hot.td_c().filter(|_| !d.is_unwell());
        let off = |machine: &Machine, until: Day| -> Option<(f64, Vec<(Day, f64)>)> {
            let from = machine.days.partition_point(|d| d.day + COMMON_DAYS < today);
            let days = machine.days[from..].iter().filter(|d| d.day <= until);
            let known: Vec<(Day, f64)> = days.filter_map(|d| Some((d.day, hot(d)?))).collect();
            let middle_c = points::median(&mut known.iter().map(|(_, c)| *c).collect::<Vec<f64>>())?;
            Some((middle_c, known.into_iter().map(|(day, c)| (day, c - middle_c)).collect()))
        };
        let Some((middle_c, own)) = off(&self.machines[place], today) else { return Vec::new() };
        let siblings: Vec<Vec<(Day, f64)>> = self
            .siblings(place)
            .filter_map(|sibling| off(sibling, today.saturating_sub(2)))
            .map(|(_, days)| days)
            .collect();
        let on = |days: &[(Day, f64)], day: Day| {
            days.binary_search_by_key(&day, |d| d.0).ok().and_then(|found| days.get(found)).map(|d| d.1)
        };
        let mean = |(day, own_k): (Day, f64)| {
            let beside = siblings.iter().filter_map(|days| on(days, day));
            let (sum, n) = beside.fold((own_k, 1.0), |(sum, n), k| (sum + k, n + 1.0));
            (day, middle_c + sum / n)
        };
        own.into_iter().map(mean).collect()
    }

    /// The air of a day by the siblings' sensors, degC; read as [`Self::common_share`] reads.
    fn air_c(&self, place: usize, day: Day, today: Day, of_day: fn(&DayRecord) -> Option<f64>) -> Option<f64> {
        let of = |sibling: &Machine| {
            let found = sibling.days.binary_search_by_key(&day, |d| d.day).ok()?;
            of_day(&sibling.days[found])
        };
        let known = self.siblings(place).filter(|_| day + 2 <= today).filter_map(of);
        let (sum, n) = known.fold((0.0, 0.0), |(sum, n), c| (sum + c, n + 1.0));
        (n > 0.0).then(|| sum / n)
    }

    /// Whether at least half of the siblings that can say have become hotter with the machine, and none of them by harder
    /// work alone.
    fn rose_together(&self, place: usize, today: Day, rise: &Rise) -> bool {
        let change = |machine: &Machine, value: fn(&DayRecord) -> Option<f64>| {
            let middle = |from: Day, to: Day| {
                let days = machine.days.iter().filter(|d| (from..=to).contains(&d.day));
                let mut values: Vec<f64> = days.filter_map(value).collect();
                (values.len() >= 2).then(|| points::median(&mut values)).flatten()
            };
            let before = middle(rise.since.saturating_sub(COMPARED_DAYS), rise.since.saturating_sub(1))?;
            middle(rise.since, today.saturating_sub(2)).map(|now| (before, now))
        };
        let harder = |machine: &Machine| {
            change(machine, |d| d.hot.is_some().then(|| d.hot.amps_a()))
                .is_some_and(|(before, now)| now > (1.0 + WORKS_HARDER) * before)
        };
        let along = |sibling: &Machine| {
            let (before, now) = change(sibling, |d| d.hot.td_c().filter(|_| !d.is_unwell()))?;
            let along_k = ALONG_K.max(ALONG_SHARE * rise.rise_k);
            Some(now - before >= along_k && !harder(sibling))
        };
        let (yes, all) = self
            .siblings(place)
            .filter_map(along)
            .fold((0, 0), |(yes, all), along| (yes + usize::from(along), all + 1));
        yes > 0 && 2 * yes >= all && !harder(&self.machines[place])
    }

    /// Whether the cold stops of the machine show what it reads too high as well, for machines whose air nobody measures. Siblings are read
    /// as [`Self::common_share`] reads them.
    pub(crate) fn soak_log_ratio(&self, place: usize, today: Day, health: &Health, j: &Judgement) -> Option<f64> {
        let (trend, over_k) = health.trend.as_ref().zip(j.over_k)?;
        let of = |sibling: &Machine, day: Day| {
            let found = sibling.days.binary_search_by_key(&day, |d| d.day).ok()?;
            sibling.days[found].soak_c().filter(|_| sibling.sensors.trusts_discharge())
        };
        let beside = |day: Day| {
            let known = self.siblings(place).filter(|_| day + 2 <= today).filter_map(|sibling| of(sibling, day));
            let (sum, n) = known.fold((0.0, 0.0), |(sum, n), c| (sum + c, n + 1.0));
            (n > 0.0).then(|| sum / n)
        };
        let soaks: Vec<(Day, f64, Option<f64>)> =
            self.machines[place].days.iter().filter_map(|d| Some((d.day, d.soak_c()?, beside(d.day)))).collect();
        soak::log_ratio(&soaks, |day| over_k.max(0.0) * soak::grown(trend, day, today), today)
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
        let closing = self.site(place).closing(today);
        let machine = &mut self.machines[place];
        machine.sensors.close_day(today, ambient, soaked);
        let Machine { sensors, episodes, .. } = machine;
        report::checkability(sensors, today, episodes, closing, &self.ids[place], out);
    }

    /// Says what the last job achieved, once enough days have passed.
    pub(crate) fn measure_effect(&mut self, place: usize, today: Day, out: &mut Vec<Finding>) {
        let machine = &self.machines[place];
        let Some(pending) = machine.service.pending.as_deref() else { return };
        let energy = self.profile(&self.ids[place]).energy;
        let outcome = effect::measure(pending, machine, today, &self.surroundings(place), &energy);
        let closing = self.site(place).closing(today);
        let machine = &mut self.machines[place];
        match outcome {
            Outcome::Wait => return,
            Outcome::Unknown => {}
            Outcome::Measured { draft, goes_on } => {
                machine.episodes.note(closing, &self.ids[place], *draft, out);
                goes_on.into_iter().for_each(|life| machine.health.resume(life));
            }
        }
        machine.service.pending = None;
    }
}

/// The air of each day, degC; `None` where it is not measured on most. Sun and cloud move a day's hot and cool hours apart, so
/// their mean wanders less than either, and is taken where nearly every day has both.
fn air<'a>(
    days: impl Iterator<Item = &'a DayRecord>,
    hot_c: impl Fn(&DayRecord) -> Option<f64>,
    cool_c: impl Fn(&DayRecord) -> Option<f64>,
) -> Option<Vec<(Day, f64)>> {
    let days: Vec<(Day, Option<f64>, Option<f64>)> = days.map(|d| (d.day, hot_c(d), cool_c(d))).collect();
    let hot: Vec<(Day, f64)> = days.iter().filter_map(|(day, hot_c, _)| Some((*day, (*hot_c)?))).collect();
    let mean: Vec<(Day, f64)> =
        days.iter().filter_map(|(day, hot_c, cool_c)| Some((*day, 0.5 * ((*hot_c)? + (*cool_c)?)))).collect();
    let measured = !hot.is_empty() && hot.len() as f64 >= MEASURED * days.len() as f64;
    let both = mean.len() as f64 >= BOTH * hot.len() as f64;
    measured.then_some(if both { mean } else { hot })
}

fn sibling(machine: &Machine) -> Sibling<'_> {
    Sibling { days: &machine.days, health: &machine.health, switching_h: machine.regime.switching_h() }
}
