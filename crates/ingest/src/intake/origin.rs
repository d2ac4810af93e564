//! Under which name refused input is kept: its source and, where a login sent it, whose. So a person sees whom to ask, and input
//! that is tried again has no more rights than whoever sent it.

/// Between the source and its login.
const BETWEEN: char = '/';

/// The name of a login's input.
pub(super) fn of_login(source: &str, user: &str) -> String {
    format!("{source}{BETWEEN}{user}")
}

/// The login of the listener that sent what is kept under this name; none of what came from brokers and clients without a name.
#[must_use]
pub fn login_of(origin: &str) -> Option<&str> {
    origin.strip_prefix(super::LISTENER)?.strip_prefix(BETWEEN)
}

/// Whether a client of the listener sent it that gave no name.
#[must_use]
pub fn is_nameless(origin: &str) -> bool {
    origin == super::LISTENER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_found_again_whatever_its_name() {
        for user in ["plc", "gw/1", "", "listener/x"] {
            assert_eq!(login_of(&of_login("listener", user)), Some(user));
        }
        for origin in ["listener", "broker", "listeners/plc", "broker/plc"] {
            assert_eq!(login_of(origin), None, "{origin}");
        }
    }
}
