//! Signing in and out, cookies, and what is guessed.

use super::*;

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
async fn who_tries_links_that_do_not_exist_must_wait() {
    let house = house(|_| {});
    for n in 0..20 {
        assert_eq!(house.get(&format!("/b/unknown{n}"), "").await.status, 404);
    }
    let answer = house.get("/b/unknown", "").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "30"));
    assert!(answer.body.contains("call your service advisor"));
    // A link that we signed works all the while, from that address too: behind it may be a whole factory.
    assert_eq!(house.get("/b/token-zh", "").await.status, 200);
    let broken =
        house.post("/b/token-zh/trouble", "", "which=&what=%E7%A9%BA%E5%8E%8B%E6%9C%BA%E5%9D%8F%E4%BA%86").await;
    assert!(broken.status != 429 && broken.status != 404, "{}", broken.status);
    assert_eq!(house.get("/b/unknown", "").await.status, 429);
    // Somebody else's links work as well.
    let other = house.send("GET", "/b/token-zh", &[("x-forwarded-for", "203.0.113.9")], "").await;
    assert_eq!(other.status, 200);
}

/// What is tapped is kept for good; a link in the wrong hands must not fill the disk.
#[tokio::test]
async fn nobody_taps_without_end() {
    let house = house(|_| {});
    let tap = async |what: &str| house.post(&format!("/b/token-zh/{what}"), "", "wish=x&what=x").await;
    for n in 0..40 {
        assert_eq!(tap("another").await.status, 303, "{n}");
    }
    let answer = tap("another").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "30"));
    // The page can be read all the while, a breakdown be reported, and another link be used.
    assert_eq!(house.get("/b/token-zh", "").await.status, 200);
    assert_eq!(tap("trouble").await.status, 303);
    assert_eq!(house.post("/b/token-en/another", "", "wish=x").await.status, 303);
}

#[tokio::test]
async fn what_is_missing_below_a_good_link_is_no_guess() {
    let house = house(|_| {});
    for n in 0..40 {
        assert_eq!(house.get(&format!("/b/token-zh/photo/{}", 900 + n), "").await.status, 404);
    }
    assert_eq!(house.get("/b/token-zh", "").await.status, 200);
    assert_eq!(house.get("/b/unknown", "").await.status, 404);
}
