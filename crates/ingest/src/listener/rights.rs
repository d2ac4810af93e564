//! For which machines a login may publish and whose advisories it may read.

use std::fmt;

use crate::glob;

/// A pattern of machines, `site/machine`; `*` stands for any run of characters within a part. `hq/*` is every machine of
/// site `hq`, `*/*` every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineGlob {
    site: String,
    machine: String,
}

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a pattern of machines; write site/machine with A-Z a-z 0-9 . _ - and `*` for any run of them")]
pub struct MachineGlobError(String);

impl MachineGlob {
    /// Reads `site/machine`.
    ///
    /// # Errors
    /// When there is no single slash, a part is empty, or a character can occur in no identity.
    pub fn parse(text: &str) -> Result<Self, MachineGlobError> {
        let error = || MachineGlobError(text.chars().take(200).collect());
        let (site, machine) = text.split_once('/').ok_or_else(error)?;
        let is_pattern = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'*'))
        };
        if is_pattern(site) && is_pattern(machine) {
            Ok(Self { site: site.to_owned(), machine: machine.to_owned() })
        } else {
            Err(error())
        }
    }

    /// Every machine.
    #[must_use]
    pub fn everything() -> Self {
        Self { site: "*".to_owned(), machine: "*".to_owned() }
    }

    /// Whether a machine is meant.
    #[must_use]
    pub fn matches(&self, site: &str, machine: &str) -> bool {
        glob::fits(&self.site, site, glob::exactly) && glob::fits(&self.machine, machine, glob::exactly)
    }

    fn is_everything(&self) -> bool {
        self.site == "*" && self.machine == "*"
    }
}

impl fmt::Display for MachineGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.site, self.machine)
    }
}

/// What a login may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Machines for which it may publish.
    pub publish: Vec<MachineGlob>,
    /// Machines whose advisories and status it may read.
    pub subscribe: Vec<MachineGlob>,
}

impl Rights {
    /// Everything.
    #[must_use]
    pub fn everything() -> Self {
        Self { publish: vec![MachineGlob::everything()], subscribe: vec![MachineGlob::everything()] }
    }

    /// Whether it may publish for a machine.
    #[must_use]
    pub fn may_publish(&self, site: &str, machine: &str) -> bool {
        self.publish.iter().any(|glob| glob.matches(site, machine))
    }

    /// Whether it may publish for every machine, so that nothing needs to be asked message by message.
    #[must_use]
    pub fn may_publish_everything(&self) -> bool {
        self.publish.iter().any(MachineGlob::is_everything)
    }

    /// Whether it may read of every machine.
    #[must_use]
    pub fn may_subscribe_everything(&self) -> bool {
        self.subscribe.iter().any(MachineGlob::is_everything)
    }

    /// Whether it may read a machine's advisories and status.
    #[must_use]
    pub fn may_subscribe(&self, site: &str, machine: &str) -> bool {
        self.subscribe.iter().any(|glob| glob.matches(site, machine))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, machine: &str, expected: bool) {
        let (site, machine) = machine.split_once('/').unwrap();
        assert_eq!(MachineGlob::parse(pattern).unwrap().matches(site, machine), expected, "{pattern} {site}/{machine}");
    }

    #[test]
    fn stars_stand_for_any_run_within_a_part() {
        check("hq/*", "hq/m1", true);
        check("hq/*", "hq2/m1", false);
        check("hq*/m1", "hq2/m1", true);
        check("*/*", "a/b", true);
        check("s-*-x/m", "s-1-x-2-x/m", true);
        check("s-*-x/m", "s-1-x-2/m", false);
        check("hq/m1", "hq/m11", false);
        check("hq/*7*", "hq/m1", false);
    }

    #[test]
    fn refuses_what_is_no_pattern() {
        for text in ["", "hq", "hq/", "/m", "hq/m/x", "hq/m+", "hq/ m"] {
            assert!(MachineGlob::parse(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_literal_matches_itself_alone(a in "[a-z]{1,6}", b in "[a-z]{1,6}") {
            let glob = MachineGlob::parse(&format!("{a}/m")).unwrap();
            proptest::prop_assert_eq!(glob.matches(&b, "m"), a == b);
        }

        #[test]
        fn a_star_in_the_middle_asks_for_both_ends(head in "[a-z]{0,4}", tail in "[a-z]{0,4}", text in "[a-z]{1,10}") {
            let glob = MachineGlob::parse(&format!("{head}*{tail}/m")).unwrap();
            let expected = text.len() >= head.len() + tail.len() && text.starts_with(&head) && text.ends_with(&tail);
            proptest::prop_assert_eq!(glob.matches(&text, "m"), expected);
        }
    }
}
