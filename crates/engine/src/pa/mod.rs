//! Prognostic assessment (ISO 13374 PA, ISO 13381-1): when the limit will be reached, given the weather to come.

pub(crate) mod climate;
pub(crate) mod passage;
