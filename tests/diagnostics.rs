//! Broken programs: each gives the codes of its first line and no other, and every repair that is offered repairs.
//!
//! Enters: the programs of `tests/diagnostics`, a folder a stage. Leaves: one failure a test, naming every program that
//! is wrong. It deliberately judges no wording; that is read in the snapshots.
//!
//! The first line of a program is `# expect RC0101 RC0201`, in the order of the places; a second line may be
//! `# with --env NAME` or `# with --set PARAM=VALUE`. Files that programs name stand in folders below, for only the
//! files directly in a stage are cases.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads files and fails without them"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rollcast::diagnostic::{Code, Diagnostic, Severity};
use rollcast::model::compile::{Compiled, Fault, Files, Options, compile};
use rollcast::report::diagnostics::human;
use rollcast::report::style::Look;

const STAGES: [&str; 8] = ["syntax", "names", "units", "rollout", "routes", "analysis", "steps", "scenarios"];

/// Codes that no program of the corpus raises, with the reason.
const ABSENT: &[(Code, &str)] = &[
    (Code::InternalError, "a bug of Rollcast has no program that brings it about on purpose"),
    (Code::TooLarge, "a file of more than 1 MiB has no place in the repository; tests/cli.rs makes one"),
    (Code::NotText, "the corpus is text; tests/cli.rs makes a file that is not"),
    (Code::NothingAnswers, "manifests are no programs; tests/simulate_yaml.rs has some"),
    (Code::AnswersUnreadable, "manifests are no programs; tests/simulate_yaml.rs has some"),
    (Code::AnswerMissing, "manifests are no programs; tests/simulate_yaml.rs has some"),
    (Code::NotSimulated, IMPORTED),
    (Code::ManifestUnreadable, IMPORTED),
    (Code::ManifestTemplate, IMPORTED),
    (Code::ManifestRefused, IMPORTED),
    (Code::ManifestField, IMPORTED),
    (Code::ManifestTwice, IMPORTED),
    (Code::UnreadableRecording, RECORDED),
    (Code::ForeignRecording, RECORDED),
    (Code::AmbiguousRecording, RECORDED),
    (Code::UnreadQuery, RECORDED),
    (Code::UnsupportedFamily, RECORDED),
];

/// Why no program alone raises what is found in recordings.
const RECORDED: &str = "recordings are read after programs; tests/replay.rs has them";

/// Why no program raises what is found in manifests.
const IMPORTED: &str = "manifests are no programs; src/import has them in its tests";

struct Case {
    /// `syntax/missing-brace`
    name: String,
    folder: PathBuf,
    file: String,
    text: String,
}

/// The files beside a case, some of them replaced.
struct Folder<'a> {
    path: &'a Path,
    replaced: BTreeMap<String, String>,
}

impl Files for Folder<'_> {
    fn read(&self, path: &str) -> Result<String, Fault> {
        if let Some(text) = self.replaced.get(path) {
            return Ok(text.clone());
        }
        let path = self.path.join(path);
        if path.is_dir() {
            return Err(Fault::Directory);
        }
        std::fs::read_to_string(path).map_err(|_| Fault::Missing)
    }
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let mut found = Vec::new();
    for stage in STAGES {
        let folder = root.join(stage);
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "roll"))
            .collect();
        names.sort();
        for file in names {
            let text = std::fs::read_to_string(folder.join(&file)).unwrap();
            let name = format!("{stage}/{}", file.trim_end_matches(".roll"));
            found.push(Case { name, folder: folder.clone(), file, text });
        }
    }
    found
}

impl Case {
    fn expected(&self) -> Vec<&str> {
        let line = self.text.lines().next().unwrap_or("");
        let codes = line.strip_prefix("# expect ");
        assert!(codes.is_some(), "{} begins with no `# expect`", self.name);
        codes.unwrap_or("").split_whitespace().collect()
    }

