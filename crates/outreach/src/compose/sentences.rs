//! Every sentence of the shipped templates stands in a golden file, so that nobody changes words unread.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Words of one template that a reader may meet, as they stand in it: texts, and what is written out inside of the braces.
fn sentences(template: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = template;
    while !rest.is_empty() {
        let Some(at) = ["{#", "{%", "{{"].iter().filter_map(|mark| rest.find(mark)).min() else {
            found.extend(rest.lines().map(str::to_owned));
            break;
        };
        found.extend(rest[..at].lines().map(str::to_owned));
        let (mark, inside) = rest[at..].split_at(2);
        let end = match mark {
            "{#" => "#}",
            "{%" => "%}",
            _ => "}}",
        };
        let (inside, after) = inside.split_once(end).unwrap_or((inside, ""));
        if mark != "{#" {
            found.extend(inside.split('"').skip(1).step_by(2).map(str::to_owned));
        }
        rest = after;
    }
    let bare = |text: String| {
        let text = ["Subject:", "Short:"].iter().fold(text.as_str(), |text, mark| text.trim().trim_start_matches(mark));
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // A word alone, a code or a sign is no sentence.
    let is_said = |text: &String| text.contains(' ') || text.chars().filter(|c| !c.is_ascii()).count() >= 4;
    found.into_iter().map(bare).filter(is_said).collect()
}

#[test]
fn every_sentence_of_the_shipped_templates_stands_in_a_golden_file() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |folder: &Path, ending: &str| {
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|own| own == ending));
        files.sort();
        let text = |path: &std::path::PathBuf| (path.clone(), std::fs::read_to_string(path).unwrap());
        files.iter().map(text).collect::<Vec<_>>()
    };
    let golden: String = read(&here.join("tests/golden"), "txt").into_iter().map(|(_, text)| text).collect();
    let golden = golden.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut missing = String::new();
    for (path, template) in read(&here.join("../../config/templates"), "j2") {
        for sentence in sentences(&template).into_iter().filter(|sentence| !golden.contains(sentence.as_str())) {
            writeln!(missing, "{}: {sentence}", path.file_name().unwrap().to_string_lossy()).unwrap();
        }
    }
    assert_eq!(missing, "", "add a row to `golden.rs` that takes the branch of each");
}

#[test]
fn what_counts_as_a_sentence() {
    let template = "Subject: Hello {{ name }}, good day\n{# a note #}{% if kind == \"some_code\" %}{{ \"It is \" ~ time ~ \"already late\" }}{% endif %}\n你好，{{ name }}先生\n";
    let found = sentences(template);
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), [", good day", "It is", "already late"]);
}
