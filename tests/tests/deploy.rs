//! What is shipped to be run elsewhere: the compose file is one, the configuration in it is sound, and the dashboards ask for nothing
//! that is not written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use foretell_tests::{binary, root};
use serde_json::Value;

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A copy of `deploy/` that `prepare` has made ready, and its folder.
fn prepared() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let copied = Command::new("cp").arg("-r").arg(root().join("deploy")).arg(folder.path()).status().expect("cp runs");
    assert!(copied.success());
    let deploy = folder.path().join("deploy");
    for _again in 0..2 {
        let output = Command::new("sh").arg(deploy.join("prepare")).output().expect("sh runs");
        assert!(output.status.success(), "{}", said(&output));
    }
    (folder, deploy)
}

/// YAML as JSON, read by a parser that is not ours.
fn yaml(path: &Path) -> Value {
    let script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let output = Command::new("/usr/bin/python3").args(["-c", script]).arg(path).output().expect("python3 runs");
    assert!(output.status.success(), "{}: {}", path.display(), said(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path.as_ref()).unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()))
}

#[test]
fn the_compose_file_is_one() {
    let (_folder, deploy) = prepared();
    let output = Command::new("docker-compose")
        .arg("--file")
        .arg(deploy.join("compose.yaml"))
        .arg("config")
        .output()
        .expect("docker-compose runs (Debian package docker-compose)");
    assert!(output.status.success(), "{}", said(&output));
    let resolved = deploy.join("resolved.yaml");
    std::fs::write(&resolved, &output.stdout).expect("a writable folder");
    let compose = yaml(&resolved);
    let services = compose["services"].as_object().expect("services");
    let names: Vec<&str> = services.keys().map(String::as_str).collect();
    assert_eq!(names, ["foretell", "grafana", "influxdb", "mosquitto", "prometheus"]);
    for (name, service) in services {
        let image = service["image"].as_str().unwrap_or_default();
        let version = image.rsplit(':').next().unwrap_or_default();
        assert!(version.matches('.').count() == 2, "{name}: `{image}` names no exact version");
        let checked = service["healthcheck"]["test"].is_array()
            || (name == "foretell" && read(deploy.join("Containerfile")).contains("\nHEALTHCHECK "));
        assert!(checked, "{name} has no health check");
        assert_eq!(service["restart"].as_str(), Some("unless-stopped"), "{name}");
    }
    // Every file that is mounted is there once `prepare` has run, or a directory of its name would be made in its place.
    let mounts = services.values().flat_map(|service| service["volumes"].as_array().cloned().unwrap_or_default());
    let mounts = mounts.filter_map(|mount| {
        let text = mount.as_str().map(|text| text.split(':').next().unwrap_or_default().to_owned());
        text.or_else(|| mount["source"].as_str().map(str::to_owned))
    });
    let secrets = compose["secrets"].as_object().expect("secrets").values();
    let files = secrets.filter_map(|secret| secret["file"].as_str().map(str::to_owned)).chain(mounts);
    let missing: Vec<String> = files.filter(|file| file.starts_with('/') && !Path::new(file).exists()).collect();
    assert_eq!(missing, [""; 0], "mounted, but not there");
}

/// Instructions of a container file, each with its words; lines that go on are joined.
fn instructions(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    let joined = lines.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| line.split_once(' ').unwrap_or_else(|| panic!("`{line}` says nothing")))
        .map(|(instruction, words)| (instruction.to_owned(), words.trim().to_owned()))
        .collect()
}

/// Whether a shell can read a command; nothing of it is run.
fn is_shell(command: &str) -> bool {
    Command::new("sh").args(["-n", "-c", command]).status().expect("sh runs").success()
}

