//! Certificates and keys in PEM files, for both ends of TLS. Whoever checks a configuration and whoever opens a connection load
//! them here, so that what passed the one does not fail the other; each fault says what to do about it.

use std::error::Error;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, RootCertStore};

/// What is wrong with a file of certificates or keys.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// The file system refused.
    #[error("could not read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Something else stands in it.
    #[error("{} holds no {what} in PEM form{hint}", path.display())]
    Missing {
        /// Which file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// What to do, as far as it can be told from what stands there; may be empty.
        hint: &'static str,
    },
    /// It breaks off, or its letters are no base64.
    #[error("{} is damaged: {why}; copy it again from where it was made", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong, in words: the parser's own are numbers of letters.
        why: &'static str,
    },
    /// A certificate or key is of a kind that cannot be used.
    #[error("could not set up TLS with {}", path.display())]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Two files that do not belong together.
    #[error(
        "the key in {} does not belong to the first certificate in {}; name the pair that was made together, with the \
         certificate of this end before those of its authorities",
        key.display(),
        certificate.display()
    )]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
}

impl PemError {
    /// The file to mend; of a pair that does not fit, the key's.
    #[must_use]
    pub fn file(&self) -> &Path {
        match self {
            Self::Read { path, .. }
            | Self::Missing { path, .. }
            | Self::Damaged { path, .. }
            | Self::Unusable { path, .. }
            | Self::Mismatch { key: path, .. } => path,
        }
    }
}

/// What to do about a certificate that is refused in these words of the library; empty where we know nothing better. It is what many a
/// guide has openssl make, and the words tell nobody that.
pub(crate) fn remedy_of_version(words: &str) -> &'static str {
    if words.contains("UnsupportedCertVersion") {
        "the certificate is of version 1, which `openssl x509 -req` makes without extensions; make it anew with an extension, such as \
         `-extfile` with the line subjectAltName=DNS:NAME"
    } else {
        ""
    }
}

/// Every fault of the files of one connection; at least one.
#[derive(Debug)]
pub struct PemFaults(pub Vec<PemError>);

impl fmt::Display for PemFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.0.iter().enumerate() {
            let before = if number == 0 { "" } else { "; " };
            write!(f, "{before}{fault}")?;
            if let Some(cause) = fault.source().map(ToString::to_string) {
                write!(f, ": {cause}")?;
                let remedy = remedy_of_version(&cause);
                write!(f, "{}{remedy}", if remedy.is_empty() { "" } else { "; " })?;
            }
        }
        Ok(())
    }
}

impl Error for PemFaults {}

impl From<PemError> for PemFaults {
    fn from(fault: PemError) -> Self {
        Self(vec![fault])
    }
}

/// The provider of all our TLS. Named, not taken from the process: which one is installed there is main's business, and this must
/// work in tests too.
pub(crate) fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

/// Every fault of the files that are given, found by loading them as a connection would.
#[must_use]
pub fn faults(certificate: Option<&Path>, key: Option<&Path>, authorities: Option<&Path>) -> Vec<PemError> {
    let mut faults = match (certificate, key) {
        (Some(certificate), Some(key)) => identity(certificate, key).err().map(|faults| faults.0).unwrap_or_default(),
        (Some(certificate), None) => certificates(certificate).err().into_iter().collect(),
        (None, Some(key)) => private_key(key).err().into_iter().collect(),
        (None, None) => Vec::new(),
    };
    faults.extend(authorities.and_then(|path| roots(path).err()));
    faults
}

/// A number that is another one when what stands in the files is; the same for files that cannot be read.
pub(crate) fn fingerprint<'a>(files: impl IntoIterator<Item = Option<&'a Path>>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.and_then(|path| read(path).ok()).hash(&mut hasher);
    }
    hasher.finish()
}

