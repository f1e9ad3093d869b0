//! Measured values in the place of a world: files of answers and exported AnalysisRuns.
//!
//! Enters: a path, and what is to be played. Leaves: answers for all of its metrics, or why there are none.
//! It deliberately knows no notation; `simulator::answers` does.

use std::path::Path;

use super::console::{Console, ExitStatus};
use super::files::{read_bounded, read_stdin};
use crate::diagnostic::{Code, nearest};
use crate::model::compile::Fault;
use crate::simulator::answers::{self, Answers};
use crate::simulator::subject::Subject;

/// Most bytes of a file of answers.
const MOST: u64 = 64 * 1024 * 1024;

/// Reads a file of answers; `-` is standard input.
///
/// # Errors
/// The status, once it was said why there are none.
pub(crate) fn read(path: &str, console: &Console) -> Result<Answers, ExitStatus> {
    let name = if path == "-" { "standard input" } else { path };
    let text = if path == "-" {
        read_stdin()
    } else {
        read_bounded(Path::new(path), MOST).and_then(|bytes| {
            String::from_utf8(bytes).map_err(|error| Fault::NotText(error.utf8_error().valid_up_to()))
        })
    };
    let text = text.map_err(|fault| console.unreadable(name, &fault))?;
    answers::read(name, &text).map_err(|why| console.wrong(Code::AnswersUnreadable, &why))
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
        let misfit = measured.iter().find_map(|(metric, _)| {
            subject.providers(metric).iter().find_map(|provider| answers.misfit(metric, provider))
        });
        return misfit.map_or(Ok(()), |why| Err(format!("`{path}`: {why}")));
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
