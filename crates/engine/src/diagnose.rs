//! Symptoms beside a hot discharge become findings: one episode per fault, named by what explains the symptom best.

use foretell_model::{Alternative, Catalogue, Evidence, Fault, FaultCode, Finding, FindingKind, Grade, Limit, Symptom};

use crate::conclude::{LOST_RISE, Speaker};
use crate::findings::episode::Draft;
use crate::findings::text;
use crate::ha::cause::{Features, likelihoods};
use crate::ha::cold::Below;
use crate::ha::course::Course;
use crate::ha::rivals::Unregulated;
use crate::ha::room::HotRoom;
use crate::ha::sign::{self, Sign};
use crate::heat::of_heat;
use crate::machine::Machine;
use crate::sd::day::{Day, start_of};
use crate::sd::feature::Feature;
use crate::service::figures::energy_evidence;

/// A name is given up when its likelihood has stayed below this for days, see [`Episodes::gives_up`](crate::findings::episode::Episodes::gives_up).
pub(crate) const NAME_KEPT: f64 = 0.15;
/// A cause less likely than this is not named at all: what is seen is then of some other cause.
pub(crate) const NAMED_FROM: f64 = 0.25;
/// One that is at least this share as likely as the named one is named beside it.
const AS_LIKELY: f64 = 0.6;
/// Excess from which a machine counts as hot, K.
const HOT_FROM_K: f64 = 1.5;
/// A customer hears of a cause only when it is more likely than all others together.
pub(crate) const ADVISED_FROM: f64 = 0.5;

/// An episode that was spoken of today.
pub(crate) type Spoken = (FindingKind, FaultCode);

/// Reads every symptom of the catalogue off a machine's courses.
pub(crate) fn signs<'a>(
    speaker: &Speaker<'a>,
    machine: &mut Machine,
    today: Day,
    hot_room: Option<&HotRoom>,
    unregulated: Option<&Unregulated>,
) -> Vec<Sign<'a>> {
    let room = room_sign(speaker, machine, today, hot_room);
    let of_feature = |feature: Feature| speaker.catalogue.symptoms.iter().find(|s| s.feature == feature.name());
    let valve = of_feature(Feature::Unregulated)
        .and_then(|symptom| sign::of_ratio(&mut machine.unregulated, symptom, unregulated.map(|u| u.log_ratio), today));
    let read = |symptom: &'a Symptom| {
        let feature = Feature::from_name(&symptom.feature)?;
        if feature == Feature::LoadShare {
            return load_sign(&mut machine.courses, symptom, today);
        }
        let course = machine.courses.iter_mut().find(|c| c.feature == feature)?;
        sign::read(course, symptom, today)
    };
    // What explains other symptoms as well comes first, and so does what a customer may hear of.
    let below = machine.cold.below().zip(of_feature(Feature::SettledDischarge));
    let cold = |first: bool| {
        below
            .filter(|(below, _)| (below.is_now() && below.advised) == first)
            .map(|(below, symptom)| below.sign(symptom))
    };
    let (first, last) = (cold(true), cold(false));
    let read = speaker.catalogue.symptoms.iter().filter_map(read);
    first.into_iter().chain(valve).chain(room).chain(read).chain(last).collect()
}

/// The load of all hours, read off the courses of the quiet and of the busy ones; the latter keeps what is said of it.
fn load_sign<'a>(courses: &mut [Course], symptom: &'a Symptom, today: Day) -> Option<Sign<'a>> {
    let quiet = courses.iter().find(|c| c.feature == Feature::QuietLoadShare)?.clone();
    let busy = courses.iter_mut().find(|c| c.feature == Feature::BusyLoadShare)?;
    let mut both = quiet.mean_with(busy, Feature::LoadShare);
    let sign = sign::read(&mut both, symptom, today);
    busy.holds = both.holds;
    sign
}

/// A room that has become hot, as a symptom of each machine in it.
fn room_sign<'a>(
    speaker: &Speaker<'a>,
    machine: &mut Machine,
    today: Day,
    hot_room: Option<&HotRoom>,
) -> Option<Sign<'a>> {
    let room = machine.hot_room.standing(hot_room)?;
    let feature = room.feature();
    let symptom = speaker.catalogue.symptoms.iter().find(|s| s.feature == feature.name())?;
    let sign = sign::of_room(&mut machine.hot_room.hold, symptom, &room, hot_room.is_some(), today);
    machine.hot_room.keep(sign.as_ref().map(|_| room));
    sign
}

