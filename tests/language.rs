//! The language as a whole: what may be written is read without complaint.

use rollcast::diagnostic::Diagnostic;
use rollcast::source::{FileId, SourceFile, Sources};
use rollcast::syntax::{
    self,
    tree::{Item, StatementKind},
};

fn mistakes(text: &str) -> Vec<Diagnostic> {
    syntax::parse(FileId(0), text).diagnostics.into_sorted()
}

#[test]
fn every_production_is_read() {
    let text = include_str!("language/everything.roll");
    assert_eq!(mistakes(text), []);
    let tree = syntax::parse(FileId(0), text).tree;
    assert_eq!(tree.items.len(), 13);
}

#[test]
fn the_first_example_is_read() {
    let text = include_str!("../examples/canary-demo.roll");
    assert_eq!(mistakes(text), []);
    let tree = syntax::parse(FileId(0), text).tree;
    let rollouts = tree.items.iter().filter(|item| matches!(item, Item::Rollout(_)));
    assert_eq!(rollouts.count(), 1);
    assert!(tree.items.iter().any(|item| matches!(item, Item::Scenario(_))));
}

/// What is wrong with a text, one line a mistake: code, place, headline, and the repair where there is one.
fn told(text: &str) -> Vec<String> {
    let mut sources = Sources::new();
    let id = sources.add(SourceFile::new("a", text));
    let list = syntax::parse(id, text).diagnostics.into_sorted();
    list.iter()
        .map(|one| {
            let fix = one.fix.as_ref().map_or_else(String::new, |fix| {
                format!(" -> {}{:?}", sources.slice(fix.span), fix.replacement)
            });
            let place = sources.place(one.span());
            format!("{} {} {}{fix}", one.code.id(), place.trim_start_matches("a:"), one.headline)
        })
        .collect()
}

/// A statement of a rollout on its own, between two good ones that must survive.
fn in_rollout(statement: &str) -> Vec<String> {
    let text = format!("rollout a {{\n  replicas 3\n  {statement}\n  prometheus \"x\"\n}}\n");
    let tree = syntax::parse(FileId(0), &text).tree;
    let body = match tree.items.as_slice() {
        [Item::Rollout(rollout)] => rollout.body.as_slice(),
        _ => &[],
    };
    let kinds: Vec<_> = body.iter().map(|statement| &statement.kind).collect();
    assert!(matches!(kinds.first(), Some(StatementKind::Replicas(_))), "{text}");
    assert!(matches!(kinds.last(), Some(StatementKind::Prometheus(_))), "{text}");
    told(&text)
}

/// Broken statements and what is said of them.
const STATEMENTS: &[(&str, &str)] = &[
    ("rute istio { host a }", "RC0101 3:3 `rute` is not a statement of a rollout -> rute\"route\""),
    ("every 30s", "RC0101 3:3 `every` is not a statement of a rollout"),
    ("replicas = 10", "RC0106 3:12 `=` has no place in `replicas` -> =\"\""),
    ("replicas", "RC0104 3:3 expected a value after `replicas`, found the end of the line"),
    (
        "slo error-rate ovr 2m",
        "RC0104 3:18 expected a comparison (`<`, `<=`, `>` or `>=`) or `as` in `slo`, found `ovr`",
    ),
    (
        "slo a < 1%   ovr 2m",
        "RC0104 3:16 expected `over`, `{` or the end of the statement in `slo`, found `ovr` -> ovr\"over\"",
    ),
    (
        "slo a => 1%",
        "RC0104 3:9 expected a comparison (`<`, `<=`, `>` or `>=`) or `as` in `slo`, found `=>` -> =>\">=\"",
    ),
    ("slo a < 5 %", "RC0104 3:11 a blank stands between `5` and its unit `%` -> 5 %\"5%\""),
    ("slo a < 5% over 1d", "RC0303 3:19 `1d` is no duration that Argo and Prometheus both read -> 1d\"24h\""),
    ("slo a < 5percent", "RC0104 3:11 `5percent` is no value of the language -> 5percent\"5%\""),
    (
        "slo a < 1% { tolerat 1 failure  wait 60s }",
        "RC0101 3:16 `tolerat` is not a modifier of an slo -> tolerat\"tolerate\"",
    ),
    ("slo a < 1% { for 5 }", "RC0104 3:20 expected `measurements` after `5`, found `}`"),
    (
        "slo a of canary <= 120% of stable { every 3s }",
        "RC0109 3:9 an slo with `of` is not compiled by this version yet",
    ),
    (
        "pods from a.yaml",
        "RC0104 3:13 expected a string such as `\"text\"` in `pods`, found `a.yaml` -> a.yaml\"\\\"a.yaml\\\"\"",
    ),
    (
        "pods { image ghcr.io/a:b }",
        "RC0104 3:16 expected a string in `image`, found `ghcr.io/a:b` -> ghcr.io/a:b\"\\\"ghcr.io/a:b\\\"\"",
    ),
    ("canary { analyse a }", "RC0101 3:12 `analyse` is not a step of a canary -> analyse\"analyze\""),
    (
        "canary {\n    10%  fro 2m\n  }",
        "RC0104 4:10 expected `for` or the end of the statement in a step of a canary, found `fro` -> fro\"for\"",
    ),
    (
        "canary {\n    analyze a b\n  }",
        "RC0104 4:15 expected `for`, `,` or the end of the statement in `analyze`, found `b`",
    ),
    ("canary { pods 2  10% }", "RC0109 3:12 the step `pods` is not compiled by this version yet"),
    ("canary careful", "RC0109 3:3 `canary careful` is not compiled by this version yet"),
    ("blue-green {\n preview (x) { y }\n}", "RC0109 3:3 `blue-green` is not compiled by this version yet"),
    ("route istio { host \"a }", "RC0105 3:22 the string `\"a` is never closed -> \"\\\"\""),
    ("slo a ≤ 1%", "RC0106 3:9 `≤` is not used by the language -> ≤\"<=\""),
    (
        "pods from “a.yaml”",
        "RC0106 3:13 `“` is no quotation mark of the language -> “a.yaml”\"\\\"a.yaml\\\"\"",
    ),
    ("replicas 3;", "RC0106 3:13 `;` is not used by the language -> ;\"\""),
    ("labels { a: b c d, e: f }", "RC0104 3:19 expected `:` in a label, found `d`"),
    ("canary {\n    10%", "RC0102 3:10 `canary {` is never closed -> \"  }\\n\""),
    ("canary\n    10%\n  }", "RC0104 3:3 expected `{` after `canary`, found the end of the line -> \" {\""),
    ("route istio { host a } }", "RC0103 3:26 `}` closes nothing -> }\"\""),
    ("route istio host a }", "RC0103 3:22 `}` closes nothing -> }\"\""),
    ("route istio { { host a }", "RC0104 3:17 `{` stands here twice -> {\"\""),
];

