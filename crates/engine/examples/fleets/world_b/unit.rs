//! The compressor as a lumped thermal model: shaft power in, a cross-flow cooler behind a diverting valve out.

use crate::cooler::cross_flow_kw_k;
use crate::rng::Rng;

const AIR_KJ_KGK: f64 = 1.006;
const OIL_KJ_KGK: f64 = 2.05;

/// Sizes of one machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    /// Shaft power at full load and nominal pressure, kW.
    shaft_kw: f64,
    /// Current at full load, A.
    pub(crate) amps_a: f64,
    /// Free air delivered, kg/s.
    air_kg_s: f64,
    /// Cooling air, kg/s.
    cooling_kg_s: f64,
    oil_kg_s: f64,
    /// Clean conductance of the cooler, kW/K.
    ua_kw_k: f64,
    wall_kw_k: f64,
    /// Thermostatic valve: begins to open to the cooler, is fully open, degC.
    pub(crate) valve_c: (f64, f64),
    /// Share of full-load shaft power that an unloaded machine takes.
    pub(crate) unloaded: f64,
    /// Magnetising part of the full-load current.
    magnetising: f64,
    /// Lag of the oil circuit while running, minutes.
    pub(crate) lag_min: f64,
    /// Lag of cooling down when stopped, minutes.
    pub(crate) soak_min: f64,
    /// How much of a loss of conductance is a loss of air flow.
    blockage: f64,
}

/// What is wrong with a machine at an instant; all at rest in `WELL`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upset {
    /// Fouling resistance relative to the clean cooler's whole resistance.
    pub(crate) fouling: f64,
    /// Where the valve sticks: share of oil through the cooler.
    pub(crate) valve_stuck: Option<f64>,
    /// Oil flow, share of nominal.
    pub(crate) oil: f64,
    /// Cooling air flow, share of nominal.
    pub(crate) fan: f64,
    /// Shaft power when loaded, share of nominal.
    pub(crate) friction: f64,
    /// Mass flow of air, share of nominal.
    pub(crate) intake: f64,
    /// Unloaded power, added share of full load.
    pub(crate) unloaded: f64,
    /// Air lost downstream, share of full flow.
    pub(crate) leak: f64,
    /// Unrest of the discharge temperature, K.
    pub(crate) ripple_k: f64,
}

impl Upset {
    pub(crate) const WELL: Self = Self {
        fouling: 0.0,
        valve_stuck: None,
        oil: 1.0,
        fan: 1.0,
        friction: 1.0,
        intake: 1.0,
        unloaded: 0.0,
        leak: 0.0,
        ripple_k: 0.0,
    };
}

/// How hard the machine works at an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duty {
    /// Share of full air flow, 0 when unloaded.
    pub(crate) flow: f64,
    /// Line pressure over nominal, bar.
    pub(crate) over_bar: f64,
}

