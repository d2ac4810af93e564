//! The fleets of this world: who builds where, what is measured, and what befalls.

use crate::fleet::Kind;

use super::climate::{ARID, CONTINENTAL, Climate, MEDITERRANEAN, MONSOON, SOUTHERN, SUBTROPICAL, TEMPERATE, TROPICAL};
use super::works::Shift::{self, Always, One, SixDays, Two};

/// A fleet. Lists are drawn from evenly; what stands twice comes twice as often.
pub(crate) struct Fleet {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Sites that a seed lives.
    sites: usize,
    pub(crate) climates: &'static [Climate],
    /// Day of the year on which its days begin.
    pub(crate) first_day: f64,
    /// Between readings, s.
    pub(crate) every_s: &'static [usize],
    pub(crate) shifts: &'static [Shift],
    /// How many sites measure the ambient at each machine, at one of them, and nowhere, shares.
    pub(crate) ambient: [f64; 3],
    /// How many machines vary their speed, and how many of their coolers' fans are switched or controlled, shares.
    pub(crate) by_speed: f64,
    pub(crate) fans: f64,
    /// Resolutions of the discharge temperature, K.
    pub(crate) resolutions_k: &'static [f64],
    /// How fast its coolers clog, and how often something confuses, share of usual.
    pub(crate) faster: f64,
    pub(crate) confused: f64,
}

/// Six fleets in which coolers clog, two sound ones, and one of other faults.
const FLEETS: [Fleet; 9] = [
    Fleet {
        name: "two summers",
        kind: Kind::Failing,
        sites: 2,
        climates: &[MONSOON, CONTINENTAL],
        first_day: 64.0,
        every_s: &[300],
        shifts: &[Always, Always, Two, SixDays],
        ambient: [0.40, 0.30, 0.30],
        by_speed: 0.25,
        fans: 0.10,
        resolutions_k: &[0.1, 0.1, 0.5, 1.0],
        faster: 1.0,
        confused: 1.0,
    },
    Fleet {
        name: "the tropics",
        kind: Kind::Failing,
        sites: 2,
        climates: &[TROPICAL, SUBTROPICAL],
        first_day: 20.0,
        every_s: &[600],
        shifts: &[Always, Always, SixDays, Two],
        ambient: [0.50, 0.25, 0.25],
        by_speed: 0.20,
        fans: 0.10,
        resolutions_k: &[0.1, 0.5, 1.0, 1.0],
        faster: 1.0,
        confused: 1.0,
    },
    Fleet {
        name: "fast dirt",
        kind: Kind::Failing,
        sites: 2,
        climates: &[MONSOON, SUBTROPICAL],
        first_day: 118.0,
        every_s: &[120, 300],
        shifts: &[Always, Always, SixDays],
        ambient: [0.34, 0.33, 0.33],
        by_speed: 0.15,
        fans: 0.0,
        resolutions_k: &[0.1, 0.1, 1.0],
        faster: 1.3,
        confused: 1.0,
    },
    Fleet {
        name: "one shift in Europe",
        kind: Kind::Failing,
        sites: 2,
        climates: &[TEMPERATE, MEDITERRANEAN],
        first_day: 75.0,
        every_s: &[300],
        shifts: &[One, One, Two, Always],
        ambient: [0.25, 0.30, 0.45],
        by_speed: 0.30,
        fans: 0.15,
        resolutions_k: &[1.0, 1.0, 0.5],
        faster: 1.0,
        confused: 1.0,
    },
    Fleet {
        name: "speed-controlled in dry heat",
        kind: Kind::Failing,
        sites: 2,
        climates: &[MEDITERRANEAN, ARID, SUBTROPICAL],
        first_day: 95.0,
        every_s: &[600],
        shifts: &[Always, Two, SixDays],
        ambient: [0.70, 0.20, 0.10],
        by_speed: 0.65,
        fans: 0.10,
        resolutions_k: &[0.1, 0.1, 0.5],
        faster: 1.0,
        confused: 1.0,
    },
    Fleet {
        name: "everything changes",
        kind: Kind::Failing,
        sites: 2,
        climates: &[MONSOON, ARID, SOUTHERN, SUBTROPICAL, CONTINENTAL],
        first_day: 110.0,
        every_s: &[300, 600],
        shifts: &[Always, Two, One, SixDays],
        ambient: [0.35, 0.35, 0.30],
        by_speed: 0.30,
        fans: 0.12,
        resolutions_k: &[0.1, 0.5, 1.0],
        faster: 1.0,
        confused: 1.6,
    },
    Fleet {
        name: "sound",
        kind: Kind::Healthy,
        sites: 2,
        climates: &[MONSOON, CONTINENTAL, TROPICAL],
        first_day: 80.0,
        every_s: &[300, 600],
        shifts: &[Always, Two, One],
        ambient: [0.35, 0.30, 0.35],
        by_speed: 0.30,
        fans: 0.12,
        resolutions_k: &[0.1, 0.5, 1.0],
        faster: 1.0,
        confused: 1.0,
    },
    Fleet {
        name: "sound, and everything changes",
        kind: Kind::Healthy,
        sites: 2,
        climates: &[ARID, MEDITERRANEAN, TEMPERATE, SUBTROPICAL],
        first_day: 60.0,
        every_s: &[600],
        shifts: &[Always, SixDays, One],
        ambient: [0.35, 0.30, 0.35],
        by_speed: 0.30,
        fans: 0.12,
        resolutions_k: &[0.1, 0.5, 1.0],
        faster: 1.0,
        confused: 1.6,
    },
    Fleet {
        name: "other faults",
        kind: Kind::Ailing,
        sites: 3,
        climates: &[MONSOON, MEDITERRANEAN, CONTINENTAL, SUBTROPICAL],
        first_day: 30.0,
        every_s: &[300],
        shifts: &[Always, Always, Two, SixDays],
        ambient: [0.60, 0.25, 0.15],
        by_speed: 0.15,
        fans: 0.0,
        resolutions_k: &[0.1, 0.1, 0.5, 1.0],
        faster: 1.0,
        confused: 1.0,
    },
];

/// Sites in their order, fleet after fleet.
pub(crate) fn sites() -> impl Iterator<Item = &'static Fleet> {
    FLEETS.iter().flat_map(|fleet| std::iter::repeat_n(fleet, fleet.sites))
}
