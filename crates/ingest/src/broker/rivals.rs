//! Whether another program uses our client id at a broker. A broker knows one session of a name: whoever connects throws the other
//! out, and when both come back by themselves that goes on for ever while each gets a part of the messages. In MQTT 5 a broker can
//! say so. One that does not (Mosquitto 2.0.11), and every one of 3.1.1, just closes the connection, so the signs are counted:
//! sessions that stood and were closed within seconds, one after the other, with a broker that was there again at once. It is over
//! when a session stands for longer than the other would have waited before it came back.

use std::sync::Arc;
use std::time::Duration;

use super::events::{Lost, SessionsShort};
use super::poller::SOUND;
use crate::intake::{Source, TroubleKind};

/// So many short sessions in a row are no chance.
const SUSPECT_MIN: u32 = 3;
/// It is said again after so many more; at two a second that is every few minutes.
const SAY_EVERY: u32 = 300;

/// See the module's text.
pub(super) struct Rivals {
    source: Arc<Source>,
    client_id: String,
    /// Short sessions in a row.
    short: u32,
    /// How long a rival like us waits at most after a broker has told it that it was thrown out.
    waits: Duration,
}

impl Rivals {
    pub(super) const fn new(source: Arc<Source>, client_id: String, waits: Duration) -> Self {
        Self { source, client_id, short: 0, waits }
    }

    /// The name that is ours.
    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Takes the end of a connection; `stood` is how long its session did, none where there was none.
    pub(super) fn ended(&mut self, cause: &Lost, stood: Option<Duration>) {
        match (cause, stood) {
            (Lost::TakenOver, _) => {
                self.source.note_trouble(TroubleKind::TakenOver, &self.client_id);
            }
            (Lost::Connection { hung_up: true, .. }, Some(stood)) if stood < SOUND => {
                self.short += 1;
                if self.short >= SUSPECT_MIN {
                    self.source.note_trouble(TroubleKind::ShortSessions, &self.client_id);
                    self.say();
                }
            }
            // No rival does that, and each time the log says what it was.
            (Lost::Nonsense(_), Some(stood)) if stood < SOUND => {
                self.short = 0;
                self.source.note_trouble(TroubleKind::Nonsense, &self.client_id);
            }
            // A broker that is away, or a session that stood, tells of something else.
            _ => self.short = 0,
        }
    }

    /// A session has stood for so long and stands still; returns when to look again, counted from its beginning, as long as
    /// something may be over by then.
    pub(super) fn stands(&mut self, stood: Duration) -> Option<Duration> {
        if stood < SOUND {
            return Some(SOUND);
        }
        self.short = 0;
        self.source.trouble_over(TroubleKind::ShortSessions, &self.client_id);
        self.source.trouble_over(TroubleKind::Nonsense, &self.client_id);
        let long = self.waits + SOUND;
        if stood < long {
            return Some(long);
        }
        self.source.trouble_over(TroubleKind::TakenOver, &self.client_id);
        None
    }

    fn say(&self) {
        if (self.short - SUSPECT_MIN).is_multiple_of(SAY_EVERY) {
            SessionsShort { source: self.source.name(), client_id: &self.client_id, times: self.short }.emit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each word is the end of a connection, or how long one stands, in seconds; what is known then.
    fn check(ends: &str, expected: Option<(TroubleKind, u32)>) {
        let source = Arc::new(Source::new("plant"));
        let mut rivals = Rivals::new(Arc::clone(&source), "foretell".to_owned(), Duration::from_secs(60));
        for end in ends.split_whitespace() {
            if let Some(stood_s) = end.strip_prefix("stands").and_then(|seconds| seconds.parse().ok()) {
                let _next = rivals.stands(Duration::from_secs(stood_s));
                continue;
            }
            let hung_up = |hung_up| Lost::Connection { cause: "closed".into(), hung_up };
            let (cause, stood_s) = match end {
                "short" => (hung_up(true), Some(1)),
                "long" => (hung_up(true), Some(60)),
                "cut" => (hung_up(false), Some(1)),
                "away" => (hung_up(false), None),
                "closed" => (hung_up(true), None),
                "broken" => (Lost::Nonsense("QoS 3".to_owned()), Some(1)),
                "unknown" => (Lost::Nonsense("QoS 3".to_owned()), None),
                _ => (Lost::TakenOver, Some(1)),
            };
            rivals.ended(&cause, stood_s.map(Duration::from_secs));
        }
        let known = source.status().troubles.pop().map(|trouble| (trouble.kind, trouble.times));
        assert_eq!(known, expected, "{ends}");
    }

    #[test]
    fn what_a_broker_says_counts_at_once_and_what_it_does_when_it_is_no_chance() {
        check("", None);
        check("taken", Some((TroubleKind::TakenOver, 1)));
        check("away taken long taken", Some((TroubleKind::TakenOver, 2)));
        check("short short", None);
        check("short short short short", Some((TroubleKind::ShortSessions, 2)));
        // A broker that is killed again and again is away in between, and a bad cable is not the broker's doing.
        check("short away short away short away short", None);
        check("short short long short short", None);
        check("cut cut cut cut closed closed closed", None);
        // A broker with a fault ends our sessions as soon, and is no rival.
        check("broken broken broken broken", Some((TroubleKind::Nonsense, 4)));
        check("short short broken short short", Some((TroubleKind::Nonsense, 1)));
        check("unknown unknown unknown unknown", None);
    }

    #[test]
    fn it_is_over_when_a_session_stands_for_longer_than_a_rival_waits() {
        check("short short short short stands9", Some((TroubleKind::ShortSessions, 2)));
        check("short short short short stands10", None);
        check("short short short stands10 short short", None);
        check("broken broken stands9", Some((TroubleKind::Nonsense, 2)));
        check("broken broken stands10", None);
        check("taken taken stands10 stands69", Some((TroubleKind::TakenOver, 2)));
        check("taken taken stands10 stands70", None);
        let mut rivals = Rivals::new(Arc::new(Source::new("plant")), "foretell".to_owned(), Duration::from_secs(60));
        let looks =
            [0, 9, 10, 69, 70].map(|stood_s| rivals.stands(Duration::from_secs(stood_s)).map(|next| next.as_secs()));
        assert_eq!(looks, [Some(10), Some(10), Some(70), Some(70), None]);
    }
}
