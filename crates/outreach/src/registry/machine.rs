//! A compressor as its owner knows it.

use std::ops::RangeInclusive;

use foretell_model::MachineId;
use serde::{Deserialize, Serialize};

use super::Entity;

/// Rated motor power that a machine may have, kW, here and in the configuration.
pub const RATED_KW: RangeInclusive<f64> = 0.5..=5_000.0;
/// Most that electricity may cost, money per kWh, here and in the configuration.
pub const TARIFF_MAX: f64 = 1e6;
/// Most that an unplanned stop may cost, money: a plant's day in the smallest of currencies.
pub const STOP_COST_MAX: f64 = 1e12;
/// Most that a stop may cost relative to other machines.
const CONSEQUENCE_MAX: f64 = 1e6;
/// Most running hours of a machine's life or between two services: 114 years.
const HOURS_MAX: f64 = 1e6;

/// Work that is due by running hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceTask {
    /// Code of the catalogue's action, e.g. `oil_changed`.
    pub work: String,
    /// Running hours between two of them.
    pub interval_h: f64,
    /// Reading of the running-hour counter when it was last done.
    #[serde(default)]
    pub last_done_h: f64,
}

/// One compressor as its owner knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// `site/machine`.
    pub id: String,
    /// What the customer calls it, e.g. `No. 2` or `2号机`.
    pub number: String,
    /// Type designation.
    #[serde(default)]
    pub model: Option<String>,
    /// Rated motor power, kW.
    #[serde(default)]
    pub rated_kw: Option<f64>,
    /// What its electricity costs, money per kWh.
    #[serde(default)]
    pub tariff_per_kwh: Option<f64>,
    /// What an unplanned stop costs, money; planning speaks of money only where it is known.
    #[serde(default)]
    pub stop_cost: Option<f64>,
    /// What an unplanned stop costs relative to other machines; 1 is ordinary.
    #[serde(default = "ordinary")]
    pub consequence: f64,
    /// Work due by running hours; nothing is assumed when empty.
    #[serde(default)]
    pub service: Vec<ServiceTask>,
}

impl Machine {
    /// A machine of which only its identity and its owner's name for it are known.
    #[must_use]
    pub fn new(id: impl Into<String>, number: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            number: number.into(),
            model: None,
            rated_kw: None,
            tariff_per_kwh: None,
            stop_cost: None,
            consequence: ordinary(),
            service: Vec::new(),
        }
    }

    /// Figures that cannot be, each with its key and what would be right.
    pub(crate) fn figures(&self) -> Vec<(String, String)> {
        let above = |most: f64| (f64::MIN_POSITIVE..=most, format!("a number above 0 and up to {most}"));
        let rated = (RATED_KW, format!("a number from {} to {}", RATED_KW.start(), RATED_KW.end()));
        let figures = [
            ("consequence", Some(self.consequence), above(CONSEQUENCE_MAX)),
            ("rated_kw", self.rated_kw, rated),
            ("tariff_per_kwh", self.tariff_per_kwh, above(TARIFF_MAX)),
            ("stop_cost", self.stop_cost, above(STOP_COST_MAX)),
        ];
        let wrong = figures.into_iter().filter(|(_, figure, (range, _))| figure.is_some_and(|x| !range.contains(&x)));
        let mut wrong: Vec<_> =
            wrong.map(|(key, _, (_, words))| (key.to_owned(), format!("`{key}` must be {words}"))).collect();
        for (n, task) in self.service.iter().enumerate() {
            let is_sound = (f64::MIN_POSITIVE..=HOURS_MAX).contains(&task.interval_h)
                && (0.0..=HOURS_MAX).contains(&task.last_done_h);
            if !is_sound {
                let why = format!(
                    "service `{}` needs an `interval_h` above 0 and a `last_done_h` from 0, both up to {HOURS_MAX}",
                    task.work
                );
                wrong.push((format!("service[{n}]"), why));
            }
        }
        wrong
    }
}

impl Entity for Machine {
    const KIND: &'static str = "machine";
    fn id(&self) -> &str {
        &self.id
    }
    fn check(&self) -> Result<(), String> {
        MachineId::parse(&self.id).map_err(|e| e.to_string())?;
        let Some((_, why)) = self.figures().into_iter().next() else { return Ok(()) };
        Err(why)
    }
}

const fn ordinary() -> f64 {
    1.0
}
