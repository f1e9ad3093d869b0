//! Runs as SVG and as JSON.

use crate::samples;
use rollcast::report::{json, svg};

#[test]
fn a_picture_of_a_rollback() {
    insta::assert_snapshot!(svg(&samples::rolled_back()));
}

#[test]
fn a_picture_of_a_promotion() {
    insta::assert_snapshot!(svg(&samples::promoted()));
}

#[test]
fn a_picture_of_a_pause() {
    insta::assert_snapshot!(svg(&samples::paused()));
}

#[test]
fn pictures_stand_alone_and_nothing_is_cut_off() {
    let number = |line: &str, name: &str| -> Option<f64> {
        let (_, value) = line.split_once(&format!(" {name}=\""))?;
        value.split('"').next()?.parse().ok()
    };
    for mut trace in [samples::rolled_back(), samples::promoted(), samples::paused()] {
        trace.run.scenario = "names may hold <b>, & and \"quotes\"".into();
        let picture = svg(&trace);
        assert!(picture.contains("<title id=") && picture.contains("<desc id="));
        assert!(picture.contains("names may hold &lt;b&gt;, &amp; and"));
        for foreign in ["<script", "href", "@import", "@font-face", "<foreignObject"] {
            assert!(!picture.contains(foreign), "{foreign}");
        }
        let height = number(picture.lines().next().unwrap(), "height").unwrap();
        for line in picture.lines().filter(|line| line.starts_with("<text")) {
            let words = line.split('>').nth(1).unwrap().split('<').next().unwrap();
            let (x, y) = (number(line, "x").unwrap(), number(line, "y").unwrap());
            let size = if line.contains("\"title\"") { 17.0 } else { 13.0 };
            let width = words.chars().count() as f64 * size * 0.55;
            let (left, right) = match () {
                () if line.contains("\"end\"") => (x - width, x),
                () if line.contains("\"middle\"") => (x - width / 2.0, x + width / 2.0),
                () => (x, x + width),
            };
            assert!(left >= 0.0 && right <= 960.0 && y < height, "{left} {right} {line}");
        }
    }
}

#[test]
fn a_trace_as_json() {
    let trace = samples::rolled_back();
    let text = json(&trace).unwrap();
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    let whole: serde_json::Value = serde_json::from_str(&serde_json::to_string(&trace).unwrap()).unwrap();
    assert_eq!(read, whole, "the lines say what the trace says");
    assert_eq!(read["events"].as_array().unwrap().len(), trace.events.len());
    assert!(text.lines().filter(|line| line.starts_with("{\"at\":")).count() >= trace.events.len());
    insta::assert_snapshot!(text);
}

#[test]
fn a_trace_in_which_nothing_happened_is_json_and_a_picture() {
    let mut trace = samples::paused();
    trace.events.clear();
    trace.signals.clear();
    trace.run.steps.clear();
    trace.run.slos.clear();
    trace.verdict.at = 0;
    assert!(serde_json::from_str::<serde_json::Value>(&json(&trace).unwrap()).is_ok());
    assert!(svg(&trace).ends_with("</svg>\n"));
}
