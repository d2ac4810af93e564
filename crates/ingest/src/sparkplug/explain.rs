//! What each metric of a message would become, for a person who names metrics in `[[sparkplug.mapping]]`.

use std::sync::Arc;

use foretell_model::Event;

use super::rules::Target;
use super::topic::{self, Topic};
use super::wire::{self, Metric, Value};
use super::{Host, SparkplugNotes};
use crate::decode::{Admission, Fault, RefusalReason};

/// Which rule reads the message; each metric with what it becomes; the first event, or why there is none.
pub(crate) type Explained = (String, Vec<(String, String)>, Result<Option<Event>, Fault>);

impl Host {
    /// Explains a message without remembering anything. Aliases stand for nothing here, so it is best asked about a birth.
    pub(crate) fn explain(&self, admission: Admission, topic: &str, payload: &[u8]) -> Explained {
        let Some(Topic::Edge(verb, speaker)) = topic::parse(topic) else {
            let fault =
                Fault::new(RefusalReason::UnknownTopic, "no message of Sparkplug's edge nodes has such a topic");
            return (format!("topic {topic}: no rule"), Vec::new(), Err(fault));
        };
        let rules = self.rules();
        let who = rules.machine(speaker).map_or_else(|problem| problem, |machine| format!("machine {machine}"));
        let route = format!("topic {topic}: Sparkplug, {verb:?} of {speaker}, {who}");
        let message = match wire::read(payload) {
            Ok(message) => message,
            Err(fault) => return (route, Vec::new(), Err(fault)),
        };
        let rule = rules.at(rules.of(speaker));
        let fields = message.metrics.iter().map(|metric| {
            let target = metric.name.and_then(|name| rule.target(name));
            (metric_name(metric), metric_became(metric, target))
        });
        let fields = fields.collect();
        // A host of its own: what it remembers goes with it.
        let fresh = Self::empty(&self.host_id, 1, Arc::clone(&rules));
        let (mut events, mut publications) = (Vec::new(), Vec::new());
        let mut notes = SparkplugNotes::default();
        let (faults, _) =
            fresh.hear(admission, "explain", (topic, payload), &mut events, &mut publications, &mut notes);
        let reading = events.iter().position(|event| matches!(event, Event::Reading(_))).unwrap_or(0);
        let outcome = match (events.get(reading), faults.into_iter().next()) {
            (None, Some(fault)) => Err(fault),
            (event, _) => Ok(event.cloned()),
        };
        (route, fields, outcome)
    }
}

fn metric_name(metric: &Metric<'_>) -> String {
    match (metric.name, metric.alias) {
        (Some(name), None) => name.to_owned(),
        (Some(name), Some(alias)) => format!("{name} (alias {alias})"),
        (None, Some(alias)) => format!("alias {alias}"),
        (None, None) => "(no name)".to_owned(),
    }
}

fn metric_became(metric: &Metric<'_>, target: Option<Target>) -> String {
    let value = match metric.value {
        _ if metric.is_null => "null".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Long(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Text(text) => format!("{:?}", text.chars().take(40).collect::<String>()),
        Value::Absent | Value::Bytes | Value::DataSet | Value::Template | Value::Extension => {
            "no single value".to_owned()
        }
    };
    match target {
        Some(target) => format!("{} from {value}", target.name()),
        None if metric.name.is_none() => "known by its alias only, which a birth explains".to_owned(),
        None => "ignored: no signal has this name and no [[sparkplug.mapping]] names it".to_owned(),
    }
}
