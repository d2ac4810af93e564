//! Data acquisition (the DA block of ISO 13374): telemetry in, admitted events onto the log, answers back.
//!
//! Two inputs end in one intake: the embedded MQTT [`listener`], to which controllers connect straight, and sessions
//! with external [`broker`]s. Both hand payloads to the pure [`decode`] side, queue what was admitted for the one
//! committer, and acknowledge a message only after the log has committed it.
//!
//! ```text
//! controller -> listener connection --\                      /-> quarantine
//!                                      decode -> queue -> committer -> log
//! broker     -> broker session -------/                      \-> answers: kept, refused, failed
//! ```

pub mod broker;
pub mod decode;
mod der;
mod glob;
mod intake;
pub mod listener;
pub mod pem;
mod retained;
mod skew;
pub mod sparkplug;
pub mod validity;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use foretell_model::{Clock, Log, Quarantine, Timestamp};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use broker::{Broker, BrokerError, BrokerOptions, Brokers, BrokersChanged, RefusedPublish};
use decode::{Decoder, DecoderError, DecoderOptions, ReplaceError};
pub use intake::{CommitStatus, IntakeOptions, SourceStatus, Trouble, TroubleKind, is_nameless, login_of};
use intake::{Intake, LISTENER, Source};
use listener::{Listener, ListenerError, ListenerOptions};
use pem::PemFaults;
pub use skew::{ClockSkew, OwnClock};
use validity::Certificates;

/// What is read from one certificate.
#[doc(hidden)]
#[derive(Debug)]
pub struct ReadCertificate {
    /// From when until when it holds.
    pub holds: Option<(Timestamp, Timestamp)>,
    /// Whose it is, as the listener tells logins by it.
    pub names: Option<Vec<String>>,
    /// Whose it would be if its bytes were those of a subject alone.
    pub names_as_subject: Vec<String>,
}

/// Reads a certificate (DER) in every way in which ingest does, for whoever attacks that.
#[doc(hidden)]
#[must_use]
pub fn read_certificate(der: &[u8]) -> ReadCertificate {
    let (names, names_as_subject) = listener::certificate_names(der);
    ReadCertificate { holds: validity::span(der), names, names_as_subject }
}

/// What ingest does, settled before it starts.
#[derive(Clone, Debug, Default)]
pub struct IngestOptions {
    /// Topics, mappings and admission.
    pub decoder: DecoderOptions,
    /// Queue and commit.
    pub intake: IntakeOptions,
    /// The embedded listener; none when an external broker is used alone.
    pub listener: Option<ListenerOptions>,
    /// External brokers.
    pub brokers: Vec<BrokerOptions>,
}

