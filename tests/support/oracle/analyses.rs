//! Analyses from templates and the Rollout's references to them.

use rollcast::model::argo::{Analysis, AnalysisSpec, Arg, ArgValue, MetricSpec};
use serde_json::Value;

use super::numbers::{int, whole_seconds};

/// Templates, and the analyses made of them so far.
#[derive(Clone)]
pub(crate) struct Analyses<'a> {
    namespaced: Vec<&'a Value>,
    cluster: Vec<&'a Value>,
    pub(crate) seen: Vec<Value>,
    pub(crate) list: Vec<AnalysisSpec>,
    /// Why validation would refuse what was read, in its words.
    pub(crate) problem: Option<String>,
}

impl<'a> Analyses<'a> {
    pub(crate) fn new(namespaced: &[&'a Value], cluster: &[&'a Value]) -> Self {
        Self {
            namespaced: namespaced.to_vec(),
            cluster: cluster.to_vec(),
            seen: Vec::new(),
            list: Vec::new(),
            problem: None,
        }
    }

    /// An analysis; equal references are one.
    pub(crate) fn reference(&mut self, raw: &Value, path: &str, finite: bool) -> Result<Analysis, String> {
        let empty = raw["templates"].as_array().is_none_or(Vec::is_empty);
        if raw.get("analysisRunMetadata").is_some() {
            return Err("analysisRunMetadata".into());
        }
        let mut key = raw.clone();
        if let Some(object) = key.as_object_mut() {
            object.remove("startingStep");
        }
        if let Some(index) = self.seen.iter().position(|seen| *seen == key) {
            return Ok(Analysis { index, empty });
        }
        let spec = match self.merged(raw) {
            Err(error) => match error.strip_prefix("invalid spec: ") {
                None => return Err(error),
                Some(text) => {
                    self.refuse(&format!("{path}.templates: Invalid value: {text}"));
                    return Ok(Analysis { index: usize::MAX, empty: true });
                }
            },
            Ok(spec) => spec,
        };
        if finite {
            self.check_finite(raw, path);
        }
        self.seen.push(key);
        self.list.push(spec);
        Ok(Analysis { index: self.list.len() - 1, empty })
    }

    /// Keeps the first reason.
    pub(crate) fn refuse(&mut self, reason: &str) {
        self.problem.get_or_insert_with(|| reason.to_owned());
    }

    /// Takes a template away; references are read anew.
    pub(crate) fn delete(&mut self, cluster: bool, name: &str) {
        let pool = if cluster { &mut self.cluster } else { &mut self.namespaced };
        pool.retain(|template| template["metadata"]["name"] != name);
        self.seen.clear();
        self.list.clear();
    }

    fn check_finite(&mut self, raw: &Value, path: &str) {
        let (mut plain, mut cluster) = (Vec::new(), Vec::new());
        if self.collect(raw, &mut plain, &mut cluster, 0).is_err() {
            return;
        }
        for template in plain.into_iter().chain(cluster) {
            let name = template["metadata"]["name"].as_str().unwrap_or("");
            for metric in template["spec"]["metrics"].as_array().unwrap_or(&Vec::new()) {
                let endless = int(metric, "count").unwrap_or(0) == 0 && metric.get("interval").is_some();
                if endless {
                    let count = metric["count"].as_str().unwrap_or("<nil>");
                    let metric = metric["name"].as_str().unwrap_or("");
                    self.refuse(&format!(
                        "{path}.templates: Invalid value: \"{name}\": AnalysisTemplate {name} has metric {metric} which runs indefinitely. Invalid value for count: {count}"
                    ));
                }
            }
        }
    }

    fn merged(&self, raw: &Value) -> Result<AnalysisSpec, String> {
        let (mut plain, mut cluster) = (Vec::new(), Vec::new());
        self.collect(raw, &mut plain, &mut cluster, 0)?;
        let mut spec = AnalysisSpec::default();
        rules(raw, &mut spec);
        let mut args: Vec<(String, Option<String>)> = Vec::new();
        for template in plain.into_iter().chain(cluster) {
            let body = &template["spec"];
            for metric in body["metrics"].as_array().unwrap_or(&Vec::new()) {
                let metric = read_metric(metric)?;
                if spec.metrics.iter().any(|known| known.name == metric.name) {
                    return Err(format!(
                        "invalid spec: \"templateNames: {}\": two metrics have the same name '{}'",
                        names(raw),
                        metric.name
                    ));
                }
                spec.metrics.push(metric);
            }
            for arg in body["args"].as_array().unwrap_or(&Vec::new()) {
                merge_arg(&mut args, arg)?;
            }
            rules(body, &mut spec);
        }
        for (name, value) in args {
            let given = raw["args"].as_array().and_then(|list| list.iter().find(|arg| arg["name"] == *name));
            let value = match given {
                Some(arg) => given_value(arg)?,
                None => ArgValue::Text(value.ok_or("argument without a value")?),
            };
            spec.args.push(Arg { name, value });
        }
        Ok(spec)
    }

