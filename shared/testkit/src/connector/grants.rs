//! What a function's role lets it do. The local stack and the tests refuse the rest, as AWS would: a forgotten permission
//! shows before it is deployed.

use std::{collections::HashSet, sync::Arc};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::sam::{Function, Template};

/// The actions and resources that a role allows. Names are those of the local stack.
#[derive(Debug, Clone)]
pub struct Grants(Arc<HashSet<(String, String)>>);

impl Grants {
    /// What the template's role of `function` allows.
    ///
    /// # Errors
    /// When a statement is written in a way that is not understood here.
    pub fn of(template: &Template, function: &Function) -> Result<Self> {
        let policies = function.policies.as_array().into_iter().flatten();
        let statements =
            policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten());
        let mut granted = HashSet::new();
        for statement in statements {
            for resource in one_or_many(&statement["Resource"]) {
                let resource =
                    name(template, resource).with_context(|| format!("{}: {resource}", function.logical_id))?;
                let actions = one_or_many(&statement["Action"]).filter_map(Value::as_str);
                granted.extend(actions.map(|action| (action.to_owned(), resource.clone())));
            }
        }
        Ok(Self(Arc::new(granted)))
    }

    /// The first action that a call needs and that is not granted: `dynamodb:GetItem on Table`.
    pub(super) fn missing(&self, service: &str, operation: &str, body: &Value) -> Option<String> {
        let needed = needs(service, operation, body).into_iter();
        let mut missing = needed.filter(|need| !self.granted(need));
        missing.next().map(|(action, resource)| format!("{action} on {resource}"))
    }

    /// Objects are granted by what their keys begin with, all else by its whole name.
    fn granted(&self, need: &(String, String)) -> bool {
        let begins = |pattern: &str| pattern.strip_suffix('*').is_some_and(|prefix| need.1.starts_with(prefix));
        self.0.contains(need) || self.0.iter().any(|(action, pattern)| *action == need.0 && begins(pattern))
    }
}

/// The actions that a call needs, each with its resource.
fn needs(service: &str, operation: &str, body: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let object = |key: &Value| format!("{}/{}", text(&body["Bucket"]), text(key));
    let one = |resource| vec![(format!("{service}:{operation}"), resource)];
    match (service, operation) {
        ("dynamodb", "TransactWriteItems") => {
            let writes = body["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
            writes.map(|(kind, write)| (format!("dynamodb:{}", transacted(kind)), text(&write["TableName"]))).collect()
        }
        ("dynamodb", "BatchGetItem") => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            tables.map(|(table, _)| ("dynamodb:BatchGetItem".to_owned(), table.clone())).collect()
        }
        ("dynamodb", _) => match body["IndexName"].as_str() {
            Some(index) => one(format!("{}/index/{index}", text(&body["TableName"]))),
            None => one(text(&body["TableName"])),
        },
        ("s3", "ListObjectsV2") => vec![("s3:ListBucket".to_owned(), text(&body["Bucket"]))],
        ("s3", "HeadObject") => vec![("s3:GetObject".to_owned(), object(&body["Key"]))],
        ("s3", "DeleteObjects") => {
            let keys = body["Keys"].as_array().into_iter().flatten();
            keys.map(|key| ("s3:DeleteObject".to_owned(), object(key))).collect()
        }
        ("s3", _) => one(object(&body["Key"])),
        // Which identity, and whether it is verified, is for SES to say.
        ("ses", _) => one("identity".to_owned()),
        ("sqs", _) => one(text(&body["QueueUrl"]).rsplit('/').next().unwrap_or_default().to_owned()),
        _ => one(text(&body["SecretId"])),
    }
}

/// The permission that a transaction's part needs: `Put` needs `PutItem`, `ConditionCheck` `ConditionCheckItem`.
fn transacted(kind: &str) -> String {
    format!("{kind}Item")
}

fn one_or_many(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or_else(|| std::slice::from_ref(value).iter(), |values| values.iter())
}

