//! `foretell users`: who may sign in to the console. Works beside a running service.

use std::io::BufRead;
use std::path::Path;

use foretell_console::Accounts;
use foretell_console::accounts::{AccountsError, Erasure, Person};
use foretell_outreach::Outreach;
use serde_json::{Value, json};

use super::customers;
use crate::cli::{UsersArgs, UsersCommand};
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::service;

/// Who acts, in the record.
const WHO: &str = "command line";
/// Longest line that is read as a password, bytes.
const LINE_BYTES_MAX: u64 = 1024;

/// Does what the command line says about users.
pub(super) fn users(
    config: &Config,
    args: &UsersArgs,
    input: impl BufRead,
    output: &mut Output,
) -> Result<(), Failure> {
    let dir = &config.data.dir;
    service::make_dir(dir)?;
    let accounts = service::accounts(dir)?;
    let console = &config.console;
    // Where it listens now, if it does; else where this configuration says that it would.
    let listens = service::console_of(dir).unwrap_or(console.listen);
    let link = |secret: &str| service::welcome_address(console, listens, secret);
    match &args.command {
        UsersCommand::Add { login, role, name, email, letters, password_stdin } => {
            let password = password(*password_stdin, input)?;
            let made = accounts.add(login, name.as_ref().unwrap_or(login), *role, WHO).map_err(refused)?;
            if let Some(email) = email {
                accounts.set_email(login, email, *letters, WHO).map_err(refused)?;
            }
            given(&accounts, login, password.as_deref(), &link(&made), output)
        }
        UsersCommand::Reset { login, password_stdin } => {
            let password = password(*password_stdin, input)?;
            let made = accounts.reset(login, WHO).map_err(refused)?;
            given(&accounts, login, password.as_deref(), &link(&made), output)
        }
        UsersCommand::Email { login, email, letters } => {
            let email = email.as_deref().unwrap_or_default();
            accounts.set_email(login, email, *letters, WHO).map_err(refused)
        }
        UsersCommand::List => {
            for person in accounts.people().map_err(refused)? {
                output.line(&line(&person))?;
            }
            Ok(())
        }
        UsersCommand::Role { login, role } => accounts.set_role(login, *role, WHO).map_err(refused),
        UsersCommand::Disable { login } => accounts.set_disabled(login, true, WHO).map_err(refused),
        UsersCommand::Enable { login } => accounts.set_disabled(login, false, WHO).map_err(refused),
        UsersCommand::Export { login, out } => export(config, &accounts, (login, out), output),
        UsersCommand::Erase { login, confirm } => erase(config, &accounts, (login, confirm), output),
    }
}

/// The service state, if there is one.
fn state_of(config: &Config) -> Result<Option<Outreach>, Failure> {
    config.data.dir.join("service.sqlite").exists().then(|| customers::opened(config)).transpose()
}

/// Writes what is kept about somebody: of the account, and in the service state.
fn export(
    config: &Config,
    accounts: &Accounts,
    (login, out): (&str, &Path),
    output: &mut Output,
) -> Result<(), Failure> {
    let outreach = state_of(config)?;
    let is_of_list =
        outreach.as_ref().map_or(Ok(false), |state| state.has_entry_of(login)).map_err(customers::refused)?;
    let (account, names) = match accounts.data_of(login) {
        Err(AccountsError::Unknown) if is_of_list => (Value::Null, Vec::new()),
        found => found.map_err(refused)?,
    };
    let service = match &outreach {
        Some(state) => state.colleague_data(login, &names, customers::now(state)?).map_err(customers::refused)?,
        None => Value::Null,
    };
    let all = json!({ "format": "foretell-colleague/1", "account": account, "service": service });
    customers::write_private(out, &format!("{all:#}\n"))?;
    output.line(&format!("everything kept about `{login}` is in {}", out.display()))
}

/// Erases somebody, first from the service state, if there is one: what fails there can then be tried again.
fn erase(
    config: &Config,
    accounts: &Accounts,
    (login, confirm): (&str, &str),
    output: &mut Output,
) -> Result<(), Failure> {
    if login != confirm {
        let why = format!("nothing was erased: `--confirm {confirm}` does not repeat the login name `{login}`");
        return Err(Failure::new(Kind::Usage, why));
    }
    let outreach = state_of(config)?;
    let is_of_list =
        outreach.as_ref().map_or(Ok(false), |state| state.has_entry_of(login)).map_err(customers::refused)?;
    let (erasure, has_account) = match accounts.erasure(login) {
        Err(AccountsError::Unknown) if is_of_list => (Accounts::erasure_of_entry(login).map_err(refused)?, false),
        found => (found.map_err(refused)?, true),
    };
    if let Some(outreach) = outreach {
        let Erasure { login, names, alias } = &erasure;
        let erased = outreach.erase_colleague(login, names, alias, customers::now(&outreach)?);
        let photos = erased.map_err(customers::refused)?;
        let folder = service::Photos::new(&config.data.dir);
        folder.delete(&photos).map_err(|error| Failure::writing(&config.data.dir.join("photos"), error))?;
    }
    if has_account {
        accounts.erase(&erasure, WHO).map_err(refused)?;
    }
    output.line(&format!("the account `{login}` is erased; the record says `{}` in its place", erasure.alias))
}

/// Sets the password, or prints the link under which one is chosen.
fn given(
    accounts: &Accounts,
    login: &str,
    password: Option<&str>,
    link: &str,
    output: &mut Output,
) -> Result<(), Failure> {
    match password {
        Some(password) => accounts.set_password(login, password, WHO).map_err(refused),
        None => output.line(link),
    }
}

/// The first line of standard input. A password never stands on a command line, where everybody can read it.
fn password(wanted: bool, input: impl BufRead) -> Result<Option<String>, Failure> {
    if !wanted {
        return Ok(None);
    }
    let mut line = String::new();
    std::io::Read::take(input, LINE_BYTES_MAX)
        .read_line(&mut line)
        .map_err(|error| Failure::because(Kind::NoInput, "could not read the password from standard input", error))?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    // Before anything is changed: a user without a usable password would have been made otherwise.
    if (10..=200).contains(&password.chars().count()) {
        return Ok(Some(password));
    }
    Err(Failure::new(Kind::BadData, "the first line of standard input must be a password of 10 to 200 characters"))
}

fn line(person: &Person) -> String {
    let state = match (person.disabled, person.ready) {
        (true, _) => "disabled",
        (false, true) => "active",
        (false, false) => "invited",
    };
    let seen = person.seen.map_or_else(|| "never".to_owned(), |seen| seen.to_string());
    let email = person.email.as_ref().map(|email| format!("\t{email}")).unwrap_or_default();
    format!("{}\t{}\t{state}\t{seen}\t{}{email}", person.login, person.role.code(), person.name)
}

fn refused(error: AccountsError) -> Failure {
    let kind = match error {
        AccountsError::Store(_) | AccountsError::File { .. } | AccountsError::Secret(_) => Kind::Io,
        _ => Kind::BadData,
    };
    Failure::because(kind, "could not change the users", error)
}
