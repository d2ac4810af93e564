//! How a cooler's fouling grows, day by day.

use crate::fleet::DAYS;
use crate::rng::Rng;

/// How conductance is lost after onset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Linear in the loss of conductance.
    Loss,
    /// Linear in resistance.
    Resistance,
    /// Faster and faster.
    Accelerating,
    /// Kern-Seaton: towards an end value.
    Saturating,
    /// Linear, set back by half-hearted cleanings.
    SawTooth,
}

impl Shape {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Loss => "linear loss",
            Self::Resistance => "linear resistance",
            Self::Accelerating => "accelerating",
            Self::Saturating => "saturating",
            Self::SawTooth => "saw-tooth",
        }
    }
}

/// A fault to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clogging {
    pub(crate) shape: Shape,
    pub(crate) onset_day: f64,
    /// Loss of conductance per day in its first weeks.
    pub(crate) rate_per_day: f64,
}

impl Clogging {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        use Shape::{Accelerating, Loss, Resistance, Saturating, SawTooth};
        Self {
            shape: rng.pick(&[
                Loss,
                Loss,
                Loss,
                Resistance,
                Resistance,
                Accelerating,
                Accelerating,
                Saturating,
                SawTooth,
            ]),
            onset_day: rng.between(20.0, 150.0),
            rate_per_day: rng.pick(&[0.006, 0.008, 0.010, 0.011, 0.013, 0.015, 0.018, 0.020]),
        }
    }

    /// Fouling after so many days of growth, relative resistance.
    fn after(self, days: f64, end: f64) -> f64 {
        let x = self.rate_per_day * days;
        let from_loss = |loss: f64| loss / (1.0 - loss);
        match self.shape {
            Shape::Loss | Shape::SawTooth => from_loss(x.min(0.85)),
            Shape::Resistance => 1.4 * x,
            Shape::Accelerating => from_loss((x * (0.35 + days / 70.0)).min(0.85)),
            Shape::Saturating => end * (1.0 - (-1.8 * x / end).exp()),
        }
    }
}

/// Fouling of one machine over the whole time; work on it takes some of it away.
#[derive(Clone, Debug)]
pub(crate) struct Dirt {
    /// What is there without any fault, per day: an initial layer and slow ageing.
    initial: f64,
    ageing_per_day: f64,
    /// Days of growth that the fault has made of each day so far; a dusty day counts for more.
    grown: Vec<f64>,
    clogging: Option<Clogging>,
    end: f64,
    /// Cleanings: day, what remains of what was there.
    cleanings: Vec<(f64, f64)>,
}

impl Dirt {
    pub(crate) fn draw(rng: &mut Rng, clogging: Option<Clogging>, often: f64) -> Self {
        let mut grown = vec![0.0];
        for _ in 0..=DAYS {
            let day = (1.0 + 0.35 * rng.normal()).max(0.0);
            grown.push(grown.last().copied().unwrap_or(0.0) + day);
        }
        Self {
            initial: if rng.chance(often) { rng.between(0.02, 0.14) } else { 0.0 },
            ageing_per_day: if rng.chance(often) { rng.between(0.00005, 0.0003) } else { 0.0 },
            grown,
            clogging,
            end: rng.between(0.9, 2.2),
            cleanings: Vec::new(),
        }
    }

    /// The most that gathers without the fault.
    pub(crate) fn without_fault(&self) -> f64 {
        self.initial + self.ageing_per_day * DAYS as f64
    }

    /// A cleaning that leaves this share of what is there, 0 to 1.
    pub(crate) fn clean(&mut self, day: f64, leaves: f64) {
        self.cleanings.push((day, leaves));
    }

    /// Relative fouling resistance on a day (fraction allowed).
    pub(crate) fn fouling(&self, day: f64) -> f64 {
        let (mut had, mut from) = (self.initial, 0.0);
        for &(at, leaves) in self.cleanings.iter().filter(|(at, _)| *at <= day) {
            had = leaves * (had + self.growth(from, at));
            from = at;
        }
        had + self.growth(from, day)
    }

    fn growth(&self, from: f64, to: f64) -> f64 {
        let of_fault = self.clogging.map_or(0.0, |c| {
            // After a cleaning the dust falls as fast as it did, but on a clean surface: its curve begins anew.
            let start = self.grown_by(from.max(c.onset_day));
            c.after((self.grown_by(to.max(c.onset_day)) - start).max(0.0), self.end)
        });
        self.ageing_per_day * (to - from) + of_fault
    }

    fn grown_by(&self, day: f64) -> f64 {
        let whole = (day as usize).min(self.grown.len() - 2);
        self.grown[whole] + (self.grown[whole + 1] - self.grown[whole]) * (day - whole as f64)
    }
}
