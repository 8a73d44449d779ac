//! The start-up of every function against an empty Lambda in the same run, held to the budget.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, ensure};

use crate::{
    measure::{Lambda, Start},
    workspace::{self, Workspace},
};

/// Starts per binary. All binaries take turns, so that a busy moment of the machine hits them alike.
const ROUNDS: usize = 15;
/// Instructions from exec to the first poll.
const INSTRUCTIONS: u64 = 3_000_000;
/// Bytes of a stripped binary.
const SIZE: u64 = 9_000_000;
/// Times the start of an empty Lambda. Wall time is noisy, so this one is shown and does not fail the run.
const RATIO: f64 = 2.5;

/// One line of the table.
struct Row {
    name: String,
    instructions: Option<u64>,
    time: Duration,
    size: u64,
    peak: u64,
}

/// Builds (unless `binaries` are given), measures, prints, and fails when a budget is exceeded.
pub(crate) fn run(workspace: &Workspace, binaries: &[&str]) -> Result<()> {
    let paths = if binaries.is_empty() { build(workspace)? } else { binaries.iter().map(PathBuf::from).collect() };
    let lambda = Lambda::start()?;
    let mut starts: Vec<Vec<Start>> = paths.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for (path, starts) in paths.iter().zip(&mut starts) {
            starts.push(lambda.time(path)?);
        }
    }
    let rows = paths.iter().zip(starts).map(|(path, starts)| row(&lambda, workspace, path, &starts));
    let rows = rows.collect::<Result<Vec<Row>>>()?;
    print(&rows);
    let over: Vec<&str> = rows.iter().filter(|row| !row.within_budget()).map(|row| row.name.as_str()).collect();
    ensure!(over.is_empty(), "over the budget: {}", over.join(", "));
    Ok(())
}

/// The release binaries, the empty Lambda first: the others are compared with it.
fn build(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut cargo = workspace.cargo(&["build", "--release", "--bins", "-p", "runtime", "--example", "empty"]);
    workspace::run(cargo.args(workspace.packages()))?;
    let release = workspace.target.join("release");
    let functions = workspace.functions.iter().map(|name| release.join(name));
    Ok([release.join("examples/empty")].into_iter().chain(functions).collect())
}

fn row(lambda: &Lambda, workspace: &Workspace, path: &Path, starts: &[Start]) -> Result<Row> {
    let mut times: Vec<Duration> = starts.iter().map(|start| start.time).collect();
    times.sort_unstable();
    Ok(Row {
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        instructions: lambda.instructions(path, &workspace.target)?,
        time: times[times.len() / 2],
        size: fs::metadata(path)?.len(),
        peak: starts.iter().map(|start| start.peak).max().unwrap_or_default(),
    })
}

impl Row {
    fn within_budget(&self) -> bool {
        self.size <= SIZE && self.instructions.is_none_or(|instructions| instructions <= INSTRUCTIONS)
    }
}

fn print(rows: &[Row]) {
    if rows.iter().any(|row| row.instructions.is_none()) {
        println!("valgrind is not installed, so instructions are not counted (apt-get install valgrind)\n");
    }
    println!("From exec to the first poll, median of {ROUNDS} starts; ! is over the budget");
    println!(
        "{:<18} {:>15} {:>12} {:>8} {:>12} {:>9}",
        "function", "instructions", "time", "ratio", "binary", "peak RSS"
    );
    let Some(empty) = rows.first() else { return };
    for row in rows {
        let ratio = row.time.as_secs_f64() / empty.time.as_secs_f64();
        let instructions = row.instructions.map_or("-".to_owned(), |count| millions(count) + " M");
        println!(
            "{:<18} {instructions:>14}{} {:>9.2} ms {ratio:>7.2}{} {:>8} MB{} {:>6} MB",
            row.name,
            mark(row.instructions.is_some_and(|count| count > INSTRUCTIONS)),
            row.time.as_secs_f64() * 1000.0,
            mark(ratio > RATIO),
            millions(row.size),
            mark(row.size > SIZE),
            millions(row.peak),
        );
    }
    println!(
        "{:<18} {:>14}  {:>12} {RATIO:>7.2}  {:>8} MB",
        "budget",
        millions(INSTRUCTIONS) + " M",
        "",
        millions(SIZE)
    );
}

fn mark(over: bool) -> char {
    if over { '!' } else { ' ' }
}

/// `1_234_567` as `1.23`.
fn millions(count: u64) -> String {
    format!("{}.{:02}", count / 1_000_000, count % 1_000_000 / 10_000)
}
