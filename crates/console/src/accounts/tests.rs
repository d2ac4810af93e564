//! Accounts, without pages: what is kept, what is refused, and for how long.

use std::sync::atomic::{AtomicI64, Ordering};

use foretell_model::{DAY_MS, HOUR_MS, Timestamp};

use super::*;

const PASSWORD: &str = "correct horse battery";

#[derive(Default)]
struct Hand(AtomicI64);

impl Hand {
    fn forward(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

struct Bench {
    dir: tempfile::TempDir,
    clock: Arc<Hand>,
    accounts: Accounts,
}

fn bench() -> Bench {
    let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(Hand(AtomicI64::new(100 * DAY_MS))));
    let accounts = Accounts::open(&dir.path().join("accounts.sqlite"), clock.clone()).unwrap();
    Bench { dir, clock, accounts }
}

impl Bench {
    /// Somebody who has chosen a password.
    fn with(self, login: &str, role: Role) -> Self {
        let link = self.accounts.add(login, login, role, "test").unwrap();
        self.accounts.redeem(&link, login, PASSWORD, "").unwrap();
        self
    }

    fn try_in(&self, login: &str, password: &str) -> String {
        self.from(login, password, "10.0.0.1")
    }

    fn from(&self, login: &str, password: &str, address: &str) -> String {
        let client = Client { address: address.into(), agent: "test".into() };
        self.accounts.sign_in(login, password, &client).map_or_else(|error| error.to_string(), |_| "in".into())
    }

