//! What is wrong with a Rollout's pod template: the rules that people break.
//!
//! Enters: `spec` of a Rollout. Leaves: the first error.
//! It deliberately knows not all of Kubernetes' rules for pods: names, labels, images, ports, variables, mounts, probes and
//! restart policy it knows; of other kinds of mistake the Rollout's verdict is that of a Rollout without them.
//! Source: k8s.io/kubernetes v1.34.1, pkg/apis/core/validation/validation.go, `ValidatePodTemplateSpec`.

use serde_json::Value;

use super::error::{
    duplicate, forbidden, invalid, invalid_text, json, not_found, not_supported, quoted, required,
};
use super::name;
use super::spec::{labels, nonnegative};
use crate::import::field::Fields;

const PATH: &str = "spec.template.spec";

/// Kinds of probe, in the order in which they are looked at.
const HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];

/// The first error.
pub(super) fn first(spec: Option<&Value>) -> Option<String> {
    let template = spec.field("template");
    let given = template.path(&["metadata", "labels"]);
    if !matches(spec.field("selector"), given) {
        let path = "spec.template.metadata.labels";
        let value = given.map_or_else(|| "null".to_owned(), |labels| json(&sorted(labels)));
        return Some(invalid(path, &value, "`selector` does not match template `labels`"));
    }
    let pods = template.field("spec");
    let volumes: Vec<&str> = pods.list("volumes").iter().map(|volume| volume.text("name")).collect();
    labels(given, "spec.template.labels")
        .or_else(|| self::volumes(pods.list("volumes")))
        .or_else(|| containers(pods.list("containers"), &volumes))
        .or_else(|| init_containers(pods, &volumes))
        .or_else(|| restart_policy(pods))
        .or_else(|| labels(pods.field("nodeSelector"), &format!("{PATH}.nodeSelector")))
        .or_else(|| {
            let detail = "activeDeadlineSeconds in ReplicaSet is not Supported";
            pods.field("activeDeadlineSeconds")
                .map(|_| forbidden(&format!("{PATH}.activeDeadlineSeconds"), detail))
        })
}

