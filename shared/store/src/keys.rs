//! Every key string of both tables, and of the blobs, is made here, in the order of `ACCESS_PATTERNS.md`.
//!
//! A component that comes from outside is an id, a number, a hash, a slug, a lower-cased GitHub name, or the name of a package
//! or a bundle. None of them can hold the separator `#`, so no value can leave its partition.

use domain::{
    CompanyId, GithubUserId, LogId, PurchaseId, RepositoryId, Timestamp, UserId,
    access::EntitlementKey,
    invitations::Place,
    log::{Action, LogStatus},
    purchase::AccessStatus,
    rate::{Bucket, Window},
    repository::GithubPath,
};

mod packages;

pub use packages::*;

/// Where an item is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition.
    pub pk: String,
    /// Place in the partition.
    pub sk: String,
}

/// A list that only ever grows at its end, so that a row's place in it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    /// A company's purchases.
    Purchases,
    /// A company's log.
    Log,
}

impl List {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Purchases, Self::Log];

    /// The last part of its partition's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Purchases => "PURCHASE",
            Self::Log => "LOG",
        }
    }

    /// The partition of its rows, oldest first.
    pub fn partition(self, company: CompanyId) -> String {
        match self {
            Self::Purchases => purchases(company),
            Self::Log => log(company),
        }
    }
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }
}

/// A company, with the counts of its repositories.
pub fn company(company: CompanyId) -> Key {
    Key::new(format!("C#{company}"), "COMPANY")
}

/// An operator's token, by the SHA-256 of its text.
pub fn operator_token(company: CompanyId, sha256: &str) -> Key {
    Key::new(operator_tokens(company), sha256)
}

/// The partition of a company's operators' tokens.
pub fn operator_tokens(company: CompanyId) -> String {
    format!("C#{company}#TOKEN")
}

/// A member: all that a request by session is confirmed with.
pub fn member(company: CompanyId, id: UserId) -> Key {
    Key::new(members(company), id.to_string())
}

/// The partition of a company's members, oldest first.
pub fn members(company: CompanyId) -> String {
    format!("C#{company}#MEMBER")
}

/// Guard and link: a GitHub account is one member of a company.
pub fn github_identity(company: CompanyId, account: GithubUserId) -> Key {
    Key::new(github_identities(account), format!("C#{company}"))
}

/// The partition of the companies that a GitHub account may sign in to.
pub fn github_identities(account: GithubUserId) -> String {
    format!("IDENTITY#GITHUB#{account}")
}

/// Guard and link: an address is one member of a company. By the SHA-256 of the lower-cased address, which can hold `#`.
pub fn email_identity(company: CompanyId, sha256: &str) -> Key {
    Key::new(email_identities(sha256), format!("C#{company}"))
}

/// The partition of the companies that the reader of an address may sign in to.
pub fn email_identities(sha256: &str) -> String {
    format!("IDENTITY#EMAIL#{sha256}")
}

/// A repository.
pub fn repository(company: CompanyId, id: RepositoryId) -> Key {
    Key::new(repositories(company), id.to_string())
}

/// The partition of a company's repositories, oldest first.
pub fn repositories(company: CompanyId) -> String {
    format!("C#{company}#REPOSITORY")
}

/// gsi1: the repository with a slug, for strangers.
pub fn repository_by_slug(slug: &str) -> Key {
    Key::new(format!("SLUG#{slug}"), "REPOSITORY")
}

/// gsi2: the repository with an id, for strangers.
pub fn repository_by_id(id: RepositoryId) -> Key {
    Key::new(format!("REPOSITORY#{id}"), "REPOSITORY")
}

/// Guard: a slug belongs to one repository of all.
pub fn slug_guard(slug: &str) -> Key {
    Key::new(format!("SLUG#{slug}"), "GUARD")
}

/// Guard: a company lists a repository of GitHub once. GitHub's names know no case.
pub fn github_guard(company: CompanyId, path: &GithubPath) -> Key {
    Key::new(format!("C#{company}#GITHUB#{}", path.to_string().to_lowercase()), "GUARD")
}

/// The sums over a repository's purchases.
pub fn tally(company: CompanyId, repository: RepositoryId) -> Key {
    Key::new(tallies(company), repository.to_string())
}

/// The partition of a company's sums.
pub fn tallies(company: CompanyId) -> String {
    format!("C#{company}#TALLY")
}

/// A purchase.
pub fn purchase(company: CompanyId, id: PurchaseId) -> Key {
    Key::new(purchases(company), id.to_string())
}

/// The partition of a company's purchases, oldest first.
pub fn purchases(company: CompanyId) -> String {
    format!("C#{company}#PURCHASE")
}

