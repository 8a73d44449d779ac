//! Sums, changed in the same transaction as what they count. There is one item a repository, and one for what belongs to
//! none: totals, how many lines the log has of each kind, and what happened on the last days.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    CompanyId, Failure, RepositoryId, Timestamp,
    log::{Action, LogEntry, LogStatus},
    purchase::Purchase,
    tally::{Day, Roster, Tally},
};
use serde::Deserialize;

use crate::{
    Store, keys,
    table::{Freshness, Partition, Write, number, text},
};

/// Days since 1970-01-01 (UTC).
pub type DayNumber = i64;

/// The day of a time.
pub fn day_number(at: Timestamp) -> DayNumber {
    at.as_second().div_euclid(24 * 60 * 60)
}

/// All that is summed up about a repository, or about what belongs to none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Purchases.
    pub tally: Tally,
    /// Customers and packages: only of what belongs to no repository.
    pub roster: Roster,
    /// Lines of the log by kind.
    pub lines: BTreeMap<(Action, LogStatus), i64>,
    /// What happened on the days that were not rolled up yet.
    pub days: BTreeMap<DayNumber, Day>,
}

/// What a change adds to the sums.
#[derive(Debug, Clone, Default)]
pub(crate) struct Added {
    tally: Tally,
    roster: Roster,
    day: Day,
    lines: Vec<(Action, LogStatus)>,
}

impl Added {
    /// And another line of the log.
    pub(crate) fn line(mut self, entry: &LogEntry) -> Self {
        self.lines.push((entry.action, entry.status));
        self
    }

    /// And other numbers of customers and packages.
    pub(crate) fn roster(mut self, difference: Roster) -> Self {
        self.roster = self.roster + difference;
        self
    }

    /// And a change of a purchase; `before` is missing for a new one.
    pub(crate) fn change(mut self, before: Option<&Purchase>, after: &Purchase) -> Self {
        self.tally = self.tally + (Tally::of(after) - before.map(Tally::of).unwrap_or_default());
        self.day = self.day + Day::of_change(before, after);
        self
    }

    /// The attributes that change, and by how much.
    fn attributes(&self, today: DayNumber) -> BTreeMap<String, i64> {
        let mut attributes: BTreeMap<String, i64> =
            self.tally.fields().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        attributes.extend(self.roster.fields().into_iter().map(|(name, value)| (name.to_owned(), value)));
        for (action, status) in &self.lines {
            // No word that DynamoDB reserves has this beginning; `less` would be one.
            *attributes.entry(format!("l_{}{}", action.code(), status.code())).or_default() += 1;
        }
        attributes.extend(self.day.fields().into_iter().map(|(name, value)| (format!("d{today}{name}"), value)));
        attributes.retain(|_, value| *value != 0);
        attributes
    }
}

impl Sums {
    /// How many lines of the log there are with this action and this status, or with any.
    pub fn lines_with(&self, action: Option<Action>, status: Option<LogStatus>) -> i64 {
        self.kinds(action, status).map(|(_, count)| count).sum()
    }

    /// The kinds of lines that there are, with this action and this status, or with any.
    pub fn kinds(
        &self,
        action: Option<Action>,
        status: Option<LogStatus>,
    ) -> impl Iterator<Item = ((Action, LogStatus), i64)> {
        let wanted = move |(kind, count): &((Action, LogStatus), i64)| {
            *count > 0 && action.is_none_or(|action| action == kind.0) && status.is_none_or(|status| status == kind.1)
        };
        self.lines.iter().map(|(kind, count)| (*kind, *count)).filter(wanted)
    }

