//! Requests that are wrong as a whole: the same envelope, and never a failure of ours.

use axum::body::Body;
use http::{Method, Request, header};
use journeys::{Answer, TestStack, bearer, example_repository};

/// The endpoints that take JSON.
const WITH_JSON: [&str; 2] = ["/api/admin/repositories", "/api/checkout"];

async fn post(t: &TestStack, path: &str, content_type: &str, body: impl Into<Body>) -> Answer {
    let request = t.request(Method::POST, path).header(header::CONTENT_TYPE, content_type);
    t.send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let t = TestStack::start().await;
    let nested =
        |open: &str, close: &str, depth| format!("{{\"githubOwner\":{}{}}}", open.repeat(depth), close.repeat(depth));
    let mut bodies: Vec<Vec<u8>> =
        ["", " ", "{", "}", "nul", "null", "true", "7", "\"text\"", "[]", "[{}]", "{}{}", "{'a':1}", "{\"a\":}"]
            .map(|text| text.as_bytes().to_vec())
            .into();
    bodies.push(b"{\"a\":\"\xff\"}".to_vec());
    bodies.push(b"\xef\xbb\xbf{}".to_vec());
    bodies.push(b"\xff\xfe{\0}\0".to_vec());
    bodies.push(br#"{"a":"\ud800"}"#.to_vec());
    bodies.push(br#"{"a":1e999}"#.to_vec());
    bodies.push(b"{\"a\":\"line\nbreak\"}".to_vec());
    bodies.push(nested("[", "]", 200_000).into());
    bodies.push(nested("{\"a\":", "}", 100_000).into());
    bodies.push("[".repeat(1_000_000).into());
    for path in WITH_JSON {
        for body in &bodies {
            post(&t, path, "application/json", body.clone()).await.is_error(400, "VALIDATION_ERROR", &[]);
        }
    }
    t.finish().await;
}

#[tokio::test]
async fn only_json_is_taken_and_its_charset_is_no_matter() {
    let t = TestStack::start().await;
    let body = example_repository().to_string();
    for content_type in
        ["", "text/plain", "text/json", "application/jsonp", "application/x-www-form-urlencoded", "application", ";"]
    {
        for path in WITH_JSON {
            post(&t, path, content_type, body.clone()).await.is_error(400, "VALIDATION_ERROR", &[]);
        }
    }
    let without = t.request(Method::POST, WITH_JSON[0]).body(body.clone().into()).unwrap();
    t.send(without).await.is_error(400, "VALIDATION_ERROR", &[]);
    for (content_type, status) in [("Application/JSON; charset=utf-8", 201), ("application/json ;x", 409)] {
        let answer = post(&t, WITH_JSON[0], content_type, body.clone()).await;
        assert_eq!(answer.status, status, "{content_type}: {answer}");
    }
    t.finish().await;
}

#[tokio::test]
async fn a_body_may_have_a_mebibyte_and_not_a_byte_more() {
    let t = TestStack::start().await;
    let mut body = example_repository().to_string();
    body += &" ".repeat(1024 * 1024 - body.len());
    for path in WITH_JSON {
        post(&t, path, "application/json", format!("{body} ")).await.is_error(413, "PAYLOAD_TOO_LARGE", &[]);
        let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>("x".repeat(65_536)));
        let endless = Body::from_stream(chunks);
        post(&t, path, "application/json", endless).await.is_error(413, "PAYLOAD_TOO_LARGE", &[]);
    }
    assert_eq!(post(&t, WITH_JSON[0], "application/json", body).await.status, 201);
    t.finish().await;
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let t = TestStack::start().await;
    for path in [
        "/",
        "/api",
        "/api/",
        "/api/admin",
        "/api/admin/",
        "/api/admin/repositories/",
        "/api/admin/customers/a/b",
        "/api/checkout/",
        "//api/checkout",
        "/API/CHECKOUT",
        "/api/products",
        "/api/products/",
        "/api/products/a/b",
        "/api/products/..%2f..",
        "/api/webhooks",
        "/api/webhooks/github",
        "/%00",
        "/%ff%fe",
        "/favicon.ico",
    ] {
        t.get(path).await.is_error(404, "NOT_FOUND", &[]);
    }
    t.get(&format!("/{}", "a/".repeat(4000))).await.is_error(404, "NOT_FOUND", &[]);
    t.finish().await;
}

/// The gateway sends a path with another method to where unknown paths go; only the storefront's own paths can tell.
#[tokio::test]
async fn a_wrong_method_is_refused_in_the_same_envelope() {
    let t = TestStack::start().await;
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"];
    for (path, right, status, code) in [
        ("/api/checkout", "POST", 405, "METHOD_NOT_ALLOWED"),
        ("/api/products/x", "GET", 405, "METHOD_NOT_ALLOWED"),
        ("/api/admin/repositories", "GET POST", 404, "NOT_FOUND"),
        ("/api/admin/repositories/x", "GET", 404, "NOT_FOUND"),
        ("/api/admin/customers", "GET", 404, "NOT_FOUND"),
        ("/api/admin/customers/x", "GET", 404, "NOT_FOUND"),
        ("/api/webhooks/stripe", "POST", 404, "NOT_FOUND"),
    ] {
        for method in methods.iter().filter(|method| !right.split(' ').any(|right| right == **method)) {
            let request = t.request(method.parse().unwrap(), path).header(header::CONTENT_TYPE, "application/json");
            t.send(request.body("{}".into()).unwrap()).await.is_error(status, code, &[]);
        }
    }
    t.finish().await;
}

#[tokio::test]
async fn an_id_that_is_none_is_not_found() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let purchase = t.checkout(&repository, "johndoe").await.purchase;
    let long = "0".repeat(5000);
    for (path, own, other) in
        [("/api/admin/repositories", &repository, &purchase), ("/api/admin/customers", &purchase, &repository)]
    {
        assert_eq!(t.get(&format!("{path}/{own}")).await.status, 200);
        let spelt = [
            own.to_uppercase(),
            own.replace('-', ""),
            format!("%7B{own}%7D"),
            format!("urn:uuid:{own}"),
            format!("{own}%20"),
        ];
        let texts =
            ["x", "%00", "%ff", "%23", "..", "a%2fb", "0", "-1", "null", "550e8400-e29b-41d4-a716", &long, other];
        for id in spelt.iter().map(String::as_str).chain(texts) {
            t.get(&format!("{path}/{id}")).await.is_error(404, "NOT_FOUND", &[]);
        }
    }
    t.finish().await;
}

