//! The first start: a one-time link for the first administrator, on the terminal.

use std::net::SocketAddr;

use foretell_console::Accounts;

use crate::config::ConsoleSection;
use crate::failure::{Failure, Kind};
use crate::output;

/// Prints the link, unless there is an administrator or the console is open because it is for this computer alone. Each
/// start makes a new link and voids the one before.
pub(super) fn first_admin(section: &ConsoleSection, accounts: &Accounts, console: SocketAddr) -> Result<(), Failure> {
    if section.is_for_this_computer_alone() && section.password.is_none() {
        return Ok(());
    }
    let made = accounts.first_admin();
    let link =
        made.map_err(|error| Failure::because(Kind::Io, "could not make the first administrator's link", error))?;
    if let Some(link) = link {
        let is_local = section.public_url.is_none() && console.ip().is_unspecified();
        print(&address(section, console, &link), is_local);
    }
    Ok(())
}

/// A one-time link's whole address.
pub fn address(section: &ConsoleSection, console: SocketAddr, link: &str) -> String {
    // Nobody can open 0.0.0.0; whoever reads the terminal is on this computer.
    let here =
        if console.ip().is_unspecified() { format!("localhost:{}", console.port()) } else { console.to_string() };
    let base = section.public_url.clone().unwrap_or_else(|| format!("http://{here}"));
    format!("{}/welcome/{link}", base.trim_end_matches('/'))
}

/// For the person at the terminal; a log line would keep the link in a file.
fn print(link: &str, is_local: bool) {
    output::remark(&format!(
        "Nobody can administer the console yet. Choose the administrator's password here, within 24 hours:\n  {link}"
    ));
    if is_local {
        output::remark(
            "From another computer, put this one's name or address in place of localhost; [console] public_url sets it \
             for every link, those in customers' letters too.",
        );
    }
}
