//! The one JSON form of a finding, shared by backtest files, the HTTP API and MQTT, and its way back.
//!
//! Domain types carry no serde; these mirror types do, so that a renamed field in the domain cannot silently change what
//! outsiders read.

use serde::{Deserialize, Serialize};

use crate::{
    Alternative, Evidence, FaultCode, Finding, FindingId, FindingKind, Grade, Limit, MachineId, ProbabilityWithin,
    RulDays, Signal, Status, Timestamp,
};

/// Why a text is not a finding.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Not JSON, or a field is missing or of the wrong type.
    #[error("could not read a finding")]
    Json(#[from] serde_json::Error),
    /// A field's text is none of its allowed values.
    #[error("a finding's `{field}` cannot be `{value}`")]
    Value {
        /// Which field.
        field: &'static str,
        /// What it held.
        value: String,
    },
}

#[derive(Serialize, Deserialize)]
struct WireFinding {
    at: String,
    site: String,
    machine: String,
    event: String,
    id: String,
    status: String,
    grade: String,
    fault: String,
    likelihood: f64,
    alternatives: Vec<WireAlternative>,
    rul_days: Option<WireRul>,
    probability_within: Option<WireProbability>,
    limit: Option<WireLimit>,
    evidence: Vec<WireEvidence>,
    text: String,
}

#[derive(Serialize, Deserialize)]
struct WireAlternative {
    fault: String,
    likelihood: f64,
}

#[derive(Serialize, Deserialize)]
struct WireRul {
    p10: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
}

#[derive(Serialize, Deserialize)]
struct WireProbability {
    #[serde(rename = "7d")]
    d7: f64,
    #[serde(rename = "14d")]
    d14: f64,
    #[serde(rename = "21d")]
    d21: f64,
    #[serde(rename = "30d")]
    d30: f64,
}

#[derive(Serialize, Deserialize)]
struct WireLimit {
    signal: String,
    value: f64,
}

#[derive(Serialize, Deserialize)]
struct WireEvidence {
    feature: String,
    value: f64,
    unit: String,
    change_per_day: Option<f64>,
    since: Option<String>,
}

/// Writes a finding as one line of JSON, without a line end.
#[must_use]
pub fn to_json(finding: &Finding) -> String {
    // Strings and finite numbers only (a non-finite number becomes null), so writing cannot fail.
    serde_json::to_string(&WireFinding::from(finding)).unwrap_or_default()
}

/// Reads what [`to_json`] wrote.
///
/// # Errors
/// When the text is not a finding.
pub fn from_json(text: &str) -> Result<Finding, WireError> {
    serde_json::from_str::<WireFinding>(text)?.try_into()
}

impl From<&Finding> for WireFinding {
    fn from(f: &Finding) -> Self {
        Self {
            at: f.at.to_string(),
            site: f.machine.site().to_owned(),
            machine: f.machine.machine().to_owned(),
            event: f.kind.name().to_owned(),
            id: f.id.to_string(),
            status: f.status.name().to_owned(),
            grade: f.grade.name().to_owned(),
            fault: f.fault.to_string(),
            likelihood: f.likelihood,
            alternatives: f
                .alternatives
                .iter()
                .map(|a| WireAlternative { fault: a.fault.to_string(), likelihood: a.likelihood })
                .collect(),
            rul_days: f.rul_days.map(|r| WireRul { p10: r.p10, p50: r.p50, p90: r.p90 }),
            probability_within: f.probability_within.map(|p| WireProbability {
                d7: p.d7,
                d14: p.d14,
                d21: p.d21,
                d30: p.d30,
            }),
            limit: f.limit.map(|l| WireLimit { signal: l.signal.name().to_owned(), value: l.value }),
            evidence: f.evidence.iter().map(WireEvidence::from).collect(),
            text: f.text.clone(),
        }
    }
}

impl From<&Evidence> for WireEvidence {
    fn from(e: &Evidence) -> Self {
        Self {
            feature: e.feature.clone(),
            value: e.value,
            unit: e.unit.clone(),
            change_per_day: e.change_per_day,
            since: e.since.map(|since| since.to_string()),
        }
    }
}

impl TryFrom<WireFinding> for Finding {
    type Error = WireError;

