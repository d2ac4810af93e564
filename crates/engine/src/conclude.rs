//! What a closed day concludes: a judgement becomes findings.

use foretell_model::{
    Alternative, Catalogue, EnergyProfile, Evidence, FaultCode, Finding, FindingKind, Grade, Limit, Limits, MachineId,
    Signal, Timestamp,
};

use crate::diagnose::{self, Spoken};
use crate::dm::sensors::{Sensors, TD};
use crate::findings::episode::{Draft, Episode, Episodes};
use crate::findings::grade::Policy;
use crate::findings::text;
use crate::ha::assess::Judgement;
use crate::ha::baseline::ua_loss;
use crate::ha::cause::{Features, likelihoods};
use crate::ha::health::Health;
use crate::ha::points::median;
use crate::machine::Machine;
use crate::sd::day::{Day, DayRecord, start_of};
use crate::sd::feature::Feature;
use crate::service::due::{Due, due};
use crate::service::figures::hours_per_day;
use crate::site::HotRoom;

/// A name is given up when its likelihood falls below this.
const NAME_KEPT: f64 = 0.15;
/// It takes so many days in a row to give it up: causes that look alike must not flap.
const DOUBTED_DAYS: u8 = 4;
/// So many while only the company has heard of it, or where another is all but certain.
const QUICK_DAYS: u8 = 2;
const SURE: f64 = 0.85;
/// From this likelihood on a sensor is suspected beside the fault that it would feign.
const SUSPECTED_FROM: f64 = 0.3;
/// A watched name also gives way to one that is more likely by this much.
const OVERTAKES_BY: f64 = 0.3;

/// A cold stop no older than this says what the discharge sensor is worth now, days.
const SOAK_FRESH_DAYS: Day = 8;
/// Excess from which its share in the cold means something, K.
const SOAK_SHARE_FROM_K: f64 = 1.5;

/// What is needed to speak about one machine.
pub(crate) struct Speaker<'a> {
    pub(crate) id: &'a MachineId,
    pub(crate) at: Timestamp,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) policy: &'a Policy,
    pub(crate) limits: Limits,
    pub(crate) energy: EnergyProfile,
}

/// What the siblings tell of a machine's day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SiteView {
    /// How much of the excess they share.
    pub(crate) common_share: Option<f64>,
    /// Whether the room has become hot.
    pub(crate) hot_room: Option<HotRoom>,
}

