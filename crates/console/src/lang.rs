//! Which language a page is in: `?lang=`, else the cookie, else `Accept-Language`, else English.

use axum::http::{HeaderMap, header};

/// Name of the cookie that remembers the choice.
pub(crate) const COOKIE: &str = "foretell_lang";

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// The language of a BCP 47 tag, if it is one of ours: `zh`, `zh-CN`, `en-GB` and so on.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.trim().split(['-', '_']).next().unwrap_or("").to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// Its BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// The other one, for the switch in the page's head.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::En => Self::Zh,
            Self::Zh => Self::En,
        }
    }
}

/// The language a request asks for.
pub(crate) fn negotiate(query: Option<&str>, headers: &HeaderMap) -> Lang {
    let asked =
        query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("lang=")).and_then(Lang::from_tag));
    asked.or_else(|| cookie(headers)).or_else(|| accepted(headers)).unwrap_or_default()
}

fn cookie(headers: &HeaderMap) -> Option<Lang> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .and_then(Lang::from_tag)
}

/// The first of our languages by weight; at equal weight the earlier one wins.
fn accepted(headers: &HeaderMap) -> Option<Lang> {
    let value = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(f32, Lang)> = None;
    for range in value.split(',') {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = parameters.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).unwrap_or(1.0);
        if let Some(lang) = Lang::from_tag(tag)
            && weight > best.map_or(0.0, |(weight, _)| weight)
        {
            best = Some((weight, lang));
        }
    }
    best.map(|(_, lang)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, cookie: &str, accept: &str, expected: Lang) {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        headers.insert(header::ACCEPT_LANGUAGE, accept.parse().unwrap());
        assert_eq!(negotiate(Some(query), &headers), expected, "{query:?} {cookie:?} {accept:?}");
    }

    #[test]
    fn the_nearest_wish_wins() {
        check("", "", "", Lang::En);
        check("", "", "zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh);
        check("", "", "fr, en;q=0.5, zh-TW;q=0.7", Lang::Zh);
        check("", "a=b; foretell_lang=en", "zh-CN", Lang::En);
        check("q=x&lang=zh-CN", "foretell_lang=en", "en", Lang::Zh);
        check("lang=xx", "", "zh;q=0", Lang::En);
    }
}