/// gsi1: a company's purchases with an access status, oldest first.
pub fn purchases_with_status(company: CompanyId, status: AccessStatus) -> String {
    format!("C#{company}#PURCHASE#{}", status.name())
}

/// gsi2: a repository's purchases with an access status, oldest first.
pub fn purchases_of_repository(company: CompanyId, repository: RepositoryId, status: AccessStatus) -> String {
    format!("C#{company}#R#{repository}#PURCHASE#{}", status.name())
}

/// One line of a company's log.
pub fn log_entry(company: CompanyId, id: LogId) -> Key {
    Key::new(log(company), id.to_string())
}

/// The partition of a company's log, oldest line first.
pub fn log(company: CompanyId) -> String {
    format!("C#{company}#LOG")
}

/// gsi1: a purchase's log, oldest line first.
pub fn log_of_purchase(company: CompanyId, purchase: PurchaseId) -> String {
    format!("C#{company}#PURCHASE#{purchase}#LOG")
}

/// gsi2: the lines with an action and a status about a repository, or about none, oldest first.
pub fn log_of_kind(
    company: CompanyId,
    repository: Option<RepositoryId>,
    (action, status): (Action, LogStatus),
) -> String {
    let place = repository.map_or_else(|| "-".to_owned(), |repository| repository.to_string());
    format!("C#{company}#R#{place}#LOG#{}#{}", action.name(), status.name())
}

/// What a company's items that belong to no repository add up to.
pub fn tally_of_company(company: CompanyId) -> Key {
    Key::new(tallies(company), "-")
}

/// What happened on the days of a month: `2026-11`.
pub fn days_of_month(company: CompanyId, month: &str) -> Key {
    Key::new(days(company), month)
}

/// What happened in each month.
pub fn months(company: CompanyId) -> Key {
    Key::new(days(company), "MONTHS")
}

fn days(company: CompanyId) -> String {
    format!("C#{company}#DAYS")
}

/// A payment that failed and was not made up for, by when it failed.
pub fn failed_payment(company: CompanyId, at: Timestamp, purchase: PurchaseId) -> Key {
    Key::new(failed_payments(company), format!("{:012}#{purchase}", at.as_second()))
}

/// The partition of a company's failed payments, oldest first.
pub fn failed_payments(company: CompanyId) -> String {
    format!("C#{company}#FAILED")
}

/// One account's right to one repository.
pub fn entitlement(key: &EntitlementKey) -> Key {
    Key::new(entitlements(key.company, key.repository), account(key.account))
}

/// The partition of a repository's entitlements.
pub fn entitlements(company: CompanyId, repository: RepositoryId) -> String {
    format!("C#{company}#REPOSITORY#{repository}#ENTITLEMENT")
}

/// gsi1: what is due, by when it is due. All companies together: the one who looks is nobody's.
pub fn due(at: Timestamp, entitlement: &EntitlementKey) -> Key {
    let EntitlementKey { company, repository, account } = entitlement;
    Key::new(due_list(), format!("{:012}#{company}#{repository}#{account}", at.as_second()))
}

/// gsi1: the partition of all that is due.
pub fn due_list() -> String {
    "DUE".to_owned()
}

/// That there is a company: nobody can list what has a partition of its own.
pub fn company_entry(company: CompanyId) -> Key {
    Key::new(companies(), format!("{:010}", company.0))
}

/// The partition of all companies' entries.
pub fn companies() -> String {
    "COMPANIES".to_owned()
}

/// How far a task of the repairs has come.
pub fn watermark(task: &str) -> Key {
    Key::new("RECONCILE".to_owned(), task)
}

/// A seal over a part of a company's log.
pub fn seal(company: CompanyId, n: u64) -> Key {
    Key::new(seals(company), format!("{n:010}"))
}

/// The partition of a company's seals, the first one first.
pub fn seals(company: CompanyId) -> String {
    format!("C#{company}#SEAL")
}

/// A block of the directory of a long list.
pub fn directory_block(company: CompanyId, list: List, block: u64) -> Key {
    Key::new(directory(company, list), format!("{block:08}"))
}

/// The partition of a list's directory, the block of the oldest rows first.
pub fn directory(company: CompanyId, list: List) -> String {
    format!("C#{company}#DIRECTORY#{}", list.name())
}

/// That it was written down that an account has access to a repository without having bought it.
pub fn stranger(company: CompanyId, repository: RepositoryId, id: GithubUserId) -> Key {
    Key::new(strangers(company, repository), account(id))
}

/// The partition of a repository's strangers.
pub fn strangers(company: CompanyId, repository: RepositoryId) -> String {
    format!("C#{company}#R#{repository}#STRANGER")
}

