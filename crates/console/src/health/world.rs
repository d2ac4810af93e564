//! What the typesetter may see: the template, the sheet as JSON, pictures of the work, the fonts. No file system, no network, no clock.

use std::sync::LazyLock;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use super::fonts::Fonts;

/// The template; it reads `sheet.json`.
const TEMPLATE: &str = include_str!("../../templates/health.typ");

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));

/// One report's world.
pub(super) struct ReportWorld<'a> {
    main: Source,
    sheet_id: FileId,
    sheet: Bytes,
    pictures: Vec<(FileId, Bytes)>,
    fonts: &'a Fonts,
}

impl<'a> ReportWorld<'a> {
    /// The world of a sheet given as JSON; `None` only if the two file names were none.
    pub(super) fn new(sheet_json: Vec<u8>, pictures: &[(String, Vec<u8>)], fonts: &'a Fonts) -> Option<Self> {
        let id = |path: &str| {
            let path = VirtualPath::new(path).ok()?;
            Some(RootedPath::new(VirtualRoot::Project, path).intern())
        };
        let main = Source::new(id("/health.typ")?, TEMPLATE.to_owned());
        let picture = |(name, jpeg): &(String, Vec<u8>)| Some((id(&format!("/{name}"))?, Bytes::new(jpeg.clone())));
        let pictures = pictures.iter().filter_map(picture).collect();
        Some(Self { main, sheet_id: id("/sheet.json")?, sheet: Bytes::new(sheet_json), pictures, fonts })
    }
}

impl World for ReportWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.sheet_id {
            return Ok(self.sheet.clone());
        }
        let picture = self.pictures.iter().find(|(known, _)| *known == id);
        picture.map(|(_, jpeg)| jpeg.clone()).ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.faces.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
