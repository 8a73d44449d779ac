//! What must hold of a package at rest, whatever happened before.

use std::collections::BTreeMap;

use axum::body::Body;
use domain::package::{Archive, Index, Package, VersionRecord};
use http::Request;
use store::keys;

use super::Shop;
use crate::world::COMPANY;

impl Shop {
    /// Says everything that is wrong.
    pub(crate) async fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let Some(package) = self.package().await else { return vec!["there is no package".to_owned()] };
        let sync = &package.sync;
        let resting = sync.wanted == sync.done && sync.lease.is_none() && !sync.torn && sync.error.is_none();
        if !resting {
            wrong.push(format!("it does not rest: {sync:?}"));
        }
        let index = self.index(&package).await;
        let listed: BTreeMap<String, String> =
            index.versions.iter().map(|it| (it.name.clone(), it.archive.commit.clone())).collect();
        let mut skipped: Vec<_> = index.skipped.iter().map(|skip| skip.name.clone()).collect();
        let (mut bad, tags) = (self.bad.borrow().clone(), self.tags.borrow().clone());
        skipped.sort();
        bad.sort();
        if listed != tags || index.versions.len() != tags.len() {
            wrong.push(format!("listed are {listed:?}, the tags are {tags:?}"));
        }
        if skipped != bad {
            wrong.push(format!("skipped are {skipped:?}, not {bad:?}"));
        }
        let records = self.t.stack.store.versions(COMPANY, &Self::name()).await.unwrap();
        self.records(&package, &index, &records, &mut wrong).await;
        let mut versions = self.look().await;
        let mut tags: Vec<_> = tags.keys().map(|tag| tag.trim_start_matches('v').to_owned()).collect();
        versions.sort();
        tags.sort();
        if versions != tags {
            wrong.push(format!("the customer is offered {versions:?}"));
        }
        self.offers(&mut wrong).await;
        if !self.t.messages().await.is_empty() {
            wrong.push("messages are left".to_owned());
        }
        wrong
    }

    /// What downloads go by is what the index says, and what it says is stored.
    async fn records(&self, package: &Package, index: &Index, records: &[VersionRecord], wrong: &mut Vec<String>) {
        for version in &index.versions {
            let record = records.iter().find(|record| record.normalized == version.normalized);
            let good = |record: &VersionRecord| {
                let archive = record.archives.last();
                record.package_id == package.package_id && record.listed && archive == Some(&version.archive)
            };
            if !record.is_some_and(good) {
                wrong.push(format!("{} is {:?}, its record is {record:?}", version.name, version.archive));
            }
        }
        for record in records {
            let there = index.versions.iter().any(|it| it.normalized == record.normalized);
            if record.package_id != package.package_id || record.listed != there {
                wrong.push(format!("a record is not of this package, or not as listed: {record:?}"));
            }
            for archive in &record.archives {
                self.archive(package, archive, wrong).await;
            }
        }
    }

    async fn archive(&self, package: &Package, archive: &Archive, wrong: &mut Vec<String>) {
        let key = keys::blob_archive(COMPANY, package.package_id.as_str(), &archive.commit);
        let bytes = self.t.blobs().get(&key, 100_000_000).await.unwrap();
        let sha1 = bytes.map(|bytes| sha1(&bytes));
        if sha1.as_ref() != Some(&archive.sha1) {
            wrong.push(format!("{key} has the SHA-1 {sha1:?}, not {}", archive.sha1));
        }
    }

    /// All that was ever offered can be had, and is what it was.
    async fn offers(&self, wrong: &mut Vec<String>) {
        let (offered, token) = (self.offered.borrow().clone(), self.token.borrow().clone());
        for (url, sha1) in &offered {
            let path = url.strip_prefix(&self.t.stack.url).unwrap_or(url);
            let answer = self.t.fetch(path, &token).await;
            if answer.status != 302 {
                wrong.push(format!("{path} is answered {answer}"));
                continue;
            }
            let bytes = self.follow(answer.header("location")).await;
            if self::sha1(&bytes) != *sha1 {
                wrong.push(format!("{path} is another archive"));
            }
        }
    }

    /// Follows a link as whoever has it.
    async fn follow(&self, link: &str) -> Vec<u8> {
        let (host, rest) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let request = Request::get(format!("/{rest}")).header(http::header::HOST, host);
        let answer = self.t.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200, "{answer}");
        answer.body
    }

    /// That nothing is wrong.
    #[track_caller]
    pub(crate) fn right(&self, when: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        let when = when.to_owned();
        async move {
            let wrong = self.wrong().await;
            assert!(wrong.is_empty(), "{caller}: {when}: {wrong:#?}");
        }
    }
}

fn sha1(bytes: &[u8]) -> String {
    clients::archive::inspect(bytes).unwrap().sha1
}
