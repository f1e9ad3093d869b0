//! Files that are no programs, and files of pods that hold none: a clear error, status 1 or 2, nothing written, at once.
//!
//! Enters: the bad files of the house. Leaves: what each command says of them.
//! `chmod 000` is not among them: it keeps nothing from root, who runs many CI jobs; a path through a file stands for it.

use std::time::Duration;

use crate::place::{Place, SHOP};

const AT_ONCE: Duration = Duration::from_secs(1);

/// Every command that reads a program, with arguments that would write where it can.
const COMMANDS: [&[&str]; 8] = [
    &["build"],
    &["build", "-o", "made/"],
    &["build", "-o", "made.yaml"],
    &["check"],
    &["simulate", "--svg", "made.svg"],
    &["test", "--junit", "../outside.xml"],
    &["explain"],
    &["fmt"],
];

fn place() -> Place {
    let place = Place::with_shop();
    place.write("bytes.roll", b"rollout a {\n\xff\xfe\n}\n");
    place.write("empty.roll", "");
    place.write("large.roll", "a".repeat(10 * 1024 * 1024));
    place.write("deep.roll", "rollout a { ".repeat(10_000));
    place.write("lines.roll", "rollout a {\n".repeat(10_000));
    place.write("braces.roll", "{".repeat(10_000));
    place.folder("folder.roll");
    place
}

/// Runs all commands on one file; what each says must hold the words, and nothing may be written.
#[track_caller]
fn refused(file: &str, status: i32, words: &str, except: &[&str]) {
    let place = place();
    let before = place.holds();
    for command in COMMANDS.iter().filter(|command| !except.contains(&command[0])) {
        // What `test` writes says that the file is bad, and is looked at elsewhere.
        let arguments: Vec<&str> = match command[0] {
            "test" => vec!["test", file],
            _ => command.iter().copied().chain([file]).collect(),
        };
        let said = place.run_within(AT_ONCE, &arguments).ends(status);
        let all = format!("{}{}", said.out, said.err);
        assert!(all.contains(words), "{arguments:?} does not say `{words}`:\n{all}");
        assert!(all.contains("error"), "{arguments:?} does not say that it is an error:\n{all}");
        assert!(place.holds() == before, "{arguments:?} wrote something");
    }
}

#[test]
fn what_is_not_utf8() {
    refused("bytes.roll", 1, "[RC0110]: cannot read `bytes.roll`: it is not UTF-8 text (byte 12)", &[]);
}

#[test]
fn what_is_larger_than_any_program() {
    refused("large.roll", 1, "[RC0108]: cannot read `large.roll`: it is larger than 1024 KiB", &[]);
}

#[test]
fn what_is_nested_too_deep() {
    // Formatting heeds no meaning: it is tested below.
    refused("deep.roll", 1, "error[RC0107]: blocks are nested more than 32 deep", &["fmt"]);
    let place = place();
    place.run_within(AT_ONCE, &["fmt", "--check", "deep.roll"]);
    place.run_within(AT_ONCE, &["fmt", "--check", "braces.roll"]);
    // A hundred reports, each with its lines of a long file, in a build that is not optimized.
    let soon = if cfg!(debug_assertions) { AT_ONCE * 4 } else { AT_ONCE };
    let said = place.run_within(soon, &["check", "lines.roll"]).ends(1);
    assert!(said.out.ends_with("\n100 errors in 1 file\n"), "{}", said.out);
    assert_eq!(said.err, "only the first 100 mistakes of a program are shown\n");
    let said = place.run_within(soon, &["build", "lines.roll"]).ends(1);
    assert!(
        said.err.ends_with("\n100 errors in 1 file\nonly the first 100 mistakes of a program are shown\n")
    );
    let said = place.run_within(AT_ONCE, &["check", "braces.roll"]).ends(1);
    assert!(said.out.contains("error["), "{}", said.out);
}

#[test]
fn what_is_a_folder() {
    refused("folder.roll", 2, "`folder.roll`", &[]);
    let said = place().run(&["build", "folder.roll"]);
    assert_eq!(said.err, "error: cannot read `folder.roll`: it is a directory\n");
    let said = place().run(&["check", "folder.roll"]);
    assert_eq!(
        (said.out.as_str(), said.err.as_str()),
        ("", "error: there is no `.roll` file below `folder.roll`\n")
    );
}

#[test]
fn what_cannot_be_opened() {
    refused("shop.roll/x", 2, "cannot read `shop.roll/x`: there is no such file", &[]);
    refused("missing.roll", 2, "cannot read `missing.roll`: there is no such file", &[]);
}

#[test]
fn what_is_empty_declares_nothing() {
    let place = place();
    place.write("slos.roll", "slo error-rate < 1%\n");
    for file in ["empty.roll", "slos.roll"] {
        let said = place.run_within(AT_ONCE, &["simulate", file]).ends(2);
        assert_eq!(said.err, format!("error: `{file}` declares no rollout, so there is nothing to play\n"));
        let said = place.run(&["build", file]).ends(0);
        assert_eq!(said.err, format!("`{file}` declares no rollout, so there is nothing to build\n"));
        let said = place.run(&["explain", file]).ends(0);
        assert_eq!(said.err, format!("`{file}` declares no rollout, so there is nothing to explain\n"));
        assert_eq!(place.run(&["check", file]).ends(0).out, "1 file, no errors\n");
        assert_eq!(place.run(&["fmt", "--check", file]).ends(0).out, "");
        let said = place.run(&["test", file]).ends(0);
        assert!(said.out.starts_with(&format!("{file}\n  no scenario\n")), "{}", said.out);
    }
}

