//! Measured values in the place of a world: files of answers and exported AnalysisRuns.
//!
//! Enters: a path, and what is to be played. Leaves: answers for all of its metrics, or why there are none.
//! It deliberately knows no notation; `simulator::answers` does.

use std::path::Path;

use super::files::{read_bounded, read_stdin};
use crate::diagnostic::nearest;
use crate::simulator::answers::{self, Answers};
use crate::simulator::subject::Subject;

/// Most bytes of a file of answers.
const MOST: u64 = 64 * 1024 * 1024;

/// Reads a file of answers; `-` is standard input.
///
/// # Errors
/// Why there are none.
pub(crate) fn read(path: &str) -> Result<Answers, String> {
    let text = if path == "-" {
        read_stdin().map_err(|fault| format!("cannot read standard input: {fault}"))?
    } else {
        let bytes =
            read_bounded(Path::new(path), MOST).map_err(|fault| format!("cannot read `{path}`: {fault}"))?;
        String::from_utf8(bytes).map_err(|_| format!("cannot read `{path}`: it is not UTF-8 text"))?
    };
    let name = if path == "-" { "standard input" } else { path };
    answers::read(name, &text)
}

/// Refuses answers that leave a metric open: no data would be a guess.
///
/// # Errors
/// The metrics without an answer, and what the file has instead.
pub(crate) fn cover(answers: &Answers, subject: &Subject, path: &str) -> Result<(), String> {
    let measured = subject.measured();
    let open: Vec<&(String, String)> =
        measured.iter().filter(|(metric, query)| !answers.knows(metric, query)).collect();
    if open.is_empty() {
        return Ok(());
    }
    let known: Vec<&str> = answers.names().collect();
    let lines = open.iter().map(|(metric, query)| {
        let near = nearest(metric, known.iter().copied());
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        format!("  {metric}{near}\n      {}", query.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    let lines: Vec<String> = lines.collect();
    Err(format!("`{path}` has no answer for\n{}\nit answers\n  {}", lines.join("\n"), known.join("\n  ")))
}

/// What should be known of the answers before they are used, a line each.
pub(crate) fn remarks(answers: &Answers, subjects: &[&Subject]) -> Vec<String> {
    let measured: Vec<(String, String)> = subjects.iter().flat_map(|subject| subject.measured()).collect();
    let pairs: Vec<(&str, &str)> =
        measured.iter().map(|(metric, query)| (metric.as_str(), query.as_str())).collect();
    let mut remarks = answers.gaps();
    remarks.extend(
        answers.unasked(&pairs).map(|name| format!("nothing measures `{name}`, which has an answer")),
    );
    remarks
}
