//! A text as the formatter sees it: statements as rows of tokens, blocks, comments, and what is to be left alone.
//!
//! Enters: the text of a file. Leaves: all of it but the blanks. What is broken, or waits for a later version, stands
//! there as it was written. It deliberately knows no widths; where things go is the formatter's.

use pest::Parser;

use crate::diagnostic::Code;
use crate::source::FileId;

use super::build::{Node, extent};
use super::context::Context;
use super::grammar::{Grammar, Rule};
use super::scan::Scan;

/// A statement, a comment or something to be left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What it is.
    pub(crate) kind: EntryKind,
    /// How many line ends stand between it and what is before it.
    pub(crate) newlines: usize,
    start: usize,
    end: usize,
}

/// The kinds of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// From its `#`, without blanks at its end.
    Comment(String),
    /// A statement that was read.
    Statement(Row),
    /// As it was written.
    Verbatim(String),
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Row {
    /// What it lines up with.
    pub(crate) family: Family,
    /// Its words and signs, its block apart.
    pub(crate) tokens: Vec<Token>,
    /// What it encloses.
    pub(crate) block: Option<Block>,
}

/// A word or sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// As written.
    pub(crate) text: String,
    /// Whether it sticks to the token before it.
    pub(crate) sticks: bool,
    /// Whether a column begins with it where statements of its family stand below each other.
    pub(crate) column: bool,
}

/// Statements in braces.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Block {
    /// In order.
    pub(crate) entries: Vec<Entry>,
    /// Whether it was written on one line.
    pub(crate) one_line: bool,
}

/// Statements that line up with their like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Family {
    /// Objectives.
    Slo,
    /// Steps that set a weight.
    Weight,
    /// Other steps, which stand between those without parting them.
    Step,
    /// Clauses of a scenario, which line up after their first word.
    Clause,
    /// What an operator does, which lines up with those after its time.
    At,
    /// `key: value`
    Label,
    /// None.
    #[default]
    Other,
}

/// The outline of a text; nothing where its braces do not balance, for then no line is sure of its depth.
pub(crate) fn outline(text: &str) -> Option<Vec<Entry>> {
    if text.len() > super::BYTES_MAX {
        return None;
    }
    let scan = Scan::new(FileId::default(), text);
    let sure = |code| matches!(code, Code::StrayCharacter | Code::UnclosedString);
    if scan.problems.iter().any(|problem| !sure(problem.code)) {
        return None;
    }
    let root = Grammar::parse(Rule::file, &scan.text).ok()?.next()?;
    let reader = Reader { source: text, scan: &scan };
    Some(reader.entries(root.into_inner().filter(|node| node.as_rule() != Rule::EOI), 0, text.len()))
}

struct Reader<'t> {
    source: &'t str,
    scan: &'t Scan,
}

