//! Customers who install packages, and what they were granted. The grants are an item of their own, so that lists of
//! customers stay small; both are read at once.

use domain::{
    CompanyId, Failure,
    customer::{Customer, CustomerId, CustomerStatus},
    grant::Grants,
    log::LogEntry,
    package::PackageName,
    paging::PageRequest,
    tally::Roster,
    text::{BundleName, Email, ExternalId},
};
use serde::{Deserialize, Serialize};

use crate::{
    Found, Store,
    granted::{Named, links},
    keys::{self, Key, customer_place},
    lists::Source,
    sha256,
    table::{Freshness, Item, Partition, Refusal, Write, index, item, number, read},
};

/// Links that are changed in the transaction of the grants they belong to. More of them are changed around it.
pub(crate) const MOST_LINKS: usize = 80;

/// What became of a change to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum CustomerChange {
    /// It was made.
    Made,
    /// Somebody else was faster: read again.
    Stale,
    /// Another customer has the external id.
    ExternalIdTaken,
}

/// A customer with all that it was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The customer.
    pub customer: Customer,
    /// What it was granted.
    pub grants: Grants,
}

/// Whose something is.
#[derive(Serialize, Deserialize)]
pub(crate) struct Link {
    #[serde(rename = "number")]
    pub(crate) customer: CustomerId,
}

/// The end of a customer's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// Whose customer.
    pub company: CompanyId,
    /// Which.
    #[serde(rename = "number")]
    pub customer: CustomerId,
    /// When.
    #[serde(with = "domain::stored::seconds")]
    pub at: domain::Timestamp,
}

impl Store {
    /// A customer. Read strongly: all that a token is confirmed with is this one item.
    pub async fn customer(&self, company: CompanyId, id: CustomerId) -> Result<Option<Customer>, Failure> {
        self.table.get(&keys::customer(company, id), Freshness::Strong).await
    }

    /// A customer with its grants, read at once and strongly.
    pub async fn holder(&self, company: CompanyId, id: CustomerId) -> Result<Option<Holder>, Failure> {
        let keys = [keys::customer(company, id), keys::grants(company, id)];
        holder(self.table.get_together(&keys, Freshness::Strong).await?)
    }

    /// The customer whom the vendor's own system calls so.
    pub async fn customer_by_external_id(
        &self,
        company: CompanyId,
        external_id: &ExternalId,
    ) -> Result<Option<Customer>, Failure> {
        let key = keys::external_id(company, &sha256(external_id.as_str()));
        match self.table.get::<Link>(&key, Freshness::Strong).await? {
            Some(link) => self.customer(company, link.customer).await,
            None => Ok(None),
        }
    }

    /// The customers with an address, oldest first. They may be a moment old.
    pub async fn customers_with_email(&self, company: CompanyId, email: &Email) -> Result<Vec<Customer>, Failure> {
        let pk = keys::customers_with_email(company, &sha256(&email.to_lowercase()));
        self.table.query(Partition { index: Some("gsi2"), pk: &pk, newest_first: false, limit: None }).await
    }

    /// A page of the company's customers, newest first; only those with a status if asked.
    pub async fn customers(
        &self,
        company: CompanyId,
        status: Option<CustomerStatus>,
        page: &PageRequest,
    ) -> Result<Found<Customer>, Failure> {
        let roster = self.roster(company).await?;
        let rows = u64::try_from(roster.customers(status)).unwrap_or(0);
        if status.is_none() {
            let made = u64::try_from(roster.customers_made).unwrap_or(0);
            if let Some(found) = self.page_by_number(company, (rows, made), page).await? {
                return Ok(Ok(found));
            }
        }
        let source = match status {
            None => Source { index: None, pk: keys::customers(company), rows },
            Some(status) => Source { index: Some("gsi1"), pk: keys::customers_with_status(company, status), rows },
        };
        self.page_of(&[source], page, |row: &Customer| customer_place(row.id)).await
    }

