//! Whose a row is: identities as a file writes them, each looked up once and recognised from then on.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use foretell_model::MachineId;

use super::cells::{Cells, Place};
use super::error::Refused;
use super::rows::Text;

/// What a thread remembers of the identities in the file that it last saw.
#[derive(Default)]
pub(crate) struct Names {
    path: PathBuf,
    known: HashMap<(String, String), usize>,
    pub(crate) machines: Vec<Known>,
}

pub(crate) struct Known {
    pub(crate) id: MachineId,
    /// Site and machine as the file writes them.
    pub(crate) written: (String, String),
    /// Who followed in the file the last time: fleets are mostly written in turn.
    pub(crate) next: usize,
    /// Rows counted through, where the file has no time.
    pub(crate) steps: i64,
}

impl Names {
    /// Identities are remembered for one file only: in another the same words may be columns of another meaning.
    pub(crate) fn begin(&mut self, path: &Path) {
        if self.path != path {
            *self = Self { path: path.to_owned(), ..Self::default() };
        }
    }

    pub(crate) fn number(&mut self, site: &str, machine: &str) -> Result<usize, Refused> {
        let written = (site.to_owned(), machine.to_owned());
        if let Some(number) = self.known.get(&written) {
            return Ok(*number);
        }
        let id = MachineId::new(site, machine).map_err(|e| ("bad_identity", e.to_string()))?;
        let number = self.machines.len();
        self.machines.push(Known { id, written: written.clone(), next: 0, steps: 0 });
        self.known.insert(written, number);
        Ok(number)
    }
}

/// A column of texts with what the map says of it.
pub(crate) struct TextColumn<'a> {
    pub(crate) cells: Option<&'a Cells>,
    pub(crate) text: &'a Text,
    pub(crate) constant: &'a str,
    /// Several that are joined by `-`; none otherwise.
    pub(crate) parts: Vec<Self>,
}

impl<'a> TextColumn<'a> {
    /// As it stands in the file, for telling whether it is the same as before.
    #[inline]
    pub(crate) fn written(&self, row: usize) -> Option<&'a str> {
        if !self.parts.is_empty() {
            return None;
        }
        self.cells.map_or(Some(self.constant), |cells| cells.raw(row))
    }

    /// Where each cell's text stands; none where all cells are one. `Err` where the places do not tell equal cells.
    pub(crate) fn places(&self) -> Result<Option<&'a [Place]>, ()> {
        match (self.parts.is_empty(), self.cells) {
            (true, None) => Ok(None),
            (true, Some(cells)) => cells.places().map(Some).ok_or(()),
            (false, _) => Err(()),
        }
    }

    pub(crate) fn get(&self, row: usize) -> Option<Cow<'a, str>> {
        if !self.parts.is_empty() {
            let parts = self.parts.iter().map(|part| part.get(row)).collect::<Option<Vec<_>>>()?;
            return Some(Cow::Owned(parts.join("-")));
        }
        let (Some(cells), Text::Column { prefix, values, .. }) = (self.cells, self.text) else {
            return Some(Cow::Borrowed(self.constant));
        };
        let cell = cells.text(row)?;
        if let Some(value) = values.get(cell.as_ref()) {
            return Some(Cow::Borrowed(value));
        }
        Some(if prefix.is_empty() { cell } else { Cow::Owned(format!("{prefix}{cell}")) })
    }
}

/// Machines by where a slice's columns have their names: most files have each name of a slice once, and two numbers are quicker to
/// compare than two texts.
pub(crate) struct Marked<'a> {
    columns: Option<[Option<&'a [Place]>; 2]>,
    marks: Vec<Option<[Place; 2]>>,
}

impl<'a> Marked<'a> {
    pub(crate) fn new(site: &TextColumn<'a>, machine: &TextColumn<'a>) -> Self {
        let columns = site.places().ok().zip(machine.places().ok());
        Self { columns: columns.map(|(site, machine)| [site, machine]), marks: Vec::new() }
    }

    pub(crate) fn of(&self, row: usize) -> Option<[Place; 2]> {
        // One text for all has the same place everywhere.
        self.columns.map(|columns| columns.map(|places| places.map_or((0, 0), |places| places[row])))
    }

    pub(crate) fn is(&self, number: usize, mark: Option<[Place; 2]>) -> bool {
        mark.is_some() && self.marks.get(number).is_some_and(|known| *known == mark)
    }

    pub(crate) fn mark(&mut self, number: usize, mark: Option<[Place; 2]>) {
        if self.marks.len() <= number {
            self.marks.resize(number + 1, None);
        }
        self.marks[number] = mark;
    }
}
