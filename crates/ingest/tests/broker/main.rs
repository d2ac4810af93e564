//! The session with an external broker, against a real Mosquitto (Debian package `mosquitto`) on a port of the test's own, and
//! against a scripted broker where the exact packets matter. One test per way in which such sessions lose data.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

mod access;
mod broker;
mod derived;
#[path = "../shared/edge_node.rs"]
mod edge_node;
#[path = "../listener/kit.rs"]
#[expect(dead_code, reason = "the kit's listener is not used here")]
mod kit;
mod plant;
mod proxy;
mod retained;
mod rivals;
mod secured;
mod sessions;
mod shared;
mod sparkplug;
mod wire;
