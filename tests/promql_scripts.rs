//! Prometheus' own test scripts, run against our evaluator.
//!
//! Enters: folders of `*.test` files from `ROLLCAST_PROMQL_SCRIPTS` (separated by `:`), by default those beside the
//! repository. Leaves: how many `eval`s passed, failed, and were skipped for which reason.
//! It deliberately skips what is refused: native histograms, and experimental syntax that is not supported.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::option_option,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed; it reads files and says what it found"
)]

#[path = "support/script.rs"]
mod script;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use rollcast::promql::{Answer, Labels, Mode, Options, Plan, RangeSeries, SeriesId, Store, parse};
use script::{Cell, Command, Expect, Row, When};

/// What became of an `eval`.
enum Verdict {
    Passed,
    Failed(String),
    Skipped(&'static str),
}

fn scripts() -> Option<Vec<PathBuf>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/promqltest");
    let roots = std::env::var("ROLLCAST_PROMQL_SCRIPTS").unwrap_or_else(|_| beside.display().to_string());
    let mut all = Vec::new();
    for root in roots.split(':').filter(|root| Path::new(root).is_dir()) {
        all.extend(std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()));
    }
    all.retain(|path| path.extension().is_some_and(|extension| extension == "test"));
    all.sort();
    (!all.is_empty()).then_some(all)
}

/// The store of a script, and which of its series hold native histograms.
#[derive(Default)]
struct World {
    store: Store,
    native: HashSet<SeriesId>,
}

impl World {
    fn load(&mut self, interval: i64, nhcb: bool, rows: &[Row]) {
        for (number, row) in rows.iter().enumerate() {
            // Of two rows with the same labels, only the later is loaded.
            if rows[number + 1..].iter().any(|later| later.labels == row.labels) {
                continue;
            }
            let id = self.store.add_series(row.labels.clone());
            for (i, cell) in row.cells.iter().enumerate() {
                match cell {
                    Cell::Missing => {}
                    // A sample at an instant that has one already is dropped, as Prometheus' own storage does here.
                    Cell::Float(value) => drop(self.store.append(id, interval * i as i64, *value)),
                    Cell::Histogram => drop(self.native.insert(id)),
                }
            }
            if nhcb && let Some(base) = row.labels.metric().strip_suffix("_bucket") {
                let native = row.labels.with("__name__", base).with("le", "");
                self.native.insert(self.store.add_series(native));
            }
        }
    }
}

const EPSILON: f64 = 1e-6;

fn close(a: f64, b: f64) -> bool {
    (a.is_nan() && b.is_nan()) || a == b || (a - b).abs() <= EPSILON * a.abs().max(b.abs())
}

fn check_vector(ours: &[(Labels, f64)], expect: &Expect) -> Result<(), String> {
    if ours.len() != expect.rows.len() {
        return Err(format!("{} elements instead of {}: {ours:?}", ours.len(), expect.rows.len()));
    }
    for (i, row) in expect.rows.iter().enumerate() {
        let found = ours.iter().position(|(labels, _)| *labels == row.labels);
        let Some(found) = found else {
            return Err(format!("no {} in {ours:?}", row.labels));
        };
        if expect.ordered && found != i {
            return Err(format!("{} is number {found} instead of {i}", row.labels));
        }
        let Some(Cell::Float(wanted)) = row.cells.first() else {
            return Err("a native histogram is expected".to_owned());
        };
        if !close(ours[found].1, *wanted) {
            return Err(format!("{} is {} instead of {wanted}", row.labels, ours[found].1));
        }
    }
    Ok(())
}

fn check_matrix(
    ours: &[RangeSeries],
    expect: &Expect,
    (start, end, step): (i64, i64, i64),
) -> Result<(), String> {
    let steps = (end - start) / step + 1;
    let rows: Vec<&Row> =
        expect.rows.iter().filter(|row| row.cells.iter().any(|cell| *cell != Cell::Missing)).collect();
    if ours.len() != rows.len() {
        return Err(format!("{} series instead of {}: {ours:?}", ours.len(), rows.len()));
    }
    for row in rows {
        let Some(own) = ours.iter().find(|series| series.labels == row.labels) else {
            return Err(format!("no {} in {ours:?}", row.labels));
        };
        let mut wanted = Vec::new();
        for (i, cell) in row.cells.iter().enumerate().take(steps as usize) {
            if let Cell::Float(value) = cell {
                wanted.push((start + step * i as i64, *value));
            }
        }
        let same = own.points.len() == wanted.len()
            && own.points.iter().zip(&wanted).all(|(a, b)| a.0 == b.0 && close(a.1, b.1));
        if !same {
            return Err(format!("{} is {:?} instead of {wanted:?}", row.labels, own.points));
        }
    }
    Ok(())
}

/// An instant query is also the middle of a range query, unless order matters or the query asks for its own bounds.
fn check_as_range(plan: &mut Plan, world: &World, t: i64, expect: &Expect, expr: &str) -> Result<(), String> {
    if expect.ordered || ["start()", "end()", "step()", "range()"].iter().any(|bound| expr.contains(bound)) {
        return Ok(());
    }
    let series = plan
        .evaluate_range(&world.store, t - 60_000, t + 60_000, 60_000)
        .map_err(|e| format!("as range: {}", e.message))?;
    let mut middle = Vec::new();
    for own in series {
        if let Some(point) = own.points.iter().find(|point| point.0 == t) {
            middle.push((own.labels.clone(), point.1));
        }
    }
    check_vector(&middle, expect).map_err(|error| format!("as range: {error}"))
}

