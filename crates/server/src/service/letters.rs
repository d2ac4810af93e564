//! Letters that go by MQTT: each stands on the machine's topic, retained, until it is answered; and one that every broker refuses has
//! not arrived, whatever its channel said when it was handed over.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foretell_ingest::Ingest;
use foretell_ingest::broker::RefusedPublish;
use foretell_model::Clock as _;
use foretell_outreach::{Channel as _, Mqtt, MqttMessage, Outreach};
use tokio_util::sync::CancellationToken;

use super::clocks::Clocks;
use super::dispatch::{LOOK_EVERY, read};
use super::engine_room::EngineRoom;

/// What stands on a topic by our doing.
struct Standing {
    message: MqttMessage,
    /// How often each broker had refused the topic before.
    refused_before: BTreeMap<String, u64>,
}

/// Keeps the letters standing until they are answered; ends at once without such a channel.
pub(super) async fn letters(
    (outreach, channels): (Arc<Outreach>, Vec<Mqtt>),
    (ingest, room): (Arc<Ingest>, Arc<EngineRoom>),
    clocks: Arc<Clocks>,
    stop: CancellationToken,
) {
    let (mut published, mut known) = (HashMap::<String, Standing>::new(), ingest.destinations());
    while !channels.is_empty() {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let (reading, now) = (Arc::clone(&outreach), clocks.now());
        let wanted = read(tokio::task::spawn_blocking(move || reading.messages_for_mqtt(now)).await);
        if std::mem::replace(&mut known, ingest.destinations()) != known {
            published.clear();
        }
        let placed = wanted.into_iter().flatten().filter_map(|message| {
            let channel = channels.iter().find(|channel| channel.name() == message.channel)?;
            Some((channel.topic(message.machine.site(), message.machine.machine()), message))
        });
        for (topic, message) in placed {
            if published.get(&topic).is_none_or(|standing| standing.message.payload != message.payload) {
                let refused_before = times(&ingest.refused_publishes(), &topic);
                ingest.publish_retained(&topic, message.payload.as_bytes());
                published.insert(topic, Standing { message, refused_before });
            }
        }
        for (topic, why) in refused(&ingest, &published) {
            let Some(Standing { message, .. }) = published.remove(&topic) else { continue };
            // Nor may it stand there later, once the broker was mended: the customer hears of it in another way.
            ingest.publish_retained(&topic, b"");
            let (telling, now) = (Arc::clone(&outreach), clocks.now());
            let told = tokio::task::spawn_blocking(move || {
                telling.refused_by_mqtt(&message.channel, &message.machine, why, now)
            });
            if let Some(Some(step)) = read(told.await) {
                tracing::warn!(case = %step.case, topic, why, outcome = ?step.outcome, "A letter was refused by every broker.");
                room.changed();
            }
        }
    }
}

/// How often each broker has refused a topic.
fn times(refused: &[RefusedPublish], topic: &str) -> BTreeMap<String, u64> {
    let of_topic = refused.iter().filter(|refused| refused.topic == topic);
    of_topic.map(|refused| (refused.source.clone(), refused.times)).collect()
}

/// Topics whose letter every broker has refused, and the reason of one of them. Where there is a listener of our own the letter
/// stands there.
fn refused(ingest: &Ingest, published: &HashMap<String, Standing>) -> Vec<(String, &'static str)> {
    if ingest.listen_addr().is_some() || published.values().all(|standing| standing.message.payload.is_empty()) {
        return Vec::new();
    }
    let brokers: Vec<String> = ingest.status().sources.into_iter().map(|source| source.name).collect();
    let refused = ingest.refused_publishes();
    let everywhere = |(topic, standing): (&String, &Standing)| {
        let why = why_nowhere(&brokers, &refused, topic, &standing.refused_before)?;
        (!standing.message.payload.is_empty()).then(|| (topic.clone(), why))
    };
    published.iter().filter_map(everywhere).collect()
}

/// Why a topic stands at no broker, if every one of them has refused it since it was said.
fn why_nowhere(
    brokers: &[String],
    refused: &[RefusedPublish],
    topic: &str,
    before: &BTreeMap<String, u64>,
) -> Option<&'static str> {
    let why = |broker: &String| {
        let since = |now: &&RefusedPublish| {
            now.source == *broker && now.topic == topic && now.times > before.get(broker).copied().unwrap_or(0)
        };
        refused.iter().find(since).map(|refused| refused.why)
    };
    brokers.iter().map(why).collect::<Option<Vec<_>>>()?.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_stands_nowhere_once_every_broker_has_refused_it_since() {
        let refusal = |source: &str, topic: &str, times| RefusedPublish {
            source: source.into(),
            topic: topic.into(),
            why: "no",
            times,
        };
        let check = |refused: &[RefusedPublish], before: &[(&str, u64)], expected: Option<&'static str>| {
            let before = before.iter().map(|(name, times)| ((*name).to_owned(), *times)).collect();
            let brokers = ["hall".to_owned(), "north".to_owned()];
            assert_eq!(why_nowhere(&brokers, refused, "a", &before), expected, "{refused:?}");
        };
        let both = [refusal("hall", "a", 1), refusal("north", "a", 3)];
        check(&both, &[], Some("no"));
        check(&both[..1], &[], None);
        check(&[refusal("hall", "a", 1), refusal("north", "b", 3)], &[], None);
        check(&both, &[("north", 2)], Some("no"));
        check(&both, &[("north", 3)], None);
        assert_eq!(times(&both, "a"), BTreeMap::from([("hall".into(), 1), ("north".into(), 3)]));
        assert_eq!(why_nowhere(&[], &both, "a", &BTreeMap::new()), None, "there is no broker");
    }
}
