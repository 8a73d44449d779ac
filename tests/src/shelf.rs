//! Packages, and customers who have a right to them, as the product leaves them when all went well: for tests of what comes
//! after.

use std::collections::HashMap;

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    CompanyId, LogId, Secret, Timestamp,
    customer::{Customer, CustomerId, NewCustomer},
    forge::ForgeKind,
    grant::{Freeze, Grant, Grants},
    log::{Action, Actor, LogEntry, LogStatus},
    package::{
        Archive, Found, Index, IndexedVersion, Package, PackageId, PackageName, Source, SyncState, VersionRecord,
    },
    text::{ConstraintText, CustomerName, Email},
    token,
};
use http::{Request, header};
use serde_json::{Value, json};
use store::{Blobs, CustomerChange, Holder, Indexes, keys};

use crate::{Answer, TestStack};

/// A name that a test wrote.
pub fn package_name(name: &str) -> PackageName {
    PackageName::parse(name).unwrap()
}

/// A right to these packages, each with the versions of a constraint.
pub fn granted(at: Timestamp, packages: &[(&str, &str)]) -> Grants {
    let grant = |constraint| Grant::new(ConstraintText::parse(constraint).unwrap(), at);
    let direct = packages.iter().map(|(name, constraint)| (package_name(name), grant(constraint))).collect();
    Grants { direct, ..Grants::default() }
}

/// The commit that a version of a package is of, the first time it is released.
pub fn commit_of(package: &str, version: &str) -> String {
    token::sha256(&format!("{package} {version}"))[..40].to_owned()
}

/// A version with nothing special about it, which was released at `time`.
pub fn indexed(package: &str, tag: &str, time: Timestamp, composer: &Value) -> IndexedVersion {
    let (commit, bytes) = (commit_of(package, tag), archive_bytes(package, tag));
    let branch = tag.starts_with("dev-") || tag.ends_with("-dev");
    IndexedVersion {
        name: tag.trim_start_matches("dev-").to_owned(),
        object: commit.clone(),
        version: tag.to_owned(),
        normalized: domain::grant::normalized(tag).unwrap(),
        branch,
        default_branch: tag == "dev-main",
        released_at: time,
        listed_at: time,
        archive: Archive {
            commit,
            sha1: token::sha256(tag)[..40].to_owned(),
            sha256: token::sha256(&bytes),
            size: bytes.len() as u64,
            time,
            listed_at: time,
        },
        composer: composer.as_object().unwrap().clone(),
    }
}

/// What the archive of a version holds here.
pub fn archive_bytes(package: &str, tag: &str) -> String {
    format!("the archive of {package} {tag}")
}

impl TestStack {
    /// The blobs, to look at and to put something there.
    pub fn blobs(&self) -> Blobs {
        let client = self.aws.s3.clone();
        Blobs::new(move || client, "blobsbucket")
    }

    /// Adds a package of company 1 with these tags, the first of them the newest; each `require`s nothing but PHP.
    pub async fn shelve(&self, name: &str, tags: &[&str]) -> Package {
        let composer = json!({"type": "library", "license": ["proprietary"], "require": {"php": ">=7.2"}});
        let versions = tags.iter().map(|tag| indexed(name, tag, self.now(), &composer)).collect();
        self.shelve_versions(CompanyId(1), name, versions).await
    }

    /// Adds a package with these versions, newest first, as a sync leaves it.
    pub async fn shelve_versions(&self, company: CompanyId, name: &str, versions: Vec<IndexedVersion>) -> Package {
        let package = Package {
            package_id: PackageId::generate(&self.random),
            name: package_name(name),
            description: None,
            source: Source {
                forge: ForgeKind::Github,
                repository_url: format!("https://github.com/{name}"),
                repository_id: None,
            },
            dev_branches: versions.iter().any(|version| version.branch),
            bundles: std::collections::BTreeSet::new(),
            found: Found::default(),
            sync: SyncState::default(),
            created_at: self.now(),
            rev: 1,
        };
        let line = self.line(Action::PackageAdded);
        assert!(self.stack.store.insert_package(company, &package, &[], &line).await.unwrap(), "{name} is there");
        self.resync(company, &package, versions).await
    }

