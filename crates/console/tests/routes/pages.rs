//! What every page answers, in both languages, and what no page lets through.

use super::*;

#[tokio::test]
async fn every_page_answers_in_both_languages() {
    for (path, en, zh) in [
        ("/", "One machine needs you now", "1台机器需要尽快处理"),
        ("/?q=nothing-is-called-so", "No machine matches.", "没有符合条件的机器。"),
        ("/?show=hidden", "It has not been hot enough lately", "最近天气不够热"),
        (
            "/m/s01/m002",
            "Very likely a clogged cooler. Expected to reach 105 °C in 1 to 4 weeks.",
            "很可能是冷却器堵塞。预计1～4周后达到105 ℃。",
        ),
        ("/m/s01/m001", ">The open case</a>", ">查看这次报修</a>"),
        ("/m/s04/c2", "about 12 more days are needed", "大约还需12天"),
        ("/m/s01/m002/readings", "20 readings in this span.", "该时段共20条读数。"),
        ("/queue", "8 items are waiting for you", "8个事项等您处理"),
        ("/queue", "Call the customer back", "href=\"/cases/103\""),
        ("/queue", "<q>下个月我们搬到新厂房，保养时间麻烦到时再约</q>", "客户来信"),
        ("/queue", "<a href=\"/cases/103\">3号机 · 金陵精密</a>", "客户收到了吗？"),
        (CARD, "Held until 20 Jul, 08:00: weekend.", "周末，7月20日08:00再发。"),
        ("/advisory/s01/m002/cooler_clogging/1", "Draft", "草稿"),
        ("/templates", "Every letter that customers receive", "客户收到的每一种信件"),
        ("/templates/follow_up.en.j2", "The one letter after a visit", "上门之后的一封信"),
        ("/ingest", "Physically impossible value", "数值超出物理范围"),
        ("/ingest", "60 min ahead", "快60分钟"),
        ("/quarantine?reason=unknown_topic&machine=&from=&to=", "plant/line3/raw", "未知主题"),
        ("/quarantine?reason=malformed&before=3", "Nothing in the quarantine matches.", "没有符合条件的隔离数据。"),
        ("/?show=offline", "it has never reported", "但从未上报"),
        ("/m/s04/c4", "it has never reported", "但从未上报"),
        ("/cases", "One promise has slipped", "1项承诺已经超时"),
        ("/cases", "Replies after the repair", "修好后的客户回复"),
        ("/cases/97", "who pays for the lost shift", "请答复客户"),
        ("/cases/103", "Call the customer back", "回电给客户"),
        ("/cases/97", "nobody in reception to hand it to", "试机"),
        ("/calendar", "8 visits, 4 conflicts", "两周内8次上门，4处冲突"),
        ("/calendar?from=2026-08-12", "Nothing is booked in these two weeks", "这两周暂无上门安排"),
        ("/customers", "4 customers, 2 of them displeased", "4家客户，其中2家有不满"),
        ("/customers/hengfeng", "Answer where it was said.", "在哪里说的，就在哪里回应。"),
        ("/customers/yunling", "stopped since 11 Jun 2026", "已停发，自 2026年6月11日"),
        ("/record?who=governor", "Show everything", "查看全部"),
        ("/record?show=people", "What people did", "仅看人员操作"),
        ("/record", "held the message: quiet hours", "暂缓发出：对方休息时间"),
        ("/planning", "Parts and time may run short", "配件和工时都可能不够"),
        (CARD, "degreaser – in Suzhou depot (4)", "（在苏州仓库，4件）"),
        ("/verdicts", "50 of 58 forecasts were confirmed", "核实58次，属实50次"),
        ("/search?q=hansa", "Hansa Blech GmbH", "Hansa Blech GmbH"),
        ("/search?q=E23", "Tripped with E23", "查找结果"),
        (
            "/search?q=%E7%BA%A6%E4%B8%AA%E6%97%B6%E9%97%B4",
            "2号机：约个时间清洗冷却器",
            "/advisory/s01%2Fm002%2Fcooler_clogging%2F1",
        ),
        ("/search?q=filter", "/planning#part-oil_filter", "/planning#part-oil_filter"),
        ("/search?q=nobody", "Nothing found.", "没有找到。"),
        ("/search", "Type part of a name", "可输入名称的一部分"),
    ] {
        let joint = if path.contains('?') { '&' } else { '?' };
        for (lang, expected) in [("en", en), ("zh-CN", zh)] {
            let answer = get(&format!("{path}{joint}lang={lang}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{path} {lang}");
            assert!(answer.body.contains(expected), "{path} {lang}: no {expected:?}");
            assert!(answer.body.contains(&format!("<html lang=\"{lang}\">")), "{path} {lang}");
            assert_well_formed(&answer.body, &format!("{path} {lang}"));
            // Templates and what was quarantined are shown as they are written.
            if !path.starts_with("/templates") && !path.starts_with("/quarantine") {
                assert_eq!(stray_space(&answer.body), None, "{path} {lang}");
            }
            assert!(!answer.body.contains("style=") && !answer.body.contains("onclick"), "{path}: inline code");
        }
    }
}

/// The first mark of punctuation on a page with a blank before it, and what stands around it.
fn stray_space(body: &str) -> Option<String> {
    let mut text = String::new();
    let mut in_tag = false;
    for c in body.split("<main").nth(1).unwrap_or(body).chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if in_tag => {}
            c if c.is_whitespace() && text.ends_with(' ') => {}
            c => text.push(if c.is_whitespace() { ' ' } else { c }),
        }
    }
    let marks = [" ,", " ;", " ?", " !", " . ", " ，", " 。", " ；", " ：", " ？", " ）"];
    let at = marks.iter().find_map(|mark| text.find(mark))?;
    let around: Vec<char> = text.chars().collect();
    let place = text[..at].chars().count();
    Some(around[place.saturating_sub(30)..(place + 20).min(around.len())].iter().collect())
}

