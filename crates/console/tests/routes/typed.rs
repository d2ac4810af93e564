//! Forms that come late, and what is typed into them.

use super::*;

/// The value of a page's first hidden field of a name within what follows a form's address.
fn hidden(page: &str, action: &str, name: &str) -> String {
    let form = &page[page.find(&format!("action=\"{action}\"")).expect(action)..];
    let field = format!("name=\"{name}\" value=\"");
    form[form.find(&field).expect(name) + field.len()..].split('"').next().unwrap().to_owned()
}

/// Two advisors with the same page open: the second is told what the first did, and keeps what was typed.
#[tokio::test]
async fn nobody_acts_on_a_page_that_a_colleague_made_old() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    let page = |path: &'static str| {
        let app = app.clone();
        async move { send(app, Request::get(path).body(Body::empty()).unwrap()).await.body }
    };
    for (path, act, field, first, second) in [
        ("/cases/103", "/cases/103/send", "seen", "technician=zhou", "technician=weber&eta=2026-07-18T20:15"),
        ("/customers/hengfeng", "/customers/hengfeng/stage", "seen", "stage=5&why=rang", "stage=0&why=all+is+well"),
    ] {
        let seen = hidden(&page(path).await, act, field);
        let body = |typed: &str, seen: &str| format!("{typed}&{field}={seen}");
        assert_eq!(send(app.clone(), form(act, &body(first, &seen))).await.status, StatusCode::SEE_OTHER, "{act}");
        let stale = send(app.clone(), form(act, &body(second, &seen))).await;
        assert_eq!(stale.status, StatusCode::CONFLICT, "{act}");
        let typed = if act.ends_with("send") { "2026-07-18T20:15" } else { "all is well" };
        assert!(stale.body.contains(typed) && stale.body.contains("role=\"alert\""), "{act}: {}", stale.body);
        // What was shown beside the refusal is what is so now.
        let fresh = hidden(&stale.body, act, field);
        assert_eq!(send(app.clone(), form(act, &body(second, &fresh))).await.status, StatusCode::SEE_OTHER, "{act}");
    }
}

#[tokio::test]
async fn a_stage_that_is_none_is_refused_and_does_not_end_a_complaint() {
    let stage = |n: u8| form("/customers/hengfeng/stage", &format!("stage={n}&why=x"));
    for (n, status) in [(0, 303), (5, 303), (7, 422), (255, 422)] {
        assert_eq!(send(app(), stage(n)).await.status, status, "{n}");
    }
}

#[tokio::test]
async fn what_nobody_sees_is_not_kept_with_what_was_typed() {
    let backend = Arc::new(fake::Fake::new(None));
    let app = router(backend.clone(), ConsoleOptions::new(fake::catalogue()));
    // A mark that turns the words about, a bell and a nought.
    let wish = "wish=%E2%80%AEgate%202%07%00%0D%0Aring";
    assert_eq!(send(app.clone(), form("/b/token-en/another", wish)).await.status, StatusCode::SEE_OTHER);
    let page = send(app, Request::get("/b/token-en").body(Body::empty()).unwrap()).await.body;
    assert!(page.contains("gate 2\nring") && !page.contains(['\u{202e}', '\u{7}', '\0']), "{page}");
}

/// A request whose body takes a while to come.
fn slow(path: &str) -> Request<Body> {
    let late = futures_util::stream::once(async {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        Ok::<_, std::io::Error>("--b--".to_owned())
    });
    let is_form = path.starts_with("/queue");
    let kind = if is_form { "application/x-www-form-urlencoded" } else { "multipart/form-data; boundary=b" };
    Request::post(path).header("content-type", kind).body(Body::from_stream(late)).unwrap()
}

#[tokio::test]
async fn a_picture_over_a_weak_network_is_waited_for() {
    let mut options = ConsoleOptions::new(fake::catalogue());
    options.request_timeout = std::time::Duration::from_millis(100);
    let app = router(Arc::new(fake::Fake::new(None)), options);
    assert_eq!(send(app.clone(), slow("/queue/approve")).await.status, StatusCode::SERVICE_UNAVAILABLE);
    for path in ["/visits/31/photo", "/cases/103/photo", "/team/weber/portrait"] {
        let status = send(app.clone(), slow(path)).await.status;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: it came, and holds no picture");
    }
}