    /// Makes a customer. [`CustomerChange::Stale`]: another one has its number.
    pub async fn insert_customer(
        &self,
        company: CompanyId,
        customer: &Customer,
        entry: &LogEntry,
    ) -> Result<CustomerChange, Failure> {
        let mut writes = vec![self.table.put_if_absent(row(company, customer)?)?];
        writes.extend(self.external_id_write(company, customer)?);
        writes.extend(self.expiry_writes(company, None, Some(customer))?);
        let difference = Roster { customers_made: 1, ..Roster::of(customer) };
        writes.extend(self.roster_writes(company, std::slice::from_ref(entry), difference)?);
        self.customer_change(writes).await
    }

    /// Changes a customer that nobody else changed since `before` was read.
    pub async fn change_customer(
        &self,
        company: CompanyId,
        before: &Customer,
        after: &Customer,
        entry: &LogEntry,
    ) -> Result<CustomerChange, Failure> {
        let writes = self.customer_writes(company, before, after, std::slice::from_ref(entry))?;
        self.customer_change(writes).await
    }

    /// Changes what a customer was granted, and the customer itself if that changed, unless somebody else changed either, or
    /// a package or bundle that comes with this is gone. The numbers of the changes are given here.
    pub async fn change_grants(
        &self,
        company: CompanyId,
        before: &Holder,
        after: &Holder,
        entries: &[LogEntry],
    ) -> Result<CustomerChange, Failure> {
        let id = before.customer.id;
        let grants = Grants { rev: before.grants.rev + 1, ..after.grants.clone() };
        let (added, removed) = (links(company, id, &grants), links(company, id, &before.grants));
        let new: Vec<&Key> = added.iter().filter(|key| !removed.contains(key)).collect();
        let old: Vec<&Key> = removed.iter().filter(|key| !added.contains(key)).collect();
        let mut writes = if before.customer == after.customer {
            let mut writes = vec![self.table.check_rev(&keys::customer(company, id), before.customer.rev)?];
            writes.extend(self.roster_writes(company, entries, Roster::default())?);
            writes
        } else {
            self.customer_writes(company, &before.customer, &after.customer, entries)?
        };
        writes.push(self.table.put_next(item("grants", &keys::grants(company, id), &grants)?, before.grants.rev)?);
        let come = Named::of(&grants).without(&Named::of(&before.grants));
        let apart = new.len() + old.len() + come.len() > MOST_LINKS;
        let link = |key: &Key| self.table.put_in(item("grant-link", key, &Link { customer: id })?);
        let unlink = |key: &Key| self.table.delete(key, None, Vec::new());
        if apart {
            // Too many for one transaction. Who is not linked would not be found; who is linked in vain is seen not to have it.
            self.in_portions(new.iter().map(|key| link(key)).collect::<Result<_, _>>()?).await?;
        } else {
            writes.extend(new.iter().map(|key| link(key)).collect::<Result<Vec<_>, _>>()?);
            writes.extend(old.iter().map(|key| unlink(key)).collect::<Result<Vec<_>, _>>()?);
            for key in come.keys(company) {
                writes.push(self.table.check_present(&key)?);
            }
        }
        let change = self.customer_change(writes).await?;
        if apart && change == CustomerChange::Made {
            self.unlink((company, id), grants.rev, old.into_iter().cloned().collect()).await?;
            let holder = Holder { grants, customer: after.customer.clone() };
            return self.take_back(company, holder, come).await;
        }
        Ok(change)
    }