/// Read and answered, a reply outside of any case waits no more; a colleague who was slower is told.
#[tokio::test]
async fn a_reply_outside_of_any_case_is_noted_once() {
    let app = app();
    let note = || send(app.clone(), form("/queue/replies/7/noted", ""));
    let noted = note().await;
    assert_eq!((noted.status, noted.header("location")), (StatusCode::SEE_OTHER, "/queue?done=noted"));
    let queue = send(app.clone(), Request::get("/queue").body(Body::empty()).unwrap()).await;
    assert!(!queue.body.contains("下个月我们搬到新厂房"));
    assert_eq!(note().await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_choice_of_language_is_remembered() {
    let answer = get("/?lang=zh-CN").await;
    assert!(answer.header("set-cookie").starts_with("foretell_lang=zh-CN;"));
    assert_eq!(get("/").await.header("set-cookie"), "");
    let accepts = Request::get("/").header("accept-language", "zh-CN,en;q=0.5").body(Body::empty()).unwrap();
    assert!(send(app(), accepts).await.body.contains("<html lang=\"zh-CN\">"));
}

#[tokio::test]
async fn what_does_not_exist_is_said_kindly() {
    for (path, status, expected) in [
        ("/m/s01/nope", StatusCode::NOT_FOUND, "There is no such page"),
        ("/m/s01/a%20b", StatusCode::NOT_FOUND, "There is no such page"),
        ("/advisory/none", StatusCode::NOT_FOUND, "There is no such page"),
        ("/nowhere", StatusCode::NOT_FOUND, "There is no such page"),
        ("/b/unknown", StatusCode::NOT_FOUND, "Please open it from our message once more"),
        ("/b/expired", StatusCode::GONE, "Nothing is lost"),
        ("/b/taken-back", StatusCode::GONE, "the link in our latest message"),
        ("/b/draft", StatusCode::NOT_FOUND, "The link is that of a draft"),
        ("/b/broken", StatusCode::INTERNAL_SERVER_ERROR, "Please try again in a few minutes"),
        ("/m/s01/m002/readings?from=yesterday", StatusCode::UNPROCESSABLE_ENTITY, "not a date"),
    ] {
        let answer = get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.body.contains(expected), "{path}: {}", answer.body);
        assert!(!answer.body.contains("/secret/path"), "{path} tells what failed inside");
        assert_well_formed(&answer.body, path);
    }
}

#[tokio::test]
async fn names_from_outside_stay_text() {
    let backend = fake::Fake::new(Some("<script>alert('x')</script>\"&"));
    let app = router(Arc::new(backend), ConsoleOptions::new(fake::catalogue()));
    for path in [
        "/",
        "/m/s01/m002",
        "/m/s01/m002/readings",
        "/queue",
        "/b/token-zh",
        "/ingest",
        "/quarantine",
        "/?q=%3Cscript%3E",
    ] {
        let answer = send(app.clone(), Request::get(path).body(Body::empty()).unwrap()).await;
        assert!(!answer.body.contains("<script>alert"), "{path}");
        assert_well_formed(&answer.body, path);
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    for (path, referrer, cached) in [
        ("/", "same-origin", "no-store"),
        ("/b/token-zh", "no-referrer", "no-store"),
        ("/nowhere", "same-origin", "no-store"),
        ("/api/v1/fleet", "same-origin", "no-store"),
    ] {
        let answer = get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), referrer, "{path}");
        assert_eq!(answer.header("cache-control"), cached, "{path}");
    }
    assert_eq!(get("/b/token-zh").await.header("x-robots-tag"), "noindex, nofollow");
}

