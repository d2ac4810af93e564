//! What we log in with at a broker. A password that stands in a file is read again for each connection, so that it can be exchanged
//! (or be a token that expires) without a restart: the session with what waits in it stays.

use super::options::BrokerOptions;

/// The password as it is now. Where its file cannot be read, what it held last is tried: a file that is being replaced must not
/// lock us out.
pub(super) fn now(options: &BrokerOptions) -> Option<String> {
    let Some(path) = &options.password_file else { return options.password.clone() };
    // One line of a local file, once a connection: not worth a thread.
    let why = match std::fs::read_to_string(path).map(|text| first_line(&text)) {
        Ok(Some(password)) => return Some(password),
        Ok(None) => "its first line is empty".to_owned(),
        Err(error) => error.to_string(),
    };
    let (source, file) = (&options.name, path.display());
    tracing::warn!(source, %file, why, "The password for the broker could not be read again; the one before is tried.");
    options.password.clone()
}

fn first_line(text: &str) -> Option<String> {
    let line = text.lines().next().unwrap_or_default().trim();
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_counts_as_it_is_now() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("broker.secret");
        let check = |held: Option<&str>, is_from_file: bool, expected: Option<&str>| {
            match held {
                Some(text) => std::fs::write(&path, text).unwrap(),
                None if path.exists() => std::fs::remove_file(&path).unwrap(),
                None => {}
            }
            let password_file = is_from_file.then(|| path.clone());
            let options = BrokerOptions { password: Some("first".into()), password_file, ..BrokerOptions::default() };
            assert_eq!(now(&options).as_deref(), expected, "{held:?}");
        };
        check(Some("second\n"), false, Some("first"));
        check(Some("second\nand a remark\n"), true, Some("second"));
        check(Some("  third \r\n"), true, Some("third"));
        check(Some("\n"), true, Some("first"));
        check(None, true, Some("first"));
        assert_eq!(now(&BrokerOptions::default()), None);
    }
}
