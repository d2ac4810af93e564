//! Data manipulation (ISO 13374 DM): what may be believed of a reading, before anything is concluded from it.

pub(crate) mod channel;
pub(crate) mod counter;
