//! Series files as `promql-oracle` reads and writes them.
//!
//! Enters: a path, of JSON (`/api/v1/query_range`) or OpenMetrics, perhaps compressed with gzip. Leaves: a store.
//! It deliberately knows no queries.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use rollcast::promql::{Labels, STALE, Store};

/// Opens a file, unpacking it if it ends with `.gz`.
pub(crate) fn open(path: &Path) -> Box<dyn BufRead> {
    let file = std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_some_and(|extension| extension == "gz") {
        return Box::new(BufReader::new(flate2::read::GzDecoder::new(file)));
    }
    Box::new(BufReader::with_capacity(1 << 20, file))
}

/// The file `name` of a folder, or its compressed twin.
pub(crate) fn find(folder: &Path, name: &str) -> Option<std::path::PathBuf> {
    [name.to_owned(), format!("{name}.gz")].iter().map(|name| folder.join(name)).find(|path| path.exists())
}

/// Reads a series file.
pub(crate) fn read(path: &Path) -> Store {
    let json = path.to_string_lossy().contains(".json");
    let mut store = Store::new();
    if json {
        read_json(open(path), &mut store);
    } else {
        read_open_metrics(open(path), &mut store);
    }
    store
}

/// One series a line, as the oracle writes them.
fn read_json(mut input: Box<dyn BufRead>, store: &mut Store) {
    let mut line = String::new();
    loop {
        line.clear();
        if input.read_line(&mut line).unwrap() == 0 {
            return;
        }
        let Some((metric, values)) = line.trim_end().trim_end_matches(',').split_once(",\"values\":[") else {
            continue;
        };
        let metric: HashMap<String, String> = serde_json::from_str(&metric["{\"metric\":".len()..]).unwrap();
        let id = store.add_series(Labels::new(metric));
        for pair in values.split('[').skip(1) {
            let (t, rest) = pair.split_once(',').unwrap();
            let value = rest.split('"').nth(1).unwrap();
            store.append(id, millis(t), number(value)).unwrap();
        }
    }
}

/// Seconds with at most three decimals, in milliseconds.
pub(crate) fn millis(text: &str) -> i64 {
    (text.trim().parse::<f64>().unwrap() * 1000.0).round() as i64
}

/// A sample value.
pub(crate) fn number(text: &str) -> f64 {
    match text {
        "stale" => STALE,
        "NaN" => f64::NAN,
        _ => text.parse().unwrap(),
    }
}

fn read_open_metrics(mut input: Box<dyn BufRead>, store: &mut Store) {
    let mut text = String::new();
    input.read_to_string(&mut text).unwrap();
    let mut histograms = Vec::new();
    for line in text.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            let (name, kind) = family.split_once(' ').unwrap();
            if kind == "histogram" {
                histograms.push(format!("{name}_bucket"));
            }
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let (series, value, t) = split_sample(line);
        let (name, pairs) = parse_series(series);
        let mut labels = Labels::new(pairs).with("__name__", &name);
        if histograms.contains(&name) {
            let le = labels.get("le").to_owned();
            labels = labels.with("le", &normal_bound(&le));
        }
        let id = store.add_series(labels);
        store.append(id, (t.parse::<f64>().unwrap() * 1000.0) as i64, number(value)).unwrap();
    }
}

/// `series value timestamp`.
fn split_sample(line: &str) -> (&str, &str, &str) {
    let (rest, t) = line.rsplit_once(' ').unwrap();
    let (series, value) = rest.rsplit_once(' ').unwrap();
    (series, value, t)
}

/// `name{label="value",…}`.
fn parse_series(text: &str) -> (String, Vec<(String, String)>) {
    let Some((name, rest)) = text.split_once('{') else {
        return (text.to_owned(), Vec::new());
    };
    let mut pairs = Vec::new();
    let mut rest = rest.trim_end_matches('}');
    while let Some((label, tail)) = rest.split_once("=\"") {
        let (value, tail) = tail.split_once('"').unwrap();
        pairs.push((label.trim_start_matches(',').to_owned(), value.to_owned()));
        rest = tail;
    }
    (name.to_owned(), pairs)
}

/// A bucket bound as Prometheus rewrites it: `5` becomes `5.0`.
fn normal_bound(text: &str) -> String {
    let Ok(bound) = text.parse::<f64>() else {
        return text.to_owned();
    };
    if bound.is_infinite() {
        return if bound > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if bound != 0.0 && !(1e-4..1e6).contains(&bound.abs()) {
        let (digits, exponent) =
            format!("{bound:e}").split_once('e').map(|(d, e)| (d.to_owned(), e.to_owned())).unwrap();
        let exponent: i32 = exponent.parse().unwrap();
        return format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    }
    let plain = bound.to_string();
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}
