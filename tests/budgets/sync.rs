//! What a sync takes, from the request to the archives in S3: of a repository with many tags, and of one tag more.

use std::time::Instant;

use domain::forge::ForgeKind;
use serde_json::json;
use testkit::connector::{Meter, Usage};

use crate::{
    shop::Shop,
    table::{Budget, Table},
};

/// Tags of the repository.
const TAGS: usize = 300;
/// Calls to the forge that one new tag may take: the list of tags (a page for each hundred of them, except on GitHub), its
/// commit, its archive, to which GitHub redirects.
const ONE_TAG: usize = 5;
/// A sync fetches 120 archives; after the last, the sync that finds nothing left is not needed.
const ROUNDS: usize = 20;

/// A repository of each forge.
pub(crate) async fn measure(shop: &Shop, table: &mut Table) {
    for forge in [ForgeKind::Github, ForgeKind::Gitlab, ForgeKind::Bitbucket] {
        let repository = Repository { shop, forge, name: format!("acme/suite-of-{forge}") };
        repository.make();
        let path = format!("/api/v1/packages/{}", repository.name);
        let new = json!({"name": repository.name, "repository_url": repository.url(), "type": forge.to_string()});
        let (usage, calls, seconds) = repository.synced("/api/v1/packages", &new).await;
        let found = shop.t.get(&path).await;
        assert_eq!(found.json["versions"].as_array().map(Vec::len), Some(TAGS), "{found}");
        let what = format!("{forge}: {TAGS} tags, {calls} calls to it, {seconds:.1} s");
        table.add(what, usage, Budget::sync(360, 700.0));
        repository.release("99.0.0");
        let (usage, calls, seconds) = repository.synced(&format!("{path}/sync"), &json!({})).await;
        assert_eq!(shop.t.get(&path).await.json["latest_version"], "99.0.0");
        assert!(calls <= ONE_TAG, "{forge}: {calls} calls for one tag");
        table.add(format!("{forge}: one tag more, {calls} calls to it, {seconds:.1} s"), usage, Budget::sync(18, 20.0));
        let (usage, calls, seconds) = repository.synced(&format!("{path}/sync"), &json!({})).await;
        table.add(format!("{forge}: nothing new, {calls} calls to it, {seconds:.1} s"), usage, Budget::sync(12, 10.0));
    }
}

/// A repository with a package.
struct Repository<'a> {
    shop: &'a Shop,
    forge: ForgeKind,
    /// The package's; the repository is called the same.
    name: String,
}

impl Repository<'_> {
    fn make(&self) {
        let (owner, name) = self.name.split_once('/').unwrap();
        match self.forge {
            ForgeKind::Github => self.shop.t.github().add_repository(owner, name, true),
            other => self.shop.t.stack.forges.as_ref().unwrap().add_repository(other, &self.name, true),
        };
        for number in 0..TAGS {
            self.release(&format!("{}.{}.{}", number / 100, number / 10 % 10, number % 10));
        }
    }

    fn release(&self, tag: &str) {
        let (owner, name) = self.name.split_once('/').unwrap();
        let composer =
            json!({"name": self.name, "description": format!("The suite, {tag}"), "require": {"php": ">=8.1"}});
        let composer = composer.to_string();
        let released = match self.forge {
            ForgeKind::Github => self.shop.t.github().release(owner, name, tag, &composer),
            other => self.shop.t.stack.forges.as_ref().unwrap().release(other, &self.name, tag, &composer),
        };
        released.unwrap();
    }

    fn url(&self) -> String {
        let host = match self.forge {
            ForgeKind::Github => "github.com",
            ForgeKind::Gitlab => "gitlab.com",
            ForgeKind::Bitbucket => "bitbucket.org",
        };
        format!("https://{host}/{}", self.name)
    }

    /// Asks for something that is followed by a sync, and works until all is there: what AWS was asked, how often the forge was,
    /// and how long it took.
    async fn synced(&self, path: &str, body: &serde_json::Value) -> (Usage, usize, f64) {
        let (meter, before, begun) = (Meter::new(), self.calls(), Instant::now());
        let work = async {
            let answer = self.shop.t.post(path, body).await;
            assert!([201, 202].contains(&answer.status), "{answer}");
            self.shop.t.stack.settle_queue("PackagesQueue", ROUNDS).await.unwrap()
        };
        assert_eq!(meter.scope(work).await.failed, 0);
        (meter.usage().without_polling(), self.calls() - before, begun.elapsed().as_secs_f64())
    }

    fn calls(&self) -> usize {
        match self.forge {
            ForgeKind::Github => self.shop.t.github().requests().len(),
            _ => self.shop.t.stack.forges.as_ref().unwrap().requests().len(),
        }
    }
}