/// Enters the machine's courses among the features: each level, and its change from the own normal.
pub(crate) fn set_features(features: &mut Features, machine: &Machine, today: Day) {
    for course in &machine.courses {
        if course.feature.is_count() {
            features.set(course.feature.name(), Some(course.recent_sum(today)).filter(|events| *events > 0.0));
            continue;
        }
        // Low oil leaves days, not weeks, and ripple is what tells it from the other causes of a hot discharge.
        let quick = course.feature == Feature::Ripple;
        let level = if quick { course.least_of_two(today, 1.0) } else { course.level(today) };
        let Some(level) = level else { continue };
        features.set(course.feature.name(), Some(course.scale().shown(level)));
        features.set(course.feature.change_name(), course.normal(0.0).map(|normal| level - normal.mean));
    }
    let counted = |feature: Feature| features.get(feature.name()).unwrap_or(0.0);
    let (gone, stayed) = (counted(Feature::HotReturns), counted(Feature::HotStays));
    features.set("heat_stays_share", Some(stayed / (gone + stayed)).filter(|_| gone + stayed > 0.0));
}

impl Speaker<'_> {
    /// Says what each symptom means; returns the episodes that were spoken of.
    pub(crate) fn symptoms(
        &self,
        machine: &mut Machine,
        today: Day,
        signs: &[Sign<'_>],
        features: &Features,
        out: &mut Vec<Finding>,
    ) -> Vec<Spoken> {
        let mut spoken: Vec<Spoken> = Vec::new();
        for sign in signs {
            let known = self.told_by(sign, features);
            let causes =
                self.that_explain_heat(machine, sign, &known, likelihoods(self.catalogue, &sign.symptom.code, &known));
            // A symptom that a fault already named explains as well makes no second finding.
            if causes.iter().any(|c| c.likelihood > NAME_KEPT && spoken.iter().any(|(_, fault)| *fault == c.fault)) {
                continue;
            }
            // A cooler at its end lets a machine touch the limit within minutes, and the same visit is due.
            let is_clogged = || machine.episodes.is_told(&FaultCode::COOLER_CLOGGING);
            if is_of(sign, Feature::HotExcursions) && is_clogged() && !self.is_explained(machine, sign.symptom) {
                continue;
            }
            // Stuck part-way, it leaves a machine cold in cold weather as well.
            if is_of(sign, Feature::SettledDischarge) && machine.episodes.is_named(&FaultCode::THERMOSTATIC_VALVE) {
                continue;
            }
            let Some((fault, likelihood)) = self.name_of(machine, sign, &causes, today) else { continue };
            let mut draft = self.symptom_draft(machine, sign, (fault, likelihood), &causes);
            let since = Some(start_of(sign.since));
            if let Some(below) = machine.cold.below().filter(|_| is_of(sign, Feature::SettledDischarge)) {
                draft.text =
                    text::too_cold(&below, &text::because(text::name(self.catalogue, &draft.fault), draft.likelihood));
                draft.evidence = cold_evidence(&below);
            }
            let priced = energy_evidence((&draft.fault, &draft.evidence), machine, today, &self.energy, since);
            draft.evidence.extend(priced);
            spoken.push((draft.kind, draft.fault.clone()));
            machine.episodes.say(self.at, self.id, draft, out);
        }
        spoken
    }

    /// Whether a fault that explains a symptom is already named.
    fn is_explained(&self, machine: &Machine, symptom: &Symptom) -> bool {
        let explains = |fault: &&Fault| fault.explains(&symptom.code);
        self.catalogue.faults.iter().filter(explains).any(|fault| machine.episodes.is_named(&fault.code))
    }

    /// Of a machine that is hot and, within days, unsteady, what explains the one must explain the other: each cause is as likely
    /// as it is of both.
    fn that_explain_heat(
        &self,
        machine: &Machine,
        sign: &Sign<'_>,
        known: &Features,
        mut causes: Vec<Alternative>,
    ) -> Vec<Alternative> {
        if !sign.symptom.quick || known.get("discharge_excess_k").is_none_or(|k| k < HOT_FROM_K) {
            return causes;
        }
        let of_heat = likelihoods(self.catalogue, Catalogue::DISCHARGE_HOT, &of_heat(machine, known));
        for cause in &mut causes {
            let heat = of_heat.iter().find(|c| c.fault == cause.fault).map_or(1.0, |c| c.likelihood);
            cause.likelihood = cause.likelihood.min(heat);
        }
        causes.sort_by(|a, b| b.likelihood.total_cmp(&a.likelihood));
        causes
    }

    /// The features that say something of a symptom's cause. How hot the machine itself is says nothing of its room, and how cold
    /// it is nothing of why.
    fn told_by(&self, sign: &Sign<'_>, features: &Features) -> Features {
        let room = [Feature::AmbientHot, Feature::CommonDischarge];
        let mut known = Features::default();
        if is_of(sign, Feature::SettledDischarge) {
            known.set(LOST_RISE, features.get(LOST_RISE));
        } else if let Some(feature) = room.into_iter().find(|feature| is_of(sign, *feature)) {
            known.set(feature.change_name(), features.get(feature.change_name()));
        } else {
            return features.without(&[LOST_RISE]);
        }
        known
    }

    /// The fault to name: the one already named until it has been implausible for days, else the most likely. Causes that look
    /// alike must not flap: each new name is a new finding, and to a customer another story. What was counted and has not come
    /// again for days says nothing against its name, and nothing for another.
    fn name_of(
        &self,
        machine: &mut Machine,
        sign: &Sign<'_>,
        causes: &[Alternative],
        today: Day,
    ) -> Option<(&Fault, f64)> {
        let is_over = sign.log_bf.is_none() && sign.value <= 0.0;
        let mut named = None;
        for cause in causes {
            if !machine.episodes.is_named(&cause.fault) {
                continue;
            }
            let plausible = is_over || cause.likelihood > NAME_KEPT;
            let given_up = machine.episodes.gives_up(&cause.fault, plausible, false, today);
            // What days decide cannot wait for days: low oil leaves no more.
            let kept = plausible || !(sign.symptom.quick || given_up);
            named = named.or(kept.then_some(cause));
        }
        let cause = named.or_else(|| causes.first().filter(|c| !is_over && c.likelihood >= NAMED_FROM))?;
        let fault = self.catalogue.fault(&cause.fault).filter(|f| f.explains(&sign.symptom.code))?;
        Some((fault, cause.likelihood))
    }

    /// The name of a cause, with that of another that is nearly as likely: what cannot be told apart is not.
    pub(crate) fn either(&self, fault: &Fault, likelihood: f64, causes: &[Alternative]) -> String {
        let as_likely = |c: &&Alternative| c.fault != fault.code && c.likelihood >= AS_LIKELY * likelihood;
        let other = causes.iter().find(as_likely).and_then(|c| self.catalogue.fault(&c.fault));
        other.map_or_else(|| fault.name.en.clone(), |other| format!("{} or {}", fault.name.en, other.name.en))
    }

    fn symptom_draft(
        &self,
        machine: &Machine,
        sign: &Sign<'_>,
        (fault, likelihood): (&Fault, f64),
        causes: &[Alternative],
    ) -> Draft {
        let predicts = fault.forecast && sign.symptom.limit.is_some();
        let since = start_of(sign.since);
        let forecast = sign.forecast.as_ref().filter(|_| predicts);
        let rul = forecast.map(|(_, passage)| passage.rul_days());
        let scaled =
            |c: &Alternative| Alternative { fault: c.fault.clone(), likelihood: c.likelihood * sign.certainty };
        let alternatives: Vec<Alternative> =
            causes.iter().filter(|c| c.fault != fault.code).map(scaled).filter(|a| a.likelihood > 0.005).collect();
        let kind = if predicts { FindingKind::Prediction } else { FindingKind::Anomaly };
        // A new story for a customer needs a cause that is more likely than not today; one that is being told lasts as long as
        // what is seen and its name do.
        let is_likely = likelihood * sign.certainty >= ADVISED_FROM;
        // A room that becomes hot heats a machine within days and opens its valve, and an open valve lets load cycles through:
        // that is all that oil running out shows, where nothing tells of the room.
        let may_be_room = sign.symptom.quick && !machine.health.source.tells_the_room();
        let grade =
            if machine.episodes.is_told(&fault.code) || is_likely && !may_be_room { sign.grade } else { Grade::Watch };
        let seen = text::Seen {
            what: &sign.symptom.what.en,
            value: sign.value,
            normal: sign.normal,
            unit: Feature::from_name(&sign.symptom.feature).map_or("1", Feature::unit),
            since,
            sudden: sign.sudden,
            counted: sign.log_bf.is_none(),
            is_fact: is_of(sign, Feature::Unregulated),
        };
        Draft {
            kind,
            fault: fault.code.clone(),
            subject: 0,
            grade,
            likelihood: likelihood * sign.certainty,
            alternatives,
            rul_days: rul,
            probability_within: forecast.map(|(_, passage)| passage.probability_within(sign.certainty)),
            limit: forecast
                .zip(sign.symptom.limit)
                .map(|((value, _), limit)| Limit { signal: limit.signal, value: *value }),
            evidence: evidence(sign, seen.unit),
            text: text::symptom(
                &seen,
                &text::because(&self.either(fault, likelihood, causes), likelihood),
                // Nobody waits for a date of the weather's.
                fault.forecast || fault.subsystem == "surroundings",
                forecast.map(|(limit, _)| *limit),
                rul.as_ref(),
            ),
        }
    }
}

