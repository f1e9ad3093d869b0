//! What must be settled before the grammar reads a text: strings that end, characters that exist, braces that balance.
//!
//! Enters: the text of a file. Leaves: the same text with blanks for what cannot be read and braces where they were
//! forgotten, the way back to the places of the original, and the mistakes found. One pass, no recursion.
//! It deliberately knows no statement; the words that begin an item only tell it where the one before must have ended.

use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{FileId, Span};

use super::braces::{self, Mark, Shape};

/// A text in which the grammar finds every string closed and every brace matched.
#[derive(Debug)]
pub(super) struct Scan {
    /// What the grammar reads.
    pub(super) text: String,
    /// What was found on the way, in the original's places.
    pub(super) problems: Vec<Diagnostic>,
    /// Whether blocks are nested so deep that the grammar must not see them.
    pub(super) too_deep: bool,
    /// Where the text was made longer: first byte after the insertion, and how much longer it is from there on.
    shifts: Vec<(usize, usize)>,
}

/// A repair of the text: `put` replaces `remove` bytes at `at`.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) at: usize,
    pub(super) remove: usize,
    pub(super) put: String,
}

/// A line on which something stands that is no comment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Its first byte.
    pub(super) start: usize,
    /// How many blanks it opens with.
    pub(super) indent: usize,
    /// Whether the first that stands on it is a `}`.
    pub(super) closes: bool,
    /// Whether a `{` stands on it.
    pub(super) opens: bool,
    /// Whether it opens an item of the file, at its very beginning.
    pub(super) item: bool,
}

impl Scan {
    /// Reads a text.
    pub(super) fn new(file: FileId, text: &str) -> Self {
        let mut scanner = Scanner::new(file, text);
        scanner.run();
        let Scanner { mut problems, mut edits, shape, .. } = scanner;
        let balance = braces::balance(file, text, &shape);
        problems.extend(balance.problems);
        edits.extend(balance.edits);
        edits.sort_by_key(|edit| edit.at);
        problems.sort_by_key(Diagnostic::span);
        let (text, shifts) = apply(text, &edits);
        Self { text, problems, too_deep: balance.too_deep, shifts }
    }

    /// The place in the original of a place in [`Scan::text`].
    pub(super) fn original(&self, at: usize) -> usize {
        let after = self.shifts.partition_point(|(from, _)| *from <= at);
        let longer = after.checked_sub(1).and_then(|last| self.shifts.get(last)).map_or(0, |(_, by)| *by);
        at.saturating_sub(longer)
    }

    /// The problems that begin in a range of the original.
    pub(super) fn problems_within(&self, range: Range<usize>) -> impl Iterator<Item = &Diagnostic> {
        let begins = |problem: &Diagnostic| problem.span().start as usize;
        let first = self.problems.partition_point(|problem| begins(problem) < range.start);
        let after = self.problems.iter().skip(first);
        after.take_while(move |problem| begins(problem) < range.end)
    }

    /// The first problem that begins in a range of the original.
    pub(super) fn problem_within(&self, start: usize, end: usize) -> Option<&Diagnostic> {
        self.problems_within(start..end).next()
    }
}

fn apply(text: &str, edits: &[Edit]) -> (String, Vec<(usize, usize)>) {
    let mut patched = String::with_capacity(text.len() + edits.len());
    let mut shifts = Vec::new();
    let (mut at, mut longer) = (0, 0);
    for edit in edits {
        patched.push_str(text.get(at..edit.at).unwrap_or(""));
        // Each byte put in is its own shift, so that all of them are at the one place of the original.
        for put in 1..=edit.put.len().saturating_sub(edit.remove) {
            shifts.push((patched.len() + put, longer + put));
        }
        longer += edit.put.len().saturating_sub(edit.remove);
        patched.push_str(&edit.put);
        at = at.max(edit.at + edit.remove);
    }
    patched.push_str(text.get(at..).unwrap_or(""));
    (patched, shifts)
}

/// Where a string that its line ends was probably meant to end: before two blanks, which part the statements of a line,
/// or before the end of a scenario's head.
fn probable_end(content: &str) -> &str {
    let statement = content.split("  ").next().unwrap_or(content);
    let Some(head) = statement.strip_suffix('{') else { return statement };
    let head = head.trim_end();
    match head.rsplit_once(" for ") {
        Some((name, rollout)) if !rollout.contains(' ') => name.trim_end(),
        _ => head,
    }
}

struct Scanner<'t> {
    file: FileId,
    text: &'t str,
    at: usize,
    line_start: usize,
    line_seen: bool,
    problems: Vec<Diagnostic>,
    edits: Vec<Edit>,
    shape: Shape,
}

