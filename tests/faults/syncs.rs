//! Packages that are synced while things go wrong: a repository on a forge, the package that is made from it, a customer who
//! installs it, and what must hold at rest.

mod answers;
mod archives;
mod between;
mod grants;
mod hooks;
mod kills;
mod many;
mod schedules;
mod sizes;
mod truth;

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use axum::body::Body;
use domain::{
    Secret,
    forge::ForgeKind,
    package::{Index, Package, PackageName},
};
use http::{Method, Request};
use journeys::{Answer, TestStack, package_name};
use serde_json::{Value, json};
use store::Indexes;

use crate::world::{COMPANY, end_waits, start};

/// The package.
pub(crate) const PACKAGE: &str = "acme/widget";
/// Its repository, on whatever forge.
const OWNER: &str = "acme-corp";
const NAME: &str = "widget";
const PATH: &str = "acme-corp/widget";
/// How long tests wait for the forge. Nothing is slow here.
const PATIENCE: Duration = Duration::from_secs(5);
/// The bucket of the template.
const BUCKET: &str = "blobsbucket";

/// A system with a repository on a forge, and what its tags should be.
pub(crate) struct Shop {
    pub(crate) t: TestStack,
    pub(crate) kind: ForgeKind,
    /// Good tags and their commits, as they are on the forge now.
    pub(crate) tags: RefCell<BTreeMap<String, String>>,
    /// Tags that are no versions.
    pub(crate) bad: RefCell<Vec<String>>,
    /// Who has the package.
    pub(crate) token: RefCell<Secret>,
    /// What was ever offered to the customer: addresses of archives, with the SHA-1 that was told.
    pub(crate) offered: RefCell<BTreeMap<String, String>>,
}

/// A `composer.json` of the package.
pub(crate) fn manifest() -> Value {
    json!({"name": PACKAGE, "description": "A widget", "type": "library", "require": {"php": ">=8.1"}})
}

impl Shop {
    /// Nothing is synced yet, though the package is there.
    pub(crate) async fn open(kind: ForgeKind, seed: u64) -> Self {
        Self::open_with(kind, seed, PATIENCE).await
    }

    pub(crate) async fn open_with(kind: ForgeKind, seed: u64, patience: Duration) -> Self {
        let t = start(seed, patience).await;
        let token = RefCell::new(Secret::new("none yet").unwrap());
        let (tags, bad, offered) = (RefCell::default(), RefCell::default(), RefCell::default());
        let shop = Self { t, kind, tags, bad, token, offered };
        shop.add_repository(PATH);
        shop.add().await;
        let body = json!({"name": "A customer", "email": "customer@example.com"});
        let customer = shop.t.post("/api/v1/customers", &body).await;
        assert_eq!(customer.status, 201, "{customer}");
        shop.token.replace(Secret::new(customer.text("/token")).unwrap());
        shop.grant().await;
        shop
    }

    /// The same with two good tags, one of them annotated, and one that is none; all is synced.
    pub(crate) async fn synced(kind: ForgeKind, seed: u64) -> Self {
        let shop = Self::open(kind, seed).await;
        shop.release("v1.0.0");
        shop.release("v1.1.0");
        shop.annotate("v1.1.1");
        shop.bad("nightly");
        shop.rest().await;
        shop.look().await;
        shop
    }

    // ---- The forge ------------------------------------------------------------------------------------------------

    pub(crate) fn forges(&self) -> &testkit::forges::Sandbox {
        self.t.stack.forges.as_ref().unwrap()
    }

    pub(crate) fn add_repository(&self, path: &str) {
        let (owner, name) = path.split_once('/').unwrap();
        match self.kind {
            ForgeKind::Github => drop(self.t.github().add_repository(owner, name, true)),
            kind => drop(self.forges().add_repository(kind, path, true)),
        }
    }

    /// Commits, and tags the commit, or moves the tag there.
    pub(crate) fn release(&self, tag: &str) -> String {
        let commit = self.release_text(tag, &format!("{:#}", manifest()));
        self.tags.borrow_mut().insert(tag.to_owned(), commit.clone());
        commit
    }

