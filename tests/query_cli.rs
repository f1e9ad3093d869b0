//! `rollcast query` as it is typed: answers, mistakes and exit statuses.
//!
//! Enters: small recordings in a temporary folder. Leaves: what the program prints, held against snapshots.
//! It deliberately compares no values with Prometheus; `tests/query_real` and `tests/promql_oracle.rs` do.
#![expect(clippy::disallowed_methods, reason = "this test puts recordings where the program reads them")]

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::Path;

    use assert_cmd::Command;

    const OPEN_METRICS: &str = "# TYPE up gauge\nup{pod=\"a\"} 1 1700000000\nup{pod=\"b\"} 0 1700000000.25\nup{pod=\"a\"} 1 1700000015\n# EOF\n";
    const PROMETHEUS: &str =
        "reqs_total{pod=\"a\"} 10 1700000000000\nreqs_total{pod=\"a\"} 40 1700000015000\n";
    const JSON: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"tiny"},"values":[[1700000000,"1e-9"],[1700000010,"NaN"]]}]}}"#;
    const LOAD: &str = "load 10s\n  steps 0+1x5 stale\n";

    /// A folder with one recording of each kind.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("a.om", OPEN_METRICS);
        write("b.prom", PROMETHEUS);
        write("c.json", JSON);
        write("d.load", LOAD);
        write("README.md", "no recording\n");
        std::fs::create_dir(folder.path().join("all")).unwrap();
        for name in ["a.om", "b.prom", "c.json"] {
            std::fs::copy(folder.path().join(name), folder.path().join("all").join(name)).unwrap();
        }
        std::fs::create_dir(folder.path().join("none")).unwrap();
        folder
    }

    fn command(folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("rollcast").unwrap();
        command
            .current_dir(folder)
            .arg("query")
            .args(arguments)
            .env("LC_ALL", "C.UTF-8")
            .env("COLUMNS", "100");
        command
    }

    /// Status, standard output and standard error.
    fn said(folder: &Path, arguments: &[&str]) -> String {
        let output = command(folder, arguments).output().unwrap();
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        let err = if err.is_empty() { err } else { format!("--- error\n{err}") };
        format!("status {}\n{out}{err}", output.status.code().unwrap())
    }

    #[test]
    fn answers_as_promtool_prints_them() {
        let folder = folder();
        let said = |arguments: &[&str]| said(folder.path(), arguments);
        insta::assert_snapshot!("instant", said(&["--series", "a.om", "up"]));
        insta::assert_snapshot!("scalar", said(&["--series", "a.om", "1 / 3"]));
        insta::assert_snapshot!(
            "nothing",
            said(&["--series", "a.om", "--at", "2026-01-31T12:00:00+01:00", "up"])
        );
        insta::assert_snapshot!("samples", said(&["--series", "a.om", "--", "up[1m]"]));
        insta::assert_snapshot!(
            "range",
            said(&["up + 0.5", "--series", "a.om", "--start", "1700000000", "--step", "10s"])
        );
        insta::assert_snapshot!("note", said(&["--series", "d.load", "--at", "30", "rate(steps[20s])"]));
        insta::assert_snapshot!(
            "closed",
            said(&["--series", "d.load", "--at", "30", "--prometheus", "2", "steps[20s]"])
        );
        insta::assert_snapshot!("lookback", said(&["--series", "a.om", "--lookback", "14s", "up"]));
    }

    #[test]
    fn answers_as_the_api_sends_them() {
        let folder = folder();
        let said = |arguments: &[&str]| said(folder.path(), &[arguments, &["--format", "json"]].concat());
        insta::assert_snapshot!("json_vector", said(&["--series", "a.om", "up"]));
        insta::assert_snapshot!(
            "json_matrix",
            said(&["--series", "c.json", "--start", "1700000000", "--step", "10", "tiny"])
        );
        insta::assert_snapshot!("json_string", said(&["--series", "a.om", "--at", "-1.05", "\"a\\\"b\""]));
        insta::assert_snapshot!("json_note", said(&["--series", "d.load", "--at", "30", "rate(steps[20s])"]));
        insta::assert_snapshot!("json_malformed", said(&["--series", "a.om", "sum(up"]));
        insta::assert_snapshot!("json_type", said(&["--series", "a.om", "--start", "1", "up[5m]"]));
        insta::assert_snapshot!("json_execution", said(&["--series", "a.om", "up * on(x) up"]));
        insta::assert_snapshot!("json_missing", said(&["--series", "nope.om", "up"]));
    }

    #[test]
    fn recordings_are_merged() {
        let folder = folder();
        let said = |arguments: &[&str]| said(folder.path(), arguments);
        let count = "count({__name__=~\".+\"})";
        assert_eq!(said(&["--series", "all", count]), "status 0\n{} => 4 @[1700000015]\n");
        let apart = ["--series", "a.om", "--series", "b.prom", "c.json", count];
        assert_eq!(said(&apart), said(&["--series", "all", count]));
        assert_eq!(said(&["--series", "a.om", "all", count]), said(&["--series", "all", count]));
        std::fs::write(folder.path().join("other.om"), OPEN_METRICS.replace("} 0 ", "} 7 ")).unwrap();
        insta::assert_snapshot!("conflict", said(&["--series", "a.om", "other.om", "up"]));
    }

    #[test]
    fn packed_recordings_and_standard_input() {
        let folder = folder();
        let expected = said(folder.path(), &["--series", "a.om", "up"]);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(OPEN_METRICS.as_bytes()).unwrap();
        std::fs::write(folder.path().join("p.om.gz"), gzip.finish().unwrap()).unwrap();
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        let zstd = ruzstd::encoding::compress_to_vec(OPEN_METRICS.as_bytes(), level);
        std::fs::write(folder.path().join("p.om.zst"), &zstd).unwrap();
        assert_eq!(said(folder.path(), &["--series", "p.om.gz", "up"]), expected);
        assert_eq!(said(folder.path(), &["--series", "p.om.zst", "up"]), expected);
        for input in [OPEN_METRICS.as_bytes(), &zstd] {
            let output =
                command(folder.path(), &["--series", "-", "up"]).write_stdin(input).output().unwrap();
            assert_eq!(format!("status 0\n{}", String::from_utf8(output.stdout).unwrap()), expected);
        }
        std::fs::write(folder.path().join("broken.om.zst"), &zstd[..zstd.len() - 4]).unwrap();
        assert!(
            said(folder.path(), &["--series", "broken.om.zst", "up"])
                .starts_with("status 1\n--- error\nerror: broken.om.zst: ")
        );
    }

    #[test]
    fn mistakes_in_queries_are_drawn() {
        let folder = folder();
        let said = |arguments: &[&str]| said(folder.path(), arguments);
        insta::assert_snapshot!("unclosed", said(&["--series", "a.om", "sum by (pod) (up"]));
        insta::assert_snapshot!("types", said(&["--series", "a.om", "sum(rate(up))"]));
        insta::assert_snapshot!("experimental", said(&["--series", "a.om", "limitk(1, up)"]));
        insta::assert_snapshot!("range_of_ranges", said(&["--series", "a.om", "--start", "1", "up[5m]"]));
        insta::assert_snapshot!("execution", said(&["--series", "a.om", "1 + sum(up * on(x) up)"]));
        assert!(said(&["--series", "a.om", ""]).starts_with("status 1\n"));
    }

    #[test]
    fn mistakes_in_recordings_have_file_and_line() {
        let folder = folder();
        let said = |arguments: &[&str]| said(folder.path(), arguments);
        for (name, text) in [
            ("x.om", "# TYPE up gauge\nup{pod=\"a\"} one 1700000000\n# EOF\n"),
            ("end.om", "up 1 1700000000\n"),
            ("x.prom", "up 1 1700000000000\nup 2\n"),
            ("back.prom", "up 1 1700000000000\nup 2 1600000000000\n"),
            ("x.json", "{\"status\":\"success\",\n\"data\":[]\n"),
            ("x.load", "load 1m\n  up 1 2\n  up{ 1\n"),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
            insta::assert_snapshot!(format!("bad_{name}"), said(&["--series", name, "up"]));
        }
        std::fs::write(folder.path().join("latin.prom"), b"a 1 1\nb{x=\"\xe9\"} 1 1\n").unwrap();
        assert_eq!(
            said(&["--series", "latin.prom", "up"]),
            "status 1\n--- error\nerror: latin.prom:2: not UTF-8\n"
        );
    }

    #[test]
    fn mistakes_in_the_call_are_said() {
        let folder = folder();
        std::fs::write(folder.path().join("empty.prom"), "").unwrap();
        let said = |arguments: &[&str]| said(folder.path(), arguments);
        insta::assert_snapshot!("missing", said(&["--series", "nope.om", "up"]));
        insta::assert_snapshot!("no_recordings", said(&["--series", "none", "up"]));
        insta::assert_snapshot!("no_query", said(&["--series", "a.om"]));
        insta::assert_snapshot!("no_samples", said(&["--series", "empty.prom", "up"]));
        insta::assert_snapshot!("backwards", said(&["--series", "a.om", "--start", "9", "--end", "8", "up"]));
        insta::assert_snapshot!(
            "too_many_steps",
            said(&["--series", "a.om", "--start", "0", "--step", "1ms", "up"])
        );
        for wrong in [
            ["--at", "1", "--start", "1"].as_slice(),
            &["--end", "1"],
            &["--step", "1s"],
            &["--at", "noon"],
            &["--start", "1", "--step", "0"],
            &["--lookback", "-5m"],
            &["--prometheus", "4"],
            &["--format", "yaml"],
        ] {
            assert!(
                said(&[&["--series", "a.om", "up"], wrong].concat()).starts_with("status 2\n"),
                "{wrong:?}"
            );
        }
        assert!(said(&["up"]).starts_with("status 2\n"));
    }

    #[test]
    #[cfg(unix)]
    fn a_reader_that_goes_away_is_no_mistake() {
        let folder = folder();
        let binary = assert_cmd::cargo::cargo_bin("rollcast");
        let script = format!(
            "set -o pipefail; '{}' query --series a.om --start 1700000000 --step 1ms up | head -n 1",
            binary.display()
        );
        let output = std::process::Command::new("bash")
            .args(["-c", &script])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "up{pod=\"a\"} =>\n");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}