impl Unit {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        // 37, 75 and 250 kW machines: P_sh, I, FAD m3/min, cooling air, oil, UA, wall loss.
        let of_size = [
            (40.5, 76.5, 6.6, 1.30, 0.60, 1.288, 0.025),
            (82.0, 150.7, 13.6, 2.60, 1.20, 2.649, 0.045),
            (272.0, 482.7, 46.0, 8.70, 4.00, 8.82, 0.11),
        ];
        let (shaft, amps, fad, cooling, oil, ua, wall) = of_size[rng.pick(&[0, 1, 1, 2])];
        let low_c = rng.pick(&[71.0, 71.0, 71.0, 79.0, 66.0]) + rng.between(-1.0, 1.0);
        Self {
            shaft_kw: shaft * rng.between(0.96, 1.04),
            amps_a: amps * rng.between(0.94, 1.06),
            air_kg_s: fad / 60.0 * 1.19,
            cooling_kg_s: cooling * rng.between(0.92, 1.1),
            oil_kg_s: oil * rng.between(0.92, 1.1),
            ua_kw_k: ua * rng.between(0.9, 1.12),
            wall_kw_k: wall * rng.between(0.7, 1.4),
            valve_c: (low_c, low_c + rng.between(10.0, 15.0)),
            unloaded: rng.between(0.24, 0.34),
            magnetising: rng.between(0.35, 0.45),
            lag_min: rng.between(2.8, 4.5),
            soak_min: rng.between(80.0, 150.0),
            blockage: rng.pick(&[0.0, 0.25, 0.5]),
        }
    }

    /// Gives the machine a bigger cooler, as its maker would have for such a room.
    pub(crate) fn enlarge_cooler(&mut self, by: f64) {
        self.ua_kw_k *= by;
        self.cooling_kg_s *= by;
    }

    /// Shaft power, kW.
    pub(crate) fn shaft_kw(&self, duty: Duty, vsd: bool, upset: &Upset) -> f64 {
        let pressure = 1.0 + 0.065 * duty.over_bar;
        match (vsd, duty.flow > 0.0) {
            (_, false) => self.shaft_kw * (self.unloaded + upset.unloaded),
            (true, true) => self.shaft_kw * (0.12 + 0.88 * duty.flow) * pressure * upset.friction,
            (false, true) => self.shaft_kw * pressure * upset.friction * (0.5 + 0.5 * upset.intake),
        }
    }

    /// Motor current, A: a motor keeps its magnetising current when the load goes, an inverter does not show it.
    pub(crate) fn current_a(&self, duty: Duty, vsd: bool, upset: &Upset) -> f64 {
        let load = self.shaft_kw(duty, vsd, upset) / self.shaft_kw;
        if vsd {
            return self.amps_a * load;
        }
        let idle = self.magnetising * self.magnetising;
        self.amps_a * ((1.0 - idle) * load * load + idle).sqrt()
    }

    /// Heat left over at a discharge temperature, kW; zero where it settles.
    fn surplus_kw(&self, t_c: f64, room_c: f64, shaft_kw: f64, flow: f64, upset: &Upset) -> f64 {
        let (low, high) = self.valve_c;
        let open = upset.valve_stuck.unwrap_or_else(|| 0.02 + 0.98 * ((t_c - low) / (high - low)).clamp(0.0, 1.0));
        let density = 293.15 / (273.15 + room_c);
        let loss = upset.fouling / (1.0 + upset.fouling);
        let air = upset.fan * (1.0 - self.blockage * loss) * density;
        let ua = self.ua_kw_k / (0.6 * air.powf(-0.6) + 0.4 + upset.fouling);
        let hot = open * upset.oil * self.oil_kg_s * OIL_KJ_KGK;
        let cold = self.cooling_kg_s * air * AIR_KJ_KGK;
        let lost = self.air_kg_s * flow * upset.intake * AIR_KJ_KGK + self.wall_kw_k + cross_flow_kw_k(ua, hot, cold);
        shaft_kw - lost * (t_c - room_c)
    }

    /// Where the discharge temperature settles, degC; `near_c` is a first guess.
    pub(crate) fn settled_c(&self, near_c: f64, room_c: f64, duty: Duty, vsd: bool, upset: &Upset) -> f64 {
        let shaft_kw = self.shaft_kw(duty, vsd, upset);
        let surplus = |t: f64| self.surplus_kw(t, room_c, shaft_kw, duty.flow, upset);
        let (mut a, mut step) = (near_c.max(room_c), 1.0);
        let mut fa = surplus(a);
        let direction = fa.signum();
        let (mut b, mut fb) = (a, fa);
        while fb * direction > 0.0 && step < 400.0 {
            (a, fa) = (b, fb);
            b = (b + direction * step).max(room_c);
            fb = surplus(b);
            step *= 2.5;
        }
        // Illinois: a secant that keeps its bracket.
        for _ in 0..12 {
            if (b - a).abs() < 0.02 || (fb - fa).abs() < 1e-12 {
                break;
            }
            let c = (a * fb - b * fa) / (fb - fa);
            let fc = surplus(c);
            if fc * fb < 0.0 {
                (a, fa) = (b, fb);
            } else {
                fa *= 0.5;
            }
            (b, fb) = (c, fc);
            if fb.abs() < 0.005 * shaft_kw * 0.02 {
                break;
            }
        }
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOMINAL: Unit = Unit {
        shaft_kw: 82.0,
        amps_a: 150.7,
        air_kg_s: 13.6 / 60.0 * 1.19,
        cooling_kg_s: 2.6,
        oil_kg_s: 1.2,
        ua_kw_k: 2.649,
        wall_kw_k: 0.045,
        valve_c: (71.0, 84.0),
        unloaded: 0.28,
        magnetising: 0.4,
        lag_min: 3.5,
        soak_min: 115.0,
        blockage: 0.0,
    };

    /// Where a clean 75 kW machine settles, and where one with this share of its conductance lost does.
    fn check(room_c: f64, loss: f64, want_c: f64) {
        let upset = Upset { fouling: loss / (1.0 - loss), ..Upset::WELL };
        let got_c = NOMINAL.settled_c(80.0, room_c, Duty { flow: 1.0, over_bar: 0.0 }, false, &upset);
        assert!((got_c - want_c).abs() < 1.2, "at {room_c} degC and {loss} lost: {got_c:.1}, not {want_c}");
    }

    #[test]
    fn a_75_kw_machine_settles_where_such_machines_do() {
        for (room_c, want_c) in [(0.0, 75.3), (10.0, 76.8), (20.0, 79.4), (30.0, 84.5), (40.0, 95.5)] {
            check(room_c, 0.0, want_c);
        }
        for (loss, rise_k) in [(0.1, 2.3), (0.3, 8.5), (0.5, 18.9)] {
            check(30.0, loss, 84.5 + rise_k);
        }
        // The valve hides the loss of a third in cool weather.
        check(10.0, 0.3, 76.8 + 1.5);
    }
}
