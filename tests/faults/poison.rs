//! A message that nobody can read.

use std::time::Duration;

use journeys::{Sale, TestStack};

use crate::{
    stories::STORIES,
    world::{TEMPLATE, start},
};

async fn send(t: &TestStack, queue: &str, body: &str) {
    let url = t.stack.embedded.as_ref().unwrap().queue_url(&TEMPLATE.queue(queue).unwrap().name);
    t.aws.sqs.send_message().queue_url(url).message_body(body).send().await.unwrap();
}

/// Takes what is in a queue: the texts.
async fn take(t: &TestStack, queue: &str) -> Vec<String> {
    let url = t.stack.embedded.as_ref().unwrap().queue_url(&TEMPLATE.queue(queue).unwrap().name);
    let received = t.aws.sqs.receive_message().queue_url(&url).max_number_of_messages(10).send().await.unwrap();
    let mut bodies = Vec::new();
    for message in received.messages.unwrap_or_default() {
        t.aws.sqs.delete_message().queue_url(&url).set_receipt_handle(message.receipt_handle).send().await.unwrap();
        bodies.extend(message.body);
    }
    bodies
}

#[tokio::test]
async fn a_poison_message_is_set_aside_after_its_receives_and_its_neighbours_succeed_at_once() {
    let poisons = ["{", "null", r#"{"v":1,"kind":"make_coffee"}"#, r#"{"v":99,"kind":"sync_access"}"#, "\u{1F4A3}"];
    for queue in ["PaymentsQueue", "AccessQueue"] {
        let redrive = TEMPLATE.queue(queue).unwrap().redrive.clone().unwrap();
        for poison in poisons {
            let t = start(1, Duration::from_secs(5)).await;
            let repository = t.list(&STORIES[0].listing()).await;
            let mut sales: Vec<Sale> = Vec::new();
            for buyer in ["johndoe", "janedoe"] {
                let sale = t.checkout(&repository, buyer).await;
                t.stripe().pay(&sale.session);
                t.deliver().await;
                if sales.is_empty() {
                    send(&t, queue, poison).await;
                }
                sales.push(sale);
            }
            // Two rounds: the events' and that of the access that follows from them. The poison is in both.
            let first = t.stack.settle(2).await.unwrap();
            assert_eq!(first.failed, 2, "{queue} {poison}");
            for sale in &sales {
                assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "active", "{queue} {poison}");
            }
            let rest = t.stack.settle(50).await.unwrap();
            assert_eq!(first.failed + rest.failed, redrive.max_receive_count as usize, "{queue} {poison}");
            assert_eq!(take(&t, &redrive.dead_letter_queue).await, [poison], "{queue}");
            t.finish().await;
        }
    }
}
