//! What confuses a watcher although nothing is broken: set points, demand, rooms, recirculated air, ageing, slow dust, cleanings that
//! nobody tells of.

use crate::rng::Rng;

use super::climate::Spell;

/// What changes for a whole site.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OfSite {
    /// Demand: day and share.
    pub(crate) demand: Option<(f64, f64)>,
    pub(crate) hot_room: Option<Spell>,
}

/// What changes for one machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OfMachine {
    /// Set point of the pressure: day and bar.
    pub(crate) set_point: Option<(f64, f64)>,
    /// Power that it takes more at the end of its days, share.
    pub(crate) ageing: Option<f64>,
    /// Demand: day and share.
    pub(crate) demand: Option<(f64, f64)>,
    /// Its own hot air comes back to it: day and K.
    pub(crate) recirculation: Option<(f64, f64)>,
    /// Share of the face that dust covers by the end, where no cooler clogs.
    pub(crate) dust: Option<f64>,
    /// Dirt that was there before, share of the face, until it is cleaned on a day; where no cooler clogs.
    pub(crate) cleaning: Option<(f64, f64)>,
}

impl OfSite {
    /// `often`: how often such things happen here, share of usual.
    pub(crate) fn draw(rng: &mut Rng, often: f64) -> Self {
        let demand = rng
            .chance(0.22 * often)
            .then(|| (rng.between(30.0, 210.0), rng.pick(&[-1.0, 1.0]) * rng.between(0.12, 0.35)));
        let hot_room = rng.chance(0.20 * often).then(|| Spell {
            from_day: rng.between(30.0, 200.0),
            days: match rng.pick(&[0, 1, 2]) {
                0 => rng.between(6.0, 25.0),
                1 => rng.between(25.0, 70.0),
                _ => 400.0,
            },
            by_k: rng.between(2.0, 5.5),
            over_days: rng.pick(&[0.3, 3.0, 12.0]),
        });
        Self { demand, hot_room }
    }
}

impl OfMachine {
    pub(crate) fn draw(rng: &mut Rng, often: f64, clogs: bool) -> Self {
        let day = |rng: &mut Rng| rng.between(25.0, 215.0);
        Self {
            set_point: rng.chance(0.16 * often).then(|| (day(rng), rng.pick(&[0.4, 0.6, 0.8, 1.0, -0.5]))),
            ageing: rng.chance(0.12 * often).then(|| rng.between(0.01, 0.045)),
            demand: rng.chance(0.12 * often).then(|| (day(rng), rng.pick(&[-1.0, 1.0, 1.0]) * rng.between(0.15, 0.4))),
            recirculation: rng.chance(0.07 * often).then(|| (day(rng), rng.between(1.5, 4.0))),
            dust: (!clogs && rng.chance(0.2)).then(|| rng.between(0.03, 0.12)),
            cleaning: (!clogs && rng.chance(0.15)).then(|| (rng.between(30.0, 200.0), rng.between(0.05, 0.15))),
        }
    }

    /// In a word: what confuses here, of the machine or of its site.
    pub(crate) fn name(&self, site: &OfSite) -> &'static str {
        let there = [
            (self.set_point.is_some(), "set point"),
            (self.ageing.is_some(), "ageing"),
            (self.demand.is_some() || site.demand.is_some(), "demand"),
            (self.recirculation.is_some(), "recirculated air"),
            (site.hot_room.is_some(), "hot room"),
            (self.dust.is_some(), "slow dust"),
            (self.cleaning.is_some(), "cleaning"),
        ];
        let mut names = there.into_iter().filter(|(is, _)| *is).map(|(_, name)| name);
        match (names.next(), names.next()) {
            (None, _) => "nothing confuses",
            (Some(name), None) => name,
            _ => "several things",
        }
    }

    /// For a person to read.
    pub(crate) fn story(&self) -> String {
        let pair = |name: &str, of: Option<(f64, f64)>| of.map(|(day, by)| format!("{name} {by:+.2} on day {day:.0}"));
        let share = |name: &str, of: Option<f64>| of.map(|by| format!("{name} {by:.3}"));
        let all = [
            pair("set point", self.set_point),
            share("ageing", self.ageing),
            pair("demand", self.demand),
            pair("recirculated air", self.recirculation),
            share("slow dust", self.dust),
            pair("cleaned", self.cleaning),
        ];
        let told: Vec<String> = all.into_iter().flatten().collect();
        if told.is_empty() { "nothing changes".to_owned() } else { told.join(", ") }
    }
}