impl Speaker<'_> {
    /// Concludes the day that ended at `today`.
    pub(crate) fn conclude_day(
        &self,
        machine: &mut Machine,
        today: Day,
        judged: Option<(Health, Judgement)>,
        site: &SiteView,
        out: &mut Vec<Finding>,
    ) {
        let mut known = Features::default();
        diagnose::set_features(&mut known, machine, today);
        set_room(&mut known, site.hot_room.as_ref());
        // What a temperature within minutes of the limit leaves behind: hours of load at a heat that holds, or none.
        known.set("steady_hot_k", steady_hot_k(&machine.days, today));
        let mut thermal = None;
        if let Some((health, judgement)) = judged {
            machine.health = health;
            if let Some(day) = machine.days.last_mut() {
                day.set_excess_k(judgement.excess_k);
            }
            self.observability(machine, &judgement, out);
            set_thermal(&mut known, &judgement, shared(&judgement, site), today);
            set_sensor(&mut known, machine, &judgement, today);
            known.set(
                "oil_hours_share",
                machine.service.oil_hours_share(self.catalogue, machine.sensors.run_hours.counted_h()),
            );
            thermal = Some(judgement);
        }
        let unregulated = thermal.as_ref().and_then(|j| j.unregulated);
        known.set("stuck_above_k", unregulated.map(|u| u.above_k));
        known.set(Feature::Unregulated.name(), unregulated.map(|u| u.log_ratio));
        let signs = diagnose::signs(self, machine, today, site.hot_room.as_ref(), unregulated.as_ref());
        let mut spoken = self.symptoms(machine, today, &signs, &known, out);
        let mut why = "what it rested on is gone";
        let trusted = machine.sensors.trusts_discharge();
        match &thermal {
            _ if !trusted => why = "the discharge sensor itself is wrong",
            Some(judgement) if judgement.dropped_from.is_some() => {
                judgement.dropped_from.into_iter().for_each(|from| machine.health.restart(from));
                machine.grade.reset();
                why = "the machine runs cooler again without a reported repair";
            }
            Some(judgement) => spoken.extend(self.thermal(machine, judgement, &known, &spoken, out)),
            None => {}
        }
        let judged = thermal.is_some() || !trusted;
        let over = |kind: FindingKind, fault: &FaultCode| {
            (judged || !self.is_thermal(fault)) && !spoken.iter().any(|(k, f)| *k == kind && f == fault)
        };
        self.clear_where(machine, over, why, out);
        self.service(machine, today, out);
    }

    /// Ends the predictions and anomalies that `over` picks, because the ground they stood on has changed.
    pub(crate) fn clear_where(
        &self,
        machine: &mut Machine,
        over: impl Fn(FindingKind, &FaultCode) -> bool,
        why: &str,
        out: &mut Vec<Finding>,
    ) {
        let episodes = machine.episodes.iter().filter(|e| tells_a_cause(&machine.sensors, e));
        let open: Vec<(Spoken, u8)> = episodes
            .filter_map(|e| Some(((e.kind(), e.fault()?), e.subject())))
            .filter(|((kind, fault), _)| over(*kind, fault))
            .collect();
        for ((kind, fault), subject) in open {
            let text = format!("The finding of {} no longer holds: {why}.", text::name(self.catalogue, &fault));
            let draft = Draft { subject, ..Draft::plain(kind, fault, 0.0, text) };
            machine.episodes.clear(self.at, self.id, draft, out);
        }
    }

    /// Whether a hot discharge is how a fault shows.
    pub(crate) fn is_thermal(&self, fault: &FaultCode) -> bool {
        self.catalogue.fault(fault).is_some_and(|f| f.explains(Catalogue::DISCHARGE_HOT))
    }

    fn observability(&self, machine: &mut Machine, judgement: &Judgement, out: &mut Vec<Finding>) {
        let fault = FaultCode::COOLER_CLOGGING;
        let open = machine.episodes.is_open(FindingKind::Observability, &fault, 0);
        let learned = machine.health.learned;
        let observable = learned && machine.health.observable;
        let text = if !learned {
            format!(
                "The cooler cannot be judged yet: {} known with enough loaded running, 10 days are needed.",
                text::count(judgement.hot_days as i64, "day is", "days are")
            )
        } else if observable {
            "The cooler can be judged again: the hot hours now show what it can do.".to_owned()
        } else {
            "The cooler cannot be judged now: it has not been hot enough for the thermostatic valve to open fully."
                .to_owned()
        };
        let draft = Draft::plain(FindingKind::Observability, fault, 1.0, text);
        if observable && open {
            machine.episodes.clear(self.at, self.id, draft, out);
        } else if !observable && !open {
            machine.episodes.say(self.at, self.id, draft, out);
        }
    }

    /// Says what a hot discharge means; returns the episodes that were spoken of. A fault that other symptoms have named
    /// already explains it as well and is not named twice.
    ///
    /// A sensor that may drift is said beside the fault and not in its place: a warning that was owed to a customer costs
    /// more than a look at a thermometer. Only where it is all but sure does the fault stay inside the company.
    fn thermal(
        &self,
        machine: &mut Machine,
        judgement: &Judgement,
        known: &Features,
        before: &[Spoken],
        out: &mut Vec<Finding>,
    ) -> Vec<Spoken> {
        let causes = likelihoods(self.catalogue, Catalogue::DISCHARGE_HOT, known);
        let Some(grade) = machine.grade.observe(judgement, self.policy) else { return Vec::new() };
        let (sensors, faults): (Vec<Alternative>, Vec<Alternative>) =
            causes.iter().cloned().partition(|a| self.kind_of(&a.fault) == FindingKind::SensorFault);
        let sensor = sensors.into_iter().next().filter(|a| a.likelihood >= self.suspected_from(machine, &a.fault));
        let drifts = sensor.as_ref().is_some_and(|a| a.likelihood > SURE);
        let grade = if drifts { Grade::Watch } else { grade };
        let fault = self.hot_cause(machine, grade, &faults, before).filter(|f| !before.iter().any(|(_, b)| b == f));
        let mut spoken = Vec::new();
        for fault in sensor.map(|a| a.fault).into_iter().chain(fault) {
            let kind = self.kind_of(&fault);
            let draft = self.thermal_draft(judgement, kind, grade, fault.clone(), &causes);
            machine.episodes.say(self.at, self.id, draft, out);
            spoken.push((kind, fault));
        }
        spoken
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
    ) -> Option<FaultCode> {
        let leading = causes.first()?;
        let likelihood_of = |code: &FaultCode| causes.iter().find(|a| a.fault == *code).map_or(0.0, |a| a.likelihood);
        let open = machine.episodes.iter().filter(|e| tells_a_cause(&machine.sensors, e));
        let open = open.filter(|e| e.kind() != FindingKind::SensorFault).filter_map(|e| e.fault());
        let named = open.filter(|code| self.is_thermal(code)).find(|code| !spoken.iter().any(|(_, f)| f == code));
        let Some(named) = named else {
            machine.doubted_days = 0;
            // What another symptom has been named for makes a machine hot as well.
            let told = |a: &Alternative| a.likelihood > NAME_KEPT && spoken.iter().any(|(_, f)| *f == a.fault);
            return Some(leading.fault.clone()).filter(|_| !causes.iter().any(told));
        };
        let kept = likelihood_of(&named);
        let overtaken = grade == Grade::Watch && leading.likelihood - kept >= OVERTAKES_BY;
        let doubted = kept <= NAME_KEPT || overtaken;
        machine.doubted_days = if doubted { machine.doubted_days + 1 } else { 0 };
        let patience = if grade == Grade::Watch || leading.likelihood > SURE { QUICK_DAYS } else { DOUBTED_DAYS };
        if machine.doubted_days < patience {
            return Some(named);
        }
        machine.doubted_days = 0;
        Some(leading.fault.clone())
    }

    /// How a fault is told of: of a sensor, with a date, or without one.
    fn kind_of(&self, code: &FaultCode) -> FindingKind {
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
        causes: &[Alternative],
    ) -> Draft {
        let since = start_of(j.onset_day.clamp(0.0, f64::from(Day::MAX)) as Day);
        let rul = j.forecast.as_ref().map(|f| f.rul_days());
        let scaled = |a: &Alternative| Alternative { fault: a.fault.clone(), likelihood: a.likelihood * j.certainty };
        let likelihood = causes.iter().find(|a| a.fault == fault).map_or(0.0, |a| scaled(a).likelihood);
        let alternatives: Vec<Alternative> =
            causes.iter().filter(|a| a.fault != fault).map(scaled).filter(|a| a.likelihood > 0.005).collect();
        let text = if kind == FindingKind::SensorFault {
            text::suspected_drift(j.excess_k, since)
        } else {
            text::prediction(text::name(self.catalogue, &fault), j.excess_k, since, self.limits.warn_c, rul.as_ref())
        };
        let predicted = kind == FindingKind::Prediction;
        Draft {
            kind,
            fault,
            // Of a sensor the place of the discharge's, which is the first.
            subject: TD as u8,
            grade: if predicted { grade } else { Grade::Watch },
            likelihood,
            alternatives,
            rul_days: rul.filter(|_| predicted),
            probability_within: j.forecast.as_ref().map(|f| f.probability_within(j.certainty)).filter(|_| predicted),
            limit: predicted.then_some(Limit { signal: Signal::DischargeTemp, value: self.limits.warn_c }),
            evidence: evidence(j, since),
            text,
        }
    }

    fn service(&self, machine: &mut Machine, today: Day, out: &mut Vec<Finding>) {
        machine.service.pace.close_day(today, machine.sensors.run_hours.counted_h());
        if machine.days.len() < 7 {
            return;
        }
        let (run_h_per_day, _) = hours_per_day(&machine.days);
        let pace = machine.service.pace.expected(run_h_per_day);
        let is_open = |episodes: &Episodes, fault: &FaultCode| episodes.is_open(FindingKind::MaintenanceDue, fault, 0);
        let hours = &machine.sensors.run_hours;
        let tasks = due(&machine.service, self.catalogue, hours, &pace, |fault| is_open(&machine.episodes, fault));
        for Due { draft, due, passed } in tasks {
            let open = is_open(&machine.episodes, &draft.fault);
            // Said when it comes near, once a week after that, and daily when it is there.
            let anew =
                today.is_multiple_of(7) || (!passed && draft.rul_days.is_some_and(|r| r.p50.is_some_and(|d| d < 2.0)));
            if due && (!open || anew) {
                machine.episodes.say(self.at, self.id, draft, out);
            } else if !due && open {
                machine.episodes.clear(self.at, self.id, draft, out);
            }
        }
    }
}