    /// Removes a customer with all that it was granted. When this returns, its token is not accepted any more.
    pub async fn remove_customer(
        &self,
        company: CompanyId,
        holder: &Holder,
        entry: &LogEntry,
    ) -> Result<CustomerChange, Failure> {
        let Holder { customer, grants } = holder;
        let rev = |rev: u64| vec![(":rev".to_owned(), number(rev))];
        let key = keys::customer(company, customer.id);
        let mut writes = vec![self.table.delete(&key, Some("rev = :rev"), rev(customer.rev))?];
        if grants.rev > 0 {
            let key = keys::grants(company, customer.id);
            writes.push(self.table.delete(&key, Some("rev = :rev"), rev(grants.rev))?);
        } else {
            // Somebody may grant the first one at this moment.
            writes.push(self.table.check_absent(&keys::grants(company, customer.id))?);
        }
        if let Some(external_id) = &customer.external_id {
            let key = keys::external_id(company, &sha256(external_id.as_str()));
            writes.push(self.table.delete(&key, None, Vec::new())?);
        }
        writes.extend(self.expiry_writes(company, Some(customer), None)?);
        writes.push(self.gap_write(company, customer.id)?);
        let difference = Roster::default() - Roster::of(customer);
        writes.extend(self.roster_writes(company, std::slice::from_ref(entry), difference)?);
        let links = links(company, customer.id, grants);
        let unlink = links.iter().map(|key| self.table.delete(key, None, Vec::new()));
        let unlink: Vec<Write> = unlink.collect::<Result<_, _>>()?;
        if unlink.len() <= MOST_LINKS {
            writes.extend(unlink);
            return self.customer_change(writes).await;
        }
        let change = self.customer_change(writes).await?;
        if change == CustomerChange::Made {
            self.in_portions(unlink).await?;
        }
        Ok(change)
    }

    /// The ends of customers' times that have come, the longest past first, of all companies.
    pub async fn expiries(&self, now: domain::Timestamp, limit: usize) -> Result<Vec<Expiry>, Failure> {
        let pk = keys::expiries();
        let rows: Vec<Expiry> =
            self.table.query(Partition { index: None, pk: &pk, newest_first: false, limit: Some(limit) }).await?;
        Ok(rows.into_iter().filter(|row| row.at <= now).collect())
    }

    /// The customers that a package was granted to by itself, or that are frozen at a version of it, oldest first.
    pub async fn package_customers(
        &self,
        company: CompanyId,
        package: &PackageName,
    ) -> Result<Vec<CustomerId>, Failure> {
        self.linked(&keys::package_customers(company, package)).await
    }

    /// The customers that a bundle was granted to, oldest first.
    pub async fn bundle_customers(&self, company: CompanyId, bundle: &BundleName) -> Result<Vec<CustomerId>, Failure> {
        self.linked(&keys::bundle_customers(company, bundle)).await
    }

    pub(crate) async fn linked(&self, pk: &str) -> Result<Vec<CustomerId>, Failure> {
        let links: Vec<Link> =
            self.table.query(Partition { index: None, pk, newest_first: false, limit: None }).await?;
        Ok(links.into_iter().map(|link| link.customer).collect())
    }

    /// Customers with their grants, in the order of their ids; those that are gone are left out. They may be a moment old.
    pub async fn holders(&self, company: CompanyId, ids: &[CustomerId]) -> Result<Vec<Holder>, Failure> {
        let customers: Vec<Key> = ids.iter().map(|id| keys::customer(company, *id)).collect();
        let grants: Vec<Key> = ids.iter().map(|id| keys::grants(company, *id)).collect();
        let (mut customers, grants) = futures::try_join!(
            self.table.get_many::<Customer>(&customers, Freshness::Eventual),
            self.table.get_many::<Granted>(&grants, Freshness::Eventual),
        )?;
        customers.sort_by_key(|customer| customer.id);
        let place = |id: CustomerId| format!("{:010}", id.number());
        let grants_of = |id| grants.iter().find(|row| row.sk == place(id)).map(|row| row.grants.clone());
        let holder = |customer: Customer| Holder { grants: grants_of(customer.id).unwrap_or_default(), customer };
        Ok(customers.into_iter().map(holder).collect())
    }