    fn options(&self) -> Options {
        let mut options = Options::default();
        let line = self.text.lines().nth(1).unwrap_or("");
        let mut words = line.strip_prefix("# with ").unwrap_or("").split_whitespace();
        while let (Some(flag), Some(value)) = (words.next(), words.next()) {
            if flag == "--env" {
                options.env = Some(value.to_owned());
            } else {
                let setting = value.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
                options.settings.extend(setting);
            }
        }
        options
    }

    fn compile(&self, replaced: BTreeMap<String, String>) -> Compiled {
        compile(&self.file, &Folder { path: &self.folder, replaced }, &self.options()).unwrap()
    }
}

fn codes(compiled: &Compiled) -> Vec<&'static str> {
    compiled.diagnostics.iter().map(|diagnostic| diagnostic.code.id()).collect()
}

fn said(compiled: &Compiled) -> String {
    let line = |diagnostic: &Diagnostic| {
        let place = compiled.sources.place(diagnostic.span());
        format!("    {place}: {} {}\n", diagnostic.code.id(), diagnostic.headline)
    };
    compiled.diagnostics.iter().map(line).collect()
}

#[test]
fn every_broken_program_gives_its_codes_and_nothing_else() {
    let mut wrong = Vec::new();
    let cases = cases();
    for case in &cases {
        let compiled = case.compile(BTreeMap::new());
        let (mut found, mut expected) = (codes(&compiled), case.expected());
        found.sort_unstable();
        expected.sort_unstable();
        if found != expected {
            wrong.push(format!("{}: expected {}, found\n{}", case.name, expected.join(" "), said(&compiled)));
        }
    }
    assert!(wrong.is_empty(), "{} of {} programs:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_report_reads_as_it_was_read_by_people() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/diagnostics");
    for case in cases() {
        let compiled = case.compile(BTreeMap::new());
        let (stage, name) = case.name.split_once('/').unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(root.join(stage));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, rendered(&compiled)));
    }
}

/// The report as a terminal of 100 columns shows it, without colour.
fn rendered(compiled: &Compiled) -> String {
    let files = compiled.sources.iter().filter(|(_, file)| !file.name.starts_with("--")).count();
    human(&compiled.diagnostics, &compiled.sources, files, &Look::plain())
}

#[test]
fn every_code_has_a_broken_program() {
    let cases = cases();
    let met: Vec<&str> = cases.iter().flat_map(Case::expected).collect();
    let missing: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| ABSENT.iter().all(|(absent, _)| absent != *code) && !met.contains(&code.id()))
        .map(|code| code.id())
        .collect();
    assert!(missing.is_empty(), "no program of tests/diagnostics raises {}", missing.join(", "));
}

#[test]
fn every_repair_removes_what_it_repairs_and_adds_no_mistake() {
    let mut wrong = Vec::new();
    let mut repairs = 0;
    for case in cases() {
        let compiled = case.compile(BTreeMap::new());
        for diagnostic in &compiled.diagnostics {
            let Some(fix) = &diagnostic.fix else { continue };
            let source = compiled.sources.get(fix.span.file).unwrap();
            if source.name.starts_with("--") {
                continue;
            }
            repairs += 1;
            let mut text = source.text.clone();
            text.replace_range(fix.span.range(), &fix.replacement);
            let mended = case.compile(BTreeMap::from([(source.name.clone(), text)]));
            let errors = |compiled: &Compiled| {
                compiled.diagnostics.iter().filter(|d| d.severity() == Severity::Error).count()
            };
            let same =
                |other: &&Diagnostic| other.code == diagnostic.code && other.headline == diagnostic.headline;
            let count = |compiled: &Compiled| compiled.diagnostics.iter().filter(same).count();
            if count(&mended) >= count(&compiled) || errors(&mended) > errors(&compiled) {
                wrong.push(format!("{}: `{}` leaves\n{}", case.name, fix.title, said(&mended)));
            }
        }
    }
    assert!(wrong.is_empty(), "repairs that do not repair:\n{}", wrong.join("\n"));
    assert!(repairs >= 15, "only {repairs} repairs are offered by the whole corpus");
}
