//! `simulate`: which scenarios are played, in which form, and the commands that it hands out.
//!
//! Enters: programs with scenarios, names and seeds. Leaves: timelines, traces, pictures.
//! It deliberately judges no run; `tests/examples.rs` holds what runs come to.

use serde_json::Value;

use crate::place::{Place, SHOP};

#[test]
fn a_misspelt_scenario_gets_the_near_name() {
    let place = Place::with_shop();
    let said = place.run(&["simulate", "shop.roll", "--scenario", "helthy"]).ends(2);
    assert_eq!(said.err, "error: `shop.roll` has no scenario \"helthy\"; did you mean \"healthy\"?\n");
    let said = place.run(&["simulate", "shop.roll", "--scenario", "zzz"]).ends(2);
    assert_eq!(
        said.err,
        "error: `shop.roll` has no scenario \"zzz\"; it has\n  \"healthy\"\n  \"one in ten fails\"\n"
    );
    place.write("none.roll", SHOP.split("scenario").next().unwrap());
    let said = place.run(&["simulate", "none.roll", "--scenario", "zzz"]).ends(2);
    assert!(
        said.err.contains("the file has none; without `--scenario` it meets a healthy release"),
        "{}",
        said.err
    );
}

#[test]
fn a_file_without_scenarios_meets_a_healthy_release_and_is_told_so() {
    let place = Place::new();
    place.write("none.roll", SHOP.split("scenario").next().unwrap());
    let said = place.run(&["simulate", "none.roll"]).ends(0);
    assert!(
        said.out.ends_with("\nthe file has no scenario: this is a healthy release at 50 requests a second\n")
    );
    let trace: Value =
        serde_json::from_str(&place.run(&["simulate", "none.roll", "--format", "json"]).out).unwrap();
    assert_eq!(trace["supplied"], true, "the trace says so, too");
}

#[test]
fn a_picture_shows_one_scenario() {
    let place = Place::with_shop();
    let before = place.holds();
    let said = place.run(&["simulate", "shop.roll", "--svg", "run.svg"]).ends(2);
    assert_eq!(
        said.err,
        "error: `--svg` draws one scenario, and `shop.roll` has 2; choose with\n  --scenario \"healthy\"\n  \
         --scenario \"one in ten fails\"\n"
    );
    for path in ["shop.roll", "shop.roll/x.svg", "."] {
        let said = place.run(&["simulate", "shop.roll", "--scenario", "healthy", "--svg", path]).ends(2);
        assert!(said.err.starts_with("error: "), "{}", said.err);
    }
    assert!(place.holds() == before, "something was written");
    place.run(&["simulate", "shop.roll", "--scenario", "healthy", "--svg", "run.svg"]).ends(0);
    let picture = place.read("run.svg");
    assert!(picture.starts_with("<svg") || picture.starts_with("<?xml"), "{picture}");
    assert!(picture.contains("</title>") && picture.contains("</desc>"), "{picture}");
}

/// What the timeline says is in the trace, where it is a number or a name.
#[test]
fn the_trace_has_all_that_the_timeline_has() {
    let place = Place::with_examples();
    for name in ["canary-demo", "checkout", "first", "ledger", "search"] {
        let file = format!("{name}.roll");
        let text = place.run(&["simulate", &file]).ends(0).out;
        let json = place.run(&["simulate", &file, "--format", "json"]).ends(0).out;
        let parsed: Value = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{name}: {error}"));
        let traces = parsed["traces"].as_array().unwrap();
        let parts: Vec<&str> = text.split("\n────").collect();
        assert_eq!(traces.len(), parts.len(), "{name}: a trace a timeline");
        for (trace, part) in traces.iter().zip(parts) {
            one_trace(name, trace, part);
        }
        assert!(!json.contains("NaN") && !json.contains("inf"), "{name}: JSON knows neither");
    }
}

fn one_trace(name: &str, trace: &Value, text: &str) {
    let run = &trace["run"];
    let has = |words: &str| assert!(text.contains(words), "{name}: the timeline lacks {words}:\n{text}");
    has(run["scenario"].as_str().unwrap());
    has(run["rollout"].as_str().unwrap());
    has(&format!("seed {}", run["seed"]));
    for slo in run["slos"].as_array().unwrap() {
        has(slo["name"].as_str().unwrap());
    }
    let outcome = trace["verdict"]["outcome"].as_str().unwrap();
    let word = match outcome {
        "Promoted" | "promoted" => "promoted after",
        "RolledBack" | "rolledBack" | "rolled-back" | "rolled_back" => "rolled back after",
        "Paused" | "paused" => "paused after",
        other => panic!("{name}: {other}"),
    };
    has(word);
    // Every measurement that the timeline counts is an event, and the other way round.
    let measured = trace["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event.to_string().contains("\"phase\""))
        .count();
    assert_eq!(measured == 0, !text.contains('▸'), "{name}");
}

#[test]
fn commands_that_are_shown_can_be_pasted() {
    let place = Place::new();
    let names = ["it's", "a \\\"quote\\\"", "costs $HOME and `id`!", "back\\\\slash", "é 🎉 日本"];
    for (at, name) in names.iter().enumerate() {
        let text = SHOP.split("scenario").next().unwrap().to_owned();
        let file = format!("file {at}.roll");
        place.write(
            &file,
            format!("{text}scenario \"{name}\" for shop {{ traffic 50/s  expect rollback }}\n"),
        );
        let said = place.run(&["simulate", &file, "--set", "soak=2m", "--seed", "5"]).ends(0);
        let again = said.out.lines().find_map(|line| line.strip_prefix("  again   ")).unwrap();
        assert!(again.contains("--set soak=2m") && again.contains("--seed 5"), "{again}");
        assert_eq!(in_shell(&place, again), said.out, "{again} shows another run");
        // So can those of failing tests.
        let tested = place.run(&["test", &file]).ends(1);
        let replay = tested.out.lines().find(|line| line.contains("rollcast simulate")).unwrap();
        assert!(in_shell(&place, replay.trim()).contains("promoted after"), "{replay}");
    }
}

/// What a shell makes of a command of ours.
fn in_shell(place: &Place, command: &str) -> String {
    let program = assert_cmd::cargo::cargo_bin("rollcast");
    let arguments = command.strip_prefix("rollcast ").unwrap();
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("\"$ROLLCAST\" {arguments}"))
        .current_dir(place.path(""))
        .env("ROLLCAST", program)
        .env("LANG", "C.UTF-8")
        .env_remove("COLUMNS")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
