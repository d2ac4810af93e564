//! What a form must carry, and whose name it leaves.

use super::*;

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
    house.accounts.make_token("CMMS", Role::Ops, None, "anna").unwrap();
    for path in ["/queue", "/advisory/s01%2Fm002%2Fcooler_clogging%2F1", "/account", "/users"] {
        let body = house.get(path, &cookie).await.body;
        let forms = body.matches("method=\"post\"").count();
        assert!(forms > 0 && forms == body.matches(&format!("name=\"csrf\" value=\"{csrf}\"")).count(), "{path}");
        assert!(!body.contains("style=") && !body.contains("<script>"), "{path}: inline code");
    }
}

#[tokio::test]
async fn a_photo_larger_than_any_form_is_not_called_an_expired_form() {
    let house = house(|_| {});
    house.person("anna", Role::Advisor);
    let (cookie, _) = house.sign_in("anna").await;
    let answer = house.post("/visits/31/photo", &cookie, &"x".repeat(17 << 20)).await;
    assert_eq!(answer.status, 413);
    assert!(answer.body.contains("at most 12 MB") && !answer.body.contains("expired"), "{}", answer.body);
}
