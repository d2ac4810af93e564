//! The command line of `users`.

use clap::{Args, Subcommand};
use foretell_console::accounts::Role;

/// What stands below `foretell users --help`.
const USERS_EXAMPLE: &str = "\
add and reset print a one-time link under which the person chooses a password, within 24 hours; with --password-stdin the
first line of standard input becomes the password instead, and no link is printed. The service need not be stopped.
Roles: technician, advisor, ops, admin.
Exit codes: 0 done, 65 refused (the message says why), 74 the accounts cannot be read or written.";

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
        /// Take the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Everybody, one a line: login, role, state, last sign-in, name.
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
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_code(text).ok_or_else(|| "known are technician, advisor, ops, admin".to_owned())
}
