//! A message for the machine's own site: to the customer's controller, display or building management, over MQTT.
//!
//! The outbox marks it as sent, and whoever owns the MQTT session publishes what the store says
//! ([`crate::Outreach::messages_for_mqtt`]): retained, QoS 1, the newest message of each machine, until its case is answered. So
//! no crash loses or doubles it; a subscriber sees repetitions by `id`. Where every broker refuses it (MQTT 5 says so, 3.1.1 does not) it
//! has not arrived ([`crate::Outreach::refused_by_mqtt`]).

use super::{Channel, DeliveryError, Parcel};

/// The message's place on the plant's MQTT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mqtt {
    name: String,
    topic: String,
}

impl Mqtt {
    /// What the medium is called in a customer's addresses.
    pub const MEDIUM: &'static str = "mqtt";

    /// Where messages go by default.
    pub const TOPIC: &'static str = "foretell/v1/{site}/{machine}/message";

    /// A channel of a name; in the topic `{site}` and `{machine}` stand for the machine's identity.
    ///
    /// # Errors
    /// When the topic is none, or would bring the messages of two machines together.
    pub fn new(name: impl Into<String>, topic: impl Into<String>) -> Result<Self, String> {
        let (name, topic) = (name.into(), topic.into());
        if topic.contains(['+', '#', '\0']) || topic.starts_with(['$', '/']) || topic.len() > 512 {
            return Err("a topic to publish on has no wildcards and does not begin with `/` or `$`".into());
        }
        if !topic.contains("{site}") || !topic.contains("{machine}") {
            return Err("it needs {site} and {machine}: a message of one machine must not replace another's".into());
        }
        Ok(Self { name, topic })
    }

    /// The topic of a machine's messages.
    #[must_use]
    pub fn topic(&self, site: &str, machine: &str) -> String {
        self.topic.replace("{site}", site).replace("{machine}", machine)
    }
}

impl Channel for Mqtt {
    fn name(&self) -> &str {
        &self.name
    }

    fn medium(&self) -> &str {
        Self::MEDIUM
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn deliver(&self, _parcel: &Parcel) -> Result<(), DeliveryError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_machine_has_a_topic_of_its_own() {
        let topic = |topic: &str| Mqtt::new("display", topic).map(|channel| channel.topic("s01", "m002"));
        assert_eq!(topic(Mqtt::TOPIC).as_deref(), Ok("foretell/v1/s01/m002/message"));
        assert_eq!(topic("{machine}/of/{site}").as_deref(), Ok("m002/of/s01"));
        for wrong in ["foretell/v1/{site}/message", "a/{site}/{machine}/#", "$SYS/{site}/{machine}", ""] {
            assert!(topic(wrong).is_err(), "{wrong}");
        }
    }
}
