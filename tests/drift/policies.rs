//! Least privilege: what each function may do on AWS, to the letter.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template;

/// One line per statement of the function's role: the service, its actions, what they work on.
const GRANTS: &[(&str, &[&str])] = &[
    (
        "SignInFunction",
        &[
            "dynamodb DeleteItem GetItem PutItem Query UpdateItem on Table",
            "dynamodb DeleteItem PutItem UpdateItem on VolatileTable",
            "logs CreateLogStream PutLogEvents on SignInLogs",
            "secretsmanager GetSecretValue on secret:GithubCredentialsName secret:GithubOauthName secret:SessionKeysName",
            "sqs SendMessage on DeliveriesQueue",
        ],
    ),
    (
        "RepositoriesFunction",
        &[
            "dynamodb BatchGetItem GetItem PutItem Query UpdateItem on Table",
            "dynamodb UpdateItem on VolatileTable",
            "logs CreateLogStream PutLogEvents on RepositoriesLogs",
            "secretsmanager GetSecretValue on secret:GithubCredentialsName secret:SessionKeysName secret:StripeSecretKeyName",
        ],
    ),
    (
        "StorefrontFunction",
        &[
            "dynamodb BatchGetItem GetItem PutItem UpdateItem on Table",
            "dynamodb Query on Table/index/gsi1 Table/index/gsi2",
            "dynamodb UpdateItem on VolatileTable",
            "logs CreateLogStream PutLogEvents on StorefrontLogs",
            "secretsmanager GetSecretValue on secret:GithubCredentialsName secret:SessionKeysName secret:StripeSecretKeyName",
            "sqs SendMessage on AccessQueue DeliveriesQueue",
        ],
    ),
    (
        "PurchasesFunction",
        &[
            "dynamodb GetItem Query on Table Table/index/gsi1 Table/index/gsi2",
            "dynamodb PutItem UpdateItem on Table",
            "dynamodb UpdateItem on VolatileTable",
            "logs CreateLogStream PutLogEvents on PurchasesLogs",
            "secretsmanager GetSecretValue on secret:SessionKeysName",
            "sqs SendMessage on AccessQueue DeliveriesQueue",
        ],
    ),
    (
        "CustomersFunction",
        &[
            "dynamodb BatchGetItem ConditionCheckItem DeleteItem GetItem PutItem Query UpdateItem on Table",
            "dynamodb Query on Table/index/gsi1",
            "dynamodb UpdateItem on VolatileTable",
            "logs CreateLogStream PutLogEvents on CustomersLogs",
            "s3 GetObject on BlobsBucket/packages/*",
            "secretsmanager GetSecretValue on secret:SessionKeysName",
        ],
    ),
    (
        "DashboardFunction",
        &[
            "dynamodb GetItem Query on Table Table/index/gsi1",
            "dynamodb UpdateItem on VolatileTable",
            "logs CreateLogStream PutLogEvents on DashboardLogs",
            "secretsmanager GetSecretValue on secret:SessionKeysName",
        ],
    ),
    (
        "ComposerFunction",
        &[
            "dynamodb BatchGetItem GetItem UpdateItem on Table",
            "logs CreateLogStream PutLogEvents on ComposerLogs",
            "s3 GetObject on BlobsBucket/dists/* BlobsBucket/packages/*",
        ],
    ),
    (
        "WebhookIntakeFunction",
        &[
            "logs CreateLogStream PutLogEvents on WebhookIntakeLogs",
            "secretsmanager GetSecretValue on secret:BitbucketWebhookSecretName secret:GithubWebhookSecretName \
             secret:GitlabSigningSecretName secret:GitlabWebhookSecretName secret:StripeWebhookSecretName",
            "sqs SendMessage on AccessQueue PackagesQueue PaymentsQueue",
        ],
    ),
    (
        "PackagesFunction",
        &[
            "dynamodb BatchGetItem ConditionCheckItem DeleteItem GetItem PutItem Query UpdateItem on Table",
            "dynamodb UpdateItem on VolatileTable",
            "logs CreateLogStream PutLogEvents on PackagesLogs",
            "s3 GetObject on BlobsBucket/packages/*",
            "s3 ListBucket on BlobsBucket",
            "secretsmanager GetSecretValue on secret:SessionKeysName",
            "sqs SendMessage on PackagesQueue",
        ],
    ),
    (
        "PaymentsWorkerFunction",
        &[
            "dynamodb DeleteItem GetItem PutItem UpdateItem on Table",
            "logs CreateLogStream PutLogEvents on PaymentsWorkerLogs",
            "secretsmanager GetSecretValue on secret:StripeSecretKeyName",
            "sqs ChangeMessageVisibility DeleteMessage GetQueueAttributes ReceiveMessage on PaymentsQueue",
            "sqs SendMessage on AccessQueue DeliveriesQueue",
        ],
    ),
    (
        "AccessWorkerFunction",
        &[
            "dynamodb BatchGetItem ConditionCheckItem DeleteItem GetItem PutItem Query UpdateItem on Table",
            "dynamodb GetItem PutItem on VolatileTable",
            "dynamodb Query on Table/index/gsi2",
            "logs CreateLogStream PutLogEvents on AccessWorkerLogs",
            "secretsmanager GetSecretValue on secret:GithubCredentialsName secret:StripeSecretKeyName",
            "sqs ChangeMessageVisibility DeleteMessage GetQueueAttributes ReceiveMessage SendMessage on AccessQueue",
            "sqs SendMessage on DeliveriesQueue",
        ],
    ),
    (
        "DeliveriesWorkerFunction",
        &[
            "dynamodb GetItem PutItem Query UpdateItem on Table",
            "dynamodb PutItem UpdateItem on VolatileTable",
            "logs CreateLogStream PutLogEvents on DeliveriesWorkerLogs",
            "secretsmanager GetSecretValue on secret:SessionKeysName",
            "ses SendEmail on configuration-set:MailConfigurationSet identity:MailIdentity",
            "sqs ChangeMessageVisibility DeleteMessage GetQueueAttributes ReceiveMessage SendMessage on DeliveriesQueue",
        ],
    ),
    (
        "PackagesWorkerFunction",
        &[
            "dynamodb BatchGetItem ConditionCheckItem DeleteItem GetItem PutItem Query UpdateItem on Table",
            "logs CreateLogStream PutLogEvents on PackagesWorkerLogs",
            "s3 DeleteObject GetObject PutObject on BlobsBucket/dists/* BlobsBucket/packages/*",
            "s3 ListBucket on BlobsBucket",
            "secretsmanager GetSecretValue on secret:BitbucketTokenName secret:GithubCredentialsName secret:GitlabTokenName",
            "sqs ChangeMessageVisibility DeleteMessage GetQueueAttributes ReceiveMessage SendMessage on PackagesQueue",
        ],
    ),
    (
        "ReconcileFunction",
        &[
            "dynamodb BatchGetItem DeleteItem GetItem PutItem Query UpdateItem on Table",
            "dynamodb Query on Table/index/gsi1 Table/index/gsi2",
            "logs CreateLogStream PutLogEvents on ReconcileLogs",
            "secretsmanager GetSecretValue on secret:GithubCredentialsName secret:StripeSecretKeyName",
            "sqs SendMessage on AccessQueue DeliveriesQueue PackagesQueue PaymentsQueue",
        ],
    ),
];

