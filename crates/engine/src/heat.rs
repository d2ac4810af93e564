//! What a hot discharge is said to be: the sensor first, then the machine, and names that do not flap.

use std::borrow::Cow;

use foretell_model::{
    Alternative, Catalogue, Evidence, FaultCode, Finding, FindingKind, Grade, Limit, Signal, Timestamp,
};

use crate::conclude::{Speaker, tells_a_cause};
use crate::diagnose::{ADVISED_FROM, NAME_KEPT, NAMED_FROM, Spoken};
use crate::dm::sensors::TD;
use crate::findings::episode::{Draft, Episode};
use crate::findings::text;
use crate::ha::assess::Judgement;
use crate::ha::baseline::ua_loss;
use crate::ha::cause::{Features, likelihoods};
use crate::ha::points::AmbientSource;
use crate::machine::Machine;
use crate::sd::day::{Day, start_of};
use crate::sd::feature::Feature;

/// From this likelihood on a sensor is suspected beside the fault that it would feign.
const SUSPECTED_FROM: f64 = 0.3;
/// Of likelihoods, sensor over fault: where a fault is held back before it is advised, where one that was advised is taken
/// back, and where one that is held back no longer is.
const HOLDS: f64 = 0.6;
const TAKES_BACK: f64 = 4.0;
const KEEPS_HOLDING: f64 = 0.7;
/// Log likelihood ratio from which cold stops are quoted against a sensor.
const SOAK_TELLS: f64 = 2.0;
/// A watched name also gives way to one that is more likely by this much.
const OVERTAKES_BY: f64 = 0.3;
/// A name less likely than this is no name for what stops a machine within days: whoever drives there brings the wrong parts.
const REFUTED: f64 = 0.02;
const SURE: f64 = 0.9;

