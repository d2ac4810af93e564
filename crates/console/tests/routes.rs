//! Every route over a made-up fleet: what it answers, what it refuses, and that nothing from outside becomes markup.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

#[path = "../examples/fake/mod.rs"]
mod fake;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use foretell_console::{Backend, BackendError, ConsoleOptions, Password, router};
use tower::ServiceExt;

const CARD: &str = "/advisory/s01%2Fm002%2Fcooler_clogging%2F1";

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(app: Router, request: Request<Body>) -> Answer {
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, 10_000_000).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

fn app() -> Router {
    router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()))
}

async fn get(path: &str) -> Answer {
    send(app(), Request::get(path).body(Body::empty()).unwrap()).await
}

fn form(path: &str, body: &str) -> Request<Body> {
    Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

/// Tags open and close in order; a cheap witness that no text became markup and no template forgot an end.
fn assert_well_formed(html: &str, what: &str) {
    const VOID: [&str; 6] = ["meta", "link", "input", "img", "br", "hr"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(begin) = rest.find('<') {
        let end = begin + rest[begin..].find('>').unwrap_or_else(|| panic!("{what}: a tag does not end"));
        let tag = &rest[begin + 1..end];
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap();
        if tag.starts_with('!') || tag.ends_with('/') || VOID.contains(&name) {
            continue;
        }
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{what}: </{name}> closes something else");
        } else {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{what}: {open:?} stay open");
}

#[tokio::test]
async fn a_template_is_previewed_saved_refused_and_taken_back() {
    let app = app();
    let page = |path: &str| send(app.clone(), Request::get(path).body(Body::empty()).unwrap());
    let post = |path: &str, body: &str| send(app.clone(), form(path, body));
    let one = "/templates/fault.en.j2";
    let list = page("/templates?lang=en").await.body;
    assert!(list.contains("as shipped") && list.contains(one) && !list.contains("edited by"), "{list}");
    assert_well_formed(&list, "/templates");
    let shown = page(&format!("{one}?lang=en")).await.body;
    assert!(shown.contains("{{ say.greeting(contact) }}") && shown.contains("No faults found."), "{shown}");
    assert_well_formed(&shown, one);

    let bad = "revision=0&why=&of=&source=Subject%3A+x%0D%0Ahey%21+%3Cb%3E";
    for (path, status) in [(format!("{one}/preview?lang=en"), 200), (format!("{one}?lang=en"), 422)] {
        let answer = post(&path, bad).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.body.contains("Line 2, “hey! &#60;b&#62;”: No exclamation marks, please."), "{}", answer.body);
        assert!(answer.body.contains("hey! &#60;b&#62;</textarea>"), "what was typed stays: {}", answer.body);
    }
    let good = "revision=0&why=shorter&of=a%2Fb&source=Subject%3A+x%0AShort%3A+y%0Az";
    let saved = post(one, good).await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (StatusCode::SEE_OTHER, "/templates/fault.en.j2?done=saved&of=a%2Fb")
    );
    assert!(page("/templates?lang=en").await.body.contains("edited by console"));
    assert_eq!(post(one, good).await.status, StatusCode::CONFLICT, "somebody was faster");
    let undone = post(&format!("{one}/undo"), "revision=1&why=").await;
    assert_eq!(undone.header("location"), "/templates/fault.en.j2?done=undone");
    let after = page(&format!("{one}?lang=zh-CN")).await.body;
    assert!(after.contains("修改：shorter") && after.contains("恢复了原内容"), "{after}");
    assert_eq!(page("/templates/nothing.en.j2").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_page_answers_in_both_languages() {
    for (path, en, zh) in [
        ("/", "One machine needs you now", "1台机器需要尽快处理"),
        ("/?q=nothing-is-called-so", "No machine matches.", "没有符合条件的机器。"),
        ("/?show=hidden", "It has not been hot enough lately", "最近天气不够热"),
        (
            "/m/s01/m002",
            "Very likely a clogged cooler. Expected to reach 105 °C in 1 to 4 weeks.",
            "很可能是冷却器堵塞。预计1～4周内达到105 ℃。",
        ),
        ("/m/s04/c2", "9 of 21 days", "第9天，共需21天"),
        ("/m/s01/m002/readings", "20 readings in this span.", "该时段共20条读数。"),
        ("/queue", "2 items wait for you", "2个事项等您处理"),
        (CARD, "Held until 20 Jul, 14:00: weekend.", "暂缓至7月20日 14:00：周末。"),
        ("/advisory/s01/m002/cooler_clogging/1", "Draft", "草稿"),
        ("/templates", "Every letter that customers receive", "客户收到的每一种信件"),
        ("/templates/follow_up.en.j2", "The one word after a job", "上门之后的一封信"),
        ("/ingest", "Physically impossible value", "数值超出物理范围"),
        ("/ingest", "60 min ahead", "快60分钟"),
        ("/quarantine?reason=unknown_topic&machine=&from=&to=", "plant/line3/raw", "未知主题"),
        ("/quarantine?reason=malformed&before=3", "Nothing in the quarantine matches.", "没有符合条件的隔离数据。"),
        ("/?show=offline", "it has never reported", "但从未上报"),
        ("/m/s04/c4", "it has never reported", "但从未上报"),
        ("/cases", "One promise has slipped", "1项承诺已经超时"),
        ("/cases/103", "Call the customer back", "回电给客户"),
        ("/cases/97", "nobody in reception to hand it to", "试机"),
        ("/calendar", "8 visits, 4 conflicts", "两周内8次上门，4处冲突"),
        ("/calendar?from=2026-08-12", "Nothing is booked in these two weeks.", "未来两周暂无上门安排。"),
        ("/customers", "4 customers, 2 of them displeased", "4家客户，其中2家有不满"),
        ("/customers/hengfeng", "Answer where it was said.", "在哪里说的，就在哪里回应。"),
        ("/customers/yunling", "stopped since 11 Jun 2026", "已停发，自 2026年6月11日"),
        ("/planning", "Parts and time may run short", "配件和工时都可能不够"),
        ("/verdicts", "50 of 58 forecasts were confirmed (86 %)", "核实58次，属实50次（86%）"),
        ("/search?q=hansa", "Hansa Blech GmbH", "Hansa Blech GmbH"),
        ("/search?q=E23", "Tripped with E23", "查找结果"),
        ("/search?q=nobody", "Nothing is called so.", "没有找到。"),
        ("/search", "Type at least one character.", "请至少输入一个字。"),
    ] {
        let joint = if path.contains('?') { '&' } else { '?' };
        for (lang, expected) in [("en", en), ("zh-CN", zh)] {
            let answer = get(&format!("{path}{joint}lang={lang}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{path} {lang}");
            assert!(answer.body.contains(expected), "{path} {lang}: no {expected:?}");
            assert!(answer.body.contains(&format!("<html lang=\"{lang}\">")), "{path} {lang}");
            assert_well_formed(&answer.body, &format!("{path} {lang}"));
            assert!(!answer.body.contains("style=") && !answer.body.contains("onclick"), "{path}: inline code");
        }
    }
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
async fn an_advisor_decides_once_and_only_on_what_was_seen() {
    let backend = Arc::new(fake::Fake::new(None));
    let app = router(backend.clone(), ConsoleOptions::new(fake::catalogue()));
    let id = "id=s01%2Fm002%2Fcooler_clogging%2F1";
    let edit =
        send(app.clone(), form("/queue/edit", &format!("{id}&revision=3&subject=Neu&body=A%0D%0A%0D%0AB"))).await;
    assert_eq!((edit.status, edit.header("location")), (StatusCode::SEE_OTHER, &*format!("{CARD}?done=edited")));
    let card = backend.advisory("s01/m002/cooler_clogging/1").unwrap();
    assert_eq!((card.draft.subject.as_str(), card.draft.body.as_str(), card.revision), ("Neu", "A\n\nB", 4));
    let stale = send(app.clone(), form("/queue/approve", &format!("{id}&revision=3"))).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    let empty = send(app.clone(), form("/queue/postpone", &format!("{id}&revision=4&days=3&reason="))).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let approve = send(app.clone(), form("/queue/approve", &format!("{id}&revision=4"))).await;
    assert_eq!(approve.status, StatusCode::SEE_OTHER);
    let shown = send(app.clone(), Request::get(approve.header("location")).body(Body::empty()).unwrap()).await;
    assert!(shown.body.contains("Approved. It goes out") && !shown.body.contains("action=\"/queue/approve\""));
    let call = send(app, form("/queue/call", "id=s03%2Fk-01%2Fcooler_clogging%2F1&revision=3")).await;
    assert_eq!(call.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_edited_text_that_cannot_be_saved_is_kept() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    let edit = |revision: u8, body: &str, lang: &str| {
        let id = "id=s01%2Fm002%2Fcooler_clogging%2F1";
        form(&format!("/queue/edit?lang={lang}"), &format!("{id}&revision={revision}&subject=Mine&body={body}"))
    };
    for (revision, body, lang, status, problem) in [
        (2, "My+words", "en", StatusCode::CONFLICT, "The forecast was updated meanwhile."),
        (2, "My+words", "zh-CN", StatusCode::CONFLICT, "其间预测已更新"),
        (3, "My+words!", "en", StatusCode::UNPROCESSABLE_ENTITY, "No exclamation marks, please."),
        (3, "My+words!", "zh-CN", StatusCode::UNPROCESSABLE_ENTITY, "请不要使用感叹号。"),
        (3, "", "en", StatusCode::UNPROCESSABLE_ENTITY, "A message needs a subject"),
    ] {
        let answer = send(app.clone(), edit(revision, body, lang)).await;
        assert_eq!(answer.status, status, "{body} {lang}");
        assert!(answer.body.contains(problem) && answer.body.contains("value=\"Mine\""), "{}", answer.body);
        assert!(answer.body.contains("<details open>") && answer.body.contains("name=\"revision\" value=\"3\""));
        assert!(body.is_empty() || answer.body.contains("My words"));
        assert_well_formed(&answer.body, problem);
    }
}

#[tokio::test]
async fn a_call_is_recorded_a_visit_booked_and_settled() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    let id = "id=s01%2Fm002%2Fcooler_clogging%2F1";
    let shown = || async { send(app.clone(), Request::get(CARD).body(Body::empty()).unwrap()).await.body };
    for (path, revision, body, expected) in [
        ("/queue/call", 3, "", "action=\"/queue/called\""),
        ("/queue/called", 4, "&remark=engaged&then=again", "0512-5550 0102"),
        // As the customer's clock shows it, and in the past, so that the visit is over.
        ("/queue/book", 5, "&when=2026-07-17T09:00", "Friday 17 July, 09:00–10:30 has passed."),
        ("/queue/undone", 6, "&reason=gate+closed", "the visit did not take place: gate closed"),
        ("/queue/book", 7, "&from=1784422800000", "Booked for 19 Jul, 09:00"),
        ("/queue/close", 8, "&reason=sold", "Closed"),
    ] {
        let answer = send(app.clone(), form(path, &format!("{id}&revision={revision}{body}"))).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.body);
        let body = shown().await;
        assert!(body.contains(expected), "{path}: no {expected:?}");
        assert_well_formed(&body, path);
    }
    let empty = send(app.clone(), form("/queue/close", &format!("{id}&revision=9&reason="))).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_case_goes_from_the_call_to_the_checklist() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    let shown = || async { send(app.clone(), Request::get("/cases/103").body(Body::empty()).unwrap()).await.body };
    for (path, body, expected) in [
        ("/cases/103/called", "remark=Comes+at+once", "Send somebody"),
        ("/cases/103/send", "technician=weber&eta=2026-07-18T10:00", "Expected on site 18 Jul, 10:00"),
        ("/cases/103/arrived", "", "Leave the place tidy"),
        (
            "/cases/103/close",
            "test_run=on&tidy=on&old_parts=on&report=on&left_out=none+left&part_1=inlet_valve_kit&n_1=2&note=",
            "2 × inlet valve kit",
        ),
    ] {
        let answer = send(app.clone(), form(path, body)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.body);
        let body = shown().await;
        assert!(body.contains(expected), "{path}: no {expected:?}");
        assert_well_formed(&body, path);
    }
    let late = send(app.clone(), form("/cases/103/arrived", "")).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "it is closed");
}

#[tokio::test]
async fn what_does_not_fit_a_case_or_a_customer_is_said_beside_the_form() {
    for (path, body, status, expected) in [
        ("/cases/101/close", "test_run=on", 422, "say why it was left out"),
        ("/cases/101/send", "technician=lin&eta=soon", 422, "Please give a date and time"),
        ("/cases/97/called", "remark=x", 409, "The case is closed already."),
        ("/cases", "machine=nowhere&what=x", 422, "nowhere"),
        ("/cases/9999/arrived", "", 404, "There is no such page"),
        ("/customers/nobody/stage", "stage=2&why=x", 404, "There is no such page"),
        ("/queue/verdict", "id=s01%2Fm002%2Fcooler_clogging%2F1&found=perhaps", 422, "Please choose what you found"),
    ] {
        let answer = send(app(), form(path, body)).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
        assert!(answer.body.contains(expected), "{path}: no {expected:?}");
        assert_well_formed(&answer.body, path);
    }
}

#[tokio::test]
async fn a_small_form_that_is_refused_keeps_what_was_typed() {
    let card = "id=s01%2Fm002%2Fcooler_clogging%2F1";
    for (path, body, status, kept) in [
        (
            "/cases/101/send",
            "technician=weber&eta=soon",
            422,
            ["value=\"weber\" selected", "name=\"eta\" value=\"soon\""],
        ),
        (
            "/queue/postpone",
            &format!("{card}&revision=2&days=7&reason=gate+closed"),
            409,
            ["value=\"7\" selected", "value=\"gate closed\""],
        ),
        (
            "/queue/book",
            &format!("{card}&revision=3&when=never"),
            422,
            ["name=\"when\" required value=\"never\"", "open"],
        ),
        ("/customers/hengfeng/erase", "key=hengfen", 422, ["value=\"hengfen\"", "class=\"notice bad\" role=\"alert\""]),
    ] {
        let answer = send(app(), form(path, body)).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
        for part in kept {
            assert!(answer.body.contains(part), "{path}: {part:?} is lost");
        }
        assert_well_formed(&answer.body, path);
    }
}

#[tokio::test]
async fn what_is_noted_about_a_customer_can_be_undone() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    for (path, body, expected) in [
        ("/customers/hansa/stage", "stage=5&why=wrote+to+the+board", "5/6 Complaint"),
        ("/customers/hansa/stage", "stage=0&why=settled", "Nothing amiss known"),
        ("/customers/hansa/stop", "medium=email&why=Mr+Brandt", "stopped since 18 Jul 2026"),
        ("/customers/hansa/resume", "medium=email&why=Mr+Brandt", "may go out again"),
        ("/cases", "machine=s03%2Fk-02&what=a+loud+bang", "a loud bang"),
        (
            "/queue/verdict",
            "id=s03%2Fk-01%2Fcooler_clogging%2F1&found=something_else&instead=thermostatic_valve&note=stuck",
            "stuck",
        ),
    ] {
        let answer = send(app.clone(), form(path, body)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.body);
        let next = Request::get(answer.header("location")).body(Body::empty()).unwrap();
        let body = send(app.clone(), next).await.body;
        assert!(body.contains(expected), "{path}: no {expected:?}");
        assert_well_formed(&body, path);
    }
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
async fn a_customer_books_moves_and_cancels() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    let page = || async { send(app.clone(), Request::get("/b/token-zh").body(Body::empty()).unwrap()).await.body };
    let ics = || async { send(app.clone(), Request::get("/b/token-zh/visit.ics").body(Body::empty()).unwrap()).await };
    let open = page().await;
    assert_well_formed(&open, "open");
    assert_eq!(open.matches("/b/token-zh/book").count(), 2, "two times");
    assert!(open.contains("<html lang=\"zh-CN\">") && open.contains("7月19日 周日") && open.contains("09:00–10:30"));
    assert_eq!(ics().await.status, StatusCode::NOT_FOUND);

    let gone = send(app.clone(), form("/b/token-zh/book", "from=1")).await;
    assert_eq!(gone.status, StatusCode::CONFLICT);
    assert!(gone.body.contains("这个时间刚刚被约走了"));

    let booked = send(app.clone(), form("/b/token-zh/book", "from=1784422800000")).await;
    assert_eq!((booked.status, booked.header("location")), (StatusCode::SEE_OTHER, "/b/token-zh"));
    let shown = page().await;
    assert_well_formed(&shown, "booked");
    assert!(shown.contains("已为您约好") && shown.contains("周明") && shown.contains("改约其他时间"));
    assert_eq!(shown.matches("/b/token-zh/book").count(), 1, "the other time only");
    let file = ics().await;
    assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "text/calendar; charset=utf-8"));

    assert!(shown.contains("href=\"tel:13800138002\"") && shown.contains("138 0013 8002"));

    let cancelled = send(app.clone(), form("/b/token-zh/cancel", "")).await;
    let told = send(app.clone(), Request::get(cancelled.header("location")).body(Body::empty()).unwrap()).await;
    assert!(told.body.contains("预约已取消"));
    assert_eq!(page().await.matches("/b/token-zh/book").count(), 2);
    for (path, body, expected) in [
        ("/b/token-zh/another", "wish=%E5%91%A8%E4%BA%94", "您的留言：“周五”"),
        ("/b/token-zh/later", "days=30", "2026年8月17日之前暂时不打扰您"),
        ("/b/token-zh/stop", "", "打个电话告诉我们就行"),
    ] {
        assert_eq!(send(app.clone(), form(path, body)).await.status, StatusCode::SEE_OTHER, "{path}");
        let shown = page().await;
        assert!(shown.contains(expected), "{path}");
        assert_eq!(shown.matches("/b/token-zh/book").count(), 2, "{path}: a time can still be taken");
        assert_well_formed(&shown, path);
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
        "/api/v1/search?q=hansa",
        "/api/v1/verdicts",
        "/api/v1/visits?from=2026-07-15",
    ] {
        let answer = get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"), "{path}");
        serde_json::from_str::<serde_json::Value>(&answer.body).unwrap();
    }
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
