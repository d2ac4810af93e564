//! One machine of a fleet: physics, faults, demand and instruments on a common clock, with its truth.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Fleet;
use super::instruments::Instruments;
use crate::climate::RoomAir;
use crate::fault::{Ailments, Progress};
use crate::physics::{Control, Cooler, Drive, Meter, Params, Unit};
use crate::rng::Rng;
use crate::sample::{Happening, HappeningKind, Message, Sample};
use crate::schedule::Schedule;
use crate::spec::{ChangeKind, ChangeSpec, FaultSpec, MachineSpec, SiteSpec};
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::truth::{FaultTruth, MachineTruth, MaintenanceTruth};

/// Surroundings, demand and faults are held for so long.
const TICK_MS: i64 = 5 * MINUTE_MS;
/// A temperature counts for the limit when it was held for so long under load, s: a controller warns when it is there, and does
/// not wait for an hour to be over. Ten minutes, less what rounding may take.
const HELD_S: f64 = 599.0;
/// How long a repair stops a machine.
const REPAIR_MS: i64 = 2 * HOUR_MS;

/// The moving state of one machine of a fleet.
#[derive(Clone, Debug)]
pub(super) struct MachineSim {
    index: usize,
    site: Arc<str>,
    name: Arc<str>,
    spec: MachineSpec,
    schedule: Schedule,
    utc_offset_ms: i64,
    every_ms: i64,
    from_ms: i64,
    to_ms: i64,
    air: Arc<RoomAir>,
    unit: Unit,
    drive: Drive,
    cooler: Cooler,
    ailments: Ailments,
    faults: Vec<Progress>,
    instruments: Instruments,
    demand_rng: Rng,
    demand_noise: f64,
    changes: Vec<ChangeSpec>,
    load: f64,
    now_ms: i64,
    tick_ends_ms: i64,
    next_sample_ms: i64,
    repaired_until_ms: i64,
    tick_meter: Meter,
    held: Meter,
    last_alarm_ms: i64,
    ready: VecDeque<Message>,
    truth: MachineTruth,
}

impl MachineSim {
    pub(super) fn new(fleet: &Fleet, site: &SiteSpec, spec: &MachineSpec, index: usize, air: Arc<RoomAir>) -> Self {
        let machine = &fleet.machines[index];
        let from_ms = fleet.from_ms();
        let stream = |purpose: &str| Rng::stream(fleet.seed, &[&site.name, &spec.name, purpose]);
        let params = Params::rated(spec.kw).trimmed(&spec.trim.into());
        let control = Control {
            variable_speed_min: spec.variable_speed.then_some(0.3),
            trip_c: spec.trip_c,
            ..Control::default()
        };
        let ailments = Ailments::default();
        let drive = Drive { wanted: false, demand_m3_min: 0.0, conditions: ailments.conditions, unloaded_extra: 0.0 };
        let faults = spec.fault.iter().enumerate().map(|(place, fault): (usize, &FaultSpec)| {
            Progress::new(fault.clone(), from_ms, stream(&format!("fault {place}")))
        });
        let mut changes = spec.change.clone();
        changes.sort_by_key(|change| change.after);
        Self {
            index,
            site: Arc::clone(&machine.site),
            name: Arc::clone(&machine.name),
            schedule: site.schedule,
            utc_offset_ms: site.utc_offset.0,
            every_ms: machine.every_ms,
            from_ms,
            to_ms: fleet.to_ms(),
            cooler: Cooler::new(&params, &drive.conditions),
            unit: Unit::at_rest(params, control, air.at_c(from_ms), spec.run_hours, 0.8 * spec.run_hours),
            air,
            drive,
            ailments,
            faults: faults.collect(),
            instruments: Instruments::new(spec, stream("instruments"), stream("wander")),
            demand_rng: stream("demand"),
            demand_noise: 0.0,
            changes,
            load: spec.load,
            now_ms: from_ms,
            tick_ends_ms: from_ms,
            // Controllers do not sample in step; whole seconds, because their clocks show no more.
            next_sample_ms: from_ms + phase_ms(&mut stream("phase"), machine.every_ms),
            repaired_until_ms: from_ms,
            tick_meter: Meter::default(),
            held: Meter::default(),
            last_alarm_ms: i64::MIN / 2,
            ready: VecDeque::new(),
            truth: MachineTruth::new(machine, site, spec, fleet),
            spec: spec.clone(),
        }
    }

