//! How commands are called: exit statuses by case, help, completions, streams that close.
//!
//! Enters: arguments of every kind. Leaves: a status and on which stream something was said.
//! It deliberately leaves what a command does to the file about that command.

use std::io::Read;
use std::process::Stdio;

use crate::place::{Place, SHOP};

#[test]
fn every_end_has_its_status() {
    let place = Place::with_shop();
    place.write("wrong.roll", SHOP.replace("istio", "isteo"));
    place.write("fails.roll", SHOP.replace("expect  promote", "expect  rollback"));
    place.write("loose.roll", SHOP.replace("  replicas replicas", "replicas    replicas"));
    place.write("warns.roll", SHOP.replace("over 1m", "over 15s"));
    let cases: [(i32, &[&str]); 48] = [
        (0, &["--help"]),
        (0, &["help"]),
        (0, &["help", "build"]),
        (0, &["--version"]),
        (2, &[]),
        (2, &["simulat"]),
        (2, &["--nonsense"]),
        (2, &["--color", "sometimes", "check", "shop.roll"]),
        (0, &["check", "shop.roll"]),
        (0, &["check", "warns.roll"]),
        (1, &["check", "wrong.roll"]),
        (1, &["check", "shop.roll", "wrong.roll"]),
        (2, &["check", "missing.roll"]),
        (2, &["check"]),
        (2, &["check", "--format", "xml", "shop.roll"]),
        (0, &["build", "shop.roll"]),
        (0, &["build", "warns.roll"]),
        (1, &["build", "wrong.roll"]),
        (2, &["build", "missing.roll"]),
        (2, &["build", "shop.roll", "fails.roll"]),
        (1, &["build", "shop.roll", "-o", "made/", "--check"]),
        (0, &["simulate", "shop.roll"]),
        (0, &["simulate", "fails.roll"]),
        (1, &["simulate", "wrong.roll"]),
        (2, &["simulate", "missing.roll"]),
        (2, &["simulate", "shop.roll", "--scenario", "helthy"]),
        (2, &["simulate", "shop.roll", "--seed", "-1"]),
        (2, &["simulate", "shop.roll", "--seed", "99999999999999999999"]),
        (0, &["simulate", "shop.roll", "--seed", "18446744073709551615", "--run", "18446744073709551615"]),
        (0, &["test", "shop.roll"]),
        (1, &["test", "fails.roll"]),
        (1, &["test", "wrong.roll"]),
        (1, &["test", "shop.roll", "wrong.roll"]),
        (2, &["test", "missing.roll"]),
        (2, &["test", "shop.roll", "--scenario", "nothing like it"]),
        (2, &["test", "shop.roll", "--jobs", "0"]),
        (2, &["test", "shop.roll", "--jobs", "100000"]),
        (0, &["fmt", "--check", "shop.roll"]),
        (1, &["fmt", "--check", "loose.roll"]),
        (1, &["fmt", "--diff", "loose.roll"]),
        (2, &["fmt", "missing.roll"]),
        (2, &["fmt", "-", "shop.roll"]),
        (0, &["explain", "RC0304"]),
        (0, &["explain", "shop.roll"]),
        (1, &["explain", "wrong.roll"]),
        (2, &["explain", "RC9999"]),
        (2, &["explain", "missing.roll"]),
        (2, &["completions", "tcsh"]),
    ];
    let before = place.holds();
    for (status, arguments) in cases {
        let said = place.run(arguments);
        assert_eq!(said.status, status, "{arguments:?}\n{}\n{}", said.out, said.err);
        assert!(said.status != 2 || !said.err.is_empty(), "{arguments:?}: {said:?}");
    }
    assert!(place.holds() == before, "one of them wrote something");
}

#[test]
fn every_command_helps() {
    let place = Place::new();
    for command in ["simulate", "test", "build", "check", "fmt", "explain", "completions"] {
        for flag in ["-h", "--help"] {
            let said = place.run_with(&[command, flag], &[("LANG", "C"), ("COLUMNS", "100")], "").ends(0);
            assert!(said.out.contains(&format!("Usage: rollcast {command}")), "{}", said.out);
            assert!(said.out.is_ascii() && said.err.is_empty(), "{}", said.out);
            assert!(said.out.lines().all(|line| line.chars().count() <= 100), "{}", said.out);
        }
    }
    let said = place.run(&["help"]).ends(0);
    for line in [
        "  0   yes, or done",
        "  1   the program has errors",
        "  2   it could not run",
        "  70  a bug of Rollcast",
    ] {
        assert!(said.out.contains(line), "{}", said.out);
    }
}

#[test]
fn shells_complete() {
    let place = Place::new();
    for (shell, sign) in
        [("bash", "complete -F _rollcast"), ("zsh", "#compdef rollcast"), ("fish", "complete -c rollcast")]
    {
        let said = place.run(&["completions", shell]).ends(0);
        assert!(said.out.contains(sign), "{shell}:\n{}", said.out);
        assert!(
            said.out.contains("simulate") && said.out.contains("junit"),
            "{shell} knows commands and options"
        );
    }
}

#[test]
fn a_reader_may_go_away() {
    let place = Place::with_shop();
    // More than a pipe holds, so that the writer notices.
    let many: String = (0..300)
        .map(|at| format!("scenario \"s{at}\" for shop {{ traffic 50/s  expect promote }}\n"))
        .collect();
    place.write("many.roll", format!("{SHOP}{many}"));
    for arguments in [
        &["simulate", "many.roll"][..],
        &["simulate", "shop.roll", "--format", "json"],
        &["test", "many.roll"],
        &["build", "shop.roll"],
        &["check", "shop.roll"],
        &["explain", "shop.roll"],
        &["explain", "RC0304"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("rollcast"))
            .current_dir(place.path(""))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0_u8; 1];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut first).unwrap();
        drop(out);
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let status = child.wait().unwrap().code();
        assert_eq!((status, err.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn explain_shows_pages_and_offers_the_nearest_code() {
    let place = Place::new();
    for code in ["RC0304", "rc0304", "0304"] {
        assert!(place.run(&["explain", code]).ends(0).out.starts_with("# RC0304: "), "{code}");
    }
    let said = place.run(&["explain", "RC0394"]).ends(2);
    assert_eq!(said.err, "error: there is no code `RC0394`; `rollcast explain RC0304` is one\n");
}
