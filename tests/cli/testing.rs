//! `test`: what is met and what is not, for people and for CI, on one core as on all.
//!
//! Enters: programs whose expectations hold and do not. Leaves: reports, statuses, commands that replay.
//! It deliberately knows no statistics; `simulator::expect` has its own tests.

use crate::place::{Place, SHOP};

/// One expectation is met, one is not, and the healthy scenario is as it was.
fn failing() -> String {
    SHOP.replace(
        "expect  rollback in >= 90% of runs",
        "expect  rollback in >= 90% of runs\n  expect  promote in >= 50% of runs",
    )
}

#[test]
fn a_missed_expectation_is_told_with_the_command_that_shows_it() {
    let place = Place::new();
    place.write("shop.roll", failing());
    let said = place.run(&["test", "shop.roll"]).ends(1);
    assert!(said.out.contains("✓ healthy") && said.out.contains("✗ one in ten fails"), "{}", said.out);
    assert!(said.out.contains("expected promote in >= 50% of runs"), "{}", said.out);
    let command = said.out.lines().map(str::trim).find(|line| line.starts_with("rollcast simulate")).unwrap();
    assert_eq!(command, "rollcast simulate shop.roll --scenario \"one in ten fails\"");
    let replayed = place.run(&["simulate", "shop.roll", "--scenario", "one in ten fails"]).ends(0);
    assert!(
        replayed.out.contains("rolled back after"),
        "the run does not show what was missed:\n{}",
        replayed.out
    );
    assert!(said.out.ends_with(" s\n"), "the count ends the report:\n{}", said.out);
    assert_eq!(said.err, "", "progress is for terminals");
}

#[test]
fn the_run_that_replays_is_the_first_that_missed() {
    let place = Place::new();
    place.write(
        "shop.roll",
        SHOP.replace("errors 10%", "errors 1.5%").replace("rollback in >= 90%", "promote in >= 99%"),
    );
    let said = place.run(&["test", "shop.roll", "--set", "soak=2m"]).ends(1);
    let command = said.out.lines().map(str::trim).find(|line| line.starts_with("rollcast simulate")).unwrap();
    assert!(command.contains("--set soak=2m"), "{command}");
    let run = command.rsplit_once("--run ").map_or("0", |(_, run)| run);
    let replay = |run: &str| {
        let arguments =
            ["simulate", "shop.roll", "--scenario", "one in ten fails", "--set", "soak=2m", "--run", run];
        place.run(&arguments).ends(0).out
    };
    assert!(!replay(run).contains("promoted after"), "run {run} met it:\n{}", replay(run));
    for before in 0..run.parse::<u32>().unwrap() {
        assert!(replay(&before.to_string()).contains("promoted after"), "run {before} missed it, too");
    }
}

#[test]
fn one_core_as_all() {
    let place = Place::new();
    place.write("shop.roll", failing());
    let without_time = |text: &str| text.rsplit_once(" in ").unwrap().0.to_owned();
    let all = without_time(&place.run(&["test", "shop.roll"]).ends(1).out);
    for jobs in ["1", "2", "7"] {
        assert_eq!(
            without_time(&place.run(&["test", "shop.roll", "--jobs", jobs]).ends(1).out),
            all,
            "--jobs {jobs}"
        );
    }
}

#[test]
fn junit_has_every_expectation_and_every_broken_file() {
    let place = Place::new();
    place.write("shop.roll", failing());
    place.write("wrong.roll", SHOP.replace("istio", "isteo"));
    place.write("bytes.roll", b"\xff");
    place.run(&["test", ".", "--junit", "reports/junit.xml"]).ends(1);
    let xml = place.read("reports/junit.xml");
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "), "{xml}");
    assert!(xml.contains("tests=\"5\" failures=\"1\" errors=\"2\""), "{xml}");
    assert!(xml.contains("name=\"healthy: promote\"/>"), "{xml}");
    assert!(xml.contains("expected promote in &gt;= 50% of runs"), "{xml}");
    assert!(xml.contains("rollcast simulate shop.roll --scenario &quot;one in ten fails&quot;"), "{xml}");
    for file in ["bytes.roll", "wrong.roll"] {
        assert!(
            xml.contains(&format!("<testsuite name=\"{file}\" tests=\"1\" failures=\"0\" errors=\"1\"")),
            "{xml}"
        );
        assert!(xml.contains(&format!("rollcast check {file}")), "{xml}");
    }
    let before = place.holds();
    for path in ["shop.roll", "shop.roll/x.xml", "reports"] {
        place.run(&["test", "shop.roll", "--junit", path]).ends(2);
    }
    assert!(place.holds() == before, "something was written");
}

#[test]
fn some_scenarios_by_a_part_of_their_name() {
    let place = Place::with_shop();
    let said = place.run(&["test", "shop.roll", "--scenario", "ten"]).ends(0);
    assert!(said.out.contains("one in ten fails") && !said.out.contains("healthy"), "{}", said.out);
    let said = place.run(&["test", "shop.roll", "--scenario", "helthy"]).ends(2);
    assert_eq!(said.err, "error: no scenario has \"helthy\" in its name; did you mean \"healthy\"?\n");
    place.write("other.roll", SHOP.split("scenario").next().unwrap());
    let said = place.run(&["test", ".", "--scenario", "ten"]).ends(0);
    assert!(!said.out.contains("other.roll"), "files without such a scenario are not listed:\n{}", said.out);
}

#[test]
fn a_program_with_errors_is_listed_as_such() {
    let place = Place::with_shop();
    place.write("wrong.roll", SHOP.replace("istio", "isteo"));
    let said = place.run(&["test", "wrong.roll", "shop.roll"]).ends(1);
    assert!(said.err.contains("isteo"), "{}", said.err);
    assert!(said.out.contains("wrong.roll\n  ✗ the program"), "{}", said.out);
    assert!(said.out.contains("has 1 error\n      rollcast check wrong.roll\n"), "{}", said.out);
    assert!(said.out.contains("✓ healthy"), "{}", said.out);
}
