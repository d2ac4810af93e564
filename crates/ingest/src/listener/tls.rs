//! TLS: the listener's certificate, and whose certificates it accepts.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use rustls::sign::SingleCertAndKey;
use tokio_rustls::TlsAcceptor;

use super::options::TlsOptions;
use crate::pem::{self, PemError, PemFaults};
use crate::validity::{self, Certificates};

/// TLS as new connections are offered it.
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    /// Of the files that it was made of.
    fingerprint: u64,
    certificates: Vec<Certificates>,
}

impl Tls {
    /// Loads the files.
    ///
    /// # Errors
    /// With every fault of the files.
    pub(super) fn load(options: &TlsOptions) -> Result<Self, PemFaults> {
        let (certificate, key) = (&*options.certificate_file, &*options.key_file);
        // First, so that a file that is exchanged meanwhile counts as another one the next time.
        let fingerprint = pem::fingerprint([Some(certificate), Some(key), options.client_ca_file.as_deref()]);
        let certificates = validity::certificates(Some(certificate), options.client_ca_file.as_deref());
        Ok(Self { acceptor: acceptor(options)?, fingerprint, certificates })
    }

    /// When those hold that it was made of.
    pub(super) fn certificates(&self) -> &[Certificates] {
        &self.certificates
    }

    /// What takes a connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Whether two are made of the same files' contents.
    pub(super) fn is_same(one: Option<&Self>, other: Option<&Self>) -> bool {
        one.map(|tls| tls.fingerprint) == other.map(|tls| tls.fingerprint)
    }
}

/// Loads the files, each by what [`pem::faults`] checks them with.
///
/// # Errors
/// With every fault of the files.
fn acceptor(options: &TlsOptions) -> Result<TlsAcceptor, PemFaults> {
    let (certificate, key) = (&options.certificate_file, &options.key_file);
    let faults = pem::faults(Some(certificate), Some(key), options.client_ca_file.as_deref());
    if !faults.is_empty() {
        return Err(PemFaults(faults));
    }
    let provider = Arc::new(pem::provider());
    let unusable = |path: &std::path::Path, source: Box<dyn std::error::Error + Send + Sync>| PemError::Unusable {
        path: path.to_owned(),
        source,
    };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|source| unusable(certificate, source.into()))?;
    let builder = match &options.client_ca_file {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let roots = Arc::new(pem::roots(path)?);
            // A client without a certificate may still log in by password.
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).allow_unauthenticated();
            builder.with_client_cert_verifier(verifier.build().map_err(|source| unusable(path, source.into()))?)
        }
    };
    let own = SingleCertAndKey::from(pem::identity(certificate, key)?);
    Ok(TlsAcceptor::from(Arc::new(builder.with_cert_resolver(Arc::new(own)))))
}
