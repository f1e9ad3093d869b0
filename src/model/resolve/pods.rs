//! What runs: a file that holds a workload, pods written in the language, or a workload that stays its own.
//!
//! Enters: pods and workload statements, and the files they name. Leaves: [`Pods`] with labels and port.
//! It deliberately knows no Service; it only makes sure that one can be made.

use serde_json::{Map, Value as Json, json};

use super::Context;
use super::route::is_dns_label;
use super::scope::list;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::manifest::{self, PodsFile};
use crate::model::compile::join;
use crate::model::rollout::{Pods, Port, PortTarget};
use crate::source::Span;
use crate::syntax::tree::{Field, Name, Value, ValueKind, Workload};

/// What a pods statement says: the pods, and how many its file asks for.
pub(crate) struct ResolvedPods {
    pub(crate) pods: Pods,
    pub(crate) replicas: Option<(u32, Span)>,
}

/// `pods from "file"`
pub(crate) fn from_file(name: &Name, importer: &str, context: &mut Context<'_>) -> Option<ResolvedPods> {
    let file = read(name, importer, context)?;
    let port = port_of(&file, name, context)?;
    let selector = selector_of(&file, name, context)?;
    let replicas = file.replicas.map(|replicas| (replicas, name.span));
    Some(ResolvedPods { pods: Pods::Template { template: file.template, selector, port }, replicas })
}

fn read(name: &Name, importer: &str, context: &mut Context<'_>) -> Option<PodsFile> {
    let path = join(importer, &name.value);
    let text = match context.files.read(&path) {
        Ok(text) => text,
        Err(fault) => {
            let headline = format!("the pods file `{}` cannot be read: {fault}", name.value);
            let label = format!("looked for `{path}`");
            let report = Diagnostic::new(Code::PodsUnreadable, headline, name.span, label);
            context.report(report.help("pods files are looked up beside the program that names them"));
            return None;
        }
    };
    match manifest::read_pods(&text) {
        Ok(file) => Some(file),
        Err(error) => {
            let headline = format!("`{}` cannot be read as pods: {}", name.value, error.message);
            let label = format!("{path}:{}:{}", error.line, error.column);
            context.report(Diagnostic::new(Code::PodsNotAWorkload, headline, name.span, label));
            None
        }
    }
}

/// The Service's port: the first container port of the file.
fn port_of(file: &PodsFile, name: &Name, context: &mut Context<'_>) -> Option<Port> {
    let Some(port) = file.ports.first() else {
        let headline = format!("the pods of `{}` open no port, so no Service can lead to them", name.value);
        let report =
            Diagnostic::new(Code::PodsIncomplete, headline, name.span, "no containerPort in any container");
        context.report(report.help("add `ports: [{name: http, containerPort: 8080}]` to the container"));
        return None;
    };
    let target = port.name.clone().map_or(PortTarget::Number(port.number), PortTarget::Name);
    Some(Port { name: port.name.clone().unwrap_or_else(|| "http".to_owned()), number: 80, target })
}

fn selector_of(file: &PodsFile, name: &Name, context: &mut Context<'_>) -> Option<Vec<(String, String)>> {
    if file.labels.is_empty() {
        let headline = format!("the pods of `{}` have no labels, so no Service can find them", name.value);
        let report =
            Diagnostic::new(Code::PodsIncomplete, headline, name.span, "no labels in the pod template");
        context.report(report.help("add `labels: {app: NAME}` to the template's metadata"));
        return None;
    }
    let selector = if file.selector.is_empty() { file.labels.clone() } else { file.selector.clone() };
    if let Some((key, _)) = selector.iter().find(|pair| !file.labels.contains(pair)) {
        let headline =
            format!("the selector of `{}` asks for a label that its pods lack: `{key}`", name.value);
        context.report(Diagnostic::new(
            Code::PodsIncomplete,
            headline,
            name.span,
            "selector and template disagree",
        ));
        return None;
    }
    Some(selector)
}