#[tokio::test]
async fn a_strange_query_string_is_no_matter() {
    let t = TestStack::start().await;
    for query in [
        "page=1&page=1",
        "page=1&page=x",
        "&&&",
        "=",
        "=&=",
        "%",
        "%zz",
        "%ff=%ff",
        "page",
        "a=b&c[]=d",
        "__proto__=1",
        "+",
        "page=1;limit=2",
        "limit=%31",
        "active[]=true",
        "repositoryId[$ne]=1",
    ] {
        for path in ["/api/admin/repositories", "/api/admin/customers", "/api/products/x"] {
            let answer = t.get(&format!("{path}?{query}")).await;
            match answer.status {
                200 => assert!(answer.json.is_object(), "{answer}"),
                404 => answer.is_error(404, "NOT_FOUND", &[]),
                _ => answer.is_error(400, "VALIDATION_ERROR", &answer.wrong_fields()),
            }
        }
    }
    t.finish().await;
}

/// What the contract does not ask for, a browser wants to hear.
#[tokio::test]
async fn every_answer_says_that_it_is_neither_to_be_sniffed_nor_kept() {
    let t = TestStack::start().await;
    let request = bearer(Request::get("/api/admin/customers"), &t.token).body(Body::empty()).unwrap();
    for answer in [t.send(request).await, t.get("/nothing").await, t.get("/api/products/nothing").await] {
        assert_eq!((answer.header("x-content-type-options"), answer.header("cache-control")), ("nosniff", "no-store"));
    }
    t.finish().await;
}
