//! The door: who gets in where, and everything by which somebody could try to slip through.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

#[path = "../examples/fake/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each program over this fleet asks something else of it")]
mod fake;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use foretell_console::accounts::Role;
use foretell_console::{Accounts, ConsoleOptions, Password, router};
use foretell_model::{Clock, Timestamp};
use tower::ServiceExt;

const PASSWORD: &str = "correct horse battery";
const APPROVE: &str = "id=s01%2Fm002%2Fcooler_clogging%2F1&revision=3";

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
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
    backend: Arc<fake::Fake>,
    app: Router,
}

fn house(change: impl FnOnce(&mut ConsoleOptions)) -> House {
    let dir = tempfile::tempdir().unwrap();
    let accounts = Arc::new(Accounts::open(&dir.path().join("accounts.sqlite"), Arc::new(Noon)).unwrap());
    let mut options = ConsoleOptions::new(fake::catalogue());
    options.accounts = Some(accounts.clone());
    options.anonymous = false;
    change(&mut options);
    let backend = Arc::new(fake::Fake::new(None));
    House { _dir: dir, accounts, app: router(backend.clone(), options), backend }
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

/// Method, address, and whether strangers, technicians, advisors, ops and administrators get in.
const ROUTES: &[(&str, &str, [bool; 5])] = &[
    ("GET", "/", [false, true, true, true, true]),
    ("GET", "/m/s01/m002", [false, true, true, true, true]),
    ("GET", "/m/s01/m002/readings", [false, true, true, true, true]),
    ("GET", "/m/s01/m002/report", [false, true, true, true, true]),
    ("GET", "/queue", [false, true, true, true, true]),
    ("GET", "/advisory/s01%2Fm002%2Fcooler_clogging%2F1", [false, true, true, true, true]),
    ("POST", "/queue/approve", [false, false, true, false, true]),
    ("POST", "/queue/edit", [false, false, true, false, true]),
    ("POST", "/queue/postpone", [false, false, true, false, true]),
    ("POST", "/queue/call", [false, false, true, false, true]),
    ("POST", "/queue/called", [false, false, true, false, true]),
    ("POST", "/queue/book", [false, false, true, false, true]),
    ("POST", "/queue/close", [false, false, true, false, true]),
    ("POST", "/queue/settle", [false, false, true, false, true]),
    ("POST", "/queue/revoke", [false, false, true, false, true]),
    ("POST", "/queue/noted", [false, false, true, false, true]),
    ("POST", "/queue/done", [false, false, true, false, true]),
    ("POST", "/queue/undone", [false, false, true, false, true]),
    ("POST", "/queue/verdict", [false, true, true, false, true]),
    ("GET", "/cases", [false, true, true, true, true]),
    ("POST", "/cases", [false, false, true, false, true]),
    ("POST", "/cases/1/called", [false, false, true, false, true]),
    ("POST", "/cases/1/send", [false, false, true, false, true]),
    ("POST", "/cases/1/arrived", [false, true, true, false, true]),
    ("POST", "/customers/hansa/hand-over", [false, false, true, false, true]),
    ("POST", "/cases/1/settle", [false, false, true, false, true]),
    ("POST", "/cases/1/close", [false, true, true, false, true]),
    ("GET", "/calendar", [false, true, true, true, true]),
    ("GET", "/customers", [false, true, true, false, true]),
    ("GET", "/customers/1", [false, true, true, false, true]),
    ("POST", "/customers/1/stage", [false, false, true, false, true]),
    ("POST", "/customers/1/stop", [false, false, true, false, true]),
    ("POST", "/customers/1/resume", [false, false, true, false, true]),
    ("GET", "/planning", [false, true, true, true, true]),
    ("GET", "/verdicts", [false, true, true, true, true]),
    ("GET", "/search?q=x", [false, true, true, true, true]),
    ("GET", "/quarantine", [false, false, true, true, true]),
    ("GET", "/api/v1/customers", [false, true, true, false, true]),
    ("GET", "/api/v1/search?q=x", [false, true, true, true, true]),
    ("GET", "/api/v1/clocks", [false, false, true, true, true]),
    ("GET", "/ingest", [false, false, true, true, true]),
    ("GET", "/metrics", [false, false, false, true, true]),
    ("GET", "/api/v1/fleet", [false, true, true, true, true]),
    ("GET", "/api/v1/quarantine", [false, false, true, true, true]),
    ("GET", "/account", [false, true, true, true, true]),
    ("POST", "/account/password", [false, true, true, true, true]),
    ("GET", "/users", [false, false, false, false, true]),
    ("POST", "/users/add", [false, false, false, false, true]),
    ("POST", "/users/role", [false, false, false, false, true]),
    ("POST", "/users/reset", [false, false, false, false, true]),
    ("POST", "/users/disable", [false, false, false, false, true]),
    ("POST", "/users/enable", [false, false, false, false, true]),
    ("POST", "/users/end-sessions", [false, false, false, false, true]),
    ("POST", "/users/token", [false, false, false, false, true]),
    ("POST", "/users/token/revoke", [false, false, false, false, true]),
    ("GET", "/sign-in", [true; 5]),
    ("GET", "/b/token-zh", [true; 5]),
    ("GET", "/b/token-zh/visit.ics", [true; 5]),
    ("POST", "/b/token-zh/stop", [true; 5]),
    ("GET", "/healthz", [true; 5]),
    ("GET", "/readyz", [true; 5]),
    ("GET", "/favicon.ico", [true; 5]),
    ("GET", "/nowhere", [false, true, true, true, true]),
];

#[tokio::test]
async fn each_role_gets_in_where_it_may_and_nowhere_else() {
    let house = house(|_| {});
    let mut askers = vec![(String::new(), String::new())];
    for role in Role::ALL {
        house.person(role.code(), role);
        askers.push(house.sign_in(role.code()).await);
    }
    for (method, path, expected) in ROUTES {
        for (n, (cookie, csrf)) in askers.iter().enumerate() {
            // Nonsense in the form: what is tested is the door, and nothing may be changed on the way.
            let body = if *method == "POST" { format!("csrf={csrf}&x=1") } else { String::new() };
            let answer = house.send(method, path, &[("cookie", cookie)], &body).await;
            assert_eq!(is_in(&answer), expected[n], "{method} {path} as {n}: {}", answer.status);
        }
    }
}

#[tokio::test]
async fn who_may_not_is_told_who_may_in_both_languages() {
    let house = house(|_| {});
    house.person("tom", Role::Technician);
    let (cookie, csrf) = house.sign_in("tom").await;
    let body = format!("csrf={csrf}&{APPROVE}");
    for (lang, expected) in [
        ("en", "This is for: Service advisor, Administrator. You are signed in as: Technician."),
        ("zh-CN", "此项仅限：服务顾问、管理员。您的角色是：工程师。"),
    ] {
        let answer = house.post(&format!("/queue/approve?lang={lang}"), &cookie, &body).await;
        assert_eq!(answer.status, 403);
        assert!(answer.body.contains(expected), "{}", answer.body);
    }
    assert!(house.backend.acts().is_empty());
}

#[tokio::test]
async fn a_technician_looks_at_a_colleagues_errand_and_changes_nothing() {
    let house = house(|_| {});
    for (login, role) in [("weber", Role::Technician), ("tom", Role::Technician), ("anna", Role::Advisor)] {
        house.person(login, role);
    }
    // Visit 33 is Zhou's; visits 31 and 32 and case 101 are Weber's.
    for (login, path, expected) in [
        ("weber", "/visits/33/set-out", 403),
        ("weber", "/visits/33/position", 403),
        ("weber", "/visits/33/photo/1/delete", 403),
        ("tom", "/visits/31/arrived", 403),
        ("tom", "/cases/101/arrived", 403),
        ("weber", "/visits/31/set-out", 303),
        ("weber", "/cases/101/arrived", 303),
        ("anna", "/visits/33/set-out", 303),
    ] {
        let (cookie, csrf) = house.sign_in(login).await;
        let answer = house.post(&format!("{path}?lang=en"), &cookie, &format!("csrf={csrf}&minutes=")).await;
        assert_eq!(answer.status, expected, "{login} {path}");
        assert_eq!(answer.body.contains("A colleague is sent here"), expected == 403, "{login} {path}");
    }
    let (cookie, _) = house.sign_in("weber").await;
    let page = house.get("/visits/33?lang=en", &cookie).await;
    assert!(page.status == 200 && page.body.contains("A colleague is sent here"), "{}", page.status);
    assert!(!page.body.contains("action=\"/visits/33/"), "nobody is offered what would be refused");
    assert!(house.get("/visits/32?lang=en", &cookie).await.body.contains("action=\"/visits/32/set-out\""));
}

#[tokio::test]
async fn what_is_done_bears_the_name_of_who_did_it() {
    let house = house(|_| {});
    house.person("anna", Role::Advisor);
    let (cookie, csrf) = house.sign_in("anna").await;
    let answer = house.post("/queue/approve", &cookie, &format!("csrf={csrf}&{APPROVE}")).await;
    assert_eq!(answer.status, 303);
    assert_eq!(house.backend.acts().last().map(|(_, by)| by.clone()), Some("anna Li".to_owned()));
}

#[tokio::test]
async fn a_form_without_the_sessions_own_secret_does_nothing() {
    let house = house(|_| {});
    house.person("anna", Role::Advisor);
    house.person("bo", Role::Advisor);
    let ((cookie, _), (_, others)) = (house.sign_in("anna").await, house.sign_in("bo").await);
    for csrf in ["", "csrf=&", "csrf=AAAA&", &format!("csrf={others}&")] {
        let answer = house.post("/queue/approve", &cookie, &format!("{csrf}{APPROVE}")).await;
        assert_eq!(answer.status, 403, "{csrf}");
        assert!(answer.body.contains("Nothing was done."), "{csrf}");
    }
    // The sign-in form, too: nobody is signed in as somebody else unawares.
    let answer = house.post("/sign-in", "", "login=anna&password=correct+horse+battery").await;
    assert_eq!((answer.status, answer.cookies()), (403, String::new()));
    assert!(house.backend.acts().is_empty());
}

#[tokio::test]
async fn every_form_of_every_page_carries_the_secret() {
    let house = house(|_| {});
    house.person("anna", Role::Admin);
    let (cookie, csrf) = house.sign_in("anna").await;
    house.accounts.make_token("CMMS", Role::Ops, "anna").unwrap();
    for path in ["/queue", "/advisory/s01%2Fm002%2Fcooler_clogging%2F1", "/account", "/users"] {
        let body = house.get(path, &cookie).await.body;
        let forms = body.matches("method=\"post\"").count();
        assert!(forms > 0 && forms == body.matches(&format!("name=\"csrf\" value=\"{csrf}\"")).count(), "{path}");
        assert!(!body.contains("style=") && !body.contains("<script>"), "{path}: inline code");
    }
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_bound_to_the_host() {
    for (https, host, cookie, end) in [
        (true, "console.example", "__Host-foretell=", "; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=604800"),
        (false, "127.0.0.1:8080", "foretell_session=", "; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800"),
        (true, "127.0.0.1:8080", "foretell_session=", "; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800"),
    ] {
        let house = house(|options| options.https = https);
        house.person("anna", Role::Advisor);
        let page = house.send("GET", "/sign-in", &[("host", host)], "").await;
        let body = format!("csrf={}&login=anna&password=correct+horse+battery", page.csrf());
        let answer = house.send("POST", "/sign-in", &[("host", host), ("cookie", &page.cookies())], &body).await;
        let set = answer.header("set-cookie");
        assert!(set.starts_with(cookie) && set.ends_with(end), "{set}");
        assert_eq!(answer.headers.contains_key("strict-transport-security"), https);
    }
}

#[tokio::test]
async fn a_session_that_a_stranger_knows_becomes_nobodys() {
    let house = house(|_| {});
    house.person("anna", Role::Advisor);
    house.person("eve", Role::Advisor);
    // Made up, or the stranger's own: after signing in the browser holds another one, and the old one is worth nothing.
    let (eves, _) = house.sign_in("eve").await;
    for planted in ["foretell_session=planted", &eves] {
        let answer = house.form("anna", PASSWORD, planted).await;
        assert_eq!(answer.status, 303);
        assert!(!answer.cookies().contains(planted));
        assert!(!is_in(&house.get("/", planted).await), "{planted}");
        assert!(house.get("/account", &answer.cookies()).await.body.contains("anna Li"));
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_not_only_the_cookie() {
    let house = house(|_| {});
    house.person("anna", Role::Advisor);
    let ((one, csrf), (two, _), (three, third)) =
        (house.sign_in("anna").await, house.sign_in("anna").await, house.sign_in("anna").await);
    let answer = house.post("/account/sign-out", &one, &format!("csrf={csrf}")).await;
    assert!(
        answer.header("set-cookie").contains("foretell_session=; ")
            && answer.header("set-cookie").contains("Max-Age=0")
    );
    assert!(!is_in(&house.get("/", &one).await) && is_in(&house.get("/", &two).await));
    house.post("/account/sign-out-everywhere", &three, &format!("csrf={third}")).await;
    assert!(!is_in(&house.get("/", &two).await) && !is_in(&house.get("/", &three).await));
}

#[tokio::test]
async fn too_many_attempts_are_told_kindly_to_wait() {
    let house = house(|_| {});
    house.person("anna", Role::Advisor);
    for _ in 0..5 {
        let answer = house.form("anna", "wrong password", "").await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("Name and password do not match.") && !answer.body.contains("wrong password"));
    }
    let answer = house.form("anna", PASSWORD, "").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "30"));
    assert!(answer.body.contains("Please wait 30 seconds, then try again."));
}

#[tokio::test]
async fn a_one_time_link_opens_as_often_as_one_likes_and_works_once() {
    let house = house(|_| {});
    let link = format!("/welcome/{}", house.accounts.first_admin().unwrap().unwrap());
    assert!(house.get(&link, "").await.body.contains("<b>admin</b>"));
    let page = house.get(&link, "").await;
    assert_eq!((page.status, page.header("referrer-policy")), (200, "no-referrer"));
    let (cookie, csrf) = (page.cookies(), page.csrf());
    let chosen = |again: &str| format!("csrf={csrf}&name=Anna+Li&password=correct+horse+battery&again={again}");
    let answer = house.post(&link, &cookie, &chosen("other")).await;
    assert!(answer.status == 422 && answer.body.contains("The two passwords differ."));
    let answer = house.post(&link, &cookie, &chosen("correct+horse+battery")).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/"));
    assert!(house.get("/users", &answer.cookies()).await.body.contains("Anna Li"));
    let again = house.post(&link, &cookie, &chosen("correct+horse+battery")).await;
    assert_eq!((again.status, again.cookies()), (410, String::new()));
    assert_eq!(house.get(&link, "").await.status, 410);
}

#[tokio::test]
async fn a_program_has_its_roles_rights_changes_no_accounts_and_can_be_revoked() {
    let house = house(|options| options.password = Password::new("geheim"));
    house.person("anna", Role::Admin);
    let (ops, admin) = (
        house.accounts.make_token("CMMS", Role::Ops, "anna").unwrap(),
        house.accounts.make_token("all", Role::Admin, "anna").unwrap(),
    );
    let (ops, admin) = (format!("Bearer {ops}"), format!("Bearer {admin}"));
    let basic = "Basic eDpnZWhlaW0=";
    for (who, method, path, status) in [
        (ops.as_str(), "GET", "/metrics", 200),
        (&ops, "GET", "/api/v1/fleet", 200),
        (&ops, "POST", "/queue/approve", 403),
        (&ops, "GET", "/users", 403),
        (&admin, "POST", "/queue/approve", 303),
        (&admin, "POST", "/users/token", 403),
        (basic, "GET", "/metrics", 200),
        (basic, "GET", "/users", 403),
        ("Bearer foretell_guess", "GET", "/api/v1/fleet", 401),
        ("Basic eDpmYWxzY2g=", "GET", "/api/v1/fleet", 401),
    ] {
        let answer = house.send(method, path, &[("authorization", who)], APPROVE).await;
        assert_eq!(answer.status, status, "{who} {method} {path}");
    }
    let id = house.accounts.tokens().unwrap().iter().find(|token| token.name == "CMMS").unwrap().id;
    house.accounts.revoke_token(id, "anna").unwrap();
    let answer = house.send("GET", "/api/v1/fleet", &[("authorization", &ops)], "").await;
    assert_eq!((answer.status, answer.header("content-type")), (401, "application/problem+json"));
    assert_eq!(answer.headers.get_all("www-authenticate").iter().count(), 2);
}

#[tokio::test]
async fn the_console_is_open_on_a_bare_address_until_somebody_can_sign_in() {
    let house = house(|options| options.anonymous = true);
    assert!(is_in(&house.send("GET", "/users", &[("host", "127.0.0.1:8080")], "").await));
    assert_eq!(house.send("GET", "/", &[("host", "evil.example")], "").await.status, 403);
    let invited = house.accounts.add("anna", "Anna", Role::Admin, "test").unwrap();
    assert!(is_in(&house.get("/", "").await), "invited, but not there yet");
    house.accounts.redeem(&invited, "Anna", PASSWORD, "").unwrap();
    let answer = house.get("/queue?x=1", "").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/sign-in?next=%2Fqueue%3Fx%3D1"));
}

#[tokio::test]
async fn administrators_see_and_change_everybody() {
    let house = house(|_| {});
    house.person("anna", Role::Admin);
    let (cookie, csrf) = house.sign_in("anna").await;
    let act = async |path: &str, body: &str| house.post(path, &cookie, &format!("csrf={csrf}&{body}")).await;
    let added = act("/users/add", "login=bo&name=Bo+Wu&role=technician").await;
    let at = added.body.find("http://localhost/welcome/").unwrap();
    assert!(added.status == 200 && added.body[at..].starts_with("http://localhost/welcome/"));
    assert!(act("/users/token", "name=CMMS&role=ops").await.body.contains(">foretell_"));
    assert_eq!(act("/users/role", "login=bo&role=advisor").await.status, 303);
    assert_eq!(act("/users/disable", "login=bo").await.status, 303);
    let refused = act("/users/disable", "login=anna").await;
    assert!(refused.status == 422 && refused.body.contains("last administrator"));
    for (lang, expected) in [
        ("en", ["Bo Wu", "disabled", "API token made", "role changed"]),
        ("zh-CN", ["Bo Wu", "已停用", "创建 API 令牌", "更改角色"]),
    ] {
        let page = house.get(&format!("/users?lang={lang}"), &cookie).await.body;
        for text in expected {
            assert!(page.contains(text), "{lang}: {text}");
        }
        assert!(!page.contains("foretell_"), "a token is shown once");
    }
}

#[tokio::test]
async fn who_tries_links_that_do_not_exist_must_wait() {
    let house = house(|_| {});
    for n in 0..20 {
        assert_eq!(house.get(&format!("/b/unknown{n}"), "").await.status, 404);
    }
    let answer = house.get("/b/unknown", "").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "30"));
    assert!(answer.body.contains("call your service advisor"));
    // Somebody else's links work all the while.
    let other = house.send("GET", "/b/token-zh", &[("x-forwarded-for", "203.0.113.9")], "").await;
    assert_eq!(other.status, 200);
}