/// Who we are: a certificate chain with the key that belongs to it.
///
/// # Errors
/// With the faults of both files.
pub(crate) fn identity(certificate: &Path, key: &Path) -> Result<CertifiedKey, PemFaults> {
    let (chain, signer) = match (certificates(certificate), private_key(key)) {
        (Ok(chain), Ok(der)) => (chain, der),
        (chain, der) => return Err(PemFaults([chain.err(), der.err()].into_iter().flatten().collect())),
    };
    let signer = provider().key_provider.load_private_key(signer).map_err(unusable(key))?;
    let own = CertifiedKey::new(chain, signer);
    match own.keys_match() {
        // A key that does not tell its public half may still be the right one.
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(own),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(PemError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() }.into())
        }
        Err(error) => Err(unusable(certificate)(error).into()),
    }
}

/// Whom we trust.
///
/// # Errors
/// When the file holds no certificate, or one that cannot be an authority.
pub(crate) fn roots(path: &Path) -> Result<RootCertStore, PemError> {
    let mut roots = RootCertStore::empty();
    for root in certificates(path)? {
        roots.add(root).map_err(unusable(path))?;
    }
    Ok(roots)
}

/// The certificates of a file.
///
/// # Errors
/// When it holds none, or cannot be read.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if found.is_empty() => {
            let hint = if is_der(&text) {
                "; it is in DER form: openssl x509 -inform der -in THIS -out NEW makes PEM of it"
            } else if holds(&text, "PRIVATE KEY-----") {
                "; it holds a private key: are the two files exchanged?"
            } else {
                ""
            };
            Err(PemError::Missing { path: path.to_owned(), what: "certificate", hint })
        }
        Ok(found) => Ok(found),
        Err(error) => Err(damaged(path, &error)),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, PemError> {
    let text = read(path)?;
    let missing = |hint| PemError::Missing { path: path.to_owned(), what: "private key", hint };
    if holds(&text, "ENCRYPTED") {
        return Err(missing(
            " that is open, but one with a password, which nobody is there to type: openssl pkey -in THIS -out NEW takes it off",
        ));
    }
    match PrivateKeyDer::from_pem_slice(&text) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) if is_der(&text) => {
            Err(missing("; it is in DER form: openssl pkey -inform der -in THIS -out NEW makes PEM of it"))
        }
        Err(pem::Error::NoItemsFound) if holds(&text, "BEGIN CERTIFICATE-----") => {
            Err(missing("; it holds a certificate: are the two files exchanged?"))
        }
        Err(pem::Error::NoItemsFound) => Err(missing("")),
        Err(error) => Err(damaged(path, &error)),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, PemError> {
    std::fs::read(path).map_err(|source| PemError::Read { path: path.to_owned(), source })
}

fn damaged(path: &Path, error: &pem::Error) -> PemError {
    let why = match error {
        pem::Error::MissingSectionEnd { .. } => "it breaks off before its END line",
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line of it is broken",
        pem::Error::Base64Decode(_) => "it holds letters that are no base64",
        _ => "it cannot be taken apart",
    };
    PemError::Damaged { path: path.to_owned(), why }
}

fn unusable<E: Error + Send + Sync + 'static>(path: &Path) -> impl FnOnce(E) -> PemError {
    let path = path.to_owned();
    move |source| PemError::Unusable { path, source: Box::new(source) }
}

/// A SEQUENCE, as every certificate and key is: a long one by its head, a short one (an elliptic curve's key) by its length too.
fn is_der(bytes: &[u8]) -> bool {
    match bytes {
        [0x30, 0x81..=0x83, ..] => true,
        [0x30, length, rest @ ..] => usize::from(*length) == rest.len(),
        _ => false,
    }
}

