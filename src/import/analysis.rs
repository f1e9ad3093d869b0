//! One analysis of a reference and its templates: metrics, arguments and rules put together.
//!
//! Enters: a Rollout's reference that validation accepts, its templates. Leaves: [`AnalysisSpec`].
//! It deliberately resolves no argument; that is done when a run is made.
//! Source: Argo Rollouts v1.9.1, utils/analysis/helpers.go, `NewAnalysisRunFromTemplates`.

use serde_json::Value;

use super::field::Fields;
use super::field_ref;
use super::metric::metric;
use super::object::Object;
use super::problem::Unsupported;
use super::secret;
use super::template::Templates;
use crate::model::argo::{AnalysisSpec, Arg, ArgValue, MetricSpec};

/// Puts an analysis together.
pub(super) fn merged(
    raw: &Value,
    templates: &Templates<'_>,
    secrets: &[&Object],
    path: &str,
) -> Result<AnalysisSpec, Unsupported> {
    let mut spec = AnalysisSpec::default();
    rules(Some(raw), &mut spec);
    let mut args: Vec<&Value> = Vec::new();
    for (number, template) in templates.all().enumerate() {
        let body = template.value.field("spec");
        for (index, raw) in body.list("metrics").iter().enumerate() {
            let place = format!("{} spec.metrics[{index}]", template.title());
            spec.metrics.push(MetricSpec { template: number, index, ..metric(raw, &place)? });
        }
        body.list("args").iter().for_each(|arg| merge_arg(&mut args, arg));
        rules(body, &mut spec);
    }
    for arg in args {
        let given = raw.list("args").iter().find(|given| given.text("name") == arg.text("name"));
        let secret = arg.path(&["valueFrom", "secretKeyRef"]);
        let value = match given {
            // A Secret goes before whatever else the argument is given.
            _ if secret.is_some() => {
                let place = format!("{path}.templates args[{}].valueFrom", arg.text("name"));
                ArgValue::Secret(secret::value(secrets, secret, &place)?)
            }
            Some(given) => match given_value(given, path)? {
                ArgValue::Text(text) if raw.flag("experiment") && text.contains("{{") => {
                    ArgValue::Templated(text)
                }
                value => value,
            },
            None if arg.field("value").is_none() && arg.field("valueFrom").is_some() => ArgValue::Missing,
            None => ArgValue::Text(arg.text("value").to_owned()),
        };
        spec.args.push(Arg { name: arg.text("name").to_owned(), value });
    }
    Ok(spec)
}

fn rules(raw: Option<&Value>, spec: &mut AnalysisSpec) {
    let name = |rule: &Value| rule.text("metricName").to_owned();
    spec.dry_run.extend(raw.list("dryRun").iter().map(name));
    let retention = raw.list("measurementRetention").iter();
    spec.retention.extend(retention.map(|rule| (name(rule), rule.int("limit").unwrap_or(0))));
}

/// An argument with a value stays; one without gives way to the next of its name.
fn merge_arg<'a>(args: &mut Vec<&'a Value>, arg: &'a Value) {
    match args.iter_mut().find(|known| known.text("name") == arg.text("name")) {
        None => args.push(arg),
        Some(known) if known.field("value").is_none() => *known = arg,
        Some(_) => {}
    }
}

/// The Rollout's value; one that is not written is the empty text.
fn given_value(arg: &Value, path: &str) -> Result<ArgValue, Unsupported> {
    let from = arg.field("valueFrom");
    let place = || format!("{path}.args[{}].valueFrom", arg.text("name"));
    if from.is_none() {
        return Ok(ArgValue::Text(arg.text("value").to_owned()));
    }
    match from.text("podTemplateHashValue") {
        "Latest" => Ok(ArgValue::LatestHash),
        "Stable" => Ok(ArgValue::StableHash),
        _ => match field_ref::path(arg).and_then(field_ref::later) {
            Some(field) => Ok(ArgValue::Field(field)),
            None if from.field("fieldRef").is_none() => Ok(ArgValue::Text(arg.text("value").to_owned())),
            None => Err(Unsupported::new(place(), "an argument from a field of the Rollout")),
        },
    }
}
