//! What holds of every text: reading it ends, quickly and without a panic, and formatting it changes nothing but blanks.
//!
//! The texts are the examples, prefixes of them, and what is left of them after tokens or bytes have been struck out,
//! doubled, swapped or replaced. `PROPTEST_CASES` asks for more of them.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "this test reads the examples, takes the time, says what it counted and may fail"
)]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use rollcast::formatter::format;
use rollcast::source::{FileId, SourceFile, Sources};
use rollcast::syntax::parse;

/// Reading takes no longer, in a build that is not optimized and on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_millis(100);

const EVERYTHING: &str = include_str!("language/everything.roll");

const LATER: &str = r#"
plan careful { 1% for 10m  5% for 10m }
metric depth = promql `max(queue_depth{namespace="shop",
  ${canary}})`
rollout a in b {
  slo error-rate of canary vs stable { detect 3x  confidence 99% }
  canary { pods 2  header x = "y" to canary as z  10% }
  blue-green { preview p  keep the old for 15m }
  deadline 10m aborts
}
scenario "é “quoted” \" \\" for a { traffic diurnal 20/s..200/s peak 14:00  at 3m scale 20 }
"#;

fn samples() -> Vec<String> {
    let mut samples = vec![EVERYTHING.to_owned(), LATER.to_owned()];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.extension().is_some_and(|extension| extension == "roll") {
            samples.push(std::fs::read_to_string(path).unwrap());
        }
    }
    samples
}

/// Everything that must hold of a text.
fn hold(text: &str) {
    // The machine may have other things to do; once in a few times it must have been quick.
    let taken = (0..5).map(|_| time(text)).find(|taken| *taken < PATIENCE);
    assert!(taken.is_some(), "{} bytes take too long", text.len());
    let parsed = parse(FileId(0), text);

    let mut sources = Sources::new();
    sources.add(SourceFile::new("a.roll", text));
    let diagnostics = parsed.diagnostics.into_sorted();
    assert!(diagnostics.len() <= 100);
    for diagnostic in &diagnostics {
        assert_ne!(diagnostic.code.id(), "RC0000", "{diagnostic:?}\n{text}");
        assert!(!diagnostic.headline.is_empty() && !diagnostic.headline.ends_with('.'));
        let fixes = diagnostic.fix.iter().map(|fix| fix.span);
        for span in diagnostic.labels.iter().map(|label| label.span).chain(fixes) {
            assert!(text.get(span.range()).is_some(), "{diagnostic:?} is not on characters\n{text}");
        }
    }

    let formatted = format(text);
    assert_eq!(format(&formatted), formatted, "not settled, from\n{text}");
    let headlines = |text: &str| -> Vec<String> {
        let list = parse(FileId(0), text).diagnostics.into_sorted();
        list.into_iter().map(|diagnostic| diagnostic.headline).collect()
    };
    assert_eq!(headlines(text), headlines(&formatted), "from\n{text}");
    let squeezed =
        |text: &str| text.chars().filter(|next| !next.is_whitespace() && *next != ',').collect::<String>();
    assert_eq!(squeezed(text.trim_start_matches('\u{feff}')), squeezed(&formatted));
}

fn time(text: &str) -> Duration {
    let begin = Instant::now();
    parse(FileId(0), text);
    begin.elapsed()
}

/// A text in words, blanks and signs.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let class = |next: char| (next.is_alphanumeric() || next == '-', next == ' ');
        let length = if class(first) == (false, false) {
            first.len_utf8()
        } else {
            rest.find(|next| class(next) != class(first)).unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after;
    }
    tokens
}

#[test]
fn one_mistake_is_one_diagnostic() {
    for sample in [EVERYTHING, include_str!("../examples/canary-demo.roll")] {
        let tokens = tokens(sample);
        for at in 0..tokens.len() {
            let token = tokens[at];
            // A line's end may end a comment, without which the next line is none.
            if token.trim().is_empty() {
                continue;
            }
            let missing = [&tokens[..at], &tokens[at + 1..]].concat().concat();
            let doubled = [&tokens[..=at], &[" "], &tokens[at..]].concat().concat();
            let shorter: String = token.chars().take(1).chain(token.chars().skip(2)).collect();
            let misspelt = [&tokens[..at], &[shorter.as_str()], &tokens[at + 1..]].concat().concat();
            for text in [missing, doubled, misspelt] {
                let list = parse(FileId(0), &text).diagnostics.into_sorted();
                assert!(list.len() <= 1, "{token} at {at}: {list:#?}");
            }
        }
    }
}

