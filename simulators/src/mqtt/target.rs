//! Where to publish.

use std::fmt;

use rumqttc::{MqttOptions, NetworkOptions, OptionError};

use super::PublishError;

/// Largest MQTT packet in either direction, bytes: a backlog of 1,000 samples with every signal is about 400 kB.
const PACKET_MAX: usize = 1024 * 1024;
/// Silence after which a client pings, s.
const KEEP_ALIVE_S: u16 = 30;

/// Small packets leave at once: Nagle's wait for the peer's delayed acknowledgement costs 40 ms per window.
pub(super) fn network() -> NetworkOptions {
    let mut options = NetworkOptions::new();
    options.set_tcp_nodelay(true);
    options
}

/// A broker and who to be there.
#[derive(Clone)]
pub struct Target {
    /// `mqtt://host:port`.
    pub url: String,
    /// User name and password, if the broker wants them.
    pub login: Option<(String, String)>,
}

/// The password stays out of logs.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.login.as_ref().map(|(user, _)| user);
        f.debug_struct("Target").field("url", &self.url).field("user", &user).finish_non_exhaustive()
    }
}

impl Target {
    /// A broker that lets everyone in.
    #[must_use]
    pub fn anonymous(url: &str) -> Self {
        Self { url: url.to_owned(), login: None }
    }

    /// Host and port, for load that drives its sockets itself.
    pub(super) fn address(&self) -> Result<String, PublishError> {
        self.options("x", 1).map_err(|source| PublishError::Url { url: self.url.clone(), source })?;
        let Some(rest) = self.url.strip_prefix("mqtt://").or_else(|| self.url.strip_prefix("tcp://")) else {
            let reason = "load and counting speak plain MQTT over TCP only".to_owned();
            return Err(PublishError::Unreachable { url: self.url.clone(), reason });
        };
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        Ok(if has_port { host.to_owned() } else { format!("{host}:1883") })
    }

    /// Options of a client; `window` messages may wait for their acknowledgement.
    ///
    /// Clean sessions: what a lost session held is published again by us, whether the broker kept it or not.
    pub(super) fn options(&self, client_id: &str, window: u16) -> Result<MqttOptions, OptionError> {
        // The library wants the client id in the address; ours need no escaping.
        let separator = if self.url.contains('?') { '&' } else { '?' };
        let mut options = MqttOptions::parse_url(format!("{}{separator}client_id={client_id}", self.url))?;
        options.set_keep_alive(KEEP_ALIVE_S);
        options.set_clean_session(true);
        options.set_inflight(window);
        options.set_max_packet_size(PACKET_MAX, PACKET_MAX);
        if let Some((user, password)) = &self.login {
            options.set_credentials(user.clone(), password.clone());
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Option<&str>) {
        assert_eq!(Target::anonymous(url).address().ok().as_deref(), expected, "{url}");
    }

    #[test]
    fn an_address_has_a_port() {
        check("mqtt://127.0.0.1:21883", Some("127.0.0.1:21883"));
        check("mqtt://broker", Some("broker:1883"));
        check("mqtts://broker:8883", None);
        check("http://broker", None);
    }
}
