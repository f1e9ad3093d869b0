//! The house rules that a reader can see and the compiler cannot: floors, headers, sizes, words, codes and their pages.
//!
//! Enters: the repository's own files. Leaves: one failure a rule, naming every place and what to do.
//! It deliberately parses no Rust; it reads lines, and the rules are worded so that lines suffice.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads files and fails without them"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Each module's floor; neighbours on a floor do not know each other. The same table stands in
/// `book/src/internals/architecture.md`.
const FLOORS: &[(u32, &[&str])] = &[
    (5, &["main", "cli", "lsp", "server"]),
    (4, &["report", "ide", "cluster"]),
    (3, &["backend", "simulator", "lint", "import"]),
    (2, &["model", "formatter"]),
    (1, &["syntax", "promql", "condition", "series", "manifest"]),
    (0, &["source", "diagnostic", "unit"]),
];

/// Imports that cross a floor sideways or upwards and are meant to; each with its reason.
const ACCEPTED: &[(&str, &str, &str)] = &[
    ("diagnostic", "source", "what is wrong is wrong somewhere: a diagnosis is made of spans"),
    (
        "series",
        "promql",
        "recordings and PromQL share the notation of labels, numbers and load commands; one reader has it",
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn floor_of(module: &str) -> Option<u32> {
    FLOORS.iter().find(|(_, modules)| modules.contains(&module)).map(|(floor, _)| *floor)
}

fn module_of(path: &str) -> String {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    let first = inside.split('/').next().unwrap_or("");
    first.strip_suffix(".rs").unwrap_or(first).to_owned()
}

/// The modules that a line names as `crate::module`, comments apart.
fn named(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or("");
    let mut found = Vec::new();
    for part in code.split("crate::").skip(1) {
        if let Some(group) = part.strip_prefix('{') {
            for item in group.split('}').next().unwrap_or("").split(',') {
                found.push(item.trim().split("::").next().unwrap_or("").to_owned());
            }
        } else {
            found
                .push(part.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_owned());
        }
    }
    found.retain(|module| !module.is_empty());
    found
}

#[test]
fn modules_import_from_lower_floors_only() {
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        let module = module_of(&path);
        if module == "lib" {
            continue;
        }
        let Some(floor) = floor_of(&module) else {
            wrong.push(format!(
                "{path}: `{module}` stands on no floor; add it to FLOORS and to the architecture page"
            ));
            continue;
        };
        for (at, line) in text.lines().enumerate() {
            for other in named(line) {
                let Some(below) = floor_of(&other) else { continue };
                let accepted = ACCEPTED.iter().any(|(from, to, _)| *from == module && *to == other);
                if other != module && below >= floor && !accepted {
                    let place = format!("{path}:{}", at + 1);
                    wrong.push(format!("{place}: `{module}` (floor {floor}) uses `{other}` (floor {below})"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports go down only:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_of_the_library_stands_on_a_floor_and_in_the_book() {
    let library = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let page = std::fs::read_to_string(root().join("book/src/internals/architecture.md")).unwrap();
    for line in library.lines() {
        let Some(module) = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) else {
            continue;
        };
        assert!(floor_of(module).is_some(), "`{module}` stands on no floor");
        assert!(page.contains(module), "`{module}` is missing from book/src/internals/architecture.md");
    }
}

#[test]
fn every_file_says_what_enters_and_what_leaves() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "benches", "fuzz/fuzz_targets"] {
        for (path, text) in rust_files(folder) {
            if path.starts_with("tests/oracles/") {
                continue;
            }
            let header: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
            let both = header.contains("Enters and leaves:");
            let whole = both && header.contains("deliberately")
                || header.contains("Enters:")
                    && header.contains("Leaves:")
                    && header.contains("deliberately");
            if path.starts_with("src/") && path != "src/lib.rs" && path != "src/main.rs" && !whole {
                wrong.push(format!(
                    "{path}: open with `//!`: what it is; Enters: …. Leaves: …. It deliberately …"
                ));
            } else if header.is_empty() && path != "src/lib.rs" {
                wrong.push(format!("{path}: open with `//!`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_short() {
    let mut lengths: Vec<(usize, String)> = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for (path, text) in rust_files(folder) {
            lengths.push((text.lines().count(), path));
        }
    }
    let long: Vec<String> = lengths
        .iter()
        .filter(|(lines, _)| *lines > 600)
        .map(|(lines, path)| format!("{path}: {lines}"))
        .collect();
    assert!(long.is_empty(), "no file has over 600 lines; split these by concern:\n{}", long.join("\n"));
    let mut source: Vec<usize> =
        lengths.iter().filter(|(_, p)| p.starts_with("src/")).map(|(l, _)| *l).collect();
    source.sort_unstable();
    let median = source[source.len() / 2];
    assert!(median <= 250, "the median file under src has {median} lines; split the largest by concern");
}

#[test]
fn no_word_that_means_later_and_no_path_of_one_machine() {
    // The words are put together here so that this file does not contain them.
    let banned: Vec<String> =
        ["TO DO", "FIX ME", "X XX", "unimple mented!", "to do!(", "/wo rk/", "arti factory", "dbg !("]
            .iter()
            .map(|word| word.replace(' ', ""))
            .collect();
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "benches", "fuzz/fuzz_targets"] {
        for (path, text) in rust_files(folder) {
            for (at, line) in text.lines().enumerate() {
                for word in banned.iter().filter(|word| line.contains(word.as_str())) {
                    wrong.push(format!("{path}:{}: `{word}`", at + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "either the tracker has it or the code does:\n{}", wrong.join("\n"));
}

#[test]
fn no_merge_was_left_open() {
    // Broken programs may show one.
    let mark = "<".repeat(7) + " ";
    let mut folders = vec![root().to_path_buf()];
    let mut wrong = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                if !["target", ".git", ".bin", ".cluster", "diagnostics"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if ["md", "rs", "toml", "lock", "pest", "roll", "yaml", "py"]
                .iter()
                .any(|ending| name.ends_with(ending))
                && std::fs::read_to_string(&path)
                    .is_ok_and(|text| text.lines().any(|line| line.starts_with(&mark)))
            {
                wrong.push(path.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "both sides of a merge stand in\n{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_page_that_the_book_lists_and_every_page_a_code() {
    let folder = root().join("book/src/codes");
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        pages.insert(name, std::fs::read_to_string(entry.path()).unwrap());
    }
    let summary = std::fs::read_to_string(root().join("book/src/SUMMARY.md")).unwrap();
    for code in rollcast::diagnostic::Code::ALL {
        let name = format!("{}.md", code.id());
        let page = pages.remove(&name).unwrap_or_else(|| panic!("{name} is missing"));
        let title = format!("# {}: {}", code.id(), code.summary());
        assert_eq!(
            page.lines().next(),
            Some(title.as_str()),
            "the first line of {name} is the code's summary"
        );
        assert!(summary.contains(&name), "book/src/SUMMARY.md lists no {name}");
    }
    pages.remove("README.md");
    assert!(pages.is_empty(), "pages without a code: {:?}", pages.keys());
}
