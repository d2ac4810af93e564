//! Statements that put an alias in place of a colleague whose account is erased.

use super::{Session, record, values};
use crate::error::Result;

/// Tables whose `who` did something.
const TABLES: [&str; 6] = ["happening", "visit_report", "stage_change", "verdict", "photo", "template"];

/// Two characters of Chinese, four Latin ones, bytes.
const WORD_BYTES_MIN: usize = 4;

/// Wherever something was done under a name, the alias did it.
pub(crate) fn rename(connection: &dyn Session, name: &str, alias: &str) -> Result<()> {
    for table in TABLES {
        connection.execute(&format!("UPDATE {table} SET who = ?2 WHERE who = ?1"), values![name, alias])?;
    }
    Ok(())
}

/// Words for a manager: those that wait go out no more, and of the others the alias was told.
pub(crate) fn rename_account(connection: &dyn Session, login: &str, alias: &str) -> Result<()> {
    let sql = "UPDATE manager_word SET state = 'withdrawn' WHERE login = ?1 AND state = 'queued'";
    connection.execute(sql, values![login])?;
    connection.execute("UPDATE manager_word SET login = ?2 WHERE login = ?1", values![login, alias])?;
    let sql = "UPDATE happening SET why = ?2 WHERE why = ?1 AND what IN (?3, ?4)";
    connection.execute(sql, values![login, alias, record::MANAGER_HELD, record::MANAGER_TOLD])?;
    // Why not stands before the account.
    let sql = "UPDATE happening SET why = substr(why, 1, length(why) - length(?1)) || ?2
               WHERE what = ?3 AND substr(why, length(why) - length(?1) - 1) = ': ' || ?1";
    connection.execute(sql, values![login, alias, record::MANAGER_UNTOLD]).map(drop)
}

/// Letters that customers were sent say who came, by name, number and badge: the alias did. What is shorter stands there by chance.
pub(crate) fn rename_in_letters(connection: &dyn Session, words: &[&str], alias: &str) -> Result<()> {
    for word in words.iter().filter(|word| word.len() >= WORD_BYTES_MIN) {
        let sql = "UPDATE message SET subject = replace(subject, ?1, ?2), body = replace(body, ?1, ?2),
                                      short = replace(short, ?1, ?2)
                   WHERE body LIKE '%' || ?1 || '%' OR subject LIKE '%' || ?1 || '%' OR short LIKE '%' || ?1 || '%'";
        connection.execute(sql, values![*word, alias])?;
    }
    Ok(())
}
