//! How much heat a machine makes, beside what it usually makes.

use serde::{Deserialize, Serialize};

use super::baseline::Conditions;
use super::duty;
use super::points::median;
use crate::sd::day::{DayRecord, heat_share};

/// No machine makes more heat than this over its own usual one, in tenths: one of variable speed that takes over from a sibling may
/// make three times as much.
const LOAD_TENTHS_MAX: f64 = 25.0;
/// Nor does one draw so much more or less than usual while loaded, as a share.
const DRAW_MAX: f64 = 0.2;

/// What turns raw points into comparable ones. Single precision is far finer than any of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reference {
    heat: Heat,
    bar: Option<f32>,
}

/// How much heat a machine makes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Heat {
    /// Current that stands for it, A: of all of the running time.
    made_a: f32,
    /// Current while loaded, A, of a machine that loads and unloads.
    draw_a: Option<f32>,
}

impl Heat {
    /// That of a machine of variable speed that draws so much, A.
    pub(super) const fn drawn(amps_a: f64) -> Self {
        Self { made_a: amps_a as f32, draw_a: None }
    }

    /// The same machine with another duty.
    pub(super) fn times(self, share: f64) -> Self {
        Self { made_a: self.made_a * share as f32, ..self }
    }
}

impl Reference {
    /// The usual heat, that of a day where it is not known.
    pub(super) const fn usual(&self) -> Heat {
        self.heat
    }

    /// What heat and pressure are beside the reference, with this air.
    pub(super) fn conditions(&self, ta_c: f64, heat: Heat, bar: Option<f64>) -> Conditions {
        // A machine that draws half as much again while loaded is none: its current is a mean over load and idling, and what is beyond
        // the clamp is duty. No heat is lost between the two.
        let draw = heat.draw_a.zip(self.heat.draw_a).map_or(1.0, |(draw, usual)| f64::from(draw / usual.max(0.1)));
        let draw = draw.clamp(1.0 - DRAW_MAX, 1.0 + DRAW_MAX);
        let duty = f64::from(heat.made_a / self.heat.made_a) / draw;
        Conditions {
            ta_c,
            load_tenths: ((duty - 1.0) * 10.0).clamp(-9.0, LOAD_TENTHS_MAX),
            draw_tenths: (draw - 1.0) * 10.0,
            pressure_bar: bar.zip(self.bar).map_or(0.0, |(b, r)| (b - f64::from(r)).clamp(-6.0, 6.0)),
            ta_sd_k: 0.0,
        }
    }

    /// Whether a later one is of a machine that works alike.
    pub(super) fn is_like(&self, later: &Self) -> bool {
        (0.6..1.6).contains(&(later.heat.made_a / self.heat.made_a))
            && self.bar.is_some() == later.bar.is_some()
            && self.heat.draw_a.is_some() == later.heat.draw_a.is_some()
    }
}

/// Current that stands for the heat made in the hot hours of each day, A. A load/unload machine that is sampled every ten
/// minutes shows a coin toss per sample, so its duty is told from all its days; and idling it draws half the current but a
/// quarter of the power, so a mean current would understate what a change of demand does.
pub(crate) fn heats(days: &[DayRecord], switching_h: Option<f64>) -> Vec<Option<Heat>> {
    let loaded_a = |d: &DayRecord| d.hot.is_some().then(|| d.hot.amps_a());
    let Some(sample_h) = switching_h else {
        return days.iter().map(|d| Some(Heat::drawn(loaded_a(d)?))).collect();
    };
    let of_day = |(d, share): (&DayRecord, Option<f64>)| {
        let loaded = Heat::drawn(loaded_a(d)?);
        Some(Heat { draw_a: Some(loaded.made_a), ..loaded }.times(heat_share(share?)))
    };
    days.iter().zip(duty::of_days(days, sample_h)).map(of_day).collect()
}

/// The operating point that others are compared with: medians over the window's hot points, with the heat of each.
pub(crate) fn reference_of(days: &[DayRecord], heats: &[Option<Heat>]) -> Option<Reference> {
    let heats: Vec<&Heat> = heats.iter().flatten().filter(|h| h.made_a > 0.5).collect();
    let middle = |value: fn(&Heat) -> Option<f32>| {
        median(&mut heats.iter().copied().filter_map(value).map(f64::from).collect::<Vec<f64>>()).map(|a| a as f32)
    };
    let mut bars: Vec<f64> = days.iter().filter_map(|d| d.hot.bar()).collect();
    let heat = Heat { made_a: middle(|h| Some(h.made_a))?, draw_a: middle(|h| h.draw_a) };
    Some(Reference { heat, bar: median(&mut bars).map(|bar| bar as f32) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Heat beside the reference, its share of duty and of current while loaded, of a machine that makes so many times its usual heat at
    /// so many times its usual current.
    fn check(heat: f64, draw: Option<f64>, (load_tenths, draw_tenths): (f64, f64)) {
        let made = |share: f64, draw: Option<f64>| Heat {
            made_a: (50.0 * share) as f32,
            draw_a: draw.map(|d| (50.0 * d) as f32),
        };
        let reference = Reference { heat: made(1.0, draw.map(|_| 1.0)), bar: None };
        let at = reference.conditions(25.0, made(heat, draw), None);
        assert!((at.load_tenths - load_tenths).abs() < 1e-3 && (at.draw_tenths - draw_tenths).abs() < 1e-3, "{at:?}");
        assert!((at.heat() - heat).abs() < 1e-3, "{at:?}");
    }

    #[test]
    fn a_machine_that_takes_over_from_its_sibling_makes_all_of_the_heat_it_makes() {
        check(1.2, None, (2.0, 0.0));
        // Its usual day is one of part load, and now there is nobody beside it.
        check(2.4, None, (14.0, 0.0));
        check(3.0, Some(1.0), (20.0, 0.0));
    }

    #[test]
    fn a_mean_current_that_is_taken_for_that_of_a_loaded_machine_loses_no_heat() {
        check(1.1, Some(1.1), (0.0, 1.0));
        check(1.8, Some(1.8), (5.0, 2.0));
        check(0.4, Some(0.4), (-5.0, -2.0));
    }
}
