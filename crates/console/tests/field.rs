//! Work in the field over a made-up fleet: a technician's day, the customer's link beside the letter, pictures, personal data.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

#[path = "../examples/fake/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each program over this fleet asks something else of it")]
mod fake;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use foretell_console::{ConsoleOptions, router};
use tower::ServiceExt;

struct Answer {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The page as it reads: what keeps a figure and its unit on one line is not seen.
    fn body(&self) -> String {
        String::from_utf8_lossy(&self.bytes).replace('\u{a0}', " ").replace('\u{2060}', "")
    }
}

fn app() -> Router {
    router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()))
}

async fn send(app: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = to_bytes(body, 40_000_000).await.unwrap().to_vec();
    Answer { status: parts.status.as_u16(), headers: parts.headers, bytes }
}

async fn get(app: &Router, path: &str) -> Answer {
    send(app, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn post(app: &Router, path: &str, kind: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post(path).header("content-type", kind).header("sec-fetch-site", "same-origin");
    send(app, request.body(body.into()).unwrap()).await
}

async fn form(app: &Router, path: &str, body: &str) -> Answer {
    post(app, path, "application/x-www-form-urlencoded", body.to_owned()).await
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(width, height).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

fn upload(file: &[u8]) -> Vec<u8> {
    let head = "--b\r\nContent-Disposition: form-data; name=\"caption\"\r\n\r\nthe <old> valve\r\n--b\r\n\
        Content-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n";
    [head.as_bytes(), file, b"\r\n--b--\r\n"].concat()
}

const MULTIPART: &str = "multipart/form-data; boundary=b";

#[tokio::test]
async fn every_page_answers_in_both_languages() {
    let app = app();
    for (path, expected) in [
        ("/visits?lang=en", "2 visits today"),
        ("/visits?lang=zh-CN", "今天2次上门"),
        ("/visits?of=zhou&lang=en", "周明: no visit today"),
        ("/visits/31?lang=en", "I am on my way"),
        ("/visits/31?lang=zh-CN", "我出发了"),
        // A visit to two machines is for both, wherever it is shown.
        ("/visits?lang=en", "replace the separator element"),
        ("/visits/32?lang=en", "replace the separator element"),
        ("/visits/32?lang=zh-CN", "一共"),
        ("/calendar?lang=en", "replace the oil filter"),
        ("/b/both-token-en", "Separator element replaced"),
        ("/b/both-token-en", "/report?machine="),
        ("/team?lang=en", "Jonas Weber"),
        ("/customers/hengfeng?lang=en", "Erase for good"),
        ("/b/token-en", "The machine has broken down"),
        ("/b/two-token-en", "Which machine?"),
        ("/b/two-token-zh", "哪台机器？"),
        ("/b/way-token-en", ", in about 20 minutes"),
        ("/b/way-token-zh", "左右到，还要大约20分钟"),
        ("/b/done-token-en", "What it achieved"),
        ("/b/done-token-zh", "效果如何"),
        ("/b/call-token-en", "Your advisor will ring you about it"),
        ("/b/call-token-zh", "服务顾问会给您打电话说明"),
        ("/b/again-token-en", "The work is done"),
        ("/b/case-en", "Jonas Weber is on the way to you"),
        ("/b/case-early-zh", "给您的回电晚了"),
        ("/b/case-closed-en", "The repair is finished"),
        ("/b/case-there-en", "What we found"),
        ("/b/case-there-zh", "查到的情况"),
        ("/b/token-en/report", "Equipment health report"),
        ("/b/token-zh/preferences", "怎样联系您比较方便"),
    ] {
        let answer = get(&app, path).await;
        assert_eq!(answer.status, 200, "{path}");
        let body = answer.body();
        assert!(body.contains(expected), "{path}: no {expected:?}");
        assert!(!body.contains("style=") && !body.contains("onclick"), "{path}: inline code");
        assert!(body.len() < 100 * 1024, "{path} has {} bytes", body.len());
    }
    for path in ["/visits/99", "/photos/50", "/b/nobody/report", "/b/token-en/photo/99", "/b/nobody/live"] {
        assert_eq!(get(&app, path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn what_was_done_stays_on_the_page_whatever_comes_next() {
    let app = app();
    for (path, asks) in [("/b/done-token-en", false), ("/b/call-token-en", false), ("/b/again-token-en", true)] {
        let body = get(&app, path).await.body();
        for kept in ["The work is done", "What it achieved", "/report\""] {
            assert!(body.contains(kept), "{path}: no {kept}");
        }
        assert_eq!(body.contains("class=\"slot\""), asks, "{path}: a time to take");
    }
}

#[tokio::test]
async fn a_broken_machine_leads_the_page_of_any_letter_about_it() {
    let app = app();
    for (path, case, headline, asks) in [
        ("/b/stopped-token-en", "/b/case-early-en", "Our call to you is running late", false),
        ("/b/stopped-token-zh", "/b/case-early-zh", "给您的回电晚了", false),
        ("/b/half-token-en", "/b/case-early-en", "Our call to you is running late", true),
    ] {
        let body = get(&app, path).await.body();
        let place = |what: &str| body.find(what).unwrap_or_else(|| panic!("{path}: no {what:?}"));
        assert!(place(headline) < place("class=\"choices\""), "{path}");
        assert!(body.contains(&format!("href=\"{case}\"")) && body.contains("data-live"), "{path}");
        // Whoever comes sees to the rest; of another machine the times stand.
        assert_eq!(body.contains("class=\"slot\""), asks, "{path}: a time to take");
        assert_eq!(body.contains("class=\"sentence\""), asks, "{path}: what was written before");
        assert_eq!(body.matches("<h1").count(), 1 + usize::from(asks), "{path}");
    }
}

#[tokio::test]
async fn a_visit_is_made_step_by_step() {
    let app = app();
    assert_eq!(form(&app, "/visits/31/set-out", "minutes=soon").await.status, 422);
    let set_out = form(&app, "/visits/31/set-out", "minutes=").await;
    assert_eq!((set_out.status, set_out.header("location")), (303, "/visits/31?done=set-out"));
    // Where nobody signs in, the browser that set out tells where it is; at a desk one may say how long it takes.
    let way = set_out.header("set-cookie").split(';').next().unwrap().to_owned();
    let phone = Request::get("/visits/31?lang=en").header("cookie", way).body(Body::empty()).unwrap();
    assert!(send(&app, phone).await.body().contains("data-way=\"/visits/31/position\""));
    let desk = get(&app, "/visits/31?lang=en").await.body();
    assert!(
        desk.contains("name=\"minutes\"") && !desk.contains("data-way") && !desk.contains("location is not"),
        "{desk}"
    );
    assert_eq!(form(&app, "/visits/31/set-out", "minutes=20").await.header("set-cookie"), "", "said at a desk");
    let place = "{\"lat\":31.2,\"lon\":120.6}";
    assert_eq!(post(&app, "/visits/31/position", "application/json", place).await.status, 204);
    assert_eq!(post(&app, "/visits/31/position", "application/json", place).await.status, 202, "at most every 5 s");
    assert_eq!(post(&app, "/visits/32/position", "application/json", "{\"lat\":1}").await.status, 422);
    assert_eq!(form(&app, "/visits/31/arrived", "").await.status, 303);
    let page = get(&app, "/visits/31?lang=en").await.body();
    assert!(page.contains("name=\"seen\" value=\"arrival\""), "{page}");
    assert_eq!(form(&app, "/visits/31/take-back", "reason=x&seen=report").await.status, 409, "no report yet");
    assert_eq!(form(&app, "/visits/31/take-back", "reason=x&seen=zzz").await.status, 409, "nobody saw that");
    assert!(page.contains("Finish the visit") && !page.contains("data-way="), "no place is sent any more");
    // A gap in the checklist must be explained; then it is done, once.
    let ticked = "found=something_else&instead=oil_aged&minutes=85&test_run=on&tidy=on&old_parts=on&report=on";
    assert_eq!(form(&app, "/visits/31/done", ticked).await.status, 422);
    assert_eq!(form(&app, "/visits/31/done", "found=sure&left_out=x").await.status, 422);
    // Nobody types it twice, and a refusal does not look like a success.
    let refused = form(&app, "/visits/31/done?lang=en", &format!("{ticked}&part_2=oil&n_2=7&note=black+oil")).await;
    let body = refused.body();
    for kept in [
        "value=\"something_else\" checked",
        "value=\"oil_aged\" selected",
        "value=\"85\"",
        "name=\"tidy\" checked",
        "value=\"oil\" selected",
        "value=\"7\"",
        ">black oil</textarea>",
        "class=\"notice bad\" role=\"alert\"",
    ] {
        assert!(body.contains(kept), "{kept} is lost");
    }
    assert!(!body.contains("name=\"courtesy\" checked"));
    // As many lines for parts as are asked for; nothing is sent by asking.
    let more = form(&app, "/visits/31/done?lang=en", &format!("{ticked}&part_3=oil&n_3=2&more=1")).await;
    assert_eq!(more.status, 200);
    let body = more.body();
    assert!(body.contains("name=\"part_6\"") && !body.contains("name=\"part_7\"") && body.contains("value=\"85\""));
    assert!(!body.contains("class=\"notice"), "nothing is wrong");
    let parts = "&part_1=degreaser&n_1=2&depot=suzhou&note=%E8%A7%81&left_out=nobody+there";
    let done = form(&app, "/visits/31/done", &format!("{ticked}{parts}&part_9=oil_filter")).await;
    assert_eq!((done.status, done.header("location")), (303, "/visits/31?done=finished"));
    let stale = form(&app, "/visits/31/take-back?lang=en", "reason=x&seen=arrival").await;
    assert_eq!(stale.status, 409, "the page offered to take back an arrival: the report stays");
    assert_eq!(form(&app, "/visits/31/done", &format!("{ticked}{parts}")).await.status, 409);
    let body = get(&app, "/visits/31?lang=en").await.body();
    assert!(body.contains("nobody there") && body.contains("1 × oil filter"), "{body}");
}

#[tokio::test]
async fn pictures_are_taken_shown_and_refused() {
    let app = app();
    let taken = post(&app, "/visits/31/photo", MULTIPART, upload(&png(64, 48))).await;
    assert_eq!((taken.status, taken.header("location")), (303, "/visits/31?done=photo#photos"));
    let page = get(&app, "/visits/31?lang=en").await.body();
    assert!(page.contains("the &#60;old&#62; valve") && page.contains("/photos/100/small"), "{page}");
    for path in ["/photos/100", "/photos/100/small", "/b/token-en/photo/11/small"] {
        let photo = get(&app, path).await;
        assert_eq!((photo.status, photo.header("content-type")), (200, "image/jpeg"), "{path}");
        assert_eq!(photo.header("x-content-type-options"), "nosniff");
        assert!(photo.header("cache-control").starts_with("private"), "{path}");
        assert!(photo.bytes.starts_with(&[0xff, 0xd8]), "{path}");
    }
    for (file, why) in [
        (b"<svg onload=alert(1)>".to_vec(), "Only JPEG and PNG"),
        (png(8, 8), "too small"),
        (png(64, 48)[..80].to_vec(), "damaged"),
        (Vec::new(), "Choose a picture first"),
    ] {
        let refused = post(&app, "/visits/31/photo?lang=en", MULTIPART, upload(&file)).await;
        assert_eq!(refused.status, 422, "{why}");
        assert!(refused.body().contains(why), "{why}");
    }
    assert_eq!(post(&app, "/visits/31/photo", MULTIPART, "no form").await.status, 422);
    assert_eq!(post(&app, "/visits/31/photo", MULTIPART, upload(&vec![0; 13 << 20])).await.status, 413);
    assert_eq!(form(&app, "/visits/31/photo/77/delete", "").await.status, 404, "another visit's");
    assert_eq!(form(&app, "/visits/31/photo/100/delete", "").await.status, 303);
    assert_eq!(get(&app, "/photos/100").await.status, 404);
    assert_eq!(post(&app, "/team/weber/portrait", MULTIPART, upload(&png(64, 64))).await.status, 303);
    // No other form may be as large as one with a picture.
    assert_eq!(form(&app, "/visits/31/missed", &format!("reason={}", "x".repeat(70_000))).await.status, 413);
}

/// By this a page left open knows that its forms belong to a state that is over.
#[tokio::test]
async fn a_customers_page_says_to_which_state_its_forms_belong() {
    let app = app();
    let page = |path: &'static str| async { get(&app, path).await.body() };
    let booked = page("/b/way-token-en").await;
    let (_, seen) = booked.split_once("name=\"seen\" value=\"").unwrap();
    let (seen, _) = seen.split_once('"').unwrap();
    for (body, shown) in [
        (&booked, format!("booked {seen}")),
        (&page("/b/token-en").await, "open".to_owned()),
        (&page("/b/done-token-en").await, "done".to_owned()),
        (&page("/b/case-en").await, "coming".to_owned()),
    ] {
        assert!(body.contains(&format!("data-shown=\"{shown}\"")), "{shown}");
        assert!(body.contains("data-changed hidden>This page has changed since you began to write."), "{shown}");
    }
}

#[tokio::test]
async fn a_link_shows_a_calm_page_and_takes_choices() {
    let app = app();
    let way = get(&app, "/b/way-token-en").await;
    let body = way.body();
    for part in ["data-live=\"/b/way-token-en/live\"", "<noscript><meta http-equiv=\"refresh\"", "T-0417", "way-line"] {
        assert!(body.contains(part), "no {part}");
    }
    // Others may answer for its reader meanwhile; where no script listens, what is being typed there comes first.
    let open = get(&app, "/b/token-en").await.body();
    assert!(open.contains("data-live=\"/b/token-en/live\"") && !open.contains("http-equiv=\"refresh\""));
    let kept = form(
        &app,
        "/b/token-en/preferences",
        "language=en&welcome=sms&welcome=email&first=email&from=09%3A00&until=17%3A30",
    )
    .await;
    assert_eq!((kept.status, kept.header("location")), (303, "/b/token-en/preferences?done=kept"));
    assert!(get(&app, "/b/token-en/preferences").await.body().contains("<option selected>17:30</option>"));
    // Hours that cannot be kept are marked, and nothing else is chosen again.
    let typed = "language=zh-CN&welcome=sms&first=sms&from=18%3A00&until=09%3A00";
    let refused = form(&app, "/b/token-en/preferences", typed).await;
    assert_eq!(refused.status, 422);
    let body = refused.body();
    for kept in [
        "value=\"zh-CN\" lang=\"zh-CN\" checked",
        "value=\"sms\" checked",
        "value=\"email\">",
        "value=\"sms\" selected",
        "<option selected>18:00</option>",
        "<option selected>09:00</option>",
        "name=\"from\" aria-invalid=\"true\"",
        "开始时间要早于结束时间",
    ] {
        assert!(body.contains(kept), "{kept} is lost: {body}");
    }
    let before = get(&app, "/b/token-en/preferences").await.body();
    assert!(before.contains("<option selected>17:30</option>"), "nothing was changed");
    let reported = form(&app, "/b/token-en/trouble", "what=it+stopped").await;
    assert_eq!((reported.status, reported.header("location")), (303, "/b/case-en"));
    let foreign = Request::post("/b/token-en/trouble").header("sec-fetch-site", "cross-site").body(Body::empty());
    assert_eq!(send(&app, foreign.unwrap()).await.status, 403);
    // Once a breakdown is over its page takes the next one; while it lasts it is on that page anyhow.
    for (path, offers) in [("/b/case-closed-en", true), ("/b/case-closed-zh", true), ("/b/case-en", false)] {
        let body = get(&app, path).await.body();
        assert_eq!(body.contains(&format!("action=\"{path}/trouble\"")), offers, "{path}");
        assert!(!body.contains("name=\"which\""), "{path}: there is one machine");
    }
    let again = form(&app, "/b/case-closed-en/trouble", "what=down+again").await;
    assert_eq!((again.status, again.header("location")), (303, "/b/case-en"));
    let pdf = get(&app, "/b/token-en/report.pdf").await;
    assert_eq!((pdf.status, pdf.header("content-type")), (200, "application/pdf"));
    assert!(pdf.bytes.starts_with(b"%PDF"));
    for path in ["/b/way-token-en", "/b/case-en", "/b/token-en/preferences", "/b/token-en/report"] {
        let answer = get(&app, path).await;
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("x-robots-tag"), "noindex, nofollow", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn what_is_personal_is_handed_out_and_erased_on_purpose_only() {
    let app = app();
    let data = get(&app, "/customers/hengfeng/data.json").await;
    assert_eq!((data.status, data.header("content-type")), (200, "application/json"));
    assert!(data.header("content-disposition").contains("customer-hengfeng.json"));
    assert_eq!(form(&app, "/customers/hengfeng/erase", "key=hengfen").await.status, 422);
    let erased = form(&app, "/customers/hengfeng/erase", "key=hengfeng").await;
    assert_eq!((erased.status, erased.header("location")), (303, "/customers/hengfeng?done=erased"));
}
