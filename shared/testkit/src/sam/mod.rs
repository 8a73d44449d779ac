//! The project's SAM template as plain data: what the local stack runs and what the drift tests compare with the code.

mod place;
mod resolve;
mod yaml;

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::resolve::{ACCOUNT, REGION};
use self::{place::Place, resolve::Scope};

/// A SAM template.
#[derive(Debug, Clone)]
pub struct Template {
    /// The whole document as JSON, short tags written out (`{"Ref": …}`, `{"Fn::GetAtt": […]}`).
    pub document: Value,
    /// Resources of type `AWS::Serverless::Function`, with `Globals` put in.
    pub functions: Vec<Function>,
    /// Resources of type `AWS::SQS::Queue`.
    pub queues: Vec<Queue>,
    /// Resources of type `AWS::DynamoDB::Table`.
    pub tables: Vec<TableDefinition>,
    /// Resources of type `AWS::S3::Bucket`.
    pub buckets: Vec<Bucket>,
    scope: Scope,
}

/// A Lambda function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name in the template.
    pub logical_id: String,
    /// Where its binary is.
    pub code_uri: String,
    /// Its environment variables, `Globals` included; [`Template::environment_text`] makes texts of the values.
    pub environment: BTreeMap<String, Value>,
    /// How long one invocation may take, in seconds.
    pub timeout_s: u32,
    /// Its memory, in MB.
    pub memory_mb: u32,
    /// Its routes in the HTTP API, in the template's order.
    pub routes: Vec<Route>,
    /// Whether it takes what no route takes.
    pub default_route: bool,
    /// The queues it consumes.
    pub queues: Vec<QueueSource>,
    /// When it is called by the clock.
    pub schedules: Vec<Schedule>,
    /// The statements of its role, wherever they stand: its own `Policies`, or those of the role its `Role` names.
    pub policies: Value,
}

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// `GET`, `POST`, …; `ANY` for all.
    pub method: String,
    /// `/api/products/{slug}`.
    pub path: String,
}

/// How a function consumes a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSource {
    /// The queue's name in the template.
    pub queue: String,
    /// How many messages one invocation gets at most.
    pub batch_size: u32,
    /// Whether the function says which messages of a batch failed.
    pub report_batch_item_failures: bool,
    /// How many invocations run at once, if that is limited.
    pub max_concurrency: Option<u32>,
}

/// A time at which a function is called again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its name in the template.
    pub name: String,
    /// The seconds between two calls.
    pub every_s: u32,
    /// What the function is called with.
    pub input: Value,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its name in the template.
    pub logical_id: String,
    /// `QueueName`, or else the logical id, where AWS would make up a name.
    pub name: String,
    /// How long a received message stays hidden, in seconds. AWS's default is 30.
    pub visibility_timeout_s: u32,
    /// How long a message is kept, in seconds. AWS's default is four days.
    pub retention_s: u32,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
}

/// A queue's dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// The dead-letter queue's name in the template.
    pub dead_letter_queue: String,
    /// After how many receives a message goes there.
    pub max_receive_count: u32,
}

/// A table. The parts that `CloudFormation` and `CreateTable` write alike are kept as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDefinition {
    /// Its name in the template.
    pub logical_id: String,
    /// `TableName`, or else the logical id, where AWS would make up a name.
    pub name: String,
    /// The attributes that are keys somewhere, and their types.
    pub attribute_definitions: Vec<AttributeDefinition>,
    /// The primary key.
    pub key_schema: Vec<KeyElement>,
    /// The global secondary indexes.
    pub indexes: Vec<IndexDefinition>,
    /// The attribute that holds when an item expires.
    pub ttl_attribute: Option<String>,
}

/// A bucket for objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name in the template.
    pub logical_id: String,
    /// `BucketName`, or else the logical id in the small letters that buckets are named with, where AWS would make up a
    /// name.
    pub name: String,
}

/// The type of a key attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttributeDefinition {
    /// Its name.
    pub attribute_name: String,
    /// `S`, `N` or `B`.
    pub attribute_type: String,
}

/// A part of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyElement {
    /// The attribute's name.
    pub attribute_name: String,
    /// `HASH` or `RANGE`.
    pub key_type: String,
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct IndexDefinition {
    /// Its name.
    pub index_name: String,
    /// Its key.
    pub key_schema: Vec<KeyElement>,
    /// What it copies.
    pub projection: IndexProjection,
}

/// What an index copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct IndexProjection {
    /// `ALL`, `KEYS_ONLY` or `INCLUDE`.
    pub projection_type: String,
    /// The attributes of `INCLUDE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub non_key_attributes: Vec<String>,
}

