//! A broker's address as people write it, and what it means: which transport, which host, which port.

use super::options::BrokerError;

/// The path of a WebSocket address that names none; what nearly every broker listens on.
const WEBSOCKET_PATH: &str = "/mqtt";

/// A broker's address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) tls: bool,
    /// `None` for plain MQTT over TCP or TLS; else the path.
    pub(super) websocket: Option<String>,
    pub(super) host: String,
    pub(super) port: u16,
}

impl Address {
    /// Reads `mqtt://host:1883`, `mqtts://host:8883`, `ws://host:80/path` or `wss://host:443/path`; port and path may be
    /// left out.
    ///
    /// # Errors
    /// With a hint for common mistakes.
    pub(super) fn parse(url: &str) -> Result<Self, BrokerError> {
        let fail = |hint| BrokerError::Url { url: url.to_owned(), hint };
        let (tls, is_websocket, default_port, rest) = match url.split_once("://") {
            Some(("mqtt" | "tcp", rest)) => (false, false, 1883, rest),
            Some(("mqtts" | "ssl", rest)) => (true, false, 8883, rest),
            Some(("ws", rest)) => (false, true, 80, rest),
            Some(("wss", rest)) => (true, true, 443, rest),
            _ => return Err(fail("")),
        };
        if rest.contains('@') {
            // Never repeated in an error: it may hold a password.
            let url = "…@…".to_owned();
            return Err(BrokerError::Url { url, hint: "; user and password have keys of their own" });
        }
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let websocket = match path {
            "" | "/" => is_websocket.then(|| WEBSOCKET_PATH.to_owned()),
            path if is_websocket && !path.contains(['#', ' ']) => Some(path.to_owned()),
            _ => return Err(fail("")),
        };
        let (host, port) = host_and_port(authority, default_port).map_err(fail)?;
        Ok(Self { tls, websocket, host: host.to_owned(), port })
    }

    /// The whole of a WebSocket address, with what was left out.
    pub(super) fn websocket_url(&self) -> Option<String> {
        let path = self.websocket.as_ref()?;
        let scheme = if self.tls { "wss" } else { "ws" };
        Some(format!("{scheme}://{}:{}{path}", self.host, self.port))
    }
}

fn host_and_port(authority: &str, default_port: u16) -> Result<(&str, u16), &'static str> {
    let bracketed = authority.starts_with('[');
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !bracketed || host.ends_with(']') => {
            (host, port.parse().map_err(|_| "; the port is not a number from 1 to 65535")?)
        }
        _ => (authority, default_port),
    };
    if host.is_empty() || port == 0 || host.contains(['?', '#', ' ']) {
        return Err("");
    }
    if host.contains(':') && !bracketed {
        return Err("; an IPv6 address stands in brackets");
    }
    Ok((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: &str) {
        let got = Address::parse(url).map_or_else(
            |error| error.to_string(),
            |a| {
                format!(
                    "{} {} {}{}",
                    a.host,
                    a.port,
                    if a.tls { "tls" } else { "plain" },
                    a.websocket.unwrap_or_default()
                )
            },
        );
        assert_eq!(got, expected, "{url}");
    }

    #[test]
    fn reads_addresses() {
        check("mqtt://plant.example", "plant.example 1883 plain");
        check("mqtt://10.0.0.7:2883/", "10.0.0.7 2883 plain");
        check("mqtts://plant.example", "plant.example 8883 tls");
        check("mqtt://[::1]:1884", "[::1] 1884 plain");
        check("mqtt://[::1]", "[::1] 1883 plain");
        check("ws://plant.example", "plant.example 80 plain/mqtt");
        check("wss://plant.example:8084/broker/mqtt?tenant=7", "plant.example 8084 tls/broker/mqtt?tenant=7");
    }

    #[test]
    fn says_what_is_wrong() {
        const FORM: &str =
            "is not a broker's address such as mqtt://host:1883, mqtts://host:8883, ws://host/mqtt or wss://host/mqtt";
        check("plant:1883", &format!("`plant:1883` {FORM}"));
        check("mqtt://plant/topic", &format!("`mqtt://plant/topic` {FORM}"));
        check("mqtt://::1", &format!("`mqtt://::1` {FORM}; an IPv6 address stands in brackets"));
        check("ws://h:70000", &format!("`ws://h:70000` {FORM}; the port is not a number from 1 to 65535"));
        check("mqtt://me:secret@h", &format!("`…@…` {FORM}; user and password have keys of their own"));
    }
}
