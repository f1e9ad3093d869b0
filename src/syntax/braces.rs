//! Which brace was forgotten and which is one too many.
//!
//! Enters: the braces of a text and the indentation of its lines. Leaves: edits after which they balance, and a
//! diagnostic for each mistake. Where an item does not balance, its indentation says what was meant.
//! It deliberately knows no words; an item is what stands between two lines that begin one.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{FileId, Span};

use super::scan::{Edit, Line};

/// Blocks may be nested so deep; the language needs four.
const DEPTH_MAX: usize = 32;

/// A brace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// Its byte.
    pub(super) at: usize,
    /// Whether it is a `{`.
    pub(super) opens: bool,
    /// Its line, an index into [`Shape::lines`].
    pub(super) line: usize,
}

/// The braces and lines of a text, in its order.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) marks: Vec<Mark>,
    pub(super) lines: Vec<Line>,
}

/// How a text comes to balance.
#[derive(Debug, Default)]
pub(super) struct Balance {
    pub(super) edits: Vec<Edit>,
    pub(super) problems: Vec<Diagnostic>,
    pub(super) too_deep: bool,
}

/// A brace that is never closed, and the line before which it should have been; none is the end of the item.
type Missing = (Mark, Option<Line>);

/// Item by item, what it takes for the braces to balance.
pub(super) fn balance(file: FileId, text: &str, shape: &Shape) -> Balance {
    let mut balance = Balancer { file, text, result: Balance::default() };
    let (mut marks, mut first) = (shape.marks.as_slice(), 0);
    while first < shape.lines.len() && !balance.result.too_deep {
        let after = first + 1;
        let length = shape.lines.iter().skip(after).take_while(|line| !line.item).count();
        let end = after + length;
        let (own, others) = marks.split_at(marks.partition_point(|mark| mark.line < end));
        let lines = shape.lines.get(first..end).unwrap_or(&[]);
        balance.item(own, lines, first, shape.lines.get(end).map(|line| line.start));
        (marks, first) = (others, end);
    }
    balance.result
}

struct Balancer<'t> {
    file: FileId,
    text: &'t str,
    result: Balance,
}

impl<'t> Balancer<'t> {
    /// One item: its braces, its lines of which the first is line `first` of the text, and where the next item begins.
    fn item(&mut self, marks: &[Mark], lines: &[Line], first: usize, next: Option<usize>) {
        let (mut open, mut strays): (Vec<Mark>, Vec<Mark>) = (Vec::new(), Vec::new());
        for mark in marks {
            if mark.opens {
                open.push(*mark);
                if open.len() > DEPTH_MAX {
                    self.too_deep(*mark);
                    return;
                }
            } else if open.pop().is_none() {
                strays.push(*mark);
            }
        }
        let one = open.len() == 1 && strays.is_empty();
        let mut doubled = marks.windows(2).filter_map(|pair| self.twice(pair));
        if let Some(twice) = doubled.find(|twice| one && balances_without(marks, *twice)) {
            self.opened_twice(twice);
        } else if strays.is_empty() {
            let missing = by_indent(marks, lines, first)
                .filter(|missing| missing.len() == open.len())
                .unwrap_or_else(|| open.iter().map(|mark| (*mark, None)).collect());
            for missing in missing {
                self.unclosed(missing, next);
            }
        } else {
            self.too_many(&strays, marks, lines, first, open.is_empty());
            for mark in open {
                self.unclosed((mark, None), next);
            }
        }
    }

    /// More `}` than `{`: one of them stands too early, or the line that should have opened its block did not.
    fn too_many(&mut self, strays: &[Mark], marks: &[Mark], lines: &[Line], first: usize, closed: bool) {
        let (&[stray], true) = (strays, closed) else {
            for mark in strays {
                self.stray(*mark, "no block is open here");
            }
            return;
        };
        if let Some(mark) = unopened_on_its_line(marks, lines, first) {
            self.stray(mark, "nothing on this line is opened by a `{`");
            return;
        }
        let early = closed_early(marks, lines, first).filter(|early| balances_without(marks, *early));
        let closers = [early, Some(stray)].into_iter().flatten();
        let lacking = closers.filter_map(|mark| opener(mark, lines, first));
        let lacking = lacking.filter_map(|line| self.code(line).map(|code| (line, code)));
        let lacking = lacking.into_iter().find(|(line, code)| balances_with(marks, line.start + code.len()));
        match (lacking, early) {
            (Some((line, code)), _) => self.unopened(line, code),
            (None, Some(mark)) => self.stray(mark, "the item goes on after it"),
            (None, None) => self.stray(stray, "no block is open here"),
        }
    }

