//! What a machine's meters would show, before noise and resolution.

use foretell_model::RunState;

use super::hour::Hour;
use super::state::State;
use super::unit::Control;

impl State {
    /// Flow of a loaded machine, share of full.
    pub(crate) fn flow(&self) -> f64 {
        if self.unit.control == Control::LoadUnload { 1.0 } else { self.speed }
    }

    /// Electric power, kW.
    pub(crate) fn power_kw(&self) -> f64 {
        if !self.runs() {
            return 0.0;
        }
        self.unit.shaft_kw * self.shaft / self.unit.motor + self.unit.fan_kw * self.fan.powi(3)
    }

    /// Motor current, A.
    pub(crate) fn current_a(&self) -> f64 {
        let (rated_a, idle) = (self.unit.rated_a, self.unit.magnetising);
        let by_speed = self.unit.control == Control::Speed;
        match self.run {
            RunState::Stopped => 0.0,
            RunState::Starting => rated_a * if by_speed { 0.5 } else { 2.2 },
            _ if by_speed => rated_a * (self.shaft * 0.97 + 0.03),
            _ => rated_a * (self.shaft.powi(2) * (1.0 - idle * idle) + idle * idle).sqrt(),
        }
    }

    /// What the pressure sensors read of a machine in this hour: oil filter bar, separator bar, inlet vacuum mbar.
    pub(crate) fn drops(&self, now: &Hour) -> [f64; 3] {
        if !self.runs() {
            return [0.0; 3];
        }
        // Cold oil is thick.
        let thick = 1.0 + 1.2 * (-(self.sump_c - 20.0) / 18.0).exp();
        let flow = self.flow();
        let (by_separator, vacuum_mbar) =
            if self.loaded() { (flow * flow * 0.8 + 0.2, (18.0 + 38.0 * now.intake) * flow) } else { (0.12, 5.0) };
        [(0.25 * thick + 1.7 * now.oil_filter) * self.oil_flow, (0.16 + now.separator_bar) * by_separator, vacuum_mbar]
    }
}
