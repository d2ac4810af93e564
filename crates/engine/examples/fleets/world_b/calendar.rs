//! When a machine works, and how much air is asked of it.

use crate::rng::Rng;

/// Shifts of a machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shift {
    pub(crate) name: &'static str,
    hours: (f64, f64),
    /// Working days of a week.
    days: usize,
}

impl Shift {
    pub(crate) const ALWAYS: Self = Self { name: "24/7", hours: (0.0, 24.0), days: 7 };

    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let start = rng.between(5.5, 8.0);
        rng.pick(&[
            Self::ALWAYS,
            Self::ALWAYS,
            Self { name: "24/5", hours: (0.0, 24.0), days: 5 },
            Self { name: "two shifts", hours: (start, start + 16.0), days: 6 },
            Self { name: "two shifts", hours: (start, start + 16.0), days: 5 },
            Self { name: "one shift", hours: (start, start + 9.5), days: 5 },
        ])
    }

    pub(crate) fn works(&self, day: usize, hour: f64) -> bool {
        self.hours.0 <= hour && hour < self.hours.1 && day % 7 < self.days
    }

    /// Whether nothing is produced although the machine may run.
    fn idle(hour: f64, day: usize) -> bool {
        !(6.0..22.0).contains(&hour) || day % 7 >= 5
    }
}

/// Air asked of a machine, as a share of what it delivers.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    base: f64,
    /// What nights and weekends take less.
    night: f64,
    noise: f64,
    level: f64,
    /// From day, over days, by.
    changes: Vec<(f64, f64, f64)>,
}

impl Demand {
    pub(crate) fn draw(rng: &mut Rng, often: f64) -> Self {
        let mut changes = Vec::new();
        if rng.chance(often) {
            changes.push((rng.between(25.0, 215.0), rng.pick(&[0.01, 0.01, 15.0, 60.0]), rng.between(-0.25, 0.25)));
        }
        let base = rng.between(0.6, 1.02);
        Self { base, night: rng.between(0.0, 0.3), noise: rng.between(0.02, 0.08), level: 0.0, changes }
    }

    /// The next step's demand, 0.12 to 1.
    pub(crate) fn next(&mut self, rng: &mut Rng, day: f64, hour: f64) -> f64 {
        self.level = 0.97 * self.level + self.noise * 0.243 * rng.normal();
        let changed: f64 = self.changes.iter().map(|(from, over, by)| by * ((day - from) / over).clamp(0.0, 1.0)).sum();
        let night = if Shift::idle(hour, day as usize) { self.night } else { 0.0 };
        (self.base + changed - night + self.level + 0.25 * self.noise * rng.normal()).clamp(0.12, 1.0)
    }

    /// Leaves the machine air to spare, most of all at night.
    pub(crate) fn ease(&mut self) {
        self.base = 0.5 + 0.25 * (self.base - 0.6) / 0.42;
        self.night = self.night.max(0.2);
    }

    pub(crate) fn story(&self) -> String {
        if self.changes.is_empty() { String::new() } else { format!(", demand {:.2?}", self.changes) }
    }
}

/// The receiver between its two switching points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receiver {
    /// Minutes that full flow takes from one switching point to the other.
    pub(crate) fill_min: f64,
    /// Place in the band, 0 to 1.
    pub(crate) place: f64,
    pub(crate) loaded: bool,
}

impl Receiver {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        Self { fill_min: rng.pick(&[0.4, 0.8, 1.5, 3.0, 6.0]) * rng.between(0.8, 1.25), place: 0.5, loaded: true }
    }

    /// Minutes until it switches at this demand, and the speed through the band, 1/min.
    pub(crate) fn until_switch(&self, demand: f64) -> (f64, f64) {
        let speed = if self.loaded { 1.0 - demand } else { -demand } / self.fill_min;
        let to_go = if self.loaded { 1.0 - self.place } else { -self.place };
        if speed.abs() < 1e-6 { (f64::INFINITY, speed) } else { (to_go / speed, speed) }
    }
}
