//! From tree to program: selectors, operators and aggregations.
//!
//! Enters: a type-checked tree. Leaves: nodes in the order of evaluation, equal parts once, constant parts folded.
//! It deliberately looks at no series: they are attached afterwards.

use std::collections::HashMap;

use super::super::ast::{
    Aggregate as AggregateExpr, AggregateOp, At, Binary, BinaryOp, DurationExpr, Expr, ExprKind, QuerySpan,
    Selector, ValueType,
};
use super::super::eval::aggregate::{Aggregate, Grouping};
use super::super::eval::choose::Choose;
use super::super::eval::count_values::CountValues;
use super::super::eval::elementwise::{Action, Elementwise, Function};
use super::super::eval::join::Join;
use super::super::eval::layout::Naming;
use super::super::eval::range_select::RangeSelect;
use super::super::eval::scalar::{
    Clock, Constant, ScalarBinary, ScalarNegation, ScalarOf, ScalarOp, VectorOf,
};
use super::super::eval::select::Select;
use super::super::eval::set::SetOperation;
use super::super::eval::source::{Reading, Source};
use super::super::eval::subquery::{Spec, Subquery};
use super::super::eval::total::Total;
use super::super::eval::window::WindowFunction;
use super::super::eval::{Node, NodeId, Operator, Output, Program};
use super::super::function;
use super::super::labels::Labels;
use super::super::matcher::CompiledMatcher;
use super::super::options::Options;
use super::super::parse::{Compiler, quote};
use super::duration::Duration;
use super::{PlanError, Root};

/// How deeply expressions may be nested.
const DEPTH: usize = 250;

/// A program under construction.
pub(super) struct Builder<'a> {
    pub(super) options: &'a Options,
    pub(super) program: Program,
    nodes: HashMap<String, NodeId>,
    sources: HashMap<String, usize>,
    /// Values of scalar nodes known already.
    constants: HashMap<NodeId, f64>,
    pub(super) depth: usize,
    pub(super) compiler: Compiler,
    /// Whether anything so far depends on the bounds of the query, or looks ahead of the instant.
    spanned: bool,
    volatile: bool,
}

pub(super) type Planned<T> = Result<T, PlanError>;

pub(super) fn refuse<T>(span: QuerySpan, message: impl Into<String>) -> Planned<T> {
    Err(PlanError { message: message.into(), span })
}

/// Plans a query.
pub(super) fn program(expr: &Expr, options: &Options) -> Planned<(Program, Root)> {
    let mut builder = Builder::new(options, 0);
    let bare = unwrap(expr);
    let root = match (kind_of(expr), &bare.kind) {
        (ValueType::String, ExprKind::String(text)) => Root::String(text.clone()),
        (ValueType::Scalar, _) => {
            builder.program.root = builder.scalar(expr)?;
            Root::Scalar
        }
        (ValueType::Matrix, ExprKind::Matrix { selector, range }) => {
            builder.program.root = builder.range_select(selector, range, bare.span)?;
            Root::Matrix
        }
        (ValueType::Matrix, _) => {
            builder.program.root = builder.subquery(bare, None, Vec::new(), None)?;
            Root::Matrix
        }
        _ => {
            builder.program.root = builder.vector(expr)?;
            Root::Vector
        }
    };
    builder.program.spanned = builder.spanned;
    Ok((builder.program, root))
}

/// What is within parentheses.
pub(super) fn unwrap(expr: &Expr) -> &Expr {
    let mut expr = expr;
    while let ExprKind::Paren(inner) = &expr.kind {
        expr = inner;
    }
    expr
}

/// The type of an expression that has been checked.
pub(super) fn kind_of(expr: &Expr) -> ValueType {
    let mut expr = expr;
    loop {
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::Duration(_) => return ValueType::Scalar,
            ExprKind::String(_) => return ValueType::String,
            ExprKind::Vector(_) | ExprKind::Aggregate(_) => return ValueType::Vector,
            ExprKind::Matrix { .. } | ExprKind::Subquery { .. } => return ValueType::Matrix,
            ExprKind::Call { function, .. } => {
                return function::find(function).map_or(ValueType::Vector, |f| f.returns);
            }
            ExprKind::Unary { expr: inner, .. } | ExprKind::Paren(inner) => expr = inner,
            ExprKind::Binary(binary) => {
                if kind_of_operand(&binary.left) == ValueType::Vector {
                    return ValueType::Vector;
                }
                expr = &binary.right;
            }
        }
    }
}

