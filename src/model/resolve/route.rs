//! Route statements to Istio's facts.
//!
//! Enters: a route statement. Leaves: [`Istio`], or diagnostics about its fields.
//! It deliberately knows no object: which VirtualService comes of it is `backend`'s.

use super::Context;
use super::scope::list;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::model::Fact;
use crate::model::rollout::{Istio, Split};
use crate::source::Span;
use crate::syntax::tree::{Field, Route, Value, ValueKind};

const FIELDS: [&str; 5] = ["host", "gateway", "match", "timeout", "retries"];
/// Routes of the language that other versions compile.
const LATER: [&str; 5] = ["ambient", "gateway-api", "nginx", "replicas", "linkerd"];

/// Resolves a route for a rollout of this name.
pub(crate) fn resolve(route: &Route, span: Span, rollout: &str, context: &mut Context<'_>) -> Option<Istio> {
    let split = split(route, span, context)?;
    let mut istio = Istio {
        host: Fact::default(rollout.to_owned(), "the rollout's own name"),
        gateways: Vec::new(),
        path_prefix: None,
        timeout: None,
        retries: None,
        split,
    };
    let mut seen: Vec<&Field> = Vec::new();
    let mut fine = true;
    for field in &route.fields {
        let twice =
            seen.iter().find(|other| other.key.value == field.key.value && field.key.value != "gateway");
        if let Some(first) = twice {
            let headline = format!("`{}` stands twice in one route", field.key.value);
            let report =
                Diagnostic::new(Code::DuplicateStatement, headline, field.key.span, "the second one");
            context.report(report.because(first.key.span, "the first one"));
            continue;
        }
        seen.push(field);
        fine = apply(&mut istio, field, context).is_some() && fine;
    }
    fine.then_some(istio)
}

fn split(route: &Route, span: Span, context: &mut Context<'_>) -> Option<Split> {
    let words: Vec<&str> = route.kind.iter().map(|word| word.value.as_str()).collect();
    let place = route.kind.first().map_or(span, |word| word.span);
    match words.as_slice() {
        ["istio"] => return Some(Split::Hosts),
        ["istio", "subsets"] => return Some(Split::Subsets),
        [] => {
            let report =
                Diagnostic::new(Code::BadRoute, "a route says by what it splits", span, "no router is named");
            context.report(report.help("`route istio { host … }` splits by Istio"));
        }
        [first, ..] if LATER.contains(first) => {
            let headline = format!("`route {first}` is not compiled by this version yet");
            let report = Diagnostic::new(
                Code::NotYet,
                headline,
                place,
                "this version knows `istio` and `istio subsets`",
            );
            context.report(report);
        }
        ["istio", other, ..] => {
            let place = route.kind.get(1).map_or(place, |word| word.span);
            let headline = format!("there is no route `istio {other}`");
            let mut report =
                Diagnostic::new(Code::BadRoute, headline, place, "expected `subsets` or the block");
            if nearest(other, ["subsets"]).is_some() {
                report = report.fix("write `subsets`", place, "subsets");
            }
            context.report(report);
        }
        [other, ..] => {
            let headline = format!("there is no route `{other}`");
            let mut report =
                Diagnostic::new(Code::BadRoute, headline, place, "expected `istio` or `istio subsets`");
            if nearest(other, ["istio"]).is_some() {
                report = report.fix("write `istio`", place, "istio");
            }
            context.report(report);
        }
    }
    None
}

fn apply(istio: &mut Istio, field: &Field, context: &mut Context<'_>) -> Option<()> {
    let key = field.key.value.as_str();
    if !FIELDS.contains(&key) {
        let headline = format!("a route has no `{key}`");
        let report =
            Diagnostic::new(Code::UnknownStatement, headline, field.key.span, "not a field of a route");
        context.report(match nearest(key, FIELDS) {
            Some(near) => report.fix(format!("write `{near}`"), field.key.span, near),
            None => report.help(format!("its fields are {}", list(&FIELDS))),
        });
        return None;
    }
    let [value] = field.values.as_slice() else {
        let headline = format!("`{key}` takes one value");
        let found = if field.values.is_empty() { "nothing follows it" } else { "more than one follows it" };
        context.report(Diagnostic::new(Code::MalformedStatement, headline, field.span, found));
        return None;
    };
    match key {
        "host" => istio.host = Fact::written(host(value, context)?, value.span),
        "gateway" => istio.gateways.push(gateway(value, context)?),
        "match" => istio.path_prefix = Some(path(value, context)?),
        "timeout" => {
            let timeout = context.scope.duration(value, "a timeout", context.diagnostics)?;
            if timeout.0 < 1 {
                let headline = "a timeout is at least 1ms";
                context.report(Diagnostic::new(
                    Code::NumberOutOfRange,
                    headline,
                    value.span,
                    "shorter than that",
                ));
                return None;
            }
            istio.timeout = Some(timeout);
        }
        _ => {
            let retries =
                context.scope.count(value, "the number of retries", 0..=100, context.diagnostics)?;
            istio.retries = u32::try_from(retries.value).ok();
        }
    }
    Some(())
}

/// A bare word or a text; a param of type text is looked up.
fn word(value: &Value, what: &str, context: &mut Context<'_>) -> Option<String> {
    match &value.kind {
        ValueKind::Name(name) if !context.scope.is_param(name) => Some(name.clone()),
        _ => context.scope.text(value, what, context.diagnostics).map(|text| text.value),
    }
}

fn host(value: &Value, context: &mut Context<'_>) -> Option<String> {
    let host = word(value, "a host", context)?;
    let fine = !host.is_empty() && host.len() <= 253 && host.split('.').all(is_dns_label);
    if !fine {
        let headline = format!("`{host}` is no host");
        let label = "expected a Service's name or a full DNS name, in lower case";
        let mut report = Diagnostic::new(Code::BadRoute, headline, value.span, label);
        let lower = host.to_ascii_lowercase();
        let named = matches!(&value.kind, ValueKind::Name(name) if *name == host);
        if named && lower.split('.').all(is_dns_label) {
            report = report.fix(format!("write `{lower}`"), value.span, lower);
        }
        context.report(report);
    }
    fine.then_some(host)
}

fn gateway(value: &Value, context: &mut Context<'_>) -> Option<String> {
    let gateway = word(value, "a gateway", context)?;
    let parts: Vec<&str> = gateway.split('/').collect();
    let fine = parts.len() <= 2 && parts.iter().all(|part| part.split('.').all(is_dns_label));
    if !fine {
        let headline = format!("`{gateway}` is no gateway");
        let label = "expected `NAME` or `NAMESPACE/NAME`";
        context.report(Diagnostic::new(Code::BadRoute, headline, value.span, label));
    }
    fine.then_some(gateway)
}

fn path(value: &Value, context: &mut Context<'_>) -> Option<String> {
    let path = context.scope.text(value, "a match", context.diagnostics)?.value;
    if !path.starts_with('/') {
        let headline = "a match is a path that begins with `/`";
        let report = Diagnostic::new(Code::BadRoute, headline, value.span, "does not begin with `/`");
        context.report(report.fix(format!("write `\"/{path}\"`"), value.span, format!("\"/{path}\"")));
        return None;
    }
    Some(path)
}

/// Source: RFC 1123 as Kubernetes applies it: at most 63 of `a-z 0-9 -`, beginning and ending with no hyphen.
pub(crate) fn is_dns_label(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty()
        && text.len() <= 63
        && text.chars().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
}
