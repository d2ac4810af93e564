//! Truth labels beside simulated data: which machine had which fault from when to when.

use std::path::Path;

use foretell_model::{FaultCode, MachineId, Timestamp};
use serde::Deserialize;

use crate::failure::{Failure, Kind};
use crate::text_file;

/// The labels of one data set.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// One entry per machine.
    pub machines: Vec<TrueMachine>,
}

/// What is true of one machine.
#[derive(Clone, Debug)]
pub struct TrueMachine {
    /// Which.
    pub machine: MachineId,
    /// First instant of its data.
    pub from: Timestamp,
    /// End of its data.
    pub to: Timestamp,
    /// Its faults, if any.
    pub faults: Vec<TrueFault>,
}

/// One fault as it truly was.
#[derive(Clone, Debug)]
pub struct TrueFault {
    /// Which.
    pub fault: FaultCode,
    /// When it began.
    pub onset: Timestamp,
    /// When the true discharge temperature was first held at the limit, if it was.
    pub limit_reached: Option<Timestamp>,
    /// When it was cured, if it was.
    pub cleared: Option<Timestamp>,
}

#[derive(Deserialize)]
struct WireTruth {
    machines: Vec<WireMachine>,
}

#[derive(Deserialize)]
struct WireMachine {
    site: String,
    machine: String,
    from: String,
    to: String,
    #[serde(default)]
    faults: Vec<WireFault>,
}

#[derive(Deserialize)]
struct WireFault {
    fault: String,
    onset: String,
    limit_reached: Option<String>,
    cleared: Option<String>,
}

impl Truth {
    /// Reads a file of labels.
    ///
    /// # Errors
    /// When it is missing or not a file of labels.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = text_file::read(path, Kind::BadData)?;
        Self::parse(&text).map_err(|cause| {
            Failure::because(Kind::BadData, format!("{} does not hold truth labels", path.display()), cause)
        })
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let wire: WireTruth = serde_json::from_str(text)?;
        let machines = wire.machines.into_iter().map(TrueMachine::try_from).collect::<Result<_, _>>()?;
        Ok(Self { machines })
    }
}

impl TryFrom<WireMachine> for TrueMachine {
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn try_from(wire: WireMachine) -> Result<Self, Self::Error> {
        Ok(Self {
            machine: MachineId::new(&wire.site, &wire.machine)?,
            from: Timestamp::parse(&wire.from)?,
            to: Timestamp::parse(&wire.to)?,
            faults: wire.faults.into_iter().map(TrueFault::try_from).collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<WireFault> for TrueFault {
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn try_from(wire: WireFault) -> Result<Self, Self::Error> {
        let instant = |text: Option<String>| text.as_deref().map(Timestamp::parse).transpose();
        Ok(Self {
            fault: FaultCode::new(&wire.fault).ok_or_else(|| format!("`{}` is not a fault code", wire.fault))?,
            onset: Timestamp::parse(&wire.onset)?,
            limit_reached: instant(wire.limit_reached)?,
            cleared: instant(wire.cleared)?,
        })
    }
}

impl TrueFault {
    /// Whether the fault was there at an instant: from its onset until it was cured.
    #[must_use]
    pub fn active_at(&self, at: Timestamp) -> bool {
        self.onset <= at && self.cleared.is_none_or(|cleared| at < cleared)
    }
}

#[cfg(test)]
pub(super) fn truth_of(text: &str) -> Truth {
    Truth::parse(text).unwrap()
}
