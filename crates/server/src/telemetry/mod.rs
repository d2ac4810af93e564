//! Our own metrics in Prometheus' text form: what the rooms count, and the process itself.

mod process;
mod table;

use std::sync::{Arc, Mutex, PoisonError};

use metrics::{counter, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::failure::{Failure, Kind};
use table::{Metric, Type};

/// Bounds of everything that is timed, seconds: from a fast commit to a disk that is dying.
const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// The process's one recorder. Installed on first use, because a second service in one process (as in tests) shares it.
static INSTALLED: Mutex<Option<Arc<PrometheusHandle>>> = Mutex::new(None);

/// Renders what the `metrics` facade recorded.
#[derive(Clone)]
pub struct Telemetry(Arc<PrometheusHandle>);

impl Telemetry {
    /// The process's recorder, installed if it is not yet.
    ///
    /// # Errors
    /// When somebody else's recorder is installed.
    pub fn install() -> Result<Self, Failure> {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = &*installed {
            return Ok(Self(Arc::clone(handle)));
        }
        let failed = |error| Failure::because(Kind::Internal, "could not install the metrics recorder", error);
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .map_err(failed)?;
        let handle = Arc::new(builder.install_recorder().map_err(failed)?);
        table::metrics().for_each(describe);
        *installed = Some(Arc::clone(&handle));
        Ok(Self(handle))
    }

    /// Everything, in text form.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = self.0.render();
        process::render(&mut text);
        text
    }

    /// Folds what histograms have gathered; to be called every few seconds, or they would grow until the next scrape.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

/// Gives a metric its words. A counter without labels begins at 0, so that its first rise is seen as one.
fn describe(metric: Metric) {
    let Metric { name, kind, labels, help, act } = metric;
    let help = format!("{help} {act}");
    match kind {
        Type::Counter => {
            describe_counter!(name, help);
            if labels.is_empty() {
                counter!(name).increment(0);
            }
        }
        Type::Gauge => describe_gauge!(name, help),
        Type::Histogram => describe_histogram!(name, help),
    }
}

#[cfg(test)]
mod tests;
