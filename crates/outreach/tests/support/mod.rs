//! A small service company with one customer in each language, and findings to feed it.

pub(crate) mod broken;
pub(crate) mod desk;
pub(crate) mod receiver;
pub(crate) mod roads;
pub(crate) mod scene;
pub(crate) mod shelf;
pub(crate) mod worked;

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};

use foretell_model::{
    Catalogue, Evidence, FaultCode, Finding, FindingId, FindingKind, Grade, Limit, MachineId, Offset,
    ProbabilityWithin, RulDays, Signal, Status, Timestamp,
};
use foretell_outreach::{
    Channel, DeliveryError, MachineContext, Outreach, OutreachOptions, Parcel, Pictures, Registry, Spoken, WEEK_HOURS,
    Words,
};

pub(crate) const REGISTRY: &str = r#"
[[advisor]]
id = "wang"
name = { en = "Min Wang", zh = "王敏" }
role = { en = "your service advisor", zh = "服务顾问" }
phone = "+86 21 5555 0101"
email = "wang@service.example"

[[technician]]
id = "chen"
name = { en = "Jun Chen", zh = "陈军" }
phone = "+86 138 0000 0001"

[[customer]]
id = "huaxin"
name = "华新纺织"
contact = "李工"
language = "zh-CN"
advisor = "wang"
addresses = { email = "li@huaxin.example" }
holidays = ["2026-10-01", "2026-10-02"]

[[customer]]
id = "acme"
name = "Acme Castings"
contact = "Ms Baker"
language = "en"
zone = "Europe/London"
advisor = "wang"
addresses = { email = "baker@acme.example" }
channels = ["email", "sms"]

[[site]]
id = "s01"
customer = "huaxin"
name = "一车间"
address = "苏州市工业园区1号"

[[site]]
id = "s02"
customer = "acme"
address = "1 Foundry Lane, Leeds"

[[machine]]
id = "s01/m002"
number = "2号机"
rated_kw = 75
service = [
  { work = "oil_changed", interval_h = 4000, last_done_h = 8000 },
  { work = "separator_replaced", interval_h = 4000, last_done_h = 8100 },
]

[[machine]]
id = "s02/m002"
number = "No. 2"
consequence = 2.0
service = [{ work = "oil_changed", interval_h = 4000, last_done_h = 8000 }]

[[machine]]
id = "s02/m003"
number = "No. 3"

[[machine]]
id = "s01/m003"
number = "3号机"

[[site]]
id = "s03"
customer = "acme"
address = "2 Mill Road, Leeds"

[[machine]]
id = "s03/m003"
number = "No. 3"
"#;

/// Takes every message; fails on request.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) parcels: Mutex<Vec<Parcel>>,
    pub(crate) failures: Mutex<Vec<DeliveryError>>,
    pub(crate) idempotent: bool,
    /// By which medium it goes; e-mail unless said otherwise.
    pub(crate) medium: Option<&'static str>,
    /// Tells that a delivery has begun, and when it may go on.
    pub(crate) pause: Mutex<Option<(Sender<()>, Receiver<()>)>>,
}

impl Channel for Recorder {
    fn name(&self) -> &'static str {
        "recorder"
    }
    fn medium(&self) -> &'static str {
        self.medium.unwrap_or("email")
    }
    fn is_idempotent(&self) -> bool {
        self.idempotent
    }
    fn deliver(&self, parcel: &Parcel) -> Result<(), DeliveryError> {
        if let Some((begun, go_on)) = self.pause.lock().unwrap().take() {
            begun.send(()).unwrap();
            go_on.recv().unwrap();
        }
        if let Some(failure) = self.failures.lock().unwrap().pop() {
            return Err(failure);
        }
        self.parcels.lock().unwrap().push(parcel.clone());
        Ok(())
    }
}

/// Dies before or after the real delivery, as a killed process would.
pub(crate) struct Dying {
    pub(crate) inner: Arc<dyn Channel>,
    pub(crate) after: bool,
}

impl Channel for Dying {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn medium(&self) -> &str {
        self.inner.medium()
    }
    fn is_idempotent(&self) -> bool {
        self.inner.is_idempotent()
    }
    fn deliver(&self, parcel: &Parcel) -> Result<(), DeliveryError> {
        if self.after {
            self.inner.deliver(parcel)?;
        }
        panic!("killed");
    }
}

impl Recorder {
    pub(crate) fn keys(&self) -> Vec<String> {
        self.parcels.lock().unwrap().iter().map(|parcel| parcel.key.clone()).collect()
    }
}

pub(crate) fn catalogue() -> Arc<Catalogue> {
    Arc::new(Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap())
}

