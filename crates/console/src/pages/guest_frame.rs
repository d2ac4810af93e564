//! What every page behind a customer's link has around it, and who speaks to the customer there.

use super::card::tel;
use super::team::{initial, signed};
use crate::view::Person;
use crate::{Lang, assets};

/// The frame around a page: language, style, script, and where the link's addresses begin.
pub(super) struct Frame {
    pub(super) lang: Lang,
    pub(super) css: &'static str,
    pub(super) js: &'static str,
    pub(super) icon: &'static str,
    /// `/b/{token}`, which all of the link's addresses begin with; empty where no link is known.
    pub(super) base: String,
    /// Where the pictures that the link's holder may see are.
    pub(super) photo_base: String,
    /// Whether the page listens for news.
    pub(super) listens: bool,
    /// Whether it asks for itself now and then where there is no script to listen.
    pub(super) reloads: bool,
}

impl Frame {
    /// Around a page of the link whose addresses begin with `base`.
    pub(super) fn new(lang: Lang, base: String) -> Self {
        let photo_base = format!("{base}/photo");
        let (css, js, icon) = (assets::css(), assets::js(), assets::icon_path());
        Self { lang, css, js, icon, base, photo_base, listens: false, reloads: false }
    }

    /// Around a page whose holder waits for news while `follows`, with a script or without.
    pub(super) fn following(self, follows: bool) -> Self {
        Self { listens: follows, reloads: follows, ..self }
    }

    /// Around a letter's page: its forms belong to a state that others may change at any time. Where there is no script to listen it
    /// asks for itself only while its holder `hurries`; else what is being typed comes first.
    pub(super) fn of_letter(self, hurries: bool) -> Self {
        Self { listens: true, reloads: hurries, ..self }
    }

    /// The address of a picture as the link's holder sees it, small; empty where there is none.
    pub(super) fn small(&self, photo: Option<i64>) -> String {
        photo.map_or_else(String::new, |id| format!("{}/{id}/small", self.photo_base))
    }
}

/// Who speaks to the customer, as the head of a page shows it.
pub(super) struct Sender {
    pub(super) name: String,
    pub(super) role: String,
    pub(super) initial: String,
    pub(super) portrait: String,
    pub(super) phone: String,
    /// The number as a link dials it.
    pub(super) tel: String,
}

impl Sender {
    pub(super) fn of(advisor: &Person, company: &str, portrait: Option<i64>, frame: &Frame) -> Self {
        Self {
            name: advisor.name.clone(),
            role: signed(&advisor.role, company),
            initial: initial(&advisor.name),
            portrait: frame.small(portrait),
            tel: tel(&advisor.phone),
            phone: advisor.phone.clone(),
        }
    }
}
