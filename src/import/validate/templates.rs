//! What is wrong with the templates of one analysis.
//!
//! Enters: the Rollout's reference and the templates it names. Leaves: the first error.
//! It deliberately judges no condition, no query and no limit; the controller does not either until a run exists.
//! Source: Argo Rollouts v1.9.1, validation_references.go, `ValidateAnalysisTemplatesWithType`, and
//! utils/analysis/helpers.go.

use serde_json::Value;

use super::error::invalid_text;
use super::references::Reference;
use super::steps::extractable;
use crate::import::field::Fields;
use crate::import::object::Object;
use crate::import::problem::Unsupported;
use crate::import::template::Templates;

/// The first error.
pub(super) fn first(
    reference: &Reference<'_>,
    used: &Templates<'_>,
    rollout: &Value,
) -> Result<Option<String>, Unsupported> {
    let path = &reference.path;
    let value = format!("templateNames: {}", used.names());
    if let Err(wrong) = merge(reference, used, rollout) {
        return Ok(Some(invalid_text(path, &value, &wrong)));
    }
    for template in used.all() {
        let wrong =
            if reference.background { background(template, path, rollout) } else { inline(template, path)? };
        if wrong.is_some() {
            return Ok(wrong);
        }
    }
    Ok(None)
}

fn merge(reference: &Reference<'_>, used: &Templates<'_>, rollout: &Value) -> Result<(), String> {
    let bodies: Vec<Option<&Value>> = used.all().map(|template| template.value.field("spec")).collect();
    let all = |list: &str| -> Vec<&Value> { bodies.iter().flat_map(|body| body.list(list)).collect() };
    if let Some(name) = twice(&all("metrics"), "name") {
        return Err(format!("two metrics have the same name '{name}'"));
    }
    let (dry_run, retention) = (all("dryRun"), all("measurementRetention"));
    rules(&dry_run, &retention)?;
    arguments(&all("args"), reference.raw)?;
    let steps = rollout.path(&["spec", "strategy", "canary"]).list("steps");
    for analysis in steps.iter().filter_map(|step| step.field("analysis")) {
        let mut dry: Vec<&Value> = analysis.list("dryRun").iter().collect();
        dry.extend(&dry_run);
        let mut kept: Vec<&Value> = analysis.list("measurementRetention").iter().collect();
        kept.extend(&retention);
        rules(&dry, &kept)?;
    }
    Ok(())
}

fn twice<'a>(list: &[&'a Value], field: &str) -> Option<&'a str> {
    let names: Vec<&str> = list.iter().map(|item| item.text(field)).collect();
    names
        .iter()
        .enumerate()
        .find(|(at, name)| names.iter().take(*at).any(|other| other == *name))
        .map(|(_, n)| *n)
}

fn rules(dry_run: &[&Value], retention: &[&Value]) -> Result<(), String> {
    if let Some(name) = twice(dry_run, "metricName") {
        return Err(format!("two Dry-Run metric rules have the same name '{name}'"));
    }
    match twice(retention, "metricName") {
        Some(name) => Err(format!("two Measurement Retention metric rules have the same name '{name}'")),
        None => Ok(()),
    }
}

fn arguments(args: &[&Value], reference: &Value) -> Result<(), String> {
    let mut known: Vec<&Value> = Vec::new();
    for arg in args {
        let Some(before) = known.iter_mut().find(|before| before.text("name") == arg.text("name")) else {
            known.push(arg);
            continue;
        };
        match (before.field("value"), arg.field("value")) {
            (Some(old), Some(new)) if old != new => {
                return Err(format!(
                    "Argument `{}` specified multiple times with different values: '{}', '{}'",
                    arg.text("name"),
                    old.as_str().unwrap_or_default(),
                    new.as_str().unwrap_or_default()
                ));
            }
            (None, _) => *before = arg,
            _ => {}
        }
    }
    // One field that cannot be read takes all arguments of the Rollout with it.
    let given = reference.list("args");
    let lost = given.iter().any(|arg| {
        let from = arg.field("valueFrom");
        let field = from.field("fieldRef").text("fieldPath");
        from.field("podTemplateHashValue").is_none() && field.starts_with("metadata") && !extractable(field)
    });
    let open = known.iter().find(|arg| {
        let given = !lost && given.iter().any(|given| given.text("name") == arg.text("name"));
        !given && arg.field("value").is_none() && arg.field("valueFrom").is_none()
    });
    match open {
        Some(arg) => Err(format!("args.{} was not resolved", arg.text("name"))),
        None => Ok(()),
    }
}

