//! The table: what was measured beside what is allowed.

use std::fmt;

use testkit::connector::Usage;

/// What confirming the credential takes of a request's read units: a strong read, whatever else the request does.
const CREDENTIAL: f64 = 1.0;

/// What is allowed. `None`: not limited, and shown all the same.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Budget {
    calls: Option<usize>,
    deep: Option<usize>,
    reads: Option<f64>,
    writes: Option<f64>,
    /// What is known to be missed for now, and held so that it gets no worse.
    known_reads: Option<f64>,
}

impl Budget {
    /// An authenticated `GET` of one thing, and the product page.
    pub(crate) fn get() -> Self {
        Self { deep: Some(1), ..Self::default() }
    }

    /// A request that writes.
    pub(crate) fn write() -> Self {
        Self { deep: Some(2), ..Self::default() }
    }

    /// A request that writes what is in a customer's bundles: which those are is known only when the customer is.
    pub(crate) fn write_with_bundles() -> Self {
        Self { deep: Some(3), ..Self::default() }
    }

    /// Making a customer who installs packages: 10, and one for the index by address.
    pub(crate) fn package_customer() -> Self {
        Self { writes: Some(11.0), ..Self::write() }
    }

    /// What a customer was granted: the customer, the bundles, the packages, their indexes in S3, one after the other.
    pub(crate) fn packages_of_customer() -> Self {
        Self { deep: Some(4), ..Self::default() }
    }

    /// A checkout, which makes a customer. One write unit counts it: a limit of ten is not counted in portions. Four note
    /// Stripe's session, which is a third round, after Stripe has answered.
    pub(crate) fn checkout() -> Self {
        Self { writes: Some(17.0), deep: Some(3), ..Self::default() }
    }

    /// Making GitHub match: GitHub's answers lie between the rounds. An invitation takes six rounds: the entitlement, its
    /// purchases, the day's budget, counting the invitation (4 writes), what was seen (15 writes), the letter.
    pub(crate) fn access() -> Self {
        Self { deep: Some(6), ..Self::job(19.0) }
    }

    /// A page of 20 rows, whichever.
    pub(crate) fn list() -> Self {
        Self { deep: Some(3), reads: Some(3.0 + CREDENTIAL), ..Self::default() }
    }

    /// The same with a filter.
    pub(crate) fn filtered_list() -> Self {
        Self { reads: Some(7.0 + CREDENTIAL), ..Self::list() }
    }

    /// The dashboard, of any period.
    pub(crate) fn dashboard() -> Self {
        Self { deep: Some(3), reads: Some(6.0 + CREDENTIAL), ..Self::default() }
    }

    /// What Composer resolves from: the customer with its grants and the package, then the index of versions.
    pub(crate) fn metadata() -> Self {
        Self { deep: Some(2), reads: Some(3.0), writes: Some(0.0), ..Self::default() }
    }

    /// What a customer may install of: the customer with its grants, then the packages, each of which is half a read unit, and
    /// the bundles. Of those in bundles the descriptions come in a third round.
    pub(crate) fn root() -> Self {
        Self { deep: Some(2), reads: Some(12.0), writes: Some(0.0), ..Self::default() }
    }

    /// The way to an archive. It is counted beside the reading.
    pub(crate) fn download() -> Self {
        Self { deep: Some(1), reads: Some(4.0), writes: Some(1.0), ..Self::default() }
    }

    /// The first time a customer downloads a version: there is nothing to count it with yet, so it is counted when it is
    /// allowed.
    pub(crate) fn first_download() -> Self {
        Self { deep: Some(2), writes: Some(2.0), ..Self::download() }
    }

    /// With a token that was made up, a version that the customer has: what was counted is taken back.
    pub(crate) fn forged_download() -> Self {
        Self { deep: Some(2), writes: Some(2.0), ..Self::download() }
    }

    /// A package with its versions: their index is in S3, until it was read.
    pub(crate) fn package() -> Self {
        Self { deep: Some(2), reads: Some(2.0 + CREDENTIAL), ..Self::default() }
    }

    /// A request that writes and sends a job off.
    pub(crate) fn asking() -> Self {
        Self { deep: Some(3), ..Self::default() }
    }

    /// Clearing away what a package left behind: customer by customer, and in S3.
    pub(crate) fn cleared() -> Self {
        Self { calls: Some(16), writes: Some(28.0), ..Self::default() }
    }

    /// A request that deletes something unless it is in use, and sends a job off.
    pub(crate) fn deleted() -> Self {
        Self { deep: Some(4), ..Self::default() }
    }

