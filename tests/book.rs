//! The book is true: its programs compile and are formatted, its sessions print what they show, its links lead somewhere.
//!
//! Enters: the pages of `book/src`. Leaves: one failure a test, naming every place that is wrong.
//! It deliberately leaves the pages of codes to `tests/codes.rs`.
//!
//! A block of the language compiles without an error, alone or with the blocks above it that have `file=NAME`;
//! `fails=RC0304` says that it raises this code. A block `console` is a part of the page's session: each line with `$ `
//! is run in a folder that holds the page's files so far, and the lines after it are what it prints. Sessions are
//! written anew by `UPDATE_BOOK=1 cargo test --test book`.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads files and fails without them"
)]

#[path = "support/markdown.rs"]
mod markdown;

use std::path::{Path, PathBuf};
use std::process::Command;

use markdown::{Block, Program, ROOT, blocks, codes, said};
use rollcast::diagnostic::Severity;
use rollcast::formatter;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("book/src")
}

/// Every page but those of codes: its path below `book/src`, and its text.
fn pages() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![source()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(source()).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md")
                && !name.starts_with("codes/RC")
            {
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn programs(page: &str) -> Vec<(Block, Program)> {
    let all: Vec<Block> = blocks(page);
    let is_program = |block: &Block| block.language() == "roll";
    let with_files = |at: usize, block: &Block| (block.clone(), Program::of(block, all.iter().take(at)));
    all.iter()
        .enumerate()
        .filter(|(_, block)| is_program(block))
        .map(|(at, block)| with_files(at, block))
        .collect()
}

#[test]
fn every_program_compiles_or_fails_as_it_says() {
    let mut wrong = Vec::new();
    for (name, page) in pages() {
        for (block, program) in programs(&page) {
            let compiled = program.compile();
            let place = format!("{name}:{} ({})", block.line, block.heading);
            match block.attribute("fails") {
                Some(code) if codes(&compiled) != [code] => {
                    wrong.push(format!("{place}: expected {code} alone, found\n{}", said(&compiled)));
                }
                None if compiled.diagnostics.iter().any(|d| d.severity() == Severity::Error) => {
                    wrong.push(format!("{place}: {ROOT} does not compile\n{}", said(&compiled)));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_program_is_formatted() {
    let mut wrong = Vec::new();
    for (name, page) in pages() {
        for (block, _) in programs(&page) {
            let formatted = formatter::format(&block.text);
            if formatted != block.text {
                wrong.push(format!("{name}:{}: formatted it is\n{formatted}", block.line));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_session_prints_what_it_shows() {
    let update = std::env::var_os("UPDATE_BOOK").is_some();
    let mut wrong = Vec::new();
    for (name, page) in pages() {
        let played = played(&page);
        if played != page && update {
            std::fs::write(source().join(&name), played).unwrap();
        } else if played != page {
            let difference = similar::TextDiff::from_lines(page.as_str(), played.as_str());
            wrong.push(difference.unified_diff().header(&name, "what is printed").to_string());
        }
    }
    assert!(
        wrong.is_empty(),
        "UPDATE_BOOK=1 cargo test --test book writes the sessions anew\n{}",
        wrong.join("\n")
    );
}

/// The page with what its commands print.
fn played(page: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    let mut open: Option<(Block, Vec<String>)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(info), None) => {
                let block = Block {
                    heading: String::new(),
                    info: info.trim().to_owned(),
                    text: String::new(),
                    line: 0,
                };
                text.push_str(&format!("{line}\n"));
                open = Some((block, Vec::new()));
            }
            (Some(_), Some((block, lines))) => {
                text.push_str(&closed(&block, &lines, folder.path()));
                text.push_str("```\n");
            }
            (None, Some((block, mut lines))) => {
                lines.push(line.to_owned());
                open = Some((block, lines));
            }
            (None, None) => text.push_str(&format!("{line}\n")),
        }
    }
    text
}

fn closed(block: &Block, lines: &[String], folder: &Path) -> String {
    let whole = joined(lines.iter().map(String::as_str));
    if let Some(file) = block.attribute("file") {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &whole).unwrap();
    }
    if block.language() != "console" {
        return whole;
    }
    let commands = lines.iter().filter_map(|line| line.strip_prefix("$ "));
    let shown: Vec<String> =
        commands.map(|command| format!("$ {command}\n{}", printed(command, folder))).collect();
    shown.concat()
}

/// Lines, each with its end.
fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Standard output and then standard error of a shell's command, without what differs from run to run.
fn printed(command: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_rollcast"));
    let path =
        format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .arg("-c")
        .arg(command)
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .env("LANG", "C.UTF-8")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    let lines: Vec<String> = text.lines().map(timeless).collect();
    joined(lines.iter().map(String::as_str))
}

/// `2 runs in 0.3 s` took as long as it took.
fn timeless(line: &str) -> String {
    let line = line.trim_end();
    match line.rsplit_once(" in ") {
        Some((head, time)) if time.ends_with(" s") && line.contains("scenario") => format!("{head} in 0.0 s"),
        _ => line.to_owned(),
    }
}

#[test]
fn every_link_leads_to_a_page() {
    let mut wrong = Vec::new();
    for (name, page) in pages() {
        let folder = source().join(&name).parent().unwrap().to_owned();
        for target in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or("");
            if !file.is_empty() && !file.contains("://") && !folder.join(file).exists() {
                wrong.push(format!("{name}: {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "links to nowhere:\n{}", wrong.join("\n"));
}
