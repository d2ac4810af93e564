//! State detection (ISO 13374 SD): what the machine is doing, and the day condensed into operating points.

pub(crate) mod day;
pub(crate) mod duty;
pub(crate) mod excursions;
pub(crate) mod feature;
pub(crate) mod idling;
pub(crate) mod levels;
pub(crate) mod loaded_hours;
pub(crate) mod open_day;
pub(crate) mod profile;
pub(crate) mod regime;
pub(crate) mod room_hours;
pub(crate) mod sum;
pub(crate) mod tally;
