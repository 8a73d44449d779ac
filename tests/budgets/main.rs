//! Holds each endpoint and each event to its budget of AWS calls and units, and prints the table.
//!
//! Secrets are read before: they are kept for a minute. `ok` is within the design's budget; `known` is what
//! is not yet, and gets no worse.
#![expect(clippy::unwrap_used, reason = "in a test, what cannot be read is a failure")]

mod bulk;
mod composer;
mod endpoints;
mod events;
mod limiter;
mod lists;
mod package_customers;
mod packages;
mod served;
mod shop;
mod sync;
mod table;

use std::io::Write;

use shop::{Shop, Texts};
use table::Table;

async fn hold_to_budgets(title: &str, texts: Texts) {
    let mut table = Table::default();
    let mut shop = Shop::open(texts).await;
    endpoints::measure(&mut shop, &mut table).await;
    package_customers::measure(&shop, &mut table).await;
    packages::measure(&shop, &mut table).await;
    events::measure(&mut shop, &mut table).await;
    limiter::measure(&shop, &mut table).await;
    composer::measure(&shop, &mut table).await;
    shop.t.finish().await;
    show(title, &table);
}

/// Prints a table, and holds it to its budgets.
fn show(title: &str, table: &Table) {
    // Not by `eprintln`, which is shown only when the test fails.
    std::io::stderr().write_all(format!("\n{title}\n\n{table}\n").as_bytes()).unwrap();
    assert!(table.over_budget().is_empty(), "over budget: {:#?}", table.over_budget());
}

#[tokio::test]
async fn every_endpoint_and_every_event_is_within_its_budget() {
    Box::pin(hold_to_budgets("Budgets, with the contract's examples", Texts::Short)).await;
}

#[tokio::test]
async fn they_are_so_with_long_texts() {
    Box::pin(hold_to_budgets("Budgets, with long texts", Texts::Long)).await;
}

#[tokio::test]
async fn syncs_of_many_tags_and_of_one_more() {
    let (shop, mut table) = (Shop::open(Texts::Short).await, Table::default());
    sync::measure(&shop, &mut table).await;
    shop.t.finish().await;
    show("Syncs", &table);
}

/// A hundred rows or ten thousand: a page takes the same, except one in the middle.
#[tokio::test]
async fn pages_of_long_lists_take_no_more_than_those_of_short_ones() {
    hold_lists_to_budgets(&[100, 10_000]).await;
}

/// `cargo xtask lists`: it takes minutes.
#[tokio::test]
#[ignore = "it takes minutes"]
async fn lists_of_a_million_rows() {
    hold_lists_to_budgets(&[100, 10_000, 1_000_000]).await;
}

async fn hold_lists_to_budgets(lengths: &[usize]) {
    let mut table = Table::default();
    for rows in lengths {
        lists::measure(*rows, &mut table).await;
    }
    show("Lists, 20 rows on a page", &table);
}
