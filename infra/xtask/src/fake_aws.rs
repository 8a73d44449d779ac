//! As much of AWS as a function touches while it starts: every secret is known, every item is absent, all else is refused.

use std::net::SocketAddr;

use crate::loopback::{Reply, Request};

/// Answers the JSON protocols of Secrets Manager, DynamoDB and SQS.
pub(crate) fn answer(request: &Request) -> Reply {
    match request.operation.as_str() {
        "secretsmanager.GetSecretValue" => Reply::Json(200, secret()),
        "DynamoDB_20120810.GetItem" => Reply::Json(200, "{}".to_owned()),
        _ => Reply::Json(400, r#"{"__type":"ValidationException","message":"not in this fake"}"#.to_owned()),
    }
}

fn secret() -> String {
    serde_json::json!({
        "ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:synthetic-AbCdEf",
        "Name": "synthetic",
        "SecretString": "whsec_testSynthetic",
        "VersionId": "00000000-0000-4000-8000-000000000000",
        "VersionStages": ["AWSCURRENT"],
    })
    .to_string()
}

/// What any function may ask of its environment, all of it pointing at `aws`.
pub(crate) fn environment(aws: SocketAddr) -> Vec<(&'static str, String)> {
    let aws = format!("http://{aws}");
    let mut variables = vec![
        ("PAYMENTS_QUEUE_URL", format!("{aws}/123456789012/payments")),
        ("ACCESS_QUEUE_URL", format!("{aws}/123456789012/access")),
        ("DELIVERIES_QUEUE_URL", format!("{aws}/123456789012/deliveries")),
        ("PACKAGES_QUEUE_URL", format!("{aws}/123456789012/packages")),
        ("STRIPE_API_URL", aws.clone()),
        ("GITHUB_API_URL", aws.clone()),
        ("GITHUB_WEB_URL", aws.clone()),
        ("GITLAB_WEB_URL", aws.clone()),
        ("BITBUCKET_WEB_URL", aws.clone()),
        ("AWS_ENDPOINT_URL", aws),
    ];
    let fixed = [
        ("TABLE_NAME", "Table"),
        ("VOLATILE_TABLE_NAME", "VolatileTable"),
        ("BLOBS_BUCKET", "blobs"),
        ("PUBLIC_URL", "https://tollgate.example.com"),
        ("MAIL_FROM", "Tollgate <no-reply@tollgate.example.com>"),
        ("STRIPE_SECRET_KEY_NAME", "tollgate/stripe-secret-key"),
        ("STRIPE_WEBHOOK_SECRET_NAME", "tollgate/stripe-webhook-secret"),
        ("GITHUB_WEBHOOK_SECRET_NAME", "tollgate/github-webhook-secret"),
        ("GITLAB_WEBHOOK_SECRET_NAME", "tollgate/gitlab-webhook-secret"),
        ("GITLAB_SIGNING_SECRET_NAME", "tollgate/gitlab-signing-secret"),
        ("BITBUCKET_WEBHOOK_SECRET_NAME", "tollgate/bitbucket-webhook-secret"),
        ("GITHUB_CREDENTIALS_NAME", "tollgate/github-credentials"),
        ("GITHUB_OAUTH_NAME", "tollgate/github-oauth"),
        ("SESSION_KEYS_NAME", "tollgate/session-keys"),
        ("RUST_LOG", "warn"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "synthetic"),
        ("AWS_LAMBDA_FUNCTION_NAME", "function"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
    ];
    variables.extend(fixed.map(|(name, value)| (name, value.to_owned())));
    variables
}
