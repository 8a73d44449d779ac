//! Packages that are sold with a repository.

use std::collections::BTreeSet;

use domain::{
    CompanyId, LogId,
    forge::ForgeKind,
    log::{Action, Actor, LogEntry, LogStatus},
    package::{Found, Package, PackageId, PackageName, Source, SyncState},
};
use serde_json::{Value, json};
use store::Holder;

use crate::{Sale, TestStack, with};

impl TestStack {
    /// Lists a repository with packages, each with a constraint; those that there are not are added, and never synced.
    pub async fn list_with_packages(&self, body: &Value, packages: &[(&str, &str)]) -> String {
        for (name, _) in packages {
            self.add_package(name).await;
        }
        let sold = |(package, constraint): &(&str, &str)| json!({"package": package, "constraint": constraint});
        let sold: Vec<_> = packages.iter().map(sold).collect();
        self.list(&with(body.clone(), &json!({"packages": sold}))).await
    }

    /// Adds a package of company 1, unless it is there.
    pub async fn add_package(&self, name: &str) {
        let now = self.now();
        let package = Package {
            package_id: PackageId::generate(&self.random),
            name: PackageName::parse(name).unwrap(),
            description: None,
            source: Source {
                forge: ForgeKind::Github,
                repository_url: format!("https://github.com/{name}"),
                repository_id: None,
            },
            dev_branches: false,
            bundles: BTreeSet::new(),
            found: Found::default(),
            sync: SyncState::default(),
            created_at: now,
            rev: 1,
        };
        let id = LogId::generate(now, &self.random);
        let entry = LogEntry::new(id, now, Actor::Tollgate, Action::PackageAdded, LogStatus::Success);
        let _ = self.stack.store.insert_package(CompanyId(1), &package, &[], &entry).await.unwrap();
    }

    /// The customer of a sale, if it has one.
    pub async fn buyer(&self, sale: &Sale) -> Option<Holder> {
        self.stack.store.holder_of_purchase(CompanyId(1), sale.purchase.parse().unwrap()).await.unwrap()
    }

    /// The packages that the customer of a sale has by it.
    pub async fn packages_of(&self, sale: &Sale) -> Vec<String> {
        let Some(holder) = self.buyer(sale).await else { return Vec::new() };
        let granted = holder.grants.purchases.get(&sale.purchase.parse().unwrap());
        granted.into_iter().flat_map(|packages| packages.keys().map(ToString::to_string)).collect()
    }
}
