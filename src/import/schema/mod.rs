//! Which fields a kind has, and of which types: what the API server drops, and what it refuses.
//!
//! Enters: an object. Leaves: the object without the fields that its kind does not have, and those; or what is wrong with it.
//! It deliberately knows neither defaults nor patterns nor rules between fields. The fields stand in `fields.txt`, which
//! `tests/import/record-schema` writes from the CRDs of Argo Rollouts v1.9.1 and Istio.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

/// Levels of the deepest object that is looked at; the YAML reader takes no deeper ones.
const DEPTH: usize = 80;

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
enum Type {
    Text,
    Integer,
    Long,
    Number,
    Boolean,
    IntegerOrText,
    Any,
    List(Box<Type>),
    Map(Box<Type>),
    Shape(usize),
}

/// A field of a shape.
#[derive(Clone, Debug)]
struct Field {
    required: bool,
    of: Type,
}

#[derive(Debug, Default)]
struct Schema {
    shapes: Vec<BTreeMap<&'static str, Field>>,
    kinds: BTreeMap<&'static str, usize>,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let mut schema = Schema::default();
    for line in include_str!("fields.txt").lines() {
        let Some((key, rest)) = line.split_once(' ') else { continue };
        if key.starts_with(|c: char| c.is_ascii_digit()) {
            schema.shapes.push(rest.split('|').filter_map(field).collect());
        } else if let Ok(shape) = rest.parse() {
            schema.kinds.insert(key, shape);
        }
    }
    schema
});

fn field(text: &'static str) -> Option<(&'static str, Field)> {
    let (name, of) = text.split_once(' ')?;
    let (name, required) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
    Some((name, Field { required, of: type_of(of)? }))
}

fn type_of(text: &str) -> Option<Type> {
    let inner = |open, close| text.strip_prefix(open)?.strip_suffix(close).and_then(type_of).map(Box::new);
    Some(match text {
        "s" => Type::Text,
        "i" => Type::Integer,
        "l" => Type::Long,
        "n" => Type::Number,
        "b" => Type::Boolean,
        "x" => Type::IntegerOrText,
        "*" => Type::Any,
        _ => match (inner('[', ']'), inner('{', '}')) {
            (Some(item), _) => Type::List(item),
            (_, Some(item)) => Type::Map(item),
            _ => Type::Shape(text.parse().ok()?),
        },
    })
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Fields that were dropped.
    pub(super) unknown: Vec<String>,
    /// A field and why it is refused, in the API server's words.
    pub(super) wrong: Vec<(String, String)>,
}

/// Drops from an object what its kind does not have. Kinds without a schema stay as they are.
pub(super) fn prune(kind: &str, object: &mut Value) -> Findings {
    let mut findings = Findings::default();
    let kind = if kind == "ClusterAnalysisTemplate" { "AnalysisTemplate" } else { kind };
    let shape = SCHEMA.kinds.get(kind).and_then(|shape| SCHEMA.shapes.get(*shape));
    let spec = shape.and_then(|fields| fields.get("spec"));
    let Some(spec) = spec else { return findings };
    match object.get_mut("spec") {
        Some(value) if !value.is_null() => check(value, &spec.of, "spec", 0, &mut findings),
        _ if spec.required => findings.wrong.push(("spec".to_owned(), "spec: Required value".to_owned())),
        _ => {}
    }
    let known = ["apiVersion", "kind", "metadata", "spec", "status"];
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|name, _| keep(known.contains(&name.as_str()), name.clone(), &mut findings));
    }
    findings
}

fn keep(known: bool, path: String, findings: &mut Findings) -> bool {
    if !known {
        findings.unknown.push(path);
    }
    known
}

