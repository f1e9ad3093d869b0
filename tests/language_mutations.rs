//! What holds of every text, through the whole house: an answer or diagnostics, at once, and never a panic.
//!
//! The texts are every prefix of every example and ten thousand mutations of them, the same on every run:
//! `MUTATIONS=100000 cargo test --test language_mutations` tries more, `MUTATIONS_SEED=2` others.
//! Each is compiled, built where it has no error, and formatted; `language_properties` asks more of the syntax alone.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reads its cases and fails without them"
)]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rollcast::backend;
use rollcast::formatter::format;
use rollcast::model::compile::{Compiled, Fault, Files, Options, compile};

/// Neither the answer to a text (compiled, and built where it has no error) nor its formatting may take longer, in
/// whatever build the test runs.
const PATIENCE: Duration = Duration::from_millis(100);

/// A text that takes longer is tried again, because the machine may have other things to do; the fastest try counts.
const TRIES: u32 = 4;

/// The examples with their Deployments, and one text more that uses every production of the language.
struct Corpus {
    files: BTreeMap<String, String>,
    programs: Vec<String>,
}

impl Corpus {
    fn read() -> Self {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if !entry.path().is_file() {
                // Recordings and manifests of others are no programs.
                continue;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            files.insert(name, std::fs::read_to_string(entry.path()).unwrap());
        }
        files.insert("everything.roll".into(), include_str!("language/everything.roll").into());
        let deployment = files.get("checkout.deployment.yaml").unwrap().replace("checkout", "pay");
        files.insert("pay.deployment.yaml".into(), deployment);
        let programs = files
            .keys()
            .filter(|name| {
                std::path::Path::new(name).extension().is_some_and(|extension| extension == "roll")
            })
            .cloned()
            .collect();
        Self { files, programs }
    }
}

/// The corpus with one of its files replaced by a mutant, which is counted when it is read.
struct Disk<'a> {
    corpus: &'a Corpus,
    name: &'a str,
    bytes: &'a [u8],
    reads: Cell<u32>,
}

impl Files for Disk<'_> {
    fn read(&self, path: &str) -> Result<String, Fault> {
        if path != self.name {
            return self.corpus.files.get(path).cloned().ok_or(Fault::Missing);
        }
        self.reads.set(self.reads.get() + 1);
        // As the edge does it.
        String::from_utf8(self.bytes.to_vec())
            .map_err(|error| Fault::NotText(error.utf8_error().valid_up_to()))
    }
}

/// What became of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Built,
    Refused,
    NoText,
}

/// The whole way of a text once, and how long the longer of its two halves took.
fn go(corpus: &Corpus, name: &str, bytes: &[u8]) -> (Fate, Duration) {
    let disk = Disk { corpus, name, bytes, reads: Cell::new(0) };
    let begun = Instant::now();
    let compiled = match compile(name, &disk, &Options::default()) {
        Ok(compiled) => compiled,
        Err(fault) => {
            assert!(matches!(fault, Fault::NotText(_)), "{fault:?}");
            return (Fate::NoText, begun.elapsed());
        }
    };
    let yaml = (!compiled.has_errors()).then(|| {
        let objects: Vec<_> = compiled.program.rollouts.iter().flat_map(backend::manifests).collect();
        backend::to_yaml(&objects, "test").unwrap_or_else(|error| panic!("it cannot be written: {error}"))
    });
    let text = std::str::from_utf8(bytes).unwrap();
    let answered = begun.elapsed();
    let formatted = format(text);
    let taken = answered.max(begun.elapsed().saturating_sub(answered));

    assert_eq!(disk.reads.get(), 1, "it was read once, whoever imports it");
    assert!(format(&formatted) == formatted, "formatting it twice changes it");
    sound(&compiled);
    let Some(yaml) = yaml else { return (Fate::Refused, taken) };
    assert!(!yaml.contains(".nan") && !yaml.contains(": NaN"), "{yaml}");
    (Fate::Built, taken)
}