#[test]
fn the_container_file_is_one() {
    let instructions = instructions(&read(root().join("deploy/Containerfile")));
    let (mut stages, mut seen, mut files) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    for (instruction, words) in &instructions {
        match instruction.as_str() {
            "FROM" => {
                let (image, stage) = words.split_once(" AS ").unwrap_or((words, ""));
                let version = image.rsplit_once(':').map(|(_, version)| version);
                assert!(version.is_some_and(|version| version != "latest"), "`{image}` names no version");
                stages.push(stage);
            }
            "RUN" => assert!(is_shell(words), "no shell reads `{words}`"),
            "COPY" => match words.strip_prefix("--from=").and_then(|words| words.split_once(' ')) {
                Some((stage, paths)) => {
                    assert!(stages.contains(&stage), "there is no stage `{stage}`");
                    files.extend(paths.split(' ').next_back());
                }
                None => assert_eq!(words, ". ."),
            },
            "ENTRYPOINT" | "CMD" => {
                let words: Vec<String> = serde_json::from_str(words).unwrap_or_else(|e| panic!("`{words}`: {e}"));
                assert!(!words.is_empty());
            }
            "HEALTHCHECK" => {
                let (_, test) = words.split_once(" CMD ").expect("a health check has a command");
                let test: Vec<String> = serde_json::from_str(test).unwrap_or_else(|e| panic!("`{test}`: {e}"));
                assert!(test[..2] == ["bash", "-c"] && is_shell(&test[2]), "{test:?}");
            }
            "WORKDIR" | "USER" | "VOLUME" | "EXPOSE" => {}
            other => panic!("`{other}` is no instruction that is known here"),
        }
        seen.insert(instruction.as_str(), words.as_str());
    }
    assert_eq!(instructions.first().map(|(instruction, _)| instruction.as_str()), Some("FROM"));
    assert!(seen["ENTRYPOINT"].contains("/usr/bin/foretell") && files.contains("/usr/bin/foretell"), "{seen:?}");
    assert_eq!((seen["USER"], seen["EXPOSE"]), ("foretell", "1883 8080"));
    assert!(seen["RUN"].contains(&format!("--create-home {}", seen["USER"])), "nobody makes the user");
    assert!(seen["CMD"].contains(seen["VOLUME"]), "the data must outlive the container");
}

#[test]
fn no_secret_and_nothing_built_here_reaches_the_container_s_build() {
    let left_out = read(root().join("deploy/Containerfile.dockerignore"));
    let left_out: BTreeSet<&str> = left_out.lines().map(|line| line.trim_matches('/')).collect();
    // What is not kept in the repository belongs to this machine alone. Single files do no harm.
    let ignored = read(root().join(".gitignore"));
    let folders = ignored.lines().map(|line| line.trim_matches('/')).filter(|line| !line.contains("*."));
    let folders = folders.filter(|folder| *folder != "__pycache__");
    let seen: Vec<&str> = folders.filter(|&folder| !left_out.contains(folder) && folder != "node_modules").collect();
    assert_eq!(seen, [""; 0], "ignored by git, yet copied into the container's build");
    assert!(left_out.contains("**/node_modules") && left_out.contains("deploy/plant"), "{left_out:?}");
}

#[test]
fn the_configuration_in_the_compose_file_is_sound() {
    let (_folder, deploy) = prepared();
    let secrets = deploy.join("plant/secrets");
    let text = read(deploy.join("plant/foretell.toml")).replace("/run/secrets", &secrets.display().to_string());
    let file = deploy.join("checked.toml");
    std::fs::write(&file, text).expect("a writable folder");
    let output = Command::new(binary("foretell")).args(["check", "--config"]).arg(&file).output().expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
    let users = read(deploy.join("plant/passwd"));
    assert!(users.starts_with("foretell:$"), "no hashed password for Foretell in {users:?}");
}

/// Measurements with their fields, from the one place where they are documented.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let doc = read(root().join("crates/history/src/influx/mod.rs"));
    let names = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<String>>();
    let rows = doc.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let mut found: BTreeMap<String, BTreeSet<String>> = rows
        .filter_map(|row| row.split_once('`').map(|(measurement, rest)| (measurement.to_owned(), names(rest))))
        .collect();
    assert_eq!(found.len(), 5, "the table of measurements has another form: {found:?}");
    let signals = read(root().join("crates/model/src/signal.rs"));
    let signals = signals.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.split_once("=> \""));
    let signals: Vec<String> = signals.filter_map(|(_, name)| Some(name.strip_suffix("\",")?.to_owned())).collect();
    assert!(signals.len() >= 15, "{signals:?}");
    found.get_mut("reading").expect("readings are documented").extend(signals);
    found
}

