//! What a job achieved, in a customer's words: the engine's figures with their uncertainty, and plainly none where there is none.

use foretell_model::effect::Change;
use foretell_model::{Finding, currency_name};
use serde::Serialize;

use super::format::Range;
use crate::registry::Language;

/// Whether the job helped, as far as readings can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Something clearly became better.
    Better,
    /// What should have changed has not.
    None,
    /// What should have become better is clearly worse.
    Worse,
}

/// A job's effect; what is not clear of nought is not told.
#[derive(Debug, Serialize)]
pub(crate) struct Effect {
    /// Whether it helped.
    pub(crate) outcome: Outcome,
    /// The discharge temperature was below the warning limit when that was known.
    pub(crate) below_limit: bool,
    /// Discharge temperature at equal load and weather, whole degrees.
    degrees: Option<String>,
    /// Current under load, whole amperes.
    amps: Option<String>,
    /// Leaking air, litres a minute.
    litres: Option<Range>,
    /// Money a month.
    money: Option<Range>,
    currency: String,
}

impl Effect {
    /// Reads a `maintenance_effect`. `asked` says whether the job was done because something had been seen. `None` when there
    /// is nothing to tell.
    pub(crate) fn of(finding: &Finding, asked: bool, language: Language) -> Option<Self> {
        let features =
            ["discharge_change_k", "loaded_current_change_a", "leak_flow_change_m3_min", "cost_change_per_month"];
        let known = features.map(|feature| finding.change(feature));
        let clear = known.map(|known| known.filter(Change::is_told).map(|told| (told.value, told.half, told.unit)));
        let [degrees, amps, flow, money] = clear;
        // What the job was for comes first.
        let main = degrees.or(flow).or(amps).or(money);
        let outcome = match main {
            Some((value, ..)) if value < 0.0 => Outcome::Better,
            Some(_) => Outcome::Worse,
            None => Outcome::None,
        };
        let tellable = match outcome {
            Outcome::Better => true,
            Outcome::Worse | Outcome::None => asked && finding.purpose_compared() == Some(true),
        };
        // Only what goes the same way belongs into the same sentence.
        let along = |figure: Option<(f64, f64, &str)>| {
            figure
                .filter(|(value, ..)| (*value < 0.0) == (outcome == Outcome::Better))
                .map(|(value, half, _)| (value.abs(), half))
        };
        let range =
            |figure, scale: f64| along(figure).map(|(value, half)| Range::of(language, value * scale, half * scale));
        let whole = |figure| along(figure).map(|(value, _)| format!("{value:.0}"));
        let code = money.map_or("", |(.., code)| code);
        tellable.then(|| Self {
            outcome,
            below_limit: false,
            degrees: whole(degrees),
            amps: whole(amps),
            litres: range(flow, 1_000.0),
            money: range(money, 1.0),
            currency: currency_name(code, language.tag()).to_owned(),
        })
    }
}
