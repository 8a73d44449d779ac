//! The embedded services behave as ours need them to, through the real SDK clients.

use std::{fs::OpenOptions, io::Write as _};

use aws_sdk_sqs::types::{Message, SendMessageBatchRequestEntry};
use domain::Timestamp;
use tower::ServiceExt as _;

use super::*;
use crate::{
    connector::{Clients, Connector, Limits, sdk_config},
    faults::Faults,
    sam::Redrive,
    testing::Dir,
};

fn clock() -> Clock {
    Clock::fixed("2026-06-01T12:00:00Z".parse().unwrap())
}

fn template() -> Template {
    Template::parse(
        r"
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
  payments:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 180
      RedrivePolicy: {deadLetterTargetArn: !GetAtt payments-dead.Arn, maxReceiveCount: 3}
  payments-dead:
    Type: AWS::SQS::Queue
    Properties: {MessageRetentionPeriod: 1209600}
",
    )
    .unwrap()
}

/// The services with the queues and tables of [`template`], and clients of them.
struct World {
    services: Services,
    clients: Clients,
}

impl World {
    async fn start(data: Data) -> Self {
        Self::start_at(data, &clock()).await
    }

    async fn start_at(data: Data, clock: &Clock) -> Self {
        let services = Services::start(data, clock).await.unwrap();
        services.apply(&template()).await.unwrap();
        let clients = Clients::of(&services, &Connector::new(Faults::none()), Limits::default());
        Self { services, clients }
    }

    async fn send(&self, body: &str) -> String {
        let url = self.services.queue_url("payments");
        self.clients.sqs.send_message().queue_url(url).message_body(body).send().await.unwrap().message_id.unwrap()
    }

    async fn receive(&self, queue: &str, wait_s: i32) -> Vec<Message> {
        let receive = self.clients.sqs.receive_message().queue_url(self.services.queue_url(queue));
        let receive = receive.max_number_of_messages(10).wait_time_seconds(wait_s);
        let all = aws_sdk_sqs::types::MessageSystemAttributeName::All;
        receive.message_system_attribute_names(all).send().await.unwrap().messages.unwrap_or_default()
    }

    async fn bodies(&self, queue: &str) -> Vec<String> {
        let mut bodies: Vec<String> =
            self.receive(queue, 0).await.into_iter().filter_map(|message| message.body).collect();
        bodies.sort();
        bodies
    }

    async fn delete(&self, message: &Message) {
        let delete = self.clients.sqs.delete_message().queue_url(self.services.queue_url("payments"));
        delete.receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
    }

    async fn show(&self, message: &Message) {
        let change = self.clients.sqs.change_message_visibility().queue_url(self.services.queue_url("payments"));
        change.receipt_handle(message.receipt_handle().unwrap()).visibility_timeout(0).send().await.unwrap();
    }
}

fn receives(message: &Message) -> &str {
    &message.attributes().unwrap()[&aws_sdk_sqs::types::MessageSystemAttributeName::ApproximateReceiveCount]
}

#[tokio::test]
async fn messages_not_deleted_are_there_after_a_crash_and_no_others() {
    let dir = Dir::new();
    let data = Data::Dir(dir.path().to_owned());
    let world = World::start(data.clone()).await;
    for body in ["a", "b", "c"] {
        world.send(body).await;
    }
    let received = world.receive("payments", 0).await;
    world.delete(&received[0]).await;
    let deleted = received[0].body.clone().unwrap();
    // Dropped without a word, in the middle of its work.
    drop(world);
    let world = World::start(data).await;
    let left: Vec<&str> = ["a", "b", "c"].into_iter().filter(|body| *body != deleted).collect();
    assert_eq!(world.bodies("payments").await, left);
}

#[tokio::test]
async fn a_line_of_the_journal_cut_short_by_a_crash_is_passed_over() {
    let dir = Dir::new();
    let data = Data::Dir(dir.path().to_owned());
    let world = World::start(data.clone()).await;
    world.send("a").await;
    drop(world);
    let mut journal = OpenOptions::new().append(true).open(dir.path().join("sqs.jsonl")).unwrap();
    journal.write_all(b"{\"what\":\"sent\",\"id\":\"x\",\"que").unwrap();
    let world = World::start(data.clone()).await;
    world.send("b").await;
    drop(world);
    assert_eq!(World::start(data).await.bodies("payments").await, ["a", "b"]);
}

