//! Data manipulation (ISO 13374 DM): what may be believed of a reading, before anything is concluded from it.

pub(crate) mod channel;
pub(crate) mod clock;
pub(crate) mod counter;
pub(crate) mod gap;
pub(crate) mod hold;
pub(crate) mod jump;
pub(crate) mod plausible;
pub(crate) mod report;
pub(crate) mod sensors;
