//! Who gets in where, address by address.

use super::*;

/// Method, address, and whether strangers, technicians, advisors, ops and administrators get in.
const ROUTES: &[(&str, &str, [bool; 5])] = &[
    ("GET", "/", [false, true, true, true, true]),
    ("GET", "/m/s01/m002", [false, true, true, true, true]),
    ("GET", "/m/s01/m002/readings", [false, true, true, true, true]),
    ("GET", "/m/s01/m002/report", [false, true, true, true, true]),
    ("GET", "/queue", [false, true, true, false, true]),
    ("GET", "/advisory/s01%2Fm002%2Fcooler_clogging%2F1", [false, true, true, false, true]),
    ("POST", "/queue/approve", [false, false, true, false, true]),
    ("POST", "/queue/edit", [false, false, true, false, true]),
    ("POST", "/queue/postpone", [false, false, true, false, true]),
    ("POST", "/queue/call", [false, false, true, false, true]),
    ("POST", "/queue/called", [false, false, true, false, true]),
    ("POST", "/queue/write", [false, false, true, false, true]),
    ("POST", "/queue/book", [false, false, true, false, true]),
    ("POST", "/queue/move", [false, false, true, false, true]),
    ("POST", "/queue/cancel", [false, false, true, false, true]),
    ("POST", "/queue/close", [false, false, true, false, true]),
    ("POST", "/queue/settle", [false, false, true, false, true]),
    ("POST", "/queue/revoke", [false, false, true, false, true]),
    ("POST", "/queue/noted", [false, false, true, false, true]),
    ("POST", "/queue/replies/1/noted", [false, false, true, false, true]),
    ("POST", "/queue/done", [false, false, true, false, true]),
    ("POST", "/queue/undone", [false, false, true, false, true]),
    ("POST", "/queue/verdict", [false, true, true, false, true]),
    ("GET", "/cases", [false, true, true, false, true]),
    ("POST", "/cases", [false, false, true, false, true]),
    ("POST", "/cases/1/called", [false, false, true, false, true]),
    ("POST", "/cases/1/send", [false, false, true, false, true]),
    ("POST", "/cases/1/arrived", [false, true, true, false, true]),
    ("POST", "/customers/hansa/hand-over", [false, false, true, false, true]),
    ("POST", "/cases/1/settle", [false, false, true, false, true]),
    ("POST", "/cases/1/close", [false, true, true, false, true]),
    ("POST", "/cases/1/take-back", [false, true, true, false, true]),
    ("POST", "/cases/1/withdraw", [false, false, true, false, true]),
    ("POST", "/cases/1/note", [false, true, true, false, true]),
    ("GET", "/calendar", [false, true, true, false, true]),
    ("GET", "/customers", [false, true, true, false, true]),
    ("GET", "/customers/1", [false, true, true, false, true]),
    ("POST", "/customers/1/stage", [false, false, true, false, true]),
    ("POST", "/customers/1/stop", [false, false, true, false, true]),
    ("POST", "/customers/1/resume", [false, false, true, false, true]),
    ("GET", "/planning", [false, true, true, true, true]),
    ("POST", "/planning/stock", [false, true, true, false, true]),
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
    ("GET", "/users/anna/data.json", [false, false, false, false, true]),
    ("POST", "/users/add", [false, false, false, false, true]),
    ("POST", "/users/role", [false, false, false, false, true]),
    ("POST", "/users/email", [false, false, false, false, true]),
    ("POST", "/users/reset", [false, false, false, false, true]),
    ("POST", "/users/disable", [false, false, false, false, true]),
    ("POST", "/users/enable", [false, false, false, false, true]),
    ("POST", "/users/erase", [false, false, false, false, true]),
    ("POST", "/users/end-sessions", [false, false, false, false, true]),
    ("POST", "/users/token", [false, false, false, false, true]),
    ("POST", "/users/token/revoke", [false, false, false, false, true]),
    // The field, its pictures, our people.
    ("GET", "/visits", [false, true, true, false, true]),
    ("GET", "/visits/31", [false, true, true, false, true]),
    ("POST", "/visits/1/set-out", [false, true, true, false, true]),
    ("POST", "/visits/1/position", [false, true, true, false, true]),
    ("POST", "/visits/1/arrived", [false, true, true, false, true]),
    ("POST", "/visits/1/done", [false, true, true, false, true]),
    ("POST", "/visits/1/missed", [false, true, true, false, true]),
    ("POST", "/visits/1/take-back", [false, true, true, false, true]),
    ("POST", "/visits/1/note", [false, true, true, false, true]),
    ("POST", "/visits/1/photo", [false, true, true, false, true]),
    ("POST", "/visits/1/photo/1/delete", [false, true, true, false, true]),
    ("POST", "/visits/1/photo/1/caption", [false, true, true, false, true]),
    ("GET", "/cases/97", [false, true, true, false, true]),
    ("POST", "/cases/1/found", [false, true, true, false, true]),
    ("POST", "/cases/1/set-out", [false, true, true, false, true]),
    ("POST", "/cases/1/position", [false, true, true, false, true]),
    ("POST", "/cases/1/photo", [false, true, true, false, true]),
    ("POST", "/cases/1/photo/1/delete", [false, true, true, false, true]),
    ("POST", "/cases/1/photo/1/caption", [false, true, true, false, true]),
    ("GET", "/photos/1", [false, true, true, true, true]),
    ("GET", "/photos/1/small", [false, true, true, true, true]),
    ("GET", "/team", [false, true, true, false, true]),
    ("POST", "/team/weber/portrait", [false, false, true, false, true]),
    // What is kept about people, and what they read.
    ("GET", "/customers/hansa/data.json", [false, false, true, false, true]),
    ("POST", "/customers/hansa/erase", [false, false, false, false, true]),
    ("GET", "/record", [false, false, false, false, true]),
    ("GET", "/templates", [false, false, true, false, true]),
    ("GET", "/templates/fault.en.j2", [false, false, true, false, true]),
    ("POST", "/templates/fault.en.j2", [false, false, true, false, true]),
    ("POST", "/templates/fault.en.j2/preview", [false, false, true, false, true]),
    ("POST", "/templates/fault.en.j2/undo", [false, false, true, false, true]),
    // Programs.
    ("GET", "/live", [false, true, true, true, true]),
    ("GET", "/m/s01/m002/report.pdf", [false, true, true, true, true]),
    ("GET", "/api/v1/openapi.json", [false, true, true, true, true]),
    ("GET", "/api/v1/machines/s01/m002", [false, true, true, true, true]),
    ("GET", "/api/v1/machines/s01/m002/findings", [false, true, true, true, true]),
    ("GET", "/api/v1/machines/s01/m002/readings", [false, true, true, true, true]),
    ("GET", "/api/v1/findings", [false, true, true, true, true]),
    ("GET", "/api/v1/advisories", [false, true, true, false, true]),
    ("GET", "/api/v1/advisories/1", [false, true, true, false, true]),
    ("GET", "/api/v1/cases", [false, true, true, false, true]),
    ("GET", "/api/v1/cases/97", [false, true, true, false, true]),
    ("GET", "/api/v1/customers/hansa", [false, true, true, false, true]),
    ("GET", "/api/v1/planning", [false, true, true, true, true]),
    ("GET", "/api/v1/record", [false, false, false, false, true]),
    ("GET", "/api/v1/verdicts", [false, true, true, true, true]),
    ("GET", "/api/v1/visits", [false, true, true, false, true]),
    ("GET", "/api/v1/ingest", [false, false, true, true, true]),
    // Customers.
    ("GET", "/b/token-zh/live", [true; 5]),
    ("GET", "/b/token-zh/report", [true; 5]),
    ("GET", "/b/token-zh/report.pdf", [true; 5]),
    ("GET", "/b/token-zh/photo/1", [true; 5]),
    ("GET", "/b/token-zh/photo/1/small", [true; 5]),
    ("GET", "/b/token-zh/preferences", [true; 5]),
    ("POST", "/b/token-zh/preferences", [true; 5]),
    ("GET", "/b/token-zh/book", [true; 5]),
    ("GET", "/b/token-zh/another", [true; 5]),
    ("GET", "/b/token-zh/later", [true; 5]),
    ("GET", "/b/token-zh/cancel", [true; 5]),
    ("GET", "/b/token-zh/trouble", [true; 5]),
    ("GET", "/b/token-zh/all-well", [true; 5]),
    ("GET", "/b/token-zh/resume", [true; 5]),
    ("GET", "/b/token-zh/undo", [true; 5]),
    ("GET", "/b/token-zh/stop", [true; 5]),
    ("POST", "/b/token-zh/book", [true; 5]),
    ("POST", "/b/token-zh/another", [true; 5]),
    ("POST", "/b/token-zh/later", [true; 5]),
    ("POST", "/b/token-zh/cancel", [true; 5]),
    ("POST", "/b/token-zh/trouble", [true; 5]),
    ("POST", "/b/token-zh/all-well", [true; 5]),
    ("POST", "/b/token-zh/resume", [true; 5]),
    ("POST", "/b/token-zh/undo", [true; 5]),
    // Everybody.
    ("GET", "/welcome/nothing", [true; 5]),
    ("GET", "/assets/nothing", [true; 5]),
    ("GET", "/sign-in", [true; 5]),
    ("GET", "/b/token-zh", [true; 5]),
    ("GET", "/b/token-zh/visit.ics", [true; 5]),
    ("POST", "/b/token-zh/stop", [true; 5]),
    ("GET", "/healthz", [true; 5]),
    ("GET", "/readyz", [true; 5]),
    ("GET", "/favicon.ico", [true; 5]),
    ("GET", "/nowhere", [false, true, true, true, true]),
];