/// `workload Deployment/checkout from "checkout.deployment.yaml"`
pub(crate) fn workload(
    statement: &Workload,
    span: Span,
    importer: &str,
    context: &mut Context<'_>,
) -> Option<ResolvedPods> {
    let (api_version, kind) = match statement.kind.value.as_str() {
        "Deployment" => ("apps/v1", "Deployment"),
        "ReplicaSet" => ("apps/v1", "ReplicaSet"),
        "PodTemplate" => ("v1", "PodTemplate"),
        other => {
            let headline = format!("a Rollout cannot refer to a `{other}`");
            let label = "expected `Deployment`, `ReplicaSet` or `PodTemplate`";
            let mut report = Diagnostic::new(Code::PodsNotAWorkload, headline, statement.kind.span, label);
            if let Some(near) = nearest(other, ["Deployment", "ReplicaSet", "PodTemplate"]) {
                report = report.fix(format!("write `{near}`"), statement.kind.span, near);
            }
            context.report(report);
            return None;
        }
    };
    let Some(from) = &statement.from else {
        let headline = format!("labels and port of `{}` are unknown", statement.name.value);
        let report = Diagnostic::new(Code::WorkloadOpaque, headline, span, "its Services need both");
        context.report(
            report.help(format!("name its file: `workload {kind}/{} from \"…\"`", statement.name.value)),
        );
        return None;
    };
    let scale_down = match statement.scale_down.as_ref().map(|word| (word.value.as_str(), word.span)) {
        None => None,
        Some(("never", _)) => Some("never"),
        Some(("success", _)) => Some("onsuccess"),
        Some(("progressively", _)) => Some("progressively"),
        Some((other, span)) => {
            let headline =
                format!("a workload is scaled down never, on success or progressively, not `{other}`");
            context.report(Diagnostic::new(Code::MalformedStatement, headline, span, "unknown here"));
            return None;
        }
    };
    let file = read(from, importer, context)?;
    if let Some(other) = file.name.as_ref().filter(|other| **other != statement.name.value) {
        let headline = format!("`{}` holds `{other}`, not `{}`", from.value, statement.name.value);
        let report =
            Diagnostic::new(Code::PodsNotAWorkload, headline, from.span, format!("declares `{other}`"));
        context.report(report.because(statement.name.span, "the workload referred to"));
        return None;
    }
    let port = port_of(&file, from, context)?;
    let selector = selector_of(&file, from, context)?;
    let replicas = file.replicas.map(|replicas| (replicas, from.span));
    let pods = Pods::Workload {
        api_version,
        kind: kind.to_owned(),
        name: statement.name.value.clone(),
        scale_down,
        selector,
        port,
    };
    Some(ResolvedPods { pods, replicas })
}

const FIELDS: [&str; 5] = ["image", "port", "ready", "resources", "labels"];

/// `pods { image "…" port http 8080 ready http "/readyz" resources cpu 250m memory 256Mi }`
pub(crate) fn written(
    fields: &[Field],
    span: Span,
    rollout: &str,
    context: &mut Context<'_>,
) -> Option<ResolvedPods> {
    let mut parts = Written::default();
    let mut fine = true;
    let mut seen: Vec<&Field> = Vec::new();
    for field in fields {
        if let Some(first) =
            seen.iter().find(|other| other.key.value == field.key.value && field.key.value != "port")
        {
            let headline = format!("`{}` stands twice in one `pods` block", field.key.value);
            let report =
                Diagnostic::new(Code::DuplicateStatement, headline, field.key.span, "the second one");
            context.report(report.because(first.key.span, "the first one"));
            fine = false;
            continue;
        }
        seen.push(field);
        fine = parts.apply(field, context).is_some() && fine;
    }
    fine &= !context.scope.damage.within(span);
    if fine && parts.image.is_none() {
        let report =
            Diagnostic::new(Code::MissingField, "pods need an image", span, "no `image` in this block");
        context.report(report.help("`image \"ghcr.io/acme/checkout:1.4.2\"`"));
        fine = false;
    }
    let Some((port, _)) = parts.ports.first().cloned() else {
        if fine {
            let headline = "pods without a port can be reached by no Service";
            let report = Diagnostic::new(Code::MissingField, headline, span, "no `port` in this block");
            context.report(report.help("`port http 8080`"));
        }
        return None;
    };
    if !fine {
        return None;
    }
    let mut selector = vec![("app".to_owned(), rollout.to_owned())];
    let template = parts.template(&mut selector);
    let port = Port { name: port.clone(), number: 80, target: PortTarget::Name(port) };
    Some(ResolvedPods { pods: Pods::Template { template, selector, port }, replicas: None })
}

#[derive(Default)]
struct Written {
    image: Option<String>,
    ports: Vec<(String, u16)>,
    ready: Option<(String, String)>,
    resources: Vec<(String, String)>,
    labels: Vec<(String, String)>,
}

