//! A run as text: what happened, what was seen, what it cost, and last the verdict and what to type next.
//!
//! Enters: a trace, a look, the commands that belong to it. Leaves: one text that ends in a line break. The answer
//! stands last because that is where the eye rests. It deliberately knows no command line: commands come as text.

mod rows;
mod signals;
mod table;
mod words;

use crate::simulator::trace::{Outcome, SeriesOrigin, Trace};
use crate::unit::grouped;

use super::recorded;
use super::style::{Ink, Look};
use super::text::{clean, counted, left, line as push_line, width, wrap};
use super::verdict;

/// What may be typed next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commands {
    /// Plays this very run again.
    pub again: Option<String>,
    /// What else is worth a look.
    pub next: Vec<Suggestion>,
}

/// A command and what it is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Ready to paste.
    pub command: String,
    /// In a few words: `a picture of it`.
    pub purpose: String,
}

/// The run, laid out for the look. Every line keeps the width but those with a command: what is to be pasted is not
/// broken.
pub fn timeline(trace: &Trace, look: &Look, commands: &Commands) -> String {
    let mut text = header(trace, look);
    text.push('\n');
    text.push_str(&table::table(trace, look));
    text.push('\n');
    let signals = signals::signals(trace, look);
    if !signals.is_empty() {
        text.push_str(&signals);
        text.push('\n');
    }
    text.push_str(&ending(trace, look, commands));
    text
}

/// Who, where, with what: what one must know to compare two runs.
fn header(trace: &Trace, look: &Look) -> String {
    let run = &trace.run;
    let mut title = format!("{} in {}", clean(&run.rollout), clean(&run.namespace));
    if !run.scenario.is_empty() {
        title.push_str(": ");
        title.push_str(&clean(&run.scenario));
    }
    let mut facts = vec![
        format!("{}, {}", counted(u64::from(run.replicas), "pod", "pods"), clean(&run.route)),
        match &run.answers {
            Some(file) => format!("Argo Rollouts {}, values from {}", run.controller, clean(file)),
            None => format!("Argo Rollouts {}, Prometheus {}", run.controller, run.prometheus),
        },
    ];
    facts.push(match run.number {
        0 => format!("seed {}", run.seed),
        number => format!("seed {}, run {number}", run.seed),
    });
    let mut text = String::new();
    for line in wrap(&title, look.columns()) {
        text.push_str(&look.bold(&line));
        text.push('\n');
    }
    let recorded = recorded::facts(trace).into_iter().flat_map(|fact| wrap(&fact, look.columns()));
    for line in packed(&facts, "   ", look.columns()).into_iter().chain(recorded) {
        text.push_str(&look.dim(&line));
        text.push('\n');
    }
    text
}

/// Parts side by side as long as they fit a line.
fn packed(parts: &[String], gap: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if width(line) + width(gap) + width(part) <= columns => {
                line.push_str(gap);
                line.push_str(part);
            }
            _ => lines.extend(wrap(part, columns)),
        }
    }
    lines
}

/// Cost, verdict, reason, commands.
fn ending(trace: &Trace, look: &Look, commands: &Commands) -> String {
    let mut text = String::new();
    let columns = look.columns();
    // Where measured values stand for a world, nobody knows of requests; what is refused meets none.
    let unknown = trace.totals.requests == 0
        && (trace.run.answers.is_some() || trace.verdict.outcome == Outcome::Refused);
    let cost = (!unknown).then(|| ("  exposed  ", cost(trace)));
    let notes = trace.notes.iter().map(|note| ("  note     ", clean(note)));
    let mut any = false;
    for (label, words) in cost.into_iter().chain(notes) {
        for (at, line) in wrap(&words, columns - width(label)).iter().enumerate() {
            text.push_str(&left(if at == 0 { label } else { "" }, width(label)));
            text.push_str(line);
            text.push('\n');
        }
        any = true;
    }
    for line in recorded::outlasted(trace).iter().flat_map(|end| wrap(end, columns)) {
        text.push_str(&line);
        text.push('\n');
        any = true;
    }
    if any {
        text.push('\n');
    }
    let ink = match verdict::ink(trace.verdict.outcome) {
        Ink::Plain => Ink::Bold,
        ink => ink,
    };
    for line in wrap(&verdict::headline(trace), columns) {
        text.push_str(&look.paint(ink, &line));
        text.push('\n');
    }
    for line in wrap(&verdict::because(trace), columns) {
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str(&next(look, commands));
    text
}

/// What users paid.
pub(super) fn cost(trace: &Trace) -> String {
    match trace.run.series {
        SeriesOrigin::OpenLoop if trace.totals.requests == 0 => "the recording counts no requests".into(),
        SeriesOrigin::OpenLoop => format!("as recorded: {}", cost_of(trace)),
        _ => cost_of(trace),
    }
}

fn cost_of(trace: &Trace) -> String {
    let (totals, newcomer) = (&trace.totals, verdict::newcomer(trace));
    if totals.requests == 0 {
        return "no request was made while it ran".into();
    }
    let requests = counted(totals.requests, "request", "requests");
    if totals.exposed == 0 {
        return format!("none of {requests} reached the {newcomer}");
    }
    let failed = match totals.exposed_failed {
        0 => "none failed".into(),
        failed => format!("{} failed", grouped(failed)),
    };
    let without = match totals.expected_without {
        few if few <= 0.0 => "none".into(),
        few if few < 0.5 => "fewer than 1".into(),
        // Counts of requests are far below 2^53.
        many => grouped(many.round() as u64),
    };
    format!(
        "{} of {requests} reached the {newcomer}; {failed}, {without} would have failed without it",
        grouped(totals.exposed)
    )
}

/// The commands, aligned, each on a line of its own with its purpose after it where there is room.
fn next(look: &Look, commands: &Commands) -> String {
    let again = commands.again.iter().map(|command| ("again", command.as_str(), ""));
    let others = commands.next.iter().map(|next| ("next", next.command.as_str(), next.purpose.as_str()));
    let rows: Vec<_> = again.chain(others).collect();
    let room = look.columns().saturating_sub(2 + 8);
    let widest =
        rows.iter().filter(|(_, _, purpose)| !purpose.is_empty()).map(|(_, command, _)| width(command)).max();
    let fits = |purpose: &str| widest.unwrap_or(0) + 3 + width(purpose) <= room;
    let beside = rows.iter().all(|(_, _, purpose)| purpose.is_empty() || fits(purpose));
    let mut text = String::new();
    for (word, command, purpose) in rows {
        let command_shown = if beside && !purpose.is_empty() {
            format!("{}   {}", left(command, widest.unwrap_or(0)), look.dim(purpose))
        } else {
            command.to_owned()
        };
        if !beside && !purpose.is_empty() {
            push_line(&mut text, &format!("  {}{}", left(word, 8), look.dim(&format!("{purpose}:"))));
            push_line(&mut text, &format!("  {}{command_shown}", left("", 8)));
        } else {
            push_line(&mut text, &format!("  {}{command_shown}", left(word, 8)));
        }
    }
    text
}
