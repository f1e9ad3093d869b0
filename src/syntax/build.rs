//! From the grammar's nodes to the tree: what all families of productions share.
//!
//! Enters: the nodes of one file. Leaves: lists of what they say, without the broken ones, which go to `diagnose`.
//! It deliberately knows no production but by class: good, broken, or not compiled yet.

use std::ops::Range;

use pest::iterators::Pair;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{FileId, Span, Spanned};

use super::context::Context;
use super::grammar::Rule;
use super::scan::Scan;
use super::tree::Name;

/// A node of the grammar.
pub(super) type Node<'t> = Pair<'t, Rule>;

/// So many mistakes are diagnosed in one file.
pub(super) const MISTAKES_MAX: usize = 100;

/// Builds the tree of one file.
#[derive(Debug)]
pub(super) struct Builder<'t> {
    file: FileId,
    source: &'t str,
    pub(super) scan: &'t Scan,
    spans: bool,
    diagnostics: Diagnostics,
    reported: usize,
    /// Where statements stood that are absent from the tree.
    pub(super) broken: Vec<Span>,
    /// Parts of the original in which nothing is a mistake, because all of it waits for a later version.
    muted: Vec<Range<usize>>,
}

/// The children of a node that are no comments.
#[derive(Clone, Debug)]
pub(super) struct Parts<'t>(Vec<Node<'t>>);

impl<'t> Parts<'t> {
    pub(super) fn of(node: Node<'t>) -> Self {
        Self(node.into_inner().filter(|part| part.as_rule() != Rule::comment).collect())
    }

    /// The first child of a rule.
    pub(super) fn first(&self, rule: Rule) -> Option<Node<'t>> {
        self.0.iter().find(|part| part.as_rule() == rule).cloned()
    }

    /// All children of a rule.
    pub(super) fn all(&self, rule: Rule) -> impl Iterator<Item = Node<'t>> + '_ {
        self.0.iter().filter(move |part| part.as_rule() == rule).cloned()
    }

    /// Whether a child of a rule is there.
    pub(super) fn has(&self, rule: Rule) -> bool {
        self.0.iter().any(|part| part.as_rule() == rule)
    }

    /// The last child.
    pub(super) fn last(&self) -> Option<Node<'t>> {
        self.0.last().cloned()
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = Node<'t>> + '_ {
        self.0.iter().cloned()
    }

    /// Those between the braces.
    pub(super) fn block(&self) -> impl Iterator<Item = Node<'t>> + '_ {
        self.iter()
            .skip_while(|part| part.as_rule() != Rule::open)
            .skip(1)
            .filter(|part| part.as_rule() != Rule::close)
    }
}

/// A node's place in the text that the grammar read, without the blanks at its end.
pub(super) fn extent(node: &Node<'_>) -> Range<usize> {
    let span = node.as_span();
    span.start()..span.start() + span.as_str().trim_end().len()
}

impl<'t> Builder<'t> {
    pub(super) fn new(file: FileId, source: &'t str, scan: &'t Scan, spans: bool) -> Self {
        Self {
            file,
            source,
            scan,
            spans,
            diagnostics: Diagnostics::new(),
            reported: 0,
            broken: Vec::new(),
            muted: Vec::new(),
        }
    }

    /// A place of the text that the grammar read, in the original.
    pub(super) fn place(&self, range: &Range<usize>) -> Span {
        Span::new(self.file, self.scan.original(range.start), self.scan.original(range.end))
    }

    /// The span of a node, for the tree.
    pub(super) fn span(&self, node: &Node<'_>) -> Span {
        if self.spans { self.place(&extent(node)) } else { Span::default() }
    }

