//! Erasing a colleague: the record must say by whom something was done, and need not know who that was.

use foretell_model::Timestamp;

use crate::Outreach;
use crate::error::Result;
use crate::store::{colleagues, personal, record};

impl Outreach {
    /// Puts an alias, `erased-` and eight characters, in place of the names under which a colleague did things and of the account
    /// by which managers were told. What waits for that account never goes out.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn erase_colleague(&self, login: &str, names: &[String], alias: &str, now: Timestamp) -> Result<()> {
        self.store.write("put an alias in place of a colleague", |tx| {
            // Who is called as a part of ours is gives that part's deeds to nobody.
            for name in names.iter().filter(|name| !record::is_nobody(name)) {
                colleagues::rename(tx, name, alias)?;
            }
            colleagues::rename_account(tx, login, alias)?;
            personal::compaction(tx, Some(now))
        })?;
        self.compact_if_due()
    }
}
