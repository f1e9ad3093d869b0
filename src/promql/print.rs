//! The canonical form of a query: what Prometheus prints of it.
//!
//! Enters: a tree. Leaves: text that parses to the same tree, with Prometheus' spaces, order and units.
//! It deliberately breaks no lines.
//!
//! Source: Prometheus v3.15.1, promql/parser/printer.go.

use std::fmt::Write as _;

use super::ast::{
    Aggregate, At, Binary, Cardinality, DurationExpr, Expr, ExprKind, Extended, MatchOp, Matcher, Matching,
    Selector,
};
use super::parse::quote;

/// The expression as Prometheus prints it.
pub fn print(expr: &Expr) -> String {
    let mut out = String::new();
    write_expr(&mut out, expr);
    out
}

fn write_expr(out: &mut String, expr: &Expr) {
    match &expr.kind {
        ExprKind::Number(value) => out.push_str(&number(*value)),
        ExprKind::Duration(seconds) => write_seconds(out, *seconds),
        ExprKind::String(value) => out.push_str(&quote::string(value)),
        ExprKind::Vector(selector) => write_vector(out, selector),
        ExprKind::Matrix { selector, range } => {
            write_matchers(out, selector);
            out.push('[');
            write_duration(out, range);
            out.push(']');
            write_extended(out, selector.extended);
            write_at(out, selector.at);
            write_offset(out, selector.offset.as_ref());
        }
        ExprKind::Subquery { expr, range, step, offset, at } => {
            write_expr(out, expr);
            out.push('[');
            write_duration(out, range);
            out.push(':');
            if let Some(step) = step {
                write_duration(out, step);
            }
            out.push(']');
            write_at(out, *at);
            write_offset(out, offset.as_ref());
        }
        ExprKind::Unary { negative, expr } => {
            out.push(if *negative { '-' } else { '+' });
            write_expr(out, expr);
        }
        ExprKind::Binary(binary) => write_binary(out, binary),
        ExprKind::Aggregate(aggregate) => write_aggregate(out, aggregate),
        ExprKind::Call { function, args } => {
            out.push_str(function);
            out.push('(');
            write_list(out, args, write_expr);
            out.push(')');
        }
        ExprKind::Paren(inner) => {
            out.push('(');
            write_expr(out, inner);
            out.push(')');
        }
    }
}

fn write_args(out: &mut String, args: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(args);
}

fn write_list<T>(out: &mut String, items: &[T], write: impl Fn(&mut String, &T)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(out, item);
    }
}

/// The number as Prometheus writes numbers in queries: in full, without exponent.
fn number(value: f64) -> String {
    match value {
        _ if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        _ => value.to_string(),
    }
}

fn write_aggregate(out: &mut String, aggregate: &Aggregate) {
    out.push_str(aggregate.op.as_str());
    if aggregate.without || !aggregate.labels.is_empty() {
        out.push_str(if aggregate.without { " without (" } else { " by (" });
        write_list(out, &aggregate.labels, |out, label| write_label(out, label));
        out.push_str(") ");
    }
    out.push('(');
    if let Some(param) = &aggregate.param {
        write_expr(out, param);
        out.push_str(", ");
    }
    write_expr(out, &aggregate.expr);
    out.push(')');
}

fn write_label(out: &mut String, label: &str) {
    if is_plain(label) {
        out.push_str(label);
    } else {
        out.push_str(&quote::string(label));
    }
}

