//! Metrics of the author's own: PromQL in backticks, parsed where it stands, one number at a time.
//!
//! Enters: metric statements. Leaves: [`Own`] metrics, or diagnostics that point into the query.
//! It deliberately evaluates nothing; which series a query meets is the world's and the recording's.

use super::Context;
use super::slo::SIGNALS;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::analysis::Own;
use crate::promql::ast::{AggregateOp, BinaryOp, Expr, ExprKind, ValueType};
use crate::promql::{Mode, parse, value_type};
use crate::source::Span;
use crate::syntax::tree::Metric;

/// What stands for a side's selector while a query is checked: a matcher of its own, since it may follow others.
const STAND_IN: &str = r#"__side__="""#;

/// A metric that was declared; `None` where it was wrong, so that its users are silent.
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) own: Option<Own>,
}

/// Declares a metric, reporting what is wrong with it.
pub(crate) fn declare(metric: &Metric, context: &mut Context<'_>) {
    let name = &metric.name;
    if SIGNALS.contains(&name.value.as_str()) {
        let headline = format!("`{}` is a built-in signal and cannot be declared", name.value);
        let report =
            Diagnostic::new(Code::DuplicateName, headline, name.span, "known without being declared");
        context.report(report.help("give the metric a name of its own"));
        return;
    }
    if let Some(first) = context.metrics.iter().find(|other| other.name == name.value) {
        let headline = format!("the metric `{}` is declared twice", name.value);
        let report = Diagnostic::new(Code::DuplicateName, headline, name.span, "the second one");
        let first = first.span;
        context.report(report.because(first, "the first one"));
        return;
    }
    let own = check(metric, context);
    context.metrics.push(Declared { name: name.value.clone(), span: name.span, own });
}

fn check(metric: &Metric, context: &mut Context<'_>) -> Option<Own> {
    let text = &metric.query.value;
    let place = metric.query.span;
    if let Some(at) = text.find("{{") {
        let headline = "`{{` in a query is Argo's own mark for arguments";
        let span = part(place, at, at + 2);
        context.report(
            Diagnostic::new(Code::MalformedQuery, headline, span, "Argo would read an argument here")
                .help("`${canary}` and `${stable}` stand for the two sides"),
        );
        return None;
    }
    let (standing, map) = stand_in(text, place, context)?;
    let expr = match parse(&standing, Mode::Server) {
        Ok(expr) => expr,
        Err(error) => {
            let headline = format!("Prometheus would not take this query: {}", error.message);
            let span = part(place, map.back(error.span.start as usize), map.back(error.span.end as usize));
            let mut report = Diagnostic::new(Code::MalformedQuery, headline, span, "here");
            if let Some(help) = error.help {
                report = report.help(help);
            }
            context.report(report);
            return None;
        }
    };
    let scalar = match value_type(&expr) {
        ValueType::Scalar => true,
        ValueType::Vector => false,
        other => {
            let found = if other == ValueType::String { "a string" } else { "a range of samples" };
            let headline = format!("`{}` yields {found}, which no threshold can judge", metric.name.value);
            let label = "expected one number";
            context.report(Diagnostic::new(Code::QueryType, headline, place, label));
            return None;
        }
    };
    if !scalar && !single(&expr) {
        let headline =
            format!("`{}` may yield several series, of which only one would be judged", metric.name.value);
        let report = Diagnostic::new(Code::SeveralSeries, headline, place, "not reduced to one series");
        let reduced = format!("max({})", text.trim());
        context.report(report.fix(format!("write `{reduced}` to judge the largest"), place, reduced));
        return None;
    }
    Some(Own { text: text.clone(), span: place, scalar, families: families(&expr) })
}

fn part(place: Span, start: usize, end: usize) -> Span {
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let span = place.part(narrow(start), narrow(end));
    if span.start == span.end { place } else { span }
}

