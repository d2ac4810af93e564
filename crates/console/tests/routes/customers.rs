//! What a customer taps.

use super::*;

/// Whoever loads the answer to a tap again, or was sent its address, comes to the page; nothing is done by it.
#[tokio::test]
async fn the_address_of_a_tap_leads_to_the_page() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    let get = |path: String| send(app.clone(), Request::get(path).body(Body::empty()).unwrap());
    let before = get("/b/token-en".to_owned()).await.body;
    for tap in ["book", "another", "later", "stop", "resume", "undo", "all-well", "cancel", "trouble"] {
        let led = get(format!("/b/token-en/{tap}")).await;
        assert_eq!((led.status, led.header("location")), (StatusCode::SEE_OTHER, "/b/token-en"), "{tap}");
    }
    assert_eq!(get("/b/token-en".to_owned()).await.body, before);
    // A browser with a script shows the page's own address beside what it says of the tap.
    let late = send(app.clone(), form("/b/token-en/book", "from=1")).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains("data-home=\"/b/token-en\""), "{}", late.body);
    // Other pages of the link have addresses of their own.
    assert!(!get("/b/token-en/preferences".to_owned()).await.body.contains("data-home"));
}

#[tokio::test]
async fn a_customer_books_moves_and_cancels() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    let page = || async { send(app.clone(), Request::get("/b/token-zh").body(Body::empty()).unwrap()).await.body };
    let ics = || async { send(app.clone(), Request::get("/b/token-zh/visit.ics").body(Body::empty()).unwrap()).await };
    let open = page().await;
    assert_well_formed(&open, "open");
    assert_eq!(open.matches("/b/token-zh/book").count(), 2, "two times");
    assert!(open.contains("<html lang=\"zh-CN\">") && open.contains("7月20日（周一）") && open.contains("09:00–10:30"));
    assert_eq!(ics().await.status, StatusCode::NOT_FOUND);

    let gone = send(app.clone(), form("/b/token-zh/book", "from=1")).await;
    assert_eq!(gone.status, StatusCode::CONFLICT);
    assert!(gone.body.contains("这个时间刚刚被别人约走了，请在下面另选一个"));

    let booked = send(app.clone(), form("/b/token-zh/book", "from=1784509200000")).await;
    assert_eq!((booked.status, booked.header("location")), (StatusCode::SEE_OTHER, "/b/token-zh"));
    let shown = page().await;
    assert_well_formed(&shown, "booked");
    assert!(shown.contains("已为您约好") && shown.contains("周明") && shown.contains("改期"));
    assert_eq!(shown.matches("/b/token-zh/book").count(), 1, "the other time only");
    let file = ics().await;
    assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "text/calendar; charset=utf-8"));

    assert!(shown.contains("href=\"tel:13800138002\"") && shown.contains("138 0013 8002"));

    assert_eq!(shown.matches("name=\"seen\" value=\"1784509200000\"").count(), 2, "to move and to cancel");
    // A page that showed another time moves nothing.
    let stale = send(app.clone(), form("/b/token-zh/book", "from=1785114000000&seen=1")).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.body.contains("刚才的操作没有生效"), "{}", stale.body);

    let cancelled = send(app.clone(), form("/b/token-zh/cancel", "seen=1784509200000")).await;
    let told = send(app.clone(), Request::get(cancelled.header("location")).body(Body::empty()).unwrap()).await;
    assert!(told.body.contains("上门已取消"));
    assert_eq!(page().await.matches("/b/token-zh/book").count(), 2);
    for (path, body, expected) in [
        ("/b/token-zh/another", "wish=%E5%91%A8%E4%BA%94", "您的留言：“周五”"),
        ("/b/token-zh/later", "days=30", "2026年8月17日之前暂时不打扰您"),
        ("/b/token-zh/stop", "", "想恢复的话，点一下就行"),
    ] {
        assert_eq!(send(app.clone(), form(path, body)).await.status, StatusCode::SEE_OTHER, "{path}");
        let shown = page().await;
        assert!(shown.contains(expected), "{path}");
        let can_stop = shown.contains("action=\"/b/token-zh/stop\"");
        assert_eq!(
            can_stop,
            path != "/b/token-zh/stop",
            "{path}: whoever would rather wait may also stop the messages"
        );
        assert_eq!(shown.matches("/b/token-zh/book").count(), 2, "{path}: a time can still be taken");
        assert_well_formed(&shown, path);
    }
    assert!(page().await.contains("action=\"/b/token-zh/resume\""), "what the tap stopped a tap resumes");
    assert_eq!(send(app.clone(), form("/b/token-zh/resume", "")).await.status, StatusCode::SEE_OTHER);
    assert!(page().await.contains("action=\"/b/token-zh/stop\""));
}
