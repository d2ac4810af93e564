//! Topic patterns with named levels: `plant/{site}/{machine}/data`. `+` stands for any one level, a last `#` for any rest.

/// One level of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Level {
    Literal(String),
    Site,
    Machine,
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
}

impl Pattern {
    /// Reads a pattern, or says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > 1024 {
            return Err("a topic has 1 to 1,024 bytes".into());
        }
        let levels: Vec<Level> = text.split('/').map(level).collect::<Result<_, _>>()?;
        let count = |wanted: &Level| levels.iter().filter(|level| *level == wanted).count();
        if count(&Level::Site) > 1 || count(&Level::Machine) > 1 {
            return Err("each of {site} and {machine} may stand once".into());
        }
        if levels.iter().rev().skip(1).any(|level| *level == Level::Rest) {
            return Err("`#` may stand only at the end".into());
        }
        Ok(Self(levels))
    }

    pub(super) fn names_site(&self) -> bool {
        self.0.contains(&Level::Site)
    }

    pub(super) fn names_machine(&self) -> bool {
        self.0.contains(&Level::Machine)
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
                Level::Site => names.site = Some(text),
                Level::Machine => names.machine = Some(text),
                Level::Literal(_) | Level::Any | Level::Rest => {}
            }
        }
        given.next().is_none().then_some(names)
    }

    /// The MQTT filter to subscribe to.
    pub(super) fn filter(&self) -> String {
        let levels = self.0.iter().map(|level| match level {
            Level::Literal(text) => text.as_str(),
            Level::Site | Level::Machine | Level::Any => "+",
            Level::Rest => "#",
        });
        levels.collect::<Vec<&str>>().join("/")
    }
}

fn level(text: &str) -> Result<Level, String> {
    match text {
        "{site}" => Ok(Level::Site),
        "{machine}" => Ok(Level::Machine),
        "+" => Ok(Level::Any),
        "#" => Ok(Level::Rest),
        _ if text.contains(['{', '}', '+', '#', '\0']) => {
            Err(format!("level `{text}` is neither plain text nor one of {{site}}, {{machine}}, + and #"))
        }
        _ => Ok(Level::Literal(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, topic: &str, expected: &str) {
        let got = match Pattern::parse(pattern) {
            Err(problem) => problem,
            Ok(pattern) => match pattern.matches(topic) {
                None => format!("{}: no", pattern.filter()),
                Some(Names { site, machine }) => {
                    format!("{}: {}/{}", pattern.filter(), site.unwrap_or("-"), machine.unwrap_or("-"))
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
    }

    #[test]
    fn says_what_is_wrong() {
        check("", "", "a topic has 1 to 1,024 bytes");
        check("a/{plant}", "", "level `{plant}` is neither plain text nor one of {site}, {machine}, + and #");
        check("a/x+", "", "level `x+` is neither plain text nor one of {site}, {machine}, + and #");
        check("#/a", "", "`#` may stand only at the end");
        check("{site}/{site}", "", "each of {site} and {machine} may stand once");
    }
}
