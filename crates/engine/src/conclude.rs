//! What a closed day concludes: a judgement becomes findings.

use foretell_model::{
    Alternative, Catalogue, EnergyProfile, Evidence, FaultCode, Finding, FindingKind, Grade, Limit, Limits, MachineId,
    Signal, Timestamp,
};

use crate::diagnose::{self, Spoken};
use crate::findings::episode::Draft;
use crate::findings::grade::Policy;
use crate::findings::text;
use crate::ha::assess::Judgement;
use crate::ha::baseline::ua_loss;
use crate::ha::cause::{Features, likelihoods};
use crate::ha::health::Health;
use crate::machine::Machine;
use crate::sd::day::{Day, start_of};
use crate::service::due::{Due, due};
use crate::service::figures::hours_per_day;

/// A name is given up when its likelihood falls below this.
const NAME_KEPT: f64 = 0.15;
/// It takes so many days in a row to give it up: causes that look alike must not flap.
const DOUBTED_DAYS: u8 = 4;

/// What is needed to speak about one machine.
pub(crate) struct Speaker<'a> {
    pub(crate) id: &'a MachineId,
    pub(crate) at: Timestamp,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) policy: &'a Policy,
    pub(crate) limits: Limits,
    pub(crate) energy: EnergyProfile,
}

impl Speaker<'_> {
    /// Concludes the day that ended at `today`. `common_share` is how much of the excess the siblings share.
    pub(crate) fn conclude_day(
        &self,
        machine: &mut Machine,
        today: Day,
        judged: Option<(Health, Judgement)>,
        common_share: Option<f64>,
        out: &mut Vec<Finding>,
    ) {
        let mut known = Features::default();
        diagnose::set_features(&mut known, machine, today);
        let mut thermal = None;
        if let Some((health, judgement)) = judged {
            machine.health = health;
            if let Some(day) = machine.days.last_mut() {
                day.set_excess_k(judgement.excess_k);
            }
            self.observability(machine, &judgement, out);
            set_thermal(&mut known, &judgement, common_share);
            known.set(
                "oil_hours_share",
                machine.service.oil_hours_share(self.catalogue, machine.sensors.run_hours.counted_h()),
            );
            thermal = Some(judgement);
        }
        let signs = diagnose::signs(self, machine, today);
        let mut spoken = self.symptoms(machine, today, &signs, &known, out);
        let mut why = "what it rested on is gone";
        match &thermal {
            Some(judgement) if judgement.dropped_from.is_some() => {
                judgement.dropped_from.into_iter().for_each(|from| machine.health.restart(from));
                machine.grade.reset();
                why = "the machine runs cooler again without a reported repair";
            }
            Some(judgement) => spoken.extend(self.thermal(machine, judgement, &known, &spoken, out)),
            None => {}
        }
        let judged = thermal.is_some();
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
        let episodes = machine.episodes.iter().filter_map(|e| Some((e.kind(), e.fault()?)));
        let open: Vec<Spoken> = episodes
            .filter(|(kind, _)| matches!(kind, FindingKind::Prediction | FindingKind::Anomaly))
            .filter(|(kind, fault)| over(*kind, fault))
            .collect();
        for (kind, fault) in open {
            let text = format!("The finding of {} no longer holds: {why}.", text::name(self.catalogue, &fault));
            machine.episodes.clear(self.at, self.id, Draft::plain(kind, fault, 0.0, text), out);
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

    /// Says what a hot discharge means; returns the episode that was spoken of. A fault that other symptoms have named
    /// already explains it as well and is not named twice.
    fn thermal(
        &self,
        machine: &mut Machine,
        judgement: &Judgement,
        known: &Features,
        spoken: &[Spoken],
        out: &mut Vec<Finding>,
    ) -> Option<Spoken> {
        let causes = likelihoods(self.catalogue, Catalogue::DISCHARGE_HOT, known);
        let grade = machine.grade.observe(judgement, self.policy)?;
        let leading = causes.first()?.fault.clone();
        let likelihood_of = |code: &FaultCode| causes.iter().find(|a| a.fault == *code).map_or(0.0, |a| a.likelihood);
        let concerns = |kind: FindingKind| matches!(kind, FindingKind::Prediction | FindingKind::Anomaly);
        let open = machine.episodes.iter().filter(|e| concerns(e.kind())).filter_map(|e| e.fault());
        let named = open.filter(|code| self.is_thermal(code)).find(|code| !spoken.iter().any(|(_, f)| f == code));
        let doubted = named.as_ref().is_some_and(|code| likelihood_of(code) <= NAME_KEPT);
        machine.doubted_days = if doubted { machine.doubted_days + 1 } else { 0 };
        let fault = named.filter(|_| machine.doubted_days < DOUBTED_DAYS).unwrap_or(leading);
        machine.doubted_days %= DOUBTED_DAYS;
        let foreseen = self.catalogue.fault(&fault).is_some_and(|f| f.forecast);
        let kind = if foreseen { FindingKind::Prediction } else { FindingKind::Anomaly };
        if spoken.iter().any(|(_, named)| *named == fault) {
            return None;
        }
        let draft = self.thermal_draft(judgement, kind, grade, fault.clone(), &causes);
        machine.episodes.say(self.at, self.id, draft, out);
        Some((kind, fault))
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
        let text =
            text::prediction(text::name(self.catalogue, &fault), j.excess_k, since, self.limits.warn_c, rul.as_ref());
        let predicted = kind == FindingKind::Prediction;
        Draft {
            kind,
            fault,
            subject: 0,
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
        for Due { draft, due, passed } in due(&machine.service, self.catalogue, &machine.sensors.run_hours, &pace) {
            let open = machine.episodes.is_open(FindingKind::MaintenanceDue, &draft.fault, 0);
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

/// Enters what the thermal assessment found among the features.
fn set_thermal(features: &mut Features, j: &Judgement, common_share: Option<f64>) {
    features.set("discharge_excess_k", Some(j.excess_k));
    features.set("discharge_excess_rate_k_per_day", Some(j.rate_k_per_day));
    features.set("cooler_ua_loss", Some(ua_loss(j.excess_k)));
    features.set("onset_step_share", Some(j.step_share));
    features.set("site_common_share", common_share);
    // A slope against an ambient that is only inferred is a slope against nothing.
    features.set("regulated_slope_k_per_k", j.cool_slope.filter(|_| j.hot_ambient_c.is_some()));
    features.set("regulated_excess_k", j.cool_excess_k);
    features.set("hot_ambient_c", j.hot_ambient_c);
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