/// A file of pods that a program names is as bad as the program: one error that points at its name.
#[test]
fn files_of_pods_that_hold_none() {
    let template = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  selector: {matchLabels: {app: shop}}\n  template:\n    metadata: {labels: {app: shop}}\n    spec: {containers: [{name: shop, image: a}]}\n";
    let deep = format!("a: {}", "[".repeat(10_000));
    let aliases: String = (1..12)
        .map(|at| format!("a{at}: &a{at} [{}]\n", vec![format!("*a{}", at - 1); 9].join(",")))
        .collect();
    let bomb = format!("a0: &a0 [x,x,x,x,x,x,x,x,x]\n{aliases}");
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("another kind", b"apiVersion: v1\nkind: Service\nmetadata: {name: shop}\n".to_vec(), "RC0502"),
        ("not UTF-8", b"kind: \xff\xfe\n".to_vec(), "RC0501"),
        ("empty", Vec::new(), "RC0502"),
        ("10 MiB", vec![b'a'; 10 * 1024 * 1024], "RC0501"),
        ("nested 10,000 deep", deep.into_bytes(), "RC0502"),
        ("aliases of aliases", bomb.into_bytes(), "RC0502"),
        ("no YAML", b"kind: [Deployment\n".to_vec(), "RC0502"),
        (
            "a Deployment without pods",
            b"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\n".to_vec(),
            "RC0502",
        ),
        ("two Deployments", format!("{template}---\n{template}").into_bytes(), "RC0502"),
    ];
    let place = Place::new();
    place.write(
        "shop.roll",
        SHOP.replace("pods { image \"acme/shop:1\"  port http 8080 }", "pods from \"pods.yaml\""),
    );
    for (what, bytes, code) in cases {
        place.write("pods.yaml", bytes);
        refused_pods(&place, what, code);
    }
    std::fs::remove_file(place.path("pods.yaml")).unwrap();
    refused_pods(&place, "missing", "RC0501");
    place.folder("pods.yaml");
    refused_pods(&place, "a folder", "RC0501");
    // The text formats all the same: what it says is no part of its layout.
    place.run(&["fmt", "--check", "shop.roll"]).ends(0);
}

#[track_caller]
fn refused_pods(place: &Place, what: &str, code: &str) {
    let before = place.holds();
    for command in [
        &["build", "-o", "made/"][..],
        &["check"],
        &["simulate", "--svg", "made.svg"],
        &["test"],
        &["explain"],
    ] {
        let arguments: Vec<&str> = command.iter().copied().chain(["shop.roll"]).collect();
        let said = place.run_within(AT_ONCE, &arguments).ends(1);
        let all = format!("{}{}", said.out, said.err);
        assert_eq!(all.matches("error[").count(), 1, "{what}, {arguments:?}:\n{all}");
        assert!(all.contains(code) && all.contains("shop.roll:8:13"), "{what}, {arguments:?}:\n{all}");
        assert!(place.holds() == before, "{what}: {arguments:?} wrote something");
    }
}

#[test]
fn one_bad_file_does_not_hide_the_others() {
    let place = Place::with_shop();
    place.write("bytes.roll", b"\xff");
    place.write("wrong.roll", "rollout a {\n  rute istio\n}\n");
    let said = place.run(&["check", "."]).ends(1);
    assert!(said.err.contains("RC0110") && said.out.contains("wrong.roll:2"), "{}{}", said.out, said.err);
    let said = place.run(&["test", "."]).ends(1);
    assert!(said.out.contains("healthy") && said.err.contains("RC0110") && said.err.contains("wrong.roll:2"));
    // What cannot be read is worse than what is wrong.
    place.run(&["check", ".", "missing.roll"]).ends(2);
    let before = place.holds();
    place.run(&["fmt", "."]).ends(1);
    assert!(place.holds() == before, "a folder is formatted whole or not at all");
}

#[test]
fn folders_that_lead_in_circles_and_pipes_that_nobody_fills() {
    let place = Place::with_shop();
    place.folder("a/.hidden");
    place.write("a/.hidden/bad.roll", "}");
    #[cfg(unix)]
    for name in ["a/one", "a/two", "a/three"] {
        std::os::unix::fs::symlink(place.path(""), place.path(name)).unwrap();
    }
    assert_eq!(
        place.run_within(AT_ONCE, &["check", ".", "shop.roll", "./shop.roll"]).ends(0).out,
        "1 file, no errors\n"
    );
    let made = std::process::Command::new("mkfifo").arg(place.path("a/pipe.roll")).status();
    if made.is_ok_and(|status| status.success()) {
        place.run_within(AT_ONCE, &["check", "."]).ends(0);
    }
}