    /// The next message, or `None` when the fleet's time is over.
    pub(super) fn next_message(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Some(message);
            }
            if self.now_ms >= self.to_ms {
                return None;
            }
            if self.now_ms >= self.tick_ends_ms {
                self.begin_tick();
            }
            let until_ms = self.tick_ends_ms.min(self.next_sample_ms).min(self.to_ms);
            #[expect(clippy::cast_precision_loss, reason = "minutes in milliseconds")]
            let seconds = (until_ms - self.now_ms) as f64 / 1000.0;
            self.unit.advance(&self.drive, &self.cooler, seconds, &mut self.tick_meter);
            self.now_ms = until_ms;
            if self.now_ms >= self.next_sample_ms && self.now_ms < self.to_ms {
                self.sample();
            }
        }
    }

    fn sample(&mut self) {
        let truth = self.unit.snapshot(&self.drive, &self.cooler);
        let sample = Sample {
            index: self.index,
            site: Arc::clone(&self.site),
            machine: Arc::clone(&self.name),
            ts_ms: self.now_ms,
            state: self.instruments.state(&truth),
            values: self.instruments.read(&truth, &self.ailments),
        };
        self.ready.push_back(Message::Sample(sample));
        self.next_sample_ms += self.every_ms;
    }

    /// Closes the tick that ended and settles what acts during the next.
    fn begin_tick(&mut self) {
        let meter = std::mem::take(&mut self.tick_meter);
        if meter.trips > 0 {
            // A machine that trips within minutes holds no temperature, yet it is beyond any limit.
            self.limit_reached();
            self.alarm("stopped: high discharge temperature");
        }
        self.hold(&meter);
        let begun_ms = self.now_ms.div_euclid(TICK_MS) * TICK_MS;
        self.tick_ends_ms = begun_ms + TICK_MS;
        #[expect(clippy::cast_precision_loss, reason = "minutes in milliseconds")]
        let tick_days = (self.tick_ends_ms - self.now_ms) as f64 / DAY_MS as f64;
        self.instruments.wander(tick_days);
        self.grow_faults(meter.running_s / 86_400.0);
        self.apply_changes();
        self.drive = self.drive_now();
        self.cooler = Cooler::new(self.unit.params(), &self.drive.conditions);
    }

    /// Judges a temperature by its mean once it was held for long enough, within one hour.
    fn hold(&mut self, meter: &Meter) {
        self.held.loaded_s += meter.loaded_s;
        self.held.loaded_c_s += meter.loaded_c_s;
        let is_held = self.held.loaded_s >= HELD_S;
        if is_held && self.held.loaded_c_s / self.held.loaded_s >= self.spec.limit_c {
            self.limit_reached();
            self.alarm("warning: high discharge temperature");
        }
        if is_held || self.now_ms.rem_euclid(HOUR_MS) == 0 {
            self.held = Meter::default();
        }
    }

    fn limit_reached(&mut self) {
        self.truth.limit_first_reached(self.now_ms);
        self.faults.iter_mut().for_each(|fault| fault.limit_reached(self.now_ms));
    }

    /// Raises an alarm, at most one in six hours: controllers latch them.
    fn alarm(&mut self, text: &'static str) {
        if self.now_ms - self.last_alarm_ms >= 6 * HOUR_MS {
            self.last_alarm_ms = self.now_ms;
            self.happened(HappeningKind::ControllerAlarm(text));
        }
    }

    fn happened(&mut self, kind: HappeningKind) {
        self.ready.push_back(Message::Happening(Happening {
            index: self.index,
            site: Arc::clone(&self.site),
            machine: Arc::clone(&self.name),
            ts_ms: self.now_ms,
            kind,
        }));
    }

    /// Dirt comes with running air: faults age by running time, scaled so that rates are per calendar day.
    fn grow_faults(&mut self, running_days: f64) {
        let open_share = if self.spec.night_load > 0.0 { 1.0 } else { self.schedule.open_share() };
        let worked_days = running_days / open_share;
        for place in 0..self.faults.len() {
            if let Some(work) = self.faults[place].grow(self.now_ms, worked_days) {
                self.repaired_until_ms = self.now_ms + REPAIR_MS;
                self.truth.maintenance.push(MaintenanceTruth::new(self.now_ms, work));
                self.happened(HappeningKind::MaintenanceDone(work.into()));
            }
        }
    }

    /// A technician does a work, by its code: it stops the machine for a while and cures the faults that it cures.
    pub(super) fn repair(&mut self, work: &str) {
        self.repaired_until_ms = self.now_ms + REPAIR_MS;
        self.mend(work);
        self.happened(HappeningKind::MaintenanceDone(work.into()));
    }

    /// The faults that a work cures end.
    pub(super) fn mend(&mut self, work: &str) {
        for fault in &mut self.faults {
            if let Some(cured) = fault.cure(work, self.now_ms) {
                self.truth.maintenance.push(MaintenanceTruth::new(self.now_ms, cured));
            }
        }
    }

    fn apply_changes(&mut self) {
        while let Some(change) = self.changes.first().copied() {
            if self.now_ms < self.from_ms + change.after.0 {
                return;
            }
            self.changes.remove(0);
            match change.kind {
                ChangeKind::SetPoint => self.unit.shift_pressure(change.by),
                ChangeKind::Demand => self.load = (self.load + change.by).max(0.0),
            }
        }
    }

    fn drive_now(&mut self) -> Drive {
        self.ailments = Ailments::default();
        self.ailments.conditions.ambient_c = self.air.at_c(self.now_ms);
        self.faults.iter().for_each(|fault| fault.apply(self.now_ms, &mut self.ailments));
        // Demand moves within minutes: correlation time about half an hour, sd 8 %.
        self.demand_noise = 0.85 * self.demand_noise + 0.042 * self.demand_rng.normal();
        let activity = self.schedule.activity(self.now_ms, self.utc_offset_ms);
        let wanted_share = if activity > 0.0 { self.load * activity } else { self.spec.night_load };
        let delivery = self.unit.params().fad_m3_min;
        let drawn = (wanted_share * (1.0 + self.demand_noise)).max(0.0) + self.ailments.leak;
        Drive {
            wanted: (activity > 0.0 || self.spec.night_load > 0.0) && self.now_ms >= self.repaired_until_ms,
            demand_m3_min: drawn * delivery,
            conditions: self.ailments.conditions,
            unloaded_extra: self.ailments.unloaded_extra,
        }
    }

    /// What was true so far.
    pub(super) fn truth(&self) -> MachineTruth {
        let mut truth = self.truth.clone();
        truth.faults = self.faults.iter().filter(|fault| fault.onset_ms <= self.now_ms).map(FaultTruth::new).collect();
        truth
    }
}

fn phase_ms(rng: &mut Rng, every_ms: i64) -> i64 {
    let seconds = usize::try_from(every_ms / 1000).unwrap_or(0);
    i64::try_from(rng.index(seconds)).unwrap_or(0) * 1000
}
