//! Fonts for the PDF: found on the computer, never guessed. A report in Chinese needs a font that has Chinese characters; where
//! none is found the report is refused with the remedy, because boxes instead of characters would be worse than no report.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use typst::foundations::Bytes;
use typst::text::{Font, FontBook, FontInfo};
use typst::utils::LazyHash;

use crate::Lang;

/// Families that set Chinese and Latin text alike, the preferred first. Static fonts only: the variable collections that some
/// distributions ship give empty boxes.
const CHINESE: [&str; 8] = [
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
];

/// Families for Latin text where no Chinese one is found.
const LATIN: [&str; 6] = ["Noto Sans", "Source Sans 3", "Open Sans", "Liberation Sans", "DejaVu Sans", "Arial"];

/// Beginnings of names of files that may hold one of the families; everything else is not even opened.
const FILES: [&str; 16] = [
    "NotoSansCJK",
    "NotoSansSC",
    "NotoSans-",
    "SourceHanSans",
    "SourceSans3",
    "OpenSans-",
    "LiberationSans-",
    "DejaVuSans.",
    "DejaVuSans-Bold.",
    "msyh",
    "PingFang",
    "wqy-",
    "arial.",
    "arialbd.",
    "Arial.",
    "Arial Bold.",
];

/// Where operating systems keep fonts.
const PLACES: [&str; 6] = [
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/texmf/fonts/opentype",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:\\Windows\\Fonts",
];

/// Folders below folders that are searched.
const DEPTH_MAX: usize = 4;

/// Why there are no fonts.
#[derive(Debug, thiserror::Error)]
pub enum FontError {
    /// No font for the language was found.
    #[error(
        "no font with {script} was found in {searched}; on Debian `apt-get install {package}` brings one, or put a static font \
         file such as {file} into a folder and name the folder with `[console] fonts_dir`"
    )]
    None {
        /// What it would have to set.
        script: &'static str,
        /// Where it was looked for.
        searched: String,
        /// What brings it on Debian.
        package: &'static str,
        /// An example.
        file: &'static str,
    },
}

/// Fonts that were found, loaded once and shared by all reports.
#[derive(Clone)]
pub struct Fonts {
    pub(super) book: Arc<LazyHash<FontBook>>,
    pub(super) faces: Arc<Vec<Font>>,
    families: Arc<Vec<String>>,
    searched: Arc<Vec<PathBuf>>,
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fonts").field("families", &self.families).finish_non_exhaustive()
    }
}

impl Fonts {
    /// Looks into a folder of one's own, when there is one, and into the operating system's.
    #[must_use]
    pub fn find(own: Option<&Path>) -> Self {
        let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/share/fonts"));
        let places = own.map(Path::to_owned).into_iter().chain(home).chain(PLACES.map(PathBuf::from));
        Self::of(places.filter(|place| place.is_dir()).collect(), own)
    }

    /// Looks into these folders only. In `own` every file is opened, whatever it is called, and every family of it steps in where
    /// the known ones lack a character.
    fn of(places: Vec<PathBuf>, own: Option<&Path>) -> Self {
        let mut faces: Vec<Font> = Vec::new();
        for place in &places {
            let any_name = own.is_some_and(|own| own == place);
            load(place, any_name, DEPTH_MAX, &mut faces);
        }
        let known = |family: &str| faces.iter().any(|face| face.info().family == family);
        let families = CHINESE.into_iter().chain(LATIN).filter(|family| known(family)).map(str::to_owned).collect();
        let book = FontBook::from_fonts(&faces);
        Self {
            book: Arc::new(LazyHash::new(book)),
            faces: Arc::new(faces),
            families: Arc::new(families),
            searched: Arc::new(places),
        }
    }

    /// Families for a language in order of preference.
    ///
    /// # Errors
    /// When none can set it.
    pub(super) fn families(&self, lang: Lang) -> Result<&[String], FontError> {
        let sets = |family: &String| lang == Lang::En || CHINESE.contains(&family.as_str());
        if self.families.iter().any(sets) {
            return Ok(&self.families);
        }
        let searched: Vec<String> = self.searched.iter().map(|place| place.display().to_string()).collect();
        let searched = if searched.is_empty() { "the usual folders".to_owned() } else { searched.join(", ") };
        Err(match lang {
            Lang::Zh => FontError::None {
                script: "Chinese characters",
                searched,
                package: "fonts-noto-cjk",
                file: "NotoSansCJKsc-Regular.otf",
            },
            Lang::En => FontError::None {
                script: "Latin letters",
                searched,
                package: "fonts-noto-core",
                file: "NotoSans-Regular.ttf",
            },
        })
    }
}

/// Adds the faces below a folder that belong to a known family, or all of them, in order of their path so that the choice never
/// depends on the disk.
fn load(folder: &Path, any_name: bool, depth: usize, faces: &mut Vec<Font>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if depth > 0 {
                load(&path, any_name, depth - 1, faces);
            }
        } else if is_candidate(&path, any_name) {
            let Ok(bytes) = std::fs::read(&path) else { continue };
            let bytes = Bytes::new(bytes);
            let is_ours =
                |info: &FontInfo| any_name || CHINESE.iter().chain(&LATIN).any(|family| info.family == *family);
            faces.extend(Font::iter(bytes).filter(|face| is_ours(face.info())));
        }
    }
}

fn is_candidate(path: &Path, any_name: bool) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    matches!(ending.as_str(), "ttf" | "otf" | "ttc" | "otc")
        && (any_name || FILES.iter().any(|file| name.starts_with(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_font_is_an_error_with_its_remedy() {
        let none = Fonts::of(vec![PathBuf::from("/nowhere/fonts")], None);
        let zh = none.families(Lang::Zh).unwrap_err().to_string();
        assert!(zh.contains("Chinese") && zh.contains("fonts-noto-cjk") && zh.contains("/nowhere/fonts"), "{zh}");
        let en = none.families(Lang::En).unwrap_err().to_string();
        assert!(en.contains("Latin") && en.contains("fonts_dir"), "{en}");
    }

    /// What no known family has is looked for in a folder of one's own, as the refusal says.
    #[cfg(unix)]
    #[test]
    fn in_a_folder_of_ones_own_every_family_counts() {
        let dir = tempfile::tempdir().unwrap();
        let serif = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc";
        std::os::unix::fs::symlink(serif, dir.path().join("company.ttc")).unwrap();
        let faces = |own| Fonts::of(vec![dir.path().to_owned()], own).faces.len();
        assert!(faces(Some(dir.path())) > 0, "{serif} comes with Debian's fonts-noto-cjk");
        assert_eq!(faces(None), 0);
    }

    #[test]
    fn only_files_that_may_be_ours_are_opened() {
        for (path, any_name, expected) in [
            ("/f/NotoSansCJK-Regular.ttc", false, true),
            ("/f/NotoSerifCJK-Regular.ttc", false, false),
            ("/f/DejaVuSans-Oblique.ttf", false, false),
            ("/f/company.otf", true, true),
            ("/f/readme.txt", true, false),
        ] {
            assert_eq!(is_candidate(Path::new(path), any_name), expected, "{path}");
        }
    }
}