fn background(template: &Object, path: &str, rollout: &Value) -> Option<String> {
    let args = template.value.field("spec").list("args");
    let mut open = args.iter().filter(|arg| arg.field("value").is_none() && arg.field("valueFrom").is_none());
    let given = rollout.path(&["spec", "strategy", "canary", "analysis", "args"]);
    let Some(given) = given.and_then(Value::as_array) else {
        let detail = "missing analysis arguments in rollout spec";
        return open.next().map(|_| invalid_text(path, template.name(), detail));
    };
    let missing = open.find(|arg| given.iter().all(|given| given.text("name") != arg.text("name")))?;
    Some(invalid_text(path, template.name(), missing.text("name")))
}

/// What stands for the value of an argument that only a run has.
const DUMMY: &str = "dummy-value";

fn inline(template: &Object, path: &str) -> Result<Option<String>, Unsupported> {
    let (name, body) = (template.name(), template.value.field("spec"));
    let said = |text: &str| Some(invalid_text(path, name, &format!("AnalysisTemplate {name}: {text}")));
    let args = body.list("args");
    let both = args.iter().find(|arg| arg.field("value").is_some() && arg.field("valueFrom").is_some());
    if let Some(arg) = both {
        return Ok(said(&format!("arg '{}' has both Value and ValueFrom fields", arg.text("name"))));
    }
    let metrics = body.list("metrics");
    for metric in metrics {
        match unresolved(metric, args) {
            Tags::Good => {}
            Tags::Unknown(tag) => return Ok(said(&format!("failed to resolve {{{{{tag}}}}}"))),
            Tags::Open => {
                let feature = "braces that are never closed in a metric";
                return Err(Unsupported::new(path, feature));
            }
        }
    }
    Ok(metrics.iter().find_map(|metric| endless(metric, args, name, path)))
}

enum Tags {
    Good,
    Unknown(String),
    Open,
}

/// The last tag that names no argument of the template's own.
fn unresolved(metric: &Value, args: &[Value]) -> Tags {
    let text = metric.to_string();
    let (mut rest, mut unknown) = (text.as_str(), None);
    while let Some((_, behind)) = rest.split_once("{{") {
        let Some((tag, behind)) = behind.split_once("}}") else { return Tags::Open };
        let name = tag.trim().strip_prefix("args.");
        if !args.iter().any(|arg| Some(arg.text("name")) == name) {
            unknown = Some(tag.to_owned());
        }
        rest = behind;
    }
    unknown.map_or(Tags::Good, Tags::Unknown)
}

/// Replaces every tag by the template's own value for it.
fn resolved(text: &str, args: &[Value]) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((tag, behind)) = behind.split_once("}}") else { break };
        let name = tag.trim().strip_prefix("args.");
        let arg = args.iter().find(|arg| Some(arg.text("name")) == name);
        out.push_str(before);
        out.push_str(arg.field("value").and_then(Value::as_str).unwrap_or(DUMMY));
        rest = behind;
    }
    out + rest
}

fn endless(metric: &Value, args: &[Value], template: &str, path: &str) -> Option<String> {
    let count = metric.field("count");
    let shown = match count {
        None => "<nil>".to_owned(),
        Some(Value::String(text)) => resolved(text, args),
        Some(other) => other.to_string(),
    };
    let number = shown.parse::<i64>().unwrap_or(0);
    if number != 0 || metric.text("interval").is_empty() {
        return None;
    }
    let detail = format!(
        "AnalysisTemplate {template} has metric {} which runs indefinitely. Invalid value for count: {shown}",
        resolved(metric.text("name"), args)
    );
    Some(invalid_text(path, template, &detail))
}