    /// The second of two braces of which one would do.
    fn twice(&self, pair: &[Mark]) -> Option<Mark> {
        let [left, right] = pair else { return None };
        let between = self.text.get(left.at + 1..right.at)?;
        (left.opens && right.opens && between.trim().is_empty()).then_some(*right)
    }

    fn opened_twice(&mut self, mark: Mark) {
        let span = Span::new(self.file, mark.at, mark.at + 1);
        self.result.problems.push(
            Diagnostic::new(
                Code::MalformedStatement,
                "`{` stands here twice",
                span,
                "the block is open already",
            )
            .fix("remove it", span, ""),
        );
        self.blank(mark);
    }

    /// A line without the comment at its end; nothing where a quotation mark makes that hard to tell.
    fn code(&self, line: Line) -> Option<&'t str> {
        let text = self.text.get(line.start..)?.lines().next()?;
        let code = text.split('#').next()?.trim_end();
        let plain = code.matches('"').count() % 2 == 0 && !code.contains(['`', '\\']);
        plain.then_some(code)
    }

    /// A line that is followed by a block and does not open it.
    fn unopened(&mut self, line: Line, code: &str) {
        let at = line.start + code.len();
        let last = code.split_whitespace().next_back().unwrap_or("");
        let span = Span::new(self.file, at - last.len(), at);
        self.result.problems.push(
            Diagnostic::new(
                Code::MalformedStatement,
                format!("expected `{{` after `{last}`, found the end of the line"),
                span,
                "expected `{` after this",
            )
            .fix("open the block", Span::new(self.file, at, at), " {"),
        );
        self.result.edits.push(Edit { at, remove: 0, put: "{".to_owned() });
    }

    fn blank(&mut self, mark: Mark) {
        self.result.edits.push(Edit { at: mark.at, remove: 1, put: " ".to_owned() });
    }

    fn too_deep(&mut self, mark: Mark) {
        self.result.too_deep = true;
        self.result.problems.push(Diagnostic::new(
            Code::TooDeep,
            format!("blocks are nested more than {DEPTH_MAX} deep"),
            Span::new(self.file, mark.at, mark.at + 1),
            "the file is not read because of this block",
        ));
    }

    fn stray(&mut self, mark: Mark, label: &str) {
        let span = Span::new(self.file, mark.at, mark.at + 1);
        self.result.problems.push(Diagnostic::new(Code::StrayBrace, "`}` closes nothing", span, label).fix(
            "remove it",
            span,
            "",
        ));
        self.blank(mark);
    }

    fn unclosed(&mut self, (mark, before): Missing, next: Option<usize>) {
        let span = Span::new(self.file, mark.at, mark.at + 1);
        let head = self.head(mark.at);
        let at = before.map(|line| line.start).or(next);
        let diagnostic = Diagnostic::new(
            Code::UnclosedBlock,
            format!("`{head}` is never closed"),
            span,
            "this block has no `}`",
        );
        let indent = before.map_or(0, |line| line.indent);
        let insert = at.unwrap_or(self.text.len());
        let place = Span::new(self.file, insert, insert);
        let fixed = if at.is_some() || self.text.ends_with('\n') {
            format!("{}}}\n", " ".repeat(indent))
        } else {
            "\n}\n".to_owned()
        };
        let diagnostic = match at {
            Some(at) => {
                let line = self.text.get(at..).unwrap_or("").lines().next().unwrap_or("");
                let skipped = line.len() - line.trim_start().len();
                let word = line.split_whitespace().next().map_or(0, str::len);
                let span = Span::new(self.file, at + skipped, at + skipped + word);
                diagnostic.because(span, "a `}` is missing before this line")
            }
            None => diagnostic,
        };
        self.result.problems.push(diagnostic.fix("close the block", place, fixed));
        // On a line of its own at the end, where the last line may be a comment.
        let put = if at.is_some() { "}" } else { "\n}" };
        self.result.edits.push(Edit { at: insert, remove: 0, put: put.to_owned() });
    }

    /// What stands on the line before a brace, with it, or the brace alone where that is long.
    fn head(&self, at: usize) -> &str {
        let before = self.text.get(..at).unwrap_or("");
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let head = self.text.get(start..=at).unwrap_or("{").trim();
        let head = head.rsplit("  ").next().unwrap_or(head);
        if head.chars().count() > 40 || head.contains('`') { "{" } else { head }
    }
}

