//! Every input that fuzzing bred and that is kept, through the same decoders and the same checks, without the fuzzer.

use std::path::Path;
use std::process::Command;

use super::attack;

type Drive = fn(&[u8]);

/// Drives a decoder with each file of a folder; how many there were.
fn check(folder: &Path, drive: Drive) -> usize {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries.map(|entry| drive(&std::fs::read(entry.unwrap().path()).unwrap())).count()
}

#[test]
fn what_fuzzing_has_found_is_decoded_or_refused() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let kept = tempfile::tempdir().unwrap();
    let unpacked = Command::new("tar").arg("-xJf").arg(fuzz.join("corpus.tar.xz")).arg("-C").arg(kept.path()).status();
    assert!(unpacked.is_ok_and(|status| status.success()), "tar and xz unpack the corpus");
    let decoders: [(&str, Drive); 3] = [("csv", attack::csv), ("lines", attack::lines), ("row", attack::row)];
    for (name, drive) in decoders {
        assert!(check(&fuzz.join("seeds").join(name), drive) > 0, "{name} has no seeds");
        let inputs = check(&kept.path().join(name), drive);
        assert!(inputs > 50, "{name}: only {inputs} inputs are kept");
    }
}
