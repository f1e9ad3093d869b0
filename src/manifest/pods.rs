//! What runs, from a file that people already have: a Deployment, a Pod, or a pod template.
//!
//! Enters: the text of the file. Leaves: the pod template in the order of the text, and what the rest of a Rollout needs of it.
//! It deliberately checks of pods only what would make the Rollout or its Services wrong; the API server checks the rest.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::document::{Document, documents};
use super::meta::{IntOrString, Kind, Labels, Resource};
use super::rollout::LabelSelector;
use super::yaml::{ReadError, drop_nulls};

/// A Deployment.
pub type Deployment = Resource<DeploymentSpec>;

impl Kind for DeploymentSpec {
    const API_VERSION: &'static str = "apps/v1";
    const KIND: &'static str = "Deployment";
}

/// `spec` of a Deployment. Source: Kubernetes 1.34, api/apps/v1/types.go, DeploymentSpec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentSpec {
    /// `replicas`
    pub replicas: Option<u32>,
    /// `paused`
    pub paused: Option<bool>,
    /// `revisionHistoryLimit`
    pub revision_history_limit: Option<u32>,
    /// `progressDeadlineSeconds`
    pub progress_deadline_seconds: Option<u32>,
    /// `minReadySeconds`
    pub min_ready_seconds: Option<u32>,
    /// `strategy`
    pub strategy: Option<DeploymentStrategy>,
    /// `selector`
    pub selector: LabelSelector,
    /// `template`
    pub template: Value,
}

/// `spec.strategy` of a Deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentStrategy {
    /// `type`
    #[serde(rename = "type")]
    pub strategy_type: Option<String>,
    /// `rollingUpdate`
    pub rolling_update: Option<RollingUpdate>,
}

/// `spec.strategy.rollingUpdate` of a Deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RollingUpdate {
    /// `maxSurge`
    pub max_surge: Option<IntOrString>,
    /// `maxUnavailable`
    pub max_unavailable: Option<IntOrString>,
}

/// What a file says about pods.
#[derive(Clone, Debug, PartialEq)]
pub struct PodsFile {
    /// `Deployment`, `Pod`, `PodTemplate`, or nothing for a bare template.
    pub kind: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Desired pods, where it is a Deployment that says so.
    pub replicas: Option<u32>,
    /// The pod template: `metadata` with labels and annotations, and `spec`, in the order of the text, without nulls.
    pub template: Value,
    /// The template's labels.
    pub labels: Vec<(String, String)>,
    /// The labels that find its pods: the Deployment's `matchLabels`, else all labels.
    pub selector: Vec<(String, String)>,
    /// The ports of its containers, in the order of the text.
    pub ports: Vec<ContainerPort>,
}

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerPort {
    /// `name`
    pub name: Option<String>,
    /// `containerPort`
    pub number: u16,
    /// `protocol`, `TCP` unless written.
    pub protocol: String,
}

