//! `fmt`: in place, through standard input, only looking, and what does not check.
//!
//! Enters: programs with loose layout. Leaves: files, a diff, a status.
//! It deliberately knows no rule of the layout; `formatter` has its own tests.

use crate::place::{Place, SHOP};

const LOOSE: &str = "rollout a {\nroute   istio\n}\n";
const TIDY: &str = "rollout a {\n  route istio\n}\n";

#[test]
fn in_place_and_only_what_changes() {
    let place = Place::with_shop();
    place.write("a/loose.roll", LOOSE);
    place.write("a/other.txt", LOOSE);
    let before = std::fs::metadata(place.path("shop.roll")).unwrap().modified().unwrap();
    let said = place.run(&["fmt", "."]).ends(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
    assert_eq!(place.read("a/loose.roll"), TIDY);
    assert_eq!(place.read("a/other.txt"), LOOSE);
    assert_eq!(place.read("shop.roll"), SHOP);
    let after = std::fs::metadata(place.path("shop.roll")).unwrap().modified().unwrap();
    assert_eq!(before, after, "a tidy file was written");
    assert_eq!(place.names("a"), ["loose.roll", "other.txt"], "nothing was left behind");
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("loose.roll", LOOSE);
    std::fs::set_permissions(place.path("loose.roll"), std::fs::Permissions::from_mode(0o640)).unwrap();
    place.run(&["fmt", "loose.roll"]).ends(0);
    assert_eq!(place.read("loose.roll"), TIDY);
    assert_eq!(std::fs::metadata(place.path("loose.roll")).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn through_standard_input() {
    let place = Place::new();
    for arguments in [&["fmt"][..], &["fmt", "-"]] {
        let said = place.run_with(arguments, &[], LOOSE).ends(0);
        assert_eq!((said.out.as_str(), said.err.as_str()), (TIDY, ""));
    }
    assert_eq!(place.run_with(&["fmt", "--check"], &[], LOOSE).ends(1).out, "");
    assert_eq!(place.run_with(&["fmt", "--check"], &[], TIDY).ends(0).out, "");
    let said = place.run_with(&["fmt", "-", "--diff"], &[], LOOSE).ends(1);
    assert!(said.out.contains("-route   istio\n+  route istio\n"), "{}", said.out);
    let output = place.command().arg("fmt").write_stdin(b"\xff".to_vec()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "what is no text is not half formatted");
}

#[test]
fn only_looking() {
    let place = Place::with_shop();
    place.write("one.roll", LOOSE);
    place.write("two words.roll", LOOSE);
    let before = place.holds();
    let said = place.run(&["fmt", "--check", "."]).ends(1);
    assert_eq!(said.out, "one.roll\ntwo words.roll\n");
    assert_eq!(said.err, "2 of 3 files would change; `rollcast fmt .` formats them\n");
    let said = place.run(&["fmt", "--check", "two words.roll"]).ends(1);
    assert_eq!(said.err, "1 file would change; `rollcast fmt \"two words.roll\"` formats it\n");
    let said = place.run(&["fmt", "--diff", "one.roll"]).ends(1);
    assert_eq!(
        said.out,
        "--- one.roll\n+++ one.roll\n@@ -1,3 +1,3 @@\n rollout a {\n-route   istio\n+  route istio\n }\n"
    );
    assert!(place.holds() == before, "something was written");
    assert_eq!(place.run(&["fmt", "--check", "--diff", "shop.roll"]).ends(0).out, "");
}

#[test]
fn what_does_not_check_is_formatted_and_nothing_of_it_is_lost() {
    let place = Place::new();
    let broken = "rollout a {\nrute   istio # why\n\n\n slo <<< 4 5m 2.5 \"open\n}}\nnonsense é\n";
    place.write("broken.roll", broken);
    place.run(&["check", "broken.roll"]).ends(1);
    place.run(&["fmt", "broken.roll"]).ends(0);
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let after = place.read("broken.roll");
    assert_eq!(words(&after), words(broken));
    place.run(&["fmt", "--check", "broken.roll"]).ends(0);
}
