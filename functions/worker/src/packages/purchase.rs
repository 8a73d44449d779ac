//! What is sold together with a repository: while a purchase opens the gate, its customer may install its packages.
//!
//! Level-triggered: what the purchase asks for is read and compared with what its customer was granted by it. So it may be
//! done again and again, late, and by two at once.

use std::collections::BTreeMap;

use domain::{
    Failure, LogId,
    customer::{Customer, CustomerId, NewCustomer},
    grant::{Grant, Grants},
    log::{Action, Actor, LogEntry, LogStatus},
    package::PackageName,
    purchase::Purchase,
    repository::packages_in_words,
    text::CustomerName,
};
use store::{BuyerLinks, Change, Holder};

use crate::{App, Error, TRIES};

type Packages = BTreeMap<PackageName, Grant>;

/// Gives the customers of purchases what is sold with them, or takes it back.
pub(crate) async fn grant_all(app: &App, purchases: &[Purchase]) -> Result<(), Error> {
    for purchase in purchases.iter().filter(|purchase| !purchase.packages.is_empty()) {
        grant_purchase(app, purchase).await?;
    }
    Ok(())
}

/// Gives a purchase's customer what is sold with it, or takes it back.
pub(crate) async fn grant_purchase(app: &App, purchase: &Purchase) -> Result<(), Error> {
    let mut purchase = purchase.clone();
    for _ in 0..TRIES {
        if settle(app, &purchase).await? == Change::Made {
            return Ok(());
        }
        let newest = app.store.purchase(purchase.company, purchase.id).await?;
        purchase = newest.ok_or(Error::Contended)?;
    }
    Err(Error::Contended)
}

async fn settle(app: &App, purchase: &Purchase) -> Result<Change, Error> {
    let desired = purchase.package_grants(app.clock.now());
    let links = app.store.links_of_buyer(purchase).await?;
    let customer = match holder(app, purchase, links.purchase).await? {
        None if desired.is_empty() => return Ok(Change::Made),
        // Not yet linked, or the vendor deleted the customer.
        None => by_address(app, purchase, links.address).await?,
        linked => linked,
    };
    match customer {
        Some(holder) => change(app, purchase, links, &holder, desired).await,
        None => make(app, purchase, links, desired).await,
    }
}

async fn holder(app: &App, purchase: &Purchase, id: Option<CustomerId>) -> Result<Option<Holder>, Error> {
    match id {
        Some(id) => Ok(app.store.holder(purchase.company, id).await?),
        None => Ok(None),
    }
}

/// The customer that was made for this address, else the first one that has it.
async fn by_address(app: &App, purchase: &Purchase, made: Option<CustomerId>) -> Result<Option<Holder>, Error> {
    let has_address = |holder: &Holder| holder.customer.email.is_same(&purchase.email);
    if let Some(made) = holder(app, purchase, made).await?.filter(has_address) {
        return Ok(Some(made));
    }
    let oldest = app.store.customers_with_email(purchase.company, &purchase.email).await?.into_iter().next();
    // The list may be a moment old.
    Ok(holder(app, purchase, oldest.map(|customer| customer.id)).await?.filter(has_address))
}

async fn change(
    app: &App,
    purchase: &Purchase,
    links: BuyerLinks,
    before: &Holder,
    desired: Packages,
) -> Result<Change, Error> {
    let had = before.grants.purchases.get(&purchase.id).cloned().unwrap_or_default();
    let entry = line(app, purchase, &before.customer, Action::AccessChanged).changing(
        "packages",
        &words(&had),
        &words(&desired),
    );
    let Some(after) = before.grants.with_purchase(purchase.id, desired) else { return Ok(Change::Made) };
    Ok(app.store.grant_by_purchase(purchase, links, (before, &after), &entry).await?)
}

/// The customer has no token yet: the buyer makes one, with the letter that proves the address.
async fn make(app: &App, purchase: &Purchase, links: BuyerLinks, desired: Packages) -> Result<Change, Error> {
    let (company, now) = (purchase.company, app.clock.now());
    let made = u64::try_from(app.store.roster(company).await?.customers_made).unwrap_or(0);
    let id = CustomerId::of_number(made + 1);
    let id = id.ok_or_else(|| Failure::broken("numbering a customer", "there are no more numbers"))?;
    let name = CustomerName::parse(&purchase.buyer.login).or_else(|_| CustomerName::parse("Buyer"));
    let name = name.map_err(|problem| Failure::broken("naming a customer", problem))?;
    let new = NewCustomer { name, email: purchase.email.clone(), external_id: None, expires_at: None };
    let customer = Customer::new(id, new, None, now);
    let entries = [
        line(app, purchase, &customer, Action::CustomerCreated),
        line(app, purchase, &customer, Action::AccessChanged).changing("packages", "none", &words(&desired)),
    ];
    let grants = Grants { purchases: BTreeMap::from([(purchase.id, desired)]), ..Grants::default() };
    Ok(app.store.insert_buyer(purchase, links, &Holder { customer, grants }, &entries).await?)
}

fn line(app: &App, purchase: &Purchase, customer: &Customer, action: Action) -> LogEntry {
    let now = app.clock.now();
    LogEntry::new(LogId::generate(now, &app.random), now, Actor::Tollgate, action, LogStatus::Success)
        .about(purchase)
        .about_customer(customer)
}

fn words(packages: &Packages) -> String {
    let constraint = |(name, grant): (&PackageName, &Grant)| (name.clone(), grant.constraint.clone());
    packages_in_words(&packages.iter().map(constraint).collect())
}
