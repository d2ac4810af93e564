//! Many hands on the real server: two hundred customers tap the same two times, fifty advisors work on one queue, and the
//! server is killed meanwhile. Nobody is booked twice, nothing that was answered is lost, and everybody is told kindly.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::Duration;

use foretell_tests::{Foretell, Response, binary, example, free_port, get, get_as, post, post_as, wait_for};

const CUSTOMERS: usize = 200;
const ADVISORS: usize = 50;

/// Longest time until an answer comes, the server's restart included.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A data directory with so many letters, and drafts for advisors beside.
fn crowd(folder: &Path, cases: usize) -> (Vec<String>, Vec<String>) {
    let made =
        Command::new(example("large_fleet")).arg(folder.join("data")).args([&cases.to_string(), "crowd"]).output();
    let made = made.expect("a crowd can be made");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    let told: serde_json::Value = serde_json::from_str(said.trim().lines().last().expect("a line")).expect("JSON");
    let list = |name: &str| {
        let values = told[name].as_array().expect("a list").iter();
        values.map(|value| value.as_str().expect("a text").to_owned()).collect()
    };
    (list("pages"), list("drafts"))
}

/// Asks until the server answers: it may be down just now.
fn insist(what: &str, ask: impl FnMut() -> Option<Response>) -> Response {
    wait_for(what, ANSWER_WITHIN, ask)
}

/// What each customer was told in the end: whether the visit is booked.
fn tap_together(port: u16, pages: &[String], answered: &AtomicUsize) -> Vec<bool> {
    let barrier = Barrier::new(pages.len());
    std::thread::scope(|scope| {
        let tap = |(n, page): (usize, &String)| {
            let (page, barrier) = (page.clone(), &barrier);
            scope.spawn(move || {
                let shown = insist("a customer's page", || get(port, &page));
                let times = shown.between("name=\"from\" value=\"", "\"");
                assert_eq!(times.len(), 2, "{page}: not exactly two times");
                let form = format!("from={}", times[n % 2]);
                barrier.wait();
                let answer = insist("an answer to a tap", || post(port, &format!("{page}/book"), &form));
                answered.fetch_add(1, Ordering::Relaxed);
                match answer.status {
                    303 => true,
                    409 => {
                        assert!(answer.body.contains("class=\"slot\""), "whoever was too late is offered other times");
                        assert!(answer.body.contains("role=\"status\""), "and told why");
                        false
                    }
                    other => panic!("{page}: {other}\n{}", answer.body),
                }
            })
        };
        let hands: Vec<_> = pages.iter().enumerate().map(tap).collect();
        hands.into_iter().map(|hand| hand.join().expect("no hand fails")).collect()
    })
}

/// Every visit with its technician; no technician is in two places at once.
fn assert_nobody_is_booked_twice(port: u16) -> usize {
    let asked = |query: &str| {
        let answer = get(port, &format!("/api/v1/visits?max=1000{query}")).expect("an answer");
        serde_json::from_str::<serde_json::Value>(&answer.body).expect("JSON")
    };
    // Towards the end of a week the times on offer lie in the next one and the one after, beyond the first calendar.
    let first = asked("");
    let (first_day, weeks) = (first["from"].as_str().expect("a day"), first["weeks"].as_u64().expect("weeks"));
    let later = Command::new("date").args(["-u", "-d", &format!("{first_day} +{weeks} weeks"), "+%F"]).output();
    let later = String::from_utf8(later.expect("`date` runs").stdout).expect("a day");
    let second = asked(&format!("&from={}", later.trim()));
    let visits = || [&first, &second].into_iter().flat_map(|told| told["visits"].as_array().expect("a list"));
    let mut of_technician: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    let mut cases = BTreeSet::new();
    for visit in visits() {
        let text = |name: &str| visit[name].as_str().unwrap_or_default();
        assert!(cases.insert(text("case")), "a case has two visits");
        of_technician.entry(text("technician")).or_default().push((text("from"), text("to")));
    }
    for (technician, mut times) in of_technician {
        times.sort_unstable();
        let clash = times.windows(2).find(|pair| pair[1].0 < pair[0].1);
        assert_eq!(clash, None, "{technician} is in two places at once");
    }
    visits().count()
}

#[test]
fn two_hundred_customers_tap_the_same_two_times_and_the_rest_are_told_kindly() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pages, _) = crowd(folder.path(), CUSTOMERS * 11 / 10);
    let foretell = Foretell::start(folder.path(), "");
    let told = tap_together(foretell.console, &pages[..CUSTOMERS], &AtomicUsize::new(0));
    let booked = told.iter().filter(|booked| **booked).count();
    assert_eq!(booked, 4, "two technicians at two times");
    assert_eq!(assert_nobody_is_booked_twice(foretell.console), booked);
}

#[test]
fn a_server_killed_among_two_hundred_taps_forgets_no_answer_and_books_nobody_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pages, _) = crowd(folder.path(), CUSTOMERS * 11 / 10);
    let pages = &pages[..CUSTOMERS];
    let (console, mqtt) = (free_port(), free_port());
    let answered = AtomicUsize::new(0);
    let foretell = Mutex::new(Foretell::start_on(folder.path(), "", console, mqtt));
    let told = std::thread::scope(|scope| {
        let taps = scope.spawn(|| tap_together(console, pages, &answered));
        for goal in [10, 60, 120] {
            wait_for("answers", ANSWER_WITHIN, || (answered.load(Ordering::Relaxed) >= goal).then_some(()));
            let mut foretell = foretell.lock().expect("nobody else holds it");
            foretell.process.kill_9();
            *foretell = Foretell::start_on(folder.path(), "", console, mqtt);
        }
        taps.join().expect("every customer was answered")
    });
    let visits = assert_nobody_is_booked_twice(console);
    let booked: Vec<&String> = pages.iter().zip(&told).filter(|(_, booked)| **booked).map(|(page, _)| page).collect();
    assert_eq!(visits, booked.len(), "whoever was told so is booked, and nobody else");
    for page in booked {
        assert_eq!(get(console, &format!("{page}/visit.ics")).map(|file| file.status), Some(200), "{page}");
    }
}

