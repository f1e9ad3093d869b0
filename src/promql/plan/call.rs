//! From tree to program: function calls.
//!
//! Enters: a function's name and its arguments. Leaves: the node that computes it, or why it is refused.
//! It deliberately checks no types: the parser has.

use super::super::ast::{Expr, ExprKind, QuerySpan};
use super::super::eval::NodeId;
use super::super::eval::absent::{Absent, labels_of};
use super::super::eval::calendar::Part;
use super::super::eval::elementwise::{Action, Function};
use super::super::eval::histogram::{Histogram, Question};
use super::super::eval::relabel::{Change, Relabel};
use super::super::eval::scalar::{Clock, ScalarOp};
use super::super::eval::sort::{Key, Sort};
use super::super::eval::source::Reading;
use super::super::eval::window::WindowFunction;
use super::super::labels::Labels;
use super::build::{Builder, Planned, refuse, unwrap};
use super::duration::Duration;

/// A string argument.
pub(super) fn text(expr: &Expr) -> Planned<String> {
    match &unwrap(expr).kind {
        ExprKind::String(text) => Ok(text.clone()),
        _ => refuse(expr.span, "expected a string"),
    }
}

/// The argument number `i`.
fn argument(args: &[Expr], i: usize, span: QuerySpan) -> Planned<&Expr> {
    args.get(i).map_or_else(|| refuse(span, "an argument is missing"), Ok)
}

/// Whether a text may name a label: not if it has bytes that are no text, for which the parser puts the last code points.
pub(super) fn names_a_label(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c < '\u{10ff80}')
}