#[tokio::test]
async fn receives_are_counted_on_after_a_crash_and_ids_stay() {
    let dir = Dir::new();
    let data = Data::Dir(dir.path().to_owned());
    let world = World::start(data.clone()).await;
    let id = world.send("a").await;
    world.receive("payments", 0).await;
    drop(world);
    let world = World::start(data.clone()).await;
    world.send("fresh").await;
    let again = world.receive("payments", 0).await;
    let counts: Vec<_> = again.iter().map(|message| (message.body().unwrap(), receives(message))).collect();
    assert_eq!(counts, [("a", "2"), ("fresh", "1")]);
    assert_eq!(again[0].message_id(), Some(id.as_str()));
    drop(world);
    // The third receive is its last: then it belongs into the dead-letter queue.
    let world = World::start(data.clone()).await;
    let third = world.receive("payments", 0).await;
    assert_eq!(third.iter().map(receives).collect::<Vec<_>>(), ["3", "2"]);
    drop(world);
    let world = World::start(data.clone()).await;
    assert_eq!(world.bodies("payments").await, ["fresh"]);
    assert_eq!(world.bodies("payments-dead").await, ["a"]);
    drop(world);
    // It stays there, also before anyone looks.
    assert_eq!(World::start(data).await.bodies("payments-dead").await, ["a", "fresh"]);
}

#[tokio::test]
async fn a_message_put_aside_before_a_crash_comes_back_in_the_dead_letter_queue() {
    let dir = Dir::new();
    let data = Data::Dir(dir.path().to_owned());
    let world = World::start(data.clone()).await;
    world.send("poison").await;
    for _ in 0..3 {
        let received = world.receive("payments", 0).await;
        world.show(&received[0]).await;
    }
    assert!(world.receive("payments", 0).await.is_empty(), "the fourth receive finds nothing");
    assert_eq!(world.bodies("payments-dead").await, ["poison"]);
    drop(world);
    assert_eq!(World::start(data).await.bodies("payments-dead").await, ["poison"]);
}

#[tokio::test]
async fn a_delay_is_kept_and_what_is_left_of_it_after_a_crash() {
    let dir = Dir::new();
    let data = Data::Dir(dir.path().to_owned());
    let world = World::start(data.clone()).await;
    let url = world.services.queue_url("payments");
    let delayed = world.clients.sqs.send_message().queue_url(url).message_body("late").delay_seconds(600);
    delayed.send().await.unwrap();
    assert!(world.bodies("payments").await.is_empty());
    drop(world);
    let later = |time: &str| Clock::fixed(time.parse::<Timestamp>().unwrap());
    let world = World::start_at(data.clone(), &later("2026-06-01T12:05:00Z")).await;
    assert!(world.bodies("payments").await.is_empty(), "five of ten minutes are left");
    drop(world);
    let world = World::start_at(data, &later("2026-06-01T12:10:00Z")).await;
    assert_eq!(world.bodies("payments").await, ["late"]);
}

#[tokio::test]
async fn a_batch_is_kept_and_a_purge_too() {
    let dir = Dir::new();
    let data = Data::Dir(dir.path().to_owned());
    let world = World::start(data.clone()).await;
    let url = world.services.queue_url("payments");
    let entry = |id: &str| SendMessageBatchRequestEntry::builder().id(id).message_body(id).build().unwrap();
    world
        .clients
        .sqs
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("a"))
        .entries(entry("b"))
        .send()
        .await
        .unwrap();
    drop(world);
    let world = World::start(data.clone()).await;
    let received = world.receive("payments", 0).await;
    let done = aws_sdk_sqs::types::DeleteMessageBatchRequestEntry::builder().id("1");
    let done = done.receipt_handle(received[0].receipt_handle().unwrap()).build().unwrap();
    let url = world.services.queue_url("payments");
    world.clients.sqs.delete_message_batch().queue_url(url).entries(done).send().await.unwrap();
    drop(world);
    let world = World::start(data.clone()).await;
    assert_eq!(world.bodies("payments").await.len(), 1);
    world.clients.sqs.purge_queue().queue_url(world.services.queue_url("payments")).send().await.unwrap();
    drop(world);
    assert!(World::start(data).await.bodies("payments").await.is_empty());
}

#[tokio::test]
async fn a_message_shown_again_can_be_received_at_once() {
    let world = World::start(Data::Memory).await;
    world.send("a").await;
    let first = world.receive("payments", 0).await;
    assert!(world.receive("payments", 0).await.is_empty(), "hidden while someone works on it");
    world.show(&first[0]).await;
    let second = world.receive("payments", 0).await;
    assert_eq!(receives(&second[0]), "2");
}

#[tokio::test]
async fn delays_and_visibility_end_by_themselves() {
    let world = World::start(Data::Memory).await;
    let url = world.services.queue_url("payments");
    world.clients.sqs.send_message().queue_url(&url).message_body("late").delay_seconds(1).send().await.unwrap();
    assert!(world.receive("payments", 0).await.is_empty());
    // Long polling waits for it.
    let receive = world.clients.sqs.receive_message().queue_url(&url).visibility_timeout(1).wait_time_seconds(4);
    assert_eq!(receive.send().await.unwrap().messages().len(), 1);
    assert!(world.receive("payments", 0).await.is_empty());
    assert_eq!(world.receive("payments", 4).await.len(), 1);
}

