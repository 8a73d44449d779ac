//! Create Customer.

use api::{ApiError, Check, Created, Input, Valid};
use auth::Admin;
use axum::extract::State;
use domain::{
    Failure,
    customer::{Customer, CustomerId, NewCustomer},
    log::Action,
    text::{CustomerName, Email, ExternalId},
};
use store::CustomerChange;

use crate::{App, change, views::CustomerView};

/// `POST /api/v1/customers`: make a customer. Its token is shown only now.
pub(crate) async fn create(
    admin: Admin,
    State(app): State<App>,
    Valid(New(new)): Valid<New>,
) -> Result<Created<CustomerView>, ApiError> {
    let (caller, mut roster) = admin.confirmed_reading(|company| app.store.roster(company)).await?;
    for _ in 0..change::TRIES {
        let line = caller.record(Action::CustomerCreated, app.clock.now(), &app.random);
        let now = line.created_at;
        let id = u64::try_from(roster.customers_made).ok().and_then(|made| CustomerId::of_number(made + 1));
        let id = id.ok_or_else(|| Failure::broken("numbering a customer", "there are no more numbers"))?;
        let token = id.issue_token(caller.company, &app.random);
        let customer = Customer::new(id, new.clone(), Some(&token), now);
        let line = line.about_customer(&customer);
        match app.store.insert_customer(caller.company, &customer, &line).await? {
            CustomerChange::Made => return Ok(Created(CustomerView::of(customer, now).showing(&token))),
            CustomerChange::ExternalIdTaken => return Err(change::external_id_taken()),
            // Somebody else was faster, and has the number.
            CustomerChange::Stale => roster = app.store.roster(caller.company).await?,
        }
    }
    Err(change::contended())
}

#[derive(Debug)]
pub(crate) struct New(NewCustomer);

impl Input for New {
    fn check(c: &mut Check) -> Option<Self> {
        let name = c.text("name", CustomerName::parse);
        let email = c.text("email", Email::parse);
        let external_id = c.text_or_none("external_id", ExternalId::parse);
        let expires_at = c.time_or_none("expires_at");
        let (name, email) = (name?, email?);
        Some(Self(NewCustomer { name, email, external_id: external_id?, expires_at: expires_at? }))
    }
}