impl<'t> Reader<'t> {
    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.source.get(start..end).unwrap_or("")
    }

    fn newlines(&self, start: usize, end: usize) -> usize {
        self.slice(start, end).matches('\n').count()
    }

    fn range(&self, node: &Node<'_>) -> (usize, usize) {
        let extent = extent(node);
        (self.scan.original(extent.start), self.scan.original(extent.end))
    }

    /// The entries between two places of the original.
    fn entries(&self, nodes: impl Iterator<Item = Node<'t>>, start: usize, end: usize) -> Vec<Entry> {
        let mut list: Vec<Entry> = Vec::new();
        let mut at = start;
        for node in nodes {
            let (from, to) = self.range(&node);
            self.problems(&mut list, at, from);
            let kind = self.kind(node, from, to);
            list.push(Entry { kind, newlines: 0, start: from, end: to });
            at = to;
        }
        self.problems(&mut list, at, end);
        let mut list = self.joined(list);
        let mut at = start;
        for entry in &mut list {
            entry.newlines = self.newlines(at, entry.start);
            at = entry.end;
        }
        list
    }

    /// What `scan` took out between two statements is left alone.
    fn problems(&self, list: &mut Vec<Entry>, start: usize, end: usize) {
        let mut at = start;
        while let Some(problem) = self.scan.problem_within(at, end) {
            let range = problem.span().range();
            list.push(Entry {
                kind: EntryKind::Verbatim(self.slice(range.start, range.end).to_owned()),
                newlines: 0,
                start: range.start,
                end: range.end,
            });
            at = range.end.max(at + 1);
        }
    }

    fn kind(&self, node: Node<'t>, start: usize, end: usize) -> EntryKind {
        let rule = node.as_rule();
        let text = self.slice(start, end);
        if rule == Rule::comment {
            return EntryKind::Comment(text.to_owned());
        }
        let later = format!("{rule:?}").starts_with("later_");
        let mut row = Row { family: family(rule), ..Row::default() };
        let broken = later || Context::of_broken(rule).is_some();
        if broken || self.read(node, &mut row).is_none() || self.is_damaged(&row, start, end) {
            return EntryKind::Verbatim(text.to_owned());
        }
        // A name of its own makes a line so long that the others would be torn apart.
        let named = row.tokens.iter().any(|token| token.text == "as");
        if row.family == Family::Slo && named {
            row.family = Family::Other;
            row.tokens.iter_mut().for_each(|token| token.column = false);
        }
        EntryKind::Statement(row)
    }

    /// Whether a problem stands in a statement but not in an entry of its block, or a broken entry in a block of one
    /// line, where leaving it alone leaves all of the line alone.
    fn is_damaged(&self, row: &Row, start: usize, end: usize) -> bool {
        let Some(block) = &row.block else {
            return self.scan.problem_within(start, end).is_some();
        };
        let first = block.entries.first().map_or(end, |entry| entry.start);
        let verbatim = |entry: &Entry| matches!(entry.kind, EntryKind::Verbatim(_));
        self.scan.problem_within(start, first).is_some()
            || block.one_line && block.entries.iter().any(verbatim)
    }

    /// The tokens and the block of a statement; nothing where a comment stands among them.
    fn read(&self, node: Node<'t>, row: &mut Row) -> Option<()> {
        let outer = node.as_rule();
        let mut inner = node.into_inner();
        while let Some(part) = inner.next() {
            match part.as_rule() {
                Rule::comment | Rule::bad_head => return None,
                Rule::open => {
                    let (_, start) = self.range(&part);
                    let mut children: Vec<Node<'t>> = inner.by_ref().collect();
                    let close = children.pop().filter(|last| last.as_rule() == Rule::close)?;
                    let (end, _) = self.range(&close);
                    row.block = Some(Block {
                        one_line: self.newlines(start, end) == 0,
                        entries: self.entries(children.into_iter(), start, end),
                    });
                }
                Rule::comma if outer == Rule::label => {}
                rule if rule == Rule::reference || part.clone().into_inner().next().is_none() => {
                    let (start, end) = self.range(&part);
                    let after_dots = row.tokens.last().is_some_and(|last| last.text == "..");
                    row.tokens.push(Token {
                        text: self.slice(start, end).to_owned(),
                        sticks: after_dots || matches!(rule, Rule::comma | Rule::colon | Rule::dots),
                        column: is_column(row, rule),
                    });
                }
                rule => {
                    let before = row.tokens.len();
                    self.read(part, row)?;
                    if let (Family::Slo, Rule::threshold, Some(token)) =
                        (row.family, rule, row.tokens.get_mut(before))
                    {
                        token.column = true;
                    }
                }
            }
        }
        Some(())
    }

    /// Entries of one line of which one is to be left alone are left alone together, but for a comment at its end.
    fn joined(&self, list: Vec<Entry>) -> Vec<Entry> {
        let mut joined: Vec<Entry> = Vec::with_capacity(list.len());
        let mut line: Vec<Entry> = Vec::new();
        for entry in list {
            let comment = matches!(entry.kind, EntryKind::Comment(_));
            let goes_on = line.last().is_some_and(|before| self.newlines(before.end, entry.start) == 0);
            if comment || !goes_on {
                self.join(&mut line, &mut joined);
            }
            if comment {
                joined.push(entry);
            } else {
                line.push(entry);
            }
        }
        self.join(&mut line, &mut joined);
        joined
    }

    fn join(&self, line: &mut Vec<Entry>, joined: &mut Vec<Entry>) {
        let verbatim = |entry: &Entry| matches!(entry.kind, EntryKind::Verbatim(_));
        if let [first, .., last] = line.as_slice()
            && line.iter().any(verbatim)
        {
            let (start, end) = (first.start, last.end);
            line.clear();
            line.push(Entry {
                kind: EntryKind::Verbatim(self.slice(start, end).to_owned()),
                newlines: 0,
                start,
                end,
            });
        }
        joined.append(line);
    }
}

fn family(rule: Rule) -> Family {
    match rule {
        Rule::slo => Family::Slo,
        Rule::weight_step | Rule::param_step => Family::Weight,
        Rule::pause | Rule::analyze => Family::Step,
        Rule::traffic
        | Rule::like
        | Rule::side
        | Rule::pod_start
        | Rule::replay
        | Rule::scrape
        | Rule::scrape_nothing
        | Rule::runs
        | Rule::seed
        | Rule::expect => Family::Clause,
        Rule::at => Family::At,
        Rule::label => Family::Label,
        _ => Family::Other,
    }
}

/// Whether a column begins with the next token of a row.
fn is_column(row: &Row, rule: Rule) -> bool {
    match row.family {
        Family::Slo => matches!(rule, Rule::comparison | Rule::kw_over),
        Family::Weight => rule == Rule::kw_for,
        Family::Clause => row.tokens.len() == 1,
        Family::At => row.tokens.len() == 2,
        _ => false,
    }
}