fn holds(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Two pairs, a key with a password, both kinds in DER, and what is none of it.
    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let run = |arguments: &str| {
            let made = Command::new("openssl").current_dir(dir.path()).args(arguments.split(' ')).output();
            let made = made.expect("openssl runs (Debian package openssl)");
            assert!(made.status.success(), "{arguments}: {}", String::from_utf8_lossy(&made.stderr));
        };
        for name in ["a", "b"] {
            run(&format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem"
            ));
        }
        run("req -new -key a.key -subj /CN=a -out a.csr");
        run("x509 -req -in a.csr -signkey a.key -days 2 -out v1.pem");
        run("x509 -in a.pem -outform der -out a.der");
        run("pkey -in a.key -outform der -out key.der");
        run("pkey -in a.key -aes256 -passout pass:secret -out locked.key");
        run("ec -in a.key -aes256 -passout pass:secret -out locked-old.key");
        let text = std::fs::read_to_string(dir.path().join("a.pem")).unwrap();
        std::fs::write(dir.path().join("cut.pem"), &text[..text.len() / 2]).unwrap();
        std::fs::write(dir.path().join("none.txt"), "no PEM\n").unwrap();
        dir
    }

    #[test]
    fn every_fault_is_told_with_its_remedy() {
        let dir = folder();
        let check = |[certificate, key, authorities]: [&str; 3], expected: &[&str]| {
            let [certificate, key, authorities] =
                [certificate, key, authorities].map(|name| Some(dir.path().join(name)).filter(|_| !name.is_empty()));
            let faults = faults(certificate.as_deref(), key.as_deref(), authorities.as_deref());
            let here = format!("{}/", dir.path().display());
            let told: Vec<String> =
                faults.into_iter().map(|fault| PemFaults(vec![fault]).to_string().replace(&here, "")).collect();
            assert_eq!(told, expected);
        };
        check(["a.pem", "a.key", "b.pem"], &[]);
        check(["", "", ""], &[]);
        check(
            ["b.pem", "a.key", ""],
            &[
                "the key in a.key does not belong to the first certificate in b.pem; name the pair that was made together, with \
               the certificate of this end before those of its authorities",
            ],
        );
        check(
            ["none.txt", "nowhere.key", "nowhere.pem"],
            &[
                "none.txt holds no certificate in PEM form",
                "could not read nowhere.key: No such file or directory (os error 2)",
                "could not read nowhere.pem: No such file or directory (os error 2)",
            ],
        );
        check(
            ["a.key", "a.pem", ""],
            &[
                "a.key holds no certificate in PEM form; it holds a private key: are the two files exchanged?",
                "a.pem holds no private key in PEM form; it holds a certificate: are the two files exchanged?",
            ],
        );
        check(
            ["a.der", "key.der", "none.txt"],
            &[
                "a.der holds no certificate in PEM form; it is in DER form: openssl x509 -inform der -in THIS -out NEW makes PEM of it",
                "key.der holds no private key in PEM form; it is in DER form: openssl pkey -inform der -in THIS -out NEW makes PEM of it",
                "none.txt holds no certificate in PEM form",
            ],
        );
        for locked in ["locked.key", "locked-old.key"] {
            check(
                ["a.pem", locked, ""],
                &[&format!(
                    "{locked} holds no private key in PEM form that is open, but one with a password, which nobody is there to type: \
                     openssl pkey -in THIS -out NEW takes it off"
                )],
            );
        }
        let shown =
            Command::new("openssl").current_dir(dir.path()).args(["x509", "-in", "v1.pem", "-noout", "-text"]).output();
        // Later releases of openssl make it of version 3 all the same.
        if String::from_utf8_lossy(&shown.unwrap().stdout).contains("Version: 1 ") {
            check(
                ["v1.pem", "a.key", ""],
                &[
                    "could not set up TLS with v1.pem: invalid peer certificate: Other(OtherError(UnsupportedCertVersion)); the \
                   certificate is of version 1, which `openssl x509 -req` makes without extensions; make it anew with an extension, \
                   such as `-extfile` with the line subjectAltName=DNS:NAME",
                ],
            );
        }
        check(
            ["", "", "cut.pem"],
            &["cut.pem is damaged: it breaks off before its END line; copy it again from where it was made"],
        );
    }
}