/// Every name of a metric in the sources.
fn metrics_in_the_sources(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder").flatten() {
        let path = entry.path();
        if path.is_dir() && entry.file_name() != "target" {
            metrics_in_the_sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = read(&path);
            let names = text.split('"').filter(|part| part.starts_with("foretell_") && !part.contains(' '));
            found.extend(names.map(str::to_owned));
        }
    }
}

fn dashboards() -> Vec<(PathBuf, Value)> {
    let folder = root().join("deploy/grafana/dashboards");
    let files = std::fs::read_dir(&folder).expect("dashboards").flatten().map(|entry| entry.path());
    let files: Vec<(PathBuf, Value)> = files
        .map(|path| {
            let dashboard = serde_json::from_str(&read(&path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            (path, dashboard)
        })
        .collect();
    assert_eq!(files.len(), 3, "{folder:?}");
    files
}

/// What stands after each occurrence of `before`, up to the next quote.
fn quoted<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split('"').next())
}

#[test]
fn the_dashboards_ask_for_what_is_written() {
    let documented = documented();
    let mut metrics = BTreeSet::new();
    metrics_in_the_sources(&root().join("crates"), &mut metrics);
    let sources = yaml(&root().join("deploy/grafana/provisioning/datasources/foretell.yaml"));
    let sources = sources["datasources"].as_array().expect("data sources").iter();
    let known: BTreeSet<&str> = sources.filter_map(|source| source["uid"].as_str()).collect();
    let mut uids = BTreeSet::new();
    for (path, dashboard) in dashboards() {
        let at = path.display();
        assert!(uids.insert(dashboard["uid"].as_str().expect("a uid").to_owned()), "{at}: its uid is taken");
        let panels = dashboard["panels"].as_array().expect("panels");
        let ids: BTreeSet<i64> = panels.iter().filter_map(|panel| panel["id"].as_i64()).collect();
        assert!(panels.len() >= 8 && ids.len() == panels.len(), "{at}: panels without numbers of their own");
        for panel in panels.iter().filter(|panel| panel["type"] != "row") {
            let title = panel["title"].as_str().unwrap_or_default();
            let uid = panel["datasource"]["uid"].as_str().unwrap_or_default();
            assert!(known.contains(uid), "{at}: `{title}` asks `{uid}`, which is not provisioned");
            let targets = panel["targets"].as_array().filter(|targets| !targets.is_empty());
            for target in targets.unwrap_or_else(|| panic!("{at}: `{title}` asks nothing")) {
                check_flux(&documented, target["query"].as_str().unwrap_or_default(), &format!("{at}: `{title}`"));
                for name in
                    target["expr"].as_str().unwrap_or_default().split(|c: char| !c.is_alphanumeric() && c != '_')
                {
                    let name = name.strip_suffix("_bucket").unwrap_or(name);
                    let written = !name.starts_with("foretell_") || metrics.contains(name);
                    assert!(written, "{at}: `{title}` asks for `{name}`, which nobody counts");
                }
            }
        }
    }
    assert_eq!(uids.len(), 3);
}

/// A query names one measurement and fields of it.
fn check_flux(documented: &BTreeMap<String, BTreeSet<String>>, query: &str, what: &str) {
    if query.is_empty() {
        return;
    }
    let measurements: BTreeSet<&str> = quoted(query, "r._measurement == \"").collect();
    assert_eq!(measurements.len(), 1, "{what}: {measurements:?}");
    for measurement in measurements {
        let fields = documented.get(measurement).unwrap_or_else(|| panic!("{what}: no `{measurement}` is written"));
        for field in quoted(query, "r._field == \"") {
            assert!(fields.contains(field), "{what} asks for `{field}`, which `{measurement}` does not have");
        }
    }
}
