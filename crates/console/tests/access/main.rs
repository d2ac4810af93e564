//! The door: who gets in where, and everything by which somebody could try to slip through.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

#[path = "../../examples/fake/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each program over this fleet asks something else of it")]
mod fake;

mod doors;
mod forms;
mod links;
mod sessions;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use foretell_console::accounts::Role;
use foretell_console::{Accounts, ConsoleOptions, Password, router};
use foretell_model::{Clock, Timestamp};
use tower::ServiceExt;

const PASSWORD: &str = "correct horse battery";
const APPROVE: &str = "id=s01%2Fm002%2Fcooler_clogging%2F1&revision=3";

/// Noon of some day, until a test goes on from there.
struct Noon(AtomicI64);

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The cookies it sets, as a browser would send them.
    fn cookies(&self) -> String {
        let set = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        set.map(|value| value.split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
    }

    fn csrf(&self) -> String {
        let field = "name=\"csrf\" value=\"";
        let at = self.body.find(field).expect("a form with its secret") + field.len();
        self.body[at..].split('"').next().unwrap().to_owned()
    }
}

struct House {
    _dir: tempfile::TempDir,
    accounts: Arc<Accounts>,
    clock: Arc<Noon>,
    backend: Arc<fake::Fake>,
    app: Router,
}

fn house(change: impl FnOnce(&mut ConsoleOptions)) -> House {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(Noon(AtomicI64::new(1_800_000_000_000)));
    let accounts = Arc::new(Accounts::open(&dir.path().join("accounts.sqlite"), clock.clone()).unwrap());
    let mut options = ConsoleOptions::new(fake::catalogue());
    options.accounts = Some(accounts.clone());
    options.anonymous = false;
    change(&mut options);
    let backend = Arc::new(fake::Fake::new(None));
    House { _dir: dir, accounts, clock, app: router(backend.clone(), options), backend }
}

impl House {
    fn person(&self, login: &str, role: Role) {
        let link = self.accounts.add(login, &format!("{login} Li"), role, "test").unwrap();
        self.accounts.redeem(&link, &format!("{login} Li"), PASSWORD, "").unwrap();
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method == "POST" {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let (parts, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 10_000_000).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// The same, without waiting for a body that may never end.
    async fn knock(&self, method: &str, path: &str, cookie: &str, body: &str) -> Answer {
        let request = Request::builder().method(method).uri(path).header("cookie", cookie);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let (parts, _) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: String::new() }
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send("GET", path, &[("cookie", cookie)], "").await
    }

    async fn post(&self, path: &str, cookie: &str, body: &str) -> Answer {
        self.send("POST", path, &[("cookie", cookie), ("sec-fetch-site", "same-origin")], body).await
    }

    /// Signs in as a browser does, and gives the answer to the form.
    async fn form(&self, login: &str, password: &str, held: &str) -> Answer {
        let page = self.get("/sign-in?next=%2Fqueue", held).await;
        let (cookies, csrf) = (format!("{held}; {}", page.cookies()), page.csrf());
        let body = format!("csrf={csrf}&login={login}&password={}&next=%2Fqueue", password.replace(' ', "+"));
        self.post("/sign-in", &cookies, &body).await
    }

    /// A session's cookie and its forms' secret.
    async fn sign_in(&self, login: &str) -> (String, String) {
        let answer = self.form(login, PASSWORD, "").await;
        assert_eq!((answer.status, answer.header("location")), (303, "/queue"), "{}", answer.body);
        let cookie = answer.cookies();
        let csrf = self.get("/account", &cookie).await.csrf();
        (cookie, csrf)
    }
}

/// Whether an answer means that somebody was let in, whatever the page then made of the request.
fn is_in(answer: &Answer) -> bool {
    !matches!(answer.status, 401 | 403) && !answer.header("location").starts_with("/sign-in")
}
