//! One oil-injected screw compressor as a lumped thermal model.
//!
//! Heat comes from the shaft; it leaves with the compressed air, through the walls and through an air-blown oil cooler
//! behind a thermostatic valve. Sizes are interpolated between three machines whose figures are known (37, 75, 250 kW).

mod params;
mod thermal;
mod unit;

pub use params::{Params, Trim};
pub use thermal::{Conditions, Cooler, FAN_OFF_AIR_FLOW, Steady, Valve, steady_state};
pub use unit::{Control, Drive, Meter, Mode, Snapshot, Unit};

/// Specific heat of air, kJ/(kg K).
pub(crate) const CP_AIR: f64 = 1.006;
/// Specific heat of compressor oil, kJ/(kg K).
pub(crate) const C_OIL: f64 = 2.05;
