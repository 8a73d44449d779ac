//! Faults and units, through the real SDK clients.

use aws_sdk_dynamodb::{
    operation::put_item::builders::PutItemFluentBuilder,
    types::{AttributeValue, ConsumedCapacity, Get, KeysAndAttributes, Put, TransactGetItem, TransactWriteItem},
};
use domain::Clock;

use super::*;
use crate::{
    embedded::{Data, Services},
    sam::Template,
};

const TEMPLATE: &str = r"
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions:
        - {AttributeName: pk, AttributeType: S}
        - {AttributeName: sk, AttributeType: S}
        - {AttributeName: gsi1pk, AttributeType: S}
        - {AttributeName: gsi1sk, AttributeType: S}
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
      GlobalSecondaryIndexes:
        - IndexName: gsi1
          KeySchema: [{AttributeName: gsi1pk, KeyType: HASH}, {AttributeName: gsi1sk, KeyType: RANGE}]
          Projection: {ProjectionType: ALL}
  payments: {Type: AWS::SQS::Queue}
  blobs: {Type: AWS::S3::Bucket}
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/f/
      Policies:
        - PolicyDocument:
            Statement:
              - {Effect: Allow, Action: s3:GetObject, Resource: !Sub '${blobs.Arn}/dists/*'}
";

struct World {
    services: Services,
    clients: Clients,
    faults: Faults,
}

