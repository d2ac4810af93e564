//! What a closed day concludes: a judgement becomes findings.

use foretell_model::{
    Catalogue, EnergyProfile, Fault, FaultCode, Finding, FindingKind, Grade, Limits, MachineId, Timestamp,
};

use crate::diagnose::{self, Spoken};
use crate::dm::channel::Trouble;
use crate::dm::sensors::{Sensors, TD};
use crate::findings::episode::{Draft, Episode, Episodes};
use crate::findings::grade::Policy;
use crate::findings::text;
use crate::ha::assess::Judgement;
use crate::ha::baseline::ua_loss;
use crate::ha::cause::Features;
use crate::ha::cold::{Closed, Stand};
use crate::ha::health::Health;
use crate::ha::points::median;
use crate::ha::rivals::Unregulated;
use crate::ha::room::HotRoom;
use crate::ha::sign::Sign;
use crate::ha::soak::{self, Uncertain};
use crate::machine::Machine;
use crate::sd::day::{Day, DayRecord};
use crate::sd::feature::Feature;
use crate::service::due::{Due, due};
use crate::service::figures::hours_per_day;

/// A cold stop no older than this says what the discharge sensor is worth now, days.
const SOAK_FRESH_DAYS: Day = 8;
/// What is read too high is looked for in the cold from here on, K, and how well it is known.
const SOAK_FROM_K: f64 = 1.0;
const SOAK_SD_K: f64 = 0.5;
const SOAK_SD_SHARE: f64 = 0.2;

/// Log likelihood ratio from which another set point is told from a valve that stands open.
const SET_POINT_TELLS: f64 = 2.0;

/// Symptoms of faults that move the discharge temperature.
const REGULATION: [&str; 5] =
    [Catalogue::DISCHARGE_HOT, "regulation_lost", "cool_hours_cold", "coolest_hour_cold", "settled_cold"];