impl<'t> Scanner<'t> {
    fn new(file: FileId, text: &'t str) -> Self {
        Self {
            file,
            text,
            at: 0,
            line_start: 0,
            line_seen: false,
            problems: Vec::new(),
            edits: Vec::new(),
            shape: Shape::default(),
        }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn run(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.blank(0, 3);
            self.at = 3;
            self.line_start = 3;
        }
        while let Some(next) = self.rest().chars().next() {
            match next {
                '\n' => self.newline(),
                ' ' | '\t' | '\r' => self.at += 1,
                '#' => self.at = self.line_end(),
                _ => self.visible(next),
            }
        }
    }

    fn newline(&mut self) {
        self.at += 1;
        self.line_start = self.at;
        self.line_seen = false;
    }

    fn line_end(&self) -> usize {
        self.rest().find('\n').map_or(self.text.len(), |length| self.at + length)
    }

    fn visible(&mut self, next: char) {
        if !self.line_seen {
            self.line_seen = true;
            let indent = self.at - self.line_start;
            self.shape.lines.push(Line {
                start: self.line_start,
                indent,
                closes: next == '}',
                opens: false,
                item: indent == 0 && opens_item(self.rest()),
            });
        }
        match next {
            '"' => self.string(),
            '`' => self.raw(),
            '{' | '}' => {
                if let Some(line) = self.shape.lines.last_mut() {
                    line.opens |= next == '{';
                }
                self.shape.marks.push(Mark {
                    at: self.at,
                    opens: next == '{',
                    line: self.shape.lines.len().saturating_sub(1),
                });
                self.at += 1;
            }
            _ if is_known(next) => self.at += 1,
            _ => self.stray(next),
        }
    }

