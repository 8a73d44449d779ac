//! How endpoints are written: the route builder, guards, checked input, errors and the families' envelopes.
#![warn(missing_docs)]

mod check;
mod csv;
mod cursor;
mod error;
mod family;
mod guard;
mod input;
mod layers;
mod package_path;
mod page;
mod paging;
mod rate;
mod request_id;
mod routes;
mod unconfirmed;
mod views;

pub use check::Check;
pub use csv::Csv;
pub use cursor::Cursors;
pub use error::{ApiError, FieldProblem, Kind};
pub use family::Family;
pub use guard::{Guard, GuardFirst, Public};
pub use input::{BundlePath, Id, Input, Params, Posted, RawBody, Valid, ValidOrNone};
pub use package_path::PackagePath;
pub use page::{OnPage, Page};
pub use paging::{Listing, PageQuery, Pagination};
pub use rate::{ClientAddress, RateLimit, RateSlot};
pub use request_id::RequestId;
pub use routes::{Api, Endpoint};
pub use unconfirmed::Unconfirmed;
pub use views::{Accepted, Created, Json, NoContent, SoldPackages, Time, Written};
