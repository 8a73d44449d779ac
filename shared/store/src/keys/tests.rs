//! Prints the access patterns and keeps the printed page true.

use domain::{
    Random,
    customer::{CustomerId, CustomerStatus},
    package::PackageName,
    text::{BundleName, GithubLogin, GithubRepositoryName},
};

use super::*;

struct Row {
    item: &'static str,
    key: Key,
    gsi1: Option<Key>,
    gsi2: Option<Key>,
    read_by: &'static str,
}

fn rows() -> Vec<Row> {
    let c = CompanyId(1);
    let random = Random::new(|bytes| bytes.fill(0xAB));
    let at = Timestamp::from_second(1_767_225_600).unwrap();
    let r = RepositoryId::generate(at, &random);
    let p = PurchaseId::generate(at, &random);
    let l = LogId::generate(at, &random);
    let account = EntitlementKey { company: c, repository: r, account: GithubUserId(583_231) };
    let path = GithubPath {
        owner: GithubLogin::parse("CTrimm").unwrap(),
        name: GithubRepositoryName::parse("Premium-Theme").unwrap(),
    };
    let customer_id = CustomerId::of_number(1).unwrap();
    let (widget, enterprise) = (PackageName::parse("acme/widget").unwrap(), BundleName::parse("enterprise").unwrap());
    let row = |item, key, read_by| Row { item, key, gsi1: None, gsi2: None, read_by };
    vec![
        row("company", company(c), "`company`; counts in `repositories`"),
        row("operator token", operator_token(c, &"ab".repeat(32)), "`operator` (strong), `operators`"),
        row("member", member(c, UserId::generate(at, &random)), "`member` (strong), `members`"),
        row("identity: GitHub account", github_identity(c, GithubUserId(583_231)), "`memberships`; conditions"),
        row("identity: address", email_identity(c, &"ab".repeat(32)), "`memberships`; conditions"),
        Row {
            gsi1: Some(repository_by_slug("premium-theme")),
            gsi2: Some(repository_by_id(r)),
            ..row(
                "repository",
                repository(c, r),
                "`repository`, `repositories`; gsi1 `product_by_slug`; gsi2 `product`",
            )
        },
        row("slug guard", slug_guard("premium-theme"), "conditions only"),
        row("GitHub path guard", github_guard(c, &path), "conditions only"),
        row("tally", tally(c, r), "`sums`, `all_sums`"),
        Row {
            gsi1: Some(Key::new(purchases_with_status(c, AccessStatus::Active), p.to_string())),
            gsi2: Some(Key::new(purchases_of_repository(c, r, AccessStatus::Active), p.to_string())),
            ..row(
                "purchase",
                purchase(c, p),
                "`purchase` (strong), `purchases`; gsi1 by status; gsi2 by repository and status",
            )
        },
        row("tally of what belongs to no repository", tally_of_company(c), "`all_sums`"),
        Row {
            gsi1: Some(Key::new(log_of_purchase(c, p), l.to_string())),
            gsi2: Some(Key::new(
                log_of_kind(c, Some(r), (Action::CollaboratorAdded, LogStatus::Success)),
                l.to_string(),
            )),
            ..row(
                "log entry",
                log_entry(c, l),
                "`logs`; gsi1 `log` of a purchase; gsi2 by repository, action and status",
            )
        },
        row("days of a month", days_of_month(c, "2026-01"), "`figures`"),
        row("months", months(c), "`figures`"),
        row("failed payment", failed_payment(c, at, p), "`failed_payments`"),
        Row {
            gsi1: Some(due(at, &account)),
            ..row("entitlement", entitlement(&account), "`entitlement` (strong); gsi1, while something is due, `due`")
        },
        row("sign-in with GitHub (volatile)", sign_in_attempt(&"ab".repeat(32)), "`take_sign_in`"),
        row("sign-in link (volatile)", sign_in_link(&"ab".repeat(16)), "`take_sign_in_link`"),
        row("price", price(c, r, 0), "`prices`"),
        row("company's entry", company_entry(c), "`companies`"),
        row("watermark of a repair", watermark("stripe_events"), "`watermark` (strong)"),
        row("seal of a part of the log", seal(c, 1), "`seals`, `last_seals` (strong)"),
        row("directory of a list", directory_block(c, List::Log, 0), "`position`"),
        row("stranger", stranger(c, r, account.account), "`strangers`"),
        row("invitations of a day", invitations(c, r), "`invitations` (strong)"),
        row("waiting for an invitation", waiting(&account, &Place { paid_at: at, purchase: p }), "`invitations`"),
        row("listing of a repository of GitHub", listing_of_github(1_296_269, c, r), "`listings_of_github`"),
        row("GitHub pause (volatile)", github_pause(c), "`github_pause`"),
        row(
            "requests of an hour (volatile)",
            rate(&domain::rate::CALLER, &"ab".repeat(32), Window::at(at)),
            "`lease`: answers of a conditional update",
        ),
        row("confirmation of a day (volatile)", confirmation_of_day(c, r, &"ab".repeat(32), at), "conditions only"),
        row("sending of letters (volatile)", sending(c, p), "conditions only"),
        row("letters of a day (volatile)", letters_of_day(c, &"ab".repeat(32), at), "conditions only"),
        Row {
            gsi1: Some(Key::new(customers_with_status(c, CustomerStatus::Active), "0000000001")),
            gsi2: Some(Key::new(customers_with_email(c, &"ab".repeat(32)), "0000000001")),
            ..row(
                "customer",
                customer(c, customer_id),
                "`customer` (strong), `customers`; gsi1 by status; gsi2 by address",
            )
        },
        row("external id", external_id(c, &"ab".repeat(32)), "`customer_by_external_id`; conditions"),
        row(
            "customer of a purchase",
            customer_of_purchase(c, p),
            "`links_of_buyer`, `holder_of_purchase` (strong); conditions",
        ),
        row(
            "customer of a buyer's address",
            customer_of_buyer(c, &"ab".repeat(32)),
            "`links_of_buyer` (strong); conditions",
        ),
        row("grants", grants(c, customer_id), "`grants` and `admission` (strong)"),
        row("customer of a package", package_customer(c, &widget, customer_id), "`package_customers`, `granted`"),
        row("buyer of a package", package_buyer(c, &widget, customer_id), "`granted`"),
        row("customer of a bundle", bundle_customer(c, &enterprise, customer_id), "`bundle_customers`, `granted`"),
        row("gaps", gaps_of_customers(c, 0), "`customers`"),
        row("downloads", downloads(c, customer_id, &widget, "1.0.0.0"), "`downloads`"),
        row("expiry", expiry(at, c, customer_id), "`expiries`, of all companies"),
        row("package", package(c, &widget), "`package`, `admission` (strong), `packages`"),
        row("version", version(c, &widget, "1.0.0.0"), "`admission_to_version` (strong), `versions`"),
        row(
            "package of a forge",
            package_of_forge(&"ab".repeat(32), c, &widget),
            "`packages_of_forge`, of all companies",
        ),
        row("bundle", bundle(c, &enterprise), "`bundle` (strong), `bundles`"),
        row("what a package left behind", leftover_of_package(c, &widget), "`leftover`, `leftovers`; conditions"),
        row("what a bundle left behind", leftover_of_bundle(c, &enterprise), "`leftover`, `leftovers`; conditions"),
    ]
}

