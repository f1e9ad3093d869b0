//! Types: what an expression gives, and which expressions give nothing.
//!
//! Enters: a tree as parsed. Leaves: its type, or the first complaint in Prometheus' words; vector matching is taken
//! off operators that do not match vectors.
//! It deliberately looks at types only: values, such as a quantile beyond 1, are the engine's.
//!
//! Source: Prometheus v3.15.1, promql/parser/parse.go, checkAST.

use super::ast::{
    Aggregate, AggregateOp, Binary, Cardinality, Expr, ExprKind, MatchOp, Matcher, QuerySpan, Selector,
    ValueType,
};
use super::error::ParseError;
use super::function;
use super::parse::quote;

/// The type of an expression that has been parsed.
pub fn value_type(expr: &Expr) -> ValueType {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Duration(_) => ValueType::Scalar,
        ExprKind::String(_) => ValueType::String,
        ExprKind::Vector(_) | ExprKind::Aggregate(_) => ValueType::Vector,
        ExprKind::Matrix { .. } | ExprKind::Subquery { .. } => ValueType::Matrix,
        ExprKind::Unary { expr, .. } | ExprKind::Paren(expr) => value_type(expr),
        ExprKind::Binary(binary) => binary_type(value_type(&binary.left), value_type(&binary.right)),
        ExprKind::Call { function, .. } => function::find(function).map_or(ValueType::Vector, |f| f.returns),
    }
}

fn binary_type(left: ValueType, right: ValueType) -> ValueType {
    if left == ValueType::Scalar && right == ValueType::Scalar {
        ValueType::Scalar
    } else {
        ValueType::Vector
    }
}

/// Checks the types of a query and gives its own.
pub(super) fn check(expr: &mut Expr, text: &str) -> Result<ValueType, ParseError> {
    let span = expr.span;
    match &mut expr.kind {
        ExprKind::Number(_) | ExprKind::Duration(_) => Ok(ValueType::Scalar),
        ExprKind::String(_) => Ok(ValueType::String),
        ExprKind::Paren(inner) => check(inner, text),
        ExprKind::Vector(selector) => {
            check_selector(selector, span, false)?;
            Ok(ValueType::Vector)
        }
        ExprKind::Matrix { selector, .. } => {
            check_selector(selector, span, false)?;
            Ok(ValueType::Matrix)
        }
        ExprKind::Subquery { expr: inner, .. } => match check(inner, text)? {
            ValueType::Vector => Ok(ValueType::Matrix),
            other => {
                let got = other.as_str();
                fail(span, format!("subquery is only allowed on instant vector, got {got} instead"))
            }
        },
        ExprKind::Unary { expr: inner, .. } => match check(inner, text)? {
            found @ (ValueType::Scalar | ValueType::Vector) => Ok(found),
            other => fail(
                span,
                format!(
                    "unary expression only allowed on expressions of type scalar or instant vector, got \"{}\"",
                    other.documented()
                ),
            ),
        },
        ExprKind::Binary(binary) => check_binary(binary, span, text),
        ExprKind::Aggregate(aggregate) => check_aggregate(aggregate, text),
        ExprKind::Call { function, args } => check_call(function, args, span, text),
    }
}

fn fail<T>(span: QuerySpan, message: impl Into<String>) -> Result<T, ParseError> {
    Err(ParseError { message: message.into(), span, help: None })
}

fn expect(expr: &mut Expr, wanted: ValueType, context: &str, text: &str) -> Result<(), ParseError> {
    let found = check(expr, text)?;
    if found == wanted {
        return Ok(());
    }
    let (wanted, found) = (wanted.documented(), found.documented());
    fail(expr.span, format!("expected type {wanted} in {context}, got {found}"))
}

fn check_aggregate(aggregate: &mut Aggregate, text: &str) -> Result<ValueType, ParseError> {
    expect(&mut aggregate.expr, ValueType::Vector, "aggregation expression", text)?;
    if let Some(param) = &mut aggregate.param {
        let counts = aggregate.op == AggregateOp::CountValues;
        let wanted = if counts { ValueType::String } else { ValueType::Scalar };
        expect(param, wanted, "aggregation parameter", text)?;
    }
    Ok(ValueType::Vector)
}

fn check_binary(binary: &mut Binary, span: QuerySpan, text: &str) -> Result<ValueType, ParseError> {
    let left = check(&mut binary.left, text)?;
    let right = check(&mut binary.right, text)?;
    let op = binary.op;
    let result = binary_type(left, right);
    if binary.return_bool && !op.is_comparison() {
        return fail(operator_span(binary, text), "bool modifier can only be used on comparison operators");
    }
    if op.is_comparison() && !binary.return_bool && result == ValueType::Scalar {
        return fail(operator_span(binary, text), "comparisons between scalars must use BOOL modifier");
    }
    if let Some(matching) = &mut binary.matching {
        if op.is_set() && matching.card == Cardinality::OneToOne {
            matching.card = Cardinality::ManyToMany;
        }
        let twice = matching.labels.iter().find(|label| matching.on && matching.include.contains(label));
        if let Some(label) = twice {
            let label = quote::string(label);
            let message = format!("label {label} must not occur in ON and GROUP clause at once");
            return fail(operator_span(binary, text), message);
        }
    }
    for (side, operand) in [(left, &binary.left), (right, &binary.right)] {
        if !matches!(side, ValueType::Scalar | ValueType::Vector) {
            let message = "binary expression must contain only scalar and instant vector types";
            return fail(operand.span, message);
        }
    }
    if (left, right) == (ValueType::Vector, ValueType::Vector) {
        check_set_matching(binary, span)?;
    } else {
        check_no_matching(binary, span)?;
    }
    Ok(result)
}

