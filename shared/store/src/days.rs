//! What happened day by day: the days that the sums still hold, and those that were rolled up into months.
//!
//! A month is one item for all of a company's repositories, with the attributes `d<day><letter>`; one more item holds what
//! the days of each month add up to, as `d<month><letter>`. So any period takes two small reads. While a day is being rolled up, figures that are read at that moment may have it
//! twice or not at all.

use std::{collections::BTreeMap, ops::Add};

use domain::{
    CompanyId, Failure, RepositoryId, Timestamp,
    tally::{Day, Tally},
};

use crate::{
    DayNumber, Store, Sums, keys,
    table::{Freshness, Write, number, text},
    tallies::Stored,
};

/// Days that are rolled up in one transaction: an expression may have 4 KB and 300 operators.
const DAYS_AT_ONCE: usize = 20;

/// The figures of a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// What there is now.
    pub now: Tally,
    /// What happened in the period.
    pub period: Day,
}

/// What a rolling-up came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolledUp {
    /// Days that were moved.
    pub days: usize,
    /// Whether it has to be called again: there are more days, or somebody changed them meanwhile.
    pub again: bool,
}

impl Store {
    /// A company's figures since this day, or since ever.
    pub async fn figures(&self, company: CompanyId, since: Option<DayNumber>) -> Result<Figures, Failure> {
        let (sums, rolled_up) = futures::try_join!(self.all_sums(company), self.rolled_up(company, since))?;
        let is_meant = |day: &DayNumber| since.is_none_or(|since| *day >= since);
        let mut figures = Figures { now: Tally::default(), period: rolled_up };
        for sums in sums.values() {
            figures.now = figures.now + sums.tally;
            for (_, day) in sums.days.iter().filter(|(day, _)| is_meant(day)) {
                figures.period = figures.period + *day;
            }
        }
        Ok(figures)
    }

    /// Moves a repository's days before `before` out of its sums and into the months, in one transaction; with no repository
    /// those of what belongs to none.
    pub async fn roll_up(
        &self,
        company: CompanyId,
        repository: Option<RepositoryId>,
        before: DayNumber,
    ) -> Result<RolledUp, Failure> {
        let key = repository.map_or_else(|| keys::tally_of_company(company), |id| keys::tally(company, id));
        let item: Option<BTreeMap<String, Stored>> = self.table.get(&key, Freshness::Strong).await?;
        let sums = item.map(|item| Sums::read(&item)).unwrap_or_default();
        let old: Vec<(DayNumber, Day)> = sums.days.range(..before).map(|(day, figures)| (*day, *figures)).collect();
        let moved = &old[..old.len().min(DAYS_AT_ONCE)];
        if moved.is_empty() {
            return Ok(RolledUp { days: 0, again: false });
        }
        let mut writes = vec![self.take_days(&key, moved)?];
        let (mut days, mut months): (BTreeMap<String, Vec<_>>, BTreeMap<i64, Day>) = Default::default();
        for (day, figures) in moved {
            let place = place(*day)?;
            days.entry(place.name).or_default().push((place.day, *figures));
            let month = months.entry(place.month).or_default();
            *month = *month + *figures;
        }
        for (month, days) in &days {
            writes.push(self.add_days(&keys::days_of_month(company, month), days)?);
        }
        writes.push(self.add_days(&keys::months(company), &months.into_iter().collect::<Vec<_>>())?);
        let moved = if self.table.write_all_if(writes).await? { moved.len() } else { 0 };
        Ok(RolledUp { days: moved, again: moved < old.len() })
    }

    /// What was rolled up, since this day or since ever.
    async fn rolled_up(&self, company: CompanyId, since: Option<DayNumber>) -> Result<Day, Failure> {
        let Some(since) = since else {
            let months = self.days_at(&keys::months(company)).await?;
            return Ok(months.into_values().fold(Day::default(), Add::add));
        };
        let first = place(since)?;
        let (key, months) = (keys::days_of_month(company, &first.name), keys::months(company));
        let (days, months) = futures::try_join!(self.days_at(&key), self.days_at(&months))?;
        let days = days.range(first.day..).map(|(_, day)| *day);
        let months = months.range(first.month + 1..).map(|(_, month)| *month);
        Ok(days.chain(months).fold(Day::default(), Add::add))
    }

    async fn days_at(&self, key: &keys::Key) -> Result<BTreeMap<i64, Day>, Failure> {
        let item: Option<BTreeMap<String, Stored>> = self.table.get(key, Freshness::Eventual).await?;
        Ok(item.map(|item| Sums::read(&item).days).unwrap_or_default())
    }

    /// Removes days that are as they were read.
    fn take_days(&self, key: &keys::Key, days: &[(DayNumber, Day)]) -> Result<Write, Failure> {
        let attributes = attributes(days);
        let names: Vec<&str> = attributes.keys().map(String::as_str).collect();
        let unchanged: Vec<String> = names.iter().map(|name| format!("{name} = :{name}")).collect();
        let values = attributes.iter().map(|(name, value)| (format!(":{name}"), number(*value))).collect();
        let expression = format!("REMOVE {}", names.join(", "));
        self.table.update(key, &expression, values, Some(&unchanged.join(" AND ")))
    }

    fn add_days(&self, key: &keys::Key, days: &[(i64, Day)]) -> Result<Write, Failure> {
        let attributes = attributes(days);
        let terms: Vec<String> = attributes.keys().map(|name| format!("{name} :{name}")).collect();
        let mut values: Vec<_> = attributes.iter().map(|(name, value)| (format!(":{name}"), number(*value))).collect();
        values.push((":type".to_owned(), text("days")));
        self.table.update(key, &format!("SET #type = :type ADD {}", terms.join(", ")), values, None)
    }
}

/// The attributes of days. A figure that is nothing is none.
fn attributes(days: &[(i64, Day)]) -> BTreeMap<String, i64> {
    let fields = days.iter().flat_map(|(day, figures)| {
        figures.fields().into_iter().map(move |(letter, value)| (format!("d{day}{letter}"), value))
    });
    fields.filter(|(_, value)| *value != 0).collect()
}

/// Where a day is.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// Its month: `2026-11`.
    name: String,
    /// The same as a number: 202611.
    month: i64,
    /// Its number in the month.
    day: i64,
}

fn place(day: DayNumber) -> Result<Place, Failure> {
    let at = Timestamp::from_second(day * 24 * 60 * 60).map_err(|error| Failure::broken("naming a day", error))?;
    let date = at.to_string();
    let number = |text: &str| text.parse::<i64>().map_err(|error| Failure::broken("naming a day", error));
    let name = date.get(..7).unwrap_or_default();
    let (month, day) = (number(&name.replace('-', ""))?, number(date.get(8..10).unwrap_or_default())?);
    Ok(Place { name: name.to_owned(), month, day })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_its_place_in_a_month() {
        let at = |name: &str, month, day| Place { name: name.to_owned(), month, day };
        assert_eq!(place(0).unwrap(), at("1970-01", 197_001, 1));
        assert_eq!(place(20_454).unwrap(), at("2026-01", 202_601, 1));
        assert_eq!(place(20_453).unwrap(), at("2025-12", 202_512, 31));
    }
}
