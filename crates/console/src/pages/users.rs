//! Who may sign in and which programs may ask, for administrators; and the record of what happened to accounts.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use chrono_tz::Tz;
use foretell_model::Timestamp;
use serde::Deserialize;

use super::account::SessionRow;
use super::kept::Kept;
use super::page::{Ask, Chrome};
use crate::access;
use crate::accounts::{ALIAS, Accounts, AccountsError, Act, ApiToken, Person, Role, Session};
use crate::router::App;
use crate::text::{self, AccessWords};
use crate::{Lang, civil};

/// How long a token is good unless something else is chosen, days. One that nobody remembers must not open the door for ever, and
/// once a year somebody can look whether the program behind it is still there.
const TOKEN_DAYS: &str = "365";

/// Entries of the record on the page.
const ACTS_MAX: usize = 100;

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    c: Chrome,
    w: &'static AccessWords,
    lead: &'static str,
    problem: String,
    /// What was typed into a form that was refused.
    kept: Kept,
    secret: String,
    secret_says: &'static str,
    /// Code, name and purpose of each role.
    roles: Vec<(&'static str, &'static str, &'static str)>,
    /// How long a new token can be good: days, empty for "until it is revoked", and the words.
    lifetimes: [(&'static str, &'static str); 4],
    people: Vec<PersonRow>,
    tokens: Vec<TokenRow>,
    sessions: Vec<SessionRow>,
    acts: Vec<ActRow>,
}

struct PersonRow {
    login: String,
    name: String,
    role: &'static str,
    seen: String,
    ready: bool,
    disabled: bool,
    email: String,
    letters: &'static str,
}

struct TokenRow {
    id: i64,
    name: String,
    role: &'static str,
    made_by: String,
    since: String,
    used: String,
    /// When it ends by itself.
    until: String,
    /// Why it is good no more; empty while it is.
    over: &'static str,
}

