//! A trace as JSON: the documented form that conformance compares and other programs read.
//!
//! Enters: a trace. Leaves: one JSON object, keys in a fixed order, one event and one signal a line, so that two runs
//! can be compared line by line. It deliberately adds nothing: the trace's own types are the schema.

use serde::Serialize;

use crate::simulator::trace::Trace;

/// The text, which ends in a line break. Numbers that JSON cannot say (infinities, NaN) are `null`.
///
/// # Errors
/// None that a trace can cause; serialisation's own are passed on rather than hidden.
pub fn json(trace: &Trace) -> Result<String, serde_json::Error> {
    let Trace { run, verdict, notes, totals, events, signals } = trace;
    let mut parts = vec![
        format!("\"run\":{}", serde_json::to_string(run)?),
        format!("\"verdict\":{}", serde_json::to_string(verdict)?),
        format!("\"totals\":{}", serde_json::to_string(totals)?),
        format!("\"events\":{}", lines(events)?),
        format!("\"signals\":{}", lines(signals)?),
    ];
    if !notes.is_empty() {
        parts.insert(2, format!("\"notes\":{}", serde_json::to_string(notes)?));
    }
    Ok(format!("{{{}}}\n", parts.join(",\n")))
}

fn lines<T: Serialize>(items: &[T]) -> Result<String, serde_json::Error> {
    if items.is_empty() {
        return Ok("[]".into());
    }
    let lines: Vec<String> = items.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok(format!("[\n{}\n]", lines.join(",\n")))
}
