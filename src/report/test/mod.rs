//! What `rollcast test` found: files, their scenarios, what each was expected to do and what it did.
//!
//! Enters: results, filled in by whoever ran the scenarios. Leaves: text for people, JUnit XML for machines.
//! It deliberately runs nothing and compares nothing: whether an expectation was met is said, not found out, here.

mod junit;
mod text;

pub use junit::junit;
pub use text::text;

/// All that was tested.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestReport {
    /// In the order in which they were given.
    pub files: Vec<FileReport>,
    /// Wall time of it all in milliseconds; left out of the text where nobody measured it.
    pub elapsed_millis: Option<u64>,
}

/// One file's scenarios.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileReport {
    /// As the user would type it.
    pub file: String,
    /// In source order.
    pub scenarios: Vec<ScenarioReport>,
}

/// One scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScenarioReport {
    /// Its name.
    pub name: String,
    /// The rollout it is for.
    pub rollout: String,
    /// How many runs were played.
    pub runs: u64,
    /// What came of it, in a few words: `rolled back after 1m at 10 %`.
    pub seen: String,
    /// Each of its `expect` lines, in source order.
    pub expectations: Vec<ExpectationReport>,
    /// Why it could not be played, where it could not; then the rest is empty.
    pub problem: Option<String>,
    /// Plays it again in detail, ready to paste.
    pub replay: Option<String>,
}

/// One `expect` line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExpectationReport {
    /// As written: `promote in >= 99% of runs`.
    pub expected: String,
    /// Whether it came so.
    pub met: bool,
    /// What was seen in its place, with unit and count: `promoted in 912 of 1,000 runs (91.2 %, 89.3 to 92.8)`.
    pub seen: String,
    /// What helps to understand it, a line each: `63 runs rolled back by error-rate in step 2`.
    pub details: Vec<String>,
    /// Plays the run that shows it best, ready to paste.
    pub replay: Option<String>,
}

impl ScenarioReport {
    /// Whether it was played and all came as expected.
    pub fn is_as_expected(&self) -> bool {
        self.problem.is_none() && self.expectations.iter().all(|one| one.met)
    }
}

impl TestReport {
    /// Whether all scenarios were played and came as expected; decides the exit status.
    pub fn is_as_expected(&self) -> bool {
        self.scenarios().all(ScenarioReport::is_as_expected)
    }

    /// All scenarios of all files.
    pub fn scenarios(&self) -> impl Iterator<Item = &ScenarioReport> {
        self.files.iter().flat_map(|file| &file.scenarios)
    }

    /// Runs played in all.
    pub fn runs(&self) -> u64 {
        self.scenarios().map(|scenario| scenario.runs).sum()
    }
}
