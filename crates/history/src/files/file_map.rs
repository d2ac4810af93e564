//! The `[file]` table of a column map: what a text file does not say of itself.
//!
//! ```toml
//! [file]
//! header = ["unit", "cycle", "", "s_1"]      # its lines begin with the first row; an empty name is a column to pass over
//! separator = " "                            # exactly one between two cells; else the one that most of the header's cells have
//! ```

use serde::Deserialize;

use super::column_map::{MapError, wrong};

/// Separators that a file may have.
const SEPARATORS: [&str; 5] = [",", ";", "\t", "|", " "];

/// As the map has it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFile {
    header: Option<Vec<String>>,
    separator: Option<String>,
}

/// What a text file does not say of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileMap {
    /// The columns' names, in their order, of a file whose first line is a row.
    pub(crate) header: Option<Vec<String>>,
    /// What stands between two cells.
    pub(crate) separator: Option<u8>,
}

impl FileMap {
    pub(crate) fn parse(raw: RawFile) -> Result<Self, MapError> {
        let known = |text: String| match (SEPARATORS.contains(&text.as_str()), text.bytes().next()) {
            (true, Some(byte)) => Ok(byte),
            _ => Err(wrong("file.separator", format!("`{text}` is none of `,` `;` `|`, a tab (`\\t`) and a space"))),
        };
        if raw.header.as_ref().is_some_and(Vec::is_empty) {
            return Err(wrong("file.header", "names no column"));
        }
        Ok(Self { header: raw.header, separator: raw.separator.map(known).transpose()? })
    }
}