fn check_notes(plan: &Plan, expect: &Expect) -> Result<(), String> {
    let notes = plan.notes();
    for (warning, wanted) in [(true, expect.warn), (false, expect.info)] {
        let any = notes.iter().any(|note| note.warning == warning);
        if wanted.is_some_and(|wanted| wanted != any) {
            return Err(format!("warnings or infos differ: {notes:?}"));
        }
    }
    Ok(())
}

fn check_result(
    world: &World,
    plan: &mut Plan,
    when: When,
    expect: &Expect,
    expr: &str,
) -> Result<(), String> {
    let When::Instant(t) = when else {
        let When::Range(start, end, step) = when else { unreachable!() };
        let series = plan
            .evaluate_range(&world.store, start, end, step)
            .map_err(|e| format!("error: {}", e.message))?;
        check_notes(plan, expect)?;
        return check_matrix(&series, expect, (start, end, step));
    };
    let answer = plan.evaluate(&world.store, t).map_err(|e| format!("error: {}", e.message))?;
    match answer {
        Answer::Scalar(value) => match expect.scalar {
            Some(wanted) if close(value, wanted) => return Ok(()),
            wanted => return Err(format!("{value} instead of {wanted:?}")),
        },
        Answer::String(text) => {
            let same = expect.string.as_deref() == Some(text);
            return if same { Ok(()) } else { Err(format!("{text:?} instead of {:?}", expect.string)) };
        }
        Answer::Matrix(series) => {
            let at = series.first().map_or((t, t, 1), |own| (own.points[0].0, t, 1));
            return check_matrix(series, expect, at);
        }
        Answer::Vector(samples) => {
            let ours: Vec<(Labels, f64)> = samples.iter().map(|s| (s.labels.clone(), s.value)).collect();
            check_vector(&ours, expect)?;
        }
    }
    check_notes(plan, expect)?;
    check_as_range(plan, world, t, expect, expr)
}

fn run(world: &World, expr: &str, when: When, expect: &Expect) -> Verdict {
    let failed = |message: String| match &expect.fail {
        None => Verdict::Failed(format!("unexpected error: {message}")),
        Some(Some(wanted)) if !message.contains(wanted.as_str()) => {
            Verdict::Failed(format!("error {message:?} instead of {wanted:?}"))
        }
        Some(_) => Verdict::Passed,
    };
    let native = expect.rows.iter().any(|row| row.cells.contains(&Cell::Histogram));
    if native {
        return Verdict::Skipped("native histograms");
    }
    let tree = match parse(expr, Mode::Test) {
        Ok(tree) => tree,
        Err(error) => return failed(error.message),
    };
    let options = Options { delayed_name_removal: true, ..Options::default() };
    let mut plan = match Plan::new(&tree, &world.store, &options) {
        Ok(plan) => plan,
        Err(error) if error.message.contains("native histograms") => {
            return Verdict::Skipped("native histograms");
        }
        Err(error) if error.message.contains("not supported") => return Verdict::Skipped("experimental"),
        Err(error) => return failed(error.message),
    };
    if plan.series().iter().any(|id| world.native.contains(id)) {
        return Verdict::Skipped("native histograms");
    }
    if expect.fail.is_some() {
        let outcome = match when {
            When::Instant(t) => plan.evaluate(&world.store, t).map(drop),
            When::Range(start, end, step) => plan.evaluate_range(&world.store, start, end, step).map(drop),
        };
        return outcome
            .map_or_else(|error| failed(error.message), |()| Verdict::Failed("no error".to_owned()));
    }
    match check_result(world, &mut plan, when, expect, expr) {
        Ok(()) => Verdict::Passed,
        Err(message) => Verdict::Failed(message),
    }
}

#[test]
fn scripts_of_prometheus_pass() {
    let Some(scripts) = scripts() else {
        println!("skipped: no scripts; set ROLLCAST_PROMQL_SCRIPTS");
        return;
    };
    let (mut passed, mut failed) = (0, 0);
    let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
    for path in scripts {
        let mut world = World::default();
        for command in script::read(&std::fs::read_to_string(&path).unwrap()) {
            match command {
                Command::Clear => world = World::default(),
                Command::Load(interval, nhcb, rows) => world.load(interval, nhcb, &rows),
                Command::Eval { line, expr, when, expect } => match run(&world, &expr, when, &expect) {
                    Verdict::Passed => passed += 1,
                    Verdict::Skipped(reason) => *skipped.entry(reason).or_default() += 1,
                    Verdict::Failed(message) => {
                        failed += 1;
                        let name = path.file_name().unwrap().to_string_lossy().into_owned();
                        println!("{name}:{line}: {expr}\n    {message}");
                    }
                },
            }
        }
    }
    for (reason, count) in &skipped {
        println!("{count} skipped: {reason}");
    }
    println!("{passed} passed, {failed} failed, {} skipped", skipped.values().sum::<usize>());
    assert!(passed > 0 && failed == 0);
}
