//! Every number, its severity, its one-line summary and its page.
//!
//! Enters: nothing. Leaves: [`Code`]. A number is never reused; a code, its page and its test come in one change.
//! It deliberately knows no place and no wording of a particular mistake.

use super::Severity;

macro_rules! codes {
    ($($name:ident = $number:literal, $digits:literal, $severity:ident, $summary:literal;)*) => {
        /// The kind of a mistake. Blocks: RC01 syntax, RC02 names, RC03 types and units, RC04 rollout rules, RC05 routes
        /// and objects, RC06 analysis and queries, RC07 steps and time, RC08 simulation, RC09 cluster and manifests; RC0000 is our bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $summary] $name = $number,)*
        }

        impl Code {
            /// All codes in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// `RC0304`.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => concat!("RC", $digits),)* }
            }

            /// One phrase that says what all mistakes of this code have in common.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$name => $summary,)* }
            }

            /// Whether nothing is built because of it.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// The page: Markdown, which is also `rollcast explain` and a test.
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("../../book/src/codes/RC", $digits, ".md")),)*
                }
            }
        }
    };
}

impl Code {
    /// The code of `RC0304`, `rc0304` or `0304`.
    pub fn from_id(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("RC").or_else(|| text.strip_prefix("rc")).unwrap_or(text);
        Self::ALL.iter().copied().find(|code| code.id().strip_prefix("RC") == Some(digits))
    }
}

