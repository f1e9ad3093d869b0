//! Two traces compared, section by section.

use std::collections::BTreeMap;

use serde_json::Value;

/// The first difference: where, the oracle's, the simulator's.
pub(crate) struct Difference {
    pub(crate) place: String,
    pub(crate) oracle: Value,
    pub(crate) ours: Value,
}

/// Compares; events must be in order within an object.
pub(crate) fn compare(oracle: &[Value], ours: &[Value]) -> Option<Difference> {
    for at in 0..oracle.len().max(ours.len()) {
        let (a, b) = (oracle.get(at), ours.get(at));
        let (Some(a), Some(b)) = (a, b) else {
            return Some(Difference {
                place: format!("line {at}"),
                oracle: a.cloned().unwrap_or_default(),
                ours: b.cloned().unwrap_or_default(),
            });
        };
        if let Some(difference) = compare_lines(a, b) {
            return Some(difference);
        }
    }
    None
}

fn compare_lines(a: &Value, b: &Value) -> Option<Difference> {
    if a["t"] != b["t"] {
        return Some(Difference { place: "t".into(), oracle: a.clone(), ours: b.clone() });
    }
    let mut keys: Vec<&String> = a.as_object()?.keys().collect();
    keys.extend(b.as_object()?.keys().filter(|key| a.get(*key).is_none()));
    for key in keys {
        let (x, y) = (&a[key.as_str()], &b[key.as_str()]);
        let same = if key == "events" { by_object(x) == by_object(y) } else { x == y };
        if !same {
            let mut place = format!("t={} {key}", a["t"]);
            let (mut x, mut y) = (x, y);
            while let (Some(from), Some(to)) = (x.as_object(), y.as_object()) {
                let Some(inner) = from.keys().chain(to.keys()).find(|k| x[k.as_str()] != y[k.as_str()])
                else {
                    break;
                };
                place = format!("{place}.{inner}");
                (x, y) = (&x[inner.as_str()], &y[inner.as_str()]);
            }
            return Some(Difference { place, oracle: x.clone(), ours: y.clone() });
        }
    }
    None
}

fn by_object(events: &Value) -> BTreeMap<String, Vec<&Value>> {
    let mut objects: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for event in events.as_array().map(Vec::as_slice).unwrap_or_default() {
        objects.entry(event["object"].to_string()).or_default().push(event);
    }
    objects
}
