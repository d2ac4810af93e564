//! What programs ask: the API, the live stream, probes.

use super::*;

#[tokio::test]
async fn the_api_answers_and_tells_its_problems() {
    for path in [
        "/api/v1/openapi.json",
        "/api/v1/fleet",
        "/api/v1/machines/s01/m002",
        "/api/v1/machines/s01/m002/findings",
        "/api/v1/machines/s01/m002/readings?from=2026-07-18T06:00:00Z&max=3",
        "/api/v1/findings?machine=s01/m002&since=2026-07-01T00:00:00Z&max=5",
        "/api/v1/advisories",
        "/api/v1/advisories/s01%2Fm002%2Fcooler_clogging%2F1",
        "/api/v1/ingest",
        "/api/v1/quarantine?max=1",
        "/api/v1/quarantine?reason=malformed&machine=s01%2Fm1&from=2026-07-01T00:00:00Z&before=7",
        "/api/v1/clocks",
        "/api/v1/cases",
        "/api/v1/cases/103",
        "/api/v1/customers",
        "/api/v1/customers/hansa",
        "/api/v1/planning",
        "/api/v1/record?who=customer&max=5",
        "/api/v1/search?q=hansa",
        "/api/v1/verdicts",
        "/api/v1/visits?from=2026-07-15",
    ] {
        let answer = get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"), "{path}");
        serde_json::from_str::<serde_json::Value>(&answer.body).unwrap();
    }
    // Letters are found by their subjects, and lead to what they are about.
    let found: serde_json::Value = serde_json::from_str(&get("/api/v1/search?q=its%20cooler").await.body).unwrap();
    assert_eq!(found["letters"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found["letters"][0]["id"], "s03/k-01/cooler_clogging/1");
    for (path, status, expected) in [
        ("/api/v1/machines/s01/nope", 404, "there is no machine s01/nope"),
        ("/api/v1/findings?machine=nope", 400, "`nope` is not of the form site/machine"),
        ("/api/v1/machines/s01/m002/readings?from=yesterday", 400, "RFC 3339"),
        ("/api/v1/quarantine?max=many", 400, "invalid digit"),
        ("/api/v1/quarantine?most=3", 400, "unknown field"),
        ("/api/v1/quarantine?machine=m1", 400, "`machine`"),
        ("/api/v1/cases/none", 404, "there is no case none"),
        ("/api/v1/customers/none", 404, "there is no customer none"),
        ("/api/v1/visits?from=soon", 400, "is no day like"),
        ("/api/v1/nope", 404, "there is no /api/v1/nope"),
    ] {
        let answer = get(path).await;
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status.as_u16(), &problem["status"]), (status, &serde_json::json!(status)), "{path}");
        assert!(problem["detail"].as_str().unwrap().contains(expected), "{path}: {problem}");
    }
}

#[tokio::test]
async fn the_visits_of_two_weeks_come_page_by_page() {
    let ask = async |path: String| serde_json::from_str::<serde_json::Value>(&get(&path).await.body).unwrap();
    let of = |answer: &serde_json::Value| answer["visits"].as_array().expect("a list").clone();
    let whole = ask("/api/v1/visits?from=2026-07-13".into()).await;
    assert!(of(&whole).len() > 1 && whole["next"].is_null(), "{whole}");
    let mut paged = Vec::new();
    let mut next = String::new();
    for _ in 0..=of(&whole).len() {
        let page = ask(format!("/api/v1/visits?from=2026-07-13&max=1{next}")).await;
        assert!(of(&page).len() <= 1, "{page}");
        paged.extend(of(&page));
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={}", cursor.replace(' ', "%20").replace('/', "%2F"));
    }
    assert_eq!(paged, of(&whole));
}

#[tokio::test]
async fn findings_have_the_one_form_of_the_product() {
    let body = get("/api/v1/machines/s01/m002/findings?max=1").await.body;
    let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
    let finding = foretell_model::wire::from_json(&answer["findings"][0].to_string()).unwrap();
    assert_eq!(finding.id.as_str(), "s01/m002/cooler_clogging/1");
}

#[tokio::test]
async fn the_live_stream_says_at_once_where_it_stands() {
    let answer = app().oneshot(Request::get("/live").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut body = answer.into_body().into_data_stream();
    let first = futures_util::StreamExt::next(&mut body).await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&first), "event: changed\nid: 1\ndata: 1\n\n");
}

#[tokio::test]
async fn the_live_stream_ends_when_the_service_stops() {
    let options = ConsoleOptions::new(fake::catalogue());
    options.stop.cancel();
    let app = router(Arc::new(fake::Fake::new(None)), options);
    let answer = send(app, Request::get("/live").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.body, "");
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_refused() {
    let body = format!("id=x&revision=1&subject=s&body={}", "x".repeat(100_000));
    assert_eq!(send(app(), form("/queue/edit", &body)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn every_refusal_of_the_api_is_a_problem_document() {
    let with_password = || {
        let options = ConsoleOptions { password: Password::new("secret"), ..ConsoleOptions::new(fake::catalogue()) };
        router(Arc::new(fake::Fake::new(None)), options)
    };
    let request = |method: &str, path: &str| Request::builder().method(method).uri(path);
    let plain = |request: axum::http::request::Builder| request.body(Body::empty()).unwrap();
    let large = request("GET", "/api/v1/fleet").header("content-length", "100000").body(Body::empty()).unwrap();
    for (app, request, status, expected) in [
        (app(), plain(request("POST", "/api/v1/fleet")), 405, "`Allow` says which"),
        (app(), plain(request("DELETE", "/api/v1/openapi.json")), 405, "`Allow` says which"),
        (app(), large, 413, "65536 bytes"),
        (app(), plain(request("GET", "/api/v2/fleet")), 404, "there is no /api/v2/fleet"),
        (app(), plain(request("POST", "/api/v1/fleet").header("sec-fetch-site", "cross-site")), 403, "another site"),
        (app(), plain(request("GET", "/api/v1/fleet").header("host", "evil.example")), 403, "foretell users add"),
        (with_password(), plain(request("GET", "/api/v1/fleet")), 401, "HTTP Basic"),
    ] {
        let answer = send(app, request).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "application/problem+json"));
        let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().contains(expected), "{problem}");
        // What the refusal said in its headers, it still says.
        assert!(status != 405 || answer.headers.contains_key("allow"), "{status}");
        assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401, "{status}");
    }
    // Pages stay pages.
    assert!(!get("/nope").await.header("content-type").contains("json"));
}

#[tokio::test]
async fn probes_tell_what_the_backend_tells() {
    assert_eq!(get("/healthz").await.body, "ok\n");
    assert_eq!(get("/readyz").await.body, "ready\n");
    let metrics = get("/metrics").await;
    assert!(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
    assert!(metrics.body.contains("foretell_readings_total"));
    assert!(matches!(fake::Fake::new(None).booking("nope"), Err(BackendError::NotFound(_))));
}