impl Written {
    fn apply(&mut self, field: &Field, context: &mut Context<'_>) -> Option<()> {
        match (field.key.value.as_str(), field.values.as_slice()) {
            ("image", [image]) => {
                self.image = Some(context.scope.text(image, "an image", context.diagnostics)?.value);
            }
            ("port", [name, number]) => {
                let name = word(name)?;
                let number = context.scope.count(number, "a port", 1..=65535, context.diagnostics)?;
                self.ports.push((name, u16::try_from(number.value).ok()?));
            }
            ("ready", [port, path]) => {
                self.ready =
                    Some((word(port)?, context.scope.text(path, "a path", context.diagnostics)?.value));
            }
            ("resources", values) if !values.is_empty() && values.len() % 2 == 0 => {
                for pair in values.chunks(2) {
                    if let [name, amount] = pair {
                        self.resources.push((word(name)?, amount_of(amount)?));
                    }
                }
            }
            ("labels", []) if !field.pairs.is_empty() => {
                self.labels = field.pairs.iter().map(|(k, v)| (k.value.clone(), v.value.clone())).collect();
            }
            (key, _) if FIELDS.contains(&key) => {
                let example = match key {
                    "image" => "`image \"ghcr.io/acme/checkout:1.4.2\"`",
                    "port" => "`port http 8080`",
                    "ready" => "`ready http \"/readyz\"`",
                    "labels" => "`labels { team: payments }`",
                    _ => "`resources cpu 250m memory 256Mi`",
                };
                let headline = format!("`{key}` of pods is written {example}");
                context.report(Diagnostic::new(
                    Code::MalformedStatement,
                    headline,
                    field.span,
                    "written otherwise",
                ));
                return None;
            }
            (key, _) => {
                let headline = format!("pods have no `{key}`");
                let report =
                    Diagnostic::new(Code::UnknownStatement, headline, field.key.span, "not a field of pods");
                context.report(match nearest(key, FIELDS) {
                    Some(near) => report.fix(format!("write `{near}`"), field.key.span, near),
                    None => report.help(format!(
                        "their fields are {}; more goes in a file: `pods from \"…\"`",
                        list(&FIELDS)
                    )),
                });
                return None;
            }
        }
        Some(())
    }

    /// A pod template of one container named `app`.
    fn template(self, selector: &mut [(String, String)]) -> Json {
        let mut container = Map::new();
        container.insert("name".into(), json!("app"));
        container.insert("image".into(), json!(self.image));
        let port = |(name, number): &(String, u16)| json!({"name": name, "containerPort": number});
        container.insert("ports".into(), Json::Array(self.ports.iter().map(port).collect()));
        if let Some((port, path)) = &self.ready {
            container.insert("readinessProbe".into(), json!({"httpGet": {"path": path, "port": port}}));
        }
        if !self.resources.is_empty() {
            let requests: Map<String, Json> =
                self.resources.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
            container.insert("resources".into(), json!({"requests": requests}));
        }
        let mut labels: Map<String, Json> = selector.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        for (key, value) in &self.labels {
            labels.insert(key.clone(), json!(value));
            if let Some(pair) = selector.iter_mut().find(|(other, _)| other == key) {
                pair.1.clone_from(value);
            }
        }
        json!({"metadata": {"labels": labels}, "spec": {"containers": [container]}})
    }
}

fn word(value: &Value) -> Option<String> {
    match &value.kind {
        ValueKind::Name(name) | ValueKind::Text(name) => Some(name.clone()),
        _ => None,
    }
}

/// A Kubernetes quantity: `250m` and `256Mi` are words to the language, `2` is a number, and `250m` may have been read
/// as a duration of minutes.
fn amount_of(value: &Value) -> Option<String> {
    match &value.kind {
        ValueKind::Name(text) | ValueKind::Text(text) => Some(text.clone()),
        ValueKind::Number(number) => Some(format!("{number}")),
        ValueKind::Duration(millis) => Some(format!("{}m", millis.0 / 60_000)),
        _ => None,
    }
}

/// A rollout's name leaves room for the hash and the pod's suffix: at most 47 characters.
pub(crate) fn name_fault(name: &str) -> Option<String> {
    if name.len() > 47 {
        return Some(format!(
            "{} characters long; pod names keep the ReplicaSet's hash only up to 47",
            name.len()
        ));
    }
    let fine = is_dns_label(name) && name.starts_with(|c: char| c.is_ascii_lowercase());
    (!fine).then(|| "expected lower-case letters, digits and hyphens, beginning with a letter".to_owned())
}
