//! A compressor as its owner knows it.

use foretell_model::MachineId;
use serde::{Deserialize, Serialize};

use super::Entity;

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
}

impl Entity for Machine {
    const KIND: &'static str = "machine";
    fn id(&self) -> &str {
        &self.id
    }
    fn check(&self) -> Result<(), String> {
        MachineId::parse(&self.id).map_err(|e| e.to_string())?;
        if !(self.consequence.is_finite() && self.consequence > 0.0) {
            return Err("`consequence` must be a number above 0".into());
        }
        match self.service.iter().find(|task| !(task.interval_h > 0.0 && task.last_done_h >= 0.0)) {
            Some(task) => {
                Err(format!("service `{}` needs an `interval_h` above 0 and a `last_done_h` from 0", task.work))
            }
            None => Ok(()),
        }
    }
}

const fn ordinary() -> f64 {
    1.0
}
