//! The pages: each turns view structs into texts and lays them out with a template.

pub(crate) mod account;
pub(crate) mod booking;
pub(crate) mod calendar;
pub(crate) mod card;
pub(crate) mod case_acts;
pub(crate) mod cases;
pub(crate) mod customers;
pub(crate) mod decide;
pub(crate) mod field_acts;
pub(crate) mod figure;
pub(crate) mod fleet;
pub(crate) mod guest;
pub(crate) mod health;
pub(crate) mod ingest;
pub(crate) mod machine;
pub(crate) mod page;
mod pager;
pub(crate) mod personal;
pub(crate) mod photos;
pub(crate) mod planning;
pub(crate) mod probe;
pub(crate) mod quarantine;
pub(crate) mod queue;
pub(crate) mod readings;
pub(crate) mod search;
pub(crate) mod sign_in;
pub(crate) mod sites;
pub(crate) mod standing;
mod table;
pub(crate) mod team;
pub(crate) mod templates;
pub(crate) mod users;
pub(crate) mod verdicts;
pub(crate) mod visits;
pub(crate) mod welcome;

pub(crate) use page::not_found;
