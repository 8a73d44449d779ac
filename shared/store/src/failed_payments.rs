//! Payments that failed and were not made up for: one small item each, which the dashboard lists. It follows from the
//! purchase and changes in the same transaction; only what Stripe tells changes it.

use domain::{
    CompanyId, Failure,
    purchase::{FailedPayment, Purchase},
};

use crate::{
    Store, keys,
    table::{Partition, Write, item},
};

impl Store {
    /// The newest of them.
    pub async fn failed_payments(&self, company: CompanyId, limit: usize) -> Result<Vec<FailedPayment>, Failure> {
        let pk = keys::failed_payments(company);
        self.table.query(Partition { index: None, pk: &pk, newest_first: true, limit: Some(limit) }).await
    }

    /// What a change of a purchase changes of it.
    pub(crate) fn replace_failed_payment(&self, before: &Purchase, after: &Purchase) -> Result<Vec<Write>, Failure> {
        let key = |failed: &FailedPayment| keys::failed_payment(after.company, failed.at, failed.purchase);
        let (was, is) = (before.failed_payment(), after.failed_payment());
        let mut writes = Vec::new();
        if was == is {
            return Ok(writes);
        }
        if let Some(was) = was.filter(|was| is.as_ref().is_none_or(|is| key(is) != key(was))) {
            writes.push(self.table.delete(&key(&was), None, Vec::new())?);
        }
        if let Some(is) = is {
            writes.push(self.table.put_in(item("failed-payment", &key(&is), &is)?)?);
        }
        Ok(writes)
    }
}
