//! The embedded listener under real clients (rumqttc, mosquitto) and under bytes that no real client sends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop; helpers outside #[test] are not exempt")]

mod admission;
mod answers;
mod attack;
#[path = "../shared/edge_node.rs"]
mod edge_node;
mod hostile;
mod kit;
mod mosquitto;
mod pressure;
mod serving;
mod sparkplug;
mod trespass;
mod wire;
