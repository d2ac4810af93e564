//! The letters there are, and where their templates come from: shipped with the program, a file in the templates folder in
//! its place, and on top of both what an advisor edited in the console.

use std::io::Read as _;
use std::path::Path;

use crate::error::{OutreachError, Result};
use crate::registry::Language;
use crate::templating::SOURCE_CHARS_MAX;

/// Bytes of a file that are read.
const BYTES_MAX: u64 = 4 * SOURCE_CHARS_MAX as u64 + 4;

/// What a text is for; each has its template in each language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occasion {
    /// A forecast fault.
    Fault,
    /// Work due by running hours, an inspection along with it.
    Service,
    /// Electricity that is lost to leaks or to idling.
    Energy,
    /// Another visit for the same trouble, after work that did not help.
    Again,
    /// The one reminder.
    Reminder,
    /// A visit was booked.
    Confirmed,
    /// A visit was moved.
    Moved,
    /// A booked visit takes in another machine.
    Joined,
    /// A visit was cancelled.
    Cancelled,
    /// The calendar file of a visit whose change was said on the telephone.
    Calendar,
    /// The one word after a job.
    FollowUp,
    /// Something broke, and a technician is on the way.
    OnTheWay,
    /// A promise to a customer with a broken machine is about to slip.
    Late,
    /// What was found on site, and how long it takes.
    Progress,
    /// It is mended.
    Closing,
    /// Nothing is broken after all, and nobody comes.
    CalledOff,
    /// It is not over, although the customer was told so.
    StillOpen,
    /// A customer complains; for a manager of our own.
    Complaint,
    /// The plain sentences of the customer's page; no letter.
    Page,
    /// Phrases that the others share; no letter.
    Phrases,
}

impl Occasion {
    /// Every occasion, in the order in which a customer may meet them.
    pub const ALL: [Self; 20] = [
        Self::Fault,
        Self::Service,
        Self::Energy,
        Self::Again,
        Self::Reminder,
        Self::Confirmed,
        Self::Moved,
        Self::Joined,
        Self::Cancelled,
        Self::Calendar,
        Self::FollowUp,
        Self::OnTheWay,
        Self::Late,
        Self::Progress,
        Self::Closing,
        Self::CalledOff,
        Self::StillOpen,
        Self::Complaint,
        Self::Page,
        Self::Phrases,
    ];

    /// Its name, the first part of its templates' names.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Service => "service",
            Self::Energy => "energy",
            Self::Again => "again",
            Self::Reminder => "reminder",
            Self::Confirmed => "confirmed",
            Self::Moved => "moved",
            Self::Joined => "joined",
            Self::Cancelled => "cancelled",
            Self::Calendar => "calendar",
            Self::FollowUp => "follow_up",
            Self::OnTheWay => "on_the_way",
            Self::Late => "late",
            Self::Progress => "progress",
            Self::Closing => "closing",
            Self::CalledOff => "called_off",
            Self::StillOpen => "still_open",
            Self::Complaint => "complaint",
            Self::Page => "page",
            Self::Phrases => "phrases",
        }
    }

    /// The occasion of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|occasion| occasion.name() == name)
    }

    /// Whether it is a letter of its own, with a subject and a short form.
    #[must_use]
    pub const fn is_letter(self) -> bool {
        !matches!(self, Self::Page | Self::Phrases)
    }

    /// Whether it is word about a service case, not about a forecast and its visit.
    #[must_use]
    pub const fn is_about_trouble(self) -> bool {
        matches!(self, Self::OnTheWay | Self::Late | Self::Progress | Self::Closing | Self::CalledOff | Self::StillOpen)
    }

    /// Whether it is read by our own people and by no customer.
    #[must_use]
    pub const fn is_in_house(self) -> bool {
        matches!(self, Self::Complaint)
    }

    /// The name of its template in a language, e.g. `fault.zh-CN.j2`.
    #[must_use]
    pub fn template(self, language: Language) -> String {
        format!("{}.{}.j2", self.name(), language.tag())
    }

    /// The occasion and the language of a template's name.
    #[must_use]
    pub fn of_template(name: &str) -> Option<(Self, Language)> {
        let (occasion, language) = name.strip_suffix(".j2")?.split_once('.')?;
        let language = Language::ALL.into_iter().find(|known| known.tag() == language)?;
        Some((Self::from_name(occasion)?, language))
    }
}

macro_rules! shipped {
    ($($occasion:literal)*) => {
        /// The shipped templates by name.
        pub(super) const SHIPPED: &[(&str, &str)] = &[$(
            (concat!($occasion, ".en.j2"), include_str!(concat!("../../../../config/templates/", $occasion, ".en.j2"))),
            (concat!($occasion, ".zh-CN.j2"), include_str!(concat!("../../../../config/templates/", $occasion, ".zh-CN.j2"))),
        )*];
    };
}
shipped! {
    "fault" "service" "energy" "again" "reminder" "confirmed" "moved" "joined" "cancelled" "calendar" "follow_up" "on_the_way" "late"
    "progress" "closing" "called_off" "still_open" "complaint" "page" "phrases"
}

/// Every template below what advisors edited: the file of the folder where there is one, else the shipped text.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn lower(folder: Option<&Path>) -> Result<Vec<(String, String)>> {
    let one = |(name, shipped): &(&str, &str)| {
        Ok(((*name).to_owned(), file(folder, name)?.unwrap_or_else(|| (*shipped).to_owned())))
    };
    SHIPPED.iter().map(one).collect()
}

/// The file of the folder that stands in place of a shipped template.
///
/// # Errors
/// When it cannot be read.
pub(super) fn file(folder: Option<&Path>, name: &str) -> Result<Option<String>> {
    let Some(path) = folder.map(|dir| dir.join(name)).filter(|path| path.exists()) else { return Ok(None) };
    // As far as the longest template goes and a little further; what is longer is refused as too long.
    let mut text = String::new();
    let read = std::fs::File::open(&path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
    read.map(|_bytes| Some(text))
        .map_err(|source| OutreachError::File { attempted: format!("read the template {}", path.display()), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occasion_has_a_template_in_every_language_and_none_is_left_over() {
        let mut names: Vec<String> = Occasion::ALL
            .iter()
            .flat_map(|occasion| Language::ALL.map(|language| occasion.template(language)))
            .collect();
        let mut shipped: Vec<String> = SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
        names.sort();
        shipped.sort();
        assert_eq!(names, shipped);
        assert_eq!(Occasion::of_template("follow_up.zh-CN.j2"), Some((Occasion::FollowUp, Language::ZhCn)));
        assert_eq!(Occasion::of_template("../secret.en.j2"), None);
    }
}