/// The way back from the checked text to the written one.
struct Map {
    /// Where a stand-in begins in the checked text, and how much longer or shorter it is than what was written.
    shifts: Vec<(usize, usize, usize)>,
}

impl Map {
    fn back(&self, at: usize) -> usize {
        let (mut grown, mut shrunk) = (0, 0);
        for (from, written, standing) in &self.shifts {
            if at >= from + standing {
                grown += standing;
                shrunk += written;
            } else if at > *from {
                return from + shrunk - grown;
            }
        }
        at + shrunk - grown
    }
}

/// The query with a matcher in the place of `${canary}` and `${stable}`.
fn stand_in(text: &str, place: Span, context: &mut Context<'_>) -> Option<(String, Map)> {
    let mut standing = String::with_capacity(text.len());
    let mut map = Map { shifts: Vec::new() };
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at_checked(at)?;
        standing.push_str(before);
        let begins = text.len() - from.len();
        let end = from.find('}').map_or(from.len(), |end| end + 1);
        let (mark, after) = from.split_at_checked(end)?;
        if mark != "${canary}" && mark != "${stable}" {
            let headline = format!("`{mark}` stands for nothing");
            let span = part(place, begins, begins + end);
            let report =
                Diagnostic::new(Code::MalformedQuery, headline, span, "expected `${canary}` or `${stable}`");
            context.report(report.fix("write `${canary}`", span, "${canary}"));
            return None;
        }
        map.shifts.push((standing.len(), mark.len(), STAND_IN.len()));
        standing.push_str(STAND_IN);
        rest = after;
    }
    standing.push_str(rest);
    Some((standing, map))
}

/// Whether a vector expression has at most one element, whatever the series.
fn single(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(inner) | ExprKind::Unary { expr: inner, .. } => single(inner),
        ExprKind::Aggregate(aggregate) => {
            let whole = aggregate.labels.is_empty() && !aggregate.without;
            let several = [
                AggregateOp::Topk,
                AggregateOp::Bottomk,
                AggregateOp::CountValues,
                AggregateOp::Limitk,
                AggregateOp::LimitRatio,
            ];
            whole && !several.contains(&aggregate.op)
        }
        ExprKind::Binary(binary) => {
            let vector = |side: &Expr| value_type(side) == ValueType::Vector;
            let (left, right) = (&binary.left, &binary.right);
            match binary.op {
                BinaryOp::And | BinaryOp::Unless => single(left),
                BinaryOp::Or => single(left) && single(right) && labelless(left) && labelless(right),
                _ => (vector(left) && single(left)) || (vector(right) && single(right)),
            }
        }
        ExprKind::Call { function, args } => match *function {
            "vector" | "absent" | "absent_over_time" | "time" | "scalar" => true,
            "histogram_quantile" => args.last().is_some_and(by_le),
            _ if args.is_empty() => true,
            _ => args.iter().any(|arg| value_type(arg) == ValueType::Vector && single(arg)),
        },
        _ => false,
    }
}

/// Whether an element of a single-element expression carries no labels, so that `or` yields one and not two.
fn labelless(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call { function, .. } => {
            !matches!(*function, "absent" | "absent_over_time" | "label_replace" | "label_join")
        }
        ExprKind::Paren(inner) | ExprKind::Unary { expr: inner, .. } => labelless(inner),
        _ => true,
    }
}

/// `sum by (le) (…)`, of which a quantile is one element.
fn by_le(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(inner) => by_le(inner),
        ExprKind::Aggregate(aggregate) => {
            !aggregate.without && aggregate.labels.iter().all(|label| label == "le")
        }
        _ => single(expr),
    }
}

/// The names of the metrics that a query reads, sorted, each once; those selected otherwise are not among them.
fn families(expr: &Expr) -> Vec<String> {
    let selectors = expr.selectors().into_iter();
    let mut found: Vec<String> = selectors.filter_map(|selector| selector.name.clone()).collect();
    found.sort();
    found.dedup();
    found
}
