//! Holds every company's log against its seals, as they are in the table now.

use std::fmt;

use anyhow::Result;
use domain::{
    CompanyId, LogId, Timestamp,
    seal::{Broken, Walk},
};
use store::Store;

/// What was found about one company's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whose log.
    pub company: CompanyId,
    /// How many seals there are.
    pub seals: usize,
    /// How many lines they hold.
    pub lines: usize,
    /// How many of those turned up late.
    pub late: usize,
    /// How many lines wait for the next seal.
    pub unsealed: usize,
    /// The hash of the last seal.
    pub last: Option<String>,
    /// The first thing that is not as it was sealed.
    pub broken: Option<Broken>,
}

/// Lines behind the last seal are counted up to here.
const MOST_UNSEALED: usize = 100_000;

/// Walks along the seals of every company.
///
/// # Errors
/// When the table does not answer.
pub async fn verify(store: &Store, now: Timestamp) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for company in store.companies().await? {
        findings.push(verify_company(store, company, now).await?);
    }
    Ok(findings)
}

async fn verify_company(store: &Store, company: CompanyId, now: Timestamp) -> Result<Finding> {
    let seals = store.seals(company).await?;
    let mut walk = Walk::along(&seals);
    let mut finding = Finding { company, seals: seals.len(), lines: 0, late: 0, unsealed: 0, last: None, broken: None };
    for seal in &seals {
        // Late ones come on top of those that the seal itself has.
        let found = store.lines(company, seal.after, seal.upto, usize::MAX).await?;
        if let Err(broken) = walk.step(seal, &found) {
            finding.broken = Some(broken);
            return Ok(finding);
        }
        finding.lines += seal.lines.len() + seal.late.len();
        finding.late += seal.late.len();
        finding.last = Some(seal.hash.clone());
    }
    let last = seals.last().map(|seal| seal.upto);
    finding.unsealed = store.lines(company, last, LogId::earliest(now), MOST_UNSEALED).await?.len();
    Ok(finding)
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { company, seals, lines, late, unsealed, last, broken } = self;
        write!(f, "company {company}: {lines} lines in {seals} seals ({late} late), {unsealed} not sealed yet: ")?;
        match (broken, last) {
            (Some(broken), _) => write!(f, "BROKEN: {broken}"),
            (None, Some(hash)) => write!(f, "ok, last seal {hash}"),
            (None, None) => f.write_str("ok, nothing is sealed yet"),
        }
    }
}
