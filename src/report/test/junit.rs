//! Results of tests as JUnit XML, which every CI server reads.
//!
//! Enters: a [`TestReport`]. Leaves: XML: a suite a file, a case an expectation, a failure with details and command.
//! A scenario that expects nothing is one case; one that could not be played is one case with an error.
//! It deliberately keeps to the elements and attributes that all readers of JUnit XML agree on.

use super::super::xml::escaped;
use super::{ExpectationReport, FileReport, ScenarioReport, TestReport};

/// The document, which ends in a line break.
pub fn junit(report: &TestReport) -> String {
    let suites: String = report.files.iter().map(suite).collect();
    let time = report
        .elapsed_millis
        .map_or_else(String::new, |millis| format!(" time=\"{}.{:03}\"", millis / 1000, millis % 1000));
    let counts = report.files.iter().map(counts).fold(Counts::default(), Counts::plus);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"rollcast\" {}{time}>\n{suites}</testsuites>\n",
        counts.attributes()
    )
}

#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
        }
    }

    fn attributes(self) -> String {
        format!("tests=\"{}\" failures=\"{}\" errors=\"{}\"", self.tests, self.failures, self.errors)
    }
}

fn counts(file: &FileReport) -> Counts {
    let of = |scenario: &ScenarioReport| match &scenario.problem {
        Some(_) => Counts { tests: 1, failures: 0, errors: 1 },
        None => Counts {
            tests: scenario.expectations.len().max(1),
            failures: scenario.expectations.iter().filter(|one| !one.met).count(),
            errors: 0,
        },
    };
    file.scenarios.iter().map(of).fold(Counts::default(), Counts::plus)
}

fn suite(file: &FileReport) -> String {
    let name = escaped(&file.file);
    let cases: String = file.scenarios.iter().map(cases).collect();
    format!("  <testsuite name=\"{name}\" {}>\n{cases}  </testsuite>\n", counts(file).attributes())
}

fn cases(scenario: &ScenarioReport) -> String {
    if let Some(problem) = &scenario.problem {
        let body = lines(&[], scenario.replay.as_deref());
        let inner = format!("      <error message=\"{}\">{body}</error>\n", attribute(problem));
        return case(scenario, &scenario.name, &inner);
    }
    if scenario.expectations.is_empty() {
        return case(scenario, &scenario.name, "");
    }
    let of = |one: &ExpectationReport| {
        let name = format!("{}: {}", scenario.name, one.expected);
        if one.met {
            return case(scenario, &name, "");
        }
        let message = attribute(&format!("{}, expected {}", one.seen, one.expected));
        let body = lines(&one.details, one.replay.as_deref().or(scenario.replay.as_deref()));
        case(scenario, &name, &format!("      <failure message=\"{message}\">{body}</failure>\n"))
    };
    scenario.expectations.iter().map(of).collect()
}

fn case(scenario: &ScenarioReport, name: &str, inner: &str) -> String {
    let (class, name) = (attribute(&scenario.rollout), attribute(name));
    if inner.is_empty() {
        return format!("    <testcase classname=\"{class}\" name=\"{name}\"/>\n");
    }
    format!("    <testcase classname=\"{class}\" name=\"{name}\">\n{inner}    </testcase>\n")
}

/// Line breaks in attributes would be read as spaces; they are kept as references.
fn attribute(text: &str) -> String {
    escaped(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

fn lines(details: &[String], replay: Option<&str>) -> String {
    let all: Vec<String> = details.iter().map(String::as_str).chain(replay).map(escaped).collect();
    all.join("\n")
}
