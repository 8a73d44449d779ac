//! A process that was frozen (F23): when it goes on, the connections that it kept are dead, and it does not know. One is
//! opened anew, and nobody sees an error.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clients::Http;
use domain::GithubUserId;
use journeys::TestStack;
use runtime::{Edges, Services, Settings};
use testkit::{connector::Connector, faults::Faults};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::world::{BUYER, COMPANY, start};

/// How long a client waits for an answer that never comes.
const PATIENCE: Duration = Duration::from_millis(150);

/// How a connection dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    /// The other end closed it meanwhile.
    Closed,
    /// The other end answers with a reset to whatever is sent.
    Reset,
    /// Something in between has forgotten it: nothing ever comes back.
    Forgotten,
}

/// Something in between, on which all connections can die.
struct Relay {
    url: String,
    opened: Arc<AtomicUsize>,
    deaths: watch::Sender<Option<Death>>,
    _accepting: JoinSet<()>,
}

impl Relay {
    async fn to(url: &str) -> Self {
        let target: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (opened, deaths) = (Arc::<AtomicUsize>::default(), watch::Sender::new(None));
        let (counted, told) = (opened.clone(), deaths.clone());
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (near, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                connections.spawn(live_and_die(near, target, told.subscribe()));
            }
        });
        Self { url, opened, deaths, _accepting: accepting }
    }

    fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    /// Those that are open die; those that are opened later live.
    async fn kill(&self, death: Death) {
        self.deaths.send_replace(Some(death));
        // The other end's farewell arrives.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
}

async fn live_and_die(mut near: TcpStream, target: SocketAddr, mut deaths: watch::Receiver<Option<Death>>) {
    deaths.mark_unchanged();
    let mut far = TcpStream::connect(target).await.unwrap();
    let death = tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => return,
        _ = deaths.changed() => *deaths.borrow(),
    };
    match death {
        // What was sent and not read makes a reset of the farewell.
        Some(Death::Reset) => near.readable().await.unwrap(),
        Some(Death::Forgotten) => std::future::pending().await,
        Some(Death::Closed) | None => {}
    }
}

/// What a function stands on, with relays in between.
struct Frozen {
    services: Services,
    aws: Relay,
    outbound: Relay,
}

async fn frozen(t: &TestStack) -> Frozen {
    let embedded = t.stack.embedded.as_ref().unwrap();
    let (aws, outbound) = (Relay::to(embedded.dynamodb_endpoint()).await, Relay::to(&t.stack.url).await);
    let settings = [
        ("AWS_ENDPOINT_URL_DYNAMODB", aws.url.clone()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", embedded.secrets_endpoint().to_owned()),
        ("AWS_ACCESS_KEY_ID", "synthetic".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "synthetic".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("TABLE_NAME", "Table".to_owned()),
        ("GITHUB_API_URL", format!("{}/sandbox/github", outbound.url)),
        ("GITHUB_CREDENTIALS_NAME", "tollgate/github-credentials".to_owned()),
        ("STRIPE_API_URL", format!("{}/sandbox/stripe", outbound.url)),
        ("STRIPE_SECRET_KEY_NAME", "tollgate/stripe-secret-key".to_owned()),
    ];
    let edges = Edges {
        clock: t.clock.clock(),
        aws: Connector::new(Faults::none()).shared(),
        aws_timeout: PATIENCE * 3,
        first_backoff: Duration::from_millis(1),
        outbound: Http::new(PATIENCE, PATIENCE),
        ..Edges::real()
    };
    Frozen { services: Services::new(Settings::from_pairs(settings), edges), aws, outbound }
}

#[tokio::test]
async fn the_table_is_reached_again_whatever_became_of_the_connection() {
    for death in [Death::Closed, Death::Reset, Death::Forgotten] {
        let t = start(1, PATIENCE).await;
        let frozen = frozen(&t).await;
        let store = frozen.services.store().unwrap();
        for _ in 0..3 {
            store.company(COMPANY).await.unwrap().unwrap();
        }
        assert_eq!(frozen.aws.opened(), 1, "connections are kept");
        frozen.aws.kill(death).await;
        t.clock.advance(Duration::from_mins(10));
        for _ in 0..3 {
            store.company(COMPANY).await.unwrap_or_else(|error| panic!("{death:?}: {error:?}")).unwrap();
        }
        assert_eq!(frozen.aws.opened(), 2, "{death:?}: opened anew, once");
        t.finish().await;
    }
}

#[tokio::test]
async fn stripe_is_reached_again_whatever_became_of_the_connection() {
    for death in [Death::Closed, Death::Reset, Death::Forgotten] {
        let t = start(1, PATIENCE).await;
        let sale = t.checkout(&t.list_theme().await, BUYER).await;
        t.stripe().pay(&sale.session);
        let intent = t.stripe().session(&sale.session).unwrap()["payment_intent"].as_str().unwrap().to_owned();
        let frozen = frozen(&t).await;
        let stripe = frozen.services.stripe().unwrap();
        stripe.payment_metadata(&intent).await.unwrap().unwrap();
        frozen.outbound.kill(death).await;
        t.clock.advance(Duration::from_mins(10));
        for _ in 0..3 {
            let found = stripe.payment_metadata(&intent).await;
            found.unwrap_or_else(|error| panic!("{death:?}: {error:?}")).unwrap();
        }
        assert_eq!(frozen.outbound.opened(), 2, "{death:?}: opened anew, once");
        t.leave_messages();
    }
}

#[tokio::test]
async fn github_is_reached_again_over_a_connection_that_was_closed() {
    let t = start(1, PATIENCE).await;
    let frozen = frozen(&t).await;
    let github = frozen.services.github().unwrap();
    let account = GithubUserId(t.github().user_id(BUYER).unwrap());
    github.account_by_id(account).await.unwrap().unwrap();
    frozen.outbound.kill(Death::Closed).await;
    t.clock.advance(Duration::from_mins(10));
    for _ in 0..3 {
        github.account_by_id(account).await.unwrap().unwrap();
    }
    assert_eq!(frozen.outbound.opened(), 2, "opened anew, once");
    t.finish().await;
}

/// What a call to GitHub cannot know, whether it took effect, the worker finds out by looking: the message waits and the
/// next try is over a new connection.
#[tokio::test]
async fn github_is_reached_again_by_the_second_call_when_the_first_one_had_no_answer() {
    for death in [Death::Reset, Death::Forgotten] {
        let t = start(1, PATIENCE).await;
        let frozen = frozen(&t).await;
        let github = frozen.services.github().unwrap();
        let account = GithubUserId(t.github().user_id(BUYER).unwrap());
        github.account_by_id(account).await.unwrap().unwrap();
        frozen.outbound.kill(death).await;
        t.clock.advance(Duration::from_mins(10));
        // Whether this one succeeds is not promised.
        let _ = github.account_by_id(account).await;
        github.account_by_id(account).await.unwrap_or_else(|error| panic!("{death:?}: {error:?}")).unwrap();
        assert_eq!(frozen.outbound.opened(), 2, "{death:?}: opened anew, once");
        t.finish().await;
    }
}