impl Speaker<'_> {
    /// Says what a hot discharge means; returns the episodes that were spoken of. A fault that other symptoms have named
    /// already explains it as well and is not named twice.
    ///
    /// A sensor that may drift is said beside the fault that it would feign: a warning that was owed to a customer costs more
    /// than a look at a thermometer. While it is at least as likely as the fault, the fault stays inside the company, and the
    /// look at the thermometer is what is advised.
    pub(crate) fn thermal(
        &self,
        machine: &mut Machine,
        today: Day,
        judgement: &Judgement,
        known: &Features,
        before: &[Spoken],
        out: &mut Vec<Finding>,
    ) -> Vec<Spoken> {
        let causes = likelihoods(self.catalogue, Catalogue::DISCHARGE_HOT, &of_heat(machine, known));
        let Some(grade) = machine.grade.observe(judgement, self.policy) else { return Vec::new() };
        let (sensors, faults): (Vec<Alternative>, Vec<Alternative>) =
            causes.iter().cloned().partition(|a| self.kind_of(&a.fault) == FindingKind::SensorFault);
        let sensor = sensors.into_iter().next().filter(|a| a.likelihood >= self.suspected_from(machine, &a.fault));
        let leading = faults.first().map_or(0.0, |a| a.likelihood);
        let is_first =
            sensor.as_ref().is_some_and(|a| a.likelihood >= self.held_from(machine, &a.fault, known) * leading);
        // A customer is not told of a cause that is less likely than all others together; that the machine stops within days
        // is told whatever the cause, and what was told is not taken back for a day's doubt of its name.
        let is_told = faults.iter().any(|a| machine.episodes.is_told(&a.fault));
        // Nor does a name that nobody heard take over a grade that another was given.
        let is_doubtful = leading < ADVISED_FROM || !machine.grade.asks();
        let grade_of_fault = if is_doubtful && grade == Grade::Advise && !is_told { Grade::Watch } else { grade };
        let (of_sensor, of_fault) =
            if is_first { (grade.min(Grade::Advise), Grade::Watch) } else { (Grade::Watch, grade_of_fault) };
        let fault =
            self.hot_cause(machine, of_fault, &faults, before, today).filter(|f| !before.iter().any(|(_, b)| b == f));
        let mut spoken = Vec::new();
        for (fault, grade) in sensor.map(|a| (a.fault, of_sensor)).into_iter().chain(fault.map(|f| (f, of_fault))) {
            let kind = self.kind_of(&fault);
            let draft = self.thermal_draft(judgement, kind, grade, fault.clone(), known, &causes);
            machine.episodes.say(self.at, self.id, draft, out);
            spoken.push((kind, fault));
        }
        spoken
    }

    /// So many times as likely as the leading fault a sensor must be for the fault to be held back. What has been advised
    /// already is not taken back for a toss-up, be it the fault or the sensor; and a fault not by the shape of the hinge alone, which is
    /// never quite right, but only where the cold machine shows the same.
    fn held_from(&self, machine: &Machine, sensor: &FaultCode, known: &Features) -> f64 {
        let advised = |of_sensor: bool| {
            let heat = |e: &&Episode| e.fault().is_some_and(|f| (f == *sensor) == of_sensor && self.is_thermal(&f));
            let open = machine.episodes.iter().filter(|e| tells_a_cause(&machine.sensors, e)).filter(heat);
            open.map(Episode::grade).any(|grade| grade >= Grade::Advise)
        };
        match (advised(true), advised(false)) {
            (true, _) => KEEPS_HOLDING,
            (false, true) if known.get("soak_log_ratio").is_some_and(|ratio| ratio > SOAK_TELLS) => TAKES_BACK,
            (false, true) => f64::INFINITY,
            (false, false) => HOLDS,
        }
    }

    /// Likelihood from which a sensor is suspected; one that is already is not acquitted by as little.
    fn suspected_from(&self, machine: &Machine, fault: &FaultCode) -> f64 {
        let open = machine.episodes.iter().filter(|e| tells_a_cause(&machine.sensors, e));
        if open.filter(|e| e.kind() == FindingKind::SensorFault).any(|e| e.fault().as_ref() == Some(fault)) {
            NAME_KEPT
        } else {
            SUSPECTED_FROM
        }
    }

    /// The cause to name of a hot discharge: the one already named unless it has become implausible for days.
    ///
    /// What a customer may have heard is given up slowly. What has stayed inside the company gives way to a likelier name at
    /// once almost: low oil leaves days, and a first guess must not eat them.
    fn hot_cause(
        &self,
        machine: &mut Machine,
        grade: Grade,
        causes: &[Alternative],
        spoken: &[Spoken],
        today: Day,
    ) -> Option<FaultCode> {
        let leading = causes.first()?;
        let likelihood_of = |code: &FaultCode| causes.iter().find(|a| a.fault == *code).map_or(0.0, |a| a.likelihood);
        let open = machine.episodes.iter().filter(|e| tells_a_cause(&machine.sensors, e));
        // What another symptom was named for is taken over only while the heat speaks for it as well.
        let is_of_heat =
            |e: &&Episode| e.fault().is_some_and(|f| e.kind() == self.kind_of(&f) || likelihood_of(&f) > NAME_KEPT);
        let open = open.filter(|e| e.kind() != FindingKind::SensorFault).filter(is_of_heat).filter_map(|e| e.fault());
        let named = open.filter(|code| self.is_thermal(code)).find(|code| !spoken.iter().any(|(_, f)| f == code));
        let Some(named) = named else {
            // What another symptom has been named for makes a machine hot as well.
            let told = |a: &Alternative| a.likelihood > NAME_KEPT && spoken.iter().any(|(_, f)| *f == a.fault);
            // That the machine stops within days is told whatever the cause.
            let worth = leading.likelihood >= NAMED_FROM || grade == Grade::Urgent;
            return Some(leading.fault.clone()).filter(|_| worth && !causes.iter().any(told));
        };
        let kept = likelihood_of(&named);
        let overtaken = grade == Grade::Watch && leading.likelihood - kept >= OVERTAKES_BY;
        let doubted = kept <= NAME_KEPT || overtaken;
        let refuted = grade == Grade::Urgent && kept < REFUTED && leading.likelihood >= SURE;
        let given_up = machine.episodes.gives_up(&named, !doubted, refuted, today);
        Some(if given_up { leading.fault.clone() } else { named })
    }

    /// How a fault is told of: of a sensor, with a date, or without one.
    pub(crate) fn kind_of(&self, code: &FaultCode) -> FindingKind {
        match self.catalogue.fault(code) {
            Some(fault) if fault.subsystem == "instruments" => FindingKind::SensorFault,
            Some(fault) if fault.forecast => FindingKind::Prediction,
            _ => FindingKind::Anomaly,
        }
    }

    fn thermal_draft(
        &self,
        j: &Judgement,
        kind: FindingKind,
        grade: Grade,
        fault: FaultCode,
        known: &Features,
        causes: &[Alternative],
    ) -> Draft {
        let since = start_of(j.onset_day.clamp(0.0, f64::from(Day::MAX)) as Day);
        let rul = j.forecast.as_ref().map(|f| f.rul_days());
        let scaled = |a: &Alternative| Alternative { fault: a.fault.clone(), likelihood: a.likelihood * j.certainty };
        let likelihood = causes.iter().find(|a| a.fault == fault).map_or(0.0, |a| scaled(a).likelihood);
        let alternatives: Vec<Alternative> =
            causes.iter().filter(|a| a.fault != fault).map(scaled).filter(|a| a.likelihood > 0.005).collect();
        let text = if kind == FindingKind::SensorFault {
            let is_cold_too = known.get("soak_log_ratio").is_some_and(|ratio| ratio > SOAK_TELLS);
            text::suspected_drift(j.excess_k, since, is_cold_too)
        } else {
            let because = text::because(text::name(self.catalogue, &fault), likelihood);
            text::prediction(&because, j.excess_k, since, self.limits.warn_c, rul.as_ref())
        };
        let predicted = kind == FindingKind::Prediction;
        Draft {
            kind,
            fault,
            // Of a sensor the place of the discharge's, which is the first.
            subject: TD as u8,
            grade: if predicted || kind == FindingKind::SensorFault { grade } else { Grade::Watch },
            likelihood,
            alternatives,
            rul_days: rul.filter(|_| predicted),
            probability_within: j.forecast.as_ref().map(|f| f.probability_within(j.certainty)).filter(|_| predicted),
            limit: predicted.then_some(Limit { signal: Signal::DischargeTemp, value: self.limits.warn_c }),
            evidence: evidence(j, since),
            text,
        }
    }
}

