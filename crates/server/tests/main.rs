//! The real program as its users start it, command by command: one program of tests, because linking each file by itself
//! took longer than running them all. A file joins the list below, or a test of the repository's form says that it is never
//! run.
#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the report")]

mod backtest;
mod channels;
mod check;
mod commands;
mod customers;
mod door;
mod examples;
mod field;
mod outputs;
mod relations;
mod report;
mod secrets;
mod service;
mod support;
mod tariff;
mod told;