    /// A package after a sync found these versions, newest first.
    pub async fn resync(&self, company: CompanyId, package: &Package, mut versions: Vec<IndexedVersion>) -> Package {
        let (store, name) = (&self.stack.store, &package.name);
        let blobs = self.blobs();
        for version in &versions {
            let key = keys::blob_archive(company, package.package_id.as_str(), &version.archive.commit);
            let bytes = archive_bytes(name.as_str(), &version.version).into();
            let _ = blobs.put_new(&key, bytes, "application/zip", HashMap::new()).await.unwrap();
        }
        let known = store.versions(company, name).await.unwrap();
        assert!(store.put_versions(company, package, &records(package, known, &mut versions)).await.unwrap());
        let index = Index { versions, skipped: Vec::new() };
        let digest = Indexes::new(blobs).save(company, package, &index).await.unwrap();
        let before = store.package(company, name).await.unwrap().unwrap();
        let latest = index.versions.first().map(|version| version.version.clone());
        let found = Found {
            index: Some(digest),
            changed_at: Some(self.now()),
            versions: u32::try_from(index.versions.len()).unwrap(),
            skipped: 0,
            latest,
        };
        let after = Package { found, ..before.clone() };
        assert!(store.change_package(company, &before, &after, &[], &[]).await.unwrap());
        store.package(company, name).await.unwrap().unwrap()
    }

    /// Makes the customer of company 1 with this number, and answers with its token.
    pub async fn customer_with(&self, number: u32, grants: Grants) -> (CustomerId, Secret) {
        self.customer_of(CompanyId(1), number, grants).await
    }

    /// Makes the customer of a company with this number, and answers with its token.
    pub async fn customer_of(&self, company: CompanyId, number: u32, grants: Grants) -> (CustomerId, Secret) {
        let id = CustomerId::of_number(number.into()).unwrap();
        let token = id.issue_token(company, &self.random);
        let new = NewCustomer {
            name: CustomerName::parse(&format!("Customer {number}")).unwrap(),
            email: Email::parse(&format!("customer-{number}@example.com")).unwrap(),
            external_id: None,
            expires_at: None,
        };
        let customer = Customer::new(id, new, Some(&token), self.now());
        let made = self.stack.store.insert_customer(company, &customer, &self.line(Action::CustomerCreated)).await;
        assert_eq!(made.unwrap(), CustomerChange::Made, "there is a customer {number}");
        self.change_holder(company, id, |holder| holder.grants = grants).await;
        (id, token)
    }

    /// Changes a customer, or what it was granted.
    pub async fn change_holder(&self, company: CompanyId, id: CustomerId, change: impl FnOnce(&mut Holder)) {
        let store = &self.stack.store;
        let before = store.holder(company, id).await.unwrap().unwrap();
        let mut after = before.clone();
        change(&mut after);
        if after.customer != before.customer {
            after.customer = after.customer.changed(self.now());
        }
        let line = self.line(Action::AccessChanged);
        let changed = store.change_grants(company, &before, &after, &[line]).await.unwrap();
        assert_eq!(changed, CustomerChange::Made);
    }

    /// Freezes a customer, at these versions or at what it has now.
    pub async fn freeze(&self, id: CustomerId, versions: Option<&[(&str, &str)]>) {
        let now = self.now();
        let pinned = |(package, version): &(&str, &str)| domain::grant::Pinned {
            package: package_name(package),
            version: domain::grant::normalized(version).unwrap(),
        };
        let versions = versions.map(|versions| versions.iter().map(pinned).collect());
        let holder = self.stack.store.holder(CompanyId(1), id).await.unwrap().unwrap();
        let bundles = self.stack.store.bundles_named(CompanyId(1), holder.grants.bundles.keys()).await.unwrap();
        self.change_holder(CompanyId(1), id, |holder| {
            holder.customer = holder.customer.frozen(now).unwrap();
            holder.grants.frozen = Some(Freeze::new(now, versions, &holder.grants, &bundles));
        })
        .await;
    }

    /// `GET` as Composer asks: the token is the password.
    pub async fn fetch(&self, path: &str, token: &Secret) -> Answer {
        self.fetch_with(path, token, &[]).await
    }

    /// The same with further headers.
    pub async fn fetch_with(&self, path: &str, token: &Secret, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path).header(header::AUTHORIZATION, basic(token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A line that tells of something done by nobody in particular.
    pub fn line(&self, action: Action) -> LogEntry {
        let id = LogId::generate(self.now(), &self.random);
        LogEntry::new(id, self.now(), Actor::Tollgate, action, LogStatus::Success)
    }
}

/// What Composer sends of a token.
pub fn basic(token: &Secret) -> String {
    format!("Basic {}", STANDARD.encode(format!("token:{}", token.reveal())))
}

/// What downloads go by after these were found: what was given out before stays.
fn records(package: &Package, known: Vec<VersionRecord>, found: &mut [IndexedVersion]) -> Vec<VersionRecord> {
    let known: HashMap<String, VersionRecord> =
        known.into_iter().map(|record| (record.normalized.clone(), record)).collect();
    let mut records = known.clone();
    for record in records.values_mut() {
        record.listed = false;
    }
    for version in found {
        let known = known.get(&version.normalized);
        *version = version.clone().since(known);
        let record = VersionRecord::of(version, &package.package_id, known);
        let _ = records.insert(record.normalized.clone(), record);
    }
    records.into_values().collect()
}
