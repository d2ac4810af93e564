//! One-time links, programs with a token, and administrators.

use super::*;

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

/// A technician has a phone in hand and a customer's gate before it, not a fleet to look after.
#[tokio::test]
async fn a_technician_begins_with_the_visits() {
    let house = house(|_| {});
    for (login, role, home) in [("tom", Role::Technician, "/visits"), ("anna", Role::Advisor, "/")] {
        let link = format!("/welcome/{}", house.accounts.add(login, login, role, "test").unwrap());
        let page = house.get(&link, "").await;
        let password = "correct+horse+battery";
        let chosen = format!("csrf={}&name={login}&password={password}&again={password}", page.csrf());
        assert_eq!(house.post(&link, &page.cookies(), &chosen).await.header("location"), home);
        for (next, expected) in [("", home), ("%2Fcases", "/cases")] {
            let page = house.get(&format!("/sign-in?next={next}"), "").await;
            let typed = format!("csrf={}&login={login}&password={password}&next={next}", page.csrf());
            assert_eq!(house.post("/sign-in", &page.cookies(), &typed).await.header("location"), expected);
        }
    }
}

#[tokio::test]
async fn a_program_has_its_roles_rights_changes_no_accounts_and_can_be_revoked() {
    let house = house(|options| options.password = Password::new("geheim"));
    house.person("anna", Role::Admin);
    let (ops, admin) = (
        house.accounts.make_token("CMMS", Role::Ops, None, "anna").unwrap(),
        house.accounts.make_token("all", Role::Admin, Some(365), "anna").unwrap(),
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
async fn a_token_whose_time_is_up_is_refused_with_its_reason() {
    let house = house(|_| {});
    house.person("anna", Role::Admin);
    let (cookie, csrf) = house.sign_in("anna").await;
    let make = async |days: &str| {
        let made = house.post("/users/token", &cookie, &format!("csrf={csrf}&name=CMMS&role=ops{days}")).await;
        let secret = made.body.find(">foretell_").map(|at| made.body[at + 1..].split('<').next().unwrap().to_owned());
        (made.status, format!("Bearer {}", secret.unwrap_or_default()))
    };
    for wrong in ["&days=0", "&days=3651", "&days=-1", "&days=soon"] {
        assert_eq!(make(wrong).await.0, 422, "{wrong}");
    }
    let tokens = [make("").await.1, make("&days=30").await.1, make("&days=").await.1];
    let asked = async |path: &'static str| {
        let mut statuses = Vec::new();
        for token in &tokens {
            statuses.push(house.send("GET", path, &[("authorization", token)], "").await.status);
        }
        statuses
    };
    let forward = |days: i64| house.clock.0.fetch_add(days * 86_400_000, Ordering::Relaxed);
    assert_eq!(asked("/api/v1/fleet").await, [200, 200, 200]);
    forward(30);
    assert_eq!(asked("/metrics").await, [200, 401, 200]);
    forward(335);
    assert_eq!(asked("/api/v1/fleet").await, [401, 401, 200], "a year where nothing else is said");
    let answer = house.send("GET", "/api/v1/fleet", &[("authorization", &tokens[1])], "").await;
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert!(answer.header("www-authenticate").contains(r#"error="invalid_token""#));
    let told = "the API token `CMMS` was good until 2027-02-14T08:00:00Z";
    assert!(answer.body.contains(told), "{}", answer.body);
    let (cookie, _) = house.sign_in("anna").await;
    let page = house.get("/users", &cookie).await.body;
    for expected in ["expired", "until it is revoked", "Good until"] {
        assert!(page.contains(expected), "{expected}");
    }
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
    for wrong in ["bo", "bo%40service", "bo+wu%40service.example", "bo%40-service.example"] {
        assert_eq!(act("/users/email", &format!("login=bo&letters=en&email={wrong}")).await.status, 422, "{wrong}");
    }
    assert_eq!(act("/users/email", "login=bo&letters=zh-CN&email=+bo%40service.example").await.status, 303);
    assert_eq!(act("/users/disable", "login=bo").await.status, 303);
    let refused = act("/users/disable", "login=anna").await;
    assert!(refused.status == 422 && refused.body.contains("last administrator"));
    for (lang, expected) in [
        (
            "en",
            [
                "Bo Wu",
                "bo@service.example",
                "disabled",
                "API token made",
                "role changed",
                "e-mail for complaints changed",
            ],
        ),
        ("zh-CN", ["Bo Wu", "bo@service.example", "已停用", "创建 API 令牌", "更改角色", "更改投诉通知邮箱"]),
    ] {
        let page = house.get(&format!("/users?lang={lang}"), &cookie).await.body;
        for text in expected {
            assert!(page.contains(text), "{lang}: {text}");
        }
        assert!(!page.contains("foretell_"), "a token is shown once");
    }
}

#[tokio::test]
async fn an_administrator_erases_somebody_by_typing_the_name() {
    let house = house(|_| {});
    house.person("anna", Role::Admin);
    house.person("bo", Role::Technician);
    let (cookie, csrf) = house.sign_in("anna").await;
    let act = async |body: &str| house.post("/users/erase", &cookie, &format!("csrf={csrf}&{body}")).await;
    let slip = act("login=bo&typed=ann").await;
    assert!(slip.status == 422 && slip.body.contains("not typed as it stands") && slip.body.contains("bo Li"));
    assert_eq!(act("login=anna&typed=anna").await.status, 422, "the last administrator");
    assert!(house.backend.erased().is_empty());
    assert_eq!(act("login=bo&typed=bo").await.status, 303);
    assert_eq!(house.backend.erased(), ["bo Li"]);
    for (lang, expected) in [("en", ["erased", "a former colleague"]), ("zh-CN", ["删除账户", "前同事（"])] {
        let page = house.get(&format!("/users?lang={lang}"), &cookie).await.body;
        assert!(expected.iter().all(|text| page.contains(text)) && !page.contains("bo Li"), "{lang}: {page}");
    }
    assert_eq!(act("login=bo&typed=bo").await.status, 422, "gone");
}
