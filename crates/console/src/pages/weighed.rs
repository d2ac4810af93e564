//! What an advisor weighs on a card: the evidence, the work, the parts, the other machines of the same letter.

use foretell_model::{Catalogue, Evidence, Finding};

use super::figure::{Figure, card_figure};
use super::page::machine_href;
use super::visit::bring;
use super::visits::works;
use crate::text::desk;
use crate::view::{AdvisoryCard, OtherMachine, PartAtHand, PartToBring, RecordLine, Task};
use crate::{Lang, civil, text};

/// Another machine of the same letter, with the evidence behind it.
pub(crate) struct OtherCard {
    pub(crate) name: String,
    pub(crate) sentence: String,
    pub(crate) machine_href: String,
    pub(crate) fig: Figure,
    pub(crate) evidence: Vec<String>,
}

/// Other machines of the same letter.
pub(super) fn others(advisory: &AdvisoryCard, catalogue: &Catalogue, lang: Lang) -> Vec<OtherCard> {
    let other = |other: &OtherMachine| OtherCard {
        name: other.name.clone(),
        sentence: text::kind_sentence_at(&other.finding, advisory.curve.now, catalogue, lang),
        machine_href: machine_href(&other.finding.machine),
        fig: card_figure(&other.curve, catalogue, lang),
        evidence: evidence(&other.finding, advisory.customer.zone, catalogue, lang),
    };
    advisory.others.iter().map(other).collect()
}

/// Features that weigh the others; they stand on the machine's page, where one looks for them.
const STATISTICS: &[&str] =
    &["discharge_excess_sd_k", "onset_step_share", "log_bayes_factor", "regulated_slope_k_per_k", "site_common_share"];

/// Whether evidence weighs rather than tells: also what is usual of a weight.
fn weighs(evidence: &Evidence, all: &[Evidence]) -> bool {
    let is_weight = |e: &Evidence| e.feature == "unregulated_log_ratio" || STATISTICS.contains(&e.feature.as_str());
    is_weight(evidence) || (evidence.feature == "own_normal" && all.first().is_some_and(is_weight))
}

/// The evidence behind a finding, line by line.
pub(super) fn evidence(finding: &Finding, zone: chrono_tz::Tz, catalogue: &Catalogue, lang: Lang) -> Vec<String> {
    let telling = |evidence: &&Evidence| !weighs(evidence, &finding.evidence);
    let lines = finding.evidence.iter().filter(telling).map(|evidence| {
        let name = text::feature(&evidence.feature, catalogue, lang);
        let value = text::with_unit(&evidence.feature, evidence.value, &evidence.unit, lang);
        let change =
            evidence.change_per_day.and_then(|change| text::change(&evidence.feature, change, &evidence.unit, lang));
        let since = evidence.since.filter(|_| !text::is_momentary(&evidence.feature));
        let since = since.map(|since| civil::date(since, zone, lang));
        text::evidence_line(&name, &value, change.as_deref(), since.as_deref(), lang)
    });
    lines.collect()
}

/// A part that is needed, and where the nearest lies.
fn at_hand(needed: &PartAtHand, lang: Lang) -> String {
    let depot = needed.depot.as_ref().map_or_else(String::new, |depot| depot.in_language(lang.tag()).to_owned());
    bring(&PartToBring { part: needed.part.clone(), depot, n: needed.n }, lang)
}

/// What an advisor weighs, each with its lines.
pub(super) fn facts(advisory: &AdvisoryCard, catalogue: &Catalogue, lang: Lang) -> Vec<(&'static str, Vec<String>)> {
    let t = text::words(lang);
    let duration = text::duration(advisory.work_minutes, lang);
    let work = |task: &Task| {
        let done = works(&task.works, catalogue, lang);
        if advisory.tasks.len() > 1 { format!("{} · {done}", task.machine_name) } else { done }
    };
    let mut work: Vec<String> = advisory.tasks.iter().map(work).collect();
    work.retain(|work| !work.is_empty());
    work.push(duration);
    let mut parts: Vec<String> = advisory.parts.iter().map(|part| at_hand(part, lang)).collect();
    if parts.is_empty() {
        parts.push(t.no_parts.to_owned());
    }
    let mut stops = vec![if advisory.machine_stops { t.stops_yes } else { t.stops_no }.to_owned()];
    stops.extend(advisory.season_until.map(|last| text::season_until(last, advisory.customer.zone, lang)));
    let mut facts = vec![(t.work_time, work), (t.machine_stops, stops), (t.parts, parts)];
    facts.extend(displeasure(advisory, catalogue, lang));
    facts
}

/// How content the customer is, as far as anybody knows, and the signs that nobody has judged since.
fn displeasure(advisory: &AdvisoryCard, catalogue: &Catalogue, lang: Lang) -> Vec<(&'static str, Vec<String>)> {
    let (of, d) = (advisory.customer.stage, desk::words(lang));
    let signs: Vec<String> = advisory.hints.iter().map(|hint| sign(hint, advisory, catalogue, lang)).collect();
    let stage = match of {
        Some(n) => vec![format!("{n}/6 {}", desk::stage(of, lang)), desk::stage_advice(of, lang).to_owned()],
        None if signs.is_empty() => Vec::new(),
        None => vec![d.stage_open.to_owned()],
    };
    let facts = [(text::words(lang).stage, stage), (d.hints, signs)];
    facts.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}

/// A sign of displeasure, with its day and its machine.
fn sign(hint: &RecordLine, advisory: &AdvisoryCard, catalogue: &Catalogue, lang: Lang) -> String {
    let day = civil::date(hint.at, advisory.customer.zone, lang);
    let what = text::sign(&hint.why, catalogue, lang);
    [day.as_str(), &hint.machine, &what].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}