#[test]
fn a_function_may_do_what_is_written_here_and_nothing_else() {
    for function in &template().functions {
        let id = function.logical_id.as_str();
        let expected = GRANTS.iter().find(|(name, _)| *name == id).map_or(&[][..], |(_, grants)| grants);
        assert_eq!(
            grants(&function.policies),
            expected,
            "{id}: change its role in template.yaml, or its grants in tests/drift/policies.rs"
        );
    }
}

#[test]
fn nothing_is_granted_wholesale() {
    for function in &template().functions {
        for statement in statements(&function.policies) {
            assert_eq!(statement["Effect"], "Allow", "{}: {statement}", function.logical_id);
            let named = texts(&statement["Action"]).into_iter().chain(texts(&statement["Resource"]));
            // Objects have no names of their own here, only what their keys begin with.
            let whole = |text: &str| text.strip_suffix("/*").filter(|text| text.contains("Bucket/")).map(str::to_owned);
            let named = named.map(|text| whole(&text).unwrap_or(text));
            let wild: Vec<String> = named.filter(|text| text.contains('*')).collect();
            assert!(wild.is_empty(), "{}: name what is meant instead of {wild:?}", function.logical_id);
        }
    }
}

#[test]
fn no_two_functions_share_a_role() {
    let template = template();
    let functions = template.functions.iter();
    let roles: BTreeSet<String> = functions
        .map(|function| {
            let role = &template.document["Resources"][&function.logical_id]["Properties"]["Role"]["Fn::GetAtt"][0];
            role.as_str().unwrap_or_else(|| panic!("{} has no role of its own", function.logical_id)).to_owned()
        })
        .collect();
    assert_eq!(roles.len(), template.functions.len(), "one role per function: {roles:?}");
}

/// The statements of all policies, rendered and sorted.
fn grants(policies: &Value) -> Vec<String> {
    let mut grants: Vec<String> = statements(policies).map(grant).collect();
    grants.sort();
    grants
}

fn statements(policies: &Value) -> impl Iterator<Item = &Value> {
    let policies = policies.as_array().into_iter().flatten();
    policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten())
}

/// `sqs SendMessage on PaymentsQueue`
fn grant(statement: &Value) -> String {
    let (mut services, mut actions) = (BTreeSet::new(), BTreeSet::new());
    for action in texts(&statement["Action"]) {
        let (service, action) = action.split_once(':').unwrap();
        services.insert(service.to_owned());
        actions.insert(action.to_owned());
    }
    let resources: BTreeSet<String> = texts(&statement["Resource"]).into_iter().collect();
    let joined = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(" ");
    format!("{} {} on {}", joined(services), joined(actions), joined(resources))
}

/// One text or a list of them, with references by the name of what they refer to.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Object(reference) => vec![match (&reference.get("Fn::GetAtt"), &reference.get("Fn::Sub")) {
            (Some(attribute), _) => attribute[0].as_str().unwrap().to_owned(),
            (_, Some(Value::String(pattern))) => resource(pattern),
            _ => panic!("{value} is not understood here"),
        }],
        _ => panic!("{value} is not understood here"),
    }
}

/// `${Table.Arn}/index/gsi1` as `Table/index/gsi1`, and the ARN of a secret or of something of SES as what it is called
/// in the template.
fn resource(pattern: &str) -> String {
    let named = |kind: &str, name: &str| format!("{kind}:{}", name.trim_matches(['$', '{', '}']));
    // Secrets Manager ends every ARN with six random characters.
    if let Some((_, secret)) = pattern.rsplit_once(":secret:") {
        let secret = secret.strip_suffix("-??????").unwrap_or_else(|| panic!("{pattern} is more than one secret"));
        return named("secret", secret);
    }
    let mail = pattern.contains(":ses:").then(|| pattern.rsplit_once(':')).flatten();
    match mail.and_then(|(_, resource)| resource.split_once('/')) {
        Some((kind, name)) => named(kind, name),
        None => pattern.replace("${", "").replace(".Arn}", ""),
    }
}
