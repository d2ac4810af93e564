//! Who a client's certificate says it is.
//!
//! Its DNS names (subjectAltName), and only where it has none, its common name (CN). Controllers' tools often write nothing but a
//! CN, and some names of gateways cannot be DNS names; but an authority that watches over DNS names need not have looked at what
//! stands in the CN beside them (RFC 6125, 6.4.4).

use rustls::pki_types::CertificateDer;

use crate::der::{SEQUENCE, element};

/// Longest name, bytes.
const NAME_BYTES_MAX: usize = 256;

/// The names of a certificate that the handshake has verified; none may be there. `None` when none was shown.
pub(super) fn names(certificates: Option<&[CertificateDer<'_>]>) -> Option<Vec<String>> {
    let certificate = webpki::EndEntityCert::try_from(certificates?.first()?).ok()?;
    let names: Vec<String> = certificate.valid_dns_names().map(str::to_owned).collect();
    Some(if names.is_empty() { common_names(certificate.subject()) } else { names })
}

/// The names of a certificate (DER), and those of its bytes taken for a subject.
pub(crate) fn of_der(der: &[u8]) -> (Option<Vec<String>>, Vec<String>) {
    (names(Some(&[CertificateDer::from(der)])), common_names(der))
}

/// The common names of a subject: a run of sets of attributes, each an object identifier with its value (X.501).
fn common_names(mut subject: &[u8]) -> Vec<String> {
    const SET: u8 = 0x31;
    const IDENTIFIER: u8 = 0x06;
    const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
    let mut names = Vec::new();
    while let Some((SET, mut attributes, rest)) = element(subject) {
        subject = rest;
        while let Some((SEQUENCE, attribute, rest)) = element(attributes) {
            attributes = rest;
            if let Some((IDENTIFIER, identifier, value)) = element(attribute)
                && identifier == COMMON_NAME
                && let Some((tag, value, _)) = element(value)
            {
                names.extend(text(tag, value).filter(|name| is_name(name)));
            }
        }
    }
    names
}

/// A string of one of the kinds that a name is written in.
fn text(tag: u8, bytes: &[u8]) -> Option<String> {
    const UTF8: u8 = 0x0c;
    const PRINTABLE: u8 = 0x13;
    const TELETEX: u8 = 0x14;
    const IA5: u8 = 0x16;
    const BMP: u8 = 0x1e;
    match tag {
        UTF8 => String::from_utf8(bytes.to_vec()).ok(),
        // Teletex beyond ASCII means something else to everybody who writes it.
        PRINTABLE | TELETEX | IA5 if bytes.is_ascii() => String::from_utf8(bytes.to_vec()).ok(),
        BMP if bytes.len().is_multiple_of(2) => {
            let units: Vec<u16> =
                bytes.chunks_exact(2).map(|pair| u16::from(pair[0]) << 8 | u16::from(pair[1])).collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

/// One with a NUL inside reads as a shorter one elsewhere; such names are nobody's.
fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len()) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use rustls::pki_types::pem::PemObject;

    use super::*;

    /// What openssl makes of a subject and an extension.
    fn check(subject: &str, names_beside: &str, expected: &[&str]) {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("openssl");
        command.current_dir(dir.path()).args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ]);
        command.args([
            "-nodes",
            "-days",
            "2",
            "-utf8",
            "-multivalue-rdn",
            "-keyout",
            "x.key",
            "-out",
            "x.pem",
            "-subj",
            subject,
        ]);
        if !names_beside.is_empty() {
            command.args(["-addext", &format!("subjectAltName={names_beside}")]);
        }
        let made = command.output().expect("openssl runs (Debian package openssl)");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let certificate = CertificateDer::from_pem_file(dir.path().join("x.pem")).unwrap();
        assert_eq!(names(Some(&[certificate])).unwrap(), expected, "{subject} {names_beside}");
    }

    #[test]
    fn dns_names_go_before_the_common_name() {
        check("/CN=gateway_1", "", &["gateway_1"]);
        check("/O=Plant/OU=Hall 2/CN=s01\\/m001", "", &["s01/m001"]);
        check("/O=厂/CN=空压机-1", "", &["空压机-1"]);
        check("/O=Plant+CN=gw", "", &["gw"]);
        check("/CN=first/CN=second", "", &["first", "second"]);
        check("/CN=admin", "DNS:gw.example,DNS:gw2.example", &["gw.example", "gw2.example"]);
        // Another kind of name beside it takes nothing away.
        check("/CN=gw", "IP:10.0.0.1,URI:urn:plant:gw", &["gw"]);
        check("/O=Plant", "", &[]);
        check("/O=Plant", "IP:10.0.0.1", &[]);
        assert_eq!(names(None), None);
        assert_eq!(names(Some(&[])), None);
    }

    #[test]
    fn what_is_no_subject_has_no_name() {
        // CN=gw as a UTF-8, a BMP and a universal string, with a NUL inside, cut off, and longer than it says.
        let name = |tag: u8, value: &[u8]| {
            let mut attribute = vec![0x06, 0x03, 0x55, 0x04, 0x03, tag, value.len() as u8];
            attribute.extend_from_slice(value);
            let mut subject = vec![0x31, attribute.len() as u8 + 2, 0x30, attribute.len() as u8];
            subject.extend(attribute);
            subject
        };
        let whole = name(0x0c, b"gw");
        for (subject, expected) in [
            (whole.clone(), vec!["gw"]),
            (name(0x1e, b"\0g\0w"), vec!["gw"]),
            (name(0x1e, b"\0g\0"), vec![]),
            (name(0x1c, b"\0\0\0g"), vec![]),
            (name(0x0c, b"gw\0.evil"), vec![]),
            (name(0x0c, b"\xff"), vec![]),
            (name(0x14, b"caf\xe9"), vec![]),
            (name(0x0c, b""), vec![]),
            (whole[..whole.len() - 1].to_vec(), vec![]),
            (vec![0x31, 0x84, 1, 1, 1, 1], vec![]),
            (vec![], vec![]),
        ] {
            assert_eq!(common_names(&subject), expected, "{subject:02x?}");
        }
    }
}