/// How much less a machine below its lower limit stands above its air than it used to, K.
pub(crate) const LOST_RISE: &str = "lost_rise_k";

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
    /// Log likelihood ratio that the excess is there at a cold machine as well; `None` without cold stops to compare.
    pub(crate) soak_log_ratio: Option<f64>,
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
        let mut thermal = None;
        if let Some((health, judgement)) = judged {
            machine.health = health;
            if let Some(day) = machine.days.last_mut() {
                day.set_excess_k(judgement.excess_k);
            }
            self.observability(machine, &judgement, out);
            thermal = Some(judgement);
        }
        let stands = thermal.as_mut().map_or_else(Vec::new, |judgement| std::mem::take(&mut judgement.stands));
        self.keep_warm(machine, today, &stands, None);
        let known = self.known(machine, today, thermal.as_ref(), site);
        let unregulated = thermal.as_ref().and_then(|j| j.unregulated);
        let mut signs = diagnose::signs(self, machine, today, site.hot_room.as_ref(), unregulated.as_ref());
        // What a customer has heard is not taken back for one more step.
        let is_heard = self.is_heat_told(machine);
        let resettled = thermal.as_ref().and_then(|j| j.resettled).filter(|r| r.is_told() && !is_heard);
        self.doubt_the_valve(machine, &mut signs, resettled.is_some(), unregulated.as_ref());
        let mut spoken = self.symptoms(machine, today, &signs, &known, out);
        self.keep_warm(machine, today, &stands, open_valve(&signs, &spoken, machine));
        let mut why = "what it rested on is gone";
        let trusted = machine.sensors.trusts_discharge();
        match &thermal {
            _ if !trusted => why = "the discharge sensor itself is wrong",
            Some(judgement) if judgement.dropped_from.is_some() => {
                judgement.dropped_from.into_iter().for_each(|from| machine.health.restart(from));
                machine.grade.reset();
                why = "the machine runs cooler again without a reported repair";
            }
            Some(_) if let Some(resettled) = resettled => {
                if resettled.is_lasting() {
                    machine.health.resettle(resettled.from);
                }
                machine.grade.reset();
                why = "the machine is kept at another temperature, by its valve, its controller or its sensor";
            }
            Some(judgement) => spoken.extend(self.thermal(machine, today, judgement, &known, &spoken, out)),
            None => {}
        }
        let judged = thermal.is_some() || !trusted;
        let over = |kind: FindingKind, fault: &FaultCode| {
            (judged || !self.is_thermal(fault)) && !spoken.iter().any(|(k, f)| *k == kind && f == fault)
        };
        self.clear_where(machine, over, why, out);
        self.mark_unwell(machine);
        self.service(machine, today, out);
    }

    /// Whether a customer may have heard why the machine is hot.
    fn is_heat_told(&self, machine: &Machine) -> bool {
        let faults = self.catalogue.faults.iter().filter(|fault| fault.explains(Catalogue::DISCHARGE_HOT));
        faults.map(|fault| &fault.code).any(|fault| machine.episodes.is_told(fault))
    }

    /// What another set point explains better says nothing of the valve, and what it explains as well is watched only, until cooler
    /// weather shows which it is. What a customer has heard already is not taken back for warm days.
    fn doubt_the_valve(
        &self,
        machine: &Machine,
        signs: &mut Vec<Sign<'_>>,
        is_resettled: bool,
        unregulated: Option<&Unregulated>,
    ) {
        let set_ratio = unregulated.map_or(f64::NEG_INFINITY, |u| u.set_ratio);
        if is_resettled {
            signs.retain(|sign| !shows_the_valve(sign));
        } else if !machine.episodes.is_told(&FaultCode::THERMOSTATIC_VALVE_OPEN) {
            signs.retain(|sign| !(shows_the_valve(sign) && set_ratio >= SET_POINT_TELLS));
            let doubted = signs.iter_mut().filter(|sign| shows_the_valve(sign) && set_ratio > -SET_POINT_TELLS);
            doubted.for_each(|sign| sign.grade = Grade::Watch);
        }
    }

    /// Follows whether the valve keeps the machine warm; with what other symptoms have shown of one that stands open, since when
    /// and whether a customer may hear of it.
    fn keep_warm(&self, machine: &mut Machine, today: Day, stands: &[Stand], shown: Option<(Day, bool)>) {
        let Machine { days, health, cold, sensors, episodes, .. } = machine;
        if !health.learned || !sensors.trusts_discharge() {
            return;
        }
        let days = &days[days.partition_point(|d| d.day < health.valid_from)..];
        let is_doubted = episodes.is_named(&FaultCode::THERMOSTATIC_VALVE_OPEN);
        let closed = Closed { days, stands, limits: self.limits, today, is_doubted };
        match shown {
            Some((since, advised)) => cold.adopt(since, advised, &closed),
            None => cold.follow(&closed),
        }
    }

    /// What is known of a machine that tells one cause from another. `judgement` is that of the day, if there is one.
    pub(crate) fn known(
        &self,
        machine: &Machine,
        today: Day,
        judgement: Option<&Judgement>,
        site: &SiteView,
    ) -> Features {
        let mut known = Features::default();
        diagnose::set_features(&mut known, machine, today);
        set_room(&mut known, machine.hot_room.standing(site.hot_room.as_ref()));
        // What a temperature within minutes of the limit leaves behind: hours of load at a heat that holds, or none.
        known.set("steady_hot_k", steady_hot_k(&machine.days, today));
        known.set(LOST_RISE, machine.cold.below().map(|below| below.lost_k));
        let Some(judgement) = judgement else { return known };
        set_thermal(&mut known, judgement, shared(judgement, site), today);
        set_sensor(&mut known, machine, judgement, site, today);
        let oil_hours = machine.service.oil_hours_share(self.catalogue, machine.sensors.run_hours.counted_h());
        known.set("oil_hours_share", oil_hours);
        known.set("stuck_above_k", judgement.unregulated.map(|u| u.above_k));
        known.set(Feature::Unregulated.name(), judgement.unregulated.map(|u| u.log_ratio));
        known
    }

    /// Marks the day that has just closed if the machine's temperature was not that of a machine with a more or less clogged
    /// cooler: siblings that read the room off it must leave the day out.
    fn mark_unwell(&self, machine: &mut Machine) {
        let Machine { days, courses, episodes, sensors, .. } = machine;
        let Some(day) = days.last_mut() else { return };
        let erupted = courses.iter().any(|c| c.feature == Feature::HotExcursions && c.newest() == day.day);
        let is_other = |fault: &Fault| {
            fault.code != FaultCode::COOLER_CLOGGING
                && matches!(fault.subsystem.as_str(), "cooling" | "lubrication")
                && fault.symptoms.iter().any(|symptom| REGULATION.contains(&symptom.as_str()))
        };
        let blamed = |episode: &Episode| {
            episode.grade() >= Grade::Advise
                && matches!(episode.kind(), FindingKind::Prediction | FindingKind::Anomaly)
                && episode.fault().and_then(|code| self.catalogue.fault(&code)).is_some_and(is_other)
        };
        if erupted || sensors.troubles()[TD] != Trouble::None || episodes.iter().any(blamed) {
            day.set_unwell();
        }
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

/// Whether a symptom is one of the temperature that the valve keeps.
fn shows_the_valve(sign: &Sign<'_>) -> bool {
    REGULATION.contains(&sign.symptom.code.as_str())
}

/// Since when a valve has been found to stand open, and whether a customer may hear of it, if it was spoken of today.
fn open_valve(signs: &[Sign<'_>], spoken: &[Spoken], machine: &Machine) -> Option<(Day, bool)> {
    let fault = FaultCode::THERMOSTATIC_VALVE_OPEN;
    spoken.iter().find(|(_, spoken)| *spoken == fault)?;
    let since = signs.iter().filter(|sign| shows_the_valve(sign)).map(|sign| sign.since).min()?;
    Some((since, machine.episodes.is_told(&fault)))
}

/// Whether an episode explains what a machine does. A drifting sensor is one such cause until the sensors' own checks convict
/// it: from then on the episode is theirs.
pub(crate) fn tells_a_cause(sensors: &Sensors, episode: &Episode) -> bool {
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
    features.set("week_rise_k", j.week.map(|w| w.rise_k));
    features.set("overnight_jump_k", j.jump.map(|jump| jump.k));
    features.set("week_jump_share", j.week.and_then(|w| w.jump_share));
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

fn set_room(features: &mut Features, hot_room: Option<HotRoom>) {
    let Some(room) = hot_room else { return };
    features.set(room.feature().change_name(), Some(room.rise.rise_k));
}

/// Enters what cold stops say about the discharge sensor: whether what the machine reads too high is there at the cold machine
/// as well.
fn set_sensor(features: &mut Features, machine: &Machine, j: &Judgement, site: &SiteView, today: Day) {
    let course = machine.health.trend.as_ref().zip(j.over_k).filter(|(_, over_k)| *over_k >= SOAK_FROM_K);
    let Some((trend, over_k)) = course else { return };
    let fresh = machine.sensors.soaked().filter(|soaked| soaked.day + SOAK_FRESH_DAYS >= today);
    let compared = fresh.map(|soaked| {
        let then_k = over_k * soak::grown(trend, soaked.day, today);
        soak::log_ratio_of(soaked.departure, Uncertain { k: then_k, sd_k: SOAK_SD_K.max(SOAK_SD_SHARE * then_k) })
    });
    features.set("soak_log_ratio", compared.or(site.soak_log_ratio));
}

/// How far the hottest loaded hour of the last three days stands above what is usual, K; `None` when there was none.
fn steady_hot_k(days: &[DayRecord], today: Day) -> Option<f64> {
    let recent = days.iter().rev().take_while(|d| d.day + 3 >= today).filter_map(DayRecord::peak_c).reduce(f64::max)?;
    let mut before: Vec<f64> =
        days.iter().rev().filter(|d| d.day + 3 < today && d.day + 12 >= today).filter_map(DayRecord::peak_c).collect();
    median(&mut before).map(|usual| recent - usual)
}
