//! Who may do what: one table of every address, and the only place that says so. An address without a row is refused, and a
//! test compares the table with the router.

use axum::http::Method;

use crate::accounts::Role::{self, Admin, Advisor, Ops, Technician};

/// What an address asks of those who come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: probes have nothing to tell, assets are public, a customer's page has its signed link.
    Open,
    /// Nothing yet: this is where one signs in.
    Visitor,
    /// One of these roles.
    Of(&'static [Role]),
    /// One of these roles; a technician only where nobody else is sent: the customer was told who comes.
    Sent(&'static [Role]),
    /// One of these roles, and a person: no program with a token changes accounts.
    Person(&'static [Role]),
}

use Need::{Of, Open, Person, Sent, Visitor};

const ALL: &[Role] = &[Technician, Advisor, Ops, Admin];
const ADVISORS: &[Role] = &[Advisor, Admin];
/// Whoever knows whether a visit took place.
const FIELD: &[Role] = &[Technician, Advisor, Admin];
/// Who needs customers' people, numbers, letters and wishes: those who speak with them or drive there. Whoever keeps the service
/// running sees machines and whose they are, and no more.
const DESK: &[Role] = FIELD;
const INTAKE: &[Role] = &[Advisor, Ops, Admin];
const OPS: &[Role] = &[Ops, Admin];
const ADMINS: &[Role] = &[Admin];

/// Method, address as the router writes it, need. HEAD is allowed where GET is.
pub(crate) const RIGHTS: &[(&str, &str, Need)] = &[
    // Machines.
    ("GET", "/", Of(ALL)),
    ("GET", "/m/{site}/{machine}", Of(ALL)),
    ("GET", "/m/{site}/{machine}/readings", Of(ALL)),
    ("GET", "/m/{site}/{machine}/report", Of(ALL)),
    ("GET", "/m/{site}/{machine}/report.pdf", Of(ALL)),
    ("GET", "/live", Of(ALL)),
    // Cases and what is decided about them.
    ("GET", "/queue", Of(DESK)),
    ("GET", "/advisory/{*id}", Of(DESK)),
    ("POST", "/queue/approve", Of(ADVISORS)),
    ("POST", "/queue/edit", Of(ADVISORS)),
    ("POST", "/queue/postpone", Of(ADVISORS)),
    ("POST", "/queue/call", Of(ADVISORS)),
    ("POST", "/queue/called", Of(ADVISORS)),
    ("POST", "/queue/book", Of(ADVISORS)),
    ("POST", "/queue/move", Of(ADVISORS)),
    ("POST", "/queue/cancel", Of(ADVISORS)),
    ("POST", "/queue/close", Of(ADVISORS)),
    ("POST", "/queue/settle", Of(ADVISORS)),
    ("POST", "/queue/revoke", Of(ADVISORS)),
    ("POST", "/queue/noted", Of(ADVISORS)),
    ("POST", "/queue/write", Of(ADVISORS)),
    ("POST", "/queue/replies/{id}/noted", Of(ADVISORS)),
    ("POST", "/queue/done", Of(ADVISORS)),
    ("POST", "/queue/undone", Of(ADVISORS)),
    ("POST", "/queue/verdict", Of(FIELD)),
    // Calls, visits, customers, planning.
    ("GET", "/cases", Of(DESK)),
    ("POST", "/cases", Of(ADVISORS)),
    ("GET", "/cases/{id}", Of(DESK)),
    ("POST", "/cases/{id}/called", Of(ADVISORS)),
    ("POST", "/cases/{id}/send", Of(ADVISORS)),
    ("POST", "/cases/{id}/arrived", Sent(FIELD)),
    ("POST", "/cases/{id}/found", Sent(FIELD)),
    ("POST", "/cases/{id}/settle", Of(ADVISORS)),
    ("POST", "/cases/{id}/close", Sent(FIELD)),
    ("POST", "/cases/{id}/withdraw", Of(ADVISORS)),
    ("GET", "/calendar", Of(DESK)),
    ("GET", "/customers", Of(DESK)),
    ("GET", "/customers/{id}", Of(DESK)),
    ("POST", "/customers/{id}/stage", Of(ADVISORS)),
    ("POST", "/customers/{id}/hand-over", Of(ADVISORS)),
    ("POST", "/customers/{id}/stop", Of(ADVISORS)),
    ("POST", "/customers/{id}/resume", Of(ADVISORS)),
    // The field. Everybody in it may look at every errand, so that whoever stands in need not ask twice.
    ("GET", "/visits", Of(FIELD)),
    ("GET", "/visits/{id}", Of(FIELD)),
    ("POST", "/visits/{id}/set-out", Sent(FIELD)),
    ("POST", "/visits/{id}/position", Sent(FIELD)),
    ("POST", "/visits/{id}/arrived", Sent(FIELD)),
    ("POST", "/visits/{id}/done", Sent(FIELD)),
    ("POST", "/visits/{id}/missed", Sent(FIELD)),
    ("POST", "/visits/{id}/take-back", Sent(FIELD)),
    ("POST", "/visits/{id}/note", Sent(FIELD)),
    ("POST", "/visits/{id}/photo", Sent(FIELD)),
    ("POST", "/visits/{id}/photo/{photo}/delete", Sent(FIELD)),
    ("POST", "/visits/{id}/photo/{photo}/caption", Sent(FIELD)),
    ("POST", "/cases/{id}/set-out", Sent(FIELD)),
    ("POST", "/cases/{id}/position", Sent(FIELD)),
    ("POST", "/cases/{id}/take-back", Sent(FIELD)),
    ("POST", "/cases/{id}/note", Sent(FIELD)),
    ("POST", "/cases/{id}/photo", Sent(FIELD)),
    ("POST", "/cases/{id}/photo/{photo}/delete", Sent(FIELD)),
    ("POST", "/cases/{id}/photo/{photo}/caption", Sent(FIELD)),
    // Who may read a health report may see its pictures.
    ("GET", "/photos/{id}", Of(ALL)),
    ("GET", "/photos/{id}/small", Of(ALL)),
    ("GET", "/team", Of(DESK)),
    ("POST", "/team/{key}/portrait", Of(ADVISORS)),
    ("GET", "/customers/{id}/data.json", Person(ADVISORS)),
    ("POST", "/customers/{id}/erase", Person(ADMINS)),
    // Who did what, to whom: as personal as accounts are.
    ("GET", "/record", Of(ADMINS)),
    ("GET", "/planning", Of(ALL)),
    ("POST", "/planning/stock", Of(DESK)),
    ("GET", "/verdicts", Of(ALL)),
    // Finds for each what they may open; see `Hits::for_whom`.
    ("GET", "/search", Of(ALL)),
    // What customers read.
    ("GET", "/templates", Of(ADVISORS)),
    ("GET", "/templates/{name}", Of(ADVISORS)),
    ("POST", "/templates/{name}", Of(ADVISORS)),
    ("POST", "/templates/{name}/preview", Of(ADVISORS)),
    ("POST", "/templates/{name}/undo", Of(ADVISORS)),
    // Intake and the service itself.
    ("GET", "/ingest", Of(INTAKE)),
    ("GET", "/quarantine", Of(INTAKE)),
    ("GET", "/metrics", Of(OPS)),
    // The JSON API.
    ("GET", "/api/v1/openapi.json", Of(ALL)),
    ("GET", "/api/v1/fleet", Of(ALL)),
    ("GET", "/api/v1/machines/{site}/{machine}", Of(ALL)),
    ("GET", "/api/v1/machines/{site}/{machine}/findings", Of(ALL)),
    ("GET", "/api/v1/machines/{site}/{machine}/readings", Of(ALL)),
    ("GET", "/api/v1/findings", Of(ALL)),
    ("GET", "/api/v1/advisories", Of(DESK)),
    ("GET", "/api/v1/advisories/{id}", Of(DESK)),
    ("GET", "/api/v1/cases", Of(DESK)),
    ("GET", "/api/v1/cases/{id}", Of(DESK)),
    ("GET", "/api/v1/customers", Of(DESK)),
    ("GET", "/api/v1/customers/{id}", Of(DESK)),
    ("GET", "/api/v1/planning", Of(ALL)),
    ("GET", "/api/v1/record", Of(ADMINS)),
    ("GET", "/api/v1/search", Of(ALL)),
    ("GET", "/api/v1/verdicts", Of(ALL)),
    ("GET", "/api/v1/visits", Of(DESK)),
    // Signed by the sender with a secret of its own.
    ("POST", "/api/v1/replies", Open),
    ("GET", "/api/v1/clocks", Of(INTAKE)),
    ("GET", "/api/v1/ingest", Of(INTAKE)),
    ("GET", "/api/v1/quarantine", Of(INTAKE)),
    // Oneself.
    ("GET", "/sign-in", Visitor),
    ("POST", "/sign-in", Visitor),
    ("GET", "/welcome/{link}", Visitor),
    ("POST", "/welcome/{link}", Visitor),
    ("GET", "/account", Person(ALL)),
    ("POST", "/account/password", Person(ALL)),
    ("POST", "/account/sign-out", Person(ALL)),
    ("POST", "/account/sign-out-everywhere", Person(ALL)),
    // Others.
    ("GET", "/users", Person(ADMINS)),
    ("GET", "/users/{login}/data.json", Person(ADMINS)),
    ("POST", "/users/add", Person(ADMINS)),
    ("POST", "/users/role", Person(ADMINS)),
    ("POST", "/users/email", Person(ADMINS)),
    ("POST", "/users/reset", Person(ADMINS)),
    ("POST", "/users/disable", Person(ADMINS)),
    ("POST", "/users/enable", Person(ADMINS)),
    ("POST", "/users/erase", Person(ADMINS)),
    ("POST", "/users/end-sessions", Person(ADMINS)),
    ("POST", "/users/token", Person(ADMINS)),
    ("POST", "/users/token/revoke", Person(ADMINS)),
    // Customers.
    ("GET", "/b/{token}", Open),
    ("GET", "/b/{token}/book", Open),
    ("POST", "/b/{token}/book", Open),
    ("GET", "/b/{token}/another", Open),
    ("POST", "/b/{token}/another", Open),
    ("GET", "/b/{token}/later", Open),
    ("POST", "/b/{token}/later", Open),
    ("GET", "/b/{token}/stop", Open),
    ("POST", "/b/{token}/stop", Open),
    ("GET", "/b/{token}/resume", Open),
    ("POST", "/b/{token}/resume", Open),
    ("GET", "/b/{token}/undo", Open),
    ("POST", "/b/{token}/undo", Open),
    ("GET", "/b/{token}/all-well", Open),
    ("POST", "/b/{token}/all-well", Open),
    ("GET", "/b/{token}/cancel", Open),
    ("POST", "/b/{token}/cancel", Open),
    ("GET", "/b/{token}/visit.ics", Open),
    ("GET", "/b/{token}/live", Open),
    ("GET", "/b/{token}/report", Open),
    ("GET", "/b/{token}/report.pdf", Open),
    ("GET", "/b/{token}/photo/{id}", Open),
    ("GET", "/b/{token}/photo/{id}/small", Open),
    ("GET", "/b/{token}/preferences", Open),
    ("POST", "/b/{token}/preferences", Open),
    ("GET", "/b/{token}/trouble", Open),
    ("POST", "/b/{token}/trouble", Open),
    // Everybody.
    ("GET", "/healthz", Open),
    ("GET", "/readyz", Open),
    ("GET", "/assets/{name}", Open),
    ("GET", "/favicon.ico", Open),
];

/// What the table says of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// This is needed.
    Needs(Need),
    /// The address answers these methods only.
    OtherMethods(String),
    /// No row speaks of the address.
    Missing,
}

/// The row of a method and an address as the router writes it.
pub(crate) fn row(method: &Method, pattern: &str) -> Row {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let mut others = Vec::new();
    for (known, _, need) in RIGHTS.iter().filter(|(_, of, _)| *of == pattern) {
        if *known == method {
            return Row::Needs(*need);
        }
        others.push(if *known == "GET" { "GET,HEAD" } else { known });
    }
    if others.is_empty() { Row::Missing } else { Row::OtherMethods(others.join(",")) }
}

/// Whether a role may do something; decides which pages, forms and buttons it is shown.
pub(crate) fn may(role: Role, method: &Method, pattern: &str) -> bool {
    match row(method, pattern) {
        Row::Needs(Open | Visitor) => true,
        Row::Needs(Of(roles) | Sent(roles) | Person(roles)) => roles.contains(&role),
        Row::OtherMethods(_) | Row::Missing => false,
    }
}

/// Whether an errand is somebody else's, so that one may look at it and no more. `own` is the technician who asks, `sent` the
/// one who is sent; an errand of a nameless crew is anybody's.
pub(crate) fn is_anothers(role: Role, own: Option<&str>, sent: Option<&str>) -> bool {
    role == Technician && sent.is_some_and(|sent| own != Some(sent))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Every `.route("…", get(…).post(…))` and every row of the API's table, read from the sources.
    fn routed(folder: &Path, found: &mut BTreeSet<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                routed(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("src/rights.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                routes_of(text.split("#[cfg(test)]").next().unwrap(), found);
            }
        }
    }

    fn routes_of(text: &str, found: &mut BTreeSet<(String, String)>) {
        let starts = [".route(", "(\"/api/"].into_iter().flat_map(|begin| {
            text.match_indices(begin).map(move |(at, _)| if begin == ".route(" { at + 7 } else { at + 1 })
        });
        for at in starts {
            let rest = text[at..].trim_start();
            let Some(address) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) else { continue };
            // What follows up to the bracket that closes the route.
            let mut depth = 1;
            let end = rest.find(|c| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                depth == 0
            });
            let handlers = &rest[address.len() + 2..end.unwrap()];
            for method in ["get", "post", "put", "delete", "patch"] {
                let names = [format!("{method}("), format!(", {method}("), format!(".{method}(")];
                let begins = handlers.trim_start_matches([',', ' ', '\n']).starts_with(&names[0]);
                if begins || names[1..].iter().any(|name| handlers.contains(name)) {
                    found.insert((method.to_uppercase(), address.to_owned()));
                }
            }
        }
    }

    #[test]
    fn every_route_has_a_row_and_every_row_a_route() {
        let mut found = BTreeSet::new();
        routed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        let rows: BTreeSet<_> = RIGHTS.iter().map(|(method, of, _)| ((*method).to_owned(), (*of).to_owned())).collect();
        assert_eq!(rows.len(), RIGHTS.len(), "a row stands twice");
        let without: Vec<_> = found.difference(&rows).collect();
        assert!(without.is_empty(), "add rows to RIGHTS for {without:?}");
        let unused: Vec<_> = rows.difference(&found).collect();
        assert!(unused.is_empty(), "no route answers {unused:?}");
    }

    #[test]
    fn an_administrator_may_everything_and_what_changes_something_needs_a_row_of_its_own() {
        for (method, of, need) in RIGHTS {
            if let Of(roles) | Sent(roles) | Person(roles) = need {
                assert!(roles.contains(&Admin), "{method} {of}");
            }
        }
        assert_eq!(row(&Method::HEAD, "/"), Row::Needs(Of(ALL)));
        assert_eq!(row(&Method::POST, "/"), Row::OtherMethods("GET,HEAD".into()));
        assert_eq!(row(&Method::GET, "/nothing"), Row::Missing);
        let sees = |role, pattern| may(role, &Method::GET, pattern);
        assert!(sees(Admin, "/users") && !sees(Ops, "/users") && !sees(Technician, "/ingest"));
        assert!(may(Technician, &Method::POST, "/queue/verdict") && !may(Technician, &Method::POST, "/queue/approve"));
    }

    #[test]
    fn a_technician_changes_no_errand_of_a_colleague() {
        #[track_caller]
        fn check(role: Role, own: Option<&str>, sent: Option<&str>, expected: bool) {
            assert_eq!(is_anothers(role, own, sent), expected);
        }
        check(Technician, Some("weber"), Some("weber"), false);
        check(Technician, Some("weber"), Some("zhou"), true);
        check(Technician, None, Some("zhou"), true);
        check(Technician, Some("weber"), None, false);
        check(Advisor, None, Some("zhou"), false);
        check(Admin, None, Some("zhou"), false);
        // Whatever is done at an errand asks who is sent there.
        let of_errand = |of: &str| of.starts_with("/visits/{id}/") || of.starts_with("/cases/{id}/");
        for (method, of, need) in RIGHTS.iter().filter(|(_, of, _)| of_errand(of)) {
            assert!(matches!(need, Sent(_)) || *need == Of(ADVISORS), "{method} {of}");
        }
    }
}
