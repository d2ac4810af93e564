//! What all console pages share: who asks in which language, the frame, and the page for what went wrong.

use std::convert::Infallible;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use foretell_model::MachineId;

use super::asker::{Asker, WAY};
use crate::access::{self, How, Identity};
use crate::accounts::{Asking, Role};
use crate::lang::{self, Lang};
use chrono_tz::Tz;

use crate::civil::Place;
use crate::router::App;
use crate::text::{self, Words, desk};
use crate::{BackendError, api, assets, rights};

/// Who asks, for what, in which language.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) lang: Lang,
    /// Whether the address chose the language, so that a cookie should remember it.
    chosen: bool,
    path: String,
    query: String,
    /// The time of the company, by which the readers of its pages live.
    ours: Tz,
    /// Who asks: recorded with what is done.
    pub(crate) by: String,
    /// Whose rights the one who asks has; none where nobody needs to be known.
    role: Option<Role>,
    /// The person who signed in, if somebody did.
    pub(crate) person: Option<Asking>,
    /// The page of the errand on which somebody set out in this browser.
    way: Option<String>,
}

impl FromRequestParts<App> for Ask {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or("").to_owned();
        let chosen = query.split('&').any(|pair| pair.starts_with("lang="));
        let identity = parts.extensions.get::<Identity>();
        let by = identity.map_or_else(|| "console".to_owned(), |identity| identity.name.clone());
        let person = identity.and_then(|identity| match &identity.how {
            How::Session { asking, .. } => Some(asking.clone()),
            _ => None,
        });
        let role = identity.map(|identity| identity.role);
        let lang = lang::negotiate(Some(&query), &parts.headers);
        let way = access::cookie(&parts.headers, WAY);
        let ours = app.backend.zone();
        Ok(Self { lang, chosen, path: parts.uri.path().to_owned(), query, ours, by, role, person, way })
    }
}

/// The frame around a page.
pub(crate) struct Chrome {
    pub(crate) lang: Lang,
    pub(crate) t: &'static Words,
    /// The words of the service desk.
    pub(crate) d: &'static desk::Words,
    /// What was searched for, so that the field in the head still holds it.
    pub(crate) sought: String,
    /// Identity of the list on this page that the field in the head narrows as one types; empty where there is none.
    pub(crate) filters: &'static str,
    /// Which entry of the navigation this page belongs to.
    pub(crate) here: &'static str,
    /// This very page in the other language.
    pub(crate) lang_href: String,
    pub(crate) css: &'static str,
    pub(crate) js: &'static str,
    pub(crate) icon: &'static str,
    /// Whether the page reloads its regions when something changes.
    pub(crate) live: bool,
    /// Name of who signed in; empty when nobody did.
    pub(crate) person: String,
    role: Option<Role>,
}

impl Chrome {
    /// The frame of a page on which something is sought: the words, and the list that the field in the head narrows as one types.
    pub(crate) fn searching(self, sought: &str, filters: &'static str) -> Self {
        Self { sought: sought.to_owned(), filters, ..self }
    }

    /// Whether the navigation offers an address.
    pub(crate) fn may(&self, pattern: &str) -> bool {
        self.role.is_some_and(|role| rights::may(role, &Method::GET, pattern))
    }

    /// What stands between a name and what is said of it.
    pub(crate) const fn colon(&self) -> &'static str {
        match self.lang {
            Lang::En => ": ",
            Lang::Zh => "：",
        }
    }

    /// Whether a form that goes to an address is shown. Nobody is offered what would be refused.
    pub(crate) fn can(&self, pattern: &str) -> bool {
        self.role.is_some_and(|role| rights::may(role, &Method::POST, pattern))
    }
}

impl Ask {
    /// The frame for a page that this request asked for.
    pub(crate) fn chrome(&self, here: &'static str, live: bool) -> Chrome {
        let rest = self.query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
        let lang = format!("lang={}", self.lang.other().tag());
        let query: Vec<&str> = rest.chain([lang.as_str()]).collect();
        Chrome {
            lang: self.lang,
            t: text::words(self.lang),
            d: desk::words(self.lang),
            sought: String::new(),
            filters: "",
            here,
            lang_href: format!("{}?{}", self.path, query.join("&")),
            css: assets::css(),
            js: assets::js(),
            icon: assets::icon_path(),
            live,
            person: self.person.as_ref().map(|person| person.name.clone()).unwrap_or_default(),
            role: self.role,
        }
    }

    /// The time of a customer, as whoever asks reads it.
    pub(crate) const fn place(&self, zone: Tz) -> Place {
        Place::seen_from(zone, self.ours)
    }

    /// Who asks, as far as errands go.
    pub(crate) fn asker(&self) -> Asker {
        let login = self.person.as_ref().map(|person| person.login.clone());
        Asker { role: self.role, login, way: self.way.clone() }
    }

    /// Whether the one who asks may read an address.
    pub(crate) fn may_see(&self, pattern: &str) -> bool {
        self.role.is_some_and(|role| rights::may(role, &Method::GET, pattern))
    }

