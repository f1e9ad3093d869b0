//! A folder with programs, and what the program said when it was run there.
//!
//! Enters: files and arguments. Leaves: standard output, standard error, exit status, time, and what the folder holds.
//! It deliberately clears the environment, so that no setting of the tester's decides a test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use tempfile::TempDir;

/// Two scenarios, both as expected, and a param and an env to turn.
pub(crate) const SHOP: &str = r#"# A shop in ASCII.

param soak = 1m
param replicas = 2
env production { soak = 5m  replicas = 8 }

rollout shop in demo {
  pods { image "acme/shop:1"  port http 8080 }
  replicas replicas
  route istio
  slo error-rate < 1% over 1m
  canary { 20% for soak  50% for soak }
  analyze error-rate in background
}

scenario "healthy" for shop {
  traffic 50/s
  expect  promote
}

scenario "one in ten fails" for shop {
  traffic 50/s
  canary  { errors 10% }
  runs    20 seed 3
  expect  rollback in >= 90% of runs
}
"#;

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) status: i32,
}

impl Said {
    /// Asserts the status, and shows all that was said where it is another.
    #[track_caller]
    pub(crate) fn ends(self, status: i32) -> Self {
        assert_eq!(self.status, status, "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }
}

/// A folder of its own.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With `shop.roll`.
    pub(crate) fn with_shop() -> Self {
        let place = Self::new();
        place.write("shop.roll", SHOP);
        place
    }

    /// With all of `examples/`.
    pub(crate) fn with_examples() -> Self {
        let place = Self::new();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        for entry in std::fs::read_dir(examples).unwrap().flatten() {
            if entry.path().is_dir() {
                continue;
            }
            std::fs::copy(entry.path(), place.path(&entry.file_name().to_string_lossy())).unwrap();
        }
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn folder(&self, name: &str) {
        std::fs::create_dir_all(self.path(name)).unwrap();
    }

    /// Every file below with its bytes; folders end in `/`.
    pub(crate) fn holds(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                let name = path.strip_prefix(self.folder.path()).unwrap().to_string_lossy().into_owned();
                if path.is_dir() {
                    found.insert(format!("{name}/"), Vec::new());
                    folders.push(path);
                } else {
                    found.insert(name, std::fs::read(path).unwrap());
                }
            }
        }
        found
    }

    /// Names of what a folder holds, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let prefix = format!("{folder}/");
        let names = self.holds();
        names
            .keys()
            .filter_map(|name| name.strip_prefix(&prefix))
            .map(str::to_owned)
            .filter(|n| !n.is_empty())
            .collect()
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::cargo_bin("rollcast").unwrap();
        command.current_dir(self.folder.path()).env_clear().env("LANG", "C.UTF-8");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, &[], "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Said {
        let mut command = self.command();
        let output =
            command.args(arguments).envs(environment.iter().copied()).write_stdin(input).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said {
            out: text(output.stdout),
            err: text(output.stderr),
            status: output.status.code().unwrap_or(-1),
        }
    }

    /// The same call, which must once in three times have taken less than the bound: the machine may be busy.
    pub(crate) fn run_within(&self, bound: Duration, arguments: &[&str]) -> Said {
        let mut times = Vec::new();
        for _ in 0..3 {
            let begun = Instant::now();
            let said = self.run(arguments);
            times.push(begun.elapsed());
            if times.iter().any(|taken| *taken < bound) {
                return said;
            }
        }
        panic!("{arguments:?} took {times:?}, and {bound:?} were allowed");
    }
}
