//! The scripted surroundings: pods by rule, answers by query.

use std::collections::BTreeMap;

use rollcast::condition;
use rollcast::model::argo::Template;
use rollcast::simulator::answers::{self, Answers};
use rollcast::simulator::event::{Ask, PluginCall, Provider, Surroundings};
use rollcast::simulator::objects::plugin::{Answer, Operation, PluginPhase};
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
    answers: Answers,
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
        let answers = match scenario["answers"].as_array() {
            Some(list) if !list.is_empty() => {
                answers::read("answers", &scenario["answers"].to_string()).unwrap()
            }
            _ => Answers::default(),
        };
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
        self.answers.answer(ask)
    }

    /// The plugin's answers stand in the step's own configuration.
    fn plugin(&mut self, call: &PluginCall<'_>) -> Answer {
        if &*call.step.name == "oracle/disabled" {
            return Answer::Disabled;
        }
        let config = call.step.config.clone().unwrap_or_default();
        let answer = match call.operation {
            Operation::Abort => config["abort"].clone(),
            Operation::Terminate => config["terminate"].clone(),
            Operation::Run => {
                let Some(list) = config["run"].as_array().filter(|list| !list.is_empty()) else {
                    return Answer::of(PluginPhase::Successful);
                };
                list[usize::try_from(call.before).unwrap().min(list.len() - 1)].clone()
            }
        };
        let text = |key: &str| answer[key].as_str().unwrap_or("");
        if !text("error").is_empty() {
            return Answer::Error(text("error").into());
        }
        let phase = match text("phase") {
            "Running" => Some(PluginPhase::Running),
            "Successful" => Some(PluginPhase::Successful),
            "Failed" => Some(PluginPhase::Failed),
            "Error" => Some(PluginPhase::Error),
            _ => None,
        };
        let requeue_after = int(&answer, "requeueAfter").unwrap_or(0);
        Answer::Result { phase, message: text("message").into(), requeue_after }
    }
}