    pub(crate) fn read(item: &BTreeMap<String, Stored>) -> Self {
        let number = |name: &str| match item.get(name) {
            Some(Stored::Number(number)) => *number,
            _ => 0,
        };
        let (tally, roster) = (Tally::from_fields(number), Roster::from_fields(number));
        let mut sums = Self { tally, roster, ..Self::default() };
        for (action, status) in Action::ALL.iter().flat_map(|action| LogStatus::ALL.map(|status| (*action, status))) {
            let count = number(&format!("l_{}{}", action.code(), status.code()));
            if count != 0 {
                sums.lines.insert((action, status), count);
            }
        }
        for name in item.keys() {
            let digits = name.strip_prefix('d').and_then(|rest| rest.get(..rest.len().saturating_sub(1)));
            let day = digits.filter(|digits| !digits.is_empty()).and_then(|digits| digits.parse::<DayNumber>().ok());
            if let Some(day) = day {
                sums.days.entry(day).or_insert_with(|| Day::from_fields(|field| number(&format!("d{day}{field}"))));
            }
        }
        sums
    }
}

/// An attribute of the item: a number, or something else that is none of the sums.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Stored {
    Number(i64),
    Other(serde_json::Value),
}

impl Store {
    /// The sums over a repository.
    pub async fn sums(&self, company: CompanyId, repository: RepositoryId) -> Result<Sums, Failure> {
        let item: Option<BTreeMap<String, Stored>> =
            self.table.get(&keys::tally(company, repository), Freshness::Eventual).await?;
        Ok(item.map(|item| Sums::read(&item)).unwrap_or_default())
    }

    /// The sums over each of a company's repositories; under `None` what belongs to none.
    pub async fn all_sums(&self, company: CompanyId) -> Result<HashMap<Option<RepositoryId>, Sums>, Failure> {
        let pk = keys::tallies(company);
        let rows: Vec<BTreeMap<String, Stored>> =
            self.table.query(Partition { index: None, pk: &pk, newest_first: false, limit: None }).await?;
        let place = |row: &BTreeMap<String, Stored>| match row.get("sk") {
            Some(Stored::Other(serde_json::Value::String(sk))) => sk.parse().ok(),
            _ => None,
        };
        Ok(rows.into_iter().map(|row| (place(&row), Sums::read(&row))).collect())
    }

    /// How many customers and packages a company has. Read strongly: the next customer's number follows from it.
    pub async fn roster(&self, company: CompanyId) -> Result<Roster, Failure> {
        let item: Option<BTreeMap<String, Stored>> =
            self.table.get(&keys::tally_of_company(company), Freshness::Strong).await?;
        Ok(item.map(|item| Sums::read(&item).roster).unwrap_or_default())
    }

    /// The log lines of a change that is about no repository, and what it changes of the numbers of customers and packages.
    pub(crate) fn roster_writes(
        &self,
        company: CompanyId,
        entries: &[LogEntry],
        difference: Roster,
    ) -> Result<Vec<Write>, Failure> {
        let Some(last) = entries.last() else { return Ok(Vec::new()) };
        let added = entries.iter().fold(Added::default(), Added::line).roster(difference);
        let mut writes: Vec<Write> =
            entries.iter().map(|entry| self.log_line(company, entry)).collect::<Result<_, _>>()?;
        writes.extend(self.add_sums(company, None, last.created_at, &added)?);
        Ok(writes)
    }

    /// Adds to the sums; nothing when there is nothing to add.
    pub(crate) fn add_sums(
        &self,
        company: CompanyId,
        repository: Option<RepositoryId>,
        now: Timestamp,
        added: &Added,
    ) -> Result<Option<Write>, Failure> {
        let changed = added.attributes(day_number(now));
        if changed.is_empty() {
            return Ok(None);
        }
        let terms: Vec<_> = changed.keys().map(|name| format!("{name} :{name}")).collect();
        let mut values: Vec<(String, AttributeValue)> =
            changed.iter().map(|(name, change)| (format!(":{name}"), number(*change))).collect();
        values.push((":type".to_owned(), text("tally")));
        let key = repository.map_or_else(|| keys::tally_of_company(company), |id| keys::tally(company, id));
        let expression = format!("SET #type = :type ADD {}", terms.join(", "));
        self.table.update(&key, &expression, values, None).map(Some)
    }
}
