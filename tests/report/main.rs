//! What people and machines see of runs, diagnostics and tests, against snapshots that are meant to be read.

mod diagnostics;
mod pictures;
mod results;
mod samples;
mod strange;
mod verdicts;

use rollcast::report::{Commands, Look, Suggestion, text, timeline};

fn commands() -> Commands {
    let program =
        "rollcast simulate examples/canary-demo.roll --scenario \"a release that fails one request in ten\"";
    Commands {
        again: Some(format!("{program} --seed 1")),
        next: vec![
            Suggestion { command: format!("{program} --svg run.svg"), purpose: "a picture of it".into() },
            Suggestion {
                command: "rollcast forecast examples/canary-demo.roll".into(),
                purpose: "how often it ends so".into(),
            },
        ],
    }
}

const ASCII: Look = Look { width: 100, colour: false, unicode: false };

#[test]
fn a_release_that_is_rolled_back() {
    insta::assert_snapshot!(timeline(&samples::rolled_back(), &Look::plain(), &commands()));
}

#[test]
fn a_release_that_is_promoted() {
    insta::assert_snapshot!(timeline(&samples::promoted(), &Look::plain(), &commands()));
}

#[test]
fn a_release_that_waits_for_a_person() {
    insta::assert_snapshot!(timeline(&samples::paused(), &Look::plain(), &Commands::default()));
}

#[test]
fn forty_columns_of_ascii() {
    let look = Look { width: 40, ..ASCII };
    insta::assert_snapshot!(timeline(&samples::rolled_back(), &look, &commands()));
}

#[test]
fn seventy_two_columns() {
    let look = Look { width: 72, ..Look::plain() };
    insta::assert_snapshot!(timeline(&samples::promoted(), &look, &Commands::default()));
}

#[test]
fn no_line_is_wider_than_the_look_and_ascii_is_ascii() {
    for trace in [samples::rolled_back(), samples::promoted(), samples::paused()] {
        for width in [40, 41, 47, 55, 63, 72, 80, 93, 100, 300] {
            for unicode in [true, false] {
                let look = Look { width, colour: false, unicode };
                let shown = timeline(&trace, &look, &Commands::default());
                for line in shown.lines() {
                    assert!(text::width(line) <= width.min(100), "{width}: {line}");
                    assert!(unicode || line.is_ascii(), "{line}");
                }
            }
        }
    }
}

#[test]
fn colour_adds_paint_and_no_words() {
    let coloured = Look { colour: true, ..Look::plain() };
    let paint = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    for trace in [samples::rolled_back(), samples::promoted(), samples::paused()] {
        let painted = timeline(&trace, &coloured, &commands());
        assert!(painted.contains('\u{1b}'));
        let bare = paint.replace_all(&painted, "").into_owned();
        let trim = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        assert_eq!(trim(&bare), trim(&timeline(&trace, &Look::plain(), &commands())));
    }
}
