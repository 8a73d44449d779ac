//! Settings that every function, queue and table of the template needs, and that AWS does not ask for.

use serde_json::Value;

use crate::template;

/// Six times the function's time limit, as AWS advises: a batch may be received again only when it has surely ended.
const VISIBILITY_FACTOR: u32 = 6;
/// Receives before a message is set aside.
const RECEIVES: u32 = 5;
/// How long it then waits for a person: 14 days, the longest there is.
const DEAD_LETTER_RETENTION_S: u32 = 14 * 24 * 3600;

#[test]
fn every_function_runs_on_the_same_platform_within_limits() {
    let template = template();
    let globals = &template.document["Globals"]["Function"];
    assert_eq!(globals["Runtime"], "provided.al2023");
    assert_eq!(globals["Handler"], "bootstrap");
    assert_eq!(globals["Architectures"], serde_json::json!([{"Ref": "Architecture"}]));
    assert_eq!(template.document["Parameters"]["Architecture"]["Default"], "arm64");
    for function in &template.functions {
        let id = &function.logical_id;
        // The gateway gives up after 30 seconds. Who fetches archives holds them in memory, and nobody waits for it.
        let (memory_mb, timeouts_s) = if id == "PackagesWorkerFunction" { (1024, 5..=300) } else { (512, 5..=30) };
        assert_eq!(function.memory_mb, memory_mb, "{id}: MemorySize");
        assert!(timeouts_s.contains(&function.timeout_s), "{id}: Timeout is {}", function.timeout_s);
    }
}

#[test]
fn every_function_logs_to_a_group_that_forgets() {
    let template = template();
    let resources = &template.document["Resources"];
    let mut seen = Vec::new();
    for function in &template.functions {
        let id = &function.logical_id;
        let group = resources[id]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"].as_str();
        let group = group.unwrap_or_else(|| panic!("{id}: add `LoggingConfig: {{LogGroup: !Ref …Logs}}`"));
        assert_eq!(resources[group]["Type"], "AWS::Logs::LogGroup", "{id}: {group}");
        assert!(!seen.contains(&group), "{group} is another function's log group");
        seen.push(group);
    }
    for (id, resource) in resources.as_object().unwrap() {
        if resource["Type"] == "AWS::Logs::LogGroup" {
            assert!(
                !resource["Properties"]["RetentionInDays"].is_null(),
                "{id}: logs would be kept for ever, set RetentionInDays"
            );
        }
    }
}

#[test]
fn a_consumer_reports_failures_one_by_one_and_has_time_to() {
    let template = template();
    for function in &template.functions {
        for source in &function.queues {
            let (id, queue) = (&function.logical_id, template.queue(&source.queue).unwrap());
            assert!(source.report_batch_item_failures, "{id}: add `FunctionResponseTypes: [ReportBatchItemFailures]`");
            let least = VISIBILITY_FACTOR * function.timeout_s;
            assert!(
                queue.visibility_timeout_s >= least,
                "{}: VisibilityTimeout has to be at least {least}",
                queue.logical_id
            );
        }
    }
}

#[test]
fn every_queue_has_a_consumer_and_sets_aside_what_fails() {
    let template = template();
    let redrives: Vec<_> = template.queues.iter().filter_map(|queue| queue.redrive.as_ref()).collect();
    for queue in &template.queues {
        let id = &queue.logical_id;
        let consumed = template.functions.iter().flat_map(|it| &it.queues).any(|source| source.queue == *id);
        if redrives.iter().any(|redrive| redrive.dead_letter_queue == *id) {
            assert!(!consumed, "{id} is a dead-letter queue, a person has to look at it");
            assert_eq!(queue.retention_s, DEAD_LETTER_RETENTION_S, "{id}: MessageRetentionPeriod");
            assert!(alarms(&template.document, id), "{id}: add an alarm on ApproximateNumberOfMessagesVisible >= 1");
        } else {
            assert!(consumed, "{id} has no consumer");
            let redrive = queue.redrive.as_ref().unwrap_or_else(|| panic!("{id}: add a RedrivePolicy"));
            assert_eq!(redrive.max_receive_count, RECEIVES, "{id}: maxReceiveCount");
        }
    }
}

#[test]
fn tables_are_paid_by_use_and_can_be_restored() {
    let template = template();
    for table in &template.tables {
        let id = &table.logical_id;
        let properties = &template.document["Resources"][id]["Properties"];
        assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST", "{id}");
        assert_eq!(properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true, "{id}");
        assert_eq!(table.ttl_attribute.as_deref(), Some("ttl"), "{id}");
    }
    let main = &template.document["Resources"]["Table"];
    assert_eq!(
        (&main["DeletionPolicy"], &main["UpdateReplacePolicy"]),
        (&Value::from("Retain"), &Value::from("Retain"))
    );
}

#[test]
fn buckets_are_kept_and_nobody_else_sees_into_them() {
    let template = template();
    for bucket in &template.buckets {
        let id = &bucket.logical_id;
        let resource = &template.document["Resources"][id];
        assert_eq!(
            (&resource["DeletionPolicy"], &resource["UpdateReplacePolicy"]),
            (&"Retain".into(), &"Retain".into())
        );
        let properties = &resource["Properties"];
        let public = properties["PublicAccessBlockConfiguration"].as_object().unwrap();
        assert!(public.len() == 4 && public.values().all(|blocked| *blocked == true), "{id}: {public:?}");
        assert!(!properties["BucketEncryption"].is_null(), "{id}: add BucketEncryption");
        assert_eq!(properties["OwnershipControls"]["Rules"][0]["ObjectOwnership"], "BucketOwnerEnforced", "{id}");
        let rules = properties["LifecycleConfiguration"]["Rules"].as_array().unwrap();
        let ends_uploads = |rule: &Value| !rule["AbortIncompleteMultipartUpload"].is_null();
        assert!(rules.iter().any(ends_uploads), "{id}: half an upload would be paid for until somebody looks");
    }
}

/// Whether some alarm goes off as soon as one message lies in this queue.
fn alarms(document: &Value, queue: &str) -> bool {
    document["Resources"].as_object().unwrap().values().filter(|it| it["Type"] == "AWS::CloudWatch::Alarm").any(
        |alarm| {
            let properties = &alarm["Properties"];
            properties["Dimensions"][0]["Value"]["Fn::GetAtt"][0] == queue
                && properties["MetricName"] == "ApproximateNumberOfMessagesVisible"
                && properties["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
                && properties["Threshold"] == 1
        },
    )
}