fn page() -> String {
    let mut page = String::from(
        "# Access patterns\n\nPrinted by a test from sample keys (`UPDATE=1 cargo test -p store` rewrites it). Every item also has `type`; those that are\n\
         changed under an optimistic lock have `rev`. No pattern needs a Scan.\n\n| item | pk | sk | gsi1pk / gsi1sk | gsi2pk / gsi2sk | read by |\n|---|---|---|---|---|---|\n",
    );
    let index = |key: Option<Key>| key.map_or_else(|| "–".to_owned(), |key| format!("`{}` / `{}`", key.pk, key.sk));
    for row in rows() {
        let Row { item, key, gsi1, gsi2, read_by } = row;
        let (gsi1, gsi2) = (index(gsi1), index(gsi2));
        let cells = [item, &format!("`{}`", key.pk), &format!("`{}`", key.sk), &gsi1, &gsi2, read_by];
        page.extend(["| ", &cells.join(" | "), " |\n"]);
    }
    page.push_str("\n| blob | key | read by |\n|---|---|---|\n");
    let (c, p) = (CompanyId(1), "pkg_0a1b2c");
    page.extend(["| archive of a package | `", &blob_archive(c, p, &"ab".repeat(20)), "` | `get`, `head`, links |\n"]);
    page.extend([
        "| index of a package | `",
        &blob_index(c, p, &format!("{:012}-{}", 7, "ab".repeat(32))),
        "` | `get` |\n",
    ]);
    page
}

#[test]
fn every_key_pattern_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/ACCESS_PATTERNS.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        written,
        page(),
        "ACCESS_PATTERNS.md is not what the keys say; UPDATE=1 cargo test -p store rewrites it"
    );
}

#[test]
fn every_function_that_makes_a_key_is_on_the_page() {
    let sources = [include_str!("../keys.rs"), include_str!("packages.rs")];
    let made = sources
        .iter()
        .flat_map(|source| source.lines())
        .filter(|line| line.starts_with("pub fn ") && line.ends_with("-> Key {"))
        .count();
    let shown =
        rows().iter().map(|row| 1 + usize::from(row.gsi1.is_some()) + usize::from(row.gsi2.is_some())).sum::<usize>();
    // The indexes of a purchase, a line and a customer share its id as their sort key: no function makes their whole keys.
    assert_eq!(made, shown - 6, "a function of keys.rs is missing from the rows above");
}

#[test]
fn distinct_items_have_distinct_keys() {
    let keys: Vec<_> = rows().into_iter().flat_map(|row| [Some(row.key), row.gsi1, row.gsi2]).flatten().collect();
    for (place, key) in keys.iter().enumerate() {
        assert!(!keys[place + 1..].contains(key), "{key:?} twice");
    }
}
