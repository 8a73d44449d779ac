//! What Composer's requests take: a customer's whole team asks, and so do its build servers.

use axum::body::Body;
use domain::{CompanyId, Secret, text::Reason};
use http::{Request, header};
use journeys::{Answer, basic, granted, indexed, seeded};
use serde_json::{Value, json};
use testkit::connector::Usage;

use crate::{
    shop::{Shop, Texts, measured},
    table::{Budget, Table},
};

/// Versions of the package that has many.
const VERSIONS: usize = 500;
/// Numbers of customers that nothing else here gets to.
const FIRST: u32 = 9_000_000;

pub(crate) async fn measure(shop: &Shop, table: &mut Table) {
    let (package, token) = shelve(shop).await;
    let p2 = format!("/p2/{package}.json");
    for what in ["first", "again"] {
        let (usage, answer) = measured(shop.t.fetch(&p2, &token)).await;
        let versions = answer.json["packages"][&package].as_array().map_or(0, Vec::len);
        assert_eq!((answer.status, versions), (200, VERSIONS), "{answer}");
        table.add(format!("p2 of {VERSIONS} versions, {what}"), usage, Budget::metadata());
    }
    table.add("p2 of a package that is not there", fetch(shop, "/p2/a/b.json", &token, 404).await, Budget::metadata());
    table.add("packages.json", fetch(shop, "/packages.json", &token, 200).await, Budget::root());
    table.add("list.json", fetch(shop, "/list.json", &token, 200).await, Budget::root());
    table.add("search.json", fetch(shop, "/search.json?q=large", &token, 200).await, Budget::root());

    let dist = format!("/dist/{package}/1.0.7.zip");
    table.add("dist, the first time", fetch(shop, &dist, &token, 302).await, Budget::first_download());
    table.add("dist", fetch(shop, &dist, &token, 302).await, Budget::download());
    let forged = domain::customer::CustomerId::of_number(FIRST.into()).unwrap().issue_token(CompanyId(1), &seeded(9));
    let unknown = format!("/dist/{package}/9.9.9.zip");
    table.add("dist of no such version", fetch(shop, &unknown, &token, 404).await, Budget::download());
    table.add("dist with a forged token", fetch(shop, &dist, &forged, 401).await, Budget::forged_download());
    table.add("downloads told of", tell(shop, &package, &token).await, Budget::told());

    let garbage = Secret::new("tok_garbage").unwrap();
    table.add("p2 with a malformed token", fetch(shop, &p2, &garbage, 401).await, Budget::nothing());
    let reason = (shop.texts == Texts::Long).then(|| Reason::parse(&"a reason ".repeat(20)).unwrap());
    let now = shop.t.now();
    let id = domain::customer::CustomerId::of_number(FIRST.into()).unwrap();
    shop.t.change_holder(CompanyId(1), id, |it| it.customer = it.customer.suspended(reason, now).unwrap()).await;
    table.add("p2 of who is suspended", fetch(shop, &p2, &token, 403).await, Budget::metadata());
}

/// A package with many versions, and a customer who has it among others.
async fn shelve(shop: &Shop) -> (String, Secret) {
    let package = if shop.texts == Texts::Long {
        format!("vendor/{}", "large-".repeat(10) + "x")
    } else {
        "acme/large".to_owned()
    };
    let mut composer = json!({"type": "library", "require": {"php": ">=8.1", "psr/log": "^3.0"}});
    if shop.texts == Texts::Long {
        composer["description"] = "A sentence of some words. ".repeat(24).into();
    }
    let version = |patch| indexed(&package, &format!("1.0.{patch}"), shop.t.now(), &composer);
    shop.t.shelve_versions(CompanyId(1), &package, (0..VERSIONS).rev().map(version).collect()).await;
    let names: Vec<String> = (0..19).map(|number| format!("acme/package-{number}")).collect();
    for name in &names {
        shop.t.shelve_versions(CompanyId(1), name, Vec::new()).await;
    }
    let mut grants: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "^1.0 || ^2.0")).collect();
    grants.push((package.as_str(), "*"));
    let (_, token) = shop.t.customer_with(FIRST, granted(shop.t.now(), &grants)).await;
    (package, token)
}

async fn fetch(shop: &Shop, path: &str, token: &Secret, status: u16) -> Usage {
    let (usage, answer) = measured(shop.t.fetch(path, token)).await;
    assert_eq!(answer.status, status, "{path}: {answer}");
    usage
}

/// Composer tells of ten versions at once.
async fn tell(shop: &Shop, package: &str, token: &Secret) -> Usage {
    let entry = |number: usize| json!({"name": package, "version": format!("1.0.{number}.0")});
    let body = json!({"downloads": (0..10).map(entry).collect::<Vec<Value>>()});
    let request = Request::post("/downloads").header(header::AUTHORIZATION, basic(token));
    let (usage, answer): (Usage, Answer) =
        measured(shop.t.send(request.body(Body::from(body.to_string())).unwrap())).await;
    assert_eq!(answer.status, 204, "{answer}");
    usage
}
