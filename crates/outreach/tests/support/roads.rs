//! A house with three ways out - mail, SMS, the machine's display - and a customer in Leeds who prefers SMS.

use std::sync::{Arc, Mutex};

use foretell_model::{FindingId, Grade, HOUR_MS, Reply, Status, Timestamp};
use foretell_outreach::{
    Channel, Customer, DeliveryError, Mqtt, Outreach, OutreachError, OutreachOptions, Parcel, Registry, ReplyHeard,
    Stage,
};

use super::{REGISTRY, apply, at, fast_dir, finding, machine, options, token};

pub(crate) fn now() -> Timestamp {
    at("2026-07-15T08:30:00Z")
}

/// A channel of a medium of its own.
struct Way {
    medium: &'static str,
    out: Arc<Mutex<Vec<(&'static str, Parcel)>>>,
    fails: Arc<Mutex<Vec<DeliveryError>>>,
}

impl Channel for Way {
    fn name(&self) -> &str {
        self.medium
    }
    fn medium(&self) -> &str {
        self.medium
    }
    fn is_idempotent(&self) -> bool {
        false
    }
    fn deliver(&self, parcel: &Parcel) -> Result<(), DeliveryError> {
        if let Some(failure) = self.fails.lock().unwrap().pop() {
            return Err(failure);
        }
        self.out.lock().unwrap().push((self.medium, parcel.clone()));
        Ok(())
    }
}

pub(crate) struct Scene {
    pub(crate) outreach: Outreach,
    /// What went out, by which medium.
    pub(crate) out: Arc<Mutex<Vec<(&'static str, Parcel)>>>,
    /// What the next deliveries come to, the last one first.
    pub(crate) fails: Arc<Mutex<Vec<DeliveryError>>>,
    _dir: tempfile::TempDir,
}

/// Mail, SMS and the machine's display are in use; the customer in Leeds prefers SMS.
pub(crate) fn scene() -> Scene {
    let dir = fast_dir();
    let (out, fails) = (Arc::default(), Arc::default());
    let way =
        |medium| -> Arc<dyn Channel> { Arc::new(Way { medium, out: Arc::clone(&out), fails: Arc::clone(&fails) }) };
    let display: Arc<dyn Channel> = Arc::new(Mqtt::new("display", Mqtt::TOPIC).unwrap());
    let own = OutreachOptions { channels: vec![way("email"), way("sms"), display], ..options(way("email")) };
    let outreach = Outreach::open(&dir.path().join("service.sqlite"), own).unwrap();
    outreach.import(&Registry::from_toml(REGISTRY).unwrap(), "test", now()).unwrap();
    let scene = Scene { outreach, out, fails, _dir: dir };
    scene.customer(|customer| {
        customer.addresses.insert("sms".into(), "+44 7700 900123".into());
        customer.channels = vec!["sms".into(), "email".into()];
    });
    scene
}

impl Scene {
    pub(crate) fn customer(&self, change: impl FnOnce(&mut Customer)) {
        let mut customer = self.outreach.customer("acme").unwrap().unwrap();
        change(&mut customer);
        self.outreach.register_customer(&customer, "test", now()).unwrap();
    }

    /// A forecast whose letter has gone out; its case, its message's number and its link's token.
    pub(crate) fn sent(&self) -> (FindingId, i64, String) {
        let case = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
        let id = apply(&self.outreach, 1, &case, now());
        let message = self.outreach.approve(&id, "wang", now()).unwrap();
        self.outreach.tick(now()).unwrap();
        (id, message.id, token(&message.link).to_owned())
    }

    pub(crate) fn reply(&self, reply: Reply) -> Result<ReplyHeard, OutreachError> {
        self.outreach.take_reply("replies", &reply, now() + HOUR_MS)
    }

    pub(crate) fn media(&self) -> Vec<&'static str> {
        self.out.lock().unwrap().iter().map(|(medium, _)| *medium).collect()
    }

    pub(crate) fn remark(&self, id: &FindingId) -> (Stage, String) {
        let card = self.outreach.card(id, now()).unwrap();
        (card.stage, card.remark.unwrap_or_default())
    }
}
