//! Where to publish.

use std::fmt;

use rumqttc::{MqttOptions, OptionError};

/// Largest MQTT packet in either direction, bytes: a backlog of 1,000 samples with every signal is about 400 kB.
const PACKET_MAX: usize = 1024 * 1024;
/// Silence after which a client pings, s.
const KEEP_ALIVE_S: u16 = 30;

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

    /// Options of a client; `window` messages may wait for their acknowledgement.
    ///
    /// Clean sessions: what a lost session held is published again by us, whether the broker kept it or not.
    pub(super) fn options(&self, client_id: &str, window: u16) -> Result<MqttOptions, OptionError> {
        let mut options = MqttOptions::parse_url(self.url.as_str())?;
        options.set_client_id(client_id.to_owned());
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
