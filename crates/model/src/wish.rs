//! When a customer would like a visit to be, as told on the telephone: on a day of the week, at a part of the day, or both.

use crate::named;

named! {
    /// A day of the week on which visits are made.
    DayOfWeek {
        /// Monday.
        Monday = "monday",
        /// Tuesday.
        Tuesday = "tuesday",
        /// Wednesday.
        Wednesday = "wednesday",
        /// Thursday.
        Thursday = "thursday",
        /// Friday.
        Friday = "friday",
        /// Saturday.
        Saturday = "saturday",
    }
}

named! {
    /// A part of the day.
    DayPart {
        /// Before noon.
        Morning = "morning",
        /// From noon on.
        Afternoon = "afternoon",
    }
}

/// Hour of the day at which the afternoon begins.
const NOON: u32 = 12;

/// When a visit would suit best; any time where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WishedTime {
    /// On which day of the week.
    pub day: Option<DayOfWeek>,
    /// At which part of the day.
    pub part: Option<DayPart>,
}

impl WishedTime {
    /// Whether any time is as good as another.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.day.is_none() && self.part.is_none()
    }

    /// Whether a visit suits that begins on a day of the week (0 is Monday) at an hour of the day.
    #[must_use]
    pub fn suits(self, weekday: u32, hour: u32) -> bool {
        let on_day = self.day.is_none_or(|day| day as u32 == weekday);
        on_day && self.part.is_none_or(|part| (part == DayPart::Afternoon) == (hour >= NOON))
    }

    /// Its code in the record: `thursday afternoon`, `thursday`, `afternoon`.
    #[must_use]
    pub fn code(self) -> String {
        let names = self.day.map(DayOfWeek::name).into_iter().chain(self.part.map(DayPart::name));
        names.collect::<Vec<_>>().join(" ")
    }

    /// The time of a code; any time where it says nothing that is known.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        let mut words = code.split(' ');
        Self { day: words.clone().find_map(DayOfWeek::from_name), part: words.find_map(DayPart::from_name) }
    }

    /// In words of a language, as what suits somebody: `Thursday afternoons`, `周四下午`.
    #[must_use]
    pub fn in_language(self, tag: &str) -> String {
        let is_english = !tag.starts_with("zh");
        let plural = if is_english { "s" } else { "" };
        match (self.day, self.part) {
            (Some(day), Some(part)) if is_english => format!("{} {}s", day.in_language(tag), part.name()),
            (Some(day), part) => {
                format!("{}{}{plural}", day.in_language(tag), part.map_or("", |part| part.in_language(tag)))
            }
            (None, Some(part)) => format!("{}{plural}", part.in_language(tag)),
            (None, None) => String::new(),
        }
    }
}

impl DayOfWeek {
    /// What it is called.
    #[must_use]
    pub fn in_language(self, tag: &str) -> &'static str {
        let (en, zh) = match self {
            Self::Monday => ("Monday", "周一"),
            Self::Tuesday => ("Tuesday", "周二"),
            Self::Wednesday => ("Wednesday", "周三"),
            Self::Thursday => ("Thursday", "周四"),
            Self::Friday => ("Friday", "周五"),
            Self::Saturday => ("Saturday", "周六"),
        };
        if tag.starts_with("zh") { zh } else { en }
    }
}

impl DayPart {
    /// What it is called.
    #[must_use]
    pub fn in_language(self, tag: &str) -> &'static str {
        let (en, zh) = match self {
            Self::Morning => ("morning", "上午"),
            Self::Afternoon => ("afternoon", "下午"),
        };
        if tag.starts_with("zh") { zh } else { en }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_kept_by_its_code_and_said_in_both_languages() {
        for (day, part, code, en, zh) in [
            (
                Some(DayOfWeek::Thursday),
                Some(DayPart::Afternoon),
                "thursday afternoon",
                "Thursday afternoons",
                "周四下午",
            ),
            (Some(DayOfWeek::Thursday), None, "thursday", "Thursdays", "周四"),
            (None, Some(DayPart::Morning), "morning", "mornings", "上午"),
            (None, None, "", "", ""),
        ] {
            let wish = WishedTime { day, part };
            assert_eq!((wish.code().as_str(), WishedTime::from_code(code)), (code, wish));
            assert_eq!((wish.in_language("en").as_str(), wish.in_language("zh-CN").as_str()), (en, zh));
        }
        let wish = WishedTime::from_code("thursday afternoon");
        assert!(wish.suits(3, 12) && !wish.suits(3, 11) && !wish.suits(2, 15));
        assert!(WishedTime::default().suits(5, 7) && WishedTime::default().is_any());
    }
}