struct ActRow {
    when: String,
    login: String,
    what: &'static str,
    by: String,
    address: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Whom {
    login: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Erased {
    login: String,
    typed: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Added {
    login: String,
    name: String,
    role: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Promoted {
    login: String,
    role: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ToldAt {
    login: String,
    email: String,
    letters: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Made {
    name: String,
    role: String,
    /// For how many days it is good; empty until it is revoked.
    #[serde(default = "token_days")]
    days: String,
}

fn token_days() -> String {
    TOKEN_DAYS.to_owned()
}

#[derive(Debug, Deserialize)]
pub(crate) struct Which {
    id: i64,
}

/// What is shown once: a link or a token.
enum Shown {
    Link(String),
    Token(String),
}

/// `GET /users`
pub(crate) async fn show(State(app): State<App>, ask: Ask) -> Response {
    page(&app, &ask, StatusCode::OK, None, String::new(), Kept::default()).await
}

/// `POST /users/add`
pub(crate) async fn add(State(app): State<App>, ask: Ask, headers: HeaderMap, Form(form): Form<Added>) -> Response {
    let by = ask.by.clone();
    let kept = Kept::of("add", &[("login", &form.login), ("name", &form.name), ("role", &form.role)]);
    let made = app.accounts(move |accounts| accounts.add(&form.login, &form.name, role_of(&form.role)?, &by));
    let made = made.await;
    shown(&app, &ask, made.map(|made| made.map(|link| Shown::Link(address(&app, &headers, &link)))), kept).await
}

/// `POST /users/reset`
pub(crate) async fn reset(State(app): State<App>, ask: Ask, headers: HeaderMap, Form(form): Form<Whom>) -> Response {
    let by = ask.by.clone();
    let made = app.accounts(move |accounts| accounts.reset(&form.login, &by)).await;
    let shows = made.map(|made| made.map(|link| Shown::Link(address(&app, &headers, &link))));
    shown(&app, &ask, shows, Kept::default()).await
}

/// `POST /users/token`
pub(crate) async fn make_token(State(app): State<App>, ask: Ask, Form(form): Form<Made>) -> Response {
    let by = ask.by.clone();
    let kept = Kept::of("token", &[("name", &form.name), ("role", &form.role), ("days", &form.days)]);
    let made = app.accounts(move |accounts| {
        let days = Some(form.days.trim()).filter(|days| !days.is_empty());
        let days = days.map(|days| days.parse().map_err(|_| AccountsError::TokenDays)).transpose()?;
        accounts.make_token(&form.name, role_of(&form.role)?, days, &by)
    });
    let made = made.await;
    shown(&app, &ask, made.map(|made| made.map(Shown::Token)), kept).await
}

/// `POST /users/role`
pub(crate) async fn role(State(app): State<App>, ask: Ask, Form(form): Form<Promoted>) -> Response {
    let by = ask.by.clone();
    done(&app, &ask, move |accounts| accounts.set_role(&form.login, role_of(&form.role)?, &by)).await
}

/// `POST /users/email`
pub(crate) async fn email(State(app): State<App>, ask: Ask, Form(form): Form<ToldAt>) -> Response {
    let (by, letters) = (ask.by.clone(), Lang::from_tag(&form.letters).unwrap_or_default());
    done(&app, &ask, move |accounts| accounts.set_email(&form.login, &form.email, letters, &by)).await
}

/// `POST /users/disable`
pub(crate) async fn disable(State(app): State<App>, ask: Ask, Form(form): Form<Whom>) -> Response {
    let by = ask.by.clone();
    done(&app, &ask, move |accounts| accounts.set_disabled(&form.login, true, &by)).await
}

/// `POST /users/enable`
pub(crate) async fn enable(State(app): State<App>, ask: Ask, Form(form): Form<Whom>) -> Response {
    let by = ask.by.clone();
    done(&app, &ask, move |accounts| accounts.set_disabled(&form.login, false, &by)).await
}

/// `POST /users/erase`; whoever does it types the login name, so that no slip of a thumb can.
pub(crate) async fn erase(State(app): State<App>, ask: Ask, Form(form): Form<Erased>) -> Response {
    if form.typed.trim() != form.login {
        let kept = Kept::of("erase", &[("login", &form.login), ("typed", &form.typed)]);
        return page(
            &app,
            &ask,
            StatusCode::UNPROCESSABLE_ENTITY,
            None,
            text::access(ask.lang).erase_differs.to_owned(),
            kept,
        )
        .await;
    }
    let erasure = match app.accounts(move |accounts| accounts.erasure(&form.login)).await {
        Ok(Some(erasure)) => erasure,
        Ok(None) => return Redirect::to("/users").into_response(),
        Err(error) => return problem(&app, &ask, error, Kept::default()).await,
    };
    let of = erasure.clone();
    if let Err(error) = app.ask(move |backend| backend.erase_colleague(&of)).await {
        // Who is expected somewhere is not erased before somebody else is.
        return match super::page::refused(&ask, &error) {
            Some((status, why)) => page(&app, &ask, status, None, why, Kept::default()).await,
            None => ask.failure(&error),
        };
    }
    let by = ask.by.clone();
    done(&app, &ask, move |accounts| accounts.erase(&erasure, &by)).await
}

/// `POST /users/end-sessions`
pub(crate) async fn end_sessions(State(app): State<App>, ask: Ask, Form(form): Form<Whom>) -> Response {
    let by = ask.by.clone();
    done(&app, &ask, move |accounts| accounts.sign_out_everywhere(&form.login, &by)).await
}

/// `POST /users/token/revoke`
pub(crate) async fn revoke_token(State(app): State<App>, ask: Ask, Form(form): Form<Which>) -> Response {
    let by = ask.by.clone();
    done(&app, &ask, move |accounts| accounts.revoke_token(form.id, &by)).await
}

fn role_of(code: &str) -> Result<Role, AccountsError> {
    Role::from_code(code).ok_or(AccountsError::Unknown)
}

/// A one-time link's whole address, under the name by which the administrator reaches us.
fn address(app: &App, headers: &HeaderMap, link: &str) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let scheme = if app.options.https { "https" } else { "http" };
    format!("{scheme}://{host}/welcome/{link}")
}

async fn done<F>(app: &App, ask: &Ask, work: F) -> Response
where
    F: FnOnce(&Accounts) -> Result<(), AccountsError> + Send + 'static,
{
    match app.accounts(work).await {
        Ok(_) => Redirect::to("/users").into_response(),
        Err(error) => problem(app, ask, error, Kept::default()).await,
    }
}

async fn shown(app: &App, ask: &Ask, made: Result<Option<Shown>, AccountsError>, kept: Kept) -> Response {
    match made {
        Ok(Some(secret)) => page(app, ask, StatusCode::OK, Some(secret), String::new(), Kept::default()).await,
        Ok(None) => Redirect::to("/users").into_response(),
        Err(error) => problem(app, ask, error, kept).await,
    }
}

pub(super) async fn problem(app: &App, ask: &Ask, error: AccountsError, kept: Kept) -> Response {
    if !error.is_refusal() {
        return access::broken(error);
    }
    page(app, ask, StatusCode::UNPROCESSABLE_ENTITY, None, text::refused(&error, ask.lang), kept).await
}

async fn page(
    app: &App,
    ask: &Ask,
    status: StatusCode,
    secret: Option<Shown>,
    problem: String,
    kept: Kept,
) -> Response {
    let read = app.accounts(|accounts| {
        Ok((accounts.people()?, accounts.tokens()?, accounts.sessions(None)?, accounts.acts(ACTS_MAX)?))
    });
    let (people, tokens, sessions, acts) = match read.await {
        Ok(read) => read.unwrap_or_default(),
        Err(error) => return access::broken(error),
    };
    let zone = match app.ask(|backend| Ok(backend.zone())).await {
        Ok(zone) => zone,
        Err(error) => return ask.failure(&error),
    };
    let (lang, w) = (ask.lang, text::access(ask.lang));
    let (secret, secret_says) = match secret {
        Some(Shown::Link(link)) => (link, w.link_says),
        Some(Shown::Token(token)) => (token, w.token_says),
        None => (String::new(), ""),
    };
    let page = UsersPage {
        c: ask.chrome("users", false),
        w,
        lead: if ask.person.is_some() { w.users_lead } else { w.users_open },
        problem,
        kept,
        secret,
        secret_says,
        roles: Role::ALL.map(|role| (role.code(), text::role(role, lang), text::role_hint(role, lang))).to_vec(),
        lifetimes: [("30", w.days_30), ("90", w.days_90), (TOKEN_DAYS, w.a_year), ("", w.no_end)],
        people: people.into_iter().map(|person| person_row(person, zone, lang)).collect(),
        tokens: tokens.into_iter().map(|token| token_row(token, zone, lang)).collect(),
        sessions: sessions.into_iter().map(|session: Session| SessionRow::of(session, zone, lang)).collect(),
        acts: acts.into_iter().map(|act| act_row(act, zone, lang)).collect(),
    };
    ask.html(status, &page)
}

/// As the company's own clock shows it.
fn instant(at: Option<Timestamp>, zone: Tz, lang: Lang) -> String {
    at.map_or_else(|| text::words(lang).never.to_owned(), |at| civil::date_time(at, zone, lang))
}

fn person_row(person: Person, zone: Tz, lang: Lang) -> PersonRow {
    let seen = instant(person.seen, zone, lang);
    let Person { login, name, role, ready, disabled, email, letters, .. } = person;
    let email = email.unwrap_or_default();
    PersonRow { login, name, role: role.code(), seen, ready, disabled, email, letters: letters.tag() }
}

fn token_row(token: ApiToken, zone: Tz, lang: Lang) -> TokenRow {
    let w = text::access(lang);
    TokenRow {
        id: token.id,
        role: text::role(token.role, lang),
        since: instant(Some(token.created), zone, lang),
        used: instant(token.used, zone, lang),
        until: token.expires.map_or_else(|| w.no_end.to_owned(), |expires| civil::date_time(expires, zone, lang)),
        over: match token.revoked {
            Some(_) => w.revoked,
            None if token.expired => w.expired,
            None => "",
        },
        name: token.name,
        made_by: text::who(&token.made_by, lang),
    }
}

fn act_row(act: Act, zone: Tz, lang: Lang) -> ActRow {
    let (when, what) = (instant(Some(act.at), zone, lang), text::happened(act.what, lang));
    let login = if act.login.starts_with(ALIAS) { text::who(&act.login, lang) } else { act.login };
    ActRow { when, what, login, by: text::who(&act.by, lang), address: act.address }
}
