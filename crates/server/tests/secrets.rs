//! Whether what should be kept from others is.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::Folder;

#[test]
fn a_private_key_that_everybody_may_read_is_warned_of() {
    let folder = Folder::new();
    let made = Command::new("openssl")
        .args("req -x509 -newkey rsa:2048 -nodes -days 300 -subj /CN=plant -out own.pem -keyout own.key".split(' '))
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    assert!(made.status.success(), "openssl runs (Debian package openssl): {made:?}");
    folder.write("plant.toml", "[mqtt]\ntls_cert_file = \"own.pem\"\ntls_key_file = \"own.key\"\n");
    for (mode, expected) in [(0o640, false), (0o644, true)] {
        std::fs::set_permissions(folder.path("own.key"), std::fs::Permissions::from_mode(mode)).unwrap();
        let (code, said) = folder.run("check --config plant.toml");
        let told = said.contains("line 3: every user of this computer may read own.key; chmod 600 keeps the secret");
        assert_eq!((code, told), (Some(0), expected), "{mode:o}: {said}");
    }
}

#[test]
fn a_secret_that_is_missing_is_a_fault_of_the_configuration_as_the_help_says() {
    let folder = Folder::new();
    folder.write("plant.toml", "[console]\npassword_file = \"nowhere\"\n");
    let (code, said) = folder.run("check --config plant.toml");
    assert!(
        code == Some(78) && said.contains("line 2: `console.password_file`: there is no file nowhere"),
        "{code:?} {said}"
    );
    let (_, help) = folder.run("check --help");
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("78 the configuration is wrong, or a file that it names is missing"), "{help}");
}