impl Builder<'_> {
    /// A function that yields a scalar.
    pub(super) fn scalar_call(&mut self, name: &str, args: &[Expr], span: QuerySpan) -> Planned<NodeId> {
        Ok(match name {
            "time" => self.clock(Clock::Time, span),
            "start" => self.clock(Clock::Start, span),
            "end" => self.clock(Clock::End, span),
            "step" => self.clock(Clock::Step, span),
            "range" => self.clock(Clock::Range, span),
            "pi" => self.constant(std::f64::consts::PI, span),
            "scalar" => self.scalar_of(argument(args, 0, span)?, span)?,
            "min_of" | "max_of" => {
                let (left, right) =
                    (self.scalar(argument(args, 0, span)?)?, self.scalar(argument(args, 1, span)?)?);
                let op = if name == "min_of" { ScalarOp::MinOf } else { ScalarOp::MaxOf };
                self.scalar_pair(op, left, right, span)
            }
            _ => return refuse(span, format!("function {name:?} is not supported")),
        })
    }

    /// A function that yields an instant vector.
    pub(super) fn vector_call(&mut self, name: &str, args: &[Expr], span: QuerySpan) -> Planned<NodeId> {
        if let Some(function) = WindowFunction::named(name) {
            return self.window_call(name, function, args, span);
        }
        if let Some(function) = Function::named(name) {
            let input = self.vector(argument(args, 0, span)?)?;
            return Ok(self.elementwise(input, Action::Function(function), span));
        }
        if let Some(part) = Part::named(name) {
            let input = if let Some(input) = args.first() {
                self.vector(input)?
            } else {
                let now = self.clock(Clock::Time, span);
                self.vector_of(now, span)
            };
            return Ok(self.elementwise(input, Action::Part(part), span));
        }
        match name {
            "vector" => {
                let scalar = self.scalar(argument(args, 0, span)?)?;
                Ok(self.vector_of(scalar, span))
            }
            "timestamp" => self.timestamp(argument(args, 0, span)?, span),
            "absent" => self.absent(argument(args, 0, span)?, span),
            "clamp" | "clamp_min" | "clamp_max" | "round" => self.bounded(name, args, span),
            "sort" | "sort_desc" | "sort_by_label" | "sort_by_label_desc" => self.sort(name, args, span),
            "label_replace" => self.label_replace(args, span),
            "label_join" => self.label_join(args, span),
            "histogram_quantile" | "histogram_quantiles" | "histogram_fraction" => {
                self.histogram(name, args, span)
            }
            "histogram_avg" | "histogram_count" | "histogram_sum" | "histogram_stddev"
            | "histogram_stdvar" => refuse(span, "native histograms are not supported"),
            _ => refuse(span, format!("function {name:?} is not supported")),
        }
    }

    fn window_call(
        &mut self,
        name: &str,
        function: WindowFunction,
        args: &[Expr],
        span: QuerySpan,
    ) -> Planned<NodeId> {
        let (matrix, scalars) = match function {
            WindowFunction::Quantile => (argument(args, 1, span)?, args.get(..1)),
            WindowFunction::PredictLinear | WindowFunction::DoubleExponential => {
                (argument(args, 0, span)?, args.get(1..))
            }
            _ => (argument(args, 0, span)?, None),
        };
        let scalars: Vec<NodeId> =
            scalars.unwrap_or(&[]).iter().map(|arg| self.scalar(arg)).collect::<Planned<_>>()?;
        let quantile = args.first().filter(|_| function == WindowFunction::Quantile).map(|arg| arg.span);
        let windows = self.window(function, matrix, scalars, quantile)?;
        if name != "absent_over_time" {
            return Ok(windows);
        }
        let labels = match &unwrap(matrix).kind {
            ExprKind::Matrix { selector, .. } => labels_of(selector),
            _ => Labels::default(),
        };
        Ok(self.absence(windows, labels, span))
    }

    fn absence(&mut self, input: NodeId, labels: Labels, span: QuerySpan) -> NodeId {
        let id = self.node(format!("absent {input} {labels}"), span, || Box::new(Absent { input }));
        self.label(id, labels);
        id
    }

    fn absent(&mut self, arg: &Expr, span: QuerySpan) -> Planned<NodeId> {
        let input = self.vector(arg)?;
        let labels = match &unwrap(arg).kind {
            ExprKind::Vector(selector) => labels_of(selector),
            _ => Labels::default(),
        };
        Ok(self.absence(input, labels, span))
    }

    fn timestamp(&mut self, arg: &Expr, span: QuerySpan) -> Planned<NodeId> {
        if let ExprKind::Vector(selector) = &unwrap(arg).kind {
            return self.select(Reading::Time, selector, Duration::default(), Vec::new(), None, span);
        }
        let input = self.vector(arg)?;
        Ok(self.elementwise(input, Action::Timestamp, span))
    }

    fn bounded(&mut self, name: &str, args: &[Expr], span: QuerySpan) -> Planned<NodeId> {
        let input = self.vector(argument(args, 0, span)?)?;
        let bounds: Vec<NodeId> = args.iter().skip(1).map(|arg| self.scalar(arg)).collect::<Planned<_>>()?;
        let action = match (name, bounds.as_slice()) {
            ("clamp", [low, high]) => Action::Clamp(*low, *high),
            ("clamp_min", [low]) => Action::ClampMin(*low),
            ("clamp_max", [high]) => Action::ClampMax(*high),
            ("round", nearest) => Action::Round(nearest.first().copied()),
            _ => return refuse(span, "an argument is missing"),
        };
        Ok(self.elementwise(input, action, span))
    }

    fn sort(&mut self, name: &str, args: &[Expr], span: QuerySpan) -> Planned<NodeId> {
        let input = self.vector(argument(args, 0, span)?)?;
        let descending = name.ends_with("_desc");
        let key = if name.starts_with("sort_by_label") {
            Key::Labels(args.iter().skip(1).map(text).collect::<Planned<_>>()?)
        } else {
            Key::Value
        };
        let shape = format!("sort {input} {key:?} {descending}");
        Ok(self
            .node(shape, span, || Box::new(Sort { input, key, descending, place: span, items: Vec::new() })))
    }

    fn label_replace(&mut self, args: &[Expr], span: QuerySpan) -> Planned<NodeId> {
        let [vector, target, replacement, from, pattern] = args else {
            return refuse(span, "an argument is missing");
        };
        let input = self.vector(vector)?;
        let source = text(pattern)?;
        let Ok(pattern) = self.compiler.compile(&source) else {
            return refuse(pattern.span, format!("invalid regular expression in label_replace(): {source}"));
        };
        let (target_name, replacement, from) = (text(target)?, text(replacement)?, text(from)?);
        if !names_a_label(&target_name) {
            return refuse(
                target.span,
                format!("invalid destination label name in label_replace(): {target_name}"),
            );
        }
        let key = format!("label_replace {input} {target_name:?} {replacement:?} {from:?} {source:?}");
        let change = Change::Replace { target: target_name, replacement, from, pattern };
        Ok(self.node(key, span, || Box::new(Relabel::new(input, change))))
    }

    fn label_join(&mut self, args: &[Expr], span: QuerySpan) -> Planned<NodeId> {
        let [vector, target, separator, from @ ..] = args else {
            return refuse(span, "an argument is missing");
        };
        let input = self.vector(vector)?;
        let target_name = text(target)?;
        if !names_a_label(&target_name) {
            return refuse(
                target.span,
                format!("invalid destination label name in label_join(): {target_name}"),
            );
        }
        let from: Vec<String> = from.iter().map(text).collect::<Planned<_>>()?;
        let change = Change::Join { target: target_name, separator: text(separator)?, from };
        Ok(self
            .node(format!("label_join {input} {change:?}"), span, || Box::new(Relabel::new(input, change))))
    }

    fn histogram(&mut self, name: &str, args: &[Expr], span: QuerySpan) -> Planned<NodeId> {
        let mut place = span;
        let (input, question) = match (name, args) {
            ("histogram_quantile", [q, buckets]) => {
                let q = self.scalar(q)?;
                place = buckets.span;
                (self.vector(buckets)?, Question::Quantile(q))
            }
            ("histogram_fraction", [lower, upper, buckets]) => {
                let (lower, upper) = (self.scalar(lower)?, self.scalar(upper)?);
                place = buckets.span;
                (self.vector(buckets)?, Question::Fraction(lower, upper))
            }
            (_, [buckets, label, quantiles @ ..]) => {
                let label = text(label)?;
                let quantiles = quantiles.iter().map(|q| self.scalar(q)).collect::<Planned<_>>()?;
                place = buckets.span;
                (self.vector(buckets)?, Question::Quantiles(label, quantiles))
            }
            _ => return refuse(place, "an argument is missing"),
        };
        let delayed = self.options.delayed_name_removal;
        let key = format!("histogram {input} {question:?}");
        Ok(self.node(key, span, || Box::new(Histogram::new(input, question, place, delayed))))
    }
}
