//! AnalysisTemplates, and the references to them.
//!
//! Enters: templates and analyses of the model. Leaves: objects, and what steps and the background say.
//! It deliberately adds nothing to a metric: every limit stands in the model.

use super::metadata;
use crate::manifest::Object;
use crate::manifest::analysis as kind;
use crate::manifest::meta::IntOrString;
use crate::model::analysis::{Analysis, AnalysisTemplate, Arg, ArgValue, Metric};
use crate::model::rollout::{Background, Rollout};

/// The templates in the order of their first use.
pub(super) fn templates(rollout: &Rollout) -> impl Iterator<Item = Object> {
    let of = |template| Object::AnalysisTemplate(Box::new(self::template(rollout, template)));
    rollout.templates.iter().map(of)
}

fn template(rollout: &Rollout, template: &AnalysisTemplate) -> kind::AnalysisTemplate {
    let declared = |name: &String| kind::Argument { name: name.clone(), value: None, value_from: None };
    let ignored = |pattern: &String| kind::DryRun { metric_name: pattern.clone() };
    let spec = kind::AnalysisTemplateSpec {
        args: template.args.iter().map(declared).collect(),
        metrics: template.metrics.iter().map(|m| metric(m, &rollout.prometheus.value)).collect(),
        dry_run: template.dry_run.iter().map(ignored).collect(),
        ..kind::AnalysisTemplateSpec::default()
    };
    kind::AnalysisTemplate::new(metadata(rollout, &template.name), spec)
}

fn metric(metric: &Metric, prometheus: &str) -> kind::Metric {
    let limit = |value: u32| Some(IntOrString::from(value));
    kind::Metric {
        name: metric.name.clone(),
        initial_delay: Some(metric.initial_delay.value.to_string()),
        interval: Some(metric.interval.value.to_string()),
        count: metric.count.as_ref().map(|count| IntOrString::from(count.value)),
        success_condition: metric.success_condition.clone(),
        failure_condition: metric.failure_condition.clone(),
        failure_limit: limit(metric.failure_limit.value),
        inconclusive_limit: limit(metric.inconclusive_limit.value),
        consecutive_error_limit: limit(metric.consecutive_error_limit.value),
        // 0 is off, and to write it would read as if none were needed.
        consecutive_success_limit: match metric.consecutive_success_limit.value {
            0 => None,
            some => limit(some),
        },
        provider: kind::Provider {
            prometheus: Some(kind::Prometheus {
                address: Some(prometheus.to_owned()),
                query: Some(metric.query.clone()),
                ..kind::Prometheus::default()
            }),
            ..kind::Provider::default()
        },
    }
}

/// What a step runs.
pub(super) fn step(rollout: &Rollout, analysis: &Analysis) -> kind::RolloutAnalysis {
    let reference = |template: &AnalysisTemplate| kind::TemplateRef {
        template_name: Some(template.name.clone()),
        cluster_scope: None,
    };
    let named = analysis.templates.iter().filter_map(|index| rollout.templates.get(*index));
    kind::RolloutAnalysis {
        templates: named.map(reference).collect(),
        args: analysis.args.iter().map(argument).collect(),
        ..kind::RolloutAnalysis::default()
    }
}

/// What runs beside the steps.
pub(super) fn background(rollout: &Rollout, background: &Background) -> kind::RolloutAnalysis {
    kind::RolloutAnalysis {
        starting_step: Some(background.starting_step),
        ..step(rollout, &background.analysis)
    }
}

fn argument(arg: &Arg) -> kind::Argument {
    let hash = |of: &str| kind::ValueFrom {
        pod_template_hash_value: Some(of.to_owned()),
        ..kind::ValueFrom::default()
    };
    let (value, value_from) = match &arg.value {
        ArgValue::Text(text) => (Some(text.clone()), None),
        ArgValue::LatestHash => (None, Some(hash("Latest"))),
        ArgValue::StableHash => (None, Some(hash("Stable"))),
    };
    kind::Argument { name: arg.name.clone(), value, value_from }
}
