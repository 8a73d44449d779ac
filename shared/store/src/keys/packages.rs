//! The keys of customers, of what they were granted, and of packages.

use domain::{
    CompanyId, PurchaseId, Timestamp,
    customer::{CustomerId, CustomerStatus},
    package::PackageName,
    text::BundleName,
};

use super::Key;

/// A customer: all that a request with its token is confirmed with.
pub fn customer(company: CompanyId, id: CustomerId) -> Key {
    Key::new(customers(company), customer_place(id))
}

/// The partition of a company's customers, oldest first.
pub fn customers(company: CompanyId) -> String {
    format!("C#{company}#CUSTOMER")
}

/// gsi1: a company's customers with a status, oldest first.
pub fn customers_with_status(company: CompanyId, status: CustomerStatus) -> String {
    format!("C#{company}#CUSTOMER#{}", status.name())
}

/// gsi2: the customers with an address, oldest first, by the SHA-256 of the address in lower case.
pub fn customers_with_email(company: CompanyId, sha256: &str) -> String {
    format!("C#{company}#CUSTOMER#EMAIL#{sha256}")
}

/// Guard and link: one customer has what the vendor's system calls it. By its SHA-256: it can hold anything.
pub fn external_id(company: CompanyId, sha256: &str) -> Key {
    Key::new(format!("C#{company}#EXTERNAL#{sha256}"), "GUARD")
}

/// Whose customer a purchase made, or found: written with what it granted first, and kept.
pub fn customer_of_purchase(company: CompanyId, purchase: PurchaseId) -> Key {
    Key::new(format!("C#{company}#PURCHASE#{purchase}#CUSTOMER"), "LINK")
}

/// Guard and link: one customer is made for all purchases with an address, by the SHA-256 of the address in lower case.
pub fn customer_of_buyer(company: CompanyId, sha256: &str) -> Key {
    Key::new(format!("C#{company}#BUYER#{sha256}"), "GUARD")
}

/// What a customer was granted.
pub fn grants(company: CompanyId, id: CustomerId) -> Key {
    Key::new(format!("C#{company}#GRANT"), customer_place(id))
}

/// That a customer was granted a package by itself, for who asks who has it.
pub fn package_customer(company: CompanyId, package: &PackageName, id: CustomerId) -> Key {
    Key::new(package_customers(company, package), customer_place(id))
}

/// The partition of the customers that a package was granted to, oldest first.
pub fn package_customers(company: CompanyId, package: &PackageName) -> String {
    format!("C#{company}#PACKAGE#{package}#CUSTOMER")
}

/// That a customer has a package with a purchase, for who asks who has it.
pub fn package_buyer(company: CompanyId, package: &PackageName, id: CustomerId) -> Key {
    Key::new(package_buyers(company, package), customer_place(id))
}

/// The partition of the customers that have a package with a purchase, oldest first.
pub fn package_buyers(company: CompanyId, package: &PackageName) -> String {
    format!("C#{company}#PACKAGE#{package}#BUYER")
}

/// That a customer was granted a bundle.
pub fn bundle_customer(company: CompanyId, bundle: &BundleName, id: CustomerId) -> Key {
    Key::new(bundle_customers(company, bundle), customer_place(id))
}

/// The partition of the customers that a bundle was granted to, oldest first.
pub fn bundle_customers(company: CompanyId, bundle: &BundleName) -> String {
    format!("C#{company}#BUNDLE#{bundle}#CUSTOMER")
}

/// How often a customer downloaded a version.
pub fn downloads(company: CompanyId, id: CustomerId, package: &PackageName, normalized: &str) -> Key {
    Key::new(downloads_of(company, id), format!("{package}#{normalized}"))
}

/// The partition of what a customer downloaded, by package and version.
pub fn downloads_of(company: CompanyId, id: CustomerId) -> String {
    format!("C#{company}#CUSTOMER#{}#DOWNLOAD", customer_place(id))
}

/// The end of a customer's time. All companies together: the one who looks is nobody's.
pub fn expiry(at: Timestamp, company: CompanyId, id: CustomerId) -> Key {
    Key::new(expiries(), format!("{:012}#{company}#{}", at.as_second(), customer_place(id)))
}

/// The partition of all ends, the next one first.
pub fn expiries() -> String {
    "EXPIRY".to_owned()
}

/// A package.
pub fn package(company: CompanyId, name: &PackageName) -> Key {
    Key::new(packages(company), name.as_str())
}

/// The partition of a company's packages, by name.
pub fn packages(company: CompanyId) -> String {
    format!("C#{company}#PACKAGE")
}

/// A version of a package, by its normalised form.
pub fn version(company: CompanyId, package: &PackageName, normalized: &str) -> Key {
    Key::new(versions(company, package), normalized)
}

/// The partition of a package's versions, those whose tags are gone included.
pub fn versions(company: CompanyId, package: &PackageName) -> String {
    format!("C#{company}#PACKAGE#{package}#VERSION")
}

/// Which packages come from a repository of a forge, by what the forge calls it or by its address. All companies together:
/// the forge does not know them. By a SHA-256: both come from outside.
pub fn package_of_forge(sha256: &str, company: CompanyId, package: &PackageName) -> Key {
    Key::new(packages_of_forge(sha256), format!("C#{company}#{package}"))
}

/// The partition of the packages of a repository of a forge.
pub fn packages_of_forge(sha256: &str) -> String {
    format!("FORGE#{sha256}")
}

/// A bundle.
pub fn bundle(company: CompanyId, name: &BundleName) -> Key {
    Key::new(bundles(company), name.as_str())
}

/// The partition of a company's bundles, by name.
pub fn bundles(company: CompanyId) -> String {
    format!("C#{company}#BUNDLE")
}

/// What a deleted package left behind. While it is there, its name cannot be used.
pub fn leftover_of_package(company: CompanyId, name: &PackageName) -> Key {
    Key::new(leftovers(company), format!("PACKAGE#{name}"))
}

/// What a deleted bundle left behind. While it is there, its name cannot be used.
pub fn leftover_of_bundle(company: CompanyId, name: &BundleName) -> Key {
    Key::new(leftovers(company), format!("BUNDLE#{name}"))
}

/// The partition of what has to be cleared away.
pub fn leftovers(company: CompanyId) -> String {
    format!("C#{company}#LEFTOVER")
}

/// Numbers of customers that are not used any more, of one stretch of numbers.
pub fn gaps_of_customers(company: CompanyId, stretch: u64) -> Key {
    Key::new(all_gaps_of_customers(company), format!("{stretch:08}"))
}

/// The partition of all such numbers.
pub fn all_gaps_of_customers(company: CompanyId) -> String {
    format!("C#{company}#GAPS")
}

/// The sort key of a customer, and of what belongs to one. Padded, so that customers sort by number.
pub(crate) fn customer_place(id: CustomerId) -> String {
    format!("{:010}", id.number())
}
