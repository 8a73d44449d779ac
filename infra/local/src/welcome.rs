//! What a person sees at the start: where everything is, and, the first time, a token and a walk through the product.

use anyhow::Result;
use domain::{
    Clock, CompanyId, LogId, Random, Secret,
    company::{Company, Role},
    log::{Action, Actor, LogEntry, LogStatus},
    token,
};
use store::{Operator, Store};

use crate::Stack;

/// The company that the first start makes.
pub const FIRST_COMPANY: CompanyId = CompanyId(1);

/// Makes another operator's token for company 1, and the company if it is not there yet.
///
/// # Errors
/// When the table does not answer.
pub async fn another_token(store: &Store, clock: &Clock, random: &Random) -> Result<Secret> {
    if let Some(token) = first_start(store, clock, random).await? {
        return Ok(token);
    }
    let token = token::issue(token::OPERATOR, FIRST_COMPANY, random);
    let operator = operator(&token, "operator", clock);
    store.insert_operator(FIRST_COMPANY, &token, &operator, &made(&operator, random)).await?;
    Ok(token)
}

/// Makes company 1 and its first operator's token; `None` when they were made before.
///
/// # Errors
/// When the table does not answer.
pub async fn first_start(store: &Store, clock: &Clock, random: &Random) -> Result<Option<Secret>> {
    let company =
        Company { id: FIRST_COMPANY, name: "My company".to_owned(), currency: "usd".to_owned(), alerts: None };
    let token = token::issue(token::OPERATOR, FIRST_COMPANY, random);
    let operator = operator(&token, "first operator", clock);
    let founded = store.found_company(&company, &token, &operator, &made(&operator, random)).await?;
    if !founded {
        // One that was founded by older code is in no list of companies yet.
        store.register_company(FIRST_COMPANY).await?;
    }
    Ok(founded.then_some(token))
}

fn operator(token: &Secret, name: &str, clock: &Clock) -> Operator {
    Operator::of(token, name, Role::Owner, clock.now())
}

/// The line of the log on a token that nobody who signed in made.
pub fn made(operator: &Operator, random: &Random) -> LogEntry {
    let now = operator.created_at;
    let id = LogId::generate(now, random);
    LogEntry::new(id, now, Actor::Tollgate, Action::TokenCreated, LogStatus::Success)
        .with("tokenId", Some(operator.id.to_string()))
        .with("name", Some(&operator.name))
        .with("role", Some(operator.role.name()))
}

/// The text at the start.
pub fn text(stack: &Stack, token: Option<&Secret>) -> String {
    let url = &stack.url;
    let aws = if stack.embedded.is_some() {
        format!("embedded: aws --endpoint-url {url} dynamodb list-tables")
    } else {
        "as configured".to_owned()
    };
    let github = stood_in(stack.github.is_some(), url, "sandbox/github/", "GITHUB_API_URL");
    let forges = stood_in(stack.forges.is_some(), url, "sandbox/forges/", "GITLAB_API_URL");
    let stripe = stood_in(stack.stripe.is_some(), url, "sandbox/stripe/", "STRIPE_API_URL");
    let mail = match &stack.mail {
        Some(_) => format!("sandbox, nothing is sent: {url}/sandbox/mail/"),
        None => "as configured".to_owned(),
    };
    let walk = token.map(|token| walk(stack, token)).unwrap_or_default();
    format!(
        "\nTollgate is running at {url}\n\n  AWS      {aws}\n  GitHub   {github}\n  Forges   {forges}\n  Stripe   {stripe}\n  Mail     {mail}\n{walk}\nCtrl-C ends it.\n"
    )
}

fn stood_in(sandbox: bool, url: &str, path: &str, setting: &str) -> String {
    if sandbox {
        format!("sandbox, not the real one: {url}/{path} (set {setting} for the real one)")
    } else {
        format!("as configured by {setting}")
    }
}

fn walk(stack: &Stack, token: &Secret) -> String {
    let (url, token) = (&stack.url, token.reveal());
    let pay = if stack.stripe.is_some() {
        "Open the sessionUrl that it answers in a browser and press Pay."
    } else {
        "Open the sessionUrl that it answers in a browser and pay."
    };
    format!(
        r#"
This is the first start, so company 1 was made, with an operator's token. It is shown only now
(`tollgate token` makes another one):

  export TOKEN={token}

A walk through the product, to copy and paste:

  # 1. List a private repository for sale.
  curl -sS {url}/api/admin/repositories -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
    -d '{{"githubOwner":"ctrimm","githubRepoName":"premium-theme","displayName":"Premium Astro Theme","pricingType":"one-time","priceCents":4900}}'

  # 2. Buy it as johndoe. {pay}
  ID=$(curl -sS {url}/api/products/premium-astro-theme | sed 's/.*"id":"\([^"]*\)".*/\1/')
  curl -sS {url}/api/checkout -H 'Content-Type: application/json' \
    -d "{{\"repositoryId\":\"$ID\",\"githubUsername\":\"johndoe\",\"email\":\"customer@example.com\"}}"

  # 3. See that the gate is open.
  curl -sS {url}/api/admin/customers -H "Authorization: Bearer $TOKEN"
"#
    )
}
