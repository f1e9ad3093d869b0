//! Every code's page is true: its first example raises the code and nothing else, the repaired one raises nothing.
//!
//! Enters: the pages of `book/src/codes`. Leaves: one failure a test, naming every page that is wrong.
//! It deliberately knows no code but those that no program text can raise.
#![expect(clippy::unwrap_used, reason = "a test fails where something is missing")]

#[path = "support/markdown.rs"]
mod markdown;

use markdown::{Block, Program, blocks, codes, said};
use rollcast::diagnostic::Code;
use rollcast::formatter;

/// Codes without an example, with the reason.
const WITHOUT_EXAMPLE: &[(Code, &str)] = &[
    (Code::InternalError, "a bug of Rollcast has no program text that brings it about on purpose"),
    (Code::TooLarge, "a page does not hold a file of more than 1 MiB; tests/cli.rs has one"),
    (Code::NotText, "a page is UTF-8 itself; tests/cli.rs has a file that is not"),
    (Code::NotSimulated, "manifests are no programs; tests/manifests.rs has some"),
    (Code::ManifestUnreadable, "manifests are no programs; src/import/text.rs has tests"),
    (Code::ManifestTemplate, "manifests are no programs; src/import/text.rs has tests"),
    (Code::ManifestRefused, "manifests are no programs; tests/manifests.rs has some"),
    (Code::ManifestField, "manifests are no programs; tests/manifests.rs has some"),
    (Code::ManifestTwice, "manifests are no programs; src/import/text.rs has tests"),
    (Code::NothingAnswers, "manifests are no programs; tests/simulate_yaml.rs has some"),
    (Code::AnswersUnreadable, "measured values are no programs; tests/simulate_yaml.rs has some"),
    (Code::AnswerMissing, "measured values are no programs; tests/simulate_yaml.rs has some"),
    (Code::UnknownEnv, "the name comes from the command line; the test below gives one"),
    (Code::UnreadableRecording, RECORDED),
    (Code::ForeignRecording, RECORDED),
    (Code::AmbiguousRecording, RECORDED),
    (Code::UnreadQuery, RECORDED),
    (Code::UnsupportedFamily, RECORDED),
];

/// Why no program alone raises what is found in recordings.
const RECORDED: &str = "recordings are read after programs; tests/replay.rs has them";

const FAILS: &str = "An example that fails";
const REPAIRED: &str = "The same, repaired";

fn has_example(code: Code) -> bool {
    WITHOUT_EXAMPLE.iter().all(|(other, _)| *other != code)
}

/// The program under a heading: its first block of the language is the root.
fn under(page: &[Block], heading: &str) -> Option<Program> {
    let here: Vec<&Block> = page.iter().filter(|block| block.heading == heading).collect();
    let root = here.iter().find(|block| block.language() == "roll" && block.attribute("file").is_none())?;
    Some(Program::of(root, here.iter().copied()))
}

fn check(code: Code, wrong: &mut Vec<String>) {
    let page = blocks(code.page());
    let (Some(bad), Some(good)) = (under(&page, FAILS), under(&page, REPAIRED)) else {
        wrong.push(format!("{}: an example is missing below `## {FAILS}` or `## {REPAIRED}`", code.id()));
        return;
    };
    let compiled = bad.compile();
    if codes(&compiled) != [code.id()] {
        wrong.push(format!("{}: the first example raises\n{}", code.id(), said(&compiled)));
    }
    let compiled = good.compile();
    if !compiled.diagnostics.is_empty() {
        wrong.push(format!("{}: the repaired example raises\n{}", code.id(), said(&compiled)));
    }
}

#[test]
fn every_example_raises_its_code_alone_and_its_repair_nothing() {
    let mut wrong = Vec::new();
    for code in Code::ALL.iter().copied().filter(|code| has_example(*code)) {
        check(code, &mut wrong);
    }
    assert!(wrong.is_empty(), "pages of codes that are not true:\n{}", wrong.join("\n"));
}

#[test]
fn every_page_has_the_same_headings() {
    for code in Code::ALL {
        let headings: Vec<&str> = code.page().lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let wanted = if has_example(*code) {
            ["Why it matters", FAILS, REPAIRED]
        } else {
            ["Why it matters", "How it comes about", "How the command is repaired"]
        };
        assert_eq!(headings, wanted, "{}", code.id());
    }
}

#[test]
fn examples_are_formatted() {
    let mut wrong = Vec::new();
    for code in Code::ALL {
        for block in blocks(code.page()).iter().filter(|block| block.language() == "roll") {
            let formatted = formatter::format(&block.text);
            if formatted != block.text {
                wrong.push(format!("{}.md:{}: formatted it is\n{formatted}", code.id(), block.line));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_unknown_env_is_said() {
    let page = blocks(Code::UnknownEnv.page());
    let root = page.iter().find(|block| block.language() == "roll").unwrap();
    let program = Program::of(root, []);
    let asked = |env: &str| {
        let options = rollcast::model::compile::Options {
            env: Some(env.to_owned()),
            settings: Vec::new(),
            ..Default::default()
        };
        rollcast::model::compile::compile(markdown::ROOT, &program, &options).unwrap()
    };
    assert_eq!(codes(&asked("prodution")), [Code::UnknownEnv.id()]);
    assert_eq!(codes(&asked("production")), [] as [&str; 0]);
}
