//! Mistakes as they are shown, in every form.

use proptest::prelude::*;
use rollcast::diagnostic::{Code, Diagnostic};
use rollcast::report::Look;
use rollcast::report::diagnostics::{github, human, json};
use rollcast::source::{FileId, SourceFile, Sources, Span};

const SHOP: &str = "rollout shop in demo {
  pods from \"shop.deployment.yaml\"
  route istio { host shop }

  slo success-rate >= 95% over 2m
  slo latency-p95 < 95%
  slo error-rate < 1% over 1m

  canary {
    10% for 2m
    analyze eror-rate
    30% for 2m
    20% for 2m
";

const SLOS: &str = "# Läden: ünïcode before the span\nslo error-rate < 1%  # déjà vu\n";

/// The sources of a small shop with many mistakes.
fn sources() -> Sources {
    let mut sources = Sources::new();
    sources.add(SourceFile::new("shop.roll", SHOP));
    sources.add(SourceFile::new("slos.roll", SLOS));
    sources
}

fn span(file: u32, text: &str, of: &str) -> Span {
    let start = text.find(of).unwrap_or(0);
    Span::new(FileId(file), start, start + of.len())
}

fn mistakes() -> Vec<Diagnostic> {
    let shop = |of| span(0, SHOP, of);
    vec![
        Diagnostic::new(
            Code::UnclosedBlock,
            "this block is never closed",
            Span::new(FileId(0), SHOP.len(), SHOP.len()),
            "expected `}`",
        )
        .because(span(0, SHOP, "canary {"), "opened here"),
        Diagnostic::new(
            Code::SloUnit,
            "`latency-p95` is a duration and cannot be compared with a ratio",
            Span::new(FileId(0), SHOP.find("< 95%").unwrap_or(0) + 2, SHOP.find("< 95%").unwrap_or(0) + 5),
            "a ratio; expected a duration such as `500ms`",
        )
        .because(shop("latency-p95"), "signals named latency-… are durations")
        .help("`slo success-rate >= 95%` is the objective about a share of requests"),
        Diagnostic::new(Code::UnknownSlo, "no slo is called `eror-rate`", shop("eror-rate"), "").fix(
            "write `error-rate`",
            shop("eror-rate"),
            "error-rate",
        ),
        Diagnostic::new(
            Code::DuplicateName,
            "slo `error-rate` is declared twice",
            span(1, SLOS, "error-rate"),
            "again",
        )
        .because(shop("error-rate"), "first here"),
        Diagnostic::new(Code::WeightFalls, "the weight falls from 30% to 20%", shop("20%"), "20%")
            .because(shop("30%"), "30%"),
    ]
}

#[test]
fn for_people() {
    insta::assert_snapshot!(human(&mistakes(), &sources(), 2, &Look::plain()));
}

#[test]
fn for_people_in_ascii() {
    let look = Look { width: 60, colour: false, unicode: false };
    insta::assert_snapshot!(human(&mistakes(), &sources(), 2, &look));
}

#[test]
fn for_people_when_nothing_is_wrong() {
    assert_eq!(human(&[], &sources(), 2, &Look::plain()), "2 files, no errors\n");
}

#[test]
fn for_programs() {
    let text = json(&mistakes(), &sources());
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read.as_array().unwrap().len(), mistakes().len());
    assert_eq!(text.lines().count(), mistakes().len() + 2, "one object a line");
    assert_eq!(json(&[], &sources()), "[]\n");
    insta::assert_snapshot!(text);
}

#[test]
fn for_github() {
    insta::assert_snapshot!(github(&mistakes(), &sources()));
}

proptest! {
    #[test]
    fn no_text_and_no_span_stops_the_report(
        text in "[a-z\u{e9}\u{65e5}\u{1b}\u{202e}\u{85}\t \r\n]{0,60}",
        spans in proptest::collection::vec((0_u32..70, 0_u32..70), 1..4),
        unicode: bool,
    ) {
        let mut sources = Sources::new();
        sources.add(SourceFile::new("a\u{1b}.roll", text));
        let label = |(start, end)| Span { file: FileId(0), start, end };
        let mut diagnostic = Diagnostic::new(Code::UnknownSlo, "x", label(spans[0]), "here");
        for (at, span) in spans.iter().skip(1).enumerate() {
            diagnostic = diagnostic.because(label(*span), if at == 0 { "and here" } else { "" });
        }
        let list = [diagnostic];
        let look = Look { width: 50, colour: false, unicode };
        let shown = human(&list, &sources, 1, &look);
        let steers = shown.chars().any(|c| c == '\u{1b}' || c == '\u{202e}' || c == '\u{85}');
        prop_assert!(!steers, "{}", shown);
        prop_assert!(shown.contains("error[RC0201]: x"));
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json(&list, &sources)).is_ok());
        prop_assert_eq!(github(&list, &sources).lines().count(), 1);
    }
}