/// Why ingest cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A mapping is faulty.
    #[error("could not prepare the decoder")]
    Decoder(#[from] DecoderError),
    /// The listener's options are faulty, or its address is taken.
    #[error("could not start the MQTT listener")]
    Listener(#[from] ListenerError),
    /// A broker's options are faulty.
    #[error("could not start the session with broker `{name}`")]
    Broker {
        /// Which.
        name: String,
        /// Why.
        #[source]
        source: BrokerError,
    },
    /// Derived counters could not be rebuilt; they would restart from nothing.
    #[error("could not read the log to rebuild derived run hours")]
    Log(#[source] foretell_model::LogError),
    /// No thread for the committer.
    #[error("could not start the committer's thread")]
    Thread(#[source] std::io::Error),
}

/// Why ingest could not go on with other options.
#[derive(Debug, thiserror::Error)]
pub enum NotReplaced {
    /// Of the rules.
    #[error("could not take up the mappings")]
    Rules(#[from] ReplaceError),
    /// Of the listener's certificates.
    #[error("could not take up the certificates of the MQTT listener")]
    Certificates(#[from] PemFaults),
}

/// What only the files' contents tell, once ingest goes on with other options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The listener offers another certificate, or trusts another authority, from the next connection on.
    pub own_certificates: bool,
    /// The same at a broker.
    pub certificates_for_brokers: bool,
}

/// What pages show about ingest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestStatus {
    /// One entry for the listener (if any), then one for each broker.
    pub sources: Vec<SourceStatus>,
    /// How commits go. Kept and duplicates are known here only: a batch mixes all sources.
    pub commit: CommitStatus,
}

/// Running ingest.
pub struct Ingest {
    intake: Intake,
    listener: Option<Listener>,
    brokers: Arc<Brokers>,
    /// How often brokers have been added or exchanged.
    destinations: AtomicU64,
    /// The listener's counters.
    source: Option<Arc<Source>>,
    stop: CancellationToken,
    committer: Mutex<Option<JoinHandle<()>>>,
}

impl Ingest {
    /// Binds the listener, starts the broker sessions and the committer. Must be called within a tokio runtime.
    /// Cancelling `stop` ends intake at once and politely; [`Ingest::drain`] waits for that.
    ///
    /// # Errors
    /// When an option is faulty or the address cannot be bound. Nothing keeps running then.
    pub async fn start(
        options: IngestOptions,
        log: Arc<dyn Log>,
        quarantine: Arc<dyn Quarantine>,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Result<Self, StartError> {
        // A child: draining ingest alone must not stop its caller's other parts.
        let stop = stop.child_token();
        let decoder = Decoder::new(options.decoder)?;
        if decoder.derives() {
            let (decoder, log) = (decoder.clone(), Arc::clone(&log));
            // Before any input is open: a redelivered reading must get the values that it got before the restart.
            let seeded = tokio::task::spawn_blocking(move || decoder.seed_from(&*log)).await;
            let readings = seeded.map_err(|cause| StartError::Thread(cause.into()))?.map_err(StartError::Log)?;
            tracing::info!(readings, "Rebuilt derived run hours from the log.");
        }
        let (intake, committer) =
            Intake::start(&options.intake, decoder, log, quarantine, Arc::clone(&clock)).map_err(StartError::Thread)?;
        let mut ingest = Self {
            intake,
            listener: None,
            brokers: Arc::default(),
            destinations: AtomicU64::new(0),
            source: None,
            stop,
            committer: Mutex::new(Some(committer)),
        };
        if let Err(cause) = ingest.start_inputs(options.listener, options.brokers).await {
            ingest.stop.cancel();
            ingest.intake.stop().await;
            return Err(cause);
        }
        tokio::spawn(tell_refusals(ingest.source.clone(), Arc::clone(&ingest.brokers), ingest.stop.clone()));
        Ok(ingest)
    }

    async fn start_inputs(
        &mut self,
        listener: Option<ListenerOptions>,
        brokers: Vec<BrokerOptions>,
    ) -> Result<(), StartError> {
        if let Some(options) = listener {
            let source = Arc::new(Source::new(LISTENER));
            self.source = Some(Arc::clone(&source));
            self.listener = Some(Listener::start(options, self.intake.clone(), source, self.stop.clone()).await?);
        }
        self.replace_brokers(brokers).await.map(drop)
    }

    /// Goes on with other brokers: begins sessions with those that are new, takes leave of those that are gone, and does both
    /// with those that are to be reached in another way. All others keep their sessions. What was published on new ones must be
    /// published again; see [`Ingest::destinations`].
    ///
    /// # Errors
    /// When a broker's options are faulty; nothing has changed then.
    pub async fn replace_brokers(&self, wanted: Vec<BrokerOptions>) -> Result<BrokersChanged, StartError> {
        let changed = self.brokers.replace(wanted, &self.intake, &self.stop).await;
        let changed = changed.map_err(|(name, source)| StartError::Broker { name, source })?;
        if !changed.started.is_empty() {
            self.destinations.fetch_add(1, Ordering::Relaxed);
        }
        Ok(changed)
    }

    /// A number that grows when there is a broker that knows nothing yet of what was published before.
    #[must_use]
    pub fn destinations(&self) -> u64 {
        self.destinations.load(Ordering::Relaxed)
    }

    /// Where the listener listens; with a configured port of 0, the one that was given.
    #[must_use]
    pub fn listen_addr(&self) -> Option<SocketAddr> {
        self.listener.as_ref().map(Listener::addr)
    }

    /// Serves one more MQTT client over a stream that did not come through the listener's port: a tunnel, or a test without
    /// sockets. Ends with the connection; at once when there is no listener or no place.
    pub async fn serve<S: AsyncRead + AsyncWrite + Send>(&self, stream: S, peer: SocketAddr) {
        if let Some(listener) = &self.listener {
            listener.serve(stream, peer).await;
        }
    }

    /// Sets a retained message on the listener and on every broker; an empty payload clears it. Never blocks: what a slow
    /// subscriber or broker cannot take is dropped and counted, and the next value replaces it.
    pub fn publish_retained(&self, topic: &str, payload: &[u8]) {
        if let Some(listener) = &self.listener {
            listener.retained().set(topic, payload);
        }
        for broker in self.brokers.all() {
            broker.publish_retained(topic, payload);
        }
    }

    /// Which of our retained messages brokers refuse now.
    #[must_use]
    pub fn refused_publishes(&self) -> Vec<RefusedPublish> {
        self.brokers.all().iter().flat_map(|broker| broker.refused()).collect()
    }

    /// What pages show.
    #[must_use]
    pub fn status(&self) -> IngestStatus {
        let of =
            |broker: &Arc<Broker>| SourceStatus { url: Some(broker.options().url.clone()), ..broker.source().status() };
        let brokers: Vec<SourceStatus> = self.brokers.all().iter().map(of).collect();
        IngestStatus {
            sources: self.source.iter().map(|source| source.status()).chain(brokers).collect(),
            commit: CommitStatus { ended: self.committer_ended(), ..self.intake.commit_status() },
        }
    }

    /// The certificates that connections are begun with, each with `listener` or the broker's name.
    #[must_use]
    pub fn certificates(&self) -> Vec<(String, Certificates)> {
        let own = self.listener.as_ref().map(Listener::certificates).unwrap_or_default();
        let own = own.into_iter().map(|held| (LISTENER.to_owned(), held));
        let of = |broker: &Arc<Broker>| {
            let name = &broker.options().name;
            broker.certificates().into_iter().map(|held| (name.clone(), held)).collect::<Vec<_>>()
        };
        own.chain(self.brokers.all().iter().flat_map(of)).collect()
    }

    fn committer_ended(&self) -> bool {
        let committer = self.committer.lock().unwrap_or_else(PoisonError::into_inner);
        committer.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Goes on with other mappings, bounds, logins, limits and certificates from the next message or connection on. Of `options`
    /// the address stays. The sessions of users that are gone, or have another password or other rights, end within seconds, so
    /// that a login that was taken away is; no other does. Certificate files, those for brokers too, are read again. May read the whole log when a mapping with derived hours
    /// is new, so call it off the async workers.
    ///
    /// # Errors
    /// When mappings or certificates have faults or the log cannot be read; everything stays as it was.
    pub fn replace(
        &self,
        decoder: DecoderOptions,
        options: &ListenerOptions,
        log: &dyn Log,
    ) -> Result<Replaced, NotReplaced> {
        let tls = self.listener.as_ref().map(|_| Listener::load(options)).transpose()?;
        let filters_changed = self.intake.decoder().replace(decoder, log)?;
        let own = self.listener.as_ref().zip(tls).is_some_and(|(listener, tls)| listener.replace(options, tls));
        if filters_changed {
            self.brokers.all().iter().for_each(|broker| broker.resubscribe());
        }
        let for_brokers = self.brokers.all().iter().filter(|broker| broker.reload_certificates()).count() > 0;
        Ok(Replaced { own_certificates: own, certificates_for_brokers: for_brokers })
    }

    /// Goes on with another bound of the number of machines; those that were taken in stay.
    pub fn bound_machines(&self, machines_max: usize) {
        self.intake.bound_machines(machines_max);
    }

    /// Tries every broker that is away once more at once, beginning with short pauses again.
    pub fn try_brokers_now(&self) {
        self.brokers.all().iter().for_each(|broker| broker.try_now());
    }

    /// How far each machine's clock is from ours, the furthest off first.
    #[must_use]
    pub fn clock_skews(&self) -> Vec<ClockSkew> {
        self.intake.skews().all()
    }

    /// Whether most machines heard of late say that the wrong clock is ours.
    #[must_use]
    pub fn own_clock(&self, now: Timestamp) -> Option<OwnClock> {
        self.intake.skews().own_clock(now)
    }

    /// Whether our own clock seems to be ahead, though the readings that say so are taken: most machines are equally late, by an hour
    /// or more, minute after minute.
    #[must_use]
    pub fn own_clock_ahead(&self, now: Timestamp) -> Option<OwnClock> {
        self.intake.skews().own_clock_ahead(now)
    }

    /// Says that commits would succeed again after [`CommitStatus::failing`], as whoever owns the stores has found out: with
    /// no message under way, no commit would show it.
    pub fn recovered(&self) {
        self.intake.recovered();
    }

    /// Stops reading, commits what was read, acknowledges it, closes politely, ends the committer. Returns whether all of
    /// that was done `within` the time; what was not acknowledged will be sent again by its publishers.
    pub async fn drain(&self, within: Duration) -> bool {
        self.stop.cancel();
        self.intake.give_up_waiting();
        let all = async {
            if let Some(listener) = &self.listener {
                listener.stopped().await;
            }
            for broker in self.brokers.all() {
                broker.stopped().await;
            }
            self.intake.stop().await;
            tell_refused(self.source.as_deref(), &self.brokers, true);
            let committer = self.committer.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(committer) = committer {
                // Joining blocks, so it may not happen on a worker of the runtime.
                let joined = tokio::task::spawn_blocking(move || committer.join().is_ok()).await;
                return joined.unwrap_or(false);
            }
            true
        };
        tokio::time::timeout(within, all).await.unwrap_or(false)
    }
}

/// Tells now and then what was refused, until `stop`; [`Ingest::drain`] tells the rest.
async fn tell_refusals(listener: Option<Arc<Source>>, brokers: Arc<Brokers>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(intake::LOOK_EVERY) => {}
        }
        tell_refused(listener.as_deref(), &brokers, false);
    }
}

fn tell_refused(listener: Option<&Source>, brokers: &Brokers, all: bool) {
    listener.into_iter().for_each(|source| source.tell_refusals(all));
    brokers.all().iter().for_each(|broker| broker.source().tell_refusals(all));
}
