//! Long lists, made by copying what is there: rows go straight into the table, and the counts are put right with them.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use domain::{
    CompanyId, LogId, RepositoryId, Timestamp,
    log::{Action, LogStatus},
};
use journeys::{TestStack, package_name};
use store::keys::{self, Key};

const TABLE: &str = "Table";
const COMPANY: CompanyId = CompanyId(1);
/// Rows of one request; DynamoDB takes no more.
const BATCH: usize = 25;
/// Requests under way at the same time.
const PARALLEL: usize = 8;

type Item = HashMap<String, AttributeValue>;

/// A list, by what its rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    Customers,
    Repositories,
    Logs,
    /// With the grant of [`PACKAGE`] that each of them has.
    PackageCustomers,
    Packages,
}

/// The package that the customers have.
pub(crate) const PACKAGE: &str = "vendor/core";

/// Copies the rows of a list, in turn, until it has about `rows` of them.
pub(crate) async fn fill(t: &TestStack, list: List, rows: usize) {
    let partition = match list {
        List::Customers => keys::purchases(COMPANY),
        List::Repositories => keys::repositories(COMPANY),
        List::Logs => keys::log(COMPANY),
        List::PackageCustomers => keys::customers(COMPANY),
        List::Packages => keys::packages(COMPANY),
    };
    let originals = query(t, &partition).await;
    let companions = if list == List::PackageCustomers { companions(t).await } else { Vec::new() };
    let wanted = rows.saturating_sub(originals.len());
    let mut counts: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut batches = Vec::new();
    for first in (0..wanted).step_by(BATCH) {
        let numbers = first..wanted.min(first + BATCH);
        let copies: Vec<Item> = numbers
            .map(|number| copy(t, list, &originals[number % originals.len()], originals.len() + number))
            .collect();
        for copied in &copies {
            *counts.entry(counted(list, copied)).or_default() += 1;
            if list == List::PackageCustomers {
                *counts.entry(("-".to_owned(), "k_made".to_owned())).or_default() += 1;
            }
        }
        for companion in &companions {
            batches.push(copies.iter().map(|customer| of_customer(companion, &customer["sk"])).collect());
        }
        batches.push(copies);
        if batches.len() >= PARALLEL {
            futures::future::join_all(batches.drain(..).map(|batch| put(t, batch))).await;
        }
    }
    futures::future::join_all(batches.drain(..).map(|batch| put(t, batch))).await;
    for ((sk, name), count) in counts {
        add(t, list, &sk, &name, count).await;
    }
}

/// Of each customer there are two items more: its grants, and the link that leads from the package to it.
async fn companions(t: &TestStack) -> Vec<Item> {
    let grants = keys::grants(COMPANY, domain::customer::CustomerId::of_number(1).unwrap()).pk;
    let links = keys::package_customers(COMPANY, &package_name(PACKAGE));
    vec![query(t, &grants).await.remove(0), query(t, &links).await.remove(0)]
}

/// An item of one customer as another one has it.
fn of_customer(original: &Item, place: &AttributeValue) -> Item {
    let mut copied = original.clone();
    copied.insert("sk".to_owned(), place.clone());
    if copied.contains_key("number") {
        let number: u64 = place.as_s().unwrap().parse().unwrap();
        copied.insert("number".to_owned(), AttributeValue::N(number.to_string()));
    }
    copied
}

/// A row like another one, younger than all before it.
fn copy(t: &TestStack, list: List, original: &Item, number: usize) -> Item {
    let at = t.now().as_millisecond() + i64::try_from(number).unwrap() + 1;
    let id = LogId::generate(Timestamp::from_millisecond(at).unwrap(), &t.random).to_string();
    let mut copied = original.clone();
    if list == List::PackageCustomers {
        let number = number + 1;
        copied.insert("number".to_owned(), AttributeValue::N(number.to_string()));
        for name in ["sk", "gsi1sk", "gsi2sk"] {
            copied.insert(name.to_owned(), AttributeValue::S(format!("{number:010}")));
        }
        return copied;
    }
    let mut set = |name: &str, value: String| copied.insert(name.to_owned(), AttributeValue::S(value));
    set("sk", id.clone());
    match list {
        List::Customers => {
            set("gsi1sk", id.clone());
            set("gsi2sk", id);
        }
        List::Repositories => {
            set("gsi1pk", format!("SLUG#copy-{number}"));
            set("gsi2pk", keys::repository_by_id(id.parse::<RepositoryId>().unwrap()).pk);
        }
        List::Logs => {
            // Of purchases that nobody looks at.
            set("gsi1pk", keys::log_of_purchase(COMPANY, id.parse().unwrap()));
            set("gsi1sk", id.clone());
            set("gsi2sk", id);
        }
        List::Packages => {
            set("sk", format!("copies/package-{number:07}"));
            set("name", format!("copies/package-{number:07}"));
        }
        List::PackageCustomers => {}
    }
    copied
}

/// Where a row is counted: the sums' sort key and the count's name.
fn counted(list: List, row: &Item) -> (String, String) {
    let text = |name: &str| row[name].as_s().unwrap().clone();
    match list {
        List::Customers => (text("repository"), text("gsi1pk").rsplit('#').next().unwrap().to_owned()),
        List::Repositories => (String::new(), "repositories_active".to_owned()),
        List::Packages => ("-".to_owned(), "g_packages".to_owned()),
        List::PackageCustomers => ("-".to_owned(), format!("k_{}", text("gsi1pk").rsplit('#').next().unwrap())),
        List::Logs => {
            let action = Action::ALL.iter().find(|action| action.name() == text("action")).unwrap();
            let status = LogStatus::ALL.into_iter().find(|status| status.name() == text("status")).unwrap();
            let place = row.get("repository").map_or("-", |id| id.as_s().unwrap()).to_owned();
            (place, format!("l_{}{}", action.code(), status.code()))
        }
    }
}

async fn query(t: &TestStack, pk: &str) -> Vec<Item> {
    let query = t.aws.dynamodb.query().table_name(TABLE).key_condition_expression("pk = :pk");
    let found = query.expression_attribute_values(":pk", AttributeValue::S(pk.to_owned())).send().await.unwrap();
    found.items.unwrap()
}

async fn put(t: &TestStack, rows: Vec<Item>) {
    let put = |row| PutRequest::builder().set_item(Some(row)).build().unwrap();
    let requests: Vec<_> = rows.into_iter().map(|row| WriteRequest::builder().put_request(put(row)).build()).collect();
    let answer = t.aws.dynamodb.batch_write_item().request_items(TABLE, requests).send().await.unwrap();
    assert!(answer.unprocessed_items.unwrap_or_default().is_empty());
}

async fn add(t: &TestStack, list: List, sk: &str, name: &str, count: i64) {
    let key = match list {
        List::Repositories => keys::company(COMPANY),
        List::Customers | List::Logs | List::PackageCustomers | List::Packages => {
            Key { pk: keys::tallies(COMPANY), sk: sk.to_owned() }
        }
    };
    let update = t.aws.dynamodb.update_item().table_name(TABLE).update_expression("ADD #name :count");
    let update = update.key("pk", AttributeValue::S(key.pk)).key("sk", AttributeValue::S(key.sk));
    let update = update.expression_attribute_names("#name", name);
    update.expression_attribute_values(":count", AttributeValue::N(count.to_string())).send().await.unwrap();
}
