//! Texts of YAML taken apart into objects.
//!
//! Enters: a file's name and text. Leaves: objects of the kinds that are read, a count of those that are not, and what
//! cannot be read, with its line.
//! It deliberately knows no fields but those that say what an object is.

use std::sync::Arc;

use serde_json::Value;

use super::field::Fields;
use super::object::{Object, Objects};
use super::problem::{Place, Problem};
use super::schema;
use crate::diagnostic::Code;
use crate::manifest::document::{Document, documents};

/// Kinds that are read, by API group.
pub(super) const READ: [(&str, &str); 13] = [
    ("argoproj.io", "Rollout"),
    ("argoproj.io", "AnalysisTemplate"),
    ("argoproj.io", "ClusterAnalysisTemplate"),
    ("", "Service"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("", "PodTemplate"),
    ("", "Secret"),
    ("networking.istio.io", "VirtualService"),
    ("networking.istio.io", "DestinationRule"),
    ("networking.k8s.io", "Ingress"),
    ("extensions", "Ingress"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
];

/// What a template's braces are followed by; Argo's own `{{args.name}}` are none of these.
const TEMPLATE: [&str; 10] = [".", "-", "$", "include ", "template ", "if ", "range ", "with ", "tpl ", "/*"];

/// Lists within lists, at most.
const LISTS: usize = 4;

impl Objects {
    /// Takes all objects of a file; what cannot be read is among the problems.
    pub fn read_text(&mut self, file: &str, text: &str) {
        let file: Arc<str> = file.into();
        match documents(text) {
            Ok(documents) => {
                for (number, document) in (1..).zip(&documents) {
                    let place = Place { file: Arc::clone(&file), line: document.line(), document: number };
                    self.read_document(document, place);
                }
            }
            Err(error) => {
                let place = Place { file, line: error.line, document: 0 };
                self.problem(Code::ManifestUnreadable, place, "", error.message);
            }
        }
    }

    fn read_document(&mut self, document: &Document<'_>, place: Place) {
        match document.read::<Value>() {
            Ok(value) => self.add(value, place, LISTS),
            Err(error) => {
                let place = Place { line: error.line, ..place };
                if document.text().split("{{").skip(1).any(|tag| !tag.trim_start().starts_with("args.")) {
                    let message = "this is a template: render it first, and read what it renders to";
                    self.problem(Code::ManifestTemplate, place, "", message);
                } else {
                    self.problem(Code::ManifestUnreadable, place, "", error.message);
                }
            }
        }
    }

    fn add(&mut self, value: Value, place: Place, lists: usize) {
        let (kind, group) = (value.text("kind"), group(&value));
        if kind.is_empty() || value.text("apiVersion").is_empty() {
            // A values file or a configuration is no manifest, and no mistake either.
            *self.ignored.entry("document without kind".to_owned()).or_default() += 1;
        } else if group.is_empty() && kind.ends_with("List") && value.field("items").is_some() {
            if lists == 0 {
                self.problem(Code::ManifestUnreadable, place, kind, "a List within Lists within Lists");
                return;
            }
            if let Some(Value::Array(items)) = value.get("items") {
                for item in items {
                    self.add(item.clone(), place.clone(), lists - 1);
                }
            }
        } else if !READ.contains(&(group, kind)) {
            *self.ignored.entry(kind.to_owned()).or_default() += 1;
        } else if let Some(path) = (kind != "Secret").then(|| template_in(&value, String::new(), 0)).flatten()
        {
            let title = format!("{kind}/{}", value.name());
            let message = "this is a template: render it first, and read what it renders to";
            self.problems
                .push(Problem { path, ..Problem::new(Code::ManifestTemplate, place, &title, message) });
        } else if value.name().is_empty() {
            let message = "an object needs `metadata.name`";
            self.problem(Code::ManifestRefused, place, kind, message);
        } else {
            self.accept(value, place);
        }
    }

    /// Takes an object if the API server would.
    fn accept(&mut self, mut value: Value, place: Place) {
        let kind = value.text("kind").to_owned();
        let title = format!("{kind}/{}", value.name());
        let findings = schema::prune(&kind, &mut value);
        let refused = !findings.wrong.is_empty();
        let wrong = findings.wrong.into_iter().map(|found| (Code::ManifestRefused, found));
        let unknown = findings.unknown.into_iter().map(|path| {
            let message = format!("unknown field \"{path}\"");
            (Code::ManifestField, (path, message))
        });
        for (code, (path, message)) in wrong.chain(unknown) {
            let problem = Problem { path, ..Problem::new(code, place.clone(), &title, &message) };
            self.problems.push(problem);
        }
        if !refused {
            self.push(Object { value, place });
        }
    }

    /// An object given again replaces the one before, as applying the files in order does.
    fn push(&mut self, object: Object) {
        let same = |known: &Object| {
            (known.kind(), known.group(), known.namespace(), known.name())
                == (object.kind(), object.group(), object.namespace(), object.name())
        };
        let Some(at) = self.list.iter().position(same) else {
            self.list.push(object);
            return;
        };
        if let Some(known) = self.list.get_mut(at) {
            let message = format!("the same object stands at {}; this one counts", known.place);
            let problem = Problem::new(Code::ManifestTwice, object.place.clone(), &object.title(), &message);
            *known = object;
            self.problems.push(problem);
        }
    }

    fn problem(&mut self, code: Code, place: Place, object: &str, message: impl AsRef<str>) {
        self.problems.push(Problem::new(code, place, object, message.as_ref()));
    }
}

fn group(value: &Value) -> &str {
    value.text("apiVersion").split_once('/').map_or("", |(group, _)| group)
}

/// Whether braces in a text are a template's.
fn is_template(text: &str) -> bool {
    text.split("{{").skip(1).any(|behind| {
        let behind = behind.trim_start_matches([' ', '\t']);
        TEMPLATE.iter().any(|word| behind.starts_with(word))
    })
}

/// The first field that holds a template. Pods may well have such texts as arguments, and annotations as values.
fn template_in(value: &Value, path: String, depth: usize) -> Option<String> {
    match value {
        Value::String(text) => is_template(text).then_some(path),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(at, item)| template_in(item, format!("{path}[{at}]"), depth + 1)),
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| *name != "annotations" && (depth == 0 || *name != "template"))
            .find_map(|(name, field)| {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                template_in(field, path, depth + 1)
            }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;

    fn read(text: &str) -> Objects {
        let mut objects = Objects::default();
        objects.read_text("a.yaml", text);
        objects
    }

    #[test]
    fn kinds_are_sorted_out() {
        let text = "kind: ConfigMap\napiVersion: v1\n---\napiVersion: v1\nkind: List\nitems:\n- kind: Service\n  apiVersion: v1\n  metadata: {name: a}\n- kind: Service\n  apiVersion: serving.knative.dev/v1\n---\na: 1\n---\nkind: Service\napiVersion: v1\nmetadata: {name: a}\n";
        let objects = read(text);
        assert_eq!(objects.list.len(), 1);
        assert_eq!(objects.list[0].place.line, 15);
        let ignored: Vec<(&str, usize)> = objects.ignored.iter().map(|(k, n)| (k.as_str(), *n)).collect();
        assert_eq!(ignored, [("ConfigMap", 1), ("Service", 1), ("document without kind", 1)]);
        assert_eq!(objects.problems.len(), 1);
        assert_eq!(objects.problems[0].code, Code::ManifestTwice);
    }

    #[test]
    fn templates_are_told_from_arguments() {
        let rollout = |line: &str| {
            read(&format!("apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: a}}\n{line}\n"))
        };
        for (line, code) in [
            ("spec: {{ toYaml .Values.spec }}", Some(Code::ManifestTemplate)),
            ("{{- if .Values.on }}", Some(Code::ManifestTemplate)),
            ("spec: {replicas: '{{ .Values.n }}'}", Some(Code::ManifestTemplate)),
            ("spec: {query: 'sum({{args.x}})'}", None),
            ("spec: {template: {args: ['{{.Names}}']}}", None),
            ("spec: [", Some(Code::ManifestUnreadable)),
        ] {
            let problems = rollout(line).problems;
            let codes = problems.iter().map(|problem| problem.code);
            let codes: Vec<Code> = codes.filter(|code| code.severity() == Severity::Error).collect();
            assert_eq!(codes, code.into_iter().collect::<Vec<_>>(), "{line}");
        }
    }
}
