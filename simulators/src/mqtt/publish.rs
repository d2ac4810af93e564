//! A fleet live over MQTT.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rumqttc::{LastWill, QoS};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::controller::{Controller, Counts, Outgoing};
use super::pace::Pacer;
use super::{Pace, Target};
use crate::encode::{status, topic};
use crate::fleet::{Fleet, Machine};
use crate::link::{Delivery, Kind, LinkStats, Links};

/// Unacknowledged messages per machine. Small, because it is also how far one machine may run ahead of its siblings.
const WINDOW: u16 = 64;
/// Messages between the simulation and the dispatcher, and between the dispatcher and each machine.
const QUEUE: usize = 512;
const MACHINE_QUEUE: usize = 16;
/// How long the first connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Why a fleet could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The address is not one.
    #[error("`{url}` is not an MQTT address such as mqtt://127.0.0.1:1883")]
    Url {
        /// What was given.
        url: String,
        /// Why.
        source: rumqttc::OptionError,
    },
    /// Nobody answered, or not as hoped.
    #[error(
        "could not connect to {url} within {CONNECT_WITHIN:?}: {reason}; is the broker running, are user and password right?"
    )]
    Unreachable {
        /// Where.
        url: String,
        /// The client's last reason.
        reason: String,
    },
}

/// What was published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Stats {
    /// Messages handed to the client.
    pub published: u64,
    /// Messages that the broker acknowledged.
    pub acknowledged: u64,
    /// Messages published again because a session was lost.
    pub resent: u64,
    /// Connections lost or refused.
    pub reconnects: u64,
    /// Samples in them.
    pub samples: u64,
    /// Simulated instant that was reached, ms since 1970 UTC.
    pub reached_ms: i64,
    /// What the simulated links did.
    pub link: LinkStats,
}

/// Progress of a running publication, to be looked at from elsewhere.
#[derive(Debug, Default)]
pub struct Live {
    counts: Arc<Counts>,
    samples: AtomicU64,
    reached_ms: AtomicI64,
    /// Bits of a factor that was asked for and not yet taken; 0 for none.
    factor: AtomicU64,
    /// Work that was asked for and not yet done.
    works: Mutex<Vec<Asked>>,
}

/// Work that is to be done on a machine.
#[derive(Debug)]
struct Asked {
    /// Its place in [`Fleet::machines`].
    index: usize,
    /// The work's code.
    work: String,
    /// Whether the controller reports it; otherwise somebody has.
    reports: bool,
}

impl Live {
    /// From here on so many simulated seconds pass per second, whatever the pace was: for a person who wants to act.
    pub fn slow_down(&self, factor: f64) {
        self.factor.store(factor.to_bits(), Ordering::Relaxed);
    }

    /// The pace that was asked for since the last call, if any.
    fn new_pace(&self) -> Option<Pace> {
        let bits = self.factor.swap(0, Ordering::Relaxed);
        (bits != 0).then(|| Pace::constant(f64::from_bits(bits)))
    }

    /// A technician does a work (a code such as `cooler_cleaned`) on a machine, by its place in [`Fleet::machines`]: the
    /// faults that it cures end, and the controller reports it. It happens as soon as the simulation gets to it, which
    /// runs up to an hour or two ahead.
    pub fn repair(&self, index: usize, work: &str) {
        self.ask(Asked { index, work: work.to_owned(), reports: true });
    }

    /// The same of work that somebody has reported already: its faults end, and nothing is said of it again.
    pub fn mend(&self, index: usize, work: &str) {
        self.ask(Asked { index, work: work.to_owned(), reports: false });
    }

    fn ask(&self, asked: Asked) {
        self.works.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
    }

    fn take_works(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.works.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was published so far; the links are told of only at the end.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Stats {
            published: read(&self.counts.published),
            acknowledged: read(&self.counts.acknowledged),
            resent: read(&self.counts.resent),
            reconnects: read(&self.counts.reconnects),
            samples: read(&self.samples),
            reached_ms: self.reached_ms.load(Ordering::Relaxed),
            link: LinkStats::default(),
        }
    }
}

/// Publishes a fleet's life, from its begin to its end or until `stop`, in order of time across machines (to within a
/// few dozen messages per machine). `live` can be looked at meanwhile.
///
/// # Errors
/// When the address makes no sense or the first connection fails. Later losses are waited out.
pub async fn publish(
    fleet: &Fleet,
    target: &Target,
    pace: Pace,
    live: Arc<Live>,
    stop: CancellationToken,
) -> Result<Stats, PublishError> {
    let mut tasks = JoinSet::new();
    let mut machines = Vec::with_capacity(fleet.machines().len());
    for (index, machine) in fleet.machines().iter().enumerate() {
        let mut controller = connect(machine, target, &live, fleet.from_ms())?;
        if index == 0 {
            let connected = controller.connected_within(CONNECT_WITHIN).await;
            connected.map_err(|reason| PublishError::Unreachable {
                url: target.url.clone(),
                reason: reason.unwrap_or_else(|| "no answer".to_owned()),
            })?;
        }
        let (sender, receiver) = mpsc::channel(MACHINE_QUEUE);
        tasks.spawn(run_machine(controller, machine.clone(), receiver, Arc::clone(&live), stop.clone()));
        machines.push(sender);
    }
    let (simulated, mut deliveries) = mpsc::channel(QUEUE);
    let simulation = {
        let (fleet, live, stop) = (fleet.clone(), Arc::clone(&live), stop.clone());
        tokio::task::spawn_blocking(move || simulate(&fleet, &simulated, &live, &stop))
    };
    dispatch(&mut deliveries, &machines, Pacer::new(pace), &live, &stop).await;
    drop((deliveries, machines));
    while tasks.join_next().await.is_some() {}
    let link = simulation.await.unwrap_or_default();
    Ok(Stats { link, ..live.stats() })
}

