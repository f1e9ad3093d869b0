//! Recordings: series of samples in the notations that Prometheus and its tools write.
//!
//! Enters: bytes of a recording. Leaves: series with their samples in milliseconds, or the line that cannot be read
//! and why; no line is passed over in silence.
//! It deliberately opens no files and asks nothing of the samples: what they mean is for queries to say.

mod decompress;
mod exposition;
mod load;
mod matrix;
mod merge;
mod store;
mod write;

pub use decompress::{DecompressError, decompress};
pub use merge::{MergeError, Merged};
pub use write::query_json;

use store::{Store, Watch};

/// One series: who it is and its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Label names and values, sorted by name; the metric's name is `__name__`.
    pub labels: Vec<(String, String)>,
    /// Milliseconds since the epoch and values; times strictly increase.
    pub samples: Vec<(i64, f64)>,
}

/// Bits of the value that ends a series: not a number, and none that arithmetic makes.
///
/// Source: Prometheus v3.15.1, model/value/value.go, StaleNaN.
pub const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;

/// Bits of every other value that is not a number.
///
/// Source: Prometheus v3.15.1, model/value/value.go, NormalNaN.
pub const NAN_BITS: u64 = 0x7ff8_0000_0000_0001;

/// Whether the value is a staleness marker.
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_BITS
}

/// Notations of recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics text with a timestamp, in seconds, on every line and `# EOF` at the end.
    OpenMetrics,
    /// Prometheus' text format with a timestamp, in milliseconds, on every line.
    Prometheus,
    /// The JSON answer of `/api/v1/query_range` or `/api/v1/query`, its `data`, or the bare list of results.
    ///
    /// The value `"stale"`, an extension, is a staleness marker, which the answer cannot say otherwise.
    Query,
    /// The `load` commands of Prometheus' test language, from the epoch on.
    Load,
}

impl Format {
    /// The format of a file, by its name where that is telling and by its first bytes where not.
    pub fn detect(name: &str, text: &[u8]) -> Format {
        let name = name.to_ascii_lowercase();
        let name = [".gz", ".zst"].iter().find_map(|packed| name.strip_suffix(packed)).unwrap_or(&name);
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("json") => return Format::Query,
            Some("om" | "openmetrics") => return Format::OpenMetrics,
            Some("prom") => return Format::Prometheus,
            Some("load") => return Format::Load,
            _ => {}
        }
        let text = text.trim_ascii_start();
        if is_json(text) {
            return Format::Query;
        }
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let first = lines.clone().find(|line| !line.is_empty() && !line.starts_with(b"#"));
        if first.is_some_and(load::is_command) {
            return Format::Load;
        }
        let ends = text.trim_ascii_end().ends_with(b"# EOF");
        if ends { Format::OpenMetrics } else { Format::Prometheus }
    }
}

/// Whether the text begins as a list or an object does; names of metrics may stand in braces and quotes, too.
fn is_json(text: &[u8]) -> bool {
    match text {
        [b'[', ..] => true,
        [b'{', rest @ ..] => {
            let Some(rest) = rest.trim_ascii_start().strip_prefix(b"\"") else {
                return false;
            };
            let key = rest.iter().position(|byte| *byte == b'"').and_then(|end| rest.get(end + 1..));
            key.is_some_and(|rest| rest.trim_ascii_start().starts_with(b":"))
        }
        _ => false,
    }
}

/// Why a recording cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 1, where it is known.
    pub column: Option<usize>,
    /// What is wrong there.
    pub message: String,
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ReadError {}

/// Reads a recording. The series come in the order in which they first appear, which is the order Prometheus would add
/// them up in.
///
/// # Errors
/// The first line that cannot be read, with the reason.
pub fn read(text: &[u8], format: Format) -> Result<Vec<Series>, ReadError> {
    read_into(Store::default(), text, format)
}

/// The line and the column of a sample, by the labels of its series, sorted and without empty values, and its time; for
/// complaints about recordings that [`read`] takes.
pub fn place_of(
    text: &[u8],
    format: Format,
    labels: &[(String, String)],
    millis: i64,
) -> Option<(usize, Option<usize>)> {
    let store = Store::watching(Some(Watch { labels, millis }));
    let error = read_into(store, text, format).err()?;
    (error.message == store::FOUND).then_some((error.line, error.column))
}

fn read_into(store: Store<'_>, text: &[u8], format: Format) -> Result<Vec<Series>, ReadError> {
    if format == Format::Query {
        return matrix::read(store, text);
    }
    let text = std::str::from_utf8(text).map_err(|error| {
        let before = text.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        ReadError { line, column: None, message: "not UTF-8".to_owned() }
    })?;
    match format {
        Format::Load => load::read(store, text),
        _ => exposition::read(store, text, format == Format::OpenMetrics),
    }
}