/// As `kind_of`, but of a left operand, which chains make deep.
fn kind_of_operand(expr: &Expr) -> ValueType {
    let mut pending = vec![expr];
    while let Some(expr) = pending.pop() {
        match &expr.kind {
            ExprKind::Binary(binary) => pending.extend([&binary.left, &binary.right]),
            ExprKind::Unary { expr, .. } | ExprKind::Paren(expr) => pending.push(expr),
            ExprKind::Number(_) | ExprKind::Duration(_) => {}
            ExprKind::Call { function, .. }
                if function::find(function).is_some_and(|f| f.returns == ValueType::Scalar) => {}
            _ => return ValueType::Vector,
        }
    }
    ValueType::Scalar
}

impl<'a> Builder<'a> {
    fn new(options: &'a Options, depth: usize) -> Self {
        Self {
            options,
            program: Program::default(),
            nodes: HashMap::new(),
            sources: HashMap::new(),
            constants: HashMap::new(),
            depth,
            compiler: Compiler::default(),
            spanned: false,
            volatile: false,
        }
    }

    /// The node that `key` describes, made if there is none yet. Keys hold no positions: equal parts are one node.
    pub(super) fn node(
        &mut self,
        key: String,
        span: QuerySpan,
        make: impl FnOnce() -> Box<dyn Operator>,
    ) -> NodeId {
        if let Some(id) = self.nodes.get(&key) {
            return *id;
        }
        let id = self.program.nodes.len();
        self.program.nodes.push(Node { operator: make(), output: Output::default(), span });
        self.nodes.insert(key, id);
        id
    }

    /// Gives a node whose labels are known the only slot it has.
    pub(super) fn label(&mut self, id: NodeId, labels: Labels) {
        if let Some(node) = self.program.nodes.get_mut(id) {
            node.output.layout.slot(labels, false);
        }
    }

    /// A duration, noting whether it depends on the bounds of the query.
    fn duration(&mut self, expr: Option<&DurationExpr>) -> Duration {
        self.spanned |= !matches!(expr, None | Some(DurationExpr::Millis(_)));
        Duration::new(expr)
    }

    fn modifiers(&mut self, offset: Option<&DurationExpr>, fixed: Option<At>) -> Duration {
        let offset = self.duration(offset);
        self.spanned |= matches!(fixed, Some(At::Start | At::End));
        self.volatile |= fixed.is_some() || offset.ms < 0 || self.spanned;
        offset
    }

    fn descend<T>(&mut self, span: QuerySpan, plan: impl FnOnce(&mut Self) -> Planned<T>) -> Planned<T> {
        if self.depth >= DEPTH {
            return refuse(span, "expression is nested too deeply");
        }
        self.depth += 1;
        let planned = plan(self);
        self.depth -= 1;
        planned
    }

    pub(super) fn constant(&mut self, value: f64, span: QuerySpan) -> NodeId {
        let id = self.node(format!("constant {:x}", value.to_bits()), span, || Box::new(Constant(value)));
        self.constants.insert(id, value);
        id
    }

    pub(super) fn clock(&mut self, clock: Clock, span: QuerySpan) -> NodeId {
        self.spanned |= clock != Clock::Time;
        self.node(format!("clock {clock:?}"), span, || Box::new(clock))
    }

