//! The repository that Composer reads, as each customer sees it: <https://getcomposer.org/doc/05-repositories.md>.
//!
//! What a customer may see is decided with every request, at the archives too: Composer keeps metadata and goes on with
//! them when it is refused new ones.
#![warn(missing_docs)]

mod admit;
mod answer;
mod dist;
mod downloads;
mod list;
mod metadata;
mod minify;
mod packages;
mod path;
mod search;

use api::{Api, Family};
use domain::Clock;
use store::{Blobs, Indexes, Kept, Store};

use crate::answer::Rendered;

/// The endpoints. None has a limit of requests: Composer gives up at the first 429.
pub fn api() -> Api<App> {
    Api::new(Family::Composer)
        .get("/packages.json", packages::packages)
        .get("/p2/{vendor}/{file}", metadata::metadata)
        .get("/dist/{vendor}/{package}/{file}", dist::dist)
        .get("/dist/{vendor}/{package}/{version}/{file}", dist::dist)
        .get("/list.json", list::list)
        .get("/search.json", search::search)
        .post("/downloads", downloads::downloads)
}

/// What the endpoints stand on.
#[derive(Clone, Debug)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// Packages' versions.
    pub indexes: Indexes,
    /// Metadata as they were answered.
    pub documents: Documents,
    /// Where the archives are.
    pub blobs: Blobs,
    /// The present time.
    pub clock: Clock,
    /// Where customers reach us, without a slash at the end. It gets into their lock files.
    pub public_url: String,
}

/// Bytes of documents that are kept.
const KEPT: usize = 16 * 1024 * 1024;

/// Metadata that a warm process keeps as they were answered. What of them a customer may see is not among it.
#[derive(Clone, Debug)]
pub struct Documents(pub(crate) Kept<Rendered>);

impl Default for Documents {
    fn default() -> Self {
        Self(Kept::new(KEPT))
    }
}
