//! Results of tests for people: a line a scenario, what failed in detail, the count last.
//!
//! Enters: a [`TestReport`] and a look. Leaves: text. Every failing line carries the command that shows it in detail;
//! those lines alone may be wider than the look. It deliberately leaves out nothing that failed.

use crate::unit::grouped;

use super::super::style::{Ink, Look};
use super::super::text::{clean, counted, left, line, spaces, width, wrap};
use super::{ExpectationReport, ScenarioReport, TestReport};

const DETAIL: usize = 6;
/// Longer names do not push the results of all others to the right.
const NAME: usize = 48;

/// The report, which ends in a line break.
pub fn text(report: &TestReport, look: &Look) -> String {
    let mut text = String::new();
    let names = report.scenarios().map(|scenario| width(&clean(&scenario.name)));
    let column = names.filter(|name| *name <= NAME).max().unwrap_or(0);
    for file in &report.files {
        text.push_str(&look.bold(&clean(&file.file)));
        text.push('\n');
        if file.scenarios.is_empty() {
            line(&mut text, &format!("  {}", look.dim("no scenario")));
        }
        for scenario in &file.scenarios {
            text.push_str(&told(scenario, column, look));
        }
        text.push('\n');
    }
    text.push_str(&summary(report, look));
    text.push('\n');
    text
}

fn told(scenario: &ScenarioReport, column: usize, look: &Look) -> String {
    let mut text = String::new();
    if let Some(problem) = &scenario.problem {
        text.push_str(&headline(scenario, false, &clean(problem), column, look));
        return text + &command(scenario.replay.as_deref(), look);
    }
    let failed: Vec<&ExpectationReport> = scenario.expectations.iter().filter(|one| !one.met).collect();
    match failed.as_slice() {
        [] => {
            let nothing = if scenario.expectations.is_empty() { " (nothing was expected)" } else { "" };
            let seen = format!("{}{nothing}", clean(&scenario.seen));
            text.push_str(&headline(scenario, true, &seen, column, look));
        }
        [only] => {
            text.push_str(&headline(scenario, false, &sentence(only), column, look));
            text.push_str(&details(only, scenario, look));
        }
        several => {
            let of = scenario.expectations.len();
            let seen = format!("{} ({} of {of} expectations not met)", clean(&scenario.seen), several.len());
            text.push_str(&headline(scenario, false, &seen, column, look));
            let mut shown = None;
            for one in several {
                text.push_str(&indented(&sentence(one), DETAIL, look));
                let lines = one.details.iter().map(|detail| indented(&clean(detail), DETAIL + 2, look));
                text.extend(lines);
                let replay = replay(one, scenario);
                // The command that shows all of them stands once, below the last.
                if shown.is_some() && shown != replay {
                    text.push_str(&command(shown, look));
                }
                shown = replay;
            }
            text.push_str(&command(shown, look));
        }
    }
    text
}

/// `promoted in 912 of 1,000 runs, expected promote in >= 99% of runs`
fn sentence(one: &ExpectationReport) -> String {
    format!("{}, expected {}", clean(&one.seen), clean(&one.expected))
}

/// Sign, name, what was seen: in columns where they fit, below each other where they do not.
fn headline(scenario: &ScenarioReport, good: bool, seen: &str, column: usize, look: &Look) -> String {
    let (sign, ink) = if good { (look.tick(), Ink::Green) } else { (look.cross(), Ink::Red) };
    let name = clean(&scenario.name);
    let start = 2 + width(sign) + 1;
    let columns = look.columns();
    let beside = start + width(&name).max(column) + 3;
    let sign = look.paint(ink, sign);
    if width(&name) <= column && beside + width(seen) <= columns {
        return format!("  {sign} {}   {seen}\n", left(&name, column));
    }
    let mut text = String::new();
    for (at, part) in wrap(&name, columns - start).iter().enumerate() {
        let before = if at == 0 { format!("  {sign} ") } else { spaces(start) };
        line(&mut text, &format!("{before}{part}"));
    }
    text + &indented(seen, DETAIL, look)
}

fn details(one: &ExpectationReport, scenario: &ScenarioReport, look: &Look) -> String {
    let lines = one.details.iter().map(|detail| indented(&clean(detail), DETAIL, look));
    let text: String = lines.collect();
    text + &command(replay(one, scenario), look)
}

fn replay<'a>(one: &'a ExpectationReport, scenario: &'a ScenarioReport) -> Option<&'a str> {
    one.replay.as_deref().or(scenario.replay.as_deref())
}

fn indented(words: &str, indent: usize, look: &Look) -> String {
    let lines = wrap(words, look.columns() - indent);
    let mut text = String::new();
    for words in &lines {
        line(&mut text, &format!("{}{words}", spaces(indent)));
    }
    text
}

fn command(command: Option<&str>, look: &Look) -> String {
    command
        .map_or_else(String::new, |command| format!("{}{}\n", spaces(DETAIL), look.paint(Ink::Cyan, command)))
}

/// `2 scenarios, 1 as expected, 1 not; 1,001 runs in 0.3 s`
fn summary(report: &TestReport, look: &Look) -> String {
    let all = report.scenarios().count() as u64;
    let good = report.scenarios().filter(|scenario| scenario.is_as_expected()).count() as u64;
    let scenarios = counted(all, "scenario", "scenarios");
    let (said, ink) = match all - good {
        0 if all == 0 => ("no scenario".to_owned(), Ink::Yellow),
        0 if all == 1 => (format!("{scenarios}, as expected"), Ink::Green),
        0 => (format!("{scenarios}, all as expected"), Ink::Green),
        bad if good == 0 => {
            (format!("{scenarios}, {} as expected", if bad == 1 { "not" } else { "none" }), Ink::Red)
        }
        bad => (format!("{scenarios}, {} as expected, {} not", grouped(good), grouped(bad)), Ink::Red),
    };
    let runs = counted(report.runs(), "run", "runs");
    let elapsed = report.elapsed_millis.map_or_else(String::new, |millis| format!(" in {}", seconds(millis)));
    format!("{}; {runs}{elapsed}", look.paint(ink, &said))
}

/// `0.3 s`, `12 s`, `2m30s`.
fn seconds(millis: u64) -> String {
    match millis {
        0..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        10_000..120_000 => format!("{} s", millis / 1000),
        _ => crate::unit::Seconds(millis / 1000).to_string(),
    }
}
