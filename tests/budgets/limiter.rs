//! What counting requests takes, beside what the requests take themselves.

use api::{ClientAddress, RateSlot};
use auth::Limiter;
use axum::body::Body;
use domain::{Secret, company::Role, rate::CALLER};
use http::{Request, StatusCode};
use journeys::bearer;
use store::Volatile;
use testkit::connector::Usage;

use crate::{
    shop::{Shop, measured},
    table::{Budget, Table},
};

pub(crate) async fn measure(shop: &Shop, table: &mut Table) {
    let token = shop.t.found_company(1000, Role::Viewer, None).await;
    let path = "/api/admin/repositories/019b76da-a800-7bab-abab-abababababab";
    let by_caller = || bearer(Request::get(path), &token).body(Body::empty()).unwrap();
    let address = ClientAddress([203, 0, 113, 7].into());
    let by_stranger = || Request::get("/api/products/none").extension(address).body(Body::empty()).unwrap();

    let usage = ask(shop, 100, by_caller, StatusCode::NOT_FOUND).await;
    table.add("limiter: 100 requests of a caller", counting(usage), Budget::counting(100));
    let usage = ask(shop, 90, by_stranger, StatusCode::NOT_FOUND).await;
    table.add("limiter: 90 requests of a stranger", counting(usage), Budget::counting(90));
    ask(shop, 10, by_stranger, StatusCode::NOT_FOUND).await;
    let usage = ask(shop, 20, by_stranger, StatusCode::TOO_MANY_REQUESTS).await;
    table.add("limiter: 20 requests too many of a stranger", usage, Budget::nothing());
    use_up(shop, &token).await;
    ask(shop, 1, by_caller, StatusCode::TOO_MANY_REQUESTS).await;
    let usage = ask(shop, 20, by_caller, StatusCode::TOO_MANY_REQUESTS).await;
    table.add("limiter: 20 requests too many of a caller", usage, Budget::nothing());
}

async fn ask(shop: &Shop, times: usize, request: impl Fn() -> Request<Body>, status: StatusCode) -> Usage {
    let asked = async {
        for _ in 0..times {
            let answer = shop.t.send(request()).await;
            assert_eq!(answer.status, status.as_u16(), "{answer}");
        }
    };
    measured(asked).await.0
}

/// Another process takes what is left to a caller.
async fn use_up(shop: &Shop, token: &Secret) {
    let counters = Volatile::new(shop.t.aws.dynamodb.clone(), "VolatileTable");
    let limiter = Limiter::new(counters, shop.t.clock.clock());
    while limiter.allow(&CALLER, token.reveal(), &RateSlot::default()).await.is_ok() {}
}

/// The calls by which requests are counted.
fn counting(usage: Usage) -> Usage {
    Usage::of(usage.calls.into_iter().filter(|call| call.operation == "UpdateItem").collect())
}