fn is_of(sign: &Sign<'_>, feature: Feature) -> bool {
    sign.symptom.feature == feature.name()
}

/// What a machine below its lower limit is told with.
fn cold_evidence(below: &Below) -> Vec<Evidence> {
    let item = |feature: &str, value: f64, unit: &str| Evidence {
        feature: feature.to_owned(),
        value,
        unit: unit.to_owned(),
        change_per_day: None,
        since: Some(start_of(below.since)),
    };
    let mut evidence = vec![
        item(Feature::SettledDischarge.name(), below.td_c, Feature::SettledDischarge.unit()),
        item("lower_limit_c", below.limit_c, "Cel"),
    ];
    evidence.extend(Some(item(LOST_RISE, below.lost_k, "K")).filter(|_| below.lost_k > 0.0));
    evidence
}

fn evidence(sign: &Sign<'_>, unit: &str) -> Vec<Evidence> {
    let since = Some(start_of(sign.since));
    let item = |feature: &str, value: f64, unit: &str, change_per_day: Option<f64>| Evidence {
        feature: feature.to_owned(),
        value,
        unit: unit.to_owned(),
        change_per_day,
        since,
    };
    let trend = Some(sign.per_day).filter(|_| !sign.sudden && sign.log_bf.is_some());
    let mut evidence = vec![item(&sign.symptom.feature, sign.value, unit, trend)];
    if let Some(log_bf) = sign.log_bf {
        evidence.push(item("own_normal", sign.normal, unit, None));
        evidence.push(item("onset_step_share", sign.step_share, "1", None));
        evidence.push(item("log_bayes_factor", log_bf, "1", None));
    }
    evidence
}