/// Diagnostics are not too many, none is a bug of ours, and each stands on characters of a file.
fn sound(compiled: &Compiled) {
    assert!(compiled.diagnostics.len() <= 100);
    for diagnostic in &compiled.diagnostics {
        assert_ne!(diagnostic.code.id(), "RC0000", "{diagnostic:?}");
        for span in
            diagnostic.labels.iter().map(|label| label.span).chain(diagnostic.fix.iter().map(|fix| fix.span))
        {
            let source =
                compiled.sources.get(span.file).unwrap_or_else(|| panic!("{diagnostic:?} is in no file"));
            assert!(source.text.get(span.range()).is_some(), "{diagnostic:?} is not on characters");
        }
    }
}

/// The same, within the time; says which text it was when anything is wrong.
fn hold(corpus: &Corpus, name: &str, bytes: &[u8], what: &dyn Fn() -> String) -> (Fate, Duration) {
    let mut times = Vec::new();
    let shown = || format!("{}\n----\n{}\n----", what(), String::from_utf8_lossy(bytes));
    for _ in 0..TRIES {
        let Ok((fate, taken)) = catch_unwind(AssertUnwindSafe(|| go(corpus, name, bytes))) else {
            panic!("this text is not held: {}", shown());
        };
        if taken < PATIENCE {
            return (fate, taken);
        }
        times.push(taken);
    }
    panic!("this text takes {times:?}: {}", shown());
}

#[test]
fn every_prefix_of_every_example() {
    let corpus = Corpus::read();
    let (mut fates, mut slowest) = (BTreeMap::new(), Duration::ZERO);
    for name in &corpus.programs {
        let text = corpus.files.get(name).unwrap();
        for end in 0..=text.len() {
            let (fate, taken) =
                hold(&corpus, name, &text.as_bytes()[..end], &|| format!("{name} up to byte {end}"));
            let is_text = text.is_char_boundary(end);
            assert_eq!(fate == Fate::NoText, !is_text, "{name} up to byte {end}");
            *fates.entry(format!("{fate:?}")).or_insert(0_u32) += 1;
            slowest = slowest.max(taken);
        }
        let (whole, _) = hold(&corpus, name, text.as_bytes(), &|| name.clone());
        // What uses every production uses some that cannot be built yet or not together.
        assert!(whole == Fate::Built || name == "everything.roll", "{name} itself is {whole:?}");
    }
    println!("prefixes: {fates:?}, the slowest in {slowest:?}");
    assert_eq!(fates.len(), 3, "some prefixes are built, some refused, some end in a character: {fates:?}");
}

/// A seeded chance.
struct Dice(ChaCha8Rng);

impl Dice {
    /// From 0 to one less than `sides`; 0 where there are none.
    fn below(&mut self, sides: usize) -> usize {
        (self.0.next_u64() % (sides.max(1) as u64)) as usize
    }

