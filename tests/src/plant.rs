//! A small plant with one machine, `s01/k2` of [`crate::oil_due`], whose owner reads English; and an advisor who presses buttons.

use std::path::Path;
use std::time::Duration;

use crate::{Response, get, post, wait_for};

/// Writes the plant's register into `customers.toml` of a folder; the owner has these addresses, a TOML table.
///
/// # Panics
/// When the folder cannot be written to.
pub fn plant(folder: &Path, addresses: &str) {
    let register = format!(
        r#"
[[advisor]]
id = "wang"
name = {{ en = "Min Wang", zh = "王敏" }}
role = {{ en = "your service advisor", zh = "服务顾问" }}
phone = "+86 21 5555 0101"
email = "wang@service.example"

[[customer]]
id = "acme"
name = "Acme Castings"
contact = "Ms Baker"
language = "en"
zone = "Etc/UTC"
advisor = "wang"
addresses = {addresses}

[[site]]
id = "s01"
customer = "acme"
name = "Foundry"
address = "1 Foundry Lane"

[[machine]]
id = "s01/k2"
number = "No. 2"
model = "GA75"
rated_kw = 75.0
service = [ {{ work = "oil_changed", interval_h = 4000, last_done_h = 8000 }} ]
"#
    );
    std::fs::write(folder.join("customers.toml"), register).expect("a writable folder");
}

/// Waits for a form in the queue and sends it with what it says by itself and `more`.
///
/// # Panics
/// When there is none within half a minute, or the console refuses it.
pub fn press(console: u16, action: &str, more: &str) {
    let page = wait_for(&format!("the form {action}"), Duration::from_secs(30), || {
        get(console, "/queue").filter(|page| page.body.contains(&format!("action=\"{action}\"")))
    });
    let (id, revision) = (field(&page, action, "id"), field(&page, action, "revision"));
    let answered = post(console, action, &format!("id={id}&revision={revision}{more}")).expect("an answer");
    assert!((200..400).contains(&answered.status), "{action} answered {}", answered.status);
}

/// The value of a hidden field in the form of an action.
fn field(page: &Response, action: &str, name: &str) -> String {
    let form = page.body.split(&format!("action=\"{action}\"")).nth(1).expect("a form");
    let after = form.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("a field");
    after.split('"').next().expect("a closed value").to_owned()
}