/// Whether braces balance.
fn balances(mut opens: impl Iterator<Item = bool>) -> bool {
    let depth =
        opens.try_fold(0_usize, |depth, opens| if opens { Some(depth + 1) } else { depth.checked_sub(1) });
    depth == Some(0)
}

fn balances_without(marks: &[Mark], one: Mark) -> bool {
    balances(marks.iter().filter(|mark| mark.at != one.at).map(|mark| mark.opens))
}

/// Whether braces balance with a `{` at a place.
fn balances_with(marks: &[Mark], at: usize) -> bool {
    let (before, after) = marks.split_at(marks.partition_point(|mark| mark.at < at));
    let before = before.iter().map(|mark| mark.opens);
    balances(before.chain([true]).chain(after.iter().map(|mark| mark.opens)))
}

/// The blocks that a line at the same or a smaller indentation shows to have ended without a `}`.
fn by_indent(marks: &[Mark], lines: &[Line], first: usize) -> Option<Vec<Missing>> {
    let mut open: Vec<(Mark, usize)> = Vec::new();
    let mut missing = Vec::new();
    let mut marks = marks.iter().peekable();
    for (line, number) in lines.iter().zip(first..) {
        while let Some((mark, indent)) = open.last() {
            let ended = if line.closes { line.indent < *indent } else { line.indent <= *indent };
            if !ended {
                break;
            }
            missing.push((*mark, Some(*line)));
            open.pop();
        }
        while let Some(mark) = marks.next_if(|mark| mark.line == number) {
            if mark.opens {
                open.push((*mark, line.indent));
            } else {
                open.pop()?;
            }
        }
    }
    missing.extend(open.iter().map(|(mark, _)| (*mark, None)));
    Some(missing)
}

/// The `}` that ends an item although it, or the line after it, is still indented.
fn closed_early(marks: &[Mark], lines: &[Line], first: usize) -> Option<Mark> {
    let mut depth = 0_usize;
    for mark in marks {
        depth = if mark.opens { depth + 1 } else { depth.checked_sub(1)? };
        let own = mark.line.saturating_sub(first);
        let indented = lines.get(own).is_some_and(|line| line.closes && line.indent > 0)
            || lines.get(own + 1).is_some_and(|line| line.indent > 0);
        if depth == 0 && indented {
            return Some(*mark);
        }
    }
    None
}

/// The `}` at the end of a line on which a `{` is missing: without it, all braces agree with the indentation.
fn unopened_on_its_line(marks: &[Mark], lines: &[Line], first: usize) -> Option<Mark> {
    const TRIED_MAX: usize = 8;
    let (mut line, mut depth) = (usize::MAX, 0_usize);
    let mut candidates = Vec::new();
    for mark in marks {
        if mark.line != line {
            (line, depth) = (mark.line, 0);
        }
        let starts = lines.get(line.saturating_sub(first)).is_some_and(|line| line.closes);
        match (mark.opens, depth.checked_sub(1)) {
            (true, _) => depth += 1,
            (false, Some(less)) => depth = less,
            (false, None) if !starts => candidates.push(*mark),
            (false, None) => {}
        }
    }
    candidates.into_iter().take(TRIED_MAX).find(|candidate| {
        let others: Vec<Mark> = marks.iter().filter(|mark| mark.at != candidate.at).copied().collect();
        by_indent(&others, lines, first).is_some_and(|missing| missing.is_empty())
    })
}

/// The line that should have opened the block which a `}` at the beginning of its line closes: the nearest above it at
/// its own indentation, with deeper lines between.
fn opener(mark: Mark, lines: &[Line], first: usize) -> Option<Line> {
    let own = mark.line.checked_sub(first)?;
    let close = lines.get(own).filter(|line| line.closes)?;
    let above = lines.get(..own)?;
    let at = above.iter().rposition(|line| line.indent <= close.indent)?;
    let line = above.get(at)?;
    let deeper = at + 1 < own;
    (deeper && line.indent == close.indent && !line.closes && !line.opens).then_some(*line)
}
