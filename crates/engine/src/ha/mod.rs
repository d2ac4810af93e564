//! Health assessment (ISO 13374 HA): own normal, excess over it, since when, of what shape, and of what cause.

pub(crate) mod air;
pub(crate) mod assess;
pub(crate) mod baseline;
pub(crate) mod cause;
pub(crate) mod cold;
mod converge;
pub(crate) mod course;
mod duty;
pub(crate) mod fit;
pub(crate) mod former;
pub(crate) mod health;
pub(crate) mod leaving;
pub(crate) mod linear;
pub(crate) mod memory;
pub(crate) mod moments;
mod mornings;
mod neighbours;
pub(crate) mod points;
pub(crate) mod resettled;
pub(crate) mod rivals;
pub(crate) mod room;
pub(crate) mod rows;
pub(crate) mod scan;
pub(crate) mod sign;
mod smooth;
pub(crate) mod soak;
pub(crate) mod trend;