/// The features that say something of the cause of an excess. One over the machine's own air is not the room's, however warm
/// the room has become.
pub(crate) fn of_heat<'a>(machine: &Machine, known: &'a Features) -> Cow<'a, Features> {
    if machine.health.source == AmbientSource::Own {
        Cow::Owned(known.without(&[Feature::AmbientHot.change_name(), Feature::CommonDischarge.change_name()]))
    } else {
        Cow::Borrowed(known)
    }
}

fn evidence(j: &Judgement, since: Timestamp) -> Vec<Evidence> {
    let item = |feature: &str, value: f64, unit: &str, change_per_day: Option<f64>| Evidence {
        feature: feature.to_owned(),
        value,
        unit: unit.to_owned(),
        change_per_day,
        since: Some(since),
    };
    let loss_per_day = ua_loss(j.excess_k) - ua_loss(j.excess_k - j.rate_k_per_day);
    let mut evidence = vec![
        item("discharge_excess_k", j.excess_k, "K", Some(j.rate_k_per_day)),
        item("cooler_ua_loss", ua_loss(j.excess_k), "1", Some(loss_per_day)),
        item("discharge_excess_sd_k", j.excess_sd_k, "K", None),
        item("onset_step_share", j.step_share, "1", None),
        item("log_bayes_factor", j.log_bf.min(1e6), "1", None),
    ];
    evidence.extend(j.cool_slope.map(|slope| item("regulated_slope_k_per_k", slope, "1", None)));
    evidence.extend(j.hot_ambient_c.map(|ta| item("hot_ambient_c", ta, "Cel", None)));
    evidence
}