/// How many invitations GitHub sent for a repository within a day.
pub fn invitations(company: CompanyId, repository: RepositoryId) -> Key {
    Key::new(format!("C#{company}#R#{repository}#INVITATIONS"), "BUDGET")
}

/// Somebody who waits for an invitation.
pub fn waiting(entitlement: &EntitlementKey, place: &Place) -> Key {
    let EntitlementKey { company, repository, account } = entitlement;
    let (paid_at, purchase) = (place.paid_at.as_second(), place.purchase);
    Key::new(waiting_list(*company, *repository), format!("{paid_at:012}#{purchase}#{account}"))
}

/// The partition of those who wait for an invitation to a repository, in the order of payment.
pub fn waiting_list(company: CompanyId, repository: RepositoryId) -> String {
    format!("C#{company}#R#{repository}#WAITING")
}

/// A repository by its number on GitHub, which renames and transfers do not change.
pub fn listing_of_github(github_id: u64, company: CompanyId, repository: RepositoryId) -> Key {
    Key::new(listings_of_github(github_id), format!("C#{company}#R#{repository}"))
}

/// The partition of all listings of a repository of GitHub. All companies together: GitHub does not know them.
pub fn listings_of_github(github_id: u64) -> String {
    format!("GITHUB#{github_id}")
}

/// A price of a repository, by the number of the change that brought it.
pub fn price(company: CompanyId, repository: RepositoryId, rev: u64) -> Key {
    Key::new(prices(company, repository), format!("{rev:010}"))
}

/// The partition of a repository's prices, oldest first.
pub fn prices(company: CompanyId, repository: RepositoryId) -> String {
    format!("C#{company}#REPOSITORY#{repository}#PRICE")
}

/// In the volatile table: until when GitHub asked a company's calls to wait.
pub fn github_pause(company: CompanyId) -> Key {
    Key::new(format!("C#{company}#PAUSE"), "GITHUB")
}

/// In the volatile table: how many requests a caller has made in an hour. A caller is known by a hash, of whatever company;
/// each has a partition of its own, so that no flood of one can slow down another.
pub fn rate(bucket: &Bucket, sha256: &str, window: Window) -> Key {
    Key::new(format!("RATE#{}#{sha256}", bucket.name), window.starts_at().to_string())
}

/// In the volatile table: how many letters an address was sent on a day (UTC), by the SHA-256 of the address.
pub fn letters_of_day(company: CompanyId, sha256: &str, day: Timestamp) -> Key {
    Key::new(format!("C#{company}#LETTERS#{sha256}"), day.strftime("%Y-%m-%d").to_string())
}

/// In the volatile table: who sends the letters about a purchase at present.
pub fn sending(company: CompanyId, purchase: PurchaseId) -> Key {
    Key::new(format!("C#{company}#SENDING#{purchase}"), "SENDING")
}

/// In the volatile table: a sign-in with GitHub that was begun, by the SHA-256 of its state.
pub fn sign_in_attempt(sha256: &str) -> Key {
    Key::new(format!("SIGN-IN#{sha256}"), "ATTEMPT")
}

/// In the volatile table: the newest link that was made for an address, by the beginning of the address' SHA-256.
pub fn sign_in_link(mailbox: &str) -> Key {
    Key::new(format!("SIGN-IN#{mailbox}"), "LINK")
}

/// In the volatile table: which purchase was confirmed to an address on a day (UTC), by the SHA-256 of the address.
pub fn confirmation_of_day(company: CompanyId, repository: RepositoryId, sha256: &str, day: Timestamp) -> Key {
    Key::new(format!("C#{company}#R#{repository}#CONFIRMED#{sha256}"), day.strftime("%Y-%m-%d").to_string())
}

fn account(id: GithubUserId) -> String {
    // Padded, so that accounts sort by number.
    format!("{:020}", id.0)
}

/// Blob: a package's archive at a commit. `package` is the package's id, not its name.
pub fn blob_archive(company: CompanyId, package: &str, commit: &str) -> String {
    format!("{}{commit}.zip", blob_archives(company, package))
}

/// What the keys of a package's archives begin with.
pub fn blob_archives(company: CompanyId, package: &str) -> String {
    format!("dists/{company}/{package}/")
}

/// Blob: a package's versions with all that is known of each. What the index is called begins with a number that grows.
pub fn blob_index(company: CompanyId, package: &str, name: &str) -> String {
    format!("{}{name}.json", blob_indexes(company, package))
}

/// What the keys of a package's indexes begin with.
pub fn blob_indexes(company: CompanyId, package: &str) -> String {
    format!("packages/{company}/{package}/index/")
}

#[cfg(test)]
mod tests;