#[tokio::test]
async fn assets_are_found_by_their_hash_and_kept_for_good() {
    let page = get("/").await.body;
    for kind in [".css", ".js", ".svg"] {
        let end = page.find(kind).unwrap() + kind.len();
        let path = &page[page[..end].rfind("/assets/").unwrap()..end];
        let answer = get(path).await;
        assert_eq!((answer.status, answer.body.is_empty()), (StatusCode::OK, false), "{path}");
        assert!(answer.header("cache-control").contains("immutable"), "{path}");
    }
    assert_eq!(get("/assets/console-000000000000.css").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn another_site_changes_nothing() {
    let backend = Arc::new(fake::Fake::new(None));
    let app = router(backend.clone(), ConsoleOptions::new(fake::catalogue()));
    let which = "id=s01%2Fm002%2Fcooler_clogging%2F1&revision=3";
    for (path, body) in [("/queue/approve", which), ("/b/token-zh/stop", "")] {
        let mut request = form(path, body);
        request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
        assert_eq!(send(app.clone(), request).await.status, StatusCode::FORBIDDEN, "{path}");
        let mut request = form(path, body);
        request.headers_mut().remove("sec-fetch-site");
        request.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
        request.headers_mut().insert("host", "127.0.0.1:8080".parse().unwrap());
        assert_eq!(send(app.clone(), request).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(backend.advisory("s01/m002/cooler_clogging/1").unwrap().revision, 3);
}

#[tokio::test]
async fn ten_thousand_machines_stay_below_a_hundred_kib() {
    let app = router(Arc::new(fake::Fake::crowded(10_000)), ConsoleOptions::new(fake::catalogue()));
    for (path, expected) in [
        // A large fleet is a map of its sites; a filter makes it a list of machines.
        ("/", "<h2 id=\"sites\">Sites</h2>"),
        ("/?site=s01", "苏州东厂"),
        ("/?show=good&page=2", "41–80 of"),
        ("/?show=good&page=99999", "of 10"),
        ("/?show=good&page=3", "81–120 of"),
        ("/customers", "4 customers"),
        ("/search?q=more", "There is more."),
    ] {
        let answer = send(app.clone(), Request::get(path).body(Body::empty()).unwrap()).await;
        assert!(answer.body.contains(expected), "{path}: no {expected:?}");
        assert!(answer.body.len() < 100 * 1024, "{path}: {} bytes", answer.body.len());
        assert_well_formed(&answer.body, path);
    }
}

#[tokio::test]
async fn a_password_guards_everything_but_links_and_probes() {
    let mut options = ConsoleOptions::new(fake::catalogue());
    options.password = Password::new("geheim");
    let app = router(Arc::new(fake::Fake::new(None)), options);
    for (path, status) in [
        ("/", StatusCode::UNAUTHORIZED),
        ("/api/v1/fleet", StatusCode::UNAUTHORIZED),
        ("/metrics", StatusCode::UNAUTHORIZED),
        ("/live", StatusCode::UNAUTHORIZED),
        ("/b/token-zh", StatusCode::OK),
        ("/healthz", StatusCode::OK),
        ("/readyz", StatusCode::OK),
    ] {
        let answer = send(app.clone(), Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{path}");
    }
    // anna:geheim, anna:falsch
    for (credentials, status) in
        [("Basic YW5uYTpnZWhlaW0=", StatusCode::OK), ("Basic YW5uYTpmYWxzY2g=", StatusCode::UNAUTHORIZED)]
    {
        let request = Request::get("/").header("authorization", credentials).body(Body::empty()).unwrap();
        assert_eq!(send(app.clone(), request).await.status, status, "{credentials}");
    }
}
