//! `experiment` of a step.
//!
//! Enters: a step that validation accepts. Leaves: [`Experiment`].
//! It deliberately keeps an analysis whose template is missing: the Experiment controller finds that out.

use std::sync::Arc;

use serde_json::{Value, json};

use super::field::Fields;
use super::number;
use super::problem::Unsupported;
use super::reader::Reader;
use super::template::Lost;
use crate::model::argo::{Analysis, Experiment, ExperimentAnalysis, ExperimentTemplate, SpecRef};

/// Reads the step.
pub(super) fn experiment(
    raw: &Value,
    path: &str,
    reader: &mut Reader<'_>,
) -> Result<Arc<Experiment>, Unsupported> {
    if raw.field("analysisRunMetadata").is_some() {
        let place = format!("{path}.analysisRunMetadata");
        return Err(Unsupported::new(place, "labels and annotations of AnalysisRuns"));
    }
    let templates = raw.list("templates").iter().enumerate().map(|(at, raw)| template(at, raw, path));
    let templates = templates.collect::<Result<_, _>>()?;
    let analyses = raw.list("analyses").iter().map(|analysis| read_analysis(raw, analysis, path, reader));
    Ok(Arc::new(Experiment {
        templates,
        duration: duration(raw, path)?,
        analyses: analyses.collect::<Result<_, _>>()?,
        scale_down_delay: raw.int("scaleDownDelaySeconds"),
    }))
}

fn duration(raw: &Value, path: &str) -> Result<Option<i64>, Unsupported> {
    let text = raw.text("duration");
    if text.is_empty() {
        return Ok(None);
    }
    match number::duration(text) {
        Some(nanos) if nanos % 1_000_000_000 == 0 => Ok(Some(nanos / 1_000_000_000)),
        Some(_) => Err(Unsupported::new(format!("{path}.duration"), format!("sub-second duration {text}"))),
        None => Err(Unsupported::new(format!("{path}.duration"), format!("`{text}` is no duration"))),
    }
}

fn template(at: usize, raw: &Value, path: &str) -> Result<ExperimentTemplate, Unsupported> {
    let place = |field: &str| format!("{path}.templates[{at}].{field}");
    for (field, feature) in
        [("metadata", "labels and annotations of a template"), ("selector", "a template's own selector")]
    {
        if raw.field(field).is_some() {
            return Err(Unsupported::new(place(field), feature));
        }
    }
    Ok(ExperimentTemplate {
        name: raw.text("name").into(),
        spec_ref: match raw.text("specRef") {
            "canary" => SpecRef::Canary,
            "stable" => SpecRef::Stable,
            other => return Err(Unsupported::new(place("specRef"), format!("`{other}`"))),
        },
        replicas: raw.int("replicas"),
        weight: raw.int("weight"),
        service: raw.field("service").map(|service| service.text("name").into()),
    })
}

fn read_analysis(
    step: &Value,
    raw: &Value,
    path: &str,
    reader: &mut Reader<'_>,
) -> Result<ExperimentAnalysis, Unsupported> {
    let path = format!("{path}.analyses[{}]", raw.text("name"));
    let (name, cluster) = (raw.text("templateName"), raw.flag("clusterScope"));
    let reference = json!({
        "experiment": true,
        "templates": [{"templateName": name, "clusterScope": cluster}],
        "args": raw.list("args"),
        "dryRun": step.list("dryRun"),
    });
    let (missing, analysis) = match reader.templates.named_by(reference.list("templates")) {
        Ok(_) => (None, reader.analysis(&reference, &path)?),
        Err(Lost::Missing { nested: false, .. }) => {
            let kind = if cluster { "clusteranalysistemplate" } else { "analysistemplate" };
            let missing = format!("{kind}.argoproj.io \"{name}\" not found");
            (Some(missing.into()), Analysis { index: usize::MAX, empty: true })
        }
        Err(_) => return Err(Unsupported::new(path, "a template within a template that leads nowhere")),
    };
    let texts = raw.list("args").iter().map(|arg| arg.text("value")).filter(|text| text.contains("{{"));
    let templated: Vec<Arc<str>> = texts.map(Into::into).collect();
    if templated.iter().any(|text| text.contains("experiment.")) {
        return Err(Unsupported::new(format!("{path}.args"), "an argument with an experiment's times"));
    }
    Ok(ExperimentAnalysis {
        name: raw.text("name").into(),
        analysis,
        required: raw.flag("requiredForCompletion"),
        missing,
        templated,
    })
}
