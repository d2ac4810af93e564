//! When the certificates that are in use hold. A certificate that runs out locks every controller out in one night, and what the
//! other end says of it is a word or nothing, so it is told before.

use std::fmt;
use std::path::{Path, PathBuf};

use foretell_model::{DAY_MS, Timestamp};

use crate::der::{SEQUENCE, tagged};
use crate::pem;

/// How long before its end a certificate is worth a word, days: time for whoever has to ask for a new one.
const SOON_DAYS: i64 = 14;

/// Whose certificates they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Ours, which we show.
    Own,
    /// Those of whom we trust.
    Authority,
}

impl Whose {
    /// Its name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Authority => "authority",
        }
    }
}

/// The certificates of a file: a chain of our own holds as long as each of it does, authorities as long as one of them does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificates {
    /// Whose they are.
    pub whose: Whose,
    /// Where they stand.
    pub file: PathBuf,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// What is to be said of certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// A sentence with what to do.
    pub words: String,
    /// Whoever looks at them refuses them now.
    pub is_void: bool,
}

impl Certificates {
    /// What is to be said of them at an instant; `source` is `listener` or the broker's name. `None` while they hold for long
    /// enough.
    #[must_use]
    pub fn complaint(&self, source: &str, now: Timestamp) -> Option<Complaint> {
        let Self { whose, file, from, until } = self;
        let left_days = (*until - now).div_euclid(DAY_MS);
        let (how, is_void) = if now < *from {
            (format!("holds only from {from} on; is this computer's clock right?"), true)
        } else if now >= *until {
            (format!("has run out on {until}; {RENEW}"), true)
        } else if left_days < SOON_DAYS {
            // In words that change seldom, because whatever has new words is told again.
            let within = match left_days {
                0 => "a day",
                1..7 => "a week",
                _ => "two weeks",
            };
            (format!("runs out within {within}, on {until}; {RENEW}"), false)
        } else {
            return None;
        };
        let of = match (whose, source) {
            (Whose::Own, "listener") => "the certificate of the MQTT listener".to_owned(),
            (Whose::Own, source) => format!("the certificate that we show at `{source}`"),
            (Whose::Authority, "listener") => "the authority of those who connect to the MQTT listener".to_owned(),
            (Whose::Authority, source) => format!("the authority by which we know `{source}`"),
        };
        Some(Complaint { words: format!("{of} ({}) {how}", file.display()), is_void })
    }
}

/// What to do.
const RENEW: &str = "renew it, then have the configuration read again (SIGHUP)";

