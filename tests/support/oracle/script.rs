//! The scripted surroundings: pods by rule, answers by query.

use std::collections::BTreeMap;

use rollcast::condition;
use rollcast::model::argo::Template;
use rollcast::simulator::event::{Ask, Surroundings};
use rollcast::simulator::pods::{Life, NewPod, PodChange};
use rollcast::unit::{Seconds, Weight};
use serde_json::Value;

use super::numbers::int;

/// How pods behave.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    startup: i64,
    terminate: i64,
    never_ready: bool,
    ready_at_most: Option<i64>,
    crash_after: Option<i64>,
    recover_after: Option<i64>,
}

impl Rule {
    pub(crate) fn read(raw: &Value) -> Self {
        Self {
            startup: int(raw, "startup").unwrap_or(0),
            terminate: int(raw, "terminate").unwrap_or(0),
            never_ready: raw["neverReady"].as_bool().unwrap_or(false),
            ready_at_most: int(raw, "readyAtMost"),
            crash_after: int(raw, "crashAfter"),
            recover_after: int(raw, "recoverAfter"),
        }
    }
}

/// A scripted world.
#[derive(Debug, Default)]
pub(crate) struct Script {
    default: Rule,
    by_image: BTreeMap<String, Rule>,
    /// Rules for pods created from a second on.
    pub(crate) changes: Vec<(i64, String, Rule)>,
    /// Images by pod template.
    pub(crate) images: Vec<String>,
    answers: BTreeMap<String, Vec<(u64, Value)>>,
    now: i64,
}

impl Script {
    pub(crate) fn new(scenario: &Value) -> Self {
        let pods = &scenario["pods"];
        let mut by_image = BTreeMap::new();
        if let Some(rules) = pods["byImage"].as_object() {
            for (image, rule) in rules {
                by_image.insert(image.clone(), Rule::read(rule));
            }
        }
        let mut answers = BTreeMap::new();
        for answer in scenario["answers"].as_array().unwrap_or(&Vec::new()) {
            let points = answer["points"]
                .as_array()
                .unwrap_or(&Vec::new())
                .iter()
                .map(|point| (point["at"].as_u64().unwrap_or(0), point["value"].clone()))
                .collect();
            answers.insert(answer["query"].as_str().unwrap_or("").to_owned(), points);
        }
        Self { default: Rule::read(pods), by_image, answers, ..Self::default() }
    }

    fn rule(&self, template: Template, at: i64) -> &Rule {
        let image = self.images.get(usize::from(template.0)).map_or("", String::as_str);
        let changed = |image: &str| {
            self.changes
                .iter()
                .rev()
                .find(|(since, name, _)| *since <= at && name == image)
                .map(|(_, _, rule)| rule)
        };
        changed(image).or_else(|| self.by_image.get(image)).or_else(|| changed("")).unwrap_or(&self.default)
    }
}

impl Surroundings for Script {
    fn split(&mut self, _: Seconds, _: Weight) {}

    fn pod(&mut self, at: Seconds, _: u64, _: u32, _: PodChange) {
        self.now = i64::try_from(at.0).unwrap();
    }

    fn pod_start(&mut self, pod: &NewPod) -> Seconds {
        Seconds(u64::try_from(self.rule(pod.template, pod.at).startup).unwrap())
    }

    fn pod_life(&mut self, pod: &NewPod) -> Life {
        let rule = self.rule(pod.template, pod.at);
        let full = rule.ready_at_most.is_some_and(|most| i64::from(pod.viable) >= most);
        Life {
            ready_after: (!rule.never_ready && !full).then_some(rule.startup),
            crash_after: rule.crash_after,
            recover_after: rule.recover_after,
        }
    }

    fn pod_termination(&mut self, template: Template, at: i64) -> Seconds {
        Seconds(u64::try_from(self.rule(template, at).terminate).unwrap())
    }

    fn measure(&mut self, ask: &Ask<'_>) -> Result<condition::Value, String> {
        let points = self.answers.get(ask.query);
        let value = points
            .and_then(|points| points.iter().rev().find(|(at, _)| *at <= ask.at.0).map(|(_, value)| value));
        answer(value)
    }
}

fn number(raw: &Value) -> f64 {
    match raw {
        Value::String(text) => match text.as_str() {
            "+Inf" => f64::INFINITY,
            "-Inf" => f64::NEG_INFINITY,
            _ => f64::NAN,
        },
        other => other.as_f64().unwrap_or(f64::NAN),
    }
}

fn answer(value: Option<&Value>) -> Result<condition::Value, String> {
    use condition::Value::{Float, Floats};
    let Some(value) = value else {
        return Ok(Floats(Vec::new()));
    };
    match value {
        Value::String(text) if text == "empty" => Ok(Floats(Vec::new())),
        Value::Array(list) => Ok(Floats(list.iter().map(number).collect())),
        Value::Object(object) => {
            if let Some(scalar) = object.get("scalar") {
                return Ok(Float(number(scalar)));
            }
            if object.contains_key("string") {
                return Err("Prometheus metric type not supported".into());
            }
            if let Some(Value::Array(matrix)) = object.get("matrix") {
                let samples = matrix.iter().filter_map(Value::as_array).flatten();
                return Ok(Floats(samples.map(number).collect()));
            }
            let text = object.get("error").and_then(Value::as_str).unwrap_or("");
            match object.get("status").and_then(Value::as_i64) {
                Some(400 | 422) => Err(format!("execution: {text}")),
                status => Err(format!("server_error: server error: {}", status.unwrap_or(500))),
            }
        }
        other => Ok(Floats(vec![number(other)])),
    }
}