    /// A node as it stands in the original.
    pub(super) fn text(&self, node: &Node<'_>) -> &'t str {
        self.source.get(self.place(&extent(node)).range()).unwrap_or("")
    }

    /// A word.
    pub(super) fn name(&self, node: &Node<'_>) -> Name {
        Spanned::new(self.text(node).to_owned(), self.span(node))
    }

    /// A value with the place of a node.
    pub(super) fn spanned<T>(&self, value: T, node: &Node<'_>) -> Spanned<T> {
        Spanned::new(value, self.span(node))
    }

    /// Adds a mistake while there are few.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        if self.has_room() {
            self.reported += 1;
            self.diagnostics.push(diagnostic);
        }
    }

    /// Whether another mistake would be reported.
    pub(super) fn has_room(&self) -> bool {
        self.reported < MISTAKES_MAX
    }

    /// How many mistakes there are so far.
    pub(super) fn mistakes(&self) -> usize {
        self.reported
    }

    /// The nodes of a block, in order; of the broken ones nothing is left but their diagnostics.
    pub(super) fn block<T>(
        &mut self,
        nodes: impl Iterator<Item = Node<'t>>,
        build: fn(&mut Self, Node<'t>, &mut Vec<T>) -> Option<()>,
    ) -> Vec<T> {
        let mut list = Vec::new();
        let mut kept = 0;
        let mut before: Option<Range<usize>> = None;
        // Where the last statement ended, if it was broken: what goes on on its line follows from its mistake.
        let mut broken: Option<usize> = None;
        for node in nodes {
            let rule = node.as_rule();
            let extent = extent(&node);
            let follows = broken.is_some_and(|end| self.is_same_line(end, extent.start));
            broken = None;
            let crowded = rule == Rule::param_step && self.is_crowded(&extent, before.as_ref());
            let context = Context::of_broken(rule).or(crowded.then_some(Context::Step));
            if let Some(context) = context {
                if !follows && self.diagnose(&extent, before.as_ref(), context) {
                    list.truncate(kept);
                    self.broken.extend(before.as_ref().map(|before| self.place(before)));
                }
                self.broken.push(self.place(&extent));
                broken = Some(extent.end);
            } else if is_later(rule) {
                kept = list.len();
                self.broken.push(self.place(&extent));
                self.later(node);
            } else {
                kept = list.len();
                let damaged = self.is_damaged(&node);
                let built = build(self, node, &mut list);
                if damaged || built.is_none() {
                    list.truncate(kept);
                    self.broken.push(self.place(&extent));
                    broken = Some(extent.end);
                }
            }
            before = Some(extent);
        }
        list
    }

    /// Whether no line ends between two places.
    pub(super) fn is_same_line(&self, end: usize, start: usize) -> bool {
        !self.scan.text.get(end..start).unwrap_or("\n").contains('\n')
    }

    /// Whether a word that could be a step goes on with the statement before it: one blank and no new line between.
    fn is_crowded(&self, extent: &Range<usize>, before: Option<&Range<usize>>) -> bool {
        before.is_some_and(|before| {
            self.is_same_line(before.end, extent.start) && extent.start - before.end < 2
        })
    }

    /// Whether something that `scan` has reported stands in a node, its block apart. Items that others refer to are
    /// kept nevertheless, or each reference would be a second mistake.
    fn is_damaged(&self, node: &Node<'_>) -> bool {
        if matches!(node.as_rule(), Rule::rollout | Rule::scenario) {
            return false;
        }
        let whole = extent(node);
        let head = node
            .clone()
            .into_inner()
            .flat_map(|part| std::iter::once(part.clone()).chain(part.into_inner().take(1)))
            .find(|part| part.as_rule() == Rule::open)
            .map_or(whole.end, |open| open.as_span().start());
        let place = self.place(&(whole.start..head));
        let mut problems = self.scan.problems_within(place.range());
        problems.any(|problem| matches!(problem.code, Code::StrayCharacter | Code::UnclosedString))
    }

    /// A statement that waits for a later version: said once, at the words that say so.
    pub(super) fn later(&mut self, node: Node<'t>) {
        let whole = self.place(&extent(&node)).range();
        self.muted.push(whole);
        let rule = node.as_rule();
        let Some(head) = node.into_inner().find(|part| is_later_head(part.as_rule())) else {
            return;
        };
        let text = self.text(&head);
        let span = self.place(&extent(&head));
        let what = match rule {
            Rule::later_slo => format!("an slo with `{text}`"),
            Rule::later_metric => format!("a metric by `{text}`"),
            Rule::later_step => format!("the step `{text}`"),
            Rule::later_traffic => format!("`traffic {text}`"),
            _ => format!("`{text}`"),
        };
        self.report(Diagnostic::new(
            Code::NotYet,
            format!("{what} is not compiled by this version yet"),
            span,
            "part of the language, but of a later version",
        ));
    }

    /// All that is wrong with the file.
    pub(super) fn finish(mut self) -> Diagnostics {
        let muted = std::mem::take(&mut self.muted);
        for problem in &self.scan.problems {
            let at = problem.span().start as usize;
            let first = muted.partition_point(|range| range.end <= at);
            if !muted.get(first).is_some_and(|range| range.contains(&at)) {
                self.report(problem.clone());
            }
        }
        self.diagnostics
    }

    /// The grammar accepts every text; where it does not, that is our mistake and is said as such.
    pub(super) fn unreadable(&mut self, error: &pest::error::Error<Rule>) {
        let at = match error.location {
            pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
        };
        let span = self.place(&(at..at));
        self.report(Diagnostic::new(
            Code::InternalError,
            "the grammar gave up on this file",
            span,
            "please report this file",
        ));
    }
}

fn is_later(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::later_item
            | Rule::later_metric
            | Rule::later_statement
            | Rule::later_replicas
            | Rule::later_slo
            | Rule::later_step
            | Rule::later_clause
            | Rule::later_traffic
            | Rule::later_behaviour
    )
}

fn is_later_head(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::later_item_word
            | Rule::later_metric_word
            | Rule::later_statement_head
            | Rule::later_replicas_head
            | Rule::later_slo_word
            | Rule::later_step_word
            | Rule::later_clause_word
            | Rule::later_traffic_word
            | Rule::later_behaviour_word
    )
}