    /// Tags that is no version.
    pub(crate) fn bad(&self, tag: &str) {
        self.release_text(tag, "{}");
        self.bad.borrow_mut().push(tag.to_owned());
    }

    pub(crate) fn release_text(&self, tag: &str, composer_json: &str) -> String {
        let commit = match self.kind {
            ForgeKind::Github => self.t.github().release(OWNER, NAME, tag, composer_json),
            kind => self.forges().release(kind, PATH, tag, composer_json),
        };
        commit.unwrap()
    }

    /// Puts an annotated tag on the last commit of [`Shop::release`].
    pub(crate) fn annotate(&self, tag: &str) {
        let commit = self.release(tag);
        self.put_tag(tag, &commit, true);
    }

    /// Puts a tag on a commit.
    pub(crate) fn put_tag(&self, tag: &str, commit: &str, annotated: bool) {
        match self.kind {
            ForgeKind::Github => self.t.github().tag(OWNER, NAME, tag, Some(commit), annotated).unwrap(),
            kind => self.forges().tag(kind, PATH, tag, Some(commit), annotated).unwrap(),
        }
        self.tags.borrow_mut().insert(tag.to_owned(), commit.to_owned());
    }

    pub(crate) fn delete(&self, tag: &str) {
        match self.kind {
            ForgeKind::Github => self.t.github().delete_tag(OWNER, NAME, tag).unwrap(),
            kind => self.forges().delete_tag(kind, PATH, tag).unwrap(),
        }
        self.tags.borrow_mut().remove(tag);
        self.bad.borrow_mut().retain(|bad| bad != tag);
    }

    /// How many calls the forge was asked so far.
    pub(crate) fn asked(&self) -> usize {
        match self.kind {
            ForgeKind::Github => self.t.github().requests().len(),
            _ => self.forges().requests().len(),
        }
    }

    /// Delivers what the forge has to tell; what is not answered 2xx is told again another time. True if all was taken.
    pub(crate) async fn deliver(&self) -> bool {
        let mut all = true;
        if self.kind == ForgeKind::Github {
            for delivery in self.t.github().undelivered() {
                let answer = self.t.post_github(&delivery).await;
                assert!(matches!(answer.status, 200 | 202 | 503), "a webhook was answered {answer}");
                all &= answer.status != 503;
                if answer.status != 503 {
                    self.t.github().delivered(delivery.id, answer.status);
                }
            }
        } else {
            for delivery in self.forges().undelivered(self.kind) {
                let answer = self.post_hook(&delivery).await;
                assert!(matches!(answer.status, 200 | 202 | 503), "a webhook was answered {answer}");
                all &= answer.status != 503;
                if answer.status != 503 {
                    self.forges().delivered(delivery.id, answer.status);
                }
            }
        }
        all
    }

    /// What the forge has to tell is never told.
    pub(crate) fn forget_hooks(&self) {
        if self.kind == ForgeKind::Github {
            self.t.github().undelivered().iter().for_each(|it| self.t.github().delivered(it.id, 200));
        } else {
            self.forges().undelivered(self.kind).iter().for_each(|it| self.forges().delivered(it.id, 200));
        }
    }

    pub(crate) async fn post_hook(&self, delivery: &testkit::forges::Delivery) -> Answer {
        let mut request = Request::post(format!("/api/webhooks/{}", self.kind));
        for (name, value) in &delivery.headers {
            request = request.header(*name, value);
        }
        self.t.send(request.body(Body::from(delivery.body.clone())).unwrap()).await
    }

    // ---- The vendor -----------------------------------------------------------------------------------------------

    pub(crate) async fn try_add(&self) -> Answer {
        let host = match self.kind {
            ForgeKind::Github => "github.com",
            ForgeKind::Gitlab => "gitlab.com",
            ForgeKind::Bitbucket => "bitbucket.org",
        };
        let body = json!({"name": PACKAGE, "repository_url": format!("https://{host}/{PATH}.git")});
        self.t.post("/api/v1/packages", &body).await
    }