/// What a resource is called in calls: a table's, an index's, a queue's, a bucket's or a secret's name.
fn name(template: &Template, resource: &Value) -> Result<String> {
    if let Some(id) = resource["Fn::GetAtt"][0].as_str() {
        return Ok(named(template, id));
    }
    let pattern = resource["Fn::Sub"].as_str().context("neither !GetAtt nor !Sub")?;
    // Secrets Manager ends every ARN with six random characters.
    if let Some((_, secret)) = pattern.rsplit_once(":secret:") {
        let parameter = secret.trim_end_matches("-??????").trim_matches(['$', '{', '}']);
        let value = template.environment_text(&json!({"Ref": parameter}), |_| String::new())?;
        return value.with_context(|| format!("the parameter {parameter} has no default"));
    }
    if let Some((_, kind)) = pattern.split_once(":ses:").and_then(|(_, rest)| rest.rsplit_once(':')) {
        return Ok(kind.split('/').next().unwrap_or_default().to_owned());
    }
    let (id, rest) = pattern.trim_start_matches("${").split_once(".Arn}").context("not the ARN of a resource")?;
    Ok(named(template, id) + rest)
}

fn named(template: &Template, id: &str) -> String {
    let table = template.table(id).map(|table| table.name.clone());
    let queue = || template.queue(id).map(|queue| queue.name.clone());
    let bucket = || template.bucket(id).map(|bucket| bucket.name.clone());
    table.or_else(queue).or_else(bucket).unwrap_or_else(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r"
Parameters:
  KeyName: {Type: String, Default: shop/key}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  Blobs: {Type: AWS::S3::Bucket}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - {Effect: Allow, Action: [dynamodb:GetItem, dynamodb:PutItem], Resource: !GetAtt Table.Arn}
              - {Effect: Allow, Action: dynamodb:Query, Resource: !Sub '${Table.Arn}/index/gsi1'}
              - {Effect: Allow, Action: [s3:GetObject, s3:DeleteObject], Resource: !Sub '${Blobs.Arn}/dists/*'}
              - {Effect: Allow, Action: ses:SendEmail, Resource: !Sub 'arn:aws:ses:x:y:identity/${KeyName}'}
              - {Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Sub 'arn:aws:x:y:secret:${KeyName}-??????'}
  F:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: target/lambda/f/, Role: !GetAtt Role.Arn}
";

    #[test]
    fn a_call_is_refused_when_any_of_what_it_needs_is_not_granted() {
        let template = Template::parse(TEMPLATE).unwrap();
        let grants = Grants::of(&template, &template.functions[0]).unwrap();
        let missing = |service, operation, body| grants.missing(service, operation, &body);
        assert_eq!(missing("dynamodb", "GetItem", json!({"TableName": "Table"})), None);
        assert_eq!(missing("dynamodb", "Query", json!({"TableName": "Table", "IndexName": "gsi1"})), None);
        assert_eq!(missing("secretsmanager", "GetSecretValue", json!({"SecretId": "shop/key"})), None);
        assert_eq!(missing("ses", "SendEmail", json!({"FromEmailAddress": "a@example.com"})), None);
        assert_eq!(missing("s3", "GetObject", json!({"Bucket": "blobs", "Key": "dists/1/a.zip"})), None);
        assert_eq!(missing("s3", "HeadObject", json!({"Bucket": "blobs", "Key": "dists/1/a.zip"})), None);
        let refused = missing("s3", "GetObject", json!({"Bucket": "blobs", "Key": "packages/1/a.json"}));
        assert_eq!(refused.as_deref(), Some("s3:GetObject on blobs/packages/1/a.json"));
        let refused = missing("s3", "PutObject", json!({"Bucket": "blobs", "Key": "dists/1/a.zip"}));
        assert_eq!(refused.as_deref(), Some("s3:PutObject on blobs/dists/1/a.zip"));
        let refused = missing("s3", "DeleteObjects", json!({"Bucket": "blobs", "Keys": ["dists/1/a.zip", "b"]}));
        assert_eq!(refused.as_deref(), Some("s3:DeleteObject on blobs/b"));
        let refused = missing("s3", "ListObjectsV2", json!({"Bucket": "blobs"}));
        assert_eq!(refused.as_deref(), Some("s3:ListBucket on blobs"));
        let refused = missing("dynamodb", "Query", json!({"TableName": "Table"}));
        assert_eq!(refused.as_deref(), Some("dynamodb:Query on Table"));
        let writes =
            json!({"TransactItems": [{"Put": {"TableName": "Table"}}, {"ConditionCheck": {"TableName": "Table"}}]});
        let refused = missing("dynamodb", "TransactWriteItems", writes);
        assert_eq!(refused.as_deref(), Some("dynamodb:ConditionCheckItem on Table"));
        let refused = missing("sqs", "SendMessage", json!({"QueueUrl": "http://127.0.0.1:1/000000000000/Queue"}));
        assert_eq!(refused.as_deref(), Some("sqs:SendMessage on Queue"));
    }
}