/// The certificates of the files that are given, as they stand there now; nothing of a file that cannot be read.
#[must_use]
pub fn certificates(own: Option<&Path>, authorities: Option<&Path>) -> Vec<Certificates> {
    let of = |whose, file: &Path| {
        let spans: Vec<_> = pem::certificates(file).ok()?.iter().filter_map(|found| span(found)).collect();
        let (begins, ends) = (spans.iter().map(|(from, _)| *from), spans.iter().map(|(_, until)| *until));
        let (from, until) = match whose {
            Whose::Own => (begins.max()?, ends.min()?),
            Whose::Authority => (begins.min()?, ends.max()?),
        };
        Some(Certificates { whose, file: file.to_owned(), from, until })
    };
    let own = own.and_then(|file| of(Whose::Own, file));
    own.into_iter().chain(authorities.and_then(|file| of(Whose::Authority, file))).collect()
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// `notBefore` and `notAfter` of a certificate (RFC 5280, 4.1).
pub(crate) fn span(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    const VERSION: u8 = 0xa0;
    const INTEGER: u8 = 0x02;
    let (certificate, _) = tagged(SEQUENCE, certificate)?;
    let (signed, _) = tagged(SEQUENCE, certificate)?;
    let signed = tagged(VERSION, signed).map_or(signed, |(_, rest)| rest);
    let (_serial, rest) = tagged(INTEGER, signed)?;
    let (_algorithm, rest) = tagged(SEQUENCE, rest)?;
    let (_issuer, rest) = tagged(SEQUENCE, rest)?;
    let (validity, _) = tagged(SEQUENCE, rest)?;
    let (from, rest) = time(validity)?;
    let (until, _) = time(rest)?;
    Some((from, until))
}

/// A time as certificates write it: `YYMMDDHHMMSSZ` until 2049, `YYYYMMDDHHMMSSZ` beyond (RFC 5280, 4.1.2.5), and what follows it.
fn time(bytes: &[u8]) -> Option<(Timestamp, &[u8])> {
    const UTC: u8 = 0x17;
    const GENERALIZED: u8 = 0x18;
    let (text, rest, century) = match (tagged(UTC, bytes), tagged(GENERALIZED, bytes)) {
        (Some((text, rest)), _) => (text, rest, if text.first()? < &b'5' { "20" } else { "19" }),
        (_, Some((text, rest))) => (text, rest, ""),
        _ => return None,
    };
    let text = format!("{century}{}", std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?);
    let (date, time) = text.strip_suffix('Z').filter(|digits| digits.len() == 14)?.split_at(8);
    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
    let text = format!("{year}-{month}-{day}T{}:{}:{}Z", &time[..2], &time[2..4], &time[4..]);
    Some((Timestamp::parse(&text).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A chain of a certificate for 20 days and one for 3, as openssl makes them.
    fn chain() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let mut chain = String::new();
        for days in ["20", "3"] {
            let request = format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days {days} -subj /CN=x -keyout x.key -out x.pem"
            );
            let made = Command::new("openssl").current_dir(dir.path()).args(request.split(' ')).output();
            let made = made.expect("openssl runs (Debian package openssl)");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            chain.push_str(&std::fs::read_to_string(dir.path().join("x.pem")).unwrap());
        }
        let path = dir.path().join("chain.pem");
        std::fs::write(&path, chain).unwrap();
        (dir, path)
    }

    #[test]
    fn a_chain_holds_as_long_as_its_shortest_and_authorities_as_long_as_the_longest() {
        let (_dir, path) = chain();
        let found = certificates(Some(&path), Some(&path));
        let days: Vec<_> = found.iter().map(|found| (found.whose, (found.until - found.from) / DAY_MS)).collect();
        // The second was made a moment after the first.
        assert!([(Whose::Own, 3), (Whose::Own, 2)].contains(&days[0]), "{days:?}");
        assert!([(Whose::Authority, 20)].contains(&days[1]), "{days:?}");
        let nowhere = path.with_file_name("nowhere.pem");
        assert_eq!(certificates(Some(&nowhere), None), []);
        assert_eq!(certificates(Some(&path.with_file_name("x.key")), None), []);
    }

    #[test]
    fn what_runs_out_is_told_in_time_and_what_to_do() {
        let day = |day: i64| Timestamp::from_millis(day * DAY_MS);
        let check = |whose, source: &str, now: Timestamp, expected: Option<(&str, bool)>| {
            let held = Certificates { whose, file: "a.pem".into(), from: day(0), until: day(100) };
            let told = held.complaint(source, now).map(|complaint| (complaint.words, complaint.is_void));
            assert_eq!(told, expected.map(|(words, is_void)| (words.to_owned(), is_void)), "{now}");
        };
        let renew = "renew it, then have the configuration read again (SIGHUP)";
        let of = "the certificate of the MQTT listener (a.pem)";
        check(Whose::Own, "listener", day(50), None);
        check(Whose::Own, "listener", day(86), None);
        let on = |within: &str| format!("{of} runs out within {within}, on 1970-04-11T00:00:00Z; {renew}");
        for (now, within) in [(day(86) + 1, "two weeks"), (day(95), "a week"), (day(99) + 1, "a day")] {
            check(Whose::Own, "listener", now, Some((&on(within), false)));
        }
        let over = "has run out on 1970-04-11T00:00:00Z;";
        check(Whose::Own, "listener", day(100), Some((&format!("{of} {over} {renew}"), true)));
        let early = "the certificate that we show at `plant` (a.pem) holds only from 1970-01-01T00:00:00Z on; is this \
                     computer's clock right?";
        check(Whose::Own, "plant", day(-1), Some((early, true)));
        let authority = format!("the authority by which we know `plant` (a.pem) {over} {renew}");
        check(Whose::Authority, "plant", day(101), Some((&authority, true)));
    }

    #[test]
    fn times_are_read_as_certificates_write_them() {
        let check = |tag: u8, text: &str, expected: Option<&str>| {
            let bytes: Vec<u8> = [tag, text.len() as u8].into_iter().chain(text.bytes()).collect();
            assert_eq!(time(&bytes).map(|(at, _)| at.to_string()).as_deref(), expected, "{text}");
        };
        check(0x17, "260701080910Z", Some("2026-07-01T08:09:10Z"));
        check(0x17, "491231235959Z", Some("2049-12-31T23:59:59Z"));
        check(0x17, "500101000000Z", Some("1950-01-01T00:00:00Z"));
        check(0x18, "99991231235959Z", Some("9999-12-31T23:59:59Z"));
        // None of these may stand in a certificate.
        for text in ["2607010809Z", "260701080910+0200", "261301080910Z", "26070108091éZ", "", "Z"] {
            check(0x17, text, None);
        }
        check(0x18, "260701080910Z", None);
        check(0x04, "260701080910Z", None);
        assert_eq!(span(&[0x30, 3, 0x30, 1, 2]), None);
    }
}