    fn try_from(w: WireFinding) -> Result<Self, WireError> {
        Ok(Self {
            at: timestamp("at", &w.at)?,
            machine: MachineId::new(&w.site, &w.machine).map_err(|_| value("machine", &w.machine))?,
            kind: FindingKind::from_name(&w.event).ok_or_else(|| value("event", &w.event))?,
            id: FindingId::from_text(&w.id),
            status: Status::from_name(&w.status).ok_or_else(|| value("status", &w.status))?,
            grade: Grade::from_name(&w.grade).ok_or_else(|| value("grade", &w.grade))?,
            fault: fault(&w.fault)?,
            likelihood: w.likelihood,
            alternatives: w
                .alternatives
                .iter()
                .map(|a| Ok(Alternative { fault: fault(&a.fault)?, likelihood: a.likelihood }))
                .collect::<Result<_, WireError>>()?,
            rul_days: w.rul_days.map(|r| RulDays { p10: r.p10, p50: r.p50, p90: r.p90 }),
            probability_within: w.probability_within.map(|p| ProbabilityWithin {
                d7: p.d7,
                d14: p.d14,
                d21: p.d21,
                d30: p.d30,
            }),
            limit: w.limit.map(limit).transpose()?,
            evidence: w.evidence.into_iter().map(evidence).collect::<Result<_, WireError>>()?,
            text: w.text,
        })
    }
}

fn value(field: &'static str, value: &str) -> WireError {
    WireError::Value { field, value: value.chars().take(80).collect() }
}

fn timestamp(field: &'static str, text: &str) -> Result<Timestamp, WireError> {
    Timestamp::parse(text).map_err(|_| value(field, text))
}

fn fault(code: &str) -> Result<FaultCode, WireError> {
    FaultCode::new(code).ok_or_else(|| value("fault", code))
}

fn limit(w: WireLimit) -> Result<Limit, WireError> {
    let signal = Signal::from_name(&w.signal).ok_or_else(|| value("limit.signal", &w.signal))?;
    Ok(Limit { signal, value: w.value })
}

fn evidence(w: WireEvidence) -> Result<Evidence, WireError> {
    let since = w.since.as_deref().map(|since| timestamp("evidence.since", since)).transpose()?;
    Ok(Evidence { feature: w.feature, value: w.value, unit: w.unit, change_per_day: w.change_per_day, since })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Finding {
        let machine = MachineId::new("s01", "m007").unwrap();
        Finding {
            at: Timestamp::parse("2026-07-18T00:00:00Z").unwrap(),
            id: FindingId::new(&machine, &FaultCode::COOLER_CLOGGING, 1),
            machine,
            kind: FindingKind::Prediction,
            status: Status::Opened,
            grade: Grade::Advise,
            fault: FaultCode::COOLER_CLOGGING,
            likelihood: 0.91,
            alternatives: vec![Alternative { fault: FaultCode::HIGH_AMBIENT, likelihood: 0.05 }],
            rul_days: Some(RulDays { p10: Some(11.2), p50: Some(17.9), p90: None }),
            probability_within: Some(ProbabilityWithin { d7: 0.02, d14: 0.31, d21: 0.66, d30: 0.93 }),
            limit: Some(Limit { signal: Signal::DischargeTemp, value: 105.0 }),
            evidence: vec![Evidence {
                feature: "cooler_ua_loss".into(),
                value: 0.27,
                unit: "1".into(),
                change_per_day: Some(0.0091),
                since: Timestamp::parse("2026-06-20T00:00:00Z").ok(),
            }],
            text: "The cooler is likely to clog.".into(),
        }
    }

    #[test]
    fn is_the_contract_to_the_letter() {
        expect_test::expect![[r#"{"at":"2026-07-18T00:00:00Z","site":"s01","machine":"m007","event":"prediction","id":"s01/m007/cooler_clogging/1","status":"opened","grade":"advise","fault":"cooler_clogging","likelihood":0.91,"alternatives":[{"fault":"high_ambient","likelihood":0.05}],"rul_days":{"p10":11.2,"p50":17.9,"p90":null},"probability_within":{"7d":0.02,"14d":0.31,"21d":0.66,"30d":0.93},"limit":{"signal":"discharge_temp_c","value":105.0},"evidence":[{"feature":"cooler_ua_loss","value":0.27,"unit":"1","change_per_day":0.0091,"since":"2026-06-20T00:00:00Z"}],"text":"The cooler is likely to clog."}"#]]
        .assert_eq(&to_json(&sample()));
    }

    #[test]
    fn reads_back_what_it_wrote() {
        assert_eq!(from_json(&to_json(&sample())).unwrap(), sample());
    }

    #[test]
    fn names_the_field_it_refuses() {
        let text = to_json(&sample()).replace("\"advise\"", "\"panic\"");
        assert_eq!(from_json(&text).unwrap_err().to_string(), "a finding's `grade` cannot be `panic`");
    }
}