#[cfg(test)]
mod tests {
    use foretell_model::{MachineId, Status};

    use super::*;
    use crate::engine::{EngineOptions, speaker};

    /// What a hot machine is said to have on days on which a clogged cooler is as likely as this and a valve as likely as the rest.
    fn names(grade: Grade, cooler: &[f64]) -> Vec<String> {
        let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue");
        let options = EngineOptions { catalogue, ..EngineOptions::default() };
        let id = MachineId::new("s", "m").expect("an identity");
        let (mut machine, mut out) = (Machine::default(), Vec::new());
        for (day, cooler) in (100..).zip(cooler) {
            let speaker = speaker(&options, &id, Timestamp::from_millis(0).plus_days(f64::from(day)));
            let cause = |fault: FaultCode, likelihood| Alternative { fault, likelihood };
            let mut causes =
                vec![cause(FaultCode::COOLER_CLOGGING, *cooler), cause(FaultCode::THERMOSTATIC_VALVE, 1.0 - cooler)];
            causes.sort_by(|a, b| b.likelihood.total_cmp(&a.likelihood));
            let fault = speaker.hot_cause(&mut machine, grade, &causes, &[], day).expect("one of the two is likely");
            let draft = Draft::plain(FindingKind::Prediction, fault.clone(), 0.9, String::new());
            machine.episodes.say(speaker.at, &id, Draft { grade, ..draft }, &mut out);
            speaker.clear_where(&mut machine, |_, open| *open != fault, "it is another", &mut out);
        }
        let opened = out.iter().filter(|f| f.status == Status::Opened);
        opened.map(|f| f.id.as_str().trim_start_matches("s/m/").to_owned()).collect()
    }

    #[test]
    fn causes_that_take_turns_do_not_give_a_lasting_heat_ever_new_names() {
        let turns = |days: usize| -> Vec<f64> {
            (0..120).map(|day| if (day / days).is_multiple_of(2) { 0.95 } else { 0.05 }).collect()
        };
        for (grade, days) in [(Grade::Watch, 1), (Grade::Watch, 3), (Grade::Advise, 3), (Grade::Urgent, 5)] {
            let names = names(grade, &turns(days));
            assert!(names.len() <= 2, "{grade:?}, turns of {days} days: {names:?}");
        }
        // A wrong first guess gives way within two days while only the company has heard of it, else within four.
        let mut wrong = [0.05; 9];
        wrong[0] = 0.95;
        assert_eq!(names(Grade::Watch, &wrong[..2]), ["cooler_clogging/1"]);
        assert_eq!(names(Grade::Watch, &wrong[..3]), ["cooler_clogging/1", "thermostatic_valve/1"]);
        assert_eq!(names(Grade::Advise, &wrong[..4]), ["cooler_clogging/1"]);
        assert_eq!(names(Grade::Advise, &wrong[..5]), ["cooler_clogging/1", "thermostatic_valve/1"]);
        // What stops a machine within days is not told under a name that nothing speaks for.
        assert_eq!(names(Grade::Urgent, &[0.95, 0.005]), ["cooler_clogging/1", "thermostatic_valve/1"]);
        assert_eq!(names(Grade::Advise, &[0.95, 0.005]), ["cooler_clogging/1"]);
    }

    #[test]
    fn what_a_machine_shows_over_its_own_air_is_not_the_rooms() {
        let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue");
        let mut known = Features::default();
        for (name, value) in
            [("discharge_excess_k", 8.0), ("ambient_change_k", 9.0), ("common_discharge_change_k", 4.0)]
        {
            known.set(name, Some(value));
        }
        let first = |source: AmbientSource| {
            let mut machine = Machine::default();
            machine.health.source = source;
            let causes = likelihoods(&catalogue, Catalogue::DISCHARGE_HOT, &of_heat(&machine, &known));
            causes[0].fault.as_str().to_owned()
        };
        assert_eq!(first(AmbientSource::Own), "cooler_clogging");
        assert_eq!(first(AmbientSource::Season), "high_ambient");
    }
}
