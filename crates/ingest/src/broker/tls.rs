//! TLS towards a broker: whom we trust, who we are, and which protocol we ask for.

use std::path::Path;
use std::sync::Arc;

use rumqttc::TlsConfiguration;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};

use super::options::{BrokerError, BrokerOptions};

/// Reads the files and checks that they fit together, once at start rather than at the first connection.
///
/// # Errors
/// When a file is missing or wrong.
pub(super) fn configuration(options: &BrokerOptions) -> Result<TlsConfiguration, BrokerError> {
    // Named here, not taken from the process: which provider is installed is main's business, this must work in tests too.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = match &options.ca_file {
        None => system_authorities()?,
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for root in certificates(path)? {
                roots.add(root).map_err(|source| BrokerError::Tls { path: path.clone(), source })?;
            }
            let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
            let builder = builder
                .with_safe_default_protocol_versions()
                .map_err(|source| BrokerError::Tls { path: path.clone(), source })?;
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    if let (Some(certificate_file), Some(key_file)) = (&options.certificate_file, &options.key_file) {
        let tls = |source| BrokerError::Tls { path: certificate_file.clone(), source };
        let key = PrivateKeyDer::from_pem_slice(&read(key_file)?)
            .map_err(|_| BrokerError::NotPem { path: key_file.clone(), what: "private key" })?;
        let own = CertifiedKey::from_der(certificates(certificate_file)?, key, &provider).map_err(tls)?;
        config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(own));
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

/// A PEM file with at least one certificate.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, BrokerError> {
    let pem = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(BrokerError::NotPem { path: path.to_owned(), what: "certificate" }),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, BrokerError> {
    std::fs::read(path).map_err(|source| BrokerError::Read { path: path.to_owned(), source })
}
