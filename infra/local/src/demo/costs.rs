//! What the story cost, by kind of work.

use std::{fmt, time::Duration};

use testkit::connector::Usage;

/// What one kind of work has cost so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Cost {
    /// Requests answered, or messages worked off.
    pub(super) count: usize,
    pub(super) time: Duration,
    pub(super) calls: usize,
    pub(super) read_units: f64,
    pub(super) write_units: f64,
}

impl Cost {
    pub(super) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.time += other.time;
        self.calls += other.calls;
        self.read_units += other.read_units;
        self.write_units += other.write_units;
    }

    pub(super) fn of(count: usize, time: Duration, usage: &Usage) -> Self {
        let (read_units, write_units) = (usage.read_units, usage.write_units);
        Self { count, time, calls: usage.calls.len(), read_units, write_units }
    }
}

/// The kinds of work, in the order in which they first came up.
#[derive(Debug, Default)]
pub(super) struct Costs(Vec<(String, Cost)>);

impl Costs {
    pub(super) fn add(&mut self, kind: &str, cost: &Cost) {
        match self.0.iter_mut().find(|(known, _)| known == kind) {
            Some((_, sum)) => sum.add(cost),
            None => self.0.push((kind.to_owned(), cost.clone())),
        }
    }
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<26}{:>7}{:>12}{:>12}{:>12}{:>13}",
            "", "number", "time", "AWS calls", "read units", "write units"
        )?;
        let mut total = Cost::default();
        for (kind, cost) in &self.0 {
            row(f, kind, cost)?;
            total.add(cost);
        }
        row(f, "total", &total)
    }
}

fn row(f: &mut fmt::Formatter<'_>, kind: &str, cost: &Cost) -> fmt::Result {
    let Cost { count, calls, read_units, write_units, .. } = cost;
    writeln!(f, "{kind:<26}{count:>7}{:>12}{calls:>12}{read_units:>12}{write_units:>13}", milliseconds(cost.time))
}

/// `3.1 ms`.
pub(super) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_sums_what_is_of_one_kind_and_all_of_it() {
        let cost =
            |calls, read_units| Cost { count: 1, time: Duration::from_millis(2), calls, read_units, write_units: 3.0 };
        let mut costs = Costs::default();
        costs.add("requests", &cost(1, 0.5));
        costs.add("webhooks", &cost(1, 0.0));
        costs.add("requests", &cost(2, 1.0));
        let lines: Vec<Vec<String>> =
            costs.to_string().lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
        assert_eq!(lines[1], ["requests", "2", "4.0", "ms", "3", "1.5", "6"]);
        assert_eq!(lines[3], ["total", "3", "6.0", "ms", "4", "1.5", "9"]);
    }
}
