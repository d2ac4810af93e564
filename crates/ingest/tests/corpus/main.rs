//! Every input that fuzzing bred and that is kept, through the same decoders, the same listener and the same checks, without the fuzzer.

use std::path::Path;
use std::process::Command;

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is a library of its own where the fuzzer builds it")]
mod attack;

type Drive = fn(&[u8]);

/// Drives a decoder with each file of a folder; how many there were.
fn check(folder: &Path, drive: Drive) -> usize {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut inputs = 0;
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        drive(&std::fs::read(&path).expect("a readable file"));
        inputs += 1;
    }
    inputs
}

#[test]
fn what_fuzzing_has_found_is_decoded_or_refused() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let kept = tempfile::tempdir().expect("a folder");
    let unpacked = Command::new("tar").arg("-xJf").arg(fuzz.join("corpus.tar.xz")).arg("-C").arg(kept.path()).status();
    assert!(unpacked.is_ok_and(|status| status.success()), "tar and xz unpack the corpus");
    let decoders: [(&str, Drive); 6] = [
        ("contract", attack::contract),
        ("mapping", attack::mapping),
        ("csv", attack::csv),
        ("sparkplug", attack::sparkplug),
        ("listener", attack::listener),
        ("certificate", attack::certificate),
    ];
    for (name, drive) in decoders {
        assert!(check(&fuzz.join("seeds").join(name), drive) > 0, "{name} has no seeds");
        let inputs = check(&kept.path().join(name), drive);
        assert!(inputs > 100, "{name}: only {inputs} inputs are kept");
    }
}
