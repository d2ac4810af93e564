//! Controllers on the wire: each machine a client of its own, with will, birth and QoS 1.

mod controller;
mod count;
mod flood;
mod latency;
mod pace;
mod publish;
mod target;
mod times;
mod wire;

pub use count::{CountReport, count};
pub use flood::{Flood, FloodReport, flood};
pub use latency::{Latency, LatencyReport, latency};
pub use pace::{Pace, Phase};
pub use publish::{Live, PublishError, Stats, publish};
pub use target::Target;