    /// A scalar.
    pub(super) fn scalar(&mut self, expr: &Expr) -> Planned<NodeId> {
        self.descend(expr.span, |this| match &expr.kind {
            ExprKind::Number(value) | ExprKind::Duration(value) => Ok(this.constant(*value, expr.span)),
            ExprKind::Paren(inner) | ExprKind::Unary { negative: false, expr: inner } => this.scalar(inner),
            ExprKind::Unary { expr: inner, .. } => {
                let input = this.scalar(inner)?;
                if let Some(value) = this.constants.get(&input).copied() {
                    return Ok(this.constant(-value, expr.span));
                }
                Ok(this.node(format!("negation {input}"), expr.span, || Box::new(ScalarNegation(input))))
            }
            ExprKind::Binary(binary) => {
                let (left, right) = (this.scalar(&binary.left)?, this.scalar(&binary.right)?);
                Ok(this.scalar_pair(ScalarOp::Binary(binary.op), left, right, expr.span))
            }
            ExprKind::Call { function, args } => this.scalar_call(function, args, expr.span),
            _ => refuse(expr.span, "expected a scalar"),
        })
    }

    pub(super) fn scalar_pair(
        &mut self,
        op: ScalarOp,
        left: NodeId,
        right: NodeId,
        span: QuerySpan,
    ) -> NodeId {
        if let (Some(left), Some(right)) = (self.constants.get(&left), self.constants.get(&right)) {
            let value = op.compute(*left, *right);
            return self.constant(value, span);
        }
        self.node(format!("scalars {op:?} {left} {right}"), span, || {
            Box::new(ScalarBinary { op, left, right })
        })
    }

    pub(super) fn scalar_of(&mut self, vector: &Expr, span: QuerySpan) -> Planned<NodeId> {
        let input = self.vector(vector)?;
        Ok(self.node(format!("scalar of {input}"), span, || Box::new(ScalarOf(input))))
    }

    pub(super) fn vector_of(&mut self, scalar: NodeId, span: QuerySpan) -> NodeId {
        let id = self.node(format!("vector of {scalar}"), span, || Box::new(VectorOf(scalar)));
        self.label(id, Labels::default());
        id
    }

    /// An instant vector.
    pub(super) fn vector(&mut self, expr: &Expr) -> Planned<NodeId> {
        self.descend(expr.span, |this| match &expr.kind {
            ExprKind::Paren(inner) | ExprKind::Unary { negative: false, expr: inner } => this.vector(inner),
            ExprKind::Unary { expr: inner, .. } => {
                let input = this.vector(inner)?;
                Ok(this.elementwise(input, Action::Function(Function::Negate), expr.span))
            }
            ExprKind::Vector(selector) => {
                this.select(Reading::Value, selector, Duration::default(), Vec::new(), None, expr.span)
            }
            ExprKind::Binary(binary) => this.binary(binary, expr.span),
            ExprKind::Aggregate(aggregate) => this.aggregate(aggregate, expr.span),
            ExprKind::Call { function, args } => this.vector_call(function, args, expr.span),
            _ => refuse(expr.span, "expected an instant vector"),
        })
    }

    pub(super) fn elementwise(&mut self, input: NodeId, action: Action, span: QuerySpan) -> NodeId {
        let delayed = self.options.delayed_name_removal;
        self.node(format!("each {input} {action:?}"), span, || {
            Box::new(Elementwise::new(input, action, delayed))
        })
    }

    fn matchers(selector: &Selector, span: QuerySpan) -> Planned<Vec<CompiledMatcher>> {
        if selector.extended.is_some() {
            return refuse(span, "anchored and smoothed selectors are not supported");
        }
        Ok(selector.matchers.iter().map(CompiledMatcher::new).collect())
    }

    /// A selector, read as an instant vector or as windows.
    pub(super) fn select(
        &mut self,
        reading: Reading,
        selector: &Selector,
        range: Duration,
        scalars: Vec<NodeId>,
        quantile: Option<QuerySpan>,
        span: QuerySpan,
    ) -> Planned<NodeId> {
        let (key, mut select) = self.selection(reading, selector, range, &scalars, span)?;
        select.scalars = scalars;
        select.quantile = quantile;
        select.smoothing = reading == Reading::Window(WindowFunction::DoubleExponential);
        Ok(self.node(format!("select {key}"), span, || Box::new(select)))
    }

