//! TLS: the listener's certificate, and who a client's certificate says it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use super::options::TlsOptions;

/// Why TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds no such thing.
    #[error("could not read {what} from {}", path.display())]
    Pem {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not fit, or the authority cannot be used.
    #[error("could not set up TLS with {}", path.display())]
    Setup {
        /// The certificate in question.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Reads the files and checks that they fit together.
///
/// # Errors
/// When a file is missing or wrong.
pub(super) fn acceptor(options: &TlsOptions) -> Result<TlsAcceptor, TlsError> {
    let chain = certificates(&options.certificate_file)?;
    let key = PrivateKeyDer::from_pem_file(&options.key_file).map_err(|source| TlsError::Pem {
        what: "a private key",
        path: options.key_file.clone(),
        source,
    })?;
    let setup = |path: &Path| {
        let path = path.to_owned();
        move |source: Box<dyn std::error::Error + Send + Sync>| TlsError::Setup { path, source }
    };
    // Named here, not taken from the process: which provider is installed is main's business, this must work in tests too.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|source| setup(&options.certificate_file)(source.into()))?;
    let builder = match &options.client_ca_file {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for root in certificates(path)? {
                roots.add(root).map_err(|source| setup(path)(source.into()))?;
            }
            // A client without a certificate may still log in by password.
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).allow_unauthenticated();
            builder.with_client_cert_verifier(verifier.build().map_err(|source| setup(path)(source.into()))?)
        }
    };
    let config =
        builder.with_single_cert(chain, key).map_err(|source| setup(&options.certificate_file)(source.into()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let error = |source| TlsError::Pem { what: "certificates", path: path.to_owned(), source };
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(error)?;
    if certificates.is_empty() {
        return Err(error(rustls::pki_types::pem::Error::NoItemsFound));
    }
    Ok(certificates)
}

/// The DNS names of a certificate that the handshake has verified.
pub(super) fn certificate_names(certificates: Option<&[CertificateDer<'_>]>) -> Vec<String> {
    let Some(first) = certificates.and_then(<[_]>::first) else { return Vec::new() };
    match webpki::EndEntityCert::try_from(first) {
        Ok(certificate) => certificate.valid_dns_names().map(str::to_owned).collect(),
        Err(_) => Vec::new(),
    }
}
