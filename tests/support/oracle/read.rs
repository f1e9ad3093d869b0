//! A scenario read into a spec, a cluster, a scripted world and actions.

use rollcast::import::{Objects, Reader};
use rollcast::model::argo::{AnalysisSpec, Spec, Template};
use rollcast::simulator::Action;
use rollcast::simulator::objects::Cluster;
use serde_json::{Value, json};

use super::numbers::int;
use super::script::{Rule, Script};

/// All that playing needs.
pub(crate) struct Read {
    pub(crate) spec: Spec,
    pub(crate) cluster: Cluster,
    pub(crate) analyses: Vec<AnalysisSpec>,
    pub(crate) world: Script,
    pub(crate) actions: Vec<(i64, Action)>,
    pub(crate) action_names: Vec<String>,
    pub(crate) until: i64,
}

/// Pod templates by number.
#[derive(Default)]
pub(crate) struct Templates {
    known: Vec<Value>,
}

impl Templates {
    fn intern(&mut self, template: &Value) -> Template {
        let at = self.known.iter().position(|known| known == template).unwrap_or_else(|| {
            self.known.push(template.clone());
            self.known.len() - 1
        });
        Template(u16::try_from(at).unwrap())
    }

    fn image(template: &Value) -> &str {
        template["spec"]["containers"][0]["image"].as_str().unwrap_or("")
    }

    fn with_image(&self, image: &str) -> Value {
        let mut template = self.known[0].clone();
        for container in template["spec"]["containers"].as_array_mut().unwrap() {
            container["image"] = json!(image);
        }
        template
    }

    /// The order of the real hashes of the scenarios' usual template.
    fn places(&self) -> Vec<u32> {
        self.known
            .iter()
            .enumerate()
            .map(|(at, template)| match Self::image(template) {
                "demo:v3" => 0,
                "demo:v1" => 1,
                "demo:v2" => 2,
                _ => 3 + at as u32,
            })
            .collect()
    }

    pub(crate) fn images(&self) -> Vec<String> {
        self.known.iter().map(|template| Self::image(template).to_owned()).collect()
    }
}

pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let object = target.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            object.remove(key);
        } else {
            merge(object.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Reads a scenario.
pub(crate) fn read(scenario: &Value) -> Result<Read, String> {
    let objects = scenario["objects"].as_array().ok_or("no objects")?;
    if objects.iter().any(|object| object["kind"] == "AnalysisRun") {
        return Err("object AnalysisRun".into());
    }
    let mut rollout = objects.iter().find(|object| object["kind"] == "Rollout").unwrap().clone();
    let objects = Objects::of_values(objects.iter().cloned().map(without_namespace));
    let mut reader = Reader::new(&objects, "");
    let mut templates = Templates::default();
    let template = templates.intern(&rollout["spec"]["template"]);
    let mut spec = reader.spec(&rollout).map_err(feature)?;
    spec.template = template;
    let mut world = Script::new(scenario);
    let (mut actions, mut action_names) = (Vec::new(), Vec::new());
    for action in scenario["actions"].as_array().unwrap_or(&Vec::new()) {
        let at = int(action, "at").unwrap();
        let name = action["do"].as_str().unwrap();
        let done = read_action(action, at, name, &mut rollout, &mut templates, &mut world, &mut reader)?;
        actions.push((at, done));
        action_names.push(name.to_owned());
    }
    world.images = templates.images();
    let cluster = Cluster { places: templates.places(), ..reader.cluster() };
    Ok(Read {
        spec,
        cluster,
        analyses: reader.analyses(),
        world,
        actions,
        action_names,
        until: int(scenario, "until").unwrap(),
    })
}

/// One namespace is all that a scenario has.
fn without_namespace(mut object: Value) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("namespace");
    }
    object
}

fn feature(unsupported: rollcast::import::Unsupported) -> String {
    unsupported.feature
}

fn read_action(
    action: &Value,
    at: i64,
    name: &str,
    rollout: &mut Value,
    templates: &mut Templates,
    world: &mut Script,
    reader: &mut Reader<'_>,
) -> Result<Action, String> {
    let image = action["image"].as_str().unwrap_or("");
    Ok(match name {
        "setImage" => {
            let template = templates.with_image(image);
            Action::Template(templates.intern(&template))
        }
        "promote" => Action::Promote,
        "promoteFull" => Action::PromoteFull,
        "promoteSkipCurrent" => Action::SkipCurrent,
        "promoteSkipAll" => Action::SkipAll,
        "abort" => Action::Abort,
        "retry" => Action::Retry,
        "undo" => Action::Undo(int(action, "revision").unwrap_or(0)),
        "pause" => Action::Edit(Box::new(|spec| spec.paused = Some(true))),
        "resume" => Action::Edit(Box::new(|spec| spec.paused = Some(false))),
        "scale" => {
            let replicas = int(action, "replicas").unwrap();
            rollout["spec"]["replicas"] = json!(replicas);
            Action::Edit(Box::new(move |spec| spec.replicas = replicas))
        }
        "applySpec" => {
            let patch = &action["patch"];
            if patch.get("template").is_some() {
                return Err("applySpec of a template".into());
            }
            merge(&mut rollout["spec"], patch);
            let edited = reader.spec(rollout).map_err(feature)?;
            let paused = patch.get("paused").and_then(Value::as_bool);
            Action::Edit(Box::new(move |spec| {
                let (name, template) = (spec.name.clone(), spec.template);
                let paused = paused.or(spec.paused);
                *spec = Spec { name, template, paused, ..edited.clone() };
            }))
        }
        "terminateRuns" => Action::TerminateRuns(action["name"].as_str().map(str::to_owned)),
        "crashPods" => {
            let template = templates.with_image(image);
            let recover = action.get("pods").and_then(|pods| int(pods, "recoverAfter"));
            Action::CrashPods(templates.intern(&template), int(action, "replicas").unwrap(), recover)
        }
        "pods" => {
            let rule = Rule::read(&action["pods"]);
            world.changes.push((at, image.to_owned(), rule));
            Action::Nothing
        }
        "delete" => {
            let kind = action["kind"].as_str().unwrap_or("");
            if !["AnalysisTemplate", "ClusterAnalysisTemplate"].contains(&kind) {
                return Err("action delete".into());
            }
            if rollout.to_string().contains("\"experiment\":") {
                return Err("action delete beside an experiment".into());
            }
            reader.delete(kind, action["name"].as_str().unwrap_or(""));
            let refused = reader.clone().spec(rollout).map_err(feature)?.refused;
            Action::Refer(refused.map(|reason| reason.to_string()))
        }
        other => return Err(format!("action {other}")),
    })
}