    fn secret(&self, login: &str) -> String {
        self.accounts.sign_in(login, PASSWORD, &Client::default()).unwrap()
    }
}

#[test]
fn a_one_time_link_works_once_within_a_day_and_only_the_newest() {
    let bench = bench();
    let first = bench.accounts.first_admin().unwrap().unwrap();
    let second = bench.accounts.first_admin().unwrap().unwrap();
    let redeem = |link: &str, password: &str| {
        bench.accounts.redeem(link, "Anna", password, "").unwrap_or_else(|error| error.to_string())
    };
    let spent = "this one-time link has been used or has expired";
    assert_eq!(redeem(&first, PASSWORD), spent, "an earlier link is void");
    assert_eq!(redeem(&second, "short"), "a password needs 10 to 200 characters");
    assert_eq!(redeem(&second, PASSWORD), "admin", "a refused password does not use it up");
    assert_eq!(redeem(&second, PASSWORD), spent);
    assert_eq!(redeem("guess", PASSWORD), spent);
    assert_eq!(bench.accounts.first_admin().unwrap(), None, "there is one now");
    let late = bench.accounts.add("bo", "Bo", Role::Ops, "test").unwrap();
    bench.clock.forward(DAY_MS);
    assert_eq!(redeem(&late, PASSWORD), spent);
}

#[test]
fn an_unknown_name_costs_the_same_work_and_gets_the_same_answer() {
    let bench = bench().with("anna", Role::Advisor).with("gone", Role::Advisor);
    bench.accounts.set_disabled("gone", true, "test").unwrap();
    bench.accounts.add("new", "New", Role::Advisor, "test").unwrap();
    for login in ["anna", "gone", "new", "nobody", ""] {
        let before = bench.accounts.hashing.checks();
        assert_eq!(bench.try_in(login, "wrong password"), "name and password do not belong together", "{login}");
        assert_eq!(bench.accounts.hashing.checks() - before, 1, "{login}");
    }
    assert_eq!(
        (bench.try_in(" ANNA ", PASSWORD), bench.try_in("gone", PASSWORD)),
        ("in".into(), AccountsError::Wrong.to_string())
    );
}

#[test]
fn guessing_is_slowed_down_by_name_and_by_address_and_costs_no_hash_meanwhile() {
    let bench = bench().with("anna", Role::Advisor);
    for n in 0..5 {
        assert_eq!(bench.from("anna", "wrong password", &format!("10.0.1.{n}")), AccountsError::Wrong.to_string());
    }
    let before = bench.accounts.hashing.checks();
    let wait = AccountsError::Wait { seconds: 30 }.to_string();
    assert_eq!(bench.from("anna", PASSWORD, "10.0.2.1"), wait, "even with the right one");
    assert_eq!(bench.accounts.hashing.checks(), before);
    bench.clock.forward(30_000);
    assert_eq!(bench.from("anna", "wrong password", "10.0.2.1"), AccountsError::Wrong.to_string());
    assert_eq!(bench.from("anna", PASSWORD, "10.0.2.1"), AccountsError::Wait { seconds: 60 }.to_string());
    bench.clock.forward(60_000);
    assert_eq!(bench.from("anna", PASSWORD, "10.0.2.1"), "in");
    assert_eq!(bench.from("anna", "wrong password", "10.0.2.1"), AccountsError::Wrong.to_string(), "forgiven");
    // A name that does not exist is slowed down just the same; and an address that tries many names.
    let told: Vec<_> = (0..6).map(|n| bench.from("nobody", "wrong password", &format!("10.0.3.{n}"))).collect();
    assert_eq!(told[5], wait);
    let told: Vec<_> = (0..21).map(|n| bench.from(&format!("name{n}"), "wrong password", "10.0.4.1")).collect();
    assert_eq!((told[19].as_str(), told[20].as_str()), (AccountsError::Wrong.to_string().as_str(), wait.as_str()));
}

#[test]
fn sessions_outlive_a_restart_and_end_when_idle_or_old() {
    let bench = bench().with("anna", Role::Advisor);
    let (used, idle) = (bench.secret("anna"), bench.secret("anna"));
    let Bench { dir, clock, accounts } = bench;
    drop(accounts);
    let accounts = Accounts::open(&dir.path().join("accounts.sqlite"), clock.clone()).unwrap();
    assert_eq!(accounts.session(&used).unwrap().map(|asking| asking.login), Some("anna".into()));
    for _ in 0..27 {
        clock.forward(6 * HOUR_MS);
        assert!(accounts.session(&used).unwrap().is_some());
    }
    assert!(accounts.session(&idle).unwrap().is_none(), "12 hours without a request");
    clock.forward(6 * HOUR_MS);
    assert!(accounts.session(&used).unwrap().is_none(), "7 days, used or not");
    assert!(accounts.sessions(None).unwrap().is_empty());
}

#[test]
fn whatever_takes_rights_away_ends_the_sessions() {
    type Deed = fn(&Accounts);
    let deeds: [(&str, Deed); 4] = [
        ("disable", |accounts| accounts.set_disabled("anna", true, "test").unwrap()),
        ("reset", |accounts| drop(accounts.reset("anna", "test").unwrap())),
        ("password", |accounts| accounts.set_password("anna", "another password", "test").unwrap()),
        ("everywhere", |accounts| accounts.sign_out_everywhere("anna", "test").unwrap()),
    ];
    for (name, deed) in deeds {
        let bench = bench().with("anna", Role::Advisor).with("bo", Role::Ops);
        let (own, other) = (bench.secret("anna"), bench.secret("bo"));
        deed(&bench.accounts);
        assert!(bench.accounts.session(&own).unwrap().is_none(), "{name}");
        assert!(bench.accounts.session(&other).unwrap().is_some(), "{name}");
        let still = name == "everywhere";
        assert_eq!(bench.try_in("anna", PASSWORD) == "in", still, "{name}");
    }
}

#[test]
fn the_last_administrator_stays() {
    let bench = bench().with("anna", Role::Admin);
    let last = |done: Result<()>| matches!(done, Err(AccountsError::LastAdmin));
    assert!(last(bench.accounts.set_disabled("anna", true, "test")));
    assert!(last(bench.accounts.set_role("anna", Role::Ops, "test")));
    let bench = bench.with("bo", Role::Admin);
    bench.accounts.set_role("anna", Role::Ops, "test").unwrap();
    assert!(last(bench.accounts.set_disabled("bo", true, "test")));
    assert!(matches!(bench.accounts.add("Anna", "x", Role::Ops, "test"), Err(AccountsError::Taken)));
    assert!(matches!(bench.accounts.add("a b", "x", Role::Ops, "test"), Err(AccountsError::Login)));
    for nobody in [" ", "a\nb\u{7}", "anna\u{202e}"] {
        assert!(matches!(bench.accounts.add("cy", nobody, Role::Ops, "test"), Err(AccountsError::Name)), "{nobody:?}");
    }
}

#[test]
fn a_token_has_its_roles_rights_until_it_is_revoked() {
    let bench = bench();
    let text = bench.accounts.make_token("CMMS", Role::Ops, None, "anna").unwrap();
    let asking = bench.accounts.token(&text).unwrap().unwrap();
    assert_eq!((asking.name.as_str(), asking.role), ("CMMS", Role::Ops));
    assert!(bench.accounts.token(&format!("{text}x")).unwrap().is_none());
    assert!(bench.accounts.session(&text).unwrap().is_none(), "a token is no session");
    let kept = bench.accounts.tokens().unwrap().remove(0);
    assert_eq!((kept.made_by.as_str(), kept.used), ("anna", Some(Timestamp::from_millis(100 * DAY_MS))));
    bench.accounts.revoke_token(kept.id, "anna").unwrap();
    assert!(bench.accounts.token(&text).unwrap().is_none());
    assert!(matches!(bench.accounts.revoke_token(kept.id, "anna"), Err(AccountsError::Unknown)));
}

#[test]
fn a_token_is_good_for_as_long_as_was_chosen_and_says_so_afterwards() {
    let bench = bench();
    let make = |days| bench.accounts.make_token("CMMS", Role::Ops, days, "anna");
    for none in [Some(0), Some(3_651), Some(u32::MAX)] {
        assert!(matches!(make(none), Err(AccountsError::TokenDays)), "{none:?}");
    }
    let (month, endless) = (make(Some(30)).unwrap(), make(None).unwrap());
    let ends: Vec<_> = bench.accounts.tokens().unwrap().into_iter().map(|token| token.expires).collect();
    assert_eq!(ends, [None, Some(Timestamp::from_millis(130 * DAY_MS))]);
    bench.clock.forward(30 * DAY_MS - 1);
    assert!(bench.accounts.token(&month).unwrap().is_some());
    bench.clock.forward(1);
    let told = bench.accounts.token(&month).unwrap_err().to_string();
    assert!(told.starts_with("the API token `CMMS` was good until 1970-05-11T00:00:00"), "{told}");
    assert!(bench.accounts.token(&endless).unwrap().is_some());
    let used: Vec<_> = bench.accounts.tokens().unwrap().into_iter().map(|token| token.used).collect();
    assert_eq!(
        used,
        [Some(Timestamp::from_millis(130 * DAY_MS)), Some(Timestamp::from_millis(130 * DAY_MS - 1))],
        "a refusal is no use"
    );
    let month = bench.accounts.tokens().unwrap()[1].id;
    bench.accounts.revoke_token(month, "anna").unwrap();
}

#[test]
fn no_secret_stands_in_the_file_and_everything_is_recorded() {
    let bench = bench().with("anna", Role::Admin);
    let (session, token) =
        (bench.secret("anna"), bench.accounts.make_token("CMMS", Role::Ops, Some(365), "anna").unwrap());
    let link = bench.accounts.add("bo", "Bo", Role::Ops, "anna").unwrap();
    bench.try_in("anna", "wrong password");
    let kept: Vec<_> =
        bench.accounts.acts(100).unwrap().into_iter().rev().map(|act| (act.login, act.what.unwrap())).collect();
    let named = |login: &str, what| (login.to_owned(), what);
    assert_eq!(
        kept,
        [
            named("anna", What::Added),
            named("anna", What::LinkMade),
            named("anna", What::LinkUsed),
            named("anna", What::SignedIn),
            named("CMMS", What::TokenMade),
            named("bo", What::Added),
            named("bo", What::LinkMade),
            named("anna", What::Refused),
        ]
    );
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(bench.dir.path()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    for secret in [session.as_str(), &token, &link, PASSWORD] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = std::fs::metadata(bench.dir.path().join("accounts.sqlite")).unwrap();
        assert_eq!(file.permissions().mode() & 0o077, 0, "others can read it");
    }
}

/// Attempts are anybody's to make, as many as they like.
#[test]
fn strangers_push_nothing_out_of_the_record() {
    let bench = bench().with("anna", Role::Admin);
    bench
        .accounts
        .step(|db| (0..10_100).try_for_each(|n| record::write(db, n, What::LockedOut, "anna", "", "203.0.113.7")))
        .unwrap();
    let acts = bench.accounts.acts(20_000).unwrap();
    let of = |what| acts.iter().filter(|act| act.what == Some(what)).count();
    assert_eq!((of(What::Added), of(What::LinkMade), of(What::LinkUsed), of(What::LockedOut)), (1, 1, 1, 2_000));
    assert_eq!(acts[0].at.millis(), 10_099, "the newest attempts are the ones kept");
}

#[test]
fn from_where_somebody_signed_in_is_forgotten_after_half_a_year() {
    let bench = bench().with("anna", Role::Admin);
    let known = |bench: &Bench| bench.accounts.acts(100).unwrap().iter().filter(|act| !act.address.is_empty()).count();
    assert_eq!(
        (bench.try_in("anna", PASSWORD), bench.try_in("anna", "wrong password"), known(&bench)),
        ("in".into(), AccountsError::Wrong.to_string(), 2)
    );
    bench.clock.forward(179 * DAY_MS);
    assert_eq!((bench.try_in("anna", PASSWORD), known(&bench)), ("in".into(), 3));
    bench.clock.forward(2 * DAY_MS);
    assert_eq!((bench.try_in("anna", PASSWORD), known(&bench)), ("in".into(), 2), "that it happened stays");
    assert_eq!(bench.accounts.acts(100).unwrap().iter().filter(|act| act.what == Some(What::SignedIn)).count(), 3);
}

#[test]
fn who_is_erased_goes_by_an_alias_and_leaves_no_trace() {
    let bench = bench().with("root", Role::Admin).with("quist", Role::Advisor).with("bo", Role::Ops);
    bench.secret("quist");
    // Later under another name.
    let link = bench.accounts.reset("quist", "root").unwrap();
    bench.accounts.redeem(&link, "Rosalind Hargreave", PASSWORD, "").unwrap();
    bench.accounts.set_email("quist", "quist@service.example", crate::Lang::En, "root").unwrap();
    let session = bench.secret("quist");
    bench.accounts.make_token("CMMS", Role::Ops, None, "Rosalind Hargreave").unwrap();
    assert!(matches!(bench.accounts.erasure("root"), Err(AccountsError::LastAdmin)));
    assert!(matches!(bench.accounts.erasure("nobody"), Err(AccountsError::Unknown)));
    let erasure = bench.accounts.erasure("Quist").unwrap();
    assert_eq!(
        (erasure.login.as_str(), &erasure.names),
        ("quist", &vec!["Rosalind Hargreave".to_owned(), "quist".into()])
    );
    let before = bench.accounts.acts(100).unwrap();
    bench.accounts.erase(&erasure, "root").unwrap();
    assert!(matches!(bench.accounts.erase(&erasure, "root"), Err(AccountsError::Unknown)));
    assert!(bench.accounts.session(&session).unwrap().is_none());
    assert_eq!(bench.try_in("quist", PASSWORD), AccountsError::Wrong.to_string());
    let (people, acts) = (bench.accounts.people().unwrap(), bench.accounts.acts(100).unwrap());
    assert_eq!(people.iter().map(|person| person.login.as_str()).collect::<Vec<_>>(), ["bo", "root"]);
    let alias = &erasure.alias;
    let as_alias = |login: &str| if login == "quist" { alias.clone() } else { login.to_owned() };
    let expected: Vec<_> = before.iter().map(|act| (as_alias(&act.login), act.what)).collect();
    let found: Vec<_> = acts.iter().skip(2).map(|act| (act.login.clone(), act.what)).collect();
    assert_eq!(found, expected, "that it was done stays");
    assert_eq!((&acts[1].login, acts[1].what, acts[1].by.as_str()), (alias, Some(What::Erased), "root"));
    assert_eq!(bench.accounts.tokens().unwrap()[0].made_by, *alias);
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(bench.dir.path()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    for word in ["Rosalind", "Hargreave", "quist@service.example"] {
        assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
    }
}

#[test]
fn a_name_that_two_have_stays_when_one_of_them_is_erased() {
    let bench = bench().with("root", Role::Admin).with("wei.li", Role::Advisor).with("li.wei", Role::Advisor);
    for login in ["wei.li", "li.wei"] {
        let link = bench.accounts.reset(login, "root").unwrap();
        bench.accounts.redeem(&link, "Li Wei", PASSWORD, "").unwrap();
    }
    assert_eq!(bench.accounts.erasure("wei.li").unwrap().names, ["wei.li"]);
    // Nobody stands for oneself in the record of one's own erasure.
    let root = bench.with("anna", Role::Admin);
    let erasure = root.accounts.erasure("anna").unwrap();
    root.accounts.erase(&erasure, "anna").unwrap();
    assert_eq!(root.accounts.acts(1).unwrap()[0].by, erasure.alias);
}

#[test]
fn an_address_is_one_or_is_refused() {
    #[track_caller]
    fn check(text: &str, expected: Option<Option<&str>>) {
        assert_eq!(email_of(text).ok(), expected.map(|email| email.map(str::to_owned)), "{text}");
    }
    check(" li.wei+fab@service.example.cn ", Some(Some("li.wei+fab@service.example.cn")));
    check("", Some(None));
    let long = format!("{}@service.example", "x".repeat(65));
    for wrong in [
        "li",
        "li@",
        "@service.example",
        "li@localhost",
        "l i@service.example",
        "li..wei@service.example",
        "li@-a.example",
        "li@a-.example",
        "li@service.example.",
        "<li@service.example>",
        "li@a.example, wu@a.example",
        &long,
    ] {
        check(wrong, None);
    }
}

#[test]
fn a_file_of_before_addresses_and_ends_takes_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("accounts.sqlite");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("schema.sql")).unwrap();
    old.execute_batch("INSERT INTO person (login, name, role, created) VALUES ('li', 'Li', 'admin', 1)").unwrap();
    old.execute_batch("INSERT INTO token (hash, name, role, made_by, created) VALUES (x'00', 'CMMS', 'ops', 'li', 1)")
        .unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    let accounts = Accounts::open(&path, Arc::new(Hand::default())).unwrap();
    assert_eq!(accounts.people().unwrap()[0].email, None);
    assert_eq!(accounts.tokens().unwrap()[0].expires, None, "it was made without an end");
    accounts.set_email("li", "li@service.example", crate::Lang::Zh, "test").unwrap();
    drop(accounts);
    let accounts = Accounts::open(&path, Arc::new(Hand::default())).unwrap();
    let li = &accounts.people().unwrap()[0];
    assert_eq!((li.email.as_deref(), li.letters), (Some("li@service.example"), crate::Lang::Zh));
    accounts.set_email("li", " ", crate::Lang::En, "test").unwrap();
    assert_eq!(accounts.people().unwrap()[0].email, None);
    let whats: Vec<_> = accounts.acts(10).unwrap().into_iter().map(|act| (act.what, act.by)).collect();
    assert_eq!(whats, [(Some(What::EmailChanged), "test".to_owned()), (Some(What::EmailChanged), "test".to_owned())]);
}