/// Addresses whose door has a test of its own: they end the session that knocks, or ask for a secret of their own.
const ELSEWHERE: &[(&str, &str)] = &[
    ("POST", "/sign-in"),
    ("POST", "/welcome/{link}"),
    ("POST", "/account/sign-out"),
    ("POST", "/account/sign-out-everywhere"),
    ("POST", "/api/v1/replies"),
];

/// Method and address of every row of the table of rights, read from its source.
fn rows() -> Vec<(&'static str, &'static str)> {
    let source = include_str!("../../src/rights.rs");
    let table = source.split_once("RIGHTS: &[").unwrap().1.split_once("\n];").unwrap().0;
    let row = |line: &'static str| {
        let mut quoted = line.strip_prefix("    (")?.split('"').skip(1).step_by(2);
        Some((quoted.next()?, quoted.next()?))
    };
    table.lines().filter_map(row).collect()
}

/// Whether an address is one of a pattern's.
fn is_of(address: &str, pattern: &str) -> bool {
    let address = address.split('?').next().unwrap();
    let (own, asked): (Vec<&str>, Vec<&str>) = (address.split('/').collect(), pattern.split('/').collect());
    own.len() == asked.len() && asked.iter().zip(&own).all(|(asked, own)| asked.starts_with('{') || asked == own)
}

