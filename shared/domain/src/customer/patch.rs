//! What a vendor changes of a customer. Contract `cargoman.md`, "Update Customer".

use super::Customer;
use crate::{
    Timestamp,
    log::LogEntry,
    repository::Patch,
    text::{CustomerName, Email, ExternalId},
};

/// What is to be another. What is not among it cannot be changed so: the status, the token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerPatch {
    /// Its name.
    pub name: Option<CustomerName>,
    /// Its address.
    pub email: Option<Email>,
    /// What the vendor's own system calls it.
    pub external_id: Patch<ExternalId>,
    /// From when on it may install nothing. A later one revives a customer that has expired.
    pub expires_at: Patch<Timestamp>,
}

impl Customer {
    /// As it is after a change; the same when the change changes nothing.
    #[must_use]
    pub fn patched(&self, patch: &CustomerPatch, now: Timestamp) -> Self {
        let CustomerPatch { name, email, external_id, expires_at } = patch.clone();
        let after = Self {
            name: name.unwrap_or_else(|| self.name.clone()),
            email: email.unwrap_or_else(|| self.email.clone()),
            external_id: external_id.over(self.external_id.clone()),
            expires_at: expires_at.over(self.expires_at),
            ..self.clone()
        };
        if after == *self { after } else { after.changed(now) }
    }
}

impl LogEntry {
    /// About this customer.
    #[must_use]
    pub fn about_customer(self, customer: &Customer) -> Self {
        self.with("customerId", Some(customer.id.to_string())).with("customer", Some(customer.name.to_string()))
    }

    /// With what a change of a customer changed of what people see.
    #[must_use]
    pub fn of_customer(self, before: &Customer, after: &Customer) -> Self {
        let now = self.created_at;
        let time = |at: Option<Timestamp>| at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let text = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
        let external_id = |customer: &Customer| text(customer.external_id.as_ref().map(ToString::to_string));
        self.about_customer(after)
            .changing("name", &before.name, &after.name)
            .changing("email", &before.email, &after.email)
            .changing("externalId", &external_id(before), &external_id(after))
            .changing("expiresAt", &text(time(before.expires_at)), &text(time(after.expires_at)))
            .changing("status", before.status(now).name(), after.status(now).name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::{CustomerStatus, tests::customer};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_change_that_changes_nothing_is_none() {
        let before = customer();
        assert_eq!(before.patched(&CustomerPatch::default(), at(9)), before);
        let same = CustomerPatch {
            name: Some(before.name.clone()),
            external_id: Patch::Clear,
            expires_at: Patch::Keep,
            ..CustomerPatch::default()
        };
        assert_eq!(before.patched(&same, at(9)), before);
    }

    #[test]
    fn a_later_end_revives_and_none_is_for_ever() {
        let ends = |end| CustomerPatch { expires_at: end, ..CustomerPatch::default() };
        let expired = customer().patched(&ends(Patch::Set(at(5))), at(9));
        assert_eq!((expired.status(at(9)), expired.expired), (CustomerStatus::Expired, true));
        let revived = expired.patched(&ends(Patch::Set(at(20))), at(10));
        assert_eq!((revived.status(at(10)), revived.expired, revived.rev), (CustomerStatus::Active, false, 3));
        assert_eq!(expired.patched(&ends(Patch::Clear), at(10)).status(at(1_000_000)), CustomerStatus::Active);
    }
}
