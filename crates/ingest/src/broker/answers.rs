//! What a broker answers to our own retained messages. MQTT 5 says of each whether it was taken; 3.1.1 says nothing, and takes from
//! us what it then throws away.
//!
//! A broker whose access rules leave a topic out refuses it for ever, so a refusal is news once, and again when it changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::counter;
use tokio::sync::mpsc;

use super::session::Answer;

/// Most topics that are remembered as refused; what is refused beyond them is counted only.
const TOPICS_MAX: usize = 1_000;
/// Answers that may be outstanding: more than the connection takes requests, so that this is never what is full.
const OUTSTANDING_MAX: usize = 150_000;

/// A message of ours that a broker refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedPublish {
    /// The broker's name.
    pub source: String,
    /// Where it was to stand.
    pub topic: String,
    /// Why not, with what to do if somebody can do something.
    pub why: &'static str,
    /// How often since it was last taken: one that is said again and refused again counts once more.
    pub times: u64,
}

/// Why a topic was refused last, and how often since it was taken.
type Refused = (&'static str, u64);

/// Which topics a broker refuses now.
pub(super) struct Answers {
    source: String,
    refused: Mutex<BTreeMap<String, Refused>>,
}

/// Where the one who publishes leaves what is to be answered, in the order in which it was said.
pub(super) type Asked = mpsc::Sender<(String, Answer)>;

impl Answers {
    /// Nothing was refused yet; the second is to be run, the third to be told of what was said.
    pub(super) fn new(source: &str) -> (Arc<Self>, impl Future<Output = ()> + Send + use<>, Asked) {
        let answers = Arc::new(Self { source: source.to_owned(), refused: Mutex::default() });
        let (asked, mut outstanding) = mpsc::channel::<(String, Answer)>(OUTSTANDING_MAX);
        let hearing = Arc::clone(&answers);
        let hear = async move {
            // A broker answers in the order of what was said, so one after the other holds nothing up.
            while let Some((topic, answer)) = outstanding.recv().await {
                hearing.heard(topic, answer.heard().await);
            }
        };
        (answers, hear, asked)
    }

    /// Every message that is refused now, in the order of topics.
    pub(super) fn refused(&self) -> Vec<RefusedPublish> {
        let refusal = |(topic, (why, times)): (&String, &Refused)| {
            let (source, topic) = (self.source.clone(), topic.clone());
            RefusedPublish { source, topic, why, times: *times }
        };
        self.lock().iter().map(refusal).collect()
    }

    /// Takes note of an answer; `None` when there was none, because the connection ended before.
    fn heard(&self, topic: String, answer: Option<Result<(), &'static str>>) {
        match answer {
            None => {}
            Some(Ok(())) => drop(self.lock().remove(&topic)),
            Some(Err(why)) => {
                counter!("foretell_broker_publishes_refused_total", "source" => self.source.clone()).increment(1);
                let mut refused = self.lock();
                let before = refused.get(&topic).copied();
                if let Some((_, times)) = before {
                    refused.insert(topic.clone(), (why, times + 1));
                }
                if before.is_some_and(|(before, _)| before == why) || refused.len() >= TOPICS_MAX {
                    return;
                }
                tracing::error!(
                    source = self.source,
                    topic,
                    why,
                    "The broker refuses a message of ours; nobody there will get it."
                );
                refused.entry(topic).or_insert((why, 1));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Refused>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_refused_until_it_is_taken() {
        let (answers, ..) = Answers::new("hall");
        let refused =
            || answers.refused().into_iter().map(|r| format!("{} {} {}", r.topic, r.why, r.times)).collect::<Vec<_>>();
        for (topic, answer, expected) in [
            ("a", Some(Ok(())), ""),
            ("b", Some(Err("no")), "b no 1"),
            ("a", Some(Err("no")), "a no 1, b no 1"),
            ("b", None, "a no 1, b no 1"),
            ("b", Some(Err("never")), "a no 1, b never 2"),
            ("b", Some(Err("never")), "a no 1, b never 3"),
            ("a", Some(Ok(())), "b never 3"),
        ] {
            answers.heard(topic.to_owned(), answer);
            assert_eq!(refused().join(", "), expected);
        }
        (0..2 * TOPICS_MAX).for_each(|n| answers.heard(format!("t/{n}"), Some(Err("no"))));
        assert_eq!(refused().len(), TOPICS_MAX);
    }
}
