//! The command line: recordings that break off, are empty or are not there, and what is said of those that are.

use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

const PROGRAM: &str = "rollout shop {
  pods { image \"shop:1\"  port http 80 }
  route istio { host shop }
  slo error-rate < 1% over 1m
  canary {
    10% for 3m
    50% for 3m
  }
  analyze error-rate in background from 10%
}

scenario \"recorded\" for shop {
  REPLAY
  expect promote
}
";

/// Twelve minutes of requests to one Service.
fn recording(service: &str) -> String {
    let labels = format!(
        "reporter=\"source\",destination_service_namespace=\"default\",destination_service_name=\"{service}\",response_code=\"200\""
    );
    let line = |at: u64| format!("istio_requests_total{{{labels}}} {} {}\n", at * 20, 1_730_000_000 + at);
    let lines: String = (0..720).step_by(15).map(line).collect();
    format!("{lines}# EOF\n")
}

struct Folder(TempDir);

impl Folder {
    fn new(replay: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("shop.roll"), PROGRAM.replace("REPLAY", replay)).unwrap();
        Self(folder)
    }

    fn with(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    fn run(&self, arguments: &[&str]) -> (String, i32) {
        let output = Command::cargo_bin("rollcast")
            .unwrap()
            .current_dir(self.0.path())
            .args(arguments)
            .env_clear()
            .env("LANG", "C.UTF-8")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (text, output.status.code().unwrap_or(-1))
    }
}