pub(crate) fn options(channel: Arc<dyn Channel>) -> OutreachOptions {
    OutreachOptions {
        company: Words { en: "Foretell Service".into(), zh: "先知服务".into() },
        public_url: "https://service.example".into(),
        channels: vec![channel],
        // A picture's bytes are its reference.
        pictures: Pictures(Arc::new(|reference| Some(reference.as_bytes().to_vec()))),
        ..OutreachOptions::new(catalogue())
    }
}

pub(crate) fn open(dir: &Path, channel: Arc<dyn Channel>) -> Outreach {
    let outreach = Outreach::open(&dir.join("service.sqlite"), options(channel)).unwrap();
    outreach.import(&Registry::from_toml(REGISTRY).unwrap(), "test", at("2026-07-01T00:00:00Z")).unwrap();
    outreach
}

/// A folder in memory where there is one: thousands of synced commits are no test of the disk.
pub(crate) fn fast_dir() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(crate) fn machine(text: &str) -> MachineId {
    MachineId::parse(text).unwrap()
}

/// Runs 07:00 to 17:00 on working days, Chinese time or British summer time according to `utc_offset_hours`.
pub(crate) fn day_shift(utc_offset_hours: i64) -> [f32; WEEK_HOURS] {
    let mut duty = [0.0; WEEK_HOURS];
    for (hour, share) in duty.iter_mut().enumerate() {
        let local = (hour as i64 + utc_offset_hours).rem_euclid(168);
        if local / 24 < 5 && (7..17).contains(&(local % 24)) {
            *share = 0.9;
        }
    }
    duty
}

pub(crate) fn context(machine: &MachineId) -> MachineContext {
    let offset = if machine.site() == "s01" { 8 } else { 1 };
    MachineContext {
        run_hours: Some(11_650.0),
        hours_per_day: Some(20.0),
        discharge_temp_c: Some(96.0),
        in_normal_range: Some(true),
        ..MachineContext::default()
    }
    .with_duty(&day_shift(offset))
}

/// A forecast of `fault` on a Wednesday morning (16:00 in China).
pub(crate) fn finding(machine: &MachineId, fault: &str, grade: Grade, status: Status) -> Finding {
    let fault = FaultCode::new(fault).unwrap();
    let (feature, value, unit, signal, limit) = match fault.as_str() {
        "oil_filter_clogging" => ("oil_filter_dp_bar", 0.93, "bar", Signal::OilFilterDp, 1.4),
        "separator_clogging" => ("separator_dp_bar", 0.62, "bar", Signal::SeparatorDp, 0.8),
        "intake_filter_clogging" => ("inlet_vacuum_mbar", 38.0, "mbar", Signal::InletVacuum, 50.0),
        "bearing_wear" | "motor_bearing" => ("vibration_mm_s", 8.24, "mm/s{rms}", Signal::Vibration, 11.2),
        "thermostatic_valve_open" => ("discharge_temp_residual_k", -9.6, "K", Signal::DischargeTemp, 68.0),
        _ => ("discharge_temp_residual_k", 4.2, "K", Signal::DischargeTemp, 105.0),
    };
    Finding {
        at: at("2026-07-15T08:00:00Z"),
        machine: machine.clone(),
        kind: FindingKind::Prediction,
        id: FindingId::new(machine, &fault, 1),
        status,
        grade,
        fault,
        likelihood: 0.91,
        alternatives: Vec::new(),
        rul_days: Some(RulDays { p10: Some(14.0), p50: Some(18.0), p90: Some(27.5) }),
        probability_within: Some(ProbabilityWithin { d7: 0.02, d14: 0.10, d21: 0.66, d30: 0.93 }),
        limit: Some(Limit { signal, value: limit }),
        evidence: vec![Evidence {
            feature: feature.into(),
            value,
            unit: unit.into(),
            change_per_day: Some(0.2),
            since: Some(at("2026-06-20T00:00:00Z")),
        }],
        text: "A fault is likely.".into(),
    }
}

/// Applies a finding with its machine's context; `offset` must grow.
pub(crate) fn apply(outreach: &Outreach, offset: u64, finding: &Finding, now: Timestamp) -> FindingId {
    outreach.apply(Offset(offset), 0, finding, &context(&finding.machine), now).unwrap();
    finding.id.clone()
}

/// A time that was agreed with the customer, at whatever hour.
pub(crate) fn agreed() -> Spoken {
    Spoken { odd_hour: true, ..Spoken::default() }
}

/// The token at the end of a link.
pub(crate) fn token(link: &str) -> &str {
    link.rsplit('/').next().unwrap()
}