    /// Whether the one who asks may change something at an address.
    pub(crate) fn may(&self, pattern: &str) -> bool {
        self.role.is_some_and(|role| rights::may(role, &Method::POST, pattern))
    }

    /// The page that says why not, and leads back.
    pub(crate) fn refusal(
        &self,
        status: StatusCode,
        title: &'static str,
        text: String,
        back: &'static str,
    ) -> Response {
        self.html(status, &ErrorPage { c: self.chrome("", false), code: status.as_u16(), title, text, back })
    }

    /// A page, with the cookie when the language was chosen just now.
    pub(crate) fn html(&self, status: StatusCode, template: &impl Template) -> Response {
        let mut response = render(status, template);
        if self.chosen {
            let cookie = format!("{}={}; Path=/; Max-Age=31536000; SameSite=Lax", lang::COOKIE, self.lang.tag());
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
        }
        response
    }

    /// The page that says what went wrong and what to do.
    pub(crate) fn failure(&self, error: &BackendError) -> Response {
        let t = text::words(self.lang);
        let (status, title, text) = match error {
            BackendError::NotFound(_) | BackendError::Expired | BackendError::TakenBack | BackendError::NotYet => {
                (StatusCode::NOT_FOUND, t.not_found, t.not_found_text.to_owned())
            }
            BackendError::Refused(told) => {
                let title = if told.why.is_of_form() { t.invalid } else { t.conflict };
                (status_of(error), title, text::objection(told, self.lang))
            }
            BackendError::Conflict(why) => (StatusCode::CONFLICT, t.conflict, format!("{} {why}", t.conflict_text)),
            BackendError::Invalid(why) | BackendError::Unsigned(why) => {
                (StatusCode::UNPROCESSABLE_ENTITY, t.invalid, why.clone())
            }
            BackendError::Text(faults) => {
                let faults: Vec<String> = faults.iter().map(|fault| text::breach(fault, self.lang)).collect();
                (StatusCode::UNPROCESSABLE_ENTITY, t.invalid, faults.join(" "))
            }
            BackendError::Failed { .. } => {
                api::log_failure(error);
                (StatusCode::INTERNAL_SERVER_ERROR, t.failed, t.failed_text.to_owned())
            }
        };
        self.told(status, title, text)
    }

    /// The page that says why nothing was done, and leads back to where the forms of this address stand.
    pub(crate) fn told(&self, status: StatusCode, title: &'static str, text: String) -> Response {
        let back = match self.path.split('/').nth(1) {
            Some("queue" | "advisory") => "/queue",
            Some("cases") => "/cases",
            Some("customers") => "/customers",
            Some("calendar") => "/calendar",
            Some("visits") => "/visits",
            Some("team") => "/team",
            Some("templates") => "/templates",
            _ => "/",
        };
        self.refusal(status, title, text, back)
    }
}

/// The status and the sentence of a refusal that is said beside its form; none of what failed, which has a page of its own.
pub(crate) fn refused(ask: &Ask, error: &BackendError) -> Option<(StatusCode, String)> {
    let told = match error {
        BackendError::Text(faults) => {
            let faults: Vec<String> = faults.iter().map(|fault| text::breach(fault, ask.lang)).collect();
            Some(faults.join(if ask.lang == Lang::Zh { "" } else { " " }))
        }
        error => text::refusal(error, ask.lang),
    };
    told.map(|told| (status_of(error), told))
}

/// The status of a refusal: whether sending it mended helps, or things stand in the way.
pub(crate) const fn status_of(error: &BackendError) -> StatusCode {
    match error {
        BackendError::Refused(told) if !told.why.is_of_form() => StatusCode::CONFLICT,
        BackendError::Conflict(_) => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// Renders a template; one that cannot be rendered is a fault of ours and is logged.
pub(crate) fn render(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(text::bound_page(&html))).into_response(),
        Err(error) => {
            tracing::error!(%error, "Could not render a page.");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    c: Chrome,
    code: u16,
    title: &'static str,
    text: String,
    back: &'static str,
}

/// Whatever no route knows.
pub(crate) async fn not_found(ask: Ask) -> Response {
    let what = BackendError::NotFound(ask.path.clone());
    if ask.path.starts_with("/api/") { api::problem(&what) } else { ask.failure(&what) }
}

/// A machine's page.
pub(crate) fn machine_href(id: &MachineId) -> String {
    format!("/m/{id}")
}

/// A machine of an address; what cannot be an identity cannot exist.
pub(crate) fn machine_of(site: &str, machine: &str) -> Result<MachineId, BackendError> {
    MachineId::new(site, machine).map_err(|_| BackendError::NotFound(format!("machine {site}/{machine}")))
}

/// An advisory's page; the identity's slashes are encoded so that it stays one segment.
pub(crate) fn advisory_href(id: &str) -> String {
    format!("/advisory/{}", encode(id))
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