#[test]
fn broken_recordings_are_errors_of_their_line_for_every_command() {
    let whole = recording("shop-stable");
    let packed = {
        use std::io::Write;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(whole.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    let without_end = whole.replace("# EOF\n", "");
    let cut = without_end.get(..without_end.len() / 2).unwrap();
    let backwards = whole.replace("1730000030\n", "1730000001\n");
    for (name, bytes, code, said) in [
        ("night.om", Vec::new(), "RC0820", "no recording"),
        ("night.om", b"# EOF\n".to_vec(), "RC0820", "holds no sample"),
        ("night.om", cut.as_bytes().to_vec(), "RC0820", "night.om:"),
        ("night.om", without_end.as_bytes().to_vec(), "RC0820", "night.om:"),
        ("night.om", backwards.as_bytes().to_vec(), "RC0820", "night.om:"),
        ("night.om", vec![0xff, 0xfe, 0x00, 0x12], "RC0820", "night.om"),
        ("night.om.gz", packed.get(..packed.len() - 20).unwrap().to_vec(), "RC0820", "night.om.gz"),
        ("night.json", b"{\"status\":\"success\"".to_vec(), "RC0820", "night.json:1"),
        ("night.om", recording("other").into_bytes(), "RC0821", "other"),
    ] {
        let folder = Folder::new(&format!("replay \"{name}\"")).with(name, bytes);
        for command in ["check", "simulate", "test"] {
            let (text, status) = folder.run(&[command, "shop.roll"]);
            assert_eq!(status, 1, "{command} {name}: {text}");
            assert!(text.contains(code) && text.contains(said), "{command} {name}: {text}");
        }
    }
    let folder = Folder::new("replay \"night.om\"");
    let (text, status) = folder.run(&["check", "shop.roll"]);
    assert!(status == 1 && text.contains("there is no such file"), "{text}");
    let folder = Folder::new("replay \"nights\"").with("nights/readme.md", "nothing");
    let (text, status) = folder.run(&["check", "shop.roll"]);
    assert!(status == 1 && text.contains("RC0820") && text.contains(".openmetrics"), "{text}");
    // What is built does not depend on what is replayed.
    assert_eq!(folder.run(&["build", "shop.roll"]).1, 0);
}

#[test]
fn what_the_command_line_names_is_wrong_once_for_all_scenarios() {
    let folder = Folder::new("traffic 50/s");
    let two =
        PROGRAM.replace("REPLAY", "traffic 50/s") + "\nscenario \"again\" for shop { expect promote }\n";
    let (text, status) = folder.with("two.roll", two).run(&["simulate", "two.roll", "--replay", "none.om"]);
    assert_eq!((status, text.matches("error[RC0820]").count()), (1, 1), "{text}");
    assert!(text.contains("1 error in 1 file"), "{text}");
}

#[test]
fn a_recording_on_the_command_line_stands_in_for_the_world() {
    let folder = Folder::new("traffic 50/s").with("nights/evening.om", recording("shop-stable"));
    let (text, status) = folder.run(&["simulate", "shop.roll", "--replay", "nights"]);
    assert_eq!(status, 0, "{text}");
    for said in [
        "closed loop: nights is the load",
        "0:00 is 2024-10-27T03:34:20Z (the longest window before it is recorded)",
        "again   rollcast simulate shop.roll --scenario \"recorded\" --replay nights --seed 1",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let arguments = [
        "simulate",
        "shop.roll",
        "--replay",
        "nights",
        "--replay-from",
        "2024-10-27T03:40:00Z",
        "--format",
        "json",
    ];
    let (text, status) = folder.run(&arguments);
    assert_eq!(status, 0, "{text}");
    let trace: serde_json::Value = serde_json::from_str(&text).unwrap();
    let schema = include_str!("../../book/src/reference/trace.schema.json");
    let schema = jsonschema::draft202012::new(&serde_json::from_str(schema).unwrap()).unwrap();
    let wrong: Vec<String> = schema.iter_errors(&trace).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let run = &trace["traces"][0]["run"];
    assert_eq!(run["series"], "recorded, closed loop");
    assert_eq!(run["recording"]["from"], "2024-10-27T03:40:00Z");
    assert_eq!((&run["recording"]["begins"], &run["recording"]["ends"]), (&(-400).into(), &305.into()));
    let (text, status) = folder.run(&["simulate", "shop.roll", "--replay", "nights", "--svg", "run.svg"]);
    assert_eq!(status, 0, "{text}");
    let svg = std::fs::read_to_string(folder.0.path().join("run.svg")).unwrap();
    assert!(svg.contains("closed loop: nights is the load"));
    // Forced to be a canary, it has no series that the canary's queries read.
    let (text, status) =
        folder.run(&["simulate", "shop.roll", "--replay", "nights", "--replay-as", "canary"]);
    assert!(status == 1 && text.contains("RC0821"), "{text}");
    let (text, status) = folder.run(&["simulate", "shop.roll", "--replay-as", "canary"]);
    assert!(status == 2 && text.contains("--replay"), "{text}");
    let (text, status) = folder.run(&["simulate", "shop.roll", "--replay", "nights", "--answers", "a.yaml"]);
    assert!(status == 2 && text.contains("cannot be used with"), "{text}");
    let (text, status) = folder.run(&["simulate", "shop.roll"]);
    assert!(status == 0 && !text.contains("loop"), "{text}");
}

#[test]
fn a_canary_that_is_recorded_and_described_is_refused_when_it_is_found() {
    let both = recording("shop-stable").replace("# EOF\n", "") + &recording("shop-canary");
    let folder = Folder::new("replay \"night.om\"\n  canary { errors 10% }").with("night.om", &both);
    let (text, status) = folder.run(&["check", "shop.roll"]);
    assert!(status == 1 && text.contains("RC0824") && text.contains("as traffic"), "{text}");
    let folder =
        Folder::new("replay \"night.om\" as traffic\n  canary { errors 10% }").with("night.om", &both);
    assert_eq!(folder.run(&["check", "shop.roll"]), ("1 file, no errors\n".to_owned(), 0));
    let folder = Folder::new("replay \"night.om\"").with("night.om", &both);
    let (text, status) = folder.run(&["test", "shop.roll"]);
    assert!(status == 0 && text.contains("promoted"), "{text}");
    let (text, _) = folder.run(&["simulate", "shop.roll"]);
    assert!(text.contains("open loop: night.om answers the queries"), "{text}");
}

#[test]
fn a_verdict_after_the_recording_is_said_to_be_one() {
    let whole = recording("shop-stable");
    let lines: Vec<&str> = whole.lines().take(20).collect();
    let short = lines.join("\n") + "\n# EOF\n";
    let folder = Folder::new("replay \"night.om\"").with("night.om", short);
    let (text, _) = folder.run(&["simulate", "shop.roll"]);
    assert!(text.contains("the recording ends at 3m45s; queries after that have no data"), "{text}");
    let (text, _) = folder.run(&["test", "shop.roll"]);
    assert!(text.contains("after the recording had ended"), "{text}");
}

#[test]
fn programs_may_lie_elsewhere() {
    let folder = Folder::new("traffic 50/s")
        .with("releases/shop.roll", PROGRAM.replace("REPLAY", "replay \"../nights/evening.om\""))
        .with("nights/evening.om", recording("shop-stable"));
    let (text, status) = folder.run(&["test", "releases"]);
    assert!(status == 0 && text.contains("1 scenario, as expected"), "{text}");
}