/// Every place of a short text, some of a long one, so that the tests end.
fn stride(text: &str) -> usize {
    1 + text.len() / 150
}

#[test]
fn prefixes_are_read() {
    for sample in samples() {
        let stride = stride(&sample);
        for (end, _) in sample.char_indices().step_by(stride) {
            hold(&sample[..end]);
        }
    }
}

#[test]
fn tokens_can_be_missing_or_doubled() {
    for sample in samples() {
        let tokens = tokens(&sample);
        for at in (0..tokens.len()).step_by(stride(&sample)) {
            hold(&[&tokens[..at], &tokens[at + 1..]].concat().concat());
            hold(&[&tokens[..=at], &tokens[at..]].concat().concat());
        }
    }
}

#[test]
fn hostile_texts_take_no_time() {
    for (piece, times) in [
        ("{", 10_000),
        ("rollout a {", 5_000),
        ("rollout a {\n", 5_000),
        ("}", 10_000),
        ("\"", 10_001),
        ("`", 10_001),
        ("slo a < 1%  ", 5_000),
        ("slo ", 10_000),
        ("analyze a, ", 10_000),
        ("every  ", 10_000),
        ("every\n", 10_000),
        ("env a { x = 1  y 2  ", 30),
        ("# \n", 10_000),
        ("\0\u{1}", 10_000),
        ("é", 10_000),
        ("“", 5_000),
        ("'", 5_000),
        ("a{}", 5_000),
        ("{}", 5_000),
        (",", 10_000),
        ("9", 10_000),
        ("1h", 10_000),
        ("\\\"", 10_000),
        ("\r", 10_000),
        ("\n", 10_000),
        ("a.", 10_000),
        ("scenario \"a\" for b { canary { errors 5%  crashes  } }\n", 1_000),
        ("rollout a { pods 3; }\n", 2_000),
    ] {
        let text = piece.repeat(times);
        // Twice the text may take twice the time and some more, not four times; a machine with other things to do is
        // asked again.
        let half = piece.repeat(times / 2);
        let quick = (0..20).any(|_| {
            let (half, whole) = (time(&half), time(&text));
            whole < half * 3 + Duration::from_millis(5)
        });
        assert!(quick, "{} bytes take more than their share: {piece:?}", text.len());
        let formatted = format(&text);
        assert_eq!(format(&formatted), formatted, "{piece:?}");
    }
}

#[test]
fn a_file_too_large_is_refused() {
    let text = "#".repeat((1 << 20) + 1);
    let list = parse(FileId(0), &text).diagnostics.into_sorted();
    assert_eq!(list.iter().map(|one| one.code.id()).collect::<Vec<_>>(), ["RC0108"]);
    assert_eq!(format(&text), text);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tokens_may_be_anywhere(sample in 0_usize..8, edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_u8..4), 1..5)) {
        let samples = samples();
        let sample = &samples[sample % samples.len()];
        let mut tokens = tokens(sample);
        for (left, right, what) in edits {
            let (left, right) = (left.index(tokens.len()), right.index(tokens.len()));
            match what {
                0 => tokens.swap(left, right),
                1 => tokens[left] = tokens[right],
                2 => { tokens.remove(left); }
                _ => tokens.insert(left, tokens[right]),
            }
        }
        hold(&tokens.concat());
    }

    #[test]
    fn bytes_may_be_anything(sample in 0_usize..8, edits in prop::collection::vec((any::<prop::sample::Index>(), any::<char>(), prop::sample::select(b"{}\"`#\n,;=<>%$ \t\r\\/.-'a0".to_vec()), any::<bool>()), 1..6)) {
        let samples = samples();
        let mut text: Vec<char> = samples[sample % samples.len()].chars().collect();
        for (at, strange, known, is_known) in edits {
            let at = at.index(text.len());
            text[at] = if is_known { char::from(known) } else { strange };
        }
        hold(&text.into_iter().collect::<String>());
    }

    #[test]
    fn nonsense_is_read(text in "[a-z{}\"`#\n,;=<>%/ .0-9é“”-]{0,200}") {
        hold(&text);
    }
}