/// Whether an episode explains what a machine does. A drifting sensor is one such cause until the sensors' own checks convict
/// it: from then on the episode is theirs.
fn tells_a_cause(sensors: &Sensors, episode: &Episode) -> bool {
    match episode.kind() {
        FindingKind::Prediction | FindingKind::Anomaly => true,
        FindingKind::SensorFault => {
            let convicted = sensors.troubles()[TD].fault() == Some(FaultCode::SENSOR_DRIFT);
            episode.is_of(&FaultCode::SENSOR_DRIFT, TD as u8) && !convicted
        }
        _ => false,
    }
}

/// Enters what the thermal assessment found among the features.
fn set_thermal(features: &mut Features, j: &Judgement, common_share: Option<f64>, today: Day) {
    features.set("discharge_excess_k", Some(j.excess_k));
    features.set("discharge_excess_rate_k_per_day", Some(j.rate_k_per_day));
    features.set("cooler_ua_loss", Some(ua_loss(j.excess_k)));
    features.set("onset_step_share", Some(j.step_share));
    features.set("site_common_share", common_share);
    // A slope against an ambient that is only inferred is a slope against nothing.
    features.set("regulated_slope_k_per_k", j.cool_slope.filter(|_| j.hot_ambient_c.is_some()));
    features.set("regulated_excess_k", j.cool_excess_k);
    features.set("hot_ambient_c", j.hot_ambient_c);
    features.set("offset_log_ratio", j.rivals.map(|r| r.offset));
    features.set("stuck_log_ratio", j.rivals.map(|r| r.stuck));
    let age_days = (f64::from(today) - j.onset_day).max(1.0);
    features.set("discharge_excess_pace_k_per_day", Some(j.excess_k / age_days));
}