/// Fifty people who may sign in, with their cookies.
fn signed_in(folder: &Path, port: u16) -> Vec<(String, String)> {
    let sign_in = |n: usize| {
        let login = format!("advisor{n:02}");
        let added = Command::new(binary("foretell"))
            .args(["users", "add", &login, "--role", "advisor", "--data-dir"])
            .arg(folder.join("data"))
            .output()
            .expect("foretell users add runs");
        let said = String::from_utf8_lossy(&added.stdout).into_owned();
        let link = said.split_whitespace().find(|word| word.contains("/welcome/"));
        let link = link.unwrap_or_else(|| panic!("no link: {said}{}", String::from_utf8_lossy(&added.stderr)));
        let path = &link[link.find("/welcome/").expect("a path")..];
        let page = get(port, path).expect("an answer");
        let (cookie, secret) = (page.cookie().unwrap_or_default(), page.between("name=\"csrf\" value=\"", "\""));
        let csrf = secret.first().copied().unwrap_or_default();
        let form = format!("csrf={csrf}&name={login}&password=a+long+password&again=a+long+password");
        let answer = post_as(port, path, &form, cookie).expect("an answer");
        let cookie = answer.cookie().unwrap_or_else(|| panic!("{}: {}", answer.status, answer.head)).to_owned();
        (login, cookie)
    };
    (0..ADVISORS).map(sign_in).collect()
}

/// Approves every draft that nobody approved yet; how many were this person's.
fn work_through(
    port: u16,
    (login, cookie): &(String, String),
    drafts: &[String],
    by: &Mutex<BTreeMap<String, String>>,
) {
    for id in drafts {
        let path = format!("/advisory/{}", id.replace('/', "%2F"));
        let card = insist("a card", || get_as(port, &path, cookie));
        assert_eq!(card.status, 200, "{login}: {}", card.body);
        let one = |before: &str| card.between(before, "\"").first().map(|value| (*value).to_owned());
        let Some(revision) = card.body.contains("action=\"/queue/approve\"").then(|| one("name=\"revision\" value=\""))
        else {
            continue;
        };
        let csrf = one("name=\"csrf\" value=\"").unwrap_or_default();
        let form = format!("csrf={csrf}&id={}&revision={}", id.replace('/', "%2F"), revision.unwrap_or_default());
        let mut lost = false;
        let answer = insist("an answer to an approval", || {
            let answer = post_as(port, "/queue/approve", &form, cookie);
            lost |= answer.is_none();
            answer
        });
        match answer.status {
            303 => {
                let before = by.lock().expect("nobody panics with it").insert(id.clone(), login.clone());
                assert_eq!(before, None, "{id} was decided twice");
            }
            // Whoever comes too late sees who was faster; it may have been oneself, if the first answer was lost.
            409 => assert!(lost || answer.body.contains("advisor"), "{login} is not told who decided: {}", answer.body),
            other => panic!("{login}: {other}\n{}", answer.body),
        }
    }
}

#[test]
fn fifty_advisors_decide_each_case_once_although_the_server_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, drafts) = crowd(folder.path(), 220);
    let (console, mqtt) = (free_port(), free_port());
    let foretell = Mutex::new(Foretell::start_on(folder.path(), "", console, mqtt));
    let people = signed_in(folder.path(), console);
    let (by, done) = (Mutex::new(BTreeMap::new()), AtomicBool::new(false));
    let barrier = Barrier::new(ADVISORS);
    std::thread::scope(|scope| {
        let hand = |(n, person): (usize, &(String, String))| {
            let (person, barrier, by) = (person.clone(), &barrier, &by);
            // Each begins somewhere else in the queue.
            let order: Vec<String> =
                drafts.iter().cycle().skip(n * 7 % drafts.len()).take(drafts.len()).cloned().collect();
            scope.spawn(move || {
                barrier.wait();
                work_through(console, &person, &order, by);
            })
        };
        let hands: Vec<_> = people.iter().enumerate().map(hand).collect();
        scope.spawn(|| {
            wait_for("the first decisions", ANSWER_WITHIN, || {
                (done.load(Ordering::Relaxed) || by.lock().expect("nobody panics with it").len() >= 5).then_some(())
            });
            let mut foretell = foretell.lock().expect("nobody else holds it");
            foretell.process.kill_9();
            *foretell = Foretell::start_on(folder.path(), "", console, mqtt);
        });
        hands.into_iter().for_each(|hand| hand.join().expect("no hand fails"));
        done.store(true, Ordering::Relaxed);
    });
    let cookie = &people[0].1;
    for id in &drafts {
        let card = get_as(console, &format!("/advisory/{}", id.replace('/', "%2F")), cookie).expect("an answer");
        assert!(!card.body.contains("action=\"/queue/approve\""), "{id} was not decided");
        assert!(card.body.contains("advisor"), "{id} does not say who decided");
    }
}