    pub(crate) async fn add(&self) {
        let answer = self.try_add().await;
        assert_eq!(answer.status, 201, "{answer}");
    }

    pub(crate) async fn grant(&self) {
        let answer = self.try_grant().await;
        assert!(matches!(answer.status, 200 | 201), "{answer}");
    }

    pub(crate) async fn try_grant(&self) -> Answer {
        let customers = self.t.get("/api/v1/customers").await;
        let path = format!("/api/v1/customers/{}/packages", customers.text("/data/0/id"));
        self.t.post(&path, &json!({"package": PACKAGE})).await
    }

    pub(crate) async fn ask(&self) -> Answer {
        self.t.post(&format!("/api/v1/packages/{PACKAGE}/sync"), &Value::Null).await
    }

    pub(crate) async fn remove(&self) -> Answer {
        let request = self.t.request(Method::DELETE, &format!("/api/v1/packages/{PACKAGE}?force=true"));
        self.t.send(request.body(Body::empty()).unwrap()).await
    }

    /// The package as the vendor sees it.
    pub(crate) async fn shown(&self) -> Value {
        let answer = self.t.get(&format!("/api/v1/packages/{PACKAGE}")).await;
        assert_eq!(answer.status, 200, "{answer}");
        answer.json
    }

    /// Why a tag is none, as the vendor is told.
    pub(crate) async fn reason(&self, tag: &str) -> Option<String> {
        let shown = self.shown().await;
        let skipped = shown["sync"]["skipped"].as_array().unwrap().iter().find(|skip| skip["ref"] == tag)?;
        Some(skipped["reason"].as_str().unwrap().to_owned())
    }

    // ---- The customer ---------------------------------------------------------------------------------------------

    /// What the customer is offered now: versions and their archives. It is noted: a lock file may name it.
    pub(crate) async fn look(&self) -> Vec<String> {
        let token = self.token.borrow().clone();
        let answer = self.t.fetch(&format!("/p2/{PACKAGE}.json"), &token).await;
        if answer.status != 200 {
            return Vec::new();
        }
        let rows = answer.json["packages"][PACKAGE].as_array().cloned().unwrap_or_default();
        for row in &rows {
            // Each row differs from the one before only in what it says; the archive's fields always differ.
            let dist = &row["dist"];
            let (url, sha1) = (dist["url"].as_str().unwrap(), dist["shasum"].as_str().unwrap());
            self.offered.borrow_mut().insert(url.to_owned(), sha1.to_owned());
        }
        rows.iter().map(|row| row["version"].as_str().unwrap().to_owned()).collect()
    }

    // ---- Rest -------------------------------------------------------------------------------------------

    /// Ends all faults and lets everything come to rest.
    pub(crate) async fn rest(&self) {
        crate::world::come_to_rest(&self.t).await;
    }

    /// Lets queues' waits and a while pass, with whatever is wrong.
    pub(crate) async fn wait(&self, while_: Duration) {
        self.t.clock.advance(while_);
        end_waits(&self.t).await;
        self.t.settle().await;
    }

    pub(crate) fn name() -> PackageName {
        package_name(PACKAGE)
    }

    pub(crate) async fn package(&self) -> Option<Package> {
        self.t.stack.store.package(COMPANY, &Self::name()).await.unwrap()
    }

    pub(crate) async fn index(&self, package: &Package) -> Index {
        Indexes::new(self.t.blobs()).load(COMPANY, package).await.unwrap().as_ref().clone()
    }

    /// All that is stored under a beginning of keys.
    pub(crate) async fn stored(&self, prefix: &str) -> Vec<String> {
        let list = self.t.aws.s3.list_objects_v2().bucket(BUCKET).prefix(prefix).send().await.unwrap();
        list.contents.unwrap_or_default().into_iter().filter_map(|object| object.key).collect()
    }
}