#[test]
fn a_mistake_is_said_once_and_costs_one_statement() {
    for (statement, expected) in STATEMENTS {
        assert_eq!(in_rollout(statement), [*expected], "{statement}");
    }
}

/// Broken files and what is said of them.
const TEXTS: &[(&str, &str)] = &[
    (
        "scenario \"s\" for a { expect promte }",
        "RC0104 1:29 expected `promote`, `rollback`, `pause`, `step`, `weight`, `phase`, `message`, `failed requests`, `exposed requests`, `duration`, `peak weight` or `no` in `expect`, found `promte` -> promte\"promote\"",
    ),
    (
        "scenario \"s\" for a { canary { erors 5%  latency p95 2s } }",
        "RC0101 1:31 `erors` is not a behaviour of a version -> erors\"errors\"",
    ),
    (
        "scenario \"s\" for a { canary { restarts after 10m  latency p95 2s } }",
        "RC0109 1:31 `restarts` is not compiled by this version yet",
    ),
    (
        "scenario \"s\" for a { traffic diurnal 20/s..200/s peak 14:00 }",
        "RC0109 1:30 `traffic diurnal` is not compiled by this version yet",
    ),
    (
        "scenario \"s\" for a { expect pause before 3% before 4% }",
        "RC0104 1:45 `before` is said twice in one `expect`",
    ),
    ("scenario \"s\" for a { pods { } }", "RC0104 1:29 expected `start` in `pods`, found `}`"),
    (
        "scenario s for a { expect pause }",
        "RC0104 1:10 expected a string such as `\"text\"` in `scenario`, found `s` -> s\"\\\"s\\\"\"",
    ),
    ("rollout a of b { replicas 3 }", "RC0104 1:11 expected `in` or `{` in `rollout`, found `of`"),
    ("rolout a { replicas many words }", "RC0101 1:1 `rolout` is not an item of a file -> rolout\"rollout\""),
    (
        "param x: rtio = 3",
        "RC0104 1:10 expected `ratio`, `duration`, `rate`, `count` or `text` in `param`, found `rtio` -> rtio\"ratio\"",
    ),
    (
        "metric x = job `a{b=\"${canary}\"}\n more`",
        "RC0109 1:12 a metric by `job` is not compiled by this version yet",
    ),
    ("env a { x 40  y = 3 }", "RC0104 1:11 expected `=` in a setting of an `env`, found `40`"),
    ("replicas 3", "RC0101 1:1 `replicas` is not an item of a file"),
    ("rollout a {\n  replicas 3\n", "RC0102 1:11 `rollout a {` is never closed -> \"}\\n\""),
    ("\u{1}\u{2}", "RC0106 1:1 the control character U+0001 has no place here"),
];

#[test]
fn mistakes_in_scenarios_and_items() {
    for (text, expected) in TEXTS {
        assert_eq!(told(text), [*expected], "{text}");
    }
}

#[test]
fn what_follows_an_unclosed_rollout_is_read() {
    let text = "rollout a {\n  canary {\n    10%\n\nscenario \"s\" for a {\n  expect pause\n}\n";
    let tree = syntax::parse(FileId(0), text).tree;
    assert!(matches!(tree.items.as_slice(), [Item::Rollout(_), Item::Scenario(_)]));
    assert_eq!(told(text).len(), 2);
}

#[test]
fn what_is_absent_is_known() {
    let text = "rollout a {\n  canary { 10%% }\n}\nrollout b {\n  canary { 10% }\n}\n";
    let parsed = syntax::parse(FileId(0), text);
    let spans = parsed.tree.items.iter().map(|item| match item {
        Item::Rollout(rollout) => rollout.span,
        _ => panic!("no rollout"),
    });
    assert_eq!(spans.map(|span| parsed.is_broken(span)).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn blocks_of_any_depth_are_survived() {
    let deep = "rollout a {".repeat(10_000);
    assert_eq!(told(&deep), ["RC0107 1:363 blocks are nested more than 32 deep"]);
}
