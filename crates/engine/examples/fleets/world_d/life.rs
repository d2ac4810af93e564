//! A machine's days, beside those of a twin whose cooler stays as it was.

use foretell_model::{MachineId, Reading, Timestamp};

use crate::twin::Shown;

use super::SLOT_S;
use super::sensors::Sensors;
use super::state::{STEP_S, Slot, State};

/// A machine and what comes of it.
pub(crate) struct Life {
    id: MachineId,
    start: Timestamp,
    pub(crate) state: State,
    sensors: Sensors,
    pub(crate) readings: Vec<Reading>,
    /// What its dirt truly showed; nothing of a machine that lives without a twin.
    pub(crate) shown: Shown,
}

impl Life {
    pub(crate) fn new(id: MachineId, start: Timestamp, state: State, sensors: Sensors) -> Self {
        Self { id, start, state, sensors, readings: Vec::new(), shown: Shown::default() }
    }

    /// Lives all slots.
    pub(crate) fn live(&mut self, slots: &[Slot], outdoor_c: &[f64], twin: bool) {
        let mut twin = twin.then(|| self.state.clone());
        for (number, slot) in slots.iter().enumerate() {
            let clean = Slot { fouling: slots[0].fouling, ..*slot };
            self.state.begin(slot);
            if let Some(twin) = &mut twin {
                twin.begin(&clean);
            }
            let next_c = slots.get(number + 1).map_or(slot.inlet_c, |next| next.inlet_c);
            for of_slot in (0..SLOT_S).step_by(STEP_S) {
                let second = number * SLOT_S + of_slot;
                let inlet_c = slot.inlet_c + (next_c - slot.inlet_c) * of_slot as f64 / SLOT_S as f64;
                self.state.step(slot, inlet_c);
                if let Some(twin) = &mut twin {
                    twin.step(&clean, inlet_c);
                    let both = self.state.loaded && twin.loaded;
                    self.shown.step(second, STEP_S, both.then_some((self.state.discharge_c, twin.discharge_c)));
                }
                let air_c = (inlet_c, outdoor_c[number]);
                self.readings.extend(self.sensors.read(&self.id, self.start, &self.state, second, air_c));
            }
        }
    }
}
