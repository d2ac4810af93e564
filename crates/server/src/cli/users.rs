//! The command line of `users`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use foretell_console::Lang;
use foretell_console::accounts::{Role, email_of};

/// What stands below `foretell users --help`.
const USERS_EXAMPLE: &str = "\
add and reset print a one-time link under which the person chooses a password, within 24 hours; with --password-stdin the
first line of standard input becomes the password instead, and no link is printed. The service need not be stopped.
Roles: technician, advisor, ops, admin. Whoever has an e-mail address is told by mail when a customer complains.
Exit codes: 0 done, 64 not confirmed, 65 refused (the message says why), 74 the accounts cannot be read or written.";

/// Options of `users`.
#[derive(Debug, Args)]
#[command(after_help = USERS_EXAMPLE)]
pub struct UsersArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: UsersCommand,
}

/// What can be done about users.
#[derive(Debug, Subcommand)]
pub enum UsersCommand {
    /// Add somebody.
    Add {
        /// Login name: letters, digits, `.`, `_`, `-`, `@`.
        #[arg(value_name = "LOGIN")]
        login: String,
        /// Role.
        #[arg(long, value_parser = role)]
        role: Role,
        /// Name as others read it; the login name when left out.
        #[arg(long)]
        name: Option<String>,
        /// Address at which this person is told that a customer complains.
        #[arg(long, value_name = "ADDRESS", value_parser = email)]
        email: Option<String>,
        /// In which language, en or zh-CN.
        #[arg(long, value_name = "LANG", value_parser = lang, default_value = "en")]
        letters: Lang,
        /// Take the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Set where somebody is told that a customer complains; without an address, nothing is told any more.
    Email {
        /// Login name.
        #[arg(value_name = "LOGIN")]
        login: String,
        /// E-mail address.
        #[arg(value_name = "ADDRESS", value_parser = email)]
        email: Option<String>,
        /// In which language, en or zh-CN.
        #[arg(long, value_name = "LANG", value_parser = lang, default_value = "en")]
        letters: Lang,
    },
    /// Everybody, one a line: login, role, state, last sign-in, name, and an e-mail address where there is one.
    List,
    /// Void somebody's password and sessions.
    Reset {
        /// Login name.
        #[arg(value_name = "LOGIN")]
        login: String,
        /// Take the new password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give somebody another role.
    Role {
        /// Login name.
        #[arg(value_name = "LOGIN")]
        login: String,
        /// Role.
        #[arg(value_parser = role)]
        role: Role,
    },
    /// Refuse somebody to sign in, and end all their sessions.
    Disable {
        /// Login name.
        #[arg(value_name = "LOGIN")]
        login: String,
    },
    /// Let somebody sign in again.
    Enable {
        /// Login name.
        #[arg(value_name = "LOGIN")]
        login: String,
    },
    /// Write everything kept about somebody to a file, to hand out.
    Export {
        /// Login name.
        #[arg(value_name = "LOGIN")]
        login: String,
        /// The JSON file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Erase somebody's account, name, addresses and, of a technician or advisor, number, badge and portrait for good; the record
    /// goes on under an alias. Without an account the key in the customers list names who is erased. Not while a visit is booked.
    Erase {
        /// Login name.
        #[arg(value_name = "LOGIN")]
        login: String,
        /// The login name once more.
        #[arg(long, value_name = "LOGIN")]
        confirm: String,
    },
}

fn email(text: &str) -> Result<String, String> {
    match email_of(text) {
        Ok(Some(email)) => Ok(email),
        Ok(None) => Err("name an address".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn lang(text: &str) -> Result<Lang, String> {
    Lang::from_tag(text).ok_or_else(|| "known are en, zh-CN".to_owned())
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_code(text).ok_or_else(|| "known are technician, advisor, ops, admin".to_owned())
}
