//! The customers of purchases: what is sold together with a repository is granted to the customer with the buyer's address.

use domain::{
    CompanyId, Failure, PurchaseId,
    customer::{Customer, CustomerId},
    grant::Grants,
    log::LogEntry,
    purchase::Purchase,
    tally::Roster,
};

use crate::{
    Change, Holder, Store,
    customers::{Link, row},
    granted::links,
    keys::{self, Key},
    sha256,
    table::{Freshness, Write, item, number, read},
    tallies::Added,
};

/// Where the customer of a purchase was found or made. A customer that was deleted since is named still.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BuyerLinks {
    /// For the purchase itself.
    pub purchase: Option<CustomerId>,
    /// For all purchases with its address.
    pub address: Option<CustomerId>,
}

impl Store {
    /// Where the customer of a purchase was found or made before.
    pub async fn links_of_buyer(&self, purchase: &Purchase) -> Result<BuyerLinks, Failure> {
        let keys = [keys::customer_of_purchase(purchase.company, purchase.id), address_key(purchase)];
        let [own, address] = self.table.get_together(&keys, Freshness::Strong).await?;
        let customer =
            |link: Option<_>| Ok::<_, Failure>(link.map(read::<Link>).transpose()?.map(|link| link.customer));
        Ok(BuyerLinks { purchase: customer(own)?, address: customer(address)? })
    }

    /// The customer of a purchase, if it has one: whom the purchase was linked to when it first granted something.
    pub async fn holder_of_purchase(&self, company: CompanyId, id: PurchaseId) -> Result<Option<Holder>, Failure> {
        let key = keys::customer_of_purchase(company, id);
        match self.table.get::<Link>(&key, Freshness::Strong).await? {
            Some(link) => self.holder(company, link.customer).await,
            None => Ok(None),
        }
    }

    /// Changes what a customer was granted by a purchase, and links the purchase to the customer. Nothing is written if the
    /// purchase, the customer, its grants or the link is another by now: what is granted is what the purchase asks for.
    pub async fn grant_by_purchase(
        &self,
        purchase: &Purchase,
        known: BuyerLinks,
        (before, after): (&Holder, &Grants),
        entry: &LogEntry,
    ) -> Result<Change, Failure> {
        let (company, id) = (purchase.company, before.customer.id);
        let (added, removed) = (links(company, id, after), links(company, id, &before.grants));
        let mut writes = vec![
            self.table.check_rev(&keys::customer(company, id), before.customer.rev)?,
            self.table.check_rev(&keys::purchase(company, purchase.id), purchase.rev)?,
            self.grants_write(company, id, after, before.grants.rev)?,
        ];
        writes.extend(self.link_write(&keys::customer_of_purchase(company, purchase.id), known.purchase, id)?);
        writes.extend(self.log_writes_about(company, Some(purchase.repository), std::slice::from_ref(entry))?);
        for key in added.iter().filter(|key| !removed.contains(key)) {
            writes.push(self.grant_link(key, id)?);
        }
        for key in removed.iter().filter(|key| !added.contains(key)) {
            writes.push(self.table.delete(key, None, Vec::new())?);
        }
        Ok(self.table.write_all_if(writes).await?.into())
    }

    /// Makes the customer of a purchase, with what the purchase grants. Of two purchases with one address that do this at once,
    /// one finds the other's customer when it is asked again.
    pub async fn insert_buyer(
        &self,
        purchase: &Purchase,
        known: BuyerLinks,
        holder: &Holder,
        entries: &[LogEntry],
    ) -> Result<Change, Failure> {
        let (company, customer) = (purchase.company, &holder.customer);
        let own = keys::customer_of_purchase(company, purchase.id);
        let mut writes = vec![
            self.table.put_if_absent(row(company, customer)?)?,
            self.table.check_rev(&keys::purchase(company, purchase.id), purchase.rev)?,
            self.grants_write(company, customer.id, &holder.grants, 0)?,
        ];
        writes.extend(self.link_write(&own, known.purchase, customer.id)?);
        writes.extend(self.link_write(&address_key(purchase), known.address, customer.id)?);
        for key in links(company, customer.id, &holder.grants) {
            writes.push(self.grant_link(&key, customer.id)?);
        }
        writes.extend(self.log_writes_about(company, Some(purchase.repository), entries)?);
        let difference = Roster { customers_made: 1, ..Roster::of(customer) };
        writes.extend(self.add_sums(company, None, customer.created_at, &Added::default().roster(difference))?);
        Ok(self.table.write_all_if(writes).await?.into())
    }

    /// Changes a purchase together with its customer's token, unless somebody else changed either. What is listed and counted
    /// of the customer stays: it has not expired.
    pub async fn change_buyer(
        &self,
        (before, after): (&Purchase, &Purchase),
        (customer, changed): (&Customer, &Customer),
        entry: &LogEntry,
    ) -> Result<Change, Failure> {
        let company = before.company;
        let mut writes =
            vec![self.table.put_over(row(company, changed)?, customer.rev)?, self.replace_purchase(before, after)?];
        writes.extend(self.log_writes_about(company, Some(before.repository), std::slice::from_ref(entry))?);
        Ok(self.table.write_all_if(writes).await?.into())
    }

    fn grants_write(&self, company: CompanyId, id: CustomerId, grants: &Grants, rev: u64) -> Result<Write, Failure> {
        let grants = Grants { rev: rev + 1, ..grants.clone() };
        self.table.put_next(item("grants", &keys::grants(company, id), &grants)?, rev)
    }

    fn grant_link(&self, key: &Key, customer: CustomerId) -> Result<Write, Failure> {
        self.table.put_in(item("grant-link", key, &Link { customer })?)
    }

    /// Leads to this customer from now on, unless it does; only if it still leads where it did when it was read.
    fn link_write(&self, key: &Key, before: Option<CustomerId>, after: CustomerId) -> Result<Option<Write>, Failure> {
        let link = item("buyer", key, &Link { customer: after })?;
        match before {
            Some(before) if before == after => Ok(None),
            Some(before) => {
                let leads_there = (":before", number(before.number()));
                self.table.put_if(link, Some("#number = :before"), Some(leads_there)).map(Some)
            }
            None => self.table.put_if_absent(link).map(Some),
        }
    }
}

fn address_key(purchase: &Purchase) -> Key {
    keys::customer_of_buyer(purchase.company, &sha256(&purchase.email.to_lowercase()))
}