/// Runs the physics on a thread of its own; ends when nobody listens any more.
fn simulate(fleet: &Fleet, out: &mpsc::Sender<Delivery>, live: &Live, stop: &CancellationToken) -> LinkStats {
    let mut links = Links::new(fleet, fleet.seed());
    let mut ready = Vec::new();
    let mut messages = fleet.messages();
    while let Some(message) = messages.next() {
        for asked in live.take_works() {
            if asked.reports {
                messages.repair(asked.index, &asked.work);
            } else {
                messages.mend(asked.index, &asked.work);
            }
        }
        links.carry(&message, &mut ready);
        for delivery in ready.drain(..) {
            if stop.is_cancelled() || out.blocking_send(delivery).is_err() {
                return links.stats();
            }
        }
    }
    links.flush(fleet.to_ms(), &mut ready);
    for delivery in ready {
        if out.blocking_send(delivery).is_err() {
            break;
        }
    }
    links.stats()
}

async fn dispatch(
    deliveries: &mut mpsc::Receiver<Delivery>,
    machines: &[mpsc::Sender<Delivery>],
    mut pacer: Pacer,
    live: &Live,
    stop: &CancellationToken,
) {
    let passing = async {
        while let Some(delivery) = deliveries.recv().await {
            if let Some(pace) = live.new_pace() {
                pacer = Pacer::new(pace);
            }
            if let Some(due) = pacer.due(tokio::time::Instant::now(), delivery.at_ms) {
                tokio::time::sleep_until(due).await;
            }
            live.reached_ms.fetch_max(delivery.at_ms, Ordering::Relaxed);
            let index = delivery.index;
            if machines[index].send(delivery).await.is_err() {
                tracing::error!(machine = index, "A simulated controller has ended early.");
                return;
            }
        }
    };
    tokio::select! {
        () = passing => {}
        () = stop.cancelled() => {}
    }
}

fn connect(machine: &Machine, target: &Target, live: &Live, from_ms: i64) -> Result<Controller, PublishError> {
    let client_id = format!("foretell-sim-{}-{}", machine.site, machine.name);
    let mut options =
        target.options(&client_id, WINDOW).map_err(|source| PublishError::Url { url: target.url.clone(), source })?;
    let status_topic = topic(&machine.site, &machine.name, "status");
    options.set_last_will(LastWill::new(status_topic.clone(), status(false, from_ms), QoS::AtLeastOnce, true));
    let birth = status_message(&status_topic, true, from_ms);
    Ok(Controller::start(options, Some(birth), Arc::clone(&live.counts)))
}

fn status_message(status_topic: &str, online: bool, ts_ms: i64) -> Outgoing {
    let payload = status(online, ts_ms).into_bytes();
    Outgoing { topic: status_topic.into(), payload, qos: QoS::AtLeastOnce, retain: true }
}

async fn run_machine(
    mut controller: Controller,
    machine: Machine,
    mut deliveries: mpsc::Receiver<Delivery>,
    live: Arc<Live>,
    stop: CancellationToken,
) {
    let telemetry: Arc<str> = topic(&machine.site, &machine.name, Kind::Telemetry.topic_level()).into();
    let event: Arc<str> = topic(&machine.site, &machine.name, Kind::Event.topic_level()).into();
    let publishing = async {
        controller.connected().await?;
        loop {
            // Acknowledgements are collected when there is nothing to send or the window is full.
            let next = match deliveries.try_recv() {
                Ok(delivery) => Some(delivery),
                Err(mpsc::error::TryRecvError::Empty) if controller.is_waiting() => {
                    controller.settle_oldest().await?;
                    continue;
                }
                Err(_) => deliveries.recv().await,
            };
            let Some(delivery) = next else { return Ok(()) };
            live.samples.fetch_add(delivery.samples, Ordering::Relaxed);
            let topic = Arc::clone(if delivery.kind == Kind::Event { &event } else { &telemetry });
            let message = Outgoing { topic, payload: delivery.payload, qos: QoS::AtLeastOnce, retain: false };
            controller.publish(message).await?;
        }
    };
    let ended = tokio::select! {
        ended = publishing => ended,
        () = stop.cancelled() => Ok::<(), super::controller::Gone>(()),
    };
    if let Err(gone) = ended {
        tracing::error!(site = %machine.site, machine = %machine.name, %gone, "A simulated controller has ended early.");
        return;
    }
    let status_topic = topic(&machine.site, &machine.name, "status");
    controller.finish(Some(status_message(&status_topic, false, live.reached_ms.load(Ordering::Relaxed)))).await;
}