fn check_set_matching(binary: &Binary, span: QuerySpan) -> Result<(), ParseError> {
    let Some(matching) = binary.matching.as_ref().filter(|_| binary.op.is_set()) else {
        return Ok(());
    };
    if matching.card != Cardinality::ManyToMany {
        return fail(span, format!("no grouping allowed for \"{}\" operation", binary.op.as_str()));
    }
    if matching.fill != (None, None) {
        return fail(span, "filling in missing series not allowed for set operators");
    }
    Ok(())
}

/// Checks and takes away the matching of an operator that has a scalar on a side.
fn check_no_matching(binary: &mut Binary, span: QuerySpan) -> Result<(), ParseError> {
    if let Some(matching) = binary.matching.take() {
        if !matching.labels.is_empty() {
            return fail(span, "vector matching only allowed between instant vectors");
        }
        if matching.fill != (None, None) {
            return fail(span, "filling in missing series only allowed between instant vectors");
        }
    }
    if binary.op.is_set() {
        let op = binary.op.as_str();
        return fail(span, format!("set operator \"{op}\" not allowed in binary scalar expression"));
    }
    Ok(())
}

/// Where the operator and its modifiers stand: what is between the operands.
fn operator_span(binary: &Binary, text: &str) -> QuerySpan {
    let (from, to) = (binary.left.span.end, binary.right.span.start);
    let between = text.get(from as usize..to as usize).unwrap_or_default();
    let left = between.len() - between.trim_ascii_start().len();
    let right = between.len() - between.trim_ascii_end().len();
    let count = |bytes: usize| u32::try_from(bytes).unwrap_or(0);
    QuerySpan { start: from + count(left), end: to.saturating_sub(count(right)) }
}

fn check_call(name: &str, args: &mut [Expr], span: QuerySpan, text: &str) -> Result<ValueType, ParseError> {
    let Some(function) = function::find(name) else {
        return fail(span, format!("unknown function with name {}", quote::string(name)));
    };
    let (least, most, got) = (function.min_args(), function.max_args(), args.len());
    if function.variadic == 0 && got != least {
        return fail(span, format!("expected {least} argument(s) in call to \"{name}\", got {got}"));
    }
    if got < least {
        return fail(span, format!("expected at least {least} argument(s) in call to \"{name}\", got {got}"));
    }
    if let Some(most) = most.filter(|most| got > *most) {
        return fail(span, format!("expected at most {most} argument(s) in call to \"{name}\", got {got}"));
    }
    let context = format!("call to function \"{name}\"");
    let info = name == "info";
    if info && let Some(labels) = args.get(1) {
        check_info_labels(labels, span, &context)?;
    }
    for (index, arg) in args.iter_mut().enumerate() {
        match (&arg.kind, function.arg_type(index)) {
            (ExprKind::Vector(selector), _) if info && index == 1 => {
                check_selector(selector, arg.span, true)?;
            }
            (_, Some(wanted)) => expect(arg, wanted, &context, text)?,
            (_, None) => {}
        }
    }
    Ok(function.returns)
}

/// The second argument of `info` is a selector of labels alone, and may match anything.
fn check_info_labels(labels: &Expr, call: QuerySpan, context: &str) -> Result<(), ParseError> {
    let found = value_type(labels);
    if found != ValueType::Vector {
        let (wanted, found) = (ValueType::Vector.documented(), found.documented());
        return fail(call, format!("expected type {wanted} in {context}, got {found}"));
    }
    match &labels.kind {
        ExprKind::Vector(selector) if selector.name.is_none() => Ok(()),
        ExprKind::Vector(_) => {
            fail(labels.span, "expected label selectors only, got vector selector instead")
        }
        _ => fail(labels.span, "expected label selectors only"),
    }
}

fn check_selector(selector: &Selector, span: QuerySpan, may_be_empty: bool) -> Result<(), ParseError> {
    if let Some(name) = &selector.name {
        let again = selector.matchers.iter().skip(1).find(|matcher| matcher.label == "__name__");
        return match again {
            None => Ok(()),
            Some(matcher) => {
                let (name, other) = (quote::string(name), quote::string(&matcher.value));
                fail(span, format!("metric name must not be set twice: {name} or {other}"))
            }
        };
    }
    if may_be_empty || selector.matchers.iter().any(|matcher| !matches_empty(matcher)) {
        return Ok(());
    }
    fail(span, "vector selector must contain at least one non-empty matcher")
}

/// Whether a series without the label matches.
fn matches_empty(matcher: &Matcher) -> bool {
    let equal = match matcher.op {
        MatchOp::Equal | MatchOp::NotEqual => matcher.value.is_empty(),
        MatchOp::Regex | MatchOp::NotRegex => {
            matcher.pattern.as_ref().is_some_and(|pattern| pattern.regex().is_match(""))
        }
    };
    equal == matches!(matcher.op, MatchOp::Equal | MatchOp::Regex)
}
