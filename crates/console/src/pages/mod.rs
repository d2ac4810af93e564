//! The pages: each turns view structs into texts and lays them out with a template.

pub(crate) mod booking;
pub(crate) mod card;
pub(crate) mod decide;
pub(crate) mod figure;
pub(crate) mod fleet;
pub(crate) mod health;
pub(crate) mod ingest;
pub(crate) mod machine;
pub(crate) mod page;
pub(crate) mod probe;
pub(crate) mod quarantine;
pub(crate) mod queue;
pub(crate) mod readings;
pub(crate) mod standing;
mod table;

pub(crate) use page::not_found;
