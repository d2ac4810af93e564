//! TLS towards a broker: whom we trust, who we are, and which protocol we ask for.

use std::sync::Arc;

use rumqttc::TlsConfiguration;
use rustls::ClientConfig;
use rustls::sign::SingleCertAndKey;

use super::options::{BrokerError, BrokerOptions};
use crate::pem::{self, PemError, PemFaults};

/// Loads the files and checks that they fit together, once at start rather than at the first connection.
///
/// # Errors
/// With every fault of the files.
pub(super) fn configuration(options: &BrokerOptions) -> Result<TlsConfiguration, BrokerError> {
    let (certificate, key) = (options.certificate_file.as_deref(), options.key_file.as_deref());
    let faults = pem::faults(certificate, key, options.ca_file.as_deref());
    if !faults.is_empty() {
        return Err(PemFaults(faults).into());
    }
    let mut config = match &options.ca_file {
        None => system_authorities()?,
        Some(path) => {
            let unusable = |source: rustls::Error| PemError::Unusable { path: path.clone(), source: source.into() };
            let builder = ClientConfig::builder_with_provider(Arc::new(pem::provider()));
            let builder =
                builder.with_safe_default_protocol_versions().map_err(|source| PemFaults::from(unusable(source)))?;
            builder.with_root_certificates(pem::roots(path).map_err(PemFaults::from)?).with_no_client_auth()
        }
    };
    if let (Some(certificate), Some(key)) = (certificate, key) {
        config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(pem::identity(certificate, key)?));
    }
    config.alpn_protocols = options.alpn.iter().map(|protocol| protocol.clone().into_bytes()).collect();
    Ok(TlsConfiguration::from(config))
}

fn system_authorities() -> Result<ClientConfig, BrokerError> {
    match TlsConfiguration::try_default_rustls().map_err(BrokerError::SystemAuthorities)? {
        TlsConfiguration::Rustls(config) => Ok(ClientConfig::clone(&config)),
        // What it returns for rustls is rustls; the type allows more than the function does.
        TlsConfiguration::Simple { .. } => Err(BrokerError::SystemAuthorities(rumqttc::TlsError::NoValidCertInChain)),
    }
}
