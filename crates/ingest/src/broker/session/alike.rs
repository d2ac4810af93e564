//! What reads the same over the types of either version's library: whom to connect to, and the plainest requests.

/// Writes it for one of the two libraries, where it is called.
macro_rules! alike {
    ($mqtt:ident) => {
        fn target(checked: &Checked, client_id: &str) -> Result<$mqtt::MqttOptions, BrokerError> {
            use $mqtt::{Broker, MqttOptions, Transport};

            let Some(url) = checked.address.websocket_url() else {
                let broker = Broker::tcp(checked.address.host.as_str(), checked.address.port);
                let mut mqtt = MqttOptions::new(client_id, broker);
                if let Some(tls) = checked.tls() {
                    mqtt.set_transport(Transport::tls_with_config(tls));
                }
                return Ok(mqtt);
            };
            let made = match checked.tls() {
                None => Broker::websocket(url.as_str()).map(|broker| MqttOptions::new(client_id, broker)),
                Some(tls) => MqttOptions::websocket_with_tls_config(client_id, url.as_str(), tls),
            };
            made.map_err(|_| BrokerError::WebSocket { url })
        }

        pub(super) fn not_taken(error: $mqtt::ClientError) -> NotTaken {
            if matches!(error, $mqtt::ClientError::RequestChannelFull(_)) { NotTaken::Full } else { NotTaken::Gone }
        }

        pub(super) fn subscribe(client: &$mqtt::AsyncClient, filters: &[String]) -> Result<(), NotTaken> {
            let filters =
                filters.iter().map(|filter| $mqtt::SubscribeFilter::new(filter.clone(), $mqtt::QoS::AtLeastOnce));
            client.try_subscribe_many(filters).map_err(not_taken)
        }

        pub(super) fn publish(client: &$mqtt::AsyncClient, topic: &str, value: Bytes) -> Result<(), NotTaken> {
            client.try_publish(topic, value, $mqtt::PublishOptions::new($mqtt::QoS::AtMostOnce)).map_err(not_taken)
        }
    };
}
pub(super) use alike;
