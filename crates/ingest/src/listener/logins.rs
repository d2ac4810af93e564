//! Who a client is: passwords, certificates, anonymous clients, and the pause after repeated failures.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::door::network_of;
use super::incoming::Connect;
use super::options::{Anonymous, ListenerOptions, User};
use super::passwords::{Checked, Checks, Guard};
use super::replies::TurnedAway;
use super::rights::Rights;

/// Pairs of address and user whose failures are remembered. When more fail at once, the rest only waits for its answer, and is
/// counted for its network alone, of which as many more are remembered.
const FAILING_MAX: usize = 10_000;

/// A network, which is what one machine can call its own, may fail with all its addresses and users together so many times as often
/// as one address with one user. An IPv4 address is a network by itself. Of IPv6 all controllers of a plant share one, so the pair
/// is counted for the address: one controller with a wrong password keeps out no other of its login.
const NETWORK_FACTOR: u32 = 20;

/// Where a client comes from.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) addr: SocketAddr,
    /// The names of its verified certificate; none when it showed none.
    pub(super) certificate: Option<Vec<String>>,
}

/// A client that was let in.
#[derive(Clone, Debug)]
pub(super) struct Login {
    /// `None` for an anonymous client.
    pub(super) user: Option<Arc<str>>,
    pub(super) rights: Arc<Rights>,
}

/// See the module's text.
pub(super) struct Logins {
    /// Replaced as a whole when the configuration is read again.
    rules: RwLock<Arc<Rules>>,
    everything: Arc<Rights>,
    seen: Mutex<Seen>,
    checks: Checks,
}

struct Rules {
    anonymous: Anonymous,
    users: HashMap<String, Arc<Entry>>,
    failures_max: u32,
    pause: Duration,
}

impl Rules {
    fn of(options: &ListenerOptions, before: Option<&Self>) -> Arc<Self> {
        Arc::new(Self {
            anonymous: options.anonymous,
            users: entries(&options.users, before),
            failures_max: options.login_failures_max.max(1),
            pause: options.login_pause,
        })
    }

    /// Whether a client from there may come without a name.
    fn lets_in_strangers(&self, from: IpAddr) -> bool {
        match self.anonymous {
            Anonymous::Nobody => false,
            Anonymous::OnLoopback => from.to_canonical().is_loopback(),
            Anonymous::Everybody => true,
        }
    }
}

struct Entry {
    name: Arc<str>,
    guard: Option<Guard>,
    rights: Arc<Rights>,
}

/// Pairs of address and user by how their latest logins ended.
#[derive(Default)]
struct Seen {
    failing: HashMap<(IpAddr, String), Failing>,
    /// Those that were let in: many controllers share the address of their router, and one that guesses must not keep them out.
    welcome: HashSet<(IpAddr, String)>,
}

struct Failing {
    since: Instant,
    times: u32,
}

impl Logins {
    pub(super) fn new(options: &ListenerOptions) -> Self {
        Self {
            rules: RwLock::new(Rules::of(options, None)),
            everything: Arc::new(Rights::everything()),
            seen: Mutex::default(),
            checks: Checks::new(),
        }
    }