    fn customer_writes(
        &self,
        company: CompanyId,
        before: &Customer,
        after: &Customer,
        entries: &[LogEntry],
    ) -> Result<Vec<Write>, Failure> {
        let mut writes = vec![self.table.put_over(row(company, after)?, before.rev)?];
        if before.external_id != after.external_id {
            writes.extend(self.external_id_write(company, after)?);
            if let Some(old) = &before.external_id {
                let key = keys::external_id(company, &sha256(old.as_str()));
                writes.push(self.table.delete(&key, None, Vec::new())?);
            }
        }
        writes.extend(self.expiry_writes(company, Some(before), Some(after))?);
        let difference = Roster::of(after) - Roster::of(before);
        writes.extend(self.roster_writes(company, entries, difference)?);
        Ok(writes)
    }

    fn external_id_write(&self, company: CompanyId, customer: &Customer) -> Result<Option<Write>, Failure> {
        let Some(external_id) = &customer.external_id else { return Ok(None) };
        let key = keys::external_id(company, &sha256(external_id.as_str()));
        let link = item("external-id", &key, &Link { customer: customer.id })?;
        // Its own place in the list of writes tells which condition failed.
        self.table.put_if_absent(link).map(Some)
    }

    /// The list of ends holds each customer that has one and was not yet seen to have reached it.
    fn expiry_writes(
        &self,
        company: CompanyId,
        before: Option<&Customer>,
        after: Option<&Customer>,
    ) -> Result<Vec<Write>, Failure> {
        let end = |customer: Option<&Customer>| {
            let customer = customer.filter(|customer| !customer.expired)?;
            Some(Expiry { company, customer: customer.id, at: customer.expires_at? })
        };
        let key = |expiry: &Expiry| keys::expiry(expiry.at, expiry.company, expiry.customer);
        let (before, after) = (end(before), end(after));
        if before == after {
            return Ok(Vec::new());
        }
        let old = before.map(|old| self.table.delete(&key(&old), None, Vec::new()));
        let new = after.map(|new| self.table.put_in(item("expiry", &key(&new), &new)?));
        old.into_iter().chain(new).collect()
    }

    /// The first write is the customer's own, or the check of it; the guard of an external id comes second where there is one.
    async fn customer_change(&self, writes: Vec<Write>) -> Result<CustomerChange, Failure> {
        match self.table.transact(writes).await {
            Ok(()) => Ok(CustomerChange::Made),
            Err(Refusal::Conditions(failed)) if failed == [1] => Ok(CustomerChange::ExternalIdTaken),
            Err(Refusal::Conditions(_)) => Ok(CustomerChange::Stale),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }

    /// Writes without conditions that need not belong together, as many at a time as a transaction takes.
    pub(crate) async fn in_portions(&self, writes: Vec<Write>) -> Result<(), Failure> {
        let mut writes = writes.into_iter().peekable();
        while writes.peek().is_some() {
            let portion: Vec<Write> = writes.by_ref().take(MOST_LINKS).collect();
            self.table.write_all_if(portion).await?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Granted {
    sk: String,
    #[serde(flatten)]
    grants: Grants,
}

pub(crate) fn holder([customer, grants]: [Option<Item>; 2]) -> Result<Option<Holder>, Failure> {
    let Some(customer) = customer else { return Ok(None) };
    let grants = grants.map(read).transpose()?.unwrap_or_default();
    Ok(Some(Holder { customer: read(customer)?, grants }))
}

pub(crate) fn row(company: CompanyId, customer: &Customer) -> Result<Item, Failure> {
    let key = keys::customer(company, customer.id);
    let place = key.sk.clone();
    let mut row = item("customer", &key, customer)?;
    index(&mut row, "gsi1", keys::customers_with_status(company, customer.listed_status()), place.clone());
    index(&mut row, "gsi2", keys::customers_with_email(company, &sha256(&customer.email.to_lowercase())), place);
    Ok(row)
}
