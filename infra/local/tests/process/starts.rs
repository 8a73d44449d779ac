//! How it starts, how it refuses to, and how it ends.

use std::{io::Write, net::TcpStream, time::Duration};

use serde_json::json;

use crate::program::{Program, folder, tollgate};

#[test]
fn the_first_start_prints_a_token_that_later_starts_accept() {
    let folder = folder("the_first_start");
    let first = Program::start(&folder, &[]);
    let token = first.token().expect("a token at the first start").to_owned();
    assert_eq!(first.get("/api/admin/repositories", &token).status, 200);
    first.kill();

    let second = Program::start(&folder, &[]);
    assert_eq!(second.token(), None, "{}", second.said);
    assert!(!second.said.contains("tga_"), "{}", second.said);
    assert_eq!(second.get("/api/admin/repositories", &token).status, 200);
    assert_eq!(second.get("/api/admin/repositories", "tga_nonsense").status, 401);
}

#[test]
fn the_secrets_and_the_token_are_not_logged() {
    let folder = folder("secrets");
    let program =
        Program::start(&folder, &[("STRIPE_WEBHOOK_SECRET", "whsec_test_not_to_be_seen"), ("RUST_LOG", "debug")]);
    let token = program.token().unwrap();
    program.get("/api/admin/repositories", token);
    program.send("POST", "/api/webhooks/stripe", &[("stripe-signature", "t=1,v1=00")], b"{}");
    let log = program.log();
    assert!(!log.contains("not_to_be_seen") && !log.contains(token), "{log}");
}

#[test]
fn a_second_process_on_the_same_data_is_refused_and_harms_nothing() {
    let folder = folder("two_processes");
    let program = Program::start(&folder, &[]);
    let data = folder.join("data");
    let before = std::fs::metadata(data.join("github.json")).unwrap().modified().unwrap();

    let second = tollgate(&["--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success());
    assert!(said.contains("in use by another process"), "{said}");
    assert!(second.stdout.is_empty(), "{}", String::from_utf8_lossy(&second.stdout));

    assert_eq!(std::fs::metadata(data.join("github.json")).unwrap().modified().unwrap(), before);
    assert_eq!(program.get("/api/admin/repositories", program.token().unwrap()).status, 200);
}

#[test]
fn a_port_in_use_is_refused() {
    let program = Program::start(&folder("port_in_use"), &[]);
    let address = program.url.strip_prefix("http://").unwrap();
    let second = tollgate(&["--listen", address, "--data", "memory"]).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success());
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
}

/// Browsers keep connections open, and open some that they never use.
#[test]
fn ctrl_c_ends_it_within_seconds_even_while_connections_are_open() {
    let program = Program::start(&folder("ctrl_c"), &[]);
    let address = program.url.strip_prefix("http://").unwrap();
    let _unused = TcpStream::connect(address).unwrap();
    let mut kept = TcpStream::connect(address).unwrap();
    kept.write_all(format!("GET /sandbox/github HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).unwrap();
    assert!(kept.peek(&mut [0]).unwrap() > 0);

    let (status, took) = program.interrupt();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_lost_token_is_replaced_and_the_old_one_stays_good() {
    let folder = folder("lost_token");
    let program = Program::start(&folder, &[]);
    let first = program.token().unwrap().to_owned();
    program.kill();

    let second = tollgate(&["token", "--data", folder.join("data").to_str().unwrap()]).output().unwrap();
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
    let second = String::from_utf8(second.stdout).unwrap();
    let program = Program::start(&folder, &[]);
    for token in [first.as_str(), second.trim()] {
        assert_eq!(program.get("/api/admin/repositories", token).status, 200);
    }
}

/// As it is done with a real account, whose part the first process plays here.
#[test]
fn another_process_works_on_the_services_it_is_pointed_at() {
    let folder = folder("another_aws");
    let aws = Program::start(&folder.join("aws"), &[]);
    let queue = |name: &str| format!("{}/000000000000/{name}", aws.url);
    let (payments, access) = (queue("PaymentsQueue"), queue("AccessQueue"));
    let (deliveries, packages) = (queue("DeliveriesQueue"), queue("PackagesQueue"));
    let environment = [
        ("AWS_ENDPOINT_URL", aws.url.as_str()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "any"),
        ("AWS_SECRET_ACCESS_KEY", "any"),
        ("TABLE_NAME", "Table"),
        ("VOLATILE_TABLE_NAME", "VolatileTable"),
        ("PAYMENTS_QUEUE_URL", payments.as_str()),
        ("ACCESS_QUEUE_URL", access.as_str()),
        ("DELIVERIES_QUEUE_URL", deliveries.as_str()),
        ("PACKAGES_QUEUE_URL", packages.as_str()),
        ("BLOBS_BUCKET", "blobsbucket"),
    ];
    let token = tollgate(&["token", "--data", "memory"]).envs(environment).output().unwrap();
    assert!(token.status.success(), "{}", String::from_utf8_lossy(&token.stderr));
    let token = String::from_utf8(token.stdout).unwrap();

    let program = Program::start(&folder.join("other"), &environment);
    assert_eq!(program.token(), None, "the company is there");
    let listing = json!({
        "githubOwner": "ctrimm", "githubRepoName": "premium-theme", "displayName": "Premium Theme",
        "pricingType": "one-time", "priceCents": 4900,
    });
    assert_eq!(program.post("/api/admin/repositories", token.trim(), &listing).status, 201);
    assert_eq!(aws.get("/api/products/premium-theme", "").status, 200);
}

#[test]
fn the_demo_plays_to_its_end() {
    let demo = tollgate(&["demo"]).output().unwrap();
    let said = String::from_utf8_lossy(&demo.stdout);
    assert!(demo.status.success(), "{said}\n{}", String::from_utf8_lossy(&demo.stderr));
    assert!(said.contains("GitHub"), "{said}");
}
