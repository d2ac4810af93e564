//! The service: configuration, clock, wiring, roles, commands, drain.
//!
//! Everything that runs is decided here and nothing is computed here. The rooms (ingest, engine, history, outreach,
//! console) never name each other; this crate introduces them.

pub mod backtest;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
mod denied;
pub mod failure;
pub mod logging;
pub mod output;
pub mod progress;
pub mod roles;
pub mod service;
pub mod telemetry;
mod text_file;