#[cfg(test)]
mod tests {
    use foretell_model::{MachineId, Status, Timestamp};

    use super::*;
    use crate::engine::{EngineOptions, speaker};
    use crate::ha::points::AmbientSource;

    const VALVE: &str = "thermostatic_valve";
    const OPEN: &str = "thermostatic_valve_open";

    /// What a symptom is said to be on days on which `VALVE` is as likely as this and `OPEN` as likely as the rest: the
    /// identities and grades, day by day. The symptom holds a grade to advise, with this certainty.
    fn said(symptom: &str, valve: &[f64], certainty: f64) -> Vec<String> {
        let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue");
        let options = EngineOptions { catalogue, ..EngineOptions::default() };
        let symptom = options.catalogue.symptoms.iter().find(|s| s.code == symptom).expect("a shipped symptom");
        let id = MachineId::new("s", "m").expect("an identity");
        let (mut machine, mut out) = (Machine::default(), Vec::new());
        for (day, valve) in (100..).zip(valve) {
            let speaker = speaker(&options, &id, Timestamp::from_millis(0).plus_days(f64::from(day)));
            let cause = |fault: &str, likelihood| Alternative { fault: FaultCode::new(fault).unwrap(), likelihood };
            let mut causes = vec![cause(VALVE, *valve), cause(OPEN, 1.0 - valve)];
            causes.sort_by(|a, b| b.likelihood.total_cmp(&a.likelihood));
            let sign = Sign {
                symptom,
                grade: Grade::Advise,
                certainty,
                value: 9.0,
                normal: 0.0,
                per_day: 0.0,
                since: 90,
                sudden: true,
                step_share: 1.0,
                log_bf: Some(9.0),
                forecast: None,
            };
            let (fault, likelihood) =
                speaker.name_of(&mut machine, &sign, &causes, day).expect("one of the two is likely");
            let draft = speaker.symptom_draft(&machine, &sign, (fault, likelihood), &causes);
            machine.episodes.say(speaker.at, &id, draft, &mut out);
            speaker.clear_where(&mut machine, |_, open| *open != fault.code, "it is another", &mut out);
        }
        out.iter()
            .filter(|f| f.status != Status::Cleared)
            .map(|f| format!("{}/{} {}", f.fault, f.id.as_str().rsplit('/').next().unwrap_or(""), f.grade.name()))
            .collect()
    }