/// How much of the excess is the room's, 0 to 1: what all siblings share, or all of it where the air is not measured and
/// machines that breathe it became hot on one day.
fn shared(j: &Judgement, site: &SiteView) -> Option<f64> {
    let room = site.hot_room.filter(|room| !room.measured && room.rise.log_bf > 0.0);
    let of_room = room.map(|room| (room.rise.rise_k / j.excess_k.max(0.5)).clamp(0.0, 1.0));
    of_room.into_iter().chain(site.common_share).reduce(f64::max)
}

fn set_room(features: &mut Features, hot_room: Option<&HotRoom>) {
    let Some(HotRoom { rise, measured }) = hot_room else { return };
    let name = if *measured { Feature::AmbientHot } else { Feature::CommonDischarge }.change_name();
    features.set(name, Some(rise.rise_k));
}

/// Enters what cold stops say about the discharge sensor: the share of the excess that is there at a cold machine as well.
fn set_sensor(features: &mut Features, machine: &Machine, j: &Judgement, today: Day) {
    let compared = machine.sensors.soak.is_known() && machine.sensors.unchecked_days(today) <= SOAK_FRESH_DAYS;
    let share = (f64::from(machine.sensors.soak.departure_k()) / j.excess_k.max(1.0)).clamp(-0.5, 1.5);
    features.set("soak_shift_share", Some(share).filter(|_| compared && j.excess_k >= SOAK_SHARE_FROM_K));
}

/// How far the hottest loaded hour of the last three days stands above what is usual, K; `None` when there was none.
fn steady_hot_k(days: &[DayRecord], today: Day) -> Option<f64> {
    let recent = days.iter().rev().take_while(|d| d.day + 3 >= today).filter_map(DayRecord::peak_c).reduce(f64::max)?;
    let mut before: Vec<f64> =
        days.iter().rev().filter(|d| d.day + 3 < today && d.day + 12 >= today).filter_map(DayRecord::peak_c).collect();
    median(&mut before).map(|usual| recent - usual)
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
