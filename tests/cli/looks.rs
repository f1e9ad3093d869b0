//! How what is said looks: colour, width, charset; the same words in all of them.
//!
//! Enters: environments. Leaves: text for terminals of all kinds.
//! It deliberately draws no terminal: a test's streams are pipes, which is what CI has.

use crate::place::{Place, SHOP};

/// Commands whose text is ours, with what they need; the status is what each ends with.
const ALL: [(&[&str], i32); 14] = [
    (&["simulate", "shop.roll"], 0),
    (&["simulate", "shop.roll", "--scenario", "helthy"], 2),
    (&["test", "shop.roll", "fails.roll"], 1),
    (&["check", "shop.roll", "wrong.roll", "warns.roll"], 1),
    (&["check", "missing.roll"], 2),
    (&["build", "shop.roll"], 0),
    (&["build", "shop.roll", "-o", "made/", "--check"], 1),
    (&["build", "wrong.roll"], 1),
    (&["explain", "shop.roll"], 0),
    (&["explain", "RC0304"], 0),
    (&["fmt", "--diff", "loose.roll"], 1),
    (&["completions", "bash"], 0),
    (&["--help"], 0),
    (&["help", "test"], 0),
];

fn place() -> Place {
    let place = Place::with_shop();
    place.write("fails.roll", SHOP.replace("expect  promote", "expect  rollback"));
    place.write("loose.roll", "rollout a {\nroute   istio\n}\n");
    place.write("wrong.roll", SHOP.replace("error-rate < 1%", "error-rate < 5ms").replace("1m }", "2m }"));
    place.write("warns.roll", SHOP.replace("over 1m", "over 15s"));
    place
}

#[test]
fn no_colour_in_pipes_unless_asked() {
    let place = place();
    for (arguments, status) in ALL {
        let plain = place.run(arguments).ends(status);
        assert!(!plain.out.contains('\u{1b}') && !plain.err.contains('\u{1b}'), "{arguments:?}");
    }
    for command in [
        &["simulate", "shop.roll"][..],
        &["test", "fails.roll"],
        &["check", "wrong.roll"],
        &["explain", "shop.roll"],
    ] {
        let plain = place.run(command);
        let never = place.run(&[command, &["--color", "never"]].concat());
        let painted = place.run(&[command, &["--color", "always"]].concat());
        let asked = place.run_with(&[command, &["--color", "always"]].concat(), &[("NO_COLOR", "1")], "");
        let same = |text: &str| text.rsplit_once(" in ").map_or(text, |(before, _)| before).to_owned();
        assert_eq!(same(&plain.out), same(&never.out), "{command:?}");
        assert!(painted.out.contains('\u{1b}'), "{command:?} paints where it is told to");
        assert!(asked.out.contains('\u{1b}'), "{command:?}: what was typed wins over the environment");
        assert_eq!(same(&unpainted(&painted.out)), same(&plain.out), "{command:?}: paint changes no word");
    }
}

/// Without the sequences that paint.
fn unpainted(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or(part, |(_, rest)| rest))
}

#[test]
fn ascii_where_the_locale_has_nothing_else() {
    let place = place();
    for (arguments, status) in ALL {
        for locale in [("LANG", "C"), ("LC_ALL", "POSIX"), ("LC_CTYPE", "en_US.ISO-8859-1")] {
            let said = place.run_with(arguments, &[("LANG", "C"), locale], "").ends(status);
            for text in [&said.out, &said.err] {
                let strange = text.lines().find(|line| !line.is_ascii());
                assert_eq!(strange, None, "{arguments:?} with {locale:?}");
            }
        }
    }
    let said = place.run_with(&["simulate", "shop.roll"], &[("LANG", "C"), ("LC_ALL", "de_DE.utf8")], "");
    assert!(!said.out.is_ascii(), "LC_ALL wins over LANG");
}

#[test]
fn as_wide_as_asked_and_never_over_a_hundred() {
    let place = place();
    for (columns, most) in [("40", 40), ("60", 60), ("10", 40), ("100", 100), ("250", 100), ("wide", 100)] {
        for arguments in
            [&["simulate", "shop.roll"][..], &["test", "shop.roll", "fails.roll"], &["explain", "shop.roll"]]
        {
            let said = place.run_with(arguments, &[("COLUMNS", columns)], "");
            for line in said.out.lines() {
                // Commands stay on one line, so that they can be pasted; places, so that they can be clicked.
                // The count of scenarios is one sentence.
                let whole = line.contains("rollcast ")
                    || line.contains(" runs in ")
                    || line.contains(".roll:")
                    || line.contains("http://");
                assert!(
                    whole || line.chars().count() <= most,
                    "{arguments:?} with COLUMNS={columns}:\n{line}"
                );
            }
        }
    }
}

#[test]
fn explain_keeps_its_columns() {
    let place = place();
    let said = place.run(&["explain", "shop.roll"]).ends(0);
    for block in said.out.split("\n\n") {
        let starts: Vec<usize> = block
            .lines()
            .filter_map(|line| line.find("default: ").or_else(|| line.find("shop.roll:")))
            .collect();
        assert!(starts.len() > 3, "{block}");
        let column = starts.iter().copied().max().unwrap();
        // An origin that found no room beside its value stands below it, where values begin.
        let below = starts.iter().copied().min().unwrap();
        assert!(starts.iter().all(|start| *start == column || *start == below), "{starts:?}\n{block}");
    }
}

#[test]
fn machines_are_told_the_same_whatever_the_terminal() {
    let place = place();
    for arguments in [
        &["check", "wrong.roll", "--format", "json"][..],
        &["check", "wrong.roll", "--format", "github"],
        &["simulate", "shop.roll", "--format", "json"],
    ] {
        let wide = place.run(arguments);
        let narrow = place.run_with(
            &[arguments, &["--color", "always"]].concat(),
            &[("COLUMNS", "40"), ("LANG", "C")],
            "",
        );
        assert_eq!(wide.out, narrow.out, "{arguments:?}");
    }
    place.write("bytes.roll", b"\xff");
    let said = place.run(&["check", "bytes.roll", "wrong.roll", "--format", "json"]).ends(1);
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let codes: Vec<&str> =
        found.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"RC0110"), "what is no program is among the findings: {codes:?}");
}