    #[test]
    fn causes_that_look_alike_do_not_take_turns() {
        let turns = said("regulation_lost", &[0.9, 0.05, 0.9, 0.05, 0.05, 0.9, 0.05, 0.05, 0.05, 0.8], 1.0);
        assert!(turns.iter().all(|said| said.starts_with("thermostatic_valve/1 ")), "{turns:?}");
        // What stays implausible is given up.
        let given_up = said("regulation_lost", &[0.9, 0.05, 0.05, 0.05, 0.05, 0.05], 1.0);
        let names: Vec<&str> = given_up.iter().map(|said| said.split('/').next().unwrap_or("")).collect();
        assert_eq!(names, [VALVE, VALVE, VALVE, VALVE, OPEN, OPEN]);
    }

    #[test]
    fn what_was_counted_and_has_not_come_again_keeps_its_name_and_gets_no_other() {
        let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue");
        let options = EngineOptions { catalogue, ..EngineOptions::default() };
        let id = MachineId::new("s", "m").expect("an identity");
        let symptom =
            options.catalogue.symptoms.iter().find(|s| s.code == "hot_excursions").expect("a shipped symptom");
        let speaker = speaker(&options, &id, Timestamp::from_millis(0).plus_days(100.0));
        let cause = |fault: &str, likelihood| Alternative { fault: FaultCode::new(fault).unwrap(), likelihood };
        let causes = [cause("low_oil", 0.6), cause("cooling_fan", 0.02)];
        let name = |machine: &mut Machine, value: f64| {
            let sign = Sign {
                symptom,
                grade: Grade::Advise,
                certainty: 1.0,
                value,
                normal: 0.0,
                per_day: 0.0,
                since: 90,
                sudden: true,
                step_share: 1.0,
                log_bf: None,
                forecast: None,
            };
            speaker.name_of(machine, &sign, &causes, 100).map(|(fault, _)| fault.code.as_str().to_owned())
        };
        let (mut machine, mut out) = (Machine::default(), Vec::new());
        assert_eq!(name(&mut machine, 2.0).as_deref(), Some("low_oil"));
        assert_eq!(name(&mut machine, 0.0), None);
        let draft = Draft::plain(FindingKind::Anomaly, FaultCode::new("cooling_fan").unwrap(), 0.9, String::new());
        machine.episodes.say(speaker.at, &id, draft, &mut out);
        assert_eq!(name(&mut machine, 0.0).as_deref(), Some("cooling_fan"));
    }

    #[test]
    fn unrest_of_a_machine_whose_air_nobody_knows_is_watched() {
        let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue");
        let options = EngineOptions { catalogue, ..EngineOptions::default() };
        let id = MachineId::new("s", "m").expect("an identity");
        let speaker = speaker(&options, &id, Timestamp::from_millis(0).plus_days(100.0));
        let find = |code: &str| options.catalogue.symptoms.iter().find(|s| s.code == code).expect("a shipped symptom");
        let causes = [Alternative { fault: FaultCode::new("low_oil").unwrap(), likelihood: 0.7 }];
        let fault = options.catalogue.fault(&causes[0].fault).expect("a shipped fault");
        let grade = |source: AmbientSource| {
            let mut machine = Machine::default();
            machine.health.source = source;
            let sign = Sign {
                symptom: find("discharge_unsteady"),
                grade: Grade::Advise,
                certainty: 1.0,
                value: 3.8,
                normal: 1.7,
                per_day: 0.0,
                since: 98,
                sudden: true,
                step_share: 1.0,
                log_bf: Some(84.0),
                forecast: None,
            };
            speaker.symptom_draft(&machine, &sign, (fault, 0.7), &causes).grade
        };
        assert_eq!(grade(AmbientSource::Own), Grade::Advise);
        assert_eq!(grade(AmbientSource::SiblingTemperatures), Grade::Advise);
        assert_eq!(grade(AmbientSource::Season), Grade::Watch);
    }

    #[test]
    fn one_lasting_fault_under_causes_that_take_turns_has_two_names_at_most() {
        // Each of two causes leads for five days, longer than a name is kept in doubt: for four months.
        let turns: Vec<f64> = (0..120).map(|day| if (day / 5_u32).is_multiple_of(2) { 0.92 } else { 0.08 }).collect();
        let mut names: Vec<String> =
            said("regulation_lost", &turns, 1.0).iter().filter_map(|s| Some(s.split_once(' ')?.0.to_owned())).collect();
        names.dedup();
        assert_eq!(names, ["thermostatic_valve/1", "thermostatic_valve_open/1"]);
    }

    #[test]
    fn a_new_story_is_advised_only_when_it_is_likelier_than_not() {
        assert_eq!(said("regulation_lost", &[0.9], 0.4), ["thermostatic_valve/1 watch"]);
        assert_eq!(said("regulation_lost", &[0.9], 0.9), ["thermostatic_valve/1 advise"]);
    }
}
