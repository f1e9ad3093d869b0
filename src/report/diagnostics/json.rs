//! Diagnostics for programs: a JSON array with one object a line.
//!
//! Enters: diagnostics and sources. Leaves: JSON that carries all that the human form does. Lines and columns count
//! from 1, columns in characters, `endColumn` is one past the last character; `start` and `end` of a fix are bytes.
//! It deliberately knows no other tool's schema.

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Label};
use crate::source::{Sources, Span};

use super::place::place;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Where {
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct JsonLabel<'a> {
    #[serde(flatten)]
    place: Where,
    text: &'a str,
}

#[derive(Serialize)]
struct JsonFix<'a> {
    title: &'a str,
    #[serde(flatten)]
    place: Where,
    start: u32,
    end: u32,
    replacement: &'a str,
}

#[derive(Serialize)]
struct JsonDiagnostic<'a> {
    code: &'static str,
    severity: &'static str,
    headline: &'a str,
    #[serde(flatten)]
    place: Where,
    labels: Vec<JsonLabel<'a>>,
    help: Option<&'a str>,
    fix: Option<JsonFix<'a>>,
}

/// The array, which ends in a line break; `[]` where nothing is wrong.
pub fn json(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let objects = diagnostics.iter().map(|diagnostic| object(diagnostic, sources));
    // Structs of strings and numbers have no part that JSON cannot say.
    let lines: Vec<String> = objects.filter_map(|object| serde_json::to_string(&object).ok()).collect();
    if lines.is_empty() { "[]\n".into() } else { format!("[\n{}\n]\n", lines.join(",\n")) }
}

fn object<'a>(diagnostic: &'a Diagnostic, sources: &Sources) -> JsonDiagnostic<'a> {
    let label = |label: &'a Label| JsonLabel { place: position(sources, label.span), text: &label.text };
    JsonDiagnostic {
        code: diagnostic.code.id(),
        severity: diagnostic.severity().word(),
        headline: &diagnostic.headline,
        place: position(sources, diagnostic.span()),
        labels: diagnostic.labels.iter().map(label).collect(),
        help: diagnostic.help.as_deref(),
        fix: diagnostic.fix.as_ref().map(|fix| JsonFix {
            title: &fix.title,
            place: position(sources, fix.span),
            start: fix.span.start,
            end: fix.span.end,
            replacement: &fix.replacement,
        }),
    }
}

fn position(sources: &Sources, span: Span) -> Where {
    let place = place(sources, span);
    Where {
        file: place.file,
        line: place.start.line,
        column: place.start.column,
        end_line: place.end.line,
        end_column: place.end.column,
    }
}