impl Template {
    /// Reads the template at `path`.
    ///
    /// # Errors
    /// When it cannot be read, is not YAML, or lacks what this reader needs; the message names the place in the
    /// template.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", path.display()))
    }

    /// Reads a template's text.
    ///
    /// # Errors
    /// As [`Template::read`].
    pub fn parse(text: &str) -> Result<Self> {
        let document = yaml::read(text)?;
        let scope = Scope::new(&document)?;
        let (mut functions, mut queues, mut tables, mut buckets) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (id, resource) in Place::root(&document).at("Resources").entries()? {
            let properties = resource.at("Properties");
            match resource.at("Type").required_text(&scope)?.as_str() {
                "AWS::Serverless::Function" => functions.push(function(&document, &scope, id, &properties)?),
                "AWS::SQS::Queue" => queues.push(queue(&scope, id, &properties)?),
                "AWS::DynamoDB::Table" => tables.push(table(&scope, id, &properties)?),
                "AWS::S3::Bucket" => buckets.push(bucket(&scope, id, &properties)?),
                _ => {}
            }
        }
        let template = Self { document, functions, queues, tables, buckets, scope };
        template.check_references()?;
        Ok(template)
    }

    /// The queue of this logical id.
    pub fn queue(&self, logical_id: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.logical_id == logical_id)
    }

    /// The table of this logical id.
    pub fn table(&self, logical_id: &str) -> Option<&TableDefinition> {
        self.tables.iter().find(|table| table.logical_id == logical_id)
    }

    /// The bucket of this logical id.
    pub fn bucket(&self, logical_id: &str) -> Option<&Bucket> {
        self.buckets.iter().find(|bucket| bucket.logical_id == logical_id)
    }

    /// The text of an environment variable, where parameters have their defaults, a table or bucket stands for its name and
    /// a queue for what `queue_url` makes of its name. Nothing for `AWS::NoValue`.
    ///
    /// # Errors
    /// When the value refers to something else.
    pub fn environment_text(&self, value: &Value, queue_url: impl Fn(&str) -> String) -> Result<Option<String>> {
        if value.get("Ref").is_some_and(|name| name == "AWS::NoValue") {
            return Ok(None);
        }
        let tables = self.tables.iter().map(|table| (table.logical_id.clone(), table.name.clone()));
        let queues = self.queues.iter().flat_map(|queue| {
            [
                (queue.logical_id.clone(), queue_url(&queue.name)),
                (format!("{}.QueueUrl", queue.logical_id), queue_url(&queue.name)),
                (format!("{}.QueueName", queue.logical_id), queue.name.clone()),
            ]
        });
        let buckets = self.buckets.iter().map(|bucket| (bucket.logical_id.clone(), bucket.name.clone()));
        self.scope.with(tables.chain(queues).chain(buckets)).text(value).map(Some)
    }

    /// Queues that functions and other queues name have to exist.
    fn check_references(&self) -> Result<()> {
        let sources = self
            .functions
            .iter()
            .flat_map(|function| function.queues.iter().map(|source| (&function.logical_id, &source.queue)));
        let redrives = self
            .queues
            .iter()
            .filter_map(|queue| Some((&queue.logical_id, &queue.redrive.as_ref()?.dead_letter_queue)));
        for (from, queue) in sources.chain(redrives) {
            if self.queue(queue).is_none() {
                bail!("Resources.{from}: refers to the queue `{queue}`, which is not in the template");
            }
        }
        Ok(())
    }
}

fn function(document: &Value, scope: &Scope, id: &str, properties: &Place<'_>) -> Result<Function> {
    let globals = Place::root(document).at("Globals").at("Function");
    let setting = |name: &str| properties.at(name).or(globals.at(name));
    let mut environment = BTreeMap::new();
    for from in [&globals, properties] {
        for (name, value) in from.at("Environment").at("Variables").entries()? {
            environment.insert(name.to_owned(), value.required()?.clone());
        }
    }
    let mut function = Function {
        logical_id: id.to_owned(),
        code_uri: setting("CodeUri").required_text(scope)?,
        environment,
        // AWS's own defaults.
        timeout_s: setting("Timeout").number(scope)?.unwrap_or(3),
        memory_mb: setting("MemorySize").number(scope)?.unwrap_or(128),
        routes: Vec::new(),
        default_route: false,
        queues: Vec::new(),
        schedules: Vec::new(),
        policies: policies(document, properties),
    };
    for (name, event) in properties.at("Events").entries()? {
        add_event(&mut function, scope, name, &event)?;
    }
    Ok(function)
}

