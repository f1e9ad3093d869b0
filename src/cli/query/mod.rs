//! `rollcast query`: PromQL over recordings, answered as Prometheus answers.
//!
//! Enters: recordings, a query, and when to evaluate it. Leaves: text as `promtool query` prints it or JSON as the HTTP API
//! sends it. It deliberately computes nothing itself: `promql` evaluates, `report` writes.

mod time;

use super::console::{Console, ExitStatus};
use super::recordings::{ENDINGS, RecordingError, Recordings, recordings};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::compile::Fault;
use crate::promql::ast::{Expr, QuerySpan, ValueType};
use crate::promql::{Mode, Options, ParseError, Plan, parse, value_type};
use crate::report::answer::{self, Reply, position, sentence};
use crate::report::diagnostics;
use crate::source::{SourceFile, Sources, Span};

/// Most instants of a range query.
const MOST_STEPS: i64 = 1_000_000;

/// Arguments of `query`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Recordings are OpenMetrics (.om, .openmetrics), Prometheus text with timestamps (.prom, .txt), answers of \
    the query API (.json) or promqltest's load notation (.load), each perhaps with .gz or .zst after it; where the name \
    does not tell, the content does. `-` is standard input. Of a folder, all recordings below it are read.\n\n\
    Times are Unix seconds or RFC 3339; durations are such as 30s or 1m30s, or seconds."
)]
pub(crate) struct Query {
    /// Recordings; several are merged. The query may follow them as the last word.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    series: Vec<String>,
    /// The query.
    #[arg(value_name = "EXPR", required_unless_present = "series")]
    expr: Option<String>,
    /// Evaluate at this instant; without it, at the last sample's.
    #[arg(long, value_name = "TIME", value_parser = time::time, allow_negative_numbers = true)]
    at: Option<i64>,
    /// Evaluate from this instant on.
    #[arg(long, value_name = "TIME", value_parser = time::time, allow_negative_numbers = true, conflicts_with = "at")]
    start: Option<i64>,
    /// The last instant of a range; without it, the last sample's.
    #[arg(long, value_name = "TIME", value_parser = time::time, allow_negative_numbers = true, requires = "start")]
    end: Option<i64>,
    /// From one instant of a range to the next; without it, a 250th of the range, but a second at least.
    #[arg(long, value_name = "DURATION", value_parser = time::duration, requires = "start")]
    step: Option<i64>,
    /// How far an instant selector looks back for a sample.
    #[arg(long, value_name = "DURATION", value_parser = time::duration, default_value = "5m")]
    lookback: i64,
    /// Which Prometheus: in 3, ranges do not include their left edge; in 2, they do.
    #[arg(long, value_enum, default_value = "3", value_name = "VERSION")]
    prometheus: Version,
    /// How to say it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Forms of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// As `promtool query` prints it.
    Text,
    /// As the HTTP API sends it.
    Json,
}

/// Versions of Prometheus that answer differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Version {
    /// Closed ranges.
    #[value(name = "2")]
    Two,
    /// Left-open ranges.
    #[value(name = "3")]
    Three,
}

/// Why there is no answer.
enum Refusal {
    /// The query is none.
    Malformed(ParseError),
    /// It is one, but not for a range.
    Type(ParseError),
    /// It cannot be evaluated, and where in the query that shows.
    Execution(String, QuerySpan),
    /// The recordings are wrong.
    Recordings(String),
    /// A recording cannot be read.
    Unreadable(String, Fault),
    /// The call is wrong.
    Call(String),
}

/// When to evaluate, in milliseconds.
enum When {
    At(i64),
    Range { start: i64, end: i64, step: i64 },
}

impl Query {
    pub(crate) fn run(&self, console: &mut Console) -> ExitStatus {
        let mut series = self.series.clone();
        // `--series a b QUERY`: an option of several values has taken the query with them.
        let expr = self.expr.clone().or_else(|| if series.len() > 1 { series.pop() } else { None });
        let Some(expr) = expr else {
            return console.could_not_run("there is no query; it follows the recordings: --series FILE 'up'");
        };
        match self.answer(&series, &expr, console) {
            Ok(()) => ExitStatus::Yes,
            Err(refusal) => self.refuse(refusal, &expr, console),
        }
    }

    fn answer(&self, series: &[String], query: &str, console: &mut Console) -> Result<(), Refusal> {
        let expr = parse(query, Mode::Server).map_err(Refusal::Malformed)?;
        if self.start.is_some() {
            check_range_type(&expr).map_err(Refusal::Type)?;
        }
        let Recordings { store, last } = recordings(series)?;
        let when = self.when(last)?;
        let options = Options {
            lookback_ms: self.lookback,
            closed_ranges: self.prometheus == Version::Two,
            ..Options::default()
        };
        let mut plan = Plan::new(&expr, &store, &options)
            .map_err(|error| Refusal::Execution(error.message, error.span))?;
        let failed = |error: crate::promql::EvalError| Refusal::Execution(error.message, error.span);
        // The answer is not yet written when the notes are asked for, since it borrows the plan.
        let (text, mut json): (String, String);
        match when {
            When::At(at) => {
                let reply = Reply::Instant(plan.evaluate(&store, at).map_err(failed)?, at);
                (text, json) = self.written(reply);
            }
            When::Range { start, end, step } => {
                let series = plan.evaluate_range(&store, start, end, step).map_err(failed)?;
                (text, json) = self.written(Reply::Range(&series));
            }
        }
        let notes = plan.notes();
        match self.format {
            Format::Text => {
                console.out(&text);
                for note in &notes {
                    console.err(&format!("{}\n", sentence(note, query)));
                }
            }
            Format::Json => {
                json.push_str(&answer::json_end(&notes, query));
                console.out(&json);
            }
        }
        Ok(())
    }

