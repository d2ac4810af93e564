//! Health reports and the report of a backtest.

use super::*;

#[test]
fn a_report_needs_nothing_else() {
    for lang in [foretell_console::Lang::En, foretell_console::Lang::Zh] {
        let html = foretell_console::report::backtest_html(&fake::report(lang), &fake::catalogue()).unwrap();
        assert_well_formed(&html, "report");
        assert!(html.contains("s03/k-01") && html.contains("17 / 21"));
        for outside in ["src=", "href=\"http", "url(", "@import", "<script", " style="] {
            assert!(!html.contains(outside), "{outside}");
        }
    }
}

#[tokio::test]
async fn a_health_report_is_a_page_and_a_pdf_of_the_same_words() {
    for (lang, title, not_available) in
        [("en", "Equipment health report", "N/A"), ("zh-CN", "设备健康报告", "无法评分")]
    {
        let page = get(&format!("/m/s01/m002/report?lang={lang}")).await;
        assert_eq!(page.status, StatusCode::OK, "{lang}");
        assert_well_formed(&page.body, lang);
        for text in [title, not_available] {
            assert!(page.body.contains(text), "{lang}: {text}");
        }
        // What stays inside the company, and identities that a customer does not know, are not in it.
        assert!(!page.body.contains("cooler_clogging"), "{lang}");
        let request = Request::get(format!("/m/s01/m002/report.pdf?lang={lang}")).body(Body::empty()).unwrap();
        let response = app().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{lang}");
        assert_eq!(response.headers()["content-type"], "application/pdf");
        let bytes = to_bytes(response.into_body(), 10_000_000).await.unwrap();
        assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 10_000, "{lang}: {} bytes", bytes.len());
    }
    assert_eq!(get("/m/s01/none/report").await.status, StatusCode::NOT_FOUND);
    assert_eq!(get("/m/s01/m002/report?from=2026-07-01&to=2026-06-01").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(get("/m/s01/m002/report.pdf?from=never").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_character_that_no_font_has_is_named_instead_of_boxed() {
    let app = router(Arc::new(fake::Fake::new(Some("No. \u{10ffff}"))), ConsoleOptions::new(fake::catalogue()));
    let refused = send(app, Request::get("/m/s01/m002/report.pdf").body(Body::empty()).unwrap()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("U+10FFFF"), "{}", refused.body);
}