/// Whether a label needs no quotes.
fn is_plain(label: &str) -> bool {
    !label.starts_with(|c: char| c.is_ascii_digit())
        && !label.is_empty()
        && label.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

fn write_binary(out: &mut String, binary: &Binary) {
    write_expr(out, &binary.left);
    out.push(' ');
    out.push_str(binary.op.as_str());
    if binary.return_bool {
        out.push_str(" bool");
    }
    if let Some(matching) = &binary.matching {
        write_matching(out, matching);
    }
    out.push(' ');
    write_expr(out, &binary.right);
}

fn write_matching(out: &mut String, matching: &Matching) {
    let group = match matching.card {
        Cardinality::ManyToOne => Some(" group_left ("),
        Cardinality::OneToMany => Some(" group_right ("),
        Cardinality::OneToOne | Cardinality::ManyToMany => None,
    };
    if matching.on || !matching.labels.is_empty() || group.is_some() {
        out.push_str(if matching.on { " on (" } else { " ignoring (" });
        write_list(out, &matching.labels, |out, label| write_label(out, label));
        out.push(')');
    }
    if let Some(group) = group {
        out.push_str(group);
        write_list(out, &matching.include, |out, label| write_label(out, label));
        out.push(')');
    }
    match matching.fill {
        (Some(left), Some(right)) if left == right => write_fill(out, "fill", left),
        (left, right) => {
            if let Some(left) = left {
                write_fill(out, "fill_left", left);
            }
            if let Some(right) = right {
                write_fill(out, "fill_right", right);
            }
        }
    }
}

fn write_fill(out: &mut String, keyword: &str, value: f64) {
    for part in [" ", keyword, " (", &quote::number(value), ")"] {
        out.push_str(part);
    }
}

fn write_vector(out: &mut String, selector: &Selector) {
    write_matchers(out, selector);
    write_at(out, selector.at);
    write_extended(out, selector.extended);
    write_offset(out, selector.offset.as_ref());
}

/// The name and the other matchers, sorted as text.
fn write_matchers(out: &mut String, selector: &Selector) {
    let name = selector.name.as_deref().unwrap_or_default();
    let is_name = |matcher: &&Matcher| {
        matcher.label == "__name__"
            && matcher.op == MatchOp::Equal
            && matcher.value == name
            && !name.is_empty()
    };
    let mut matchers: Vec<String> =
        selector.matchers.iter().filter(|matcher| !is_name(matcher)).map(matcher_text).collect();
    matchers.sort();
    out.push_str(name);
    if !matchers.is_empty() {
        out.push('{');
        out.push_str(&matchers.join(","));
        out.push('}');
    }
}

fn matcher_text(matcher: &Matcher) -> String {
    let mut text = String::new();
    write_label(&mut text, &matcher.label);
    text.push_str(matcher.op.as_str());
    text.push_str(&quote::string(&matcher.value));
    text
}

fn write_at(out: &mut String, at: Option<At>) {
    match at {
        Some(At::Millis(millis)) => write_args(out, format_args!(" @ {:.3}", millis as f64 / 1000.0)),
        Some(At::Start) => out.push_str(" @ start()"),
        Some(At::End) => out.push_str(" @ end()"),
        None => {}
    }
}

fn write_extended(out: &mut String, extended: Option<Extended>) {
    match extended {
        Some(Extended::Anchored) => out.push_str(" anchored"),
        Some(Extended::Smoothed) => out.push_str(" smoothed"),
        None => {}
    }
}

fn write_offset(out: &mut String, offset: Option<&DurationExpr>) {
    if let Some(offset) = offset {
        out.push_str(" offset ");
        write_duration(out, offset);
    }
}

fn write_duration(out: &mut String, duration: &DurationExpr) {
    match duration {
        DurationExpr::Millis(millis) => write_millis(out, *millis),
        DurationExpr::Literal { value, duration: true } => write_seconds(out, *value),
        DurationExpr::Literal { value, duration: false } => out.push_str(&number(*value)),
        DurationExpr::Step => out.push_str("step()"),
        DurationExpr::Range => out.push_str("range()"),
        DurationExpr::Min(left, right) => write_pair(out, "min_of(", left, right),
        DurationExpr::Max(left, right) => write_pair(out, "max_of(", left, right),
        DurationExpr::Unary { negative, expr } => {
            if *negative {
                out.push('-');
            }
            write_duration(out, expr);
        }
        DurationExpr::Binary { op, left, right } => {
            write_duration(out, left);
            for part in [" ", op.as_str(), " "] {
                out.push_str(part);
            }
            write_duration(out, right);
        }
        DurationExpr::Paren(inner) => {
            out.push('(');
            write_duration(out, inner);
            out.push(')');
        }
    }
}

fn write_pair(out: &mut String, open: &str, left: &DurationExpr, right: &DurationExpr) {
    out.push_str(open);
    write_duration(out, left);
    out.push_str(", ");
    write_duration(out, right);
    out.push(')');
}

fn write_seconds(out: &mut String, seconds: f64) {
    let nanos = (seconds * 1e9) as i64;
    write_millis(out, nanos / 1_000_000);
}

/// Milliseconds in units; years and weeks only if nothing smaller is left.
///
/// Source: Prometheus common v0.71.0, model/time.go, Duration.String.
fn write_millis(out: &mut String, millis: i64) {
    const UNITS: [(&str, u64, bool); 7] = [
        ("y", 365 * 24 * 3_600_000, true),
        ("w", 7 * 24 * 3_600_000, true),
        ("d", 24 * 3_600_000, false),
        ("h", 3_600_000, false),
        ("m", 60_000, false),
        ("s", 1_000, false),
        ("ms", 1, false),
    ];
    if millis == 0 {
        out.push_str("0s");
        return;
    }
    if millis < 0 {
        out.push('-');
    }
    let mut rest = millis.unsigned_abs();
    for (unit, size, exact) in UNITS {
        if (!exact || rest.is_multiple_of(size)) && rest >= size {
            write_args(out, format_args!("{}{unit}", rest / size));
            rest %= size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::{Mode, parse};
    use super::*;

    fn canonical(text: &str) -> String {
        print(&parse(text, Mode::Test).unwrap())
    }

    #[test]
    fn prints_as_prometheus_prints() {
        for (text, printed) in [
            ("SUM(foo{b='x',a=~\"y\"}) BY (z)", "sum by (z) (foo{a=~\"y\",b=\"x\"})"),
            ("foo[300] offset -90s @ 1.5", "foo[5m] @ 1.500 offset -1m30s"),
            ("{\"my.metric\", 'x y'!=''}", "{\"x y\"!=\"\",__name__=\"my.metric\"}"),
            ("a*on(b)group_left()c", "a * on (b) group_left () c"),
            ("-1^2", "-1 ^ 2"),
            ("2^3^4", "2 ^ 3 ^ 4"),
            ("foo[2m*(step()+1)]", "foo[2m * (step() + 1)]"),
            ("foo offset 5 + 3", "foo offset 5s + 3"),
            ("a + fill(1e6) b", "a + fill (1e+06) b"),
            ("a + fill_left(1) fill_right(0.5) b", "a + fill_left (1) fill_right (0.5) b"),
            ("foo offset 0", "foo"),
            ("sum without () (x)", "sum without () (x)"),
            ("90d", "90d"),
            ("1e3 + 0x10 + 010 + Inf", "1000 + 16 + 8 + +Inf"),
        ] {
            assert_eq!(canonical(text), printed, "{text}");
        }
    }
}
