//! Lines and their columns.
//!
//! Enters: lines in cells, with their comments. Leaves: text in which like statements and their comments line up.
//! It deliberately knows no statement but by the family it lines up with.

use crate::syntax::outline::Family;

/// A line to be.
#[derive(Clone, Debug)]
pub(super) struct Line {
    depth: usize,
    family: Family,
    cells: Vec<String>,
    /// The comment at its end.
    pub(super) comment: Option<String>,
    apart: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Cells,
    Comment,
    Verbatim,
}

impl Line {
    /// A statement, or a part of one.
    pub(super) fn cells(depth: usize, family: Family, cells: Vec<String>, apart: bool) -> Self {
        Self { depth, family, cells, comment: None, apart, kind: Kind::Cells }
    }

    /// A comment of its own.
    pub(super) fn comment(depth: usize, text: String, apart: bool) -> Self {
        let mut line = Self::cells(depth, Family::Other, vec![text], apart);
        line.kind = Kind::Comment;
        line
    }

    /// What is left alone; it may be several lines, of which only the first is moved.
    pub(super) fn verbatim(depth: usize, text: String, apart: bool) -> Self {
        let mut line = Self::cells(depth, Family::Other, vec![text], apart);
        line.kind = Kind::Verbatim;
        line
    }

    /// Whether it is a comment and nothing else.
    pub(super) fn is_comment(&self) -> bool {
        self.kind == Kind::Comment
    }

    fn text(&self) -> String {
        let mut text = "  ".repeat(self.depth);
        text.push_str(&self.cells.join(" "));
        text
    }
}

/// Lines, lined up, as a text.
pub(super) fn text(mut lines: Vec<Line>) -> String {
    align(&mut lines);
    let texts: Vec<String> = lines.iter().map(Line::text).collect();
    let widths = comment_columns(&lines, &texts);
    let mut all = String::new();
    for ((line, text), width) in lines.iter().zip(&texts).zip(widths) {
        if line.apart {
            all.push('\n');
        }
        all.push_str(text);
        if let Some(comment) = &line.comment {
            let last = text.lines().next_back().unwrap_or("");
            let blanks = width.saturating_sub(last.chars().count()) + 2;
            all.push_str(&" ".repeat(blanks));
            all.push_str(comment);
        }
        all.push('\n');
    }
    all
}

/// Pads the cells of each run of like lines to the widest of the run.
fn align(lines: &mut [Line]) {
    let mut start = 0;
    while start < lines.len() {
        let rest = lines.get(start..).unwrap_or(&[]);
        let length = run(rest);
        let run = lines.get_mut(start..start + length).unwrap_or(&mut []);
        pad(run);
        start += length.max(1);
    }
}

/// How many lines from the first on line up: those of its family, comments and other steps between them.
fn run(lines: &[Line]) -> usize {
    let Some(first) = lines.first().filter(|line| lines_up(line.family)) else {
        return 1;
    };
    let goes_on = |line: &&Line| {
        let clauses = is_clause(line.family) && is_clause(first.family);
        let like = line.family == first.family || clauses || line.is_comment();
        let step = first.family == Family::Weight && line.family == Family::Step;
        !line.apart && line.depth == first.depth && (like || step)
    };
    1 + lines.iter().skip(1).take_while(goes_on).count()
}

fn lines_up(family: Family) -> bool {
    matches!(family, Family::Slo | Family::Weight) || is_clause(family)
}

fn is_clause(family: Family) -> bool {
    matches!(family, Family::Clause | Family::At)
}

fn pad(run: &mut [Line]) {
    let columns = run.iter().map(|line| line.cells.len()).max().unwrap_or(0);
    for column in 0..columns.saturating_sub(1) {
        let like = run.iter().filter(|line| lines_up(line.family));
        let width = like
            .filter_map(|line| line.cells.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0);
        for line in run.iter_mut().filter(|line| lines_up(line.family)) {
            let is_last = column + 1 >= line.cells.len();
            if let Some(cell) = line.cells.get_mut(column).filter(|_| !is_last) {
                let missing = width.saturating_sub(cell.chars().count());
                cell.push_str(&" ".repeat(missing));
            }
        }
    }
}

/// For each line the width after which its comment stands: the widest of the lines with comments around it.
fn comment_columns(lines: &[Line], texts: &[String]) -> Vec<usize> {
    let mut widths = Vec::with_capacity(lines.len());
    let mut at = 0;
    while let Some(first) = lines.get(at) {
        let goes_on = |(line, text): &(&Line, &String)| {
            line.comment.is_some() && line.depth == first.depth && !line.apart && !text.contains('\n')
        };
        let rest = lines.iter().zip(texts).skip(at);
        let after =
            if first.comment.is_some() { rest.clone().skip(1).take_while(goes_on).count() } else { 0 };
        let run = rest.take(1 + after);
        let width = run.map(|(_, text)| last_width(text)).max().unwrap_or(0);
        widths.extend(std::iter::repeat_n(width, 1 + after));
        at += 1 + after;
    }
    widths
}

fn last_width(text: &str) -> usize {
    text.lines().next_back().unwrap_or("").chars().count()
}