    /// Other packages in a bundle: they are looked for between reading it and writing it.
    pub(crate) fn changed_bundle() -> Self {
        Self { deep: Some(3), ..Self::default() }
    }

    /// A sync: the forge's answers lie between the calls.
    pub(crate) fn sync(calls: usize, writes: f64) -> Self {
        Self { calls: Some(calls), writes: Some(writes), ..Self::default() }
    }

    /// A page of the customers of a package: of all of them the links are read, each of up to 80 bytes (half a read unit for
    /// 4 KB, and a round for each megabyte), and of those on the page the customer and its grants.
    pub(crate) fn customers_of_package(rows: usize) -> Self {
        let rows = u32::try_from(rows).unwrap();
        let rounds = usize::try_from(rows.div_ceil(12_500)).unwrap();
        let deep = Self::list().deep.map(|most| most + rounds);
        Self { deep, ..Self::filtered_list() }.known_to_read(24.0 + f64::from(rows) / 100.0)
    }

    /// Ten installed versions: the customer, the packages and versions, the counts.
    pub(crate) fn told() -> Self {
        Self { deep: Some(3), reads: Some(13.0), writes: Some(10.0), ..Self::default() }
    }

    /// A webhook whose event is of interest.
    pub(crate) fn webhook() -> Self {
        Self { calls: Some(1), deep: Some(1), ..Self::default() }
    }

    /// What is refused or dropped before anybody is asked.
    pub(crate) fn nothing() -> Self {
        Self { calls: Some(0), ..Self::default() }
    }

    /// Counting so many requests of one caller, of whom a tenth of the limit is still left.
    pub(crate) fn counting(requests: u32) -> Self {
        Self { writes: Some(f64::from(requests) / 10.0), ..Self::default() }
    }

    /// The payments half of the event that opens the gate.
    pub(crate) fn activation() -> Self {
        Self::job(10.0)
    }

    /// Any other message: one reading, one writing, one sending after the other. Their write units have no budget of
    /// the design's; they are held to what they take, so that more of them are noticed.
    pub(crate) fn job(writes: f64) -> Self {
        Self { deep: Some(3), writes: Some(writes), ..Self::default() }
    }

    /// More read units are known to be taken for now.
    pub(crate) fn known_to_read(self, units: f64) -> Self {
        Self { known_reads: Some(units), ..self }
    }

    /// A page that is found by walking over so many rows of up to 800 bytes: half a read unit for 4 KB, and a round for each
    /// megabyte.
    pub(crate) fn walking(self, rows: u32) -> Self {
        let rounds = usize::try_from(rows.div_ceil(1250)).unwrap();
        Self { deep: self.deep.map(|most| most + rounds), ..self.known_to_read(8.0 + f64::from(rows) / 10.0) }
    }

    fn verdict(&self, usage: &Usage) -> &'static str {
        let others = self.calls.is_none_or(|most| usage.calls.len() <= most)
            && self.deep.is_none_or(|most| usage.chain <= most)
            && self.writes.is_none_or(|most| usage.write_units <= most);
        let within = |most: Option<f64>| most.is_none_or(|most| usage.read_units <= most);
        match (others, within(self.reads), self.known_reads) {
            (true, true, _) => "ok",
            (true, false, Some(known)) if usage.read_units <= known => "known",
            _ => OVER,
        }
    }
}

const OVER: &str = "OVER";

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = [
            self.calls.map(|most| format!("{most} call{}", if most == 1 { "" } else { "s" })),
            self.deep.map(|most| format!("{most} deep")),
            self.reads.map(|most| format!("{most} read")),
            self.writes.map(|most| format!("{most} write")),
        ];
        f.pad(&limits.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// The rows of one kind of data.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<(String, Usage, Budget)>,
}

impl Table {
    pub(crate) fn add(&mut self, what: impl Into<String>, usage: Usage, budget: Budget) {
        self.rows.push((what.into(), usage, budget));
    }

    /// The rows that take more than they are allowed.
    pub(crate) fn over_budget(&self) -> Vec<&str> {
        let over = self.rows.iter().filter(|(_, usage, budget)| budget.verdict(usage) == OVER);
        over.map(|(what, ..)| what.as_str()).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<60}{:>5}{:>6}{:>6}{:>7}  budget", "", "calls", "deep", "read", "write")?;
        for (what, usage, budget) in &self.rows {
            let Usage { calls, chain, read_units, write_units } = usage;
            let (calls, verdict) = (calls.len(), budget.verdict(usage));
            writeln!(f, "{what:<60}{calls:>5}{chain:>6}{read_units:>6}{write_units:>7}  {budget:<18}{verdict}")?;
        }
        Ok(())
    }
}
