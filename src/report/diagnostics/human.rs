//! Diagnostics for people: headline, the lines in question with what is to be said about them, help, the page.
//!
//! Enters: diagnostics, sources, a look. Leaves: text; the picture of the lines is drawn by miette, behind this file.
//! Source text is made harmless before it is drawn. It deliberately shows the guilty lines alone: the file is at hand.

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{FileId, SourceFile, Sources, Span};

use super::super::style::{Ink, Look};
use super::super::text::{clean, is_steering, line as push_line, width, wrap};
use super::summary;
use super::window::Window;

/// Each diagnostic in turn, a blank line after each, and the summary last; `read` counts the files that were read.
pub fn human(diagnostics: &[Diagnostic], sources: &Sources, read: usize, look: &Look) -> String {
    let mut text: String = diagnostics.iter().map(|one| report(one, sources, look) + "\n").collect();
    let errors = diagnostics.iter().any(|one| one.severity() == Severity::Error);
    let ink = match (errors, diagnostics.is_empty()) {
        (true, _) => Ink::Red,
        (false, true) => Ink::Green,
        (false, false) => Ink::Yellow,
    };
    text.push_str(&look.paint(ink, &summary(diagnostics, read)));
    text.push('\n');
    text
}

/// One diagnostic.
fn report(diagnostic: &Diagnostic, sources: &Sources, look: &Look) -> String {
    let columns = look.columns();
    let word = format!("{}[{}]:", diagnostic.severity().word(), diagnostic.code.id());
    let ink = if diagnostic.severity() == Severity::Error { Ink::Red } else { Ink::Yellow };
    let mut text = String::new();
    for (at, line) in wrap(&format!("{word} {}", clean(&diagnostic.headline)), columns).iter().enumerate() {
        let painted = match line.strip_prefix(&word) {
            Some(rest) if at == 0 => format!("{}{}", look.paint(ink, &word), look.bold(rest)),
            _ => look.bold(line),
        };
        text.push_str(&painted);
        text.push('\n');
    }
    for (file, labels) in by_file(&diagnostic.labels) {
        if let Some(file) = sources.get(file) {
            text.push_str(&snippet(file, &labels, look));
        }
    }
    let help = diagnostic.help.as_deref().or(diagnostic.fix.as_ref().map(|fix| fix.title.as_str()));
    if let Some(help) = help {
        let label = "  help: ";
        for (at, line) in wrap(&clean(help), columns - width(label)).iter().enumerate() {
            let start = if at == 0 { look.paint(Ink::Cyan, label) } else { " ".repeat(width(label)) };
            push_line(&mut text, &format!("{start}{line}"));
        }
    }
    push_line(&mut text, &format!("  {}", look.dim(&format!("rollcast explain {}", diagnostic.code.id()))));
    text
}

/// Labels of one file together, the guilty one's file first.
fn by_file(labels: &[Label]) -> Vec<(FileId, Vec<&Label>)> {
    let mut files: Vec<(FileId, Vec<&Label>)> = Vec::new();
    for label in labels {
        match files.iter_mut().find(|(file, _)| *file == label.span.file) {
            Some((_, of_file)) => of_file.push(label),
            None => files.push((label.span.file, vec![label])),
        }
    }
    files
}

/// The lines of one file that labels point at.
fn snippet(file: &SourceFile, labels: &[&Label], look: &Look) -> String {
    let whole = harmless(&file.text);
    let places: Vec<(usize, usize)> = labels.iter().map(|label| bounds(&whole, label.span)).collect();
    let room = look.columns().saturating_sub(MARGIN);
    let shown = Shown { file, window: Window::around(&whole, &places, room, look.ellipsis()) };
    let labels = labels.iter().zip(&places).enumerate().map(|(at, (label, (start, end)))| {
        let (start, end) = (shown.window.here(*start), shown.window.here(*end));
        let text = Some(clean(&label.text)).filter(|text| !text.is_empty());
        let span = SourceSpan::from((start, end - start));
        if at == 0 {
            LabeledSpan::new_primary_with_span(text, span)
        } else {
            LabeledSpan::new_with_span(text, span)
        }
    });
    let picture = Picture { labels: labels.collect(), source: &shown };
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(theme(look))
        .with_width(look.columns())
        .with_links(false)
        .with_urls(false)
        .with_context_lines(1)
        .without_syntax_highlighting();
    if handler.render_report(&mut text, &picture).is_err() {
        return format!("   {}\n", clean(&file.name));
    }
    // Miette opens with the message, which has been said.
    let mut drawn = String::new();
    text.lines().skip(1).for_each(|line| push_line(&mut drawn, line.trim_end()));
    drawn
}

