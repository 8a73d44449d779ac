//! Tests of the template reader.

use serde_json::json;

use super::*;

const TEMPLATE: &str = r"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: test}
  Visibility: {Type: Number, Default: 180}
Globals:
  Function:
    Timeout: 10
    MemorySize: 512
    Environment: {Variables: {RUST_LOG: info, AWS_ENDPOINT_URL: !Ref AWS::NoValue}}
Resources:
  Shop:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/shop/
      Role: !GetAtt ShopRole.Arn
      Environment: {Variables: {TABLE_NAME: !Ref Table, QUEUE_URL: !Ref Payments, RUST_LOG: debug}}
      Events:
        Get: {Type: HttpApi, Properties: {Method: get, Path: '/api/products/{slug}'}}
        Rest: {Type: HttpApi, Properties: {Method: ANY, Path: $default}}
  ShopRole:
    Type: AWS::IAM::Role
    Properties: {Policies: [{PolicyName: shop}]}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/worker/
      Timeout: 30
      Events:
        Payments:
          Type: SQS
          Properties:
            Queue: !GetAtt Payments.Arn
            BatchSize: 5
            ScalingConfig: {MaximumConcurrency: 2}
            FunctionResponseTypes: [ReportBatchItemFailures]
  Payments:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub '${Stage}-payments'
      VisibilityTimeout: !Ref Visibility
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}
  Dead:
    Type: AWS::SQS::Queue
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: data
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: gsi1pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      GlobalSecondaryIndexes:
        - IndexName: gsi1
          KeySchema: [{AttributeName: gsi1pk, KeyType: HASH}]
          Projection: {ProjectionType: ALL}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
";

#[test]
fn functions_have_their_routes_queues_and_the_globals() {
    let template = Template::parse(TEMPLATE).unwrap();
    let [shop, worker] = template.functions.as_slice() else { panic!("two functions") };
    assert_eq!((shop.logical_id.as_str(), shop.code_uri.as_str()), ("Shop", "target/lambda/shop/"));
    assert_eq!((shop.timeout_s, shop.memory_mb, worker.timeout_s), (10, 512, 30));
    assert_eq!(shop.routes, [Route { method: "GET".to_owned(), path: "/api/products/{slug}".to_owned() }]);
    assert!(shop.default_route && !worker.default_route);
    assert_eq!(shop.policies, json!([{"PolicyName": "shop"}]));
    let source = QueueSource {
        queue: "Payments".to_owned(),
        batch_size: 5,
        report_batch_item_failures: true,
        max_concurrency: Some(2),
    };
    assert_eq!(worker.queues, [source]);
}

#[test]
fn an_environment_is_the_globals_and_the_functions_own_resolved() {
    let template = Template::parse(TEMPLATE).unwrap();
    let resolved: Vec<_> = template.functions[0]
        .environment
        .iter()
        .map(|(name, value)| {
            let text = template.environment_text(value, |queue| format!("http://local/{queue}")).unwrap();
            (name.as_str(), text)
        })
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        resolved,
        [
            ("AWS_ENDPOINT_URL", None),
            ("QUEUE_URL", text("http://local/test-payments")),
            ("RUST_LOG", text("debug")),
            ("TABLE_NAME", text("data")),
        ]
    );
}

#[test]
fn queues_and_tables_have_their_settings_or_the_defaults_of_aws() {
    let template = Template::parse(TEMPLATE).unwrap();
    let payments = template.queue("Payments").unwrap();
    assert_eq!((payments.name.as_str(), payments.visibility_timeout_s), ("test-payments", 180));
    let redrive = Redrive { dead_letter_queue: "Dead".to_owned(), max_receive_count: 5 };
    assert_eq!(payments.redrive, Some(redrive));
    let dead = template.queue("Dead").unwrap();
    assert_eq!((dead.name.as_str(), dead.visibility_timeout_s, dead.retention_s), ("Dead", 30, 345_600));
    let table = template.table("Table").unwrap();
    assert_eq!((table.name.as_str(), table.ttl_attribute.as_deref()), ("data", Some("ttl")));
    assert_eq!(table.key_schema[0].attribute_name, "pk");
    assert_eq!(table.indexes[0].projection.projection_type, "ALL");
}

#[test]
fn errors_name_the_place() {
    for (from, to, error) in [
        (
            "Queue: !GetAtt Payments.Arn",
            "Queue: payments",
            "Resources.Worker.Properties.Events.Payments.Properties.Queue",
        ),
        ("BatchSize: 5", "BatchSize: many", "Resources.Worker.Properties.Events.Payments.Properties.BatchSize"),
        (
            "VisibilityTimeout: !Ref Visibility",
            "VisibilityTimeout: !Ref Nowhere",
            "Resources.Payments.Properties.VisibilityTimeout",
        ),
        ("CodeUri: target/lambda/worker/", "Handler: x", "Resources.Worker.Properties.CodeUri"),
        ("!GetAtt Dead.Arn", "!GetAtt Gone.Arn", "Resources.Payments: refers to the queue `Gone`"),
        (
            "KeySchema: [{AttributeName: pk, KeyType: HASH}]",
            "KeySchema: [{AttributeName: pk}]",
            "Resources.Table.Properties.KeySchema",
        ),
    ] {
        assert!(TEMPLATE.contains(from), "{from}");
        let broken = Template::parse(&TEMPLATE.replacen(from, to, 1)).map(|_| ()).unwrap_err();
        assert!(format!("{broken:#}").contains(error), "{broken:#}");
    }
}

#[test]
fn the_projects_own_template_can_be_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let template = Template::read(&path).unwrap();
    assert!(template.functions.iter().any(|function| function.default_route));
    assert!(template.functions.iter().any(|function| !function.queues.is_empty()));
    assert!(!template.tables.is_empty());
}