/// Kinds that run pods.
const WORKLOADS: [&str; 8] =
    ["Deployment", "Pod", "PodTemplate", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"];

/// Reads the one workload of a file; other objects beside it are skipped.
pub fn read_pods(text: &str) -> Result<PodsFile, ReadError> {
    let documents = documents(text)?;
    let mut workload: Option<(&Document<'_>, Option<String>)> = None;
    let mut other: Option<(&Document<'_>, String)> = None;
    for document in &documents {
        let kind = document.header()?.kind;
        match kind {
            Some(kind) if !WORKLOADS.contains(&kind.as_str()) => {
                other.get_or_insert((document, kind));
            }
            kind => {
                if let Some((_, first)) = &workload {
                    let first = first.as_deref().unwrap_or("pod template");
                    let message = format!(
                        "a second workload: the file already has a {first}, and only one can become the Rollout's"
                    );
                    return Err(document.blame(&["kind"], message));
                }
                workload = Some((document, kind));
            }
        }
    }
    match (workload, other) {
        (Some((document, kind)), _) => pods(document, kind),
        (None, Some((document, kind))) => Err(document
            .blame(&["kind"], format!("a {kind} runs no pods: a Deployment or a pod template is expected"))),
        (None, None) => Err(ReadError {
            message: "the file is empty: a Deployment or a pod template is expected".to_owned(),
            line: 1,
            column: 1,
        }),
    }
}

fn pods(document: &Document<'_>, kind: Option<String>) -> Result<PodsFile, ReadError> {
    match kind.as_deref() {
        Some("Deployment") => {
            let deployment: Deployment = document.read()?;
            let reader = Template { document, at: &["spec", "template"] };
            let mut pods = reader.read(kind, deployment.spec.template)?;
            pods.name = deployment.metadata.name;
            pods.namespace = deployment.metadata.namespace;
            pods.replicas = deployment.spec.replicas;
            pods.selector = selector(document, &deployment.spec.selector, &pods.labels)?;
            Ok(pods)
        }
        Some("Pod") => {
            let pod: Value = document.read()?;
            Template { document, at: &[] }.read(kind, pod)
        }
        Some("PodTemplate") => {
            let mut object: Value = document.read()?;
            let template = object.get_mut("template").map(Value::take).unwrap_or_default();
            let mut pods = Template { document, at: &["template"] }.read(kind, template)?;
            (pods.name, pods.namespace) =
                (text_at(&object, "/metadata/name"), text_at(&object, "/metadata/namespace"));
            Ok(pods)
        }
        Some(other) => {
            let message =
                format!("a {other} cannot become a Rollout: a Deployment or a pod template is expected");
            Err(document.blame(&["kind"], message))
        }
        None => {
            let template: Value = document.read()?;
            if template.get("spec").is_none() {
                let message = "neither a Deployment, which has `kind`, nor a pod template, which has `spec`";
                return Err(document.blame(&[], message));
            }
            Template { document, at: &[] }.read(None, template)
        }
    }
}

/// The labels that find a Deployment's pods; each must be on them.
fn selector(
    document: &Document<'_>,
    selector: &LabelSelector,
    labels: &[(String, String)],
) -> Result<Vec<(String, String)>, ReadError> {
    for (name, value) in &selector.match_labels.0 {
        if !labels.contains(&(name.clone(), value.clone())) {
            let message = format!(
                "the selector asks for the label `{name}: {value}`, which the pod template does not have"
            );
            return Err(document.blame(&["spec", "selector", "matchLabels", name], message));
        }
    }
    Ok(if selector.match_labels.is_empty() { labels.to_vec() } else { selector.match_labels.0.clone() })
}

/// A pod template and where it stands in its document.
struct Template<'a> {
    document: &'a Document<'a>,
    at: &'a [&'a str],
}

impl Template<'_> {
    fn read(&self, kind: Option<String>, mut pod: Value) -> Result<PodsFile, ReadError> {
        drop_nulls(&mut pod);
        let name = text_at(&pod, "/metadata/name");
        let namespace = text_at(&pod, "/metadata/namespace");
        let labels = self.labels(&pod)?;
        let ports = self.ports(&pod)?;
        if labels.is_empty() {
            return Err(self.blame(
                &["metadata"],
                "the pod template has no labels by which Services could find its pods",
            ));
        }
        if let Some(policy) = text_at(&pod, "/spec/restartPolicy").filter(|policy| policy != "Always") {
            let message =
                format!("`restartPolicy: {policy}`: the pods of a Rollout must always be restarted");
            return Err(self.blame(&["spec", "restartPolicy"], message));
        }
        Ok(PodsFile {
            kind,
            name,
            namespace,
            replicas: None,
            template: template(pod),
            selector: labels.clone(),
            labels,
            ports,
        })
    }

    fn labels(&self, pod: &Value) -> Result<Vec<(String, String)>, ReadError> {
        let Some(labels) = pod.pointer("/metadata/labels") else {
            return Ok(Vec::new());
        };
        let Some(labels) = labels.as_object() else {
            return Err(self.blame(&["metadata", "labels"], "labels are names with texts"));
        };
        labels
            .iter()
            .map(|(name, value)| {
                let message = || format!("the label `{name}` is no text: put its value in quotes");
                let text = value.as_str().map(|value| (name.clone(), value.to_owned()));
                text.ok_or_else(|| self.blame(&["metadata", "labels", name], message()))
            })
            .collect()
    }

    fn ports(&self, pod: &Value) -> Result<Vec<ContainerPort>, ReadError> {
        let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
        let Some(containers) = containers.filter(|containers| !containers.is_empty()) else {
            return Err(self.blame(&["spec", "containers"], "the pod template has no containers"));
        };
        let mut ports = Vec::new();
        for (index, container) in containers.iter().enumerate() {
            let index = index.to_string();
            if text_at(container, "/name").is_none() {
                return Err(self.blame(&["spec", "containers", &index], "a container needs `name`"));
            }
            let declared = container.get("ports").and_then(Value::as_array);
            for (at, port) in declared.into_iter().flatten().enumerate() {
                let number = port.get("containerPort").and_then(Value::as_u64);
                let number =
                    number.and_then(|number| u16::try_from(number).ok()).filter(|number| *number > 0);
                let Some(number) = number else {
                    let path = ["spec", "containers", &index, "ports", &at.to_string()];
                    return Err(self.blame(&path, "a port needs `containerPort`, a number from 1 to 65535"));
                };
                ports.push(ContainerPort {
                    name: text_at(port, "/name"),
                    number,
                    protocol: text_at(port, "/protocol").unwrap_or_else(|| "TCP".to_owned()),
                });
            }
        }
        Ok(ports)
    }

    fn blame(&self, path: &[&str], message: impl Into<String>) -> ReadError {
        self.document.blame(&[self.at, path].concat(), message)
    }
}

/// Of a Pod or a pod template what a ReplicaSet passes on: labels, annotations and `spec`.
fn template(mut pod: Value) -> Value {
    let mut metadata = Map::new();
    for name in ["labels", "annotations"] {
        if let Some(value) = pod.pointer_mut(&format!("/metadata/{name}")).map(Value::take) {
            metadata.insert(name.to_owned(), value);
        }
    }
    let spec = pod.get_mut("spec").map(Value::take).unwrap_or_default();
    serde_json::json!({"metadata": metadata, "spec": spec})
}