fn theme(look: &Look) -> GraphicalTheme {
    let characters = if look.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let styles = if look.colour { ThemeStyles::ansi() } else { ThemeStyles::none() };
    GraphicalTheme { characters, styles }
}

/// The text with what would steer the terminal replaced by as many bytes, so that spans still fit.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let ends_line = c == '\n' || (c == '\r' && rest.peek() == Some(&'\n'));
        match c {
            c if ends_line || c == '\t' || !is_steering(c) => out.push(c),
            c if c.len_utf8() == 3 => out.push('\u{fffd}'),
            c => (0..c.len_utf8()).for_each(|_| out.push('?')),
        }
    }
    out
}

/// A file as miette sees it: whole lines and no neighbours, columns in characters.
#[derive(Debug)]
struct Shown<'a> {
    file: &'a SourceFile,
    window: Window,
}

/// A label that spans more lines than these points at its first line alone.
const LINES: usize = 6;

/// What miette puts before a line: a number of up to six digits and a rule.
const MARGIN: usize = 10;

/// Byte bounds that lie in the text and on characters.
fn bounds(text: &str, span: Span) -> (usize, usize) {
    let floor = |at: u32| {
        let at = (at as usize).min(text.len());
        (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
    };
    let start = floor(span.start);
    let end = floor(span.end).max(start);
    // What is missing at the end of a file is missing after its last word, not on the empty line below.
    let last = text.trim_end().len();
    if start >= last {
        return character_before(text, last);
    }
    let ends_line = text.get(start..).is_some_and(|rest| rest.starts_with(['\n', '\r']));
    if start == end && ends_line {
        return character_before(text, start);
    }
    let within = text.get(start..end).unwrap_or("");
    if within.lines().count() > LINES {
        let first = within.lines().next().unwrap_or("");
        return (start, start + first.len());
    }
    (start, end)
}

/// Miette draws nothing under a place past the end of a line.
fn character_before(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or("");
    let length = before.chars().next_back().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    (at - length, at)
}

impl Shown<'_> {
    /// The lines that hold `start..end`, without the last line break.
    fn whole_lines(&self, start: usize, end: usize) -> (usize, usize) {
        let before = self.window.text.get(..start).unwrap_or("");
        let first = before.rfind('\n').map_or(0, |at| at + 1);
        let after = self.window.text.get(end..).unwrap_or("");
        let rest = after.find('\n').unwrap_or(after.len());
        // A line break that the span itself ends with has ended its line.
        let ends = end > start && self.window.text.get(..end).is_some_and(|text| text.ends_with('\n'));
        (first, if ends { end } else { end + rest })
    }
}

impl SourceCode for Shown<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        _context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let at = self.file.line_column(u32::try_from(self.window.there(start)).unwrap_or(u32::MAX));
        let (from, to, column) = if context_lines_before == 0 {
            (start, end, at.column - 1)
        } else {
            let (from, to) = self.whole_lines(start, end);
            (from, to, 0)
        };
        let data = self.window.text.get(from..to).ok_or(MietteError::OutOfBounds)?;
        let lines = data.lines().count();
        let name = clean(&self.file.name);
        let span = SourceSpan::from((from, to - from));
        let contents = MietteSpanContents::new_named(name, data.as_bytes(), span, at.line - 1, column, lines);
        Ok(Box::new(contents))
    }
}

/// What miette draws: labels on a source, without words of its own.
#[derive(Debug)]
struct Picture<'a> {
    labels: Vec<LabeledSpan>,
    source: &'a Shown<'a>,
}

impl std::fmt::Display for Picture<'_> {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Picture<'_> {}

impl miette::Diagnostic for Picture<'_> {
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source)
    }
}
