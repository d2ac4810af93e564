//! What a case speaks of, and what the customer was told of it.

use foretell_model::{Catalogue, Cause, FaultCode, Finding, FindingId, Timestamp, wire};
use serde::{Deserialize, Serialize};

use super::{Case, Session, values};
use crate::context::MachineContext;
use crate::error::Result;

/// What a customer was told of a finding first. It stays said: whoever reads two letters must not wonder which is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The cause that was named; `None` once the work against it was done.
    pub(crate) cause: Option<FaultCode>,
    /// Since when it was said to be there.
    pub(crate) since: Option<Timestamp>,
}

impl Told {
    /// What is told of a finding now, where `before` was told already.
    pub(super) fn of(finding: &Finding, before: Option<&Self>, catalogue: &Catalogue) -> Self {
        let cause = before.and_then(|before| before.cause.clone());
        Self {
            cause: Some(cause.unwrap_or_else(|| finding.cause(None, &[], catalogue).fault.clone())),
            since: finding.onset_as_told(before.and_then(|before| before.since)),
        }
    }
}

/// The same as it is kept.
#[derive(Deserialize, Serialize)]
struct KeptTold {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// Milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<i64>,
}

impl From<&Told> for KeptTold {
    fn from(told: &Told) -> Self {
        let cause = told.cause.as_ref().map(|fault| fault.as_str().to_owned());
        Self { cause, since: told.since.map(Timestamp::millis) }
    }
}

impl From<KeptTold> for Told {
    fn from(kept: KeptTold) -> Self {
        let cause = kept.cause.as_deref().and_then(FaultCode::new);
        Self { cause, since: kept.since.map(Timestamp::from_millis) }
    }
}

/// A finding of which a case speaks, and what was told of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spoken<'a> {
    /// The finding as last said.
    pub(crate) finding: &'a Finding,
    /// What the customer was told of it first.
    pub(crate) told: Option<&'a Told>,
    /// Faults of other cases of the machine that go with it.
    pub(crate) rivals: &'a [FaultCode],
}

impl<'a> Spoken<'a> {
    /// A finding of which nobody outside the house knows.
    pub(crate) const fn new(finding: &'a Finding) -> Self {
        Self { finding, told: None, rivals: &[] }
    }

    /// Since when what was seen has been there, as it was told first.
    pub(crate) fn onset(&self) -> Option<Timestamp> {
        self.finding.onset_as_told(self.told.and_then(|told| told.since))
    }

    /// What is named as its cause.
    pub(crate) fn cause(&self, catalogue: &Catalogue) -> Cause<'a> {
        self.finding.cause(self.told.and_then(|told| told.cause.as_ref()), self.rivals, catalogue)
    }
}

/// A case on another machine, as the one that speaks for it knows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Companion {
    /// Its finding as last said.
    pub(crate) finding: Finding,
    /// Its machine's state at that time.
    pub(crate) context: MachineContext,
    /// What the customer was told of it first.
    pub(crate) told: Option<Told>,
    /// Faults of other cases of its machine that may be about the same and go with it.
    pub(crate) rivals: Vec<FaultCode>,
}

impl Companion {
    /// A case as the one that speaks for it knows it.
    pub(crate) fn of(case: Case) -> Self {
        Self { finding: case.finding, context: case.context, told: case.told, rivals: case.rivals }
    }

    /// What is said of it.
    pub(crate) fn spoken(&self) -> Spoken<'_> {
        Spoken { finding: &self.finding, told: self.told.as_ref(), rivals: &self.rivals }
    }
}

/// A companion as it is kept.
#[derive(Deserialize, Serialize)]
struct Kept {
    finding: String,
    context: MachineContext,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<KeptTold>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rivals: Vec<String>,
}

type Read<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What was told, as it is kept.
pub(super) fn keep_told(told: &Told) -> serde_json::Result<String> {
    serde_json::to_string(&KeptTold::from(told))
}

/// Reads what was told.
pub(super) fn read_told(text: &str) -> serde_json::Result<Told> {
    serde_json::from_str::<KeptTold>(text).map(Told::from)
}

/// What the last letter of a case that went out claimed, as [`crate::edits`] keeps it.
pub(crate) fn last_claims(connection: &dyn Session, case: &FindingId) -> Result<Option<String>> {
    let sql = "SELECT claims FROM message WHERE advisory = ?1 AND sent IS NOT NULL AND claims IS NOT NULL
               ORDER BY sent DESC, id DESC LIMIT 1";
    connection.first(sql, values![case.as_str()])?.map_or(Ok(None), |row| row.get(0))
}

/// Companions, as they are kept.
pub(super) fn keep_companions(companions: &[Companion]) -> serde_json::Result<String> {
    let kept = |companion: &Companion| Kept {
        finding: wire::to_json(&companion.finding),
        context: companion.context.clone(),
        told: companion.told.as_ref().map(KeptTold::from),
        rivals: companion.rivals.iter().map(|fault| fault.as_str().to_owned()).collect(),
    };
    serde_json::to_string(&companions.iter().map(kept).collect::<Vec<Kept>>())
}

/// Reads companions.
pub(super) fn read_companions(text: &str) -> Read<Vec<Companion>> {
    let kept: Vec<Kept> = serde_json::from_str(text)?;
    let one = |kept: Kept| {
        let (finding, told) = (wire::from_json(&kept.finding)?, kept.told.map(Told::from));
        let rivals = kept.rivals.iter().filter_map(|fault| FaultCode::new(fault)).collect();
        Ok(Companion { finding, context: kept.context, told, rivals })
    };
    kept.into_iter().map(one).collect()
}
