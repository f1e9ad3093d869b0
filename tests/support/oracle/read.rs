//! A scenario read into a spec, a cluster, a scripted world and actions.

use rollcast::model::argo::{AnalysisSpec, Spec, Template};
use rollcast::simulator::Action;
use rollcast::simulator::objects::{Cluster, Destination, DestinationRule, Route, Service, VirtualService};
use serde_json::{Value, json};

use super::analyses::Analyses;
use super::numbers::int;
use super::script::{Rule, Script};
use super::strategy;

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
    let of_kind =
        |kind: &str| -> Vec<&Value> { objects.iter().filter(|object| object["kind"] == kind).collect() };
    for kind in ["AnalysisRun", "Secret"] {
        if !of_kind(kind).is_empty() {
            return Err(format!("object {kind}"));
        }
    }
    let rollout = of_kind("Rollout")[0];
    let cluster = cluster(&of_kind)?;
    let mut analyses = Analyses::new(&of_kind("AnalysisTemplate"), &of_kind("ClusterAnalysisTemplate"));
    let mut raw = rollout["spec"].clone();
    let mut templates = Templates::default();
    let template = templates.intern(&raw["template"]);
    let mut spec = strategy::spec(
        rollout["metadata"]["name"].as_str().unwrap_or("demo"),
        &raw,
        &cluster,
        &mut analyses,
    )?;
    spec.template = template;
    let mut world = Script::new(scenario);
    let (mut actions, mut action_names) = (Vec::new(), Vec::new());
    for action in scenario["actions"].as_array().unwrap_or(&Vec::new()) {
        let at = int(action, "at").unwrap();
        let name = action["do"].as_str().unwrap();
        let done =
            read_action(action, at, name, &mut raw, &mut templates, &mut world, &cluster, &mut analyses)?;
        actions.push((at, done));
        action_names.push(name.to_owned());
    }
    world.images = templates.images();
    let cluster = Cluster { places: templates.places(), ..cluster };
    Ok(Read {
        spec,
        cluster,
        analyses: analyses.list,
        world,
        actions,
        action_names,
        until: int(scenario, "until").unwrap(),
    })
}

#[expect(clippy::too_many_arguments, reason = "one call, all of it the state of reading")]
fn read_action(
    action: &Value,
    at: i64,
    name: &str,
    raw: &mut Value,
    templates: &mut Templates,
    world: &mut Script,
    cluster: &Cluster,
    analyses: &mut Analyses,
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
            raw["replicas"] = json!(replicas);
            Action::Edit(Box::new(move |spec| spec.replicas = replicas))
        }
        "applySpec" => {
            let patch = &action["patch"];
            if patch.get("template").is_some() {
                return Err("applySpec of a template".into());
            }
            merge(raw, patch);
            let edited = strategy::spec("demo", raw, cluster, analyses)?;
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
            let cluster_scoped = match action["kind"].as_str() {
                Some("AnalysisTemplate") => false,
                Some("ClusterAnalysisTemplate") => true,
                _ => return Err("action delete".into()),
            };
            let kept = analyses.clone();
            analyses.delete(cluster_scoped, action["name"].as_str().unwrap_or(""));
            let refused = strategy::spec("demo", raw, cluster, analyses)?.refused;
            (analyses.list, analyses.seen) = (kept.list, kept.seen);
            Action::Refer(refused.map(|reason| reason.to_string()))
        }
        other => return Err(format!("action {other}")),
    })
}

fn text(value: &Value) -> std::sync::Arc<str> {
    value.as_str().unwrap_or("").into()
}

fn cluster<'a>(of_kind: &impl Fn(&str) -> Vec<&'a Value>) -> Result<Cluster, String> {
    let services = of_kind("Service")
        .iter()
        .map(|object| Service {
            name: text(&object["metadata"]["name"]),
            selector: None,
            managed: false,
            adopted: false,
        })
        .collect();
    let mut virtual_services = Vec::new();
    for object in of_kind("VirtualService") {
        if object["spec"].get("tls").is_some() || object["spec"].get("tcp").is_some() {
            return Err("tls or tcp routes".into());
        }
        let routes = object["spec"]["http"].as_array().ok_or("no http routes")?;
        virtual_services.push(VirtualService {
            name: text(&object["metadata"]["name"]),
            http: routes.iter().map(route).collect(),
        });
    }
    let destination_rules = of_kind("DestinationRule")
        .iter()
        .map(|object| DestinationRule {
            name: text(&object["metadata"]["name"]),
            host: text(&object["spec"]["host"]),
            managed: false,
            subsets: object["spec"]["subsets"]
                .as_array()
                .unwrap_or(&Vec::new())
                .iter()
                .map(|subset| (text(&subset["name"]), None))
                .collect(),
        })
        .collect();
    Ok(Cluster { services, virtual_services, destination_rules, places: Vec::new() })
}

fn route(route: &Value) -> Route {
    Route {
        name: route["name"].as_str().map(Into::into),
        matches: route.get("match").cloned().map(std::sync::Arc::new),
        mirror: None,
        to: route["route"]
            .as_array()
            .unwrap_or(&Vec::new())
            .iter()
            .map(|to| Destination {
                host: text(&to["destination"]["host"]),
                subset: to["destination"]["subset"].as_str().map(Into::into),
                weight: int(to, "weight").unwrap_or(0),
            })
            .collect(),
    }
}
