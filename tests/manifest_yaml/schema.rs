//! A small reader of the OpenAPI schemas in CustomResourceDefinitions: unknown fields, missing fields, types, enums.
//!
//! It knows no patterns, no numbers' bounds and no CEL; the real API server does (`check-manifests`).

#![expect(clippy::indexing_slicing, reason = "indexing a JSON value by name yields null, not a panic")]

use serde_json::Value;

/// The schema of a kind at a version among the definitions of a text.
pub(crate) fn of(definitions: &[Value], api_version: &str, kind: &str) -> Option<Value> {
    let (group, version) = api_version.split_once('/')?;
    let definition = definitions.iter().find(|definition| {
        definition["spec"]["group"] == group && definition["spec"]["names"]["kind"] == kind
    })?;
    let versions = definition["spec"]["versions"].as_array()?;
    let version = versions.iter().find(|candidate| candidate["name"] == version)?;
    Some(version["schema"]["openAPIV3Schema"].clone())
}

/// What is wrong with a value, one sentence a field.
pub(crate) fn faults(schema: &Value, value: &Value, path: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let known = schema["properties"].as_object();
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !fields.contains_key(name) {
                    into.push(format!("{path}.{name} is missing"));
                }
            }
            for (name, field) in fields {
                let path = format!("{path}.{name}");
                // Istio's schemas leave out what all objects have.
                let of_all = matches!(path.as_str(), ".apiVersion" | ".kind" | ".metadata");
                let open = of_all || schema["x-kubernetes-preserve-unknown-fields"] == true;
                let field_schema = known.and_then(|known| known.get(name));
                match field_schema.or_else(|| schema.get("additionalProperties")) {
                    Some(schema) => faults(schema, field, &path, into),
                    None if open || known.is_none() => {}
                    None => into.push(format!("{path} is unknown")),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                faults(&schema["items"], item, &format!("{path}[{index}]"), into);
            }
        }
        _ => {}
    }
    if let Some(expected) = schema["type"].as_str().filter(|expected| !is_a(expected, value)) {
        into.push(format!("{path} is no {expected}: {value}"));
    }
    if let Some(values) = schema["enum"].as_array().filter(|values| !values.contains(value)) {
        into.push(format!("{path} is none of {values:?}: {value}"));
    }
}

fn is_a(expected: &str, value: &Value) -> bool {
    match expected {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => false,
    }
}
