//! Spans as the places that people and editors count.
//!
//! Enters: a span and the sources. Leaves: file, lines, columns. It deliberately knows no format.

use crate::source::{LineColumn, Sources, Span};

/// A span's file and both ends; lines and columns from 1, the end's column one past the last character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// As the user would type it; empty where the span points nowhere.
    pub(super) file: String,
    /// Its first character.
    pub(super) start: LineColumn,
    /// One past its last.
    pub(super) end: LineColumn,
}

/// Where a span is.
pub(super) fn place(sources: &Sources, span: Span) -> Place {
    let nowhere = LineColumn { line: 1, column: 1 };
    sources.get(span.file).map_or_else(
        || Place { file: String::new(), start: nowhere, end: nowhere },
        |file| Place {
            file: file.name.clone(),
            start: file.line_column(span.start),
            end: file.line_column(span.end.max(span.start)),
        },
    )
}