    /// A selector over its source, and what tells it from others.
    fn selection(
        &mut self,
        reading: Reading,
        selector: &Selector,
        range: Duration,
        scalars: &[NodeId],
        span: QuerySpan,
    ) -> Planned<(String, Select)> {
        let matchers = Self::matchers(selector, span)?;
        let offset = self.modifiers(selector.offset.as_ref(), selector.at);
        let key = format!("{reading:?} {range:?} {offset:?} {:?} {scalars:?}", selector.at);
        let source = *self.sources.entry(key).or_insert_with(|| {
            self.program.sources.push(Source::new(reading, range, offset, selector.at, span));
            self.program.sources.len() - 1
        });
        let drops = match reading {
            Reading::Value => false,
            Reading::Time => true,
            Reading::Window(function) => !function.keeps_name(),
        };
        let mut select = Select::new(source, matchers, Naming::new(drops, self.options.delayed_name_removal));
        let wants_counter =
            matches!(reading, Reading::Window(WindowFunction::Rate | WindowFunction::Increase));
        select.counter = wants_counter.then_some(span);
        Ok((format!("{source} {:?}", selector.matchers), select))
    }

    /// `sum` of a whole selector, if that is what it is.
    fn total(&mut self, aggregate: &AggregateExpr, span: QuerySpan) -> Planned<Option<NodeId>> {
        if aggregate.op != AggregateOp::Sum || aggregate.without || !aggregate.labels.is_empty() {
            return Ok(None);
        }
        let summed = unwrap(&aggregate.expr);
        let mut place = summed.span;
        let (reading, selector, range) = match &summed.kind {
            ExprKind::Vector(selector) => (Reading::Value, selector, Duration::default()),
            ExprKind::Call { function, args } => {
                let function = WindowFunction::named(function)
                    .filter(|f| f.scalars() == 0 && *function != "absent_over_time");
                let (Some(function), Some(argument)) = (function, args.first()) else {
                    return Ok(None);
                };
                let ExprKind::Matrix { selector, range } = &unwrap(argument).kind else {
                    return Ok(None);
                };
                place = argument.span;
                (Reading::Window(function), selector, self.duration(Some(range)))
            }
            _ => return Ok(None),
        };
        let (key, select) = self.selection(reading, selector, range, &[], place)?;
        let id = self.node(format!("total {key}"), span, || Box::new(Total::new(select)));
        self.label(id, Labels::default());
        Ok(Some(id))
    }

    fn range_select(
        &mut self,
        selector: &Selector,
        range: &DurationExpr,
        span: QuerySpan,
    ) -> Planned<NodeId> {
        let matchers = Self::matchers(selector, span)?;
        let (range, offset) =
            (self.duration(Some(range)), self.modifiers(selector.offset.as_ref(), selector.at));
        let fixed = selector.at;
        let operator = RangeSelect { matchers, range, offset, fixed, ids: Vec::new(), matrix: Vec::new() };
        Ok(self.node("range".to_owned(), span, || Box::new(operator)))
    }

    /// A function of a range vector, or a subquery as it is.
    pub(super) fn window(
        &mut self,
        function: WindowFunction,
        argument: &Expr,
        scalars: Vec<NodeId>,
        quantile: Option<QuerySpan>,
    ) -> Planned<NodeId> {
        // Notes about the samples point at the argument, not at the call.
        let place = argument.span;
        let argument = unwrap(argument);
        match &argument.kind {
            ExprKind::Matrix { selector, range } => {
                let range = self.duration(Some(range));
                self.select(Reading::Window(function), selector, range, scalars, quantile, place)
            }
            _ => self.subquery(argument, Some(function), scalars, quantile),
        }
    }

