//! Bundles, as the product leaves them when all went well: for tests of what comes after.

use std::collections::BTreeSet;

use domain::{
    CompanyId, LogId,
    log::{Action, Actor, LogEntry, LogStatus},
    package::Bundle,
    text::BundleName,
};

use crate::{TestStack, package_name};

impl TestStack {
    /// Makes a bundle of company 1 with these packages, which have to be there.
    pub async fn bundle(&self, name: &str, packages: &[&str]) {
        let (store, company, now) = (&self.stack.store, CompanyId(1), self.now());
        let packages: BTreeSet<_> = packages.iter().map(|name| package_name(name)).collect();
        let found = store.packages_named(company, &packages).await.unwrap();
        let bundle =
            Bundle { name: BundleName::parse(name).unwrap(), packages, created_at: now, updated_at: now, rev: 0 };
        let id = LogId::generate(now, &self.random);
        let line = LogEntry::new(id, now, Actor::Tollgate, Action::BundleCreated, LogStatus::Success);
        assert!(store.change_bundle(company, (None, Some(&bundle)), &found, &line).await.unwrap(), "{name} is there");
    }
}