    /// The answer in the form asked for; the other stays empty.
    fn written(&self, reply: Reply<'_>) -> (String, String) {
        match self.format {
            Format::Text => (answer::text(reply), String::new()),
            Format::Json => (String::new(), answer::json_begin(reply)),
        }
    }

    fn when(&self, last: Option<i64>) -> Result<When, Refusal> {
        let from_last = |option: &str| {
            last.ok_or_else(|| Refusal::Call(format!("the recordings hold no sample to go by; say {option}")))
        };
        let Some(start) = self.start else {
            return Ok(When::At(self.at.map_or_else(|| from_last("--at"), Ok)?));
        };
        let end = self.end.map_or_else(|| from_last("--end"), Ok)?;
        if end < start {
            let end = if self.end.is_some() { "--end" } else { "the last sample" };
            return Err(Refusal::Call(format!("{end} is before --start")));
        }
        let step = self.step.unwrap_or_else(|| ((end - start) / 250_000).max(1) * 1000);
        if (end - start) / step >= MOST_STEPS {
            return Err(Refusal::Call(format!(
                "the range has more than {MOST_STEPS} steps; make --step greater"
            )));
        }
        Ok(When::Range { start, end, step })
    }

    fn refuse(&self, refusal: Refusal, query: &str, console: &mut Console) -> ExitStatus {
        let json = self.format == Format::Json;
        let (status, kind, message) = match refusal {
            Refusal::Malformed(error) | Refusal::Type(error) if !json => {
                console.err(&picture(&error, query, console));
                return ExitStatus::No;
            }
            Refusal::Type(error) => {
                (ExitStatus::No, "bad_data", format!("invalid parameter \"query\": {}", error.message))
            }
            Refusal::Malformed(error) => {
                let place = position(query, error.span.start);
                let message = format!("invalid parameter \"query\": {place}: parse error: {}", error.message);
                (ExitStatus::No, "bad_data", message)
            }
            Refusal::Execution(message, span) => {
                let part = query.get(span.start as usize..span.end as usize).unwrap_or_default();
                let place = if json || part.is_empty() || part == query.trim() {
                    String::new()
                } else {
                    format!("\n  at {}: {part}", position(query, span.start))
                };
                (ExitStatus::No, "execution", message + &place)
            }
            Refusal::Recordings(message) => (ExitStatus::No, "bad_data", message),
            Refusal::Unreadable(path, fault) => {
                let status = if matches!(fault, Fault::TooLarge(_)) {
                    ExitStatus::No
                } else {
                    ExitStatus::CouldNotRun
                };
                (status, "unavailable", format!("cannot read `{path}`: {fault}"))
            }
            Refusal::Call(message) => (ExitStatus::CouldNotRun, "bad_data", message),
        };
        if json {
            console.out(&answer::json_error(kind, &message));
        } else {
            console.err(&format!("error: {message}\n"));
        }
        status
    }
}

impl From<RecordingError> for Refusal {
    fn from(error: RecordingError) -> Self {
        match error {
            RecordingError::Unreadable(path, fault) => Self::Unreadable(path, fault),
            RecordingError::Empty(path) => Self::Call(format!(
                "`{path}` holds no recording: no file in it ends in {}",
                ENDINGS.join(", ")
            )),
            RecordingError::Wrong(message) => Self::Recordings(message),
        }
    }
}

/// Source: Prometheus v3.15.1, promql/engine.go, NewRangeQuery.
fn check_range_type(expr: &Expr) -> Result<(), ParseError> {
    let kind = match value_type(expr) {
        ValueType::Scalar | ValueType::Vector => return Ok(()),
        ValueType::String => "string",
        ValueType::Matrix => "range vector",
    };
    Err(ParseError {
        message: format!(
            "invalid expression type \"{kind}\" for range query, must be Scalar or instant Vector"
        ),
        span: expr.span,
        help: None,
    })
}

/// The mistake in the query, drawn.
fn picture(error: &ParseError, query: &str, console: &Console) -> String {
    let mut sources = Sources::new();
    let file = sources.add(SourceFile::new("query", query));
    let span = Span { file, start: error.span.start, end: error.span.end };
    let headline = format!("Prometheus would not take this query: {}", error.message);
    let mut diagnostic = Diagnostic::new(Code::MalformedQuery, headline, span, "here");
    diagnostic.help.clone_from(&error.help);
    diagnostics::human(&[diagnostic], &sources, 1, &console.error_look)
}
