//! Requests that no page could read: everybody is told in their own language what to do, and nobody in the framework's.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt as _;

use super::*;

/// A request that a browser in `lang` sends.
fn sent(method: &str, path: &str, kind: &str, lang: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("accept-language", lang);
    request.header("sec-fetch-site", "same-origin").header("content-type", kind).body(body.into()).unwrap()
}

const FORM: &str = "application/x-www-form-urlencoded";

async fn check(request: impl Fn(&str) -> Request<Body>, status: u16, en: &str, zh: &str) {
    for (lang, expected) in [("en", en), ("zh-CN", zh)] {
        let request = request(lang);
        let what = format!("{} {} {lang}", request.method(), request.uri());
        let answer = send(app(), request).await;
        assert_eq!(answer.status.as_u16(), status, "{what}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{what}: {}", answer.body);
        assert!(answer.body.contains(expected), "{what}: {}", answer.body);
        assert!(answer.body.contains(&format!("<html lang=\"{lang}\">")), "{what}");
        for raw in ["deserialize", "missing field", "Content-Type", "length limit", "Invalid URL", "invalid digit"] {
            assert!(!answer.body.contains(raw), "{what}: {raw}");
        }
        assert_well_formed(&answer.body, &what);
    }
}

#[tokio::test]
async fn a_customer_is_told_what_to_do() {
    let lost = ("Please open the page from our message and try once more", "请从我们的消息里重新打开页面再试一次");
    for (path, kind, body, status) in [
        ("/b/token-en/book", FORM, "from=soon", 422),
        ("/b/token-en/book", FORM, "", 422),
        ("/b/token-en/later", FORM, "days=-1", 422),
        ("/b/token-en/trouble", "text/plain", "it has stopped", 415),
        ("/b/token-en/another", "application/json", "{}", 415),
    ] {
        check(|lang| sent("POST", path, kind, lang, body), status, lost.0, lost.1).await;
    }
    let long = format!("wish={}", "x".repeat(70_000));
    let (en, zh) = ("say it in fewer words", "写得短一些再发");
    check(|lang| sent("POST", "/b/token-en/another", FORM, lang, long.clone()), 413, en, zh).await;
    let (en, zh) = ("Please open it from our message once more", "请从我们的消息里重新打开");
    check(|lang| sent("DELETE", "/b/token-en", FORM, lang, ""), 405, en, zh).await;
    check(|lang| sent("GET", "/b/token-en/photo/none", FORM, lang, ""), 400, en, zh).await;
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_in_words() {
    let foreign = |path: &'static str| {
        move |lang: &str| {
            let mut request = sent("POST", path, FORM, lang, "");
            request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
            request
        }
    };
    check(foreign("/b/token-en/stop"), 403, "Nothing has changed", "没有任何变动").await;
    check(foreign("/queue/approve"), 403, "came from somewhere else", "或来自其他来源").await;
}

#[tokio::test]
async fn staff_are_told_on_the_usual_page() {
    let (en, zh) = ("something is missing in the form", "表单缺了内容");
    for (path, kind, body, status) in [
        ("/queue/called", FORM, "id=x", 422),
        ("/queue/approve", FORM, "id=x&revision=none", 422),
        ("/queue/approve", "text/plain", "id=x", 415),
        ("/cases/97/called", FORM, "", 422),
        ("/cases/none/called", FORM, "", 400),
    ] {
        check(|lang| sent("POST", path, kind, lang, body), status, en, zh).await;
    }
    let long = format!("id=x&revision=1&subject=s&body={}", "x".repeat(100_000));
    check(|lang| sent("POST", "/queue/edit", FORM, lang, long.clone()), 413, "the text is too long", "内容太长").await;
    check(|lang| sent("GET", "/cases/none", FORM, lang, ""), 400, "There is no such page", "没有这个页面").await;
    check(|lang| sent("DELETE", "/queue", FORM, lang, ""), 405, "There is no such page", "没有这个页面").await;
    let answer = send(app(), sent("DELETE", "/queue", FORM, "en", "")).await;
    assert_eq!(answer.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn a_large_photo_is_refused_in_words_once_all_of_it_was_sent() {
    const PIECE: usize = 1 << 20;
    for (path, pieces) in [("/visits/31/photo", 30), ("/visits/31/photo", 14), ("/team/weber/portrait", 30)] {
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&taken);
        let body = futures_util::stream::iter(0..pieces).map(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(vec![b'x'; PIECE])
        });
        let body = Body::from_stream(body);
        let answer = send(app(), sent("POST", path, "multipart/form-data; boundary=b", "zh-CN", body)).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert!(answer.body.contains("图片太大：最大 12 MB"), "{path}: {}", answer.body);
        assert_eq!(taken.load(Ordering::Relaxed), pieces, "{path}: a browser would see it break off");
    }
}

#[tokio::test]
async fn programs_are_answered_as_programs() {
    let answer = send(app(), sent("POST", "/metrics", FORM, "zh-CN", "")).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (405, ""));
    let answer = send(app(), sent("POST", "/api/v1/fleet", FORM, "zh-CN", "")).await;
    assert_eq!(answer.header("content-type"), "application/problem+json");
}
