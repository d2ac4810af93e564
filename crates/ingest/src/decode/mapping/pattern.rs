//! Topic patterns with named levels: `plant/{site}/{machine}/data`. `{signal}` names the level that says which value a
//! message carries; `+` stands for any one level, a last `#` for any rest. A name may have plain text around it: `k{machine}`.

/// What a level may be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Site,
    Machine,
    Signal,
}

/// One level of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Level {
    Literal(String),
    Named { name: Name, before: String, after: String },
    Any,
    Rest,
}

/// A checked pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Pattern(Vec<Level>);

/// The named levels of a topic that a pattern matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct Names<'a> {
    pub(in crate::decode) site: Option<&'a str>,
    pub(in crate::decode) machine: Option<&'a str>,
    pub(in crate::decode) signal: Option<&'a str>,
}

impl Pattern {
    /// Reads a pattern, or says what is wrong with it.
    pub(in crate::decode) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > 1024 {
            return Err("a topic has 1 to 1,024 bytes".into());
        }
        if text.starts_with("$share/") {
            return Err(
                "a shared subscription is asked for with `share` of an [[mqtt.source]]; leave `$share/…/` out".into()
            );
        }
        let levels: Vec<Level> = text.split('/').map(level).collect::<Result<_, _>>()?;
        let pattern = Self(levels);
        if [Name::Site, Name::Machine, Name::Signal].into_iter().any(|name| pattern.count(name) > 1) {
            return Err("each of {site}, {machine} and {signal} may stand once".into());
        }
        if pattern.0.iter().rev().skip(1).any(|level| *level == Level::Rest) {
            return Err("`#` may stand only at the end".into());
        }
        Ok(pattern)
    }

    fn count(&self, wanted: Name) -> usize {
        self.0.iter().filter(|level| matches!(level, Level::Named { name, .. } if *name == wanted)).count()
    }

    pub(super) fn names_site(&self) -> bool {
        self.count(Name::Site) > 0
    }

    pub(super) fn names_machine(&self) -> bool {
        self.count(Name::Machine) > 0
    }

    pub(super) fn names_signal(&self) -> bool {
        self.count(Name::Signal) > 0
    }

    /// The named levels, if the topic matches.
    pub(super) fn matches<'a>(&self, topic: &'a str) -> Option<Names<'a>> {
        let mut names = Names::default();
        let mut given = topic.split('/');
        for level in &self.0 {
            if *level == Level::Rest {
                return Some(names);
            }
            let text = given.next()?;
            match level {
                Level::Literal(literal) if literal != text => return None,
                Level::Named { name, before, after } => {
                    let inner = Some(text.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?);
                    match name {
                        Name::Site => names.site = inner,
                        Name::Machine => names.machine = inner,
                        Name::Signal => names.signal = inner,
                    }
                }
                Level::Literal(_) | Level::Any | Level::Rest => {}
            }
        }
        given.next().is_none().then_some(names)
    }

    /// The MQTT filter to subscribe to.
    pub(super) fn filter(&self) -> String {
        let levels = self.0.iter().map(|level| match level {
            Level::Literal(text) => text.as_str(),
            Level::Named { .. } | Level::Any => "+",
            Level::Rest => "#",
        });
        levels.collect::<Vec<&str>>().join("/")
    }

    /// A topic that matches, with made-up names and this word for the signal.
    pub(super) fn example(&self, word: &str) -> String {
        let levels = self.0.iter().map(|level| match level {
            Level::Literal(text) => text.clone(),
            Level::Named { name, before, after } => {
                let inner = match name {
                    Name::Site => "site",
                    Name::Machine => "machine",
                    Name::Signal => word,
                };
                format!("{before}{inner}{after}")
            }
            Level::Any | Level::Rest => "any".to_owned(),
        });
        levels.collect::<Vec<String>>().join("/")
    }

    /// Whether some topic matches both.
    pub(in crate::decode) fn overlaps(&self, other: &Self) -> bool {
        let (mut own, mut others) = (self.0.iter(), other.0.iter());
        loop {
            match (own.next(), others.next()) {
                (Some(Level::Rest), _) | (_, Some(Level::Rest)) | (None, None) => return true,
                (Some(a), Some(b)) if a.meets(b) => {}
                _ => return false,
            }
        }
    }

    /// Whether every topic of the other matches this one too; `false` where that is not plain to see.
    pub(in crate::decode) fn covers(&self, other: &Self) -> bool {
        let mut others = other.0.iter();
        for own in &self.0 {
            match (own, others.next()) {
                (Level::Rest, _) => return true,
                (_, None | Some(Level::Rest)) => return false,
                (own, Some(theirs)) if own.covers(theirs) => {}
                _ => return false,
            }
        }
        others.next().is_none()
    }
}