    fn choose<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// Words and signs of the language, and what is none.
const WORDS: &[&str] = &[
    "rollout",
    "scenario",
    "slo",
    "param",
    "env",
    "import",
    "defaults",
    "pods",
    "workload",
    "route",
    "istio",
    "subsets",
    "canary",
    "stable",
    "analyze",
    "in",
    "background",
    "from",
    "for",
    "pause",
    "until",
    "promoted",
    "over",
    "every",
    "tolerate",
    "no data",
    "at least",
    "dry run",
    "traffic",
    "errors",
    "latency",
    "ramps",
    "to",
    "like",
    "runs",
    "seed",
    "expect",
    "promote",
    "rollback",
    "before",
    "within",
    "at step",
    "of runs",
    "metric",
    "promql",
    "blue-green",
    "patch",
    "{",
    "}",
    "{ {",
    "} }",
    "<",
    ">=",
    "=",
    "..",
    ",",
    ";",
    "/",
    "%",
    "\"",
    "`",
    "#",
    "${canary}",
    "`sum(up)`",
    "1/0",
    "0",
    "1",
    "99999999999999999999",
    "-1",
    "2.5",
    "1e9",
    "100%",
    "100.1%",
    "0%",
    "5m",
    "0s",
    "500ms",
    "1d",
    "9999h",
    "50/s",
    "\u{feff}",
    "\u{0}",
    "\u{202e}",
    "é",
    "“",
    "日本",
    "\t",
    "\r",
    "\r\n",
    "\n\n",
    "\\",
];

/// A text in words, blanks and signs.
fn tokens(text: &str) -> Vec<&str> {
    let class = |next: char| (next.is_alphanumeric() || next == '-', next.is_whitespace());
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let alone = class(first) == (false, false);
        let end = if alone {
            first.len_utf8()
        } else {
            rest.find(|next| class(next) != class(first)).unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// One change by tokens.
fn by_tokens(text: &str, dice: &mut Dice) -> String {
    let mut tokens = tokens(text);
    let (one, other) = (dice.below(tokens.len()), dice.below(tokens.len()));
    if tokens.is_empty() {
        return dice.choose(WORDS).to_owned();
    }
    match dice.below(5) {
        0 => tokens.swap(one, other),
        1 => drop(tokens.remove(one)),
        2 => tokens.insert(one, dice.choose(WORDS)),
        3 => tokens[one] = dice.choose(WORDS),
        _ => drop(tokens.drain(one.min(other)..one.max(other).min(one.min(other) + 12))),
    }
    tokens.concat()
}

/// One change by lines.
fn by_lines(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    if lines.is_empty() {
        return "\n".to_owned();
    }
    let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
    match dice.below(4) {
        0 => lines.insert(other, lines[one]),
        1 => lines.swap(one, other),
        2 => drop(lines.remove(one)),
        // Many times over, as a hand that rests on the keys.
        _ => drop(lines.splice(one..one, std::iter::repeat_n(lines[other], 40))),
    }
    lines.concat()
}

/// Bytes that the language knows.
const SIGNS: &[u8] = b"{}\"`#\n,;=<>%$ \t\r\\/.-'a0";

/// One change by bytes, which may end the text's being one.
fn by_bytes(mut bytes: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    let at = dice.below(bytes.len() + 1);
    match dice.below(4) {
        0 => bytes.insert(at, dice.below(256) as u8),
        1 => bytes.insert(at, SIGNS[dice.below(SIGNS.len())]),
        2 => bytes.truncate(at),
        _ if at < bytes.len() => drop(bytes.remove(at)),
        _ => {}
    }
    bytes
}

/// A mutant: one to four changes.
fn mutant(text: &str, dice: &mut Dice) -> Vec<u8> {
    let mut text = text.to_owned();
    for _ in 0..=dice.below(3) {
        text = if dice.below(3) == 0 { by_lines(&text, dice) } else { by_tokens(&text, dice) };
    }
    let bytes = text.into_bytes();
    if dice.below(3) == 0 { by_bytes(bytes, dice) } else { bytes }
}

fn asked(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn ten_thousand_mutations_of_them() {
    let corpus = Corpus::read();
    let (mutations, seed) = (asked("MUTATIONS", 10_000), asked("MUTATIONS_SEED", 1));
    let (mut fates, mut slowest) = (BTreeMap::new(), Duration::ZERO);
    for at in 0..mutations {
        // Each has a stream of its own, so that one can be tried alone.
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        chance.set_stream(at);
        let mut dice = Dice(chance);
        let name = &corpus.programs[dice.below(corpus.programs.len())];
        let bytes = mutant(corpus.files.get(name).unwrap(), &mut dice);
        let (fate, taken) =
            hold(&corpus, name, &bytes, &|| format!("mutation {at} of seed {seed}, from {name}"));
        *fates.entry(format!("{fate:?}")).or_insert(0_u64) += 1;
        slowest = slowest.max(taken);
    }
    println!("mutations: {fates:?}, the slowest in {slowest:?}");
    let built = fates.get("Built").copied().unwrap_or(0);
    assert!(built * 50 > mutations, "the mutations reach the backend: {fates:?}");
    assert!(built * 2 < mutations, "the mutations are mutations: {fates:?}");
}
