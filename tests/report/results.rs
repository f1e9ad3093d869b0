//! Results of `rollcast test`.

use rollcast::report::Look;
use rollcast::report::test::{ExpectationReport, FileReport, ScenarioReport, TestReport, junit, text};

fn expectation(expected: &str, met: bool, seen: &str) -> ExpectationReport {
    ExpectationReport { expected: expected.into(), met, seen: seen.into(), ..ExpectationReport::default() }
}

fn scenario(name: &str, runs: u64, seen: &str, expectations: Vec<ExpectationReport>) -> ScenarioReport {
    ScenarioReport {
        name: name.into(),
        rollout: "canary-demo".into(),
        runs,
        seen: seen.into(),
        expectations,
        problem: None,
        replay: Some(format!("rollcast simulate examples/canary-demo.roll --scenario \"{name}\"")),
    }
}

fn report() -> TestReport {
    let night = ExpectationReport {
        details: vec!["63 runs rolled back by error-rate in step 2: 4 to 11 requests in the window".into()],
        replay: Some(
            "rollcast simulate examples/canary-demo.roll --scenario \"healthy at night\" --run 113".into(),
        ),
        ..expectation(
            "promote in >= 99% of runs",
            false,
            "promoted in 912 of 1,000 runs (91.2 %, 89.3 to 92.8)",
        )
    };
    let leak = vec![
        expectation("rollback within 15m", false, "promoted after 12m20s"),
        expectation("failed requests < 500", false, "1,204 failed requests"),
        expectation("peak weight <= 50%", true, "peak weight 50 %"),
    ];
    let incident = ScenarioReport {
        problem: Some("the recording ends after 4m, before the first analysis".into()),
        ..scenario("the incident of 2 November", 0, "", Vec::new())
    };
    TestReport {
        files: vec![
            FileReport {
                file: "examples/canary-demo.roll".into(),
                scenarios: vec![
                    scenario(
                        "a release that fails one request in ten",
                        1,
                        "rolled back after 1m at 10 %",
                        vec![expectation("rollback before 30%", true, "rolled back at 10 %")],
                    ),
                    scenario("healthy at night", 1_000, "promoted in 912 of 1,000 runs", vec![night]),
                ],
            },
            FileReport {
                file: "examples/checkout.roll".into(),
                scenarios: vec![
                    scenario("slow leak", 1, "promoted after 12m20s", leak),
                    incident,
                    scenario("just looking", 1, "promoted after 9m", Vec::new()),
                ],
            },
            FileReport { file: "examples/slos.roll".into(), scenarios: Vec::new() },
        ],
        elapsed_millis: Some(312),
    }
}

#[test]
fn results_for_people() {
    insta::assert_snapshot!(text(&report(), &Look::plain()));
}

#[test]
fn results_for_people_in_fifty_columns_of_ascii() {
    insta::assert_snapshot!(text(&report(), &Look { width: 50, colour: false, unicode: false }));
}

#[test]
fn results_for_machines() {
    insta::assert_snapshot!(junit(&report()));
}

#[test]
fn all_good_is_said_in_one_line() {
    let mut report = report();
    report.files.truncate(1);
    report.files[0].scenarios.truncate(1);
    assert!(report.is_as_expected());
    let shown = text(&report, &Look::plain());
    assert!(shown.ends_with("\n\n1 scenario, as expected; 1 run in 0.3 s\n"), "{shown}");
}

#[test]
fn names_cannot_break_the_xml() {
    let mut report = report();
    report.files[0].scenarios[1].name = "a \"<b>\" & \u{1b} 'c'\nd ]]>".into();
    let xml = junit(&report);
    assert!(
        xml.contains("name=\"a &quot;&lt;b&gt;&quot; &amp; \u{fffd} &#39;c&#39;&#10;d ]]&gt;: promote"),
        "{xml}"
    );
}