    /// A string; where its line ends before it does, it is said and closed before any `}` that ends the line.
    fn string(&mut self) {
        let end = self.line_end();
        let line = self.text.get(self.at + 1..end).unwrap_or("");
        let mut escaped = false;
        for (offset, character) in line.char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    self.at += offset + 2;
                    return;
                }
                _ => {}
            }
        }
        let open_here = self.open_on_this_line();
        let mut content = line.trim_end();
        for _ in 0..open_here {
            content = content.strip_suffix('}').map_or(content, str::trim_end);
        }
        // A `{` at the end opens the block of the statement, whatever the string was to be.
        content = content.strip_suffix('{').map_or(content, str::trim_end);
        let close = self.at + 1 + probable_end(content).len();
        self.unclosed(close, '"');
        self.at = close;
    }

    /// Blocks opened and not yet closed on the line that is being read.
    fn open_on_this_line(&self) -> usize {
        let line = self.shape.lines.len().saturating_sub(1);
        let here = self.shape.marks.iter().rev().take_while(|mark| mark.line == line);
        let (opened, closed) = here.fold((0_usize, 0_usize), |(opened, closed), mark| {
            if mark.opens { (opened + 1, closed) } else { (opened, closed + 1) }
        });
        opened.saturating_sub(closed)
    }

    /// A query or a document in backticks, which may hold anything and run over lines.
    fn raw(&mut self) {
        let inside = self.text.get(self.at + 1..).unwrap_or("");
        if let Some(length) = inside.find('`') {
            let body = inside.get(..length).unwrap_or("");
            if let Some(last) = body.rfind('\n') {
                self.line_start = self.at + 1 + last + 1;
            }
            self.at += length + 2;
        } else {
            let end = self.line_end();
            self.unclosed(end, '`');
            self.blank(self.at, 1);
            self.at += 1;
        }
    }

    fn unclosed(&mut self, close: usize, quote: char) {
        let shown: String = self.text.get(self.at..close).unwrap_or("").chars().take(24).collect();
        let span = Span::new(self.file, self.at, close);
        let end = Span::new(self.file, close, close);
        let headline = if quote == '"' {
            format!("the string `{shown}` is never closed")
        } else {
            "a text in backticks is never closed".to_owned()
        };
        self.problems.push(
            Diagnostic::new(
                Code::UnclosedString,
                headline,
                span,
                format!("expected `{quote}` before the end of the line"),
            )
            .fix(format!("close it with `{quote}`"), end, quote.to_string()),
        );
        if quote == '"' {
            self.edits.push(Edit { at: close, remove: 0, put: quote.to_string() });
        }
    }

    /// A run of characters that the language does not use; typographic quotes are taken with what they enclose.
    fn stray(&mut self, first: char) {
        let line = self.text.get(self.at..self.line_end()).unwrap_or("");
        if let Some((length, inside)) = quoted(line) {
            let span = Span::new(self.file, self.at, self.at + length);
            self.problems.push(
                Diagnostic::new(
                    Code::StrayCharacter,
                    format!("`{first}` is no quotation mark of the language"),
                    span,
                    "expected a string in `\"`",
                )
                .fix(format!("write `\"{inside}\"`"), span, format!("\"{inside}\"")),
            );
            self.blank(self.at, length);
            self.at += length;
            return;
        }
        let run: String = line.chars().take_while(|next| is_stray(*next)).collect();
        let in_word =
            self.text.get(..self.at).and_then(|before| before.chars().next_back()).is_some_and(is_word);
        let span = Span::new(self.file, self.at, self.at + run.len());
        self.problems.push(Self::stray_run(&run, span));
        if in_word || run.chars().any(char::is_alphanumeric) {
            self.edits.push(Edit { at: self.at, remove: run.len(), put: "_".repeat(run.len()) });
        } else {
            self.blank(self.at, run.len());
        }
        self.at += run.len().max(1);
    }

    fn stray_run(run: &str, span: Span) -> Diagnostic {
        let mut characters = run.chars();
        let (first, more) = (characters.next().unwrap_or(' '), characters.next().is_some());
        let shown: String = run.chars().take(12).flat_map(char::escape_debug).collect();
        let (headline, label) = if run.chars().all(|c| c.is_control() || !is_visible(c)) {
            let what = match first {
                c if c.is_control() => "control character",
                c if c.is_whitespace() => "blank",
                _ => "invisible character",
            };
            (
                format!("the {what} U+{:04X} has no place here", u32::from(first)),
                "not visible, and not used by the language".to_owned(),
            )
        } else {
            let verb = if more { "are" } else { "is" };
            (
                format!("`{shown}` {verb} not used by the language"),
                "may stand in a string or a comment".to_owned(),
            )
        };
        let diagnostic = Diagnostic::new(Code::StrayCharacter, headline, span, label);
        let alike = match run {
            "≤" => "<=",
            "≥" => ">=",
            "＜" => "<",
            "＞" => ">",
            "；" | ";" | "\u{a0}" | "\u{200b}" | "\u{feff}" => {
                let blank = if run == "\u{a0}" { " " } else { "" };
                return diagnostic.fix("remove it", span, blank);
            }
            "–" | "—" | "−" => "-",
            "％" => "%",
            "…" => "..",
            _ => return diagnostic,
        };
        let mut diagnostic = diagnostic;
        if let Some(label) = diagnostic.labels.first_mut() {
            label.text = format!("expected `{alike}`");
        }
        diagnostic.help(format!("write `{alike}`")).fix(format!("write `{alike}`"), span, alike)
    }

    fn blank(&mut self, at: usize, length: usize) {
        self.edits.push(Edit { at, remove: length, put: " ".repeat(length) });
    }
}

/// A text in typographic quotes at the beginning of a line's rest: its length with them, and what they enclose.
fn quoted(line: &str) -> Option<(usize, &str)> {
    let first = line.chars().next()?;
    let closing: &[char] = match first {
        '“' | '„' | '”' => &['”', '“'],
        '«' => &['»'],
        '‘' | '‚' => &['’', '‘'],
        '\'' => &['\''],
        _ => return None,
    };
    let inside = line.get(first.len_utf8()..)?;
    let end = inside.find(closing)?;
    let close = inside.get(end..)?.chars().next()?;
    let inside = inside.get(..end)?;
    let plain = !inside.contains(['"', '\\', '{', '}']);
    plain.then_some((first.len_utf8() + end + close.len_utf8(), inside))
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
}

fn is_known(character: char) -> bool {
    is_word(character) || matches!(character, '/' | '%' | '<' | '>' | '=' | ':' | ',')
}

fn is_visible(character: char) -> bool {
    !matches!(character, '\u{a0}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn is_stray(character: char) -> bool {
    !is_known(character) && !matches!(character, '\n' | ' ' | '\t' | '\r' | '#' | '"' | '`' | '{' | '}')
}

/// Whether a line that begins so begins an item that can stand in no block.
fn opens_item(line: &str) -> bool {
    ["rollout", "scenario", "import", "param", "env", "defaults"]
        .iter()
        .filter_map(|word| line.strip_prefix(word))
        .any(|after| {
            after.starts_with([' ', '\t'])
                && after.trim_start_matches([' ', '\t']).starts_with(|next: char| {
                    next == '"' || next == '{' || next == '_' || next.is_alphabetic()
                })
        })
}