#[tokio::test]
async fn a_poison_message_goes_to_the_dead_letter_queue_after_the_configured_receives() {
    let services = Services::start(Data::Memory, &clock()).await.unwrap();
    let dead = Queue {
        logical_id: "Dead".to_owned(),
        name: "dead".to_owned(),
        visibility_timeout_s: 30,
        retention_s: 1_209_600,
        redrive: None,
    };
    let redrive = Redrive { dead_letter_queue: "Dead".to_owned(), max_receive_count: 1 };
    let queue = Queue { logical_id: "Q".to_owned(), name: "q".to_owned(), redrive: Some(redrive), ..dead.clone() };
    services.create_queue(&dead, None).await.unwrap();
    let url = services.create_queue(&queue, Some(&dead)).await.unwrap();
    let sqs = Clients::of(&services, &Connector::new(Faults::none()), Limits::default()).sqs;
    sqs.send_message().queue_url(&url).message_body("poison").send().await.unwrap();
    let received = sqs.receive_message().queue_url(&url).visibility_timeout(0).send().await.unwrap();
    assert_eq!(received.messages().len(), 1);
    assert!(sqs.receive_message().queue_url(&url).send().await.unwrap().messages().is_empty());
    let dead = sqs.receive_message().queue_url(services.queue_url("dead")).wait_time_seconds(1).send().await.unwrap();
    assert_eq!(dead.messages()[0].body(), Some("poison"));
}

#[tokio::test]
async fn one_address_serves_all_services() {
    let world = World::start(Data::Memory).await;
    world.services.put_secret("name", "first").unwrap();
    world.services.put_secret("name", "second").unwrap();
    let config = sdk_config(world.services.endpoint(), &Connector::new(Faults::none()), Limits::default());
    let secrets = aws_sdk_secretsmanager::Client::new(&config);
    let value = secrets.get_secret_value().secret_id("name").send().await.unwrap();
    assert_eq!(value.secret_string(), Some("second"));
    let missing = secrets.get_secret_value().secret_id("other").send().await.unwrap_err().into_service_error();
    assert!(missing.is_resource_not_found_exception());
    let tables = aws_sdk_dynamodb::Client::new(&config).list_tables().send().await.unwrap();
    assert_eq!(tables.table_names(), ["Table"]);
    let sqs = aws_sdk_sqs::Client::new(&config);
    let url = sqs.get_queue_url().queue_name("payments").send().await.unwrap().queue_url.unwrap();
    sqs.send_message().queue_url(url).message_body("a").send().await.unwrap();
    assert_eq!(world.bodies("payments").await, ["a"]);
    let unknown = world.services.front_router().oneshot(http::Request::new(axum::body::Body::empty())).await.unwrap();
    assert_eq!(unknown.status(), 400);
}

#[tokio::test]
async fn tables_are_made_once_and_kept() {
    let dir = Dir::new();
    let data = Data::Dir(dir.path().to_owned());
    let world = World::start(data.clone()).await;
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let put = world.clients.dynamodb.put_item().table_name("Table").item("pk", text("a")).item("sk", text("b"));
    put.send().await.unwrap();
    world.services.shutdown().await;
    let world = World::start(data).await;
    let get = world.clients.dynamodb.get_item().table_name("Table").key("pk", text("a")).key("sk", text("b"));
    assert!(get.send().await.unwrap().item.is_some());
    let mut other = template().tables.remove(0);
    other.key_schema.pop();
    other.attribute_definitions.pop();
    let error = world.services.create_table(&other).unwrap_err().to_string();
    assert!(error.contains("other keys"), "{error}");
}

#[tokio::test]
async fn a_folder_serves_one_process_at_a_time() {
    let dir = Dir::new();
    let data = Data::Dir(dir.path().join("deeper"));
    let first = World::start(data.clone()).await;
    let error = Services::start(data.clone(), &clock()).await.unwrap_err().to_string();
    assert!(error.contains("in use"), "{error}");
    first.services.shutdown().await;
    World::start(data).await;
}

#[tokio::test]
async fn the_projects_own_template_can_be_started() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let template = Template::read(&path).unwrap();
    let services = Services::start(Data::Memory, &clock()).await.unwrap();
    services.apply(&template).await.unwrap();
    services.apply(&template).await.unwrap();
    let clients = Clients::of(&services, &Connector::new(Faults::none()), Limits::default());
    let tables = clients.dynamodb.list_tables().send().await.unwrap();
    assert_eq!(tables.table_names().len(), template.tables.len());
    let queues = clients.sqs.list_queues().send().await.unwrap();
    assert_eq!(queues.queue_urls().len(), template.queues.len());
}

#[tokio::test]
async fn waits_that_are_held_end_when_they_are_told_to_and_no_sooner() {
    let world = World::start(Data::Memory).await;
    world.services.hold_waits();
    let (sqs, url) = (&world.clients.sqs, world.services.queue_url("payments"));
    sqs.send_message().queue_url(&url).message_body("at once").send().await.unwrap();
    sqs.send_message().queue_url(&url).message_body("later").delay_seconds(1).send().await.unwrap();
    assert_eq!(world.bodies("payments").await, ["at once"]);
    assert!(world.bodies("payments").await.is_empty(), "one is hidden, the other is delayed");
    world.services.end_waits().await.unwrap();
    assert_eq!(world.bodies("payments").await, ["at once", "later"]);
}