codes! {
    InternalError = 0, "0000", Error, "rollcast itself failed";
    UnknownStatement = 101, "0101", Error, "a word that begins no statement here";
    UnclosedBlock = 102, "0102", Error, "a `{` that is never closed";
    StrayBrace = 103, "0103", Error, "a `}` that closes nothing";
    MalformedStatement = 104, "0104", Error, "a statement that breaks off or goes on wrongly";
    UnclosedString = 105, "0105", Error, "a string that is never closed";
    StrayCharacter = 106, "0106", Error, "a character that the language does not use";
    TooDeep = 107, "0107", Error, "blocks nested deeper than any program needs";
    TooLarge = 108, "0108", Error, "a file larger than any program needs";
    NotYet = 109, "0109", Error, "a part of the language that this version does not compile";
    NotText = 110, "0110", Error, "a file that is not UTF-8 text";
    UnknownSlo = 201, "0201", Error, "an slo that nobody declared";
    UnknownSignal = 202, "0202", Error, "a signal that Rollcast does not know";
    UnknownParam = 203, "0203", Error, "a name that is no param";
    UnknownRollout = 204, "0204", Error, "a scenario for a rollout that is not there";
    DuplicateName = 205, "0205", Error, "a name declared twice";
    UnknownEnv = 206, "0206", Error, "an env that nobody declared";
    ImportMissing = 207, "0207", Error, "an import that cannot be found";
    ImportCycle = 208, "0208", Error, "files that import each other";
    ImportUnreadable = 209, "0209", Error, "an import that cannot be read as a program";
    WrongUnit = 301, "0301", Error, "a value of another unit than the place wants";
    PercentageOutOfRange = 302, "0302", Error, "a percentage outside 0 to 100";
    MalformedDuration = 303, "0303", Error, "a duration that Argo and Prometheus would not read";
    SloUnit = 304, "0304", Error, "an slo whose threshold has another unit than its signal";
    NumberOutOfRange = 305, "0305", Error, "a number outside what the place allows";
    NoPods = 401, "0401", Error, "a rollout that does not say what it runs";
    NoStrategy = 402, "0402", Error, "a rollout that does not say how it goes out";
    NoRoute = 403, "0403", Error, "a rollout that does not say how its traffic is split";
    DuplicateStatement = 404, "0404", Error, "a statement that may stand once and stands twice";
    BadName = 405, "0405", Error, "a name that Kubernetes refuses";
    ContradictingSlos = 406, "0406", Warning, "slos of which one promises what another forbids";
    UnusedSlo = 407, "0407", Warning, "an slo that no analysis measures";
    PodsUnreadable = 501, "0501", Error, "a pods file that cannot be read";
    PodsNotAWorkload = 502, "0502", Error, "a pods file that is no Deployment and no Pod template";
    PodsIncomplete = 503, "0503", Error, "pods that lack what a Service needs";
    BadRoute = 504, "0504", Error, "a route field with a value that Istio refuses";
    MissingField = 505, "0505", Error, "a block without a field that it needs";
    WorkloadOpaque = 506, "0506", Error, "a workload of which labels and port are unknown";
    EndlessAnalysis = 601, "0601", Error, "a step analysis that cannot end";
    AnalysisCannotFail = 602, "0602", Error, "an analysis that tolerates all it measures";
    CountInBackground = 603, "0603", Error, "a count for an analysis that runs in the background";
    WindowTooShort = 604, "0604", Warning, "a window in which a rate has too few samples";
    BetweenBuckets = 605, "0605", Warning, "a latency threshold between two histogram buckets";
    BackgroundFrom = 606, "0606", Error, "a background analysis that starts where no step is";
    TwoBackgrounds = 607, "0607", Error, "background analyses that start at different steps";
    SloTwice = 608, "0608", Error, "one analysis that names an slo twice";
    MalformedQuery = 610, "0610", Error, "a query that Prometheus would not take";
    QueryType = 611, "0611", Error, "a query that yields no number";
    SeveralSeries = 612, "0612", Error, "a query that may yield several series";
    WeightFalls = 701, "0701", Warning, "a step that takes traffic back";
    AnalysisBeforeTraffic = 702, "0702", Error, "an analysis before the canary has traffic";
    NoSteps = 703, "0703", Error, "a canary without steps";
    FractionOfASecond = 704, "0704", Error, "a pause or interval that is no whole number of seconds";
    UnguardedWeight = 705, "0705", Warning, "a weight that nothing measures";
    UnmetScenario = 801, "0801", Error, "an expectation that cannot be read against this rollout";
    ScenarioWithoutExpectation = 802, "0802", Warning, "a scenario that expects nothing";
    SeriesNotInWorld = 803, "0803", Warning, "a query for series that no synthetic world has";
    UnreadableRecording = 820, "0820", Error, "a recording that cannot be read";
    ForeignRecording = 821, "0821", Error, "a recording that has nothing of the rollout";
    AmbiguousRecording = 822, "0822", Error, "a recording in which canary and stable cannot be told apart";
    RecordingStart = 823, "0823", Error, "a release that begins where nothing is recorded";
    RecordedAlready = 824, "0824", Error, "a world that is recorded and described";
    UnreadQuery = 825, "0825", Warning, "a query for which a recording has no series";
    UnsupportedFamily = 826, "0826", Error, "a query that recorded traffic cannot answer";
    NamelessScenario = 840, "0840", Error, "a scenario without a name";
    VainAction = 841, "0841", Error, "an action on what is not there";
    FateOfStable = 842, "0842", Error, "a fate for pods that stand already";
    NothingAnswers = 850, "0850", Error, "a metric of manifests that no synthetic world can answer";
    AnswersUnreadable = 851, "0851", Error, "a file of measured values that cannot be read as that";
    AnswerMissing = 852, "0852", Error, "a metric for which the measured values have no answer";
    NotSimulated = 901, "0901", Error, "a feature of Argo Rollouts that is not simulated";
    ManifestUnreadable = 902, "0902", Error, "a manifest that is no YAML";
    ManifestTemplate = 903, "0903", Error, "a manifest that is still a template";
    ManifestRefused = 904, "0904", Error, "a manifest that the API server refuses";
    ManifestField = 905, "0905", Warning, "a field that the API server drops";
    ManifestTwice = 906, "0906", Warning, "one object written twice";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_ids_are_read_back() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        for code in Code::ALL {
            assert_eq!(Code::from_id(code.id()), Some(*code));
            assert!(code.page().starts_with(&format!("# {}: ", code.id())), "{} has no headline", code.id());
        }
    }
}