#[test]
fn every_row_of_the_table_of_rights_is_knocked_at() {
    let rows = rows();
    assert!(rows.len() > 100, "{rows:?}");
    let knocked = |(method, pattern): &(&str, &str)| {
        ROUTES.iter().any(|(known, address, _)| known == method && is_of(address, pattern))
            || ELSEWHERE.contains(&(*method, *pattern))
    };
    let missed: Vec<_> = rows.iter().filter(|row| !knocked(row)).collect();
    assert!(missed.is_empty(), "add to ROUTES: {missed:?}");
}

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
            let answer = house.knock(method, path, cookie, &body).await;
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
async fn whoever_keeps_the_service_running_finds_machines_and_no_people() {
    let house = house(|_| {});
    for (login, role) in [("otto", Role::Ops), ("anna", Role::Advisor)] {
        house.person(login, role);
    }
    let (ops, _) = house.sign_in("otto").await;
    let (advisor, _) = house.sign_in("anna").await;
    for (path, personal) in [
        ("/search?q=hansa&lang=en", "Mr Brandt"),
        ("/search?q=hansa&lang=en", "/advisory/"),
        ("/search?q=weber&lang=en", "+49 170 555 0117"),
        ("/api/v1/search?q=hansa", "Mr Brandt"),
        ("/api/v1/search?q=weber", "Jonas Weber"),
        ("/m/s01/m002", "/advisory/"),
        ("/", "/queue"),
        ("/planning", "/advisory/"),
    ] {
        let seen = house.get(path, &advisor).await;
        assert!(seen.status == 200 && seen.body.contains(personal), "{path}: no {personal} for those who need it");
        let seen = house.get(path, &ops).await;
        assert!(seen.status == 200 && !seen.body.contains(personal), "{path}: {personal}");
    }
    let found = house.get("/search?q=hansa&lang=en", &ops).await.body;
    assert!(found.contains("href=\"/m/s03/k-01\""), "{found}");
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
    // Whoever is at a desk may say how long it takes; the place told is that of whoever goes there.
    let (anna, _) = house.sign_in("anna").await;
    let (cookie, _) = house.sign_in("weber").await;
    for (who, tells) in [(&anna, false), (&cookie, true)] {
        let page = house.get("/visits/31?lang=en", who).await.body;
        assert!(page.contains("action=\"/visits/31/set-out\""), "{page}");
        assert_eq!(page.contains("data-way="), tells, "{page}");
        assert_eq!(page.contains("Your location is not being sent"), tells);
    }
    let page = house.get("/visits/33?lang=en", &cookie).await;
    assert!(page.status == 200 && page.body.contains("A colleague is sent here"), "{}", page.status);
    assert!(!page.body.contains("action=\"/visits/33/"), "nobody is offered what would be refused");
    assert!(house.get("/visits/32?lang=en", &cookie).await.body.contains("action=\"/visits/32/set-out\""));
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