/// A map as Go writes it.
fn sorted(map: &Value) -> Value {
    let mut fields: Vec<(&String, &Value)> = map.as_object().into_iter().flatten().collect();
    fields.sort_by_key(|(key, _)| *key);
    Value::Object(fields.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Whether a selector matches labels; an empty one matches all.
fn matches(selector: Option<&Value>, labels: Option<&Value>) -> bool {
    let of = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
    let wanted = selector.field("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let equal = wanted.into_iter().all(|(key, value)| of(key) == value.as_str());
    equal
        && selector.list("matchExpressions").iter().all(|rule| {
            let value = of(rule.text("key"));
            let named = value.is_some_and(|value| rule.list("values").iter().any(|one| one == value));
            match rule.text("operator") {
                "In" => named,
                "NotIn" => !named,
                "Exists" => value.is_some(),
                _ => value.is_none(),
            }
        })
}

fn volumes(list: &[Value]) -> Option<String> {
    let mut seen: Vec<&str> = Vec::new();
    list.iter().enumerate().find_map(|(at, volume)| {
        let (path, name) = (format!("{PATH}.volumes[{at}].name"), volume.text("name"));
        let wrong = label(&path, name).or_else(|| seen.contains(&name).then(|| duplicate(&path, name)));
        seen.push(name);
        wrong
    })
}

fn label(path: &str, text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(required(path, ""));
    }
    name::label(text).map(|wrong| invalid_text(path, text, &wrong))
}

fn containers(list: &[Value], volumes: &[&str]) -> Option<String> {
    if list.is_empty() {
        return Some(required(&format!("{PATH}.containers"), ""));
    }
    let mut seen: Vec<&str> = Vec::new();
    list.iter().enumerate().find_map(|(at, container)| {
        let path = format!("{PATH}.containers[{at}]");
        let name = container.text("name");
        let wrong = common(container, &path, volumes)
            .or_else(|| seen.contains(&name).then(|| duplicate(&format!("{path}.name"), name)))
            .or_else(|| probes(container, &path))
            .or_else(|| {
                let detail = "may not be set for non-init containers";
                container.field("restartPolicy").map(|_| forbidden(&format!("{path}.restartPolicy"), detail))
            });
        seen.push(name);
        wrong
    })
}

fn init_containers(pods: Option<&Value>, volumes: &[&str]) -> Option<String> {
    let mut seen: Vec<&str> = pods.list("containers").iter().map(|one| one.text("name")).collect();
    pods.list("initContainers").iter().enumerate().find_map(|(at, container)| {
        let path = format!("{PATH}.initContainers[{at}]");
        let name = container.text("name");
        let wrong = common(container, &path, volumes)
            .or_else(|| seen.contains(&name).then(|| duplicate(&format!("{path}.name"), name)));
        seen.push(name);
        wrong
    })
}

fn common(container: &Value, path: &str, volumes: &[&str]) -> Option<String> {
    label(&format!("{path}.name"), container.text("name"))
        .or_else(|| container.text("image").is_empty().then(|| required(&format!("{path}.image"), "")))
        .or_else(|| {
            let policy = container.field("terminationMessagePolicy")?.as_str()?;
            let known = ["File", "FallbackToLogsOnError"];
            let path = format!("{path}.terminationMessagePolicy");
            (!known.contains(&policy)).then(|| not_supported(&path, policy, &known))
        })
        .or_else(|| ports(container.list("ports"), &format!("{path}.ports")))
        .or_else(|| variables(container.list("env"), &format!("{path}.env")))
        .or_else(|| mounts(container.list("volumeMounts"), volumes, &format!("{path}.volumeMounts")))
        .or_else(|| {
            let policy = container.field("imagePullPolicy")?.as_str()?;
            let known = ["Always", "IfNotPresent", "Never"];
            let path = format!("{path}.imagePullPolicy");
            (!known.contains(&policy)).then(|| not_supported(&path, policy, &known))
        })
}

fn ports(list: &[Value], path: &str) -> Option<String> {
    let mut seen: Vec<&str> = Vec::new();
    list.iter().enumerate().find_map(|(at, port)| {
        let (path, name) = (format!("{path}[{at}]"), port.text("name"));
        let number = |field: &str| {
            let value = port.int(field).filter(|value| !(1..=65535).contains(value))?;
            let detail = "must be between 1 and 65535, inclusive";
            Some(invalid(&format!("{path}.{field}"), &value.to_string(), detail))
        };
        let named = (!name.is_empty()).then(|| port_name(name, &seen, &format!("{path}.name"))).flatten();
        seen.push(name);
        named
            .or_else(|| {
                let none = port.int("containerPort").unwrap_or(0) == 0;
                none.then(|| required(&format!("{path}.containerPort"), ""))
            })
            .or_else(|| number("containerPort"))
            .or_else(|| if port.int("hostPort") == Some(0) { None } else { number("hostPort") })
            .or_else(|| {
                let protocol = port.field("protocol")?.as_str()?;
                let known = ["SCTP", "TCP", "UDP"];
                let unknown = !protocol.is_empty() && !known.contains(&protocol);
                unknown.then(|| not_supported(&format!("{path}.protocol"), protocol, &known))
            })
    })
}

fn port_name(name: &str, seen: &[&str], path: &str) -> Option<String> {
    match name::port_name(name) {
        Some(wrong) => Some(invalid_text(path, name, wrong)),
        None => seen.contains(&name).then(|| duplicate(path, name)),
    }
}

fn variables(list: &[Value], path: &str) -> Option<String> {
    list.iter().enumerate().find_map(|(at, variable)| {
        let (path, name) = (format!("{path}[{at}]"), variable.text("name"));
        if name.is_empty() {
            return Some(required(&format!("{path}.name"), ""));
        }
        if let Some(wrong) = name::env_name(name) {
            return Some(invalid_text(&format!("{path}.name"), name, &wrong));
        }
        let from = variable.field("valueFrom")?;
        let path = format!("{path}.valueFrom");
        let kinds = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef"];
        let count = kinds.iter().filter(|kind| from.field(kind).is_some()).count();
        let detail = if count == 0 {
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        } else if !variable.text("value").is_empty() {
            "may not be specified when `value` is not empty"
        } else if count > 1 {
            "may not have more than one field specified at a time"
        } else {
            return None;
        };
        Some(invalid(&path, &quoted(""), detail))
    })
}

fn mounts(list: &[Value], volumes: &[&str], path: &str) -> Option<String> {
    let mut seen: Vec<&str> = Vec::new();
    list.iter().enumerate().find_map(|(at, mount)| {
        let (path, name, to) = (format!("{path}[{at}]"), mount.text("name"), mount.text("mountPath"));
        let wrong = if name.is_empty() {
            Some(required(&format!("{path}.name"), ""))
        } else if !volumes.contains(&name) {
            Some(not_found(&format!("{path}.name"), name))
        } else if to.is_empty() {
            Some(required(&format!("{path}.mountPath"), ""))
        } else if seen.contains(&to) {
            Some(invalid_text(&format!("{path}.mountPath"), to, "must be unique"))
        } else {
            None
        };
        seen.push(to);
        wrong
    })
}

fn probes(container: &Value, path: &str) -> Option<String> {
    ["livenessProbe", "readinessProbe", "startupProbe"].iter().find_map(|kind| {
        let (probe, path) = (container.field(kind)?, format!("{path}.{kind}"));
        let handlers: Vec<&&str> = HANDLERS.iter().filter(|kind| probe.field(kind).is_some()).collect();
        match handlers.as_slice() {
            [] => return Some(required(&path, "must specify a handler type")),
            [_] => {}
            [_, second, ..] => {
                return Some(forbidden(
                    &format!("{path}.{second}"),
                    "may not specify more than 1 handler type",
                ));
            }
        }
        let times = [
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        ];
        let negative = times
            .iter()
            .find_map(|field| nonnegative(probe.int(field).unwrap_or(0), &format!("{path}.{field}")));
        negative.or_else(|| {
            let threshold = probe.int("successThreshold").filter(|value| *value > 1)?;
            let detail = "must be 1";
            let path = format!("{path}.successThreshold");
            (*kind != "readinessProbe").then(|| invalid(&path, &threshold.to_string(), detail))
        })
    })
}

fn restart_policy(pods: Option<&Value>) -> Option<String> {
    let policy = pods.field("restartPolicy")?.as_str().filter(|policy| !policy.is_empty())?;
    let path = format!("{PATH}.restartPolicy");
    match policy {
        "Always" => None,
        "OnFailure" | "Never" => Some(not_supported(&path, policy, &["Always"])),
        _ => Some(not_supported(&path, policy, &["Always", "OnFailure", "Never"])),
    }
}