    fn collect(
        &self,
        raw: &Value,
        plain: &mut Vec<&'a Value>,
        cluster: &mut Vec<&'a Value>,
        depth: usize,
    ) -> Result<(), String> {
        if depth > 8 {
            return Err("templates too deep".into());
        }
        for reference in raw["templates"].as_array().unwrap_or(&Vec::new()) {
            let scoped = reference["clusterScope"].as_bool().unwrap_or(false);
            let pool = if scoped { &self.cluster } else { &self.namespaced };
            let template = *pool
                .iter()
                .find(|template| template["metadata"]["name"] == reference["templateName"])
                .ok_or_else(|| {
                    let name = reference["templateName"].as_str().unwrap_or("");
                    let kind = if scoped { "ClusterAnalysisTemplate" } else { "AnalysisTemplate" };
                    format!("invalid spec: \"{name}\": {kind} '{name}' not found")
                })?;
            let list = if scoped { &mut *cluster } else { &mut *plain };
            if !list.iter().any(|known| known["metadata"]["name"] == template["metadata"]["name"]) {
                list.push(template);
            }
            self.collect(&template["spec"], plain, cluster, depth + 1)?;
        }
        Ok(())
    }
}

fn read_metric(raw: &Value) -> Result<MetricSpec, String> {
    let text = |field: &str| raw[field].as_str().map(str::to_owned);
    let prometheus = &raw["provider"]["prometheus"];
    if prometheus.is_null() || prometheus.get("rangeQuery").is_some() {
        return Err("provider".into());
    }
    let span = |field: &str| raw.get(field).map(whole_seconds).transpose();
    let templated = ["count", "interval", "failureLimit"]
        .iter()
        .any(|field| raw[*field].as_str().is_some_and(|text| text.contains("{{")));
    if templated {
        return Err("arguments in numbers".into());
    }
    Ok(MetricSpec {
        template: 0,
        index: 0,
        name: text("name").unwrap_or_default(),
        query: prometheus["query"].as_str().unwrap_or("").to_owned(),
        success_condition: text("successCondition"),
        failure_condition: text("failureCondition"),
        interval: span("interval")?,
        initial_delay: span("initialDelay")?,
        count: int(raw, "count"),
        failure_limit: int(raw, "failureLimit"),
        inconclusive_limit: int(raw, "inconclusiveLimit"),
        consecutive_error_limit: int(raw, "consecutiveErrorLimit"),
        consecutive_success_limit: int(raw, "consecutiveSuccessLimit"),
    })
}

fn names(raw: &Value) -> String {
    let list = raw["templates"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = list.iter().filter_map(|template| template["templateName"].as_str()).collect();
    format!("[{}]", names.join(" "))
}

fn rules(raw: &Value, spec: &mut AnalysisSpec) {
    for rule in raw["dryRun"].as_array().unwrap_or(&Vec::new()) {
        spec.dry_run.push(rule["metricName"].as_str().unwrap_or("").to_owned());
    }
    for rule in raw["measurementRetention"].as_array().unwrap_or(&Vec::new()) {
        spec.retention
            .push((rule["metricName"].as_str().unwrap_or("").to_owned(), int(rule, "limit").unwrap_or(0)));
    }
}

fn merge_arg(args: &mut Vec<(String, Option<String>)>, arg: &Value) -> Result<(), String> {
    if arg.get("valueFrom").is_some() {
        return Err("template argument from elsewhere".into());
    }
    let name = arg["name"].as_str().unwrap_or("").to_owned();
    let value = arg["value"].as_str().map(str::to_owned);
    match args.iter_mut().find(|(known, _)| *known == name) {
        None => args.push((name, value)),
        Some((_, old)) => match (&old, value) {
            (Some(old), Some(value)) if *old != value => {
                return Err("argument specified twice".into());
            }
            (None, value) => *old = value,
            _ => {}
        },
    }
    Ok(())
}

fn given_value(arg: &Value) -> Result<ArgValue, String> {
    match arg["valueFrom"]["podTemplateHashValue"].as_str() {
        Some("Latest") => Ok(ArgValue::LatestHash),
        Some("Stable") => Ok(ArgValue::StableHash),
        _ if arg.get("valueFrom").is_some() => Err("argument from a field".into()),
        _ => Ok(ArgValue::Text(arg["value"].as_str().unwrap_or("").to_owned())),
    }
}
