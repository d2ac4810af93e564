//! The brokers that we have sessions with, which may become others while we run. A broker whose options stay as they were keeps
//! its sessions; one that goes, or is to be reached in another way, takes leave first: what it has handed us is committed and
//! acknowledged.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::session::Checked;
use super::{Broker, BrokerError, BrokerOptions};
use crate::intake::{Intake, Source};

/// How long brokers that go may take to commit and acknowledge. What is not acknowledged by then comes again: to the session
/// that follows, or to nobody, as was asked.
const LEAVE_WITHIN: Duration = Duration::from_secs(10);

/// What became of brokers, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrokersChanged {
    /// Those that there is a session with from now on, or another one than before.
    pub started: Vec<String>,
    /// Those that we have left for good. They go on keeping our session until it expires there.
    pub left: Vec<String>,
}

/// See the module's text.
#[derive(Default)]
pub(crate) struct Brokers {
    members: RwLock<Vec<Arc<Broker>>>,
    /// One change at a time.
    changing: tokio::sync::Mutex<()>,
}

/// What becomes of one that is wanted.
enum Wanted {
    Stays(Arc<Broker>),
    Begins(Box<Checked>),
}

impl Brokers {
    /// Those that there are now, in the order of the configuration.
    pub(crate) fn all(&self) -> Vec<Arc<Broker>> {
        self.members.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins and ends sessions until there are those that are wanted. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the options of one are faulty, with its name; then nothing has changed.
    pub(crate) async fn replace(
        &self,
        wanted: Vec<BrokerOptions>,
        intake: &Intake,
        stop: &CancellationToken,
    ) -> Result<BrokersChanged, (String, BrokerError)> {
        let _one = self.changing.lock().await;
        let before = self.all();
        // What can fail comes first.
        let wanted: Vec<Wanted> =
            wanted.into_iter().map(|options| planned(&before, options)).collect::<Result<_, _>>()?;
        let stays = |broker: &Arc<Broker>| {
            wanted.iter().any(|wanted| matches!(wanted, Wanted::Stays(known) if Arc::ptr_eq(known, broker)))
        };
        let gone: Vec<Arc<Broker>> = before.iter().filter(|broker| !stays(broker)).cloned().collect();
        leave(&gone).await;
        let mut changed = BrokersChanged::default();
        let mut begin = |checked: Checked| {
            let name = checked.options.name.clone();
            // Its counters go on.
            let source =
                gone.iter().find(|broker| broker.options().name == name).map(|broker| Arc::clone(broker.source()));
            let source = source.unwrap_or_else(|| Arc::new(Source::new(&name)));
            changed.started.push(name);
            Arc::new(Broker::start(checked, intake, source, stop))
        };
        let members: Vec<Arc<Broker>> = wanted
            .into_iter()
            .map(|wanted| match wanted {
                Wanted::Stays(broker) => broker,
                Wanted::Begins(checked) => begin(*checked),
            })
            .collect();
        let names = gone.iter().map(|broker| broker.options().name.clone());
        changed.left = names.filter(|name| !changed.started.contains(name)).collect();
        *self.members.write().unwrap_or_else(PoisonError::into_inner) = members;
        Ok(changed)
    }
}

fn planned(before: &[Arc<Broker>], options: BrokerOptions) -> Result<Wanted, (String, BrokerError)> {
    if let Some(known) = before.iter().find(|broker| broker.options().is_served_like(&options)) {
        return Ok(Wanted::Stays(Arc::clone(known)));
    }
    let name = options.name.clone();
    let checked = Checked::new(options).map_err(|fault| (name, fault))?;
    Ok(Wanted::Begins(Box::new(checked)))
}

/// Takes leave of brokers, of all at once.
async fn leave(gone: &[Arc<Broker>]) {
    gone.iter().for_each(|broker| broker.stop());
    let all = async {
        for broker in gone {
            broker.stopped().await;
        }
    };
    if tokio::time::timeout(LEAVE_WITHIN, all).await.is_err() {
        tracing::warn!("Left a broker before everything was acknowledged; it will come again.");
    }
    gone.iter().for_each(|broker| broker.source().tell_refusals(true));
}
