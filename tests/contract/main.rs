//! The contract `repopass.md`, heading by heading: its example requests give its example answers, and whatever is wrong
//! with a request is answered in its shape, never with a failure of ours.
#![expect(clippy::unwrap_used, reason = "in a test, what cannot be read is a failure")]

mod access_logs;
mod bad_fields;
mod bad_requests;
mod books;
mod checkout;
mod customers;
mod dashboard;
mod errors;
mod exports;
mod fuzz;
mod github_webhook;
mod letters;
mod limiter;
mod pagination;
mod products_and_checkout;
mod purchases_of_buyers;
mod rate_limits;
mod repositories;
mod sign_in;
mod stripe_webhook;
mod webhook_secrets;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::CompanyId;
use journeys::TestStack;
use store::keys::{self, Key};

/// Takes a repository off the market as the endpoint for it, which comes later, will write it.
async fn deactivate(t: &TestStack, repository: &str) {
    let company = CompanyId(1);
    let update = |key: Key, expression: &str| {
        let request = t.aws.dynamodb.update_item().table_name("Table").update_expression(expression);
        request.key("pk", AttributeValue::S(key.pk)).key("sk", AttributeValue::S(key.sk))
    };
    let inactive = update(keys::repository(company, repository.parse().unwrap()), "SET active = :no");
    inactive.expression_attribute_values(":no", AttributeValue::Bool(false)).send().await.unwrap();
    let counted = update(keys::company(company), "ADD repositories_active :less, repositories_inactive :more")
        .expression_attribute_values(":less", AttributeValue::N("-1".to_owned()))
        .expression_attribute_values(":more", AttributeValue::N("1".to_owned()));
    counted.send().await.unwrap();
}