fn text_at(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned)
}

impl PodsFile {
    /// The template's labels as a manifest has them.
    pub fn template_labels(&self) -> Labels {
        Labels(self.labels.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPLOYMENT: &str = "\
# The demo.
apiVersion: v1
kind: Service
metadata: {name: canary-demo}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: canary-demo
  namespace: demo
spec:
  replicas: 10
  selector:
    matchLabels: {app: canary-demo}
  template:
    metadata:
      creationTimestamp: null
      labels: {app: canary-demo, tier: web}
    spec:
      containers:
      - name: app
        image: registry.example/canary-demo:1.0.0
        ports:
        - {name: http, containerPort: 8080}
        - {containerPort: 53, protocol: UDP}
";

    #[test]
    fn a_deployment_among_other_objects() {
        let pods = read_pods(DEPLOYMENT).unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pods.kind.as_deref(), Some("Deployment"));
        assert_eq!((pods.name.as_deref(), pods.namespace.as_deref()), (Some("canary-demo"), Some("demo")));
        assert_eq!(pods.replicas, Some(10));
        assert_eq!(pods.selector, [pair("app", "canary-demo")]);
        assert_eq!(pods.labels, [pair("app", "canary-demo"), pair("tier", "web")]);
        let numbers: Vec<_> = pods.ports.iter().map(|port| (port.number, port.protocol.as_str())).collect();
        assert_eq!(numbers, [(8080, "TCP"), (53, "UDP")]);
        let keys: Vec<_> = pods.template["spec"]["containers"][0].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["name", "image", "ports"]);
        assert_eq!(
            pods.template["metadata"],
            serde_json::json!({"labels": {"app": "canary-demo", "tier": "web"}})
        );
    }

    #[test]
    fn pods_and_templates_without_a_deployment() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: p}}\nspec: {containers: [{name: a, image: b}]}\n";
        let read = read_pods(pod).unwrap();
        assert_eq!((read.name.as_deref(), read.replicas), (Some("p"), None));
        assert_eq!(read.selector, [("app".to_owned(), "p".to_owned())]);
        let bare = "metadata: {labels: {app: p}}\nspec: {containers: [{name: a, image: b}]}\n";
        assert_eq!(read_pods(bare).unwrap().template, read.template);
        let object = "apiVersion: v1\nkind: PodTemplate\nmetadata: {name: t}\ntemplate: {metadata: {labels: {app: p}}, spec: {containers: [{name: a, image: b}]}}\n";
        assert_eq!(read_pods(object).unwrap().template, read.template);
        let json = r#"{"metadata": {"labels": {"app": "p"}}, "spec": {"containers": [{"name": "a", "image": "b"}]}}"#;
        assert_eq!(read_pods(json).unwrap().template, read.template);
    }

    #[test]
    fn mistakes_say_what_is_wrong_and_where() {
        let changed = |from: &str, to: &str| {
            assert!(DEPLOYMENT.contains(from));
            read_pods(&DEPLOYMENT.replace(from, to)).unwrap_err().to_string()
        };
        let cases = [
            (changed("replicas:", "replica:"), "12:3: unknown field `replica`; `replicas` is known here"),
            (
                changed("kind: Deployment", "kind: StatefulSet"),
                "7:1: a StatefulSet cannot become a Rollout: a Deployment or a pod template is expected",
            ),
            (
                changed("kind: Deployment", "kind: ConfigMap"),
                "3:1: a Service runs no pods: a Deployment or a pod template is expected",
            ),
            (
                changed("kind: Service", "kind: Deployment"),
                "7:1: a second workload: the file already has a Deployment, and only one can become the Rollout's",
            ),
            (changed("containers:", "initContainers:"), "19:5: the pod template has no containers"),
            (changed("- name: app\n", "- command: []\n"), "21:9: a container needs `name`"),
            (
                changed("matchLabels: {app: canary-demo}", "matchLabels: {app: demo}"),
                "14:19: the selector asks for the label `app: demo`, which the pod template does not have",
            ),
            (changed("tier: web", "tier: on"), "18:34: the label `tier` is no text: put its value in quotes"),
            (changed("replicas: 10", "replicas: ten"), "12:13: expected a whole number in range"),
            (
                changed("containerPort: 8080", "containerPort: 0"),
                "24:11: a port needs `containerPort`, a number from 1 to 65535",
            ),
            (
                changed("  template:", "\ttemplate:"),
                "15:2: tabs disallowed within this context (block indentation)",
            ),
            (
                changed("    spec:\n", "    spec:\n      restartPolicy: Never\n"),
                "20:7: `restartPolicy: Never`: the pods of a Rollout must always be restarted",
            ),
            (
                read_pods("").unwrap_err().to_string(),
                "1:1: the file is empty: a Deployment or a pod template is expected",
            ),
            (
                read_pods("a: b\n").unwrap_err().to_string(),
                "1:1: neither a Deployment, which has `kind`, nor a pod template, which has `spec`",
            ),
            (
                read_pods("hello\n").unwrap_err().to_string(),
                "1:1: expected an object with `apiVersion` and `kind`, found string \"hello\"",
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
    }
}
