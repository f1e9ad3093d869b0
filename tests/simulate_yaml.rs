//! Plain manifests as they are simulated: what is shown, what is refused, with which status.
//!
//! Enters: `tests/simulate_yaml` and `examples/plain-yaml`. Leaves: what the program prints, held against snapshots.
//! It deliberately compares nothing with the real controllers; `tests/argo_conformance.rs` does.
#![expect(clippy::unwrap_used, reason = "a test fails where the program does not run")]

use assert_cmd::Command;

/// Standard output, standard error and status of a call in a folder of the repository.
fn said(folder: &str, arguments: &str) -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::cargo_bin("rollcast")
        .unwrap()
        .current_dir(root.join(folder))
        .env_clear()
        .env("LANG", "C.UTF-8")
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        // How long it took differs from run to run.
        let lines = text.lines().map(|line| match line.rsplit_once(" runs in ") {
            Some((head, _)) => format!("{head} runs\n"),
            None => format!("{line}\n"),
        });
        lines.collect::<String>()
    };
    format!(
        "$ rollcast {arguments}\n{}{}status {}\n",
        text(&output.stdout),
        text(&output.stderr),
        output.status.code().unwrap()
    )
}

/// Several calls as one text.
fn session(folder: &str, calls: &[&str]) -> String {
    calls.iter().map(|call| said(folder, call)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_is_told_in_every_way() {
    let calls = [
        "simulate manifests",
        "simulate manifests --scenario scenarios.roll",
        "simulate manifests --answers answers.yaml",
        "simulate manifests --answers analysisrun.yaml",
        "test scenarios.roll --manifests manifests",
    ];
    insta::assert_snapshot!(session("examples/plain-yaml", &calls));
}

#[test]
fn strategies_are_told_in_their_own_words() {
    let calls = [
        "simulate blue-green.yaml --answers good.json",
        "simulate blue-green.yaml --answers bad.json",
        "simulate basic.yaml",
        "simulate subset.yaml",
        "simulate subset.yaml --scenario slow.roll",
        "simulate nginx.yaml",
        "simulate gateway.yaml",
        "simulate other-plugin.yaml",
    ];
    insta::assert_snapshot!(session("tests/simulate_yaml", &calls));
}

#[test]
fn traces_say_who_answered_and_on_which_condition() {
    let trace = said("tests/simulate_yaml", "simulate blue-green.yaml --answers bad.json --format json");
    for part in [
        r#""answers":"bad.json""#,
        r#""route":"blue-green""#,
        r#""condition":"result[0] < 0.05""#,
        r#""outcome":"rolledBack""#,
        r#""peakWeight":100"#,
    ] {
        assert!(trace.contains(part), "{part} is missing in\n{trace}");
    }
}

#[test]
fn what_cannot_be_answered_is_never_guessed() {
    let calls = [
        "simulate refused.yaml",
        "simulate blue-green.yaml",
        "simulate blue-green.yaml --answers typo.yaml",
        "simulate blue-green.yaml --answers half.yaml",
        "simulate basic.yaml subset.yaml",
        "simulate basic.yaml subset.yaml --rollout serch",
        "simulate basic.yaml subset.yaml --rollout search --svg picture.roll",
        "simulate basic.yaml slow.roll",
        "simulate basic.yaml --scenario night",
        "simulate subset.yaml --scenario slow.roll --only fast",
        "simulate good.json",
        "test slow.roll",
    ];
    insta::assert_snapshot!(session("tests/simulate_yaml", &calls));
}

#[test]
fn answers_stand_for_whoever_else_measures() {
    let calls = [
        "simulate providers.yaml",
        "simulate providers.yaml --answers providers-good.yaml",
        "simulate providers.yaml --answers providers-bad.yaml",
        "simulate providers.yaml --answers providers-misfit.yaml",
    ];
    insta::assert_snapshot!(session("tests/simulate_yaml", &calls));
}