fn check(value: &mut Value, of: &Type, path: &str, depth: usize, findings: &mut Findings) {
    if depth > DEPTH {
        return;
    }
    match (of, &mut *value) {
        (Type::List(of), Value::Array(items)) => {
            for (at, item) in items.iter_mut().enumerate() {
                check(item, of, &format!("{path}[{at}]"), depth + 1, findings);
            }
        }
        (Type::Map(of), Value::Object(fields)) => {
            for (name, field) in fields.iter_mut().filter(|(_, field)| !field.is_null()) {
                check(field, of, &format!("{path}.{name}"), depth + 1, findings);
            }
        }
        (Type::Shape(number), Value::Object(fields)) => {
            let Some(shape) = SCHEMA.shapes.get(*number) else { return };
            fields.retain(|name, _| {
                keep(shape.contains_key(name.as_str()), format!("{path}.{name}"), findings)
            });
            for (name, field) in shape {
                let path = format!("{path}.{name}");
                match fields.get_mut(*name).filter(|value| !value.is_null()) {
                    Some(value) => check(value, &field.of, &path, depth + 1, findings),
                    None if field.required => {
                        findings.wrong.push((path.clone(), format!("{path}: Required value")));
                    }
                    None => {}
                }
            }
        }
        (of, value) if holds(of, value) => {}
        (of, value) => {
            let (found, wanted) = (found(value), wanted(of));
            let message = format!(
                "{path}: Invalid value: \"{found}\": {path} in body must be of type {wanted}: \"{found}\""
            );
            findings.wrong.push((path.to_owned(), message));
        }
    }
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64().filter(|number| libm::trunc(*number) == *number)?;
        (number.abs() < 9.0e15).then_some(number as i64)
    })
}

fn holds(of: &Type, value: &Value) -> bool {
    match of {
        Type::Text => value.is_string(),
        Type::Integer => whole(value).is_some_and(|number| i32::try_from(number).is_ok()),
        Type::Long => whole(value).is_some(),
        Type::Number => value.is_number(),
        Type::Boolean => value.is_boolean(),
        Type::IntegerOrText => {
            value.is_string() || whole(value).is_some_and(|number| i32::try_from(number).is_ok())
        }
        Type::Any => true,
        Type::List(_) | Type::Map(_) | Type::Shape(_) => false,
    }
}

fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) if whole(value).is_some() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn wanted(of: &Type) -> &'static str {
    match of {
        Type::Text => "string",
        Type::Integer | Type::Long => "integer",
        Type::Number => "number",
        Type::Boolean => "boolean",
        Type::IntegerOrText => "integer,string",
        Type::Any => "any",
        Type::List(_) => "array",
        Type::Map(_) | Type::Shape(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_shape_is_there() {
        assert!(SCHEMA.shapes.len() > 200);
        let kinds: Vec<&str> = SCHEMA.kinds.keys().copied().collect();
        assert_eq!(kinds, ["AnalysisTemplate", "DestinationRule", "Rollout", "VirtualService"]);
        let fields = SCHEMA.shapes.iter().flat_map(BTreeMap::values);
        for field in fields {
            let mut of = &field.of;
            while let Type::List(inner) | Type::Map(inner) = of {
                of = inner;
            }
            assert!(!matches!(of, Type::Shape(number) if *number >= SCHEMA.shapes.len()));
        }
    }

    #[test]
    fn unknown_fields_are_dropped_and_wrong_types_are_said() {
        let mut rollout = json!({"kind": "Rollout", "spec": {
            "replica": 3, "replicas": "3", "paused": null, "minReadySeconds": 5.0,
            "strategy": {"canary": {"step": [], "maxSurge": "25%", "steps": [{"setWeight": 5, "x": 1}, {"pause": {"duration": 5}}, 7]}},
        }, "extra": 1});
        let findings = prune("Rollout", &mut rollout);
        assert_eq!(
            findings.unknown,
            ["spec.replica", "spec.strategy.canary.step", "spec.strategy.canary.steps[0].x", "extra"]
        );
        let wrong: Vec<&str> = findings.wrong.iter().map(|(_, message)| message.as_str()).collect();
        assert_eq!(
            wrong,
            [
                "spec.replicas: Invalid value: \"string\": spec.replicas in body must be of type integer: \"string\"",
                "spec.strategy.canary.steps[2]: Invalid value: \"integer\": spec.strategy.canary.steps[2] in body must be of type object: \"integer\""
            ]
        );
        assert!(rollout["spec"]["strategy"]["canary"].get("step").is_none());
    }
}
