//! A machine's physics: fouling, the heat balance behind its valve, its shifts and demand.

use super::{Shape, Spec};

impl Spec {
    pub(super) fn ua_loss(&self, t: f64, cleaned_at: Option<f64>) -> f64 {
        let mut resistance = self.initial / (1.0 - self.initial);
        if self.cleaned.is_some_and(|(day, _)| t > day as f64) {
            resistance *= 0.1;
        }
        resistance += self.ageing_per_day * t;
        if let Some((onset, shape, rate)) = self.fault.filter(|(onset, ..)| t > *onset) {
            let x = t - onset;
            let loss = match shape {
                Shape::Loss => (rate * x).min(0.85),
                Shape::Resistance => 1.0 - 1.0 / (1.0 + 1.3 * rate * x),
                Shape::Accelerating => (rate * x * (0.4 + x / 60.0)).min(0.85),
                Shape::Saturating => 0.75 * (1.0 - (-rate * 1.8 * x).exp()),
            };
            let dirt = loss / (1.0 - loss);
            resistance += if cleaned_at.is_some_and(|at| t > at) { 0.05 * dirt.min(0.3) } else { dirt };
        }
        1.0 - 1.0 / (1.0 + resistance)
    }

    /// Steady discharge temperature at ambient and relative heat.
    pub(super) fn steady_c(&self, ta_c: f64, heat: f64, loss: f64) -> f64 {
        let (mut low, mut high) = (ta_c, ta_c + 400.0);
        for _ in 0..40 {
            let t = 0.5 * (low + high);
            let opening = ((t - self.valve_from_c) / self.valve_band_k).clamp(0.02, 1.0).powf(self.valve_power);
            let balance = ta_c + heat * (self.rise_fixed_k + self.rise_cooler_k / ((1.0 - loss) * opening));
            if balance > t { low = t } else { high = t }
        }
        0.5 * (low + high)
    }

    /// Whether it is the machine's turn.
    pub(super) fn works(&self, day: usize, hour: usize) -> bool {
        let (from, to, weekends) = self.shift;
        (from..to).contains(&hour) && (weekends || day % 7 < 5)
    }

    pub(super) fn demand_at(&self, day: usize, hour: usize) -> f64 {
        let steps: f64 = self.demand_steps.iter().filter(|(at, _)| day >= *at).map(|(_, by)| by).sum();
        let of_day = if (8..18).contains(&hour) { 0.08 } else { -0.08 };
        (self.demand + steps + of_day).clamp(0.35, 1.0)
    }
}