    fn subquery(
        &mut self,
        argument: &Expr,
        function: Option<WindowFunction>,
        scalars: Vec<NodeId>,
        quantile: Option<QuerySpan>,
    ) -> Planned<NodeId> {
        let ExprKind::Subquery { expr, range, step, offset, at } = &argument.kind else {
            return refuse(argument.span, "expected a range vector");
        };
        let mut inner = Builder::new(self.options, self.depth + 1);
        inner.compiler = std::mem::take(&mut self.compiler);
        inner.program.root = if kind_of(expr) == ValueType::Scalar {
            let scalar = inner.scalar(expr)?;
            inner.vector_of(scalar, expr.span)
        } else {
            inner.vector(expr)?
        };
        let range = self.duration(Some(range));
        let step = step.as_ref().map(|step| self.duration(Some(step)));
        let offset = self.modifiers(offset.as_ref(), *at);
        self.compiler = inner.compiler;
        let (spanned, volatile) = (inner.spanned, inner.volatile);
        inner.program.spanned = spanned;
        self.spanned |= spanned;
        self.volatile |= volatile;
        let spec = Spec { range, step, offset, fixed: *at, function, scalars, quantile, spanned, volatile };
        let key = format!("subquery {}", self.program.nodes.len());
        let delayed = self.options.delayed_name_removal;
        Ok(self.node(key, argument.span, || Box::new(Subquery::new(inner.program, spec, delayed))))
    }

    fn binary(&mut self, binary: &Binary, span: QuerySpan) -> Planned<NodeId> {
        let op = binary.op;
        if matches!(op, BinaryOp::TrimLower | BinaryOp::TrimUpper) {
            return refuse(span, "native histograms are not supported");
        }
        let delayed = self.options.delayed_name_removal;
        let return_bool = binary.return_bool;
        let scalar_left = kind_of(&binary.left) == ValueType::Scalar;
        if scalar_left || kind_of(&binary.right) == ValueType::Scalar {
            let (vector, scalar) =
                if scalar_left { (&binary.right, &binary.left) } else { (&binary.left, &binary.right) };
            let (vector, scalar) = (self.vector(vector)?, self.scalar(scalar)?);
            return Ok(self.elementwise(
                vector,
                Action::Operator { op, scalar, scalar_left, return_bool },
                span,
            ));
        }
        let Some(matching) = &binary.matching else {
            return refuse(span, "expected a matching of vectors");
        };
        if matching.fill != (None, None) {
            return refuse(span, "fill modifiers are not supported");
        }
        let (left, right) = (self.vector(&binary.left)?, self.vector(&binary.right)?);
        let key = format!("binary {op:?} {left} {right} {return_bool} {matching:?}");
        Ok(self.node(key, span, || match op {
            BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => {
                Box::new(SetOperation::new(op, left, right, matching))
            }
            _ => Box::new(Join::new(op, left, right, return_bool, matching, delayed)),
        }))
    }

    fn aggregate(&mut self, aggregate: &AggregateExpr, span: QuerySpan) -> Planned<NodeId> {
        if let Some(total) = self.total(aggregate, span)? {
            return Ok(total);
        }
        let op = aggregate.op;
        let grouping = || Grouping::new(aggregate.without, &aggregate.labels);
        let input = self.vector(&aggregate.expr)?;
        let shape = format!("{input} {op:?} {} {:?}", aggregate.without, aggregate.labels);
        let Some(parameter) = &aggregate.param else {
            return Ok(self.node(format!("aggregate {shape}"), span, || {
                Box::new(Aggregate::new(input, op, None, grouping()))
            }));
        };
        let place = parameter.span;
        if op == AggregateOp::CountValues {
            let label = super::call::text(parameter)?;
            if !super::call::names_a_label(&label) {
                return refuse(place, format!("invalid label name {}", quote::string(&label)));
            }
            let key = format!("count_values {shape} {label:?}");
            return Ok(self.node(key, span, || Box::new(CountValues::new(input, label, grouping()))));
        }
        let scalar = self.scalar(parameter)?;
        Ok(self.node(format!("aggregate {shape} {scalar}"), span, || match op {
            AggregateOp::Quantile => Box::new(Aggregate::new(input, op, Some((scalar, place)), grouping())),
            _ => Box::new(Choose::new(input, op, scalar, place, grouping())),
        }))
    }
}
