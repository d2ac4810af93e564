//! Delivery to a mail server.
//!
//! A send is never repeated once the text may have been handed over: the connection is proven first, so that a failure
//! to connect is known to be harmless, and a failure after that which is no reply of the server counts as unknown.

use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{SmtpTransport, Transport};

use super::{Channel, DeliveryError, Parcel, mail};

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Encrypted from the first byte, usually port 465.
    Tls,
    /// Plain at first, then encrypted or refused, usually port 587.
    StartTls,
    /// Never encrypted; for a relay on the same host.
    Plain,
}

/// Where and how to deliver.
#[derive(Clone)]
pub struct SmtpOptions {
    /// Host name of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User name and password, if the server wants them.
    pub login: Option<(String, String)>,
    /// Longest wait for any reply.
    pub timeout: Duration,
    /// Address that messages come from.
    pub from: String,
}

/// A mail server.
pub struct Smtp {
    transport: SmtpTransport,
    from: String,
}

impl Smtp {
    /// Prepares the connection; nothing is contacted yet.
    ///
    /// # Errors
    /// When the host's name cannot be used for TLS.
    pub fn new(options: SmtpOptions) -> Result<Self, DeliveryError> {
        let tls = || {
            TlsParameters::new(options.host.clone())
                .map_err(|e| DeliveryError::Permanent(format!("could not set up TLS for {}: {e}", options.host)))
        };
        let tls = match options.security {
            Security::Tls => Tls::Wrapper(tls()?),
            Security::StartTls => Tls::Required(tls()?),
            Security::Plain => Tls::None,
        };
        let mut builder =
            SmtpTransport::builder_dangerous(&options.host).port(options.port).tls(tls).timeout(Some(options.timeout));
        if let Some((user, password)) = options.login {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self { transport: builder.build(), from: options.from })
    }
}

impl Channel for Smtp {
    fn name(&self) -> &str {
        "smtp"
    }

    fn medium(&self) -> &str {
        "email"
    }

    fn is_idempotent(&self) -> bool {
        false
    }

    /// Connects, or tries the connection that is kept.
    fn reach(&self) -> Result<(), DeliveryError> {
        match self.transport.test_connection() {
            Ok(true) => Ok(()),
            Ok(false) => Err(DeliveryError::Temporary("the mail server does not answer".into())),
            Err(e) if e.is_permanent() => Err(DeliveryError::Permanent(e.to_string())),
            Err(e) => Err(DeliveryError::Temporary(e.to_string())),
        }
    }

    fn deliver(&self, parcel: &Parcel) -> Result<(), DeliveryError> {
        let message = mail::build(parcel, &self.from)?;
        self.reach()?;
        match self.transport.send(&message) {
            Ok(_) => Ok(()),
            Err(e) if e.is_transient() => Err(DeliveryError::Temporary(e.to_string())),
            Err(e) if e.is_permanent() => Err(DeliveryError::Permanent(e.to_string())),
            Err(e) => Err(DeliveryError::Unknown(e.to_string())),
        }
    }
}