impl Level {
    /// The fixed beginning and end of the texts that match.
    fn ends(&self) -> (&str, &str) {
        match self {
            Self::Literal(text) => (text, text),
            Self::Named { before, after, .. } => (before, after),
            Self::Any | Self::Rest => ("", ""),
        }
    }

    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(a), Self::Literal(b)) => a == b,
            (Self::Literal(text), other) | (other, Self::Literal(text)) => {
                let (before, after) = other.ends();
                text.len() >= before.len() + after.len() && text.starts_with(before) && text.ends_with(after)
            }
            _ => {
                let ((a, z), (b, y)) = (self.ends(), other.ends());
                (a.starts_with(b) || b.starts_with(a)) && (z.ends_with(y) || y.ends_with(z))
            }
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(a), Self::Literal(b)) => a == b,
            (Self::Literal(_), _) => false,
            (_, Self::Literal(_)) => self.meets(other),
            _ => {
                let ((a, z), (b, y)) = (self.ends(), other.ends());
                b.starts_with(a) && y.ends_with(z)
            }
        }
    }
}

fn level(text: &str) -> Result<Level, String> {
    let stranger = || {
        format!(
            "level `{text}` is neither plain text nor one of {{site}}, {{machine}}, {{signal}} (perhaps with plain text around it), + and #"
        )
    };
    match text {
        "+" => return Ok(Level::Any),
        "#" => return Ok(Level::Rest),
        _ if text.contains(['+', '#', '\0']) => return Err(stranger()),
        _ => {}
    }
    let Some((before, rest)) = text.split_once('{') else {
        return if text.contains('}') { Err(stranger()) } else { Ok(Level::Literal(text.to_owned())) };
    };
    let (name, after) = rest.split_once('}').ok_or_else(stranger)?;
    let name = match name {
        "site" => Name::Site,
        "machine" => Name::Machine,
        "signal" => Name::Signal,
        _ => return Err(stranger()),
    };
    if before.contains('}') || after.contains(['{', '}']) {
        return Err(stranger());
    }
    Ok(Level::Named { name, before: before.to_owned(), after: after.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, topic: &str, expected: &str) {
        let got = match Pattern::parse(pattern) {
            Err(problem) => problem,
            Ok(pattern) => match pattern.matches(topic) {
                None => format!("{}: no", pattern.filter()),
                Some(Names { site, machine, signal }) => {
                    let signal = signal.map(|signal| format!(" {signal}")).unwrap_or_default();
                    format!("{}: {}/{}{signal}", pattern.filter(), site.unwrap_or("-"), machine.unwrap_or("-"))
                }
            },
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn matches_level_by_level() {
        check("plant/{site}/{machine}/data", "plant/s1/k2/data", "plant/+/+/data: s1/k2");
        check("plant/{site}/{machine}/data", "plant/s1/k2/data/x", "plant/+/+/data: no");
        check("plant/{site}/{machine}/data", "plant/s1/k2", "plant/+/+/data: no");
        check("metro/apu/{machine}", "metro/apu/1", "metro/apu/+: -/1");
        check("a/+/{machine}/#", "a/b/c/d/e", "a/+/+/#: -/c");
        check("a/#", "a", "a/#: -/-");
        check("plain", "plain", "plain: -/-");
        check("p/{machine}/{signal}", "p/k1/oil_temp", "p/+/+: -/k1 oil_temp");
        check("hall-{site}/k{machine}_v2", "hall-3/k7_v2", "+/+: 3/7");
        check("k{machine}", "x7", "+: no");
    }

    #[test]
    fn says_what_is_wrong() {
        check("", "", "a topic has 1 to 1,024 bytes");
        const KINDS: &str =
            "is neither plain text nor one of {site}, {machine}, {signal} (perhaps with plain text around it), + and #";
        check("a/{plant}", "", &format!("level `{{plant}}` {KINDS}"));
        check("a/x+", "", &format!("level `x+` {KINDS}"));
        check("a/k}{machine}", "", &format!("level `k}}{{machine}}` {KINDS}"));
        check("{site}{machine}", "", &format!("level `{{site}}{{machine}}` {KINDS}"));
        check("#/a", "", "`#` may stand only at the end");
        let share = "a shared subscription is asked for with `share` of an [[mqtt.source]]; leave `$share/…/` out";
        check("$share/g/{site}/{machine}", "", share);
        check("{site}/{site}", "", "each of {site}, {machine} and {signal} may stand once");
    }

    #[test]
    fn sees_which_patterns_meet() {
        for (a, b, overlaps, covers) in [
            ("a/{site}/{machine}", "a/+/k1", true, true),
            ("a/+/k1", "a/{site}/{machine}", true, false),
            ("a/#", "a", true, true),
            ("a/#", "a/b/c", true, true),
            ("a/b", "a/#", true, false),
            ("a/b", "a/c", false, false),
            ("a/b", "a/b/c", false, false),
            ("k{machine}", "k7", true, true),
            ("k{machine}", "x{machine}", false, false),
            ("k{machine}", "{machine}", true, false),
            ("{machine}", "k{machine}", true, true),
            ("k{machine}_v2", "k1", false, false),
        ] {
            let [a, b] = [a, b].map(|text| Pattern::parse(text).unwrap());
            assert!(a.matches(&a.example("word")).is_some() && b.matches(&b.example("word")).is_some());
            assert_eq!((a.overlaps(&b), b.overlaps(&a), a.covers(&b)), (overlaps, overlaps, covers), "{a:?} {b:?}");
        }
    }
}