fn add_event(function: &mut Function, scope: &Scope, name: &str, event: &Place<'_>) -> Result<()> {
    let properties = event.at("Properties");
    match event.at("Type").required_text(scope)?.as_str() {
        "HttpApi" => match properties.at("Path").text(scope)? {
            Some(path) if path != "$default" => {
                let method = properties.at("Method").required_text(scope)?.to_uppercase();
                function.routes.push(Route { method, path });
            }
            _ => function.default_route = true,
        },
        "SQS" => {
            let responses = properties.at("FunctionResponseTypes").list()?;
            function.queues.push(QueueSource {
                queue: properties.at("Queue").arn_of()?,
                batch_size: properties.at("BatchSize").number(scope)?.unwrap_or(10),
                report_batch_item_failures: responses.iter().any(|kind| kind == "ReportBatchItemFailures"),
                max_concurrency: properties.at("ScalingConfig").at("MaximumConcurrency").number(scope)?,
            });
        }
        "ScheduleV2" => {
            let (rate, input) = (properties.at("ScheduleExpression"), properties.at("Input"));
            function.schedules.push(Schedule {
                name: name.to_owned(),
                every_s: seconds(&rate.required_text(scope)?).with_context(|| rate.path.clone())?,
                input: serde_json::from_str(&input.required_text(scope)?).with_context(|| input.path.clone())?,
            });
        }
        other => bail!("{}: events of type `{other}` are not understood here", event.path),
    }
    Ok(())
}

/// The seconds of `rate(5 minutes)`.
fn seconds(expression: &str) -> Result<u32> {
    let rate = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')'));
    let (number, unit) = rate.and_then(|rate| rate.split_once(' ')).context("only `rate(… …)` is understood here")?;
    let unit = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 60 * 60,
        "day" => 24 * 60 * 60,
        other => bail!("`{other}` is no unit of time"),
    };
    Ok(number.parse::<u32>()? * unit)
}

fn policies(document: &Value, properties: &Place<'_>) -> Value {
    let role = properties.at("Role").value.and_then(|role| role["Fn::GetAtt"][0].as_str());
    let of_role = role.map(|role| &document["Resources"][role]["Properties"]["Policies"]);
    of_role.or(properties.at("Policies").value).cloned().unwrap_or_default()
}

fn queue(scope: &Scope, id: &str, properties: &Place<'_>) -> Result<Queue> {
    let policy = properties.at("RedrivePolicy");
    let redrive = match policy.value {
        None => None,
        Some(_) => Some(Redrive {
            dead_letter_queue: policy.at("deadLetterTargetArn").arn_of()?,
            max_receive_count: policy
                .at("maxReceiveCount")
                .number(scope)?
                .with_context(|| format!("{}.maxReceiveCount: missing", policy.path))?,
        }),
    };
    Ok(Queue {
        logical_id: id.to_owned(),
        name: properties.at("QueueName").text(scope)?.unwrap_or_else(|| id.to_owned()),
        visibility_timeout_s: properties.at("VisibilityTimeout").number(scope)?.unwrap_or(30),
        retention_s: properties.at("MessageRetentionPeriod").number(scope)?.unwrap_or(4 * 24 * 3600),
        redrive,
    })
}

fn bucket(scope: &Scope, id: &str, properties: &Place<'_>) -> Result<Bucket> {
    let name = properties.at("BucketName").text(scope)?.unwrap_or_else(|| id.to_lowercase());
    Ok(Bucket { logical_id: id.to_owned(), name })
}

fn table(scope: &Scope, id: &str, properties: &Place<'_>) -> Result<TableDefinition> {
    fn part<T: serde::de::DeserializeOwned>(place: &Place<'_>) -> Result<T> {
        T::deserialize(place.required()?).with_context(|| place.path.clone())
    }
    let indexes = properties.at("GlobalSecondaryIndexes");
    Ok(TableDefinition {
        logical_id: id.to_owned(),
        name: properties.at("TableName").text(scope)?.unwrap_or_else(|| id.to_owned()),
        attribute_definitions: part(&properties.at("AttributeDefinitions"))?,
        key_schema: part(&properties.at("KeySchema"))?,
        indexes: if indexes.value.is_some() { part(&indexes)? } else { Vec::new() },
        ttl_attribute: properties.at("TimeToLiveSpecification").at("AttributeName").text(scope)?,
    })
}

#[cfg(test)]
mod tests;