    /// Goes on with other users and limits from the next CONNECT on. Who is connected as a user that is gone, or that has another
    /// password or other rights now, no longer [`holds`](Self::holds) a login.
    pub(super) fn replace(&self, options: &ListenerOptions) {
        let rules = Rules::of(options, Some(&self.rules()));
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&rules);
        let Seen { failing, welcome } = &mut *self.lock();
        // What was wrong by the rules of before may be right now. Who was let in is still no guesser.
        failing.clear();
        welcome.retain(|(_, user)| rules.users.contains_key(user));
    }

    /// Whether a client that was let in would be let in as the same again.
    pub(super) fn holds(&self, login: &Login, from: IpAddr) -> bool {
        let rules = self.rules();
        match &login.user {
            Some(user) => rules.users.get(&**user).is_some_and(|entry| Arc::ptr_eq(&entry.rights, &login.rights)),
            None => rules.lets_in_strangers(from),
        }
    }

    fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Decides about a client. While an address must wait, its password is not even looked at.
    pub(super) async fn decide(&self, connect: &Connect, peer: &Peer, now: Instant) -> Result<Login, TurnedAway> {
        // As they are now: a check of a password may last longer than they do.
        let rules = self.rules();
        if let Some(entry) = peer.certificate.iter().flatten().find_map(|name| rules.users.get(name)) {
            return Ok(entry.login());
        }
        let Some(name) = &connect.user else { return self.anonymous(peer) };
        let key = (peer.addr.ip().to_canonical(), name.chars().take(64).collect::<String>());
        if self.must_wait(&key, now) {
            return Err(TurnedAway::Throttled);
        }
        let entry = rules.users.get(name);
        let given = connect.password.as_deref().unwrap_or_default();
        let Some((entry, guard)) = entry.and_then(|entry| Some((entry, entry.guard.as_ref()?))) else {
            self.failed(key, now);
            return Err(TurnedAway::BadLogin);
        };
        let (checked, turn) = self.checks.check(guard, given, || !self.must_wait(&key, now)).await;
        let decided = match checked {
            Checked::Right => {
                self.welcomed(key);
                Ok(entry.login())
            }
            Checked::Wrong => {
                self.failed(key, now);
                Err(TurnedAway::BadLogin)
            }
            Checked::Busy => Err(TurnedAway::Busy),
        };
        // The next one must know of this failure.
        drop(turn);
        decided
    }

    fn anonymous(&self, peer: &Peer) -> Result<Login, TurnedAway> {
        if self.rules().lets_in_strangers(peer.addr.ip()) {
            return Ok(Login { user: None, rights: Arc::clone(&self.everything) });
        }
        Err(match peer.certificate.as_deref() {
            None => TurnedAway::NotAuthorised,
            Some([]) => TurnedAway::NamelessCertificate,
            Some(_) => TurnedAway::UnknownCertificate,
        })
    }

    fn must_wait(&self, key: &(IpAddr, String), now: Instant) -> bool {
        let network = (network_of(key.0), String::new());
        let rules = self.rules();
        let network_max = rules.failures_max.saturating_mul(NETWORK_FACTOR);
        let Seen { failing, welcome } = &mut *self.lock();
        let mut waits = |key: &(IpAddr, String), failures_max: u32| match failing.get(key) {
            Some(entry) if now.duration_since(entry.since) >= rules.pause => {
                failing.remove(key);
                false
            }
            Some(entry) => entry.times >= failures_max,
            None => false,
        };
        let (pair_waits, network_waits) = (waits(key, rules.failures_max), waits(&network, network_max));
        pair_waits || (network_waits && !welcome.contains(key))
    }

    fn welcomed(&self, key: (IpAddr, String)) {
        let Seen { failing, welcome } = &mut *self.lock();
        failing.remove(&key);
        if welcome.len() < FAILING_MAX {
            welcome.insert(key);
        }
    }

    /// Counts a failure for the pair, and for its network alone.
    fn failed(&self, key: (IpAddr, String), now: Instant) {
        self.failed_once((network_of(key.0), String::new()), now);
        self.failed_once(key, now);
    }

    fn failed_once(&self, key: (IpAddr, String), now: Instant) {
        let Seen { failing, .. } = &mut *self.lock();
        let is_network = key.1.is_empty();
        let failing_max = if is_network { 2 * FAILING_MAX } else { FAILING_MAX };
        if failing.len() >= failing_max {
            let pause = self.rules().pause;
            failing.retain(|_, entry| now.duration_since(entry.since) < pause);
        }
        if failing.len() < failing_max || failing.contains_key(&key) {
            let entry = failing.entry(key).or_insert(Failing { since: now, times: 0 });
            // The pause runs from the latest failure.
            entry.since = now;
            entry.times += 1;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A user that is as it was keeps its entry: by that its clients are known to hold their logins.
fn entries(users: &[User], before: Option<&Rules>) -> HashMap<String, Arc<Entry>> {
    let new = |user: &User| Entry {
        name: user.name.as_str().into(),
        guard: user.password.clone().map(Guard::new),
        rights: Arc::new(user.rights.clone()),
    };
    let same = |user: &User| before?.users.get(&user.name).filter(|entry| entry.is_of(user)).map(Arc::clone);
    users.iter().map(|user| (user.name.clone(), same(user).unwrap_or_else(|| Arc::new(new(user))))).collect()
}

impl Entry {
    fn is_of(&self, user: &User) -> bool {
        self.guard.as_ref().map(Guard::password) == user.password.as_ref() && *self.rights == user.rights
    }

    fn login(&self) -> Login {
        Login { user: Some(Arc::clone(&self.name)), rights: Arc::clone(&self.rights) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logins(anonymous: Anonymous) -> Logins {
        let rights = Rights { publish: vec![], subscribe: vec![] };
        let user = |name: &str, password: Option<&str>| User {
            name: name.into(),
            password: password.map(Into::into),
            rights: rights.clone(),
        };
        let users = vec![user("plc", Some("secret")), user("gw.example", None)];
        Logins::new(&ListenerOptions { anonymous, users, login_failures_max: 2, ..ListenerOptions::default() })
    }

    fn connect(login: Option<(&str, &str)>) -> Connect {
        Connect {
            user: login.map(|(user, _)| user.into()),
            password: login.map(|(_, password)| password.into()),
            ..Connect::default()
        }
    }

    async fn check(
        anonymous: Anonymous,
        from: &str,
        certificate: Option<&[&str]>,
        login: Option<(&str, &str)>,
        expected: &str,
    ) {
        let peer = Peer {
            addr: SocketAddr::new(from.parse().unwrap(), 1),
            certificate: certificate.map(|names| names.iter().map(|&name| name.into()).collect()),
        };
        let got = match logins(anonymous).decide(&connect(login), &peer, Instant::now()).await {
            Ok(Login { user, .. }) => user.map_or("anonymous".into(), |user| user.to_string()),
            Err(why) => why.code().to_owned(),
        };
        assert_eq!(got, expected);
    }

    #[tokio::test]
    async fn lets_in_whom_it_should() {
        use Anonymous::{Everybody, Nobody, OnLoopback};
        check(OnLoopback, "127.0.0.1", None, None, "anonymous").await;
        check(OnLoopback, "::1", None, None, "anonymous").await;
        check(OnLoopback, "::ffff:127.0.0.1", None, None, "anonymous").await;
        check(OnLoopback, "10.0.0.1", None, None, "not_authorised").await;
        check(Everybody, "10.0.0.1", None, None, "anonymous").await;
        check(Nobody, "127.0.0.1", None, None, "not_authorised").await;
        check(Nobody, "10.0.0.1", None, Some(("plc", "secret")), "plc").await;
        check(Everybody, "10.0.0.1", None, Some(("plc", "Secret")), "bad_login").await;
        check(Everybody, "10.0.0.1", None, Some(("plc", "secret2")), "bad_login").await;
        check(Everybody, "10.0.0.1", None, Some(("stranger", "")), "bad_login").await;
        check(Everybody, "10.0.0.1", None, Some(("gw.example", "")), "bad_login").await;
        check(Nobody, "10.0.0.1", Some(&["x", "gw.example"]), None, "gw.example").await;
        check(Nobody, "10.0.0.1", Some(&["x"]), None, "unknown_certificate").await;
        check(Nobody, "10.0.0.1", Some(&[]), None, "nameless_certificate").await;
        check(Nobody, "10.0.0.1", Some(&[]), Some(("plc", "secret")), "plc").await;
        check(Everybody, "10.0.0.1", Some(&["x"]), None, "anonymous").await;
    }

    #[tokio::test]
    async fn repeated_failures_must_wait_and_then_may_try_again() {
        let logins = logins(Anonymous::Nobody);
        let peer = |last: u8| Peer { addr: SocketAddr::from(([10, 0, 0, last], 1)), certificate: None };
        let begin = Instant::now();
        let mut said = String::new();
        for (second, from, password) in [
            (0, 1, "a"),
            (1, 1, "b"),
            (2, 1, "secret"),
            (2, 2, "secret"),
            (60, 1, "secret"),
            (61, 1, "secret"),
            (62, 1, "c"),
        ] {
            let now = begin + Duration::from_secs(second);
            let got = logins.decide(&connect(Some(("plc", password))), &peer(from), now).await;
            said += &format!("{second} {}\n", got.map_or_else(|why| why.code(), |_| "in"));
        }
        expect_test::expect![[r"
            0 bad_login
            1 bad_login
            2 throttled
            2 in
            60 throttled
            61 in
            62 bad_login
        "]]
        .assert_eq(&said);
    }

    #[tokio::test]
    async fn an_address_may_not_try_user_after_user() {
        let logins = logins(Anonymous::Nobody);
        let peer = |last: u8| Peer { addr: SocketAddr::from(([10, 0, 0, last], 1)), certificate: None };
        let now = Instant::now();
        let mut bad = 0;
        for user in 0..100 {
            let user = format!("user-{user}");
            let why = logins.decide(&connect(Some((&user, "x"))), &peer(1), now).await.unwrap_err();
            bad += u32::from(why == TurnedAway::BadLogin);
        }
        assert_eq!(bad, 2 * NETWORK_FACTOR);
        let plc = connect(Some(("plc", "secret")));
        assert!(logins.decide(&plc, &peer(1), now).await.is_err() && logins.decide(&plc, &peer(2), now).await.is_ok());
    }

    #[tokio::test]
    async fn who_has_a_network_of_addresses_guesses_little_more_often_and_keeps_no_neighbour_out() {
        let logins = logins(Anonymous::Nobody);
        let now = Instant::now();
        let come = async |address: &str, password: &str| {
            let peer = Peer { addr: SocketAddr::new(address.parse().unwrap(), 1), certificate: None };
            logins.decide(&connect(Some(("plc", password))), &peer, now).await.map_or_else(|why| why.code(), |_| "in")
        };
        assert_eq!(come("2001:db8:0:1::a", "secret").await, "in");
        // A controller of the same login that nobody told the new password.
        for expected in ["bad_login", "bad_login", "throttled"] {
            assert_eq!(come("2001:db8:0:1::b", "old").await, expected);
        }
        assert_eq!(come("2001:db8:0:1::c", "secret").await, "in");
        let mut bad = 2;
        for n in 0x10..0x200 {
            bad += u32::from(come(&format!("2001:db8:0:1::{n:x}"), "x").await == "bad_login");
        }
        assert_eq!(bad, 2 * NETWORK_FACTOR);
        assert_eq!(come("2001:db8:0:1::d", "secret").await, "throttled");
        assert_eq!((come("2001:db8:0:1::a", "secret").await, come("2001:db8:0:1::c", "secret").await), ("in", "in"));
        assert_eq!(come("2001:db8:0:2::1", "x").await, "bad_login");
        // One address in two forms is one.
        for (address, expected) in
            [("10.0.0.9", "bad_login"), ("::ffff:10.0.0.9", "bad_login"), ("10.0.0.9", "throttled")]
        {
            assert_eq!(come(address, "x").await, expected);
        }
    }

    #[tokio::test]
    async fn an_address_is_counted_although_very_many_fail() {
        let logins = logins(Anonymous::Nobody);
        let now = Instant::now();
        let network = |n: usize| IpAddr::from([10, 1, (n / 250) as u8, (n % 250) as u8]);
        for n in 0..FAILING_MAX {
            logins.failed((network(n), "plc".to_owned()), now);
        }
        let late = Peer { addr: SocketAddr::from(([10, 2, 0, 1], 1)), certificate: None };
        let mut bad = 0;
        for _ in 0..100 {
            let why = logins.decide(&connect(Some(("plc", "x"))), &late, now).await.unwrap_err();
            bad += u32::from(why == TurnedAway::BadLogin);
        }
        assert_eq!(bad, 2 * NETWORK_FACTOR);
    }

    #[tokio::test]
    async fn one_that_guesses_keeps_nobody_out_who_was_let_in_from_there() {
        let logins = logins(Anonymous::Nobody);
        let peer = Peer { addr: SocketAddr::from(([10, 0, 0, 1], 1)), certificate: None };
        let (now, plc) = (Instant::now(), connect(Some(("plc", "secret"))));
        assert!(logins.decide(&plc, &peer, now).await.is_ok());
        for user in 0..100 {
            assert!(logins.decide(&connect(Some((&format!("user-{user}"), "x"))), &peer, now).await.is_err());
        }
        assert!(logins.decide(&plc, &peer, now).await.is_ok());
        // Nor when the configuration was read again meanwhile.
        let users = vec![User { name: "plc".into(), password: Some("secret".into()), rights: Rights::default() }];
        logins.replace(&ListenerOptions { users, login_failures_max: 2, ..ListenerOptions::default() });
        for user in 0..100 {
            assert!(logins.decide(&connect(Some((&format!("user-{user}"), "x"))), &peer, now).await.is_err());
        }
        assert!(logins.decide(&plc, &peer, now).await.is_ok());
        // Its own failures count as ever.
        for _ in 0..2 {
            assert!(logins.decide(&connect(Some(("plc", "x"))), &peer, now).await.is_err());
        }
        assert_eq!(logins.decide(&plc, &peer, now).await.unwrap_err(), TurnedAway::Throttled);
    }

    #[tokio::test]
    async fn whoever_mends_the_configuration_need_not_wait() {
        let logins = logins(Anonymous::Nobody);
        let peer = Peer { addr: SocketAddr::from(([10, 0, 0, 1], 1)), certificate: None };
        let now = Instant::now();
        for _ in 0..2 {
            assert!(logins.decide(&connect(Some(("plc", "new"))), &peer, now).await.is_err());
        }
        let rights = Rights { publish: vec![], subscribe: vec![] };
        let users = vec![User { name: "plc".into(), password: Some("new".into()), rights }];
        logins.replace(&ListenerOptions { users, login_failures_max: 2, ..ListenerOptions::default() });
        assert!(logins.decide(&connect(Some(("plc", "new"))), &peer, now).await.is_ok());
    }
}