async fn world() -> World {
    let services = Services::start(Data::Memory, &Clock::fixed(domain::Timestamp::UNIX_EPOCH)).await.unwrap();
    services.apply(&Template::parse(TEMPLATE).unwrap()).await.unwrap();
    let faults = Faults::none();
    let connector = Connector::new(faults.clone()).with_units(services.database());
    let clients = Clients::of(&services, &connector, Limits::default());
    World { services, clients, faults }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

impl World {
    /// A put of an item of about `bytes` bytes.
    fn put(&self, sk: &str, bytes: usize) -> PutItemFluentBuilder {
        let put = self.clients.dynamodb.put_item().table_name("Table");
        put.item("pk", text("a")).item("sk", text(sk)).item("d", text(&"x".repeat(bytes)))
    }

    async fn count(&self) -> usize {
        let query = self.clients.dynamodb.query().table_name("Table").key_condition_expression("pk = :pk");
        query.expression_attribute_values(":pk", text("a")).send().await.unwrap().items().len()
    }

    /// What `work` used: calls, chain, read units, write units.
    async fn used(&self, work: impl Future<Output = ()>) -> (usize, usize, f64, f64) {
        let meter = Meter::new();
        meter.scope(work).await;
        let usage = meter.usage();
        (usage.calls.len(), usage.chain, usage.read_units, usage.write_units)
    }
}

/// What a request used.
macro_rules! used {
    ($world:expr, $request:expr) => {
        $world.used(async { drop($request.send().await) }).await
    };
}

#[tokio::test]
async fn each_fault_strikes_once_and_the_sdk_tries_again() {
    for (fault, calls) in [(Fault::Before, 2), (Fault::After, 2), (Fault::Timeout, 2), (Fault::Throttle, 2)] {
        let world = world().await;
        world.faults.start(&Faults::nth(0, fault));
        world.put("1", 10).send().await.unwrap();
        assert_eq!(world.faults.calls(), calls, "{fault:?}");
        assert_eq!(world.faults.struck(), [(0, "dynamodb PutItem".to_owned(), fault)]);
        world.faults.heal();
        assert_eq!(world.count().await, 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_fault_after_the_effect_hides_a_success() {
    for (fault, succeeds) in
        [(Fault::Before, true), (Fault::Throttle, true), (Fault::After, false), (Fault::Timeout, false)]
    {
        let world = world().await;
        world.faults.start(&Faults::nth(0, fault));
        let outcome = world.put("1", 10).condition_expression("attribute_not_exists(pk)").send().await;
        assert_eq!(outcome.is_ok(), succeeds, "{fault:?}: the second try finds what the first one wrote");
    }
}

#[tokio::test]
async fn queues_and_secrets_fail_in_their_own_shape() {
    let world = world().await;
    world.services.put_secret("s", "v").unwrap();
    for fault in [Fault::Before, Fault::After, Fault::Timeout, Fault::Throttle] {
        world.faults.start(&Faults::nth(0, fault));
        let url = world.services.queue_url("payments");
        world.clients.sqs.send_message().queue_url(url).message_body("a").send().await.unwrap();
        world.faults.start(&Faults::nth(0, fault));
        world.clients.secrets.get_secret_value().secret_id("s").send().await.unwrap();
        assert_eq!(world.faults.struck(), [(0, "secretsmanager GetSecretValue".to_owned(), fault)]);
    }
}

#[tokio::test]
async fn blobs_fail_in_their_own_shape_and_count_as_calls() {
    let world = world().await;
    let s3 = &world.clients.s3;
    for (number, fault) in [Fault::Before, Fault::After, Fault::Timeout, Fault::Throttle].into_iter().enumerate() {
        world.faults.start(&Faults::nth(0, fault));
        let used = used!(world, s3.put_object().bucket("blobs").key(number.to_string()).body(b"a".to_vec().into()));
        assert_eq!(used, (2, 2, 0.0, 0.0), "{fault:?}");
        assert_eq!(world.faults.struck(), [(0, "s3 PutObject".to_owned(), fault)]);
    }
    world.faults.heal();
    let meter = Meter::new();
    let calls = async {
        s3.head_object().bucket("blobs").key("1").send().await.unwrap();
        s3.get_object().bucket("blobs").key("1").send().await.unwrap();
        assert_eq!(s3.list_objects_v2().bucket("blobs").send().await.unwrap().contents().len(), 4);
        let one = aws_sdk_s3::types::ObjectIdentifier::builder().key("1").build().unwrap();
        let delete = aws_sdk_s3::types::Delete::builder().objects(one).build().unwrap();
        s3.delete_objects().bucket("blobs").delete(delete).send().await.unwrap();
        s3.delete_object().bucket("blobs").key("2").send().await.unwrap();
    };
    meter.scope(calls).await;
    let names: Vec<String> =
        meter.usage().calls.into_iter().map(|it| format!("{} {}", it.service, it.operation)).collect();
    let expected = ["HeadObject", "GetObject", "ListObjectsV2", "DeleteObjects", "DeleteObject"];
    assert_eq!(names, expected.map(|name| format!("s3 {name}")));
}

#[tokio::test]
async fn a_role_that_may_not_touch_a_blob_is_denied() {
    let world = world().await;
    let template = Template::parse(TEMPLATE).unwrap();
    let grants = Grants::of(&template, &template.functions[0]).unwrap();
    let connector = Connector::new(Faults::none()).with_grants(grants);
    let s3 = Clients::of(&world.services, &connector, Limits::default()).s3;
    let get = |key| s3.get_object().bucket("blobs").key(key).send();
    assert!(get("dists/a").await.unwrap_err().as_service_error().unwrap().is_no_such_key());
    for error in [
        get("packages/a").await.unwrap_err().raw_response().unwrap().status().as_u16(),
        s3.list_objects_v2().bucket("blobs").send().await.unwrap_err().raw_response().unwrap().status().as_u16(),
        s3.put_object()
            .bucket("blobs")
            .key("dists/a")
            .send()
            .await
            .unwrap_err()
            .raw_response()
            .unwrap()
            .status()
            .as_u16(),
    ] {
        assert_eq!(error, 403);
    }
}

#[tokio::test]
async fn single_writes_and_reads_take_the_units_of_their_items() {
    let world = world().await;
    assert_eq!(used!(world, world.put("1", 10)), (1, 1, 0.0, 1.0));
    assert_eq!(used!(world, world.put("1", 2000)), (1, 1, 0.0, 2.0));
    assert_eq!(used!(world, world.put("1", 10)), (1, 1, 0.0, 2.0), "what was there is larger");
    used!(world, world.put("2", 5000));
    let get = |sk| world.clients.dynamodb.get_item().table_name("Table").key("pk", text("a")).key("sk", text(sk));
    assert_eq!(used!(world, get("1")), (1, 1, 0.5, 0.0));
    assert_eq!(used!(world, get("2")), (1, 1, 1.0, 0.0));
    assert_eq!(used!(world, get("2").projection_expression("pk")), (1, 1, 1.0, 0.0), "a projection saves nothing");
    assert_eq!(used!(world, get("2").consistent_read(true)), (1, 1, 2.0, 0.0));
    assert_eq!(used!(world, get("missing")), (1, 1, 0.5, 0.0));
    let delete = world.clients.dynamodb.delete_item().table_name("Table").key("pk", text("a")).key("sk", text("2"));
    assert_eq!(used!(world, delete), (1, 1, 0.0, 5.0));
}

#[tokio::test]
async fn indexes_take_units_of_their_own() {
    let world = world().await;
    let held = |value: &str| world.put("1", 10).item("gsi1pk", text("x")).item("gsi1sk", text(value));
    assert_eq!(used!(world, held("1")), (1, 1, 0.0, 2.0));
    assert_eq!(used!(world, held("1")), (1, 1, 0.0, 1.0), "nothing changed");
    assert_eq!(used!(world, held("2")), (1, 1, 0.0, 3.0), "its key changed");
    let update = world.clients.dynamodb.update_item().table_name("Table").key("pk", text("a")).key("sk", text("1"));
    let update = update.update_expression("REMOVE gsi1pk");
    assert_eq!(used!(world, update), (1, 1, 0.0, 2.0), "it left the index");
}

#[tokio::test]
async fn a_condition_that_fails_is_charged_and_a_refused_request_is_not() {
    let world = world().await;
    used!(world, world.put("1", 2000));
    let unless = world.put("1", 10).condition_expression("attribute_not_exists(pk)");
    assert_eq!(used!(world, unless), (1, 1, 0.0, 2.0));
    let broken = world.put("1", 10).condition_expression("rubbish(");
    assert_eq!(used!(world, broken), (1, 1, 0.0, 0.0));
}

#[tokio::test]
async fn a_query_is_charged_for_all_it_reads() {
    let world = world().await;
    for number in 0..10 {
        let sk = format!("{number}");
        used!(world, world.put(&sk, 1000).item("gsi1pk", text("x")).item("gsi1sk", text(&sk)));
    }
    let query = || {
        let query = world.clients.dynamodb.query().table_name("Table").key_condition_expression("pk = :pk");
        query.expression_attribute_values(":pk", text("a"))
    };
    // Ten items of some 1,030 bytes are three blocks.
    assert_eq!(used!(world, query()), (1, 1, 1.5, 0.0));
    assert_eq!(used!(world, query().consistent_read(true)), (1, 1, 3.0, 0.0));
    assert_eq!(used!(world, query().limit(3)), (1, 1, 0.5, 0.0));
    let filtered = query().filter_expression("#d = :d").expression_attribute_names("#d", "d");
    let filtered = filtered.expression_attribute_values(":d", text("none")).projection_expression("pk");
    assert_eq!(used!(world, filtered), (1, 1, 1.5, 0.0));
    let index = world.clients.dynamodb.query().table_name("Table").index_name("gsi1");
    let index = index.key_condition_expression("#k = :k").expression_attribute_names("#k", "gsi1pk");
    assert_eq!(used!(world, index.expression_attribute_values(":k", text("x"))), (1, 1, 1.5, 0.0));
}

#[tokio::test]
async fn batches_and_transactions_are_charged_item_by_item() {
    let world = world().await;
    used!(world, world.put("1", 10));
    let key = |sk: &str| [("pk".to_owned(), text("a")), ("sk".to_owned(), text(sk))].into();
    let keys = KeysAndAttributes::builder().keys(key("1")).keys(key("2")).build().unwrap();
    let batch = world.clients.dynamodb.batch_get_item().request_items("Table", keys);
    assert_eq!(used!(world, batch), (1, 1, 1.0, 0.0));
    let get = Get::builder().table_name("Table").set_key(Some(key("1"))).build().unwrap();
    let gets = world.clients.dynamodb.transact_get_items();
    assert_eq!(used!(world, gets.transact_items(TransactGetItem::builder().get(get).build())), (1, 1, 2.0, 0.0));
    let put = |sk: &str| {
        let put = Put::builder().table_name("Table").item("pk", text("a")).item("sk", text(sk));
        let put = put.item("gsi1pk", text("x")).item("gsi1sk", text("y"));
        put.condition_expression("attribute_not_exists(pk)").build().unwrap()
    };
    let write = |sk: &str| TransactWriteItem::builder().put(put(sk)).build();
    let both = || world.clients.dynamodb.transact_write_items().transact_items(write("3")).transact_items(write("4"));
    assert_eq!(used!(world, both()), (1, 1, 0.0, 6.0), "two each for the table, one each for the index");
    assert_eq!(used!(world, both()), (1, 1, 0.0, 4.0), "cancelled: the table's share");
}

#[tokio::test]
async fn parallel_calls_are_one_deep_and_other_tasks_are_not_counted() {
    let world = world().await;
    let get = || world.clients.dynamodb.get_item().table_name("Table").key("pk", text("a")).key("sk", text("1"));
    let outside = tokio::spawn(get().send());
    let work = async {
        let url = world.services.queue_url("payments");
        let (first, second, third) = tokio::join!(get().send(), get().send(), get().send());
        drop((first, second, third));
        get().send().await.unwrap();
        world.clients.sqs.send_message().queue_url(url).message_body("a").send().await.unwrap();
    };
    assert_eq!(Box::pin(world.used(work)).await, (5, 3, 2.0, 0.0));
    drop(outside.await);
}

#[tokio::test]
async fn what_failed_after_its_effect_is_charged_and_what_failed_before_is_not() {
    let world = world().await;
    for (fault, units) in [(Fault::Before, 1.0), (Fault::Throttle, 1.0), (Fault::After, 2.0), (Fault::Timeout, 2.0)] {
        world.faults.start(&Faults::nth(0, fault));
        assert_eq!(used!(world, world.put("1", 10)), (2, 2, 0.0, units), "{fault:?}");
    }
}

/// What a request used, and what the database itself says that it did.
macro_rules! both {
    ($request:expr) => {{
        let meter = Meter::new();
        let answer = meter.scope($request.return_consumed_capacity(Total).send()).await.unwrap();
        (meter.usage().read_units + meter.usage().write_units, answer.consumed_capacity().unwrap().capacity_units())
    }};
}

#[tokio::test]
async fn our_rules_and_the_databases_own_agree() {
    use aws_sdk_dynamodb::types::ReturnConsumedCapacity::Total;
    let world = world().await;
    for (sk, bytes) in [("1", 10), ("2", 1023), ("3", 4000), ("4", 9000), ("4", 20)] {
        let put = world.put(sk, bytes).item("n", AttributeValue::N("-12.5".to_owned())).item("gsi1pk", text("x"));
        let put =
            put.item("gsi1sk", text(sk)).item("l", AttributeValue::L(vec![text("y"), AttributeValue::Bool(true)]));
        let (ours, theirs) = both!(put);
        assert_eq!(Some(ours), theirs, "{bytes}");
    }
    for (strong, sk) in [(false, "2"), (true, "2"), (false, "3"), (true, "3"), (true, "missing")] {
        let get = world.clients.dynamodb.get_item().table_name("Table").key("pk", text("a")).key("sk", text(sk));
        let (ours, theirs) = both!(get.consistent_read(strong));
        assert_eq!(Some(ours), theirs, "{sk}");
    }
    for index in [None, Some("gsi1".to_owned())] {
        let (attribute, value) = if index.is_some() { ("gsi1pk", "x") } else { ("pk", "a") };
        let query = world.clients.dynamodb.query().table_name("Table").set_index_name(index);
        let query = query.key_condition_expression("#k = :k").expression_attribute_names("#k", attribute);
        let (ours, theirs) = both!(query.expression_attribute_values(":k", text(value)));
        assert_eq!(Some(ours), theirs, "{attribute}");
    }
}

#[tokio::test]
async fn our_rules_and_the_databases_own_agree_on_transactions() {
    use aws_sdk_dynamodb::types::ReturnConsumedCapacity::Total;
    let world = world().await;
    let put = |sk: &str, bytes: usize| {
        let put = Put::builder().table_name("Table").item("pk", text("a")).item("sk", text(sk));
        let put = put.item("gsi1pk", text("x")).item("gsi1sk", text(sk)).item("d", text(&"x".repeat(bytes)));
        TransactWriteItem::builder().put(put.build().unwrap()).build()
    };
    let meter = Meter::new();
    let write =
        world.clients.dynamodb.transact_write_items().transact_items(put("1", 10)).transact_items(put("2", 1500));
    let answer = meter.scope(write.return_consumed_capacity(Total).send()).await.unwrap();
    let theirs: Vec<_> = answer.consumed_capacity().iter().map(ConsumedCapacity::capacity_units).collect();
    assert_eq!(theirs, [Some(meter.usage().write_units)]);
}
