//! What every simulated world hands over: sites of machines with their readings, the jobs done on them and the truth.

use foretell_model::{MachineId, Reading, Timestamp};

/// Days simulated in the first two worlds.
pub(crate) const DAYS: usize = 240;

/// Discharge temperature that counts as reached, degC.
pub(crate) const LIMIT_C: f64 = 105.0;

/// What kind of fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Most machines get a clogging cooler.
    Failing,
    /// None does, but everything else happens.
    Healthy,
    /// Many machines get one fault of another kind.
    Ailing,
}

/// Machines that share a room and its weather.
pub(crate) struct Site {
    pub(crate) start: Timestamp,
    /// Days simulated.
    pub(crate) days: f64,
    pub(crate) machines: Vec<Machine>,
    /// First and last days on which the air was hotter than season and weather make it.
    pub(crate) hot_spells: Vec<(f64, f64)>,
    /// What happened to the room as a whole, for a person to read.
    pub(crate) story: String,
}

/// One machine's life.
pub(crate) struct Machine {
    pub(crate) id: MachineId,
    pub(crate) readings: Vec<Reading>,
    /// Reported jobs: when, and the code of the work.
    pub(crate) jobs: Vec<(Timestamp, &'static str)>,
    pub(crate) truth: Truth,
    pub(crate) traits: Traits,
}

/// What was truly so, beside the readings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Truth {
    /// Code of what it suffers from.
    pub(crate) fault: Option<&'static str>,
    pub(crate) onset: Option<Timestamp>,
    /// Whether a sensor of its own shows the fault, where there is such a sensor.
    pub(crate) own_sensor: Option<bool>,
    /// When the true discharge temperature, held for ten loaded minutes, first is at the limit.
    pub(crate) limit_reached: Option<Timestamp>,
    /// The same as the third world's author reckons it: what its sensor shows for ten minutes without a break, or a trip.
    pub(crate) author_reached: Option<Timestamp>,
    /// What the fault adds on each day where this is reckoned: to the saturated branch, and to what the hot hours show, K.
    pub(crate) excess_k: Vec<(f64, f64)>,
    /// What happened to the machine, for a person to read.
    pub(crate) story: String,
}

/// What a machine is like; the figures are split by these.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traits {
    pub(crate) ambient: &'static str,
    pub(crate) drive: &'static str,
    pub(crate) schedule: &'static str,
    pub(crate) climate: &'static str,
    /// In which the simulated days begin.
    pub(crate) season: &'static str,
    pub(crate) shape: &'static str,
    /// How fast the fault takes the cooler's conductance, as [`pace`] tells it; empty without such a fault.
    pub(crate) pace: &'static str,
    /// How its fan is driven and how often it is read; empty where a world has one way only.
    pub(crate) fan: &'static str,
    pub(crate) sampling: &'static str,
    /// What befalls its site, in the third world; empty elsewhere.
    pub(crate) scenario: &'static str,
}

#[cfg(test)]
impl Traits {
    /// Of a machine of which nothing matters but its readings.
    pub(crate) const UNKNOWN: Self = Self {
        ambient: "",
        drive: "",
        schedule: "",
        climate: "",
        season: "",
        shape: "",
        pace: "",
        fan: "",
        sampling: "",
        scenario: "",
    };
}

/// What a meter of this resolution shows of a value.
pub(crate) fn rounded(value: f64, resolution: f64) -> f64 {
    (value / resolution).round() * resolution
}

/// Where the air at a machine's inlet is measured: by its own sensor, by one of its site's `count` machines, or not at all.
pub(crate) const fn ambient(own: bool, on_site: bool, count: usize) -> &'static str {
    match (own, on_site, count) {
        (true, ..) => "own ambient",
        (_, true, _) => "sibling's ambient",
        (_, _, 1) => "alone, no ambient",
        _ => "siblings, no ambient",
    }
}

/// A loss of conductance per day in words, of the rate that the fault's shape is built on (an accelerating one begins slower and ends
/// faster).
pub(crate) const fn pace(rate_per_day: f64) -> &'static str {
    if rate_per_day <= 0.010 {
        "loss 0-1 %/d"
    } else if rate_per_day <= 0.020 {
        "loss 1-2 %/d"
    } else {
        "loss over 2 %/d"
    }
}

/// The season of a day of the year where this day is the warmest.
pub(crate) fn season(day_of_year: f64, warmest_day: f64) -> &'static str {
    let quarter = ((day_of_year - warmest_day) / 365.0 * 4.0 + 0.5).rem_euclid(4.0);
    ["from summer", "from autumn", "from winter", "from spring"][(quarter as usize).min(3)]
}
