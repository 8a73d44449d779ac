//! Puts the whole system together.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, Result};
use api::ClientAddress;
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    middleware::map_request,
    response::{IntoResponse, Response},
};
use domain::{Clock, Random, forge::ForgeKind};
use jobs::Queue;
use runtime::{Edges, Settings};
use store::Store;
use testkit::{
    connector::{Connector, Grants},
    embedded::{self, Data, is_aws_call},
    faults::Faults,
    forges, github, mail,
    sam::Template,
    stripe,
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tower::ServiceExt;

use crate::{
    Functions, Settled,
    environment::{Environment, WebhookSecrets, other_host},
    gateway,
    pollers::Poller,
    sandboxes::Sandboxes,
    tickers::{Ticker, tickers},
};

/// The template is part of the program: what it says is what runs.
const TEMPLATE: &str = include_str!("../../../template.yaml");

/// How the stack is to be put together.
#[derive(Debug, Clone)]
pub struct StackConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the data is.
    pub data: Data,
    /// The environment: real services where it names them, secrets to be known to the embedded Secrets Manager.
    pub settings: Settings,
    /// What tests exchange.
    pub world: World,
}

/// What tests exchange: time, randomness, faults, patience.
#[derive(Debug, Clone)]
pub struct World {
    /// The time of everything but the embedded services' own timers.
    pub clock: Clock,
    /// Randomness for ids, tokens, and the sandboxes' shuffling.
    pub random: Random,
    /// Which calls fail: those to AWS, GitHub and Stripe.
    pub faults: Faults,
    /// Whether calls are metered with their units.
    pub metered: bool,
    /// How long a call to GitHub or Stripe may take.
    pub outbound_timeout: Duration,
    /// The first pause before a call that failed is tried again.
    pub first_backoff: Duration,
}

impl World {
    /// The real one.
    pub fn real() -> Self {
        let edges = Edges::real();
        Self {
            clock: edges.clock,
            random: edges.random,
            faults: Faults::none(),
            metered: false,
            outbound_timeout: Duration::from_secs(7),
            first_backoff: edges.first_backoff,
        }
    }
}

/// The whole system.
#[derive(Debug)]
pub struct Stack {
    /// Where it is reached, without a slash at the end.
    pub url: String,
    /// The data.
    pub store: Store,
    /// GitHub's stand-in, unless the real one is configured.
    pub github: Option<github::Sandbox>,
    /// GitLab's and Bitbucket's stand-in, unless both are configured.
    pub forges: Option<forges::Sandbox>,
    /// Stripe's stand-in, unless the real one is configured.
    pub stripe: Option<stripe::Sandbox>,
    /// SES's stand-in, with an inbox of everybody, unless another AWS is configured.
    pub mail: Option<mail::Sandbox>,
    /// The queues of the template, dead-letter queues included, by logical id.
    pub queues: HashMap<String, Queue>,
    /// The embedded services, unless others are configured.
    pub embedded: Option<embedded::Services>,
    router: Router,
    pollers: Vec<Poller>,
    tickers: Vec<Ticker>,
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Stack {
    /// Puts it together and serves it. Queues are polled only after [`Stack::poll`].
    ///
    /// # Errors
    /// When the address or the data is in use, or the template asks for what is not there.
    pub async fn start(config: StackConfig) -> Result<Self> {
        let listener =
            TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
        let url = format!("http://{}", reachable(listener.local_addr()?));
        let template = Template::parse(TEMPLATE).context("template.yaml")?;
        let StackConfig { data, settings, world, .. } = config;

        // First of all: it makes sure that no other process uses the folder, so nothing there may be touched before. A table
        // that is configured belongs to a real account or another emulator: then nothing is embedded.
        let embedded = if settings.get("TABLE_NAME").is_some() {
            None
        } else {
            Some(embedded::Services::start(data.clone(), &world.clock).await?)
        };
        let webhook_secrets = WebhookSecrets::of(&settings, &world.random);
        let sandboxes = Sandboxes::open(&data, &settings, &world, &webhook_secrets)?;
        let environment = Environment {
            template: &template,
            embedded: embedded.as_ref(),
            settings: &settings,
            sandboxes: &sandboxes,
            url: &url,
        };
        if let Some(embedded) = &embedded {
            embedded.apply(&template).await?;
            environment.seed_secrets(embedded, &webhook_secrets, &world.random)?;
        }
        let edges = edges(&world, embedded.as_ref());
        let functions = Functions::build(
            &template,
            |function| Ok(granted(&edges, &world, embedded.as_ref(), Grants::of(&template, function)?)),
            |function| environment.of(function),
        )?;
        let queues = environment.queues(&edges);
        let pollers = pollers(&template, &functions, &queues)?;
        let tickers = tickers(&template, &functions)?;

        let router =
            front(gateway::router(&template, &functions.routers, world.clock.now())?, embedded.as_ref(), &sandboxes);
        if let Some(stripe) = &sandboxes.stripe {
            stripe.set_public_url(format!("{url}/sandbox/stripe"));
        }
        if let Some(github) = &sandboxes.github {
            github.set_public_url(format!("{url}/sandbox/github"));
            github.set_codeload_url(format!("{}/sandbox/github", other_host(&url)));
        }
        if let Some(forges) = &sandboxes.forges {
            forges.set_public_url(format!("{url}/sandbox/forges"));
        }
        let store = environment.services("store", &edges)?.store()?;
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, router.clone(), stopped));
        Ok(Self {
            url,
            store,
            github: sandboxes.github,
            forges: sandboxes.forges,
            stripe: sandboxes.stripe,
            mail: sandboxes.mail,
            queues,
            embedded,
            router,
            pollers,
            tickers,
            tasks,
            stop,
        })
    }

    /// Begins to poll the queues, to follow the schedules, and to deliver the sandboxes' events.
    pub fn poll(&mut self) {
        for ticker in &self.tickers {
            self.tasks.spawn(ticker.clone().run(self.stop.subscribe()));
        }
        for poller in &self.pollers {
            for _ in 0..poller.concurrency {
                self.tasks.spawn(poller.clone().run(self.stop.subscribe()));
            }
        }
        if let Some(stripe) = self.stripe.clone() {
            let url = format!("{}/api/webhooks/stripe", self.url);
            self.until_stopped(async move { stripe.deliver_to(url).await });
        }
        if let Some(github) = self.github.clone() {
            let url = format!("{}/api/webhooks/github", self.url);
            self.until_stopped(async move { github.deliver_to(url).await });
        }
        for kind in [ForgeKind::Gitlab, ForgeKind::Bitbucket] {
            let Some(forges) = self.forges.clone() else { continue };
            let url = format!("{}/api/webhooks/{kind}", self.url);
            self.until_stopped(async move { forges.deliver_to(kind, url).await });
        }
    }

    fn until_stopped(&mut self, delivers: impl Future<Output = Result<()>> + Send + 'static) {
        let mut stop = self.stop.subscribe();
        self.tasks.spawn(async move {
            tokio::select! {
                ended = delivers => tracing::error!(?ended, "a sandbox delivers no more"),
                _ = stop.changed() => {}
            }
        });
    }

    /// Answers a request without the network, in this task, so that a meter sees its calls. It comes from this machine
    /// unless it brings a [`ClientAddress`].
    pub async fn call(&self, mut request: Request<Body>) -> Response {
        request.extensions_mut().get_or_insert(ClientAddress(Ipv4Addr::LOCALHOST.into()));
        self.router.clone().oneshot(request).await.into_response()
    }

    /// What the schedules of the template run, in the template's order: what is due most often comes first.
    pub fn schedules(&self) -> impl Iterator<Item = &str> {
        self.tickers.iter().map(Ticker::name)
    }

    /// Does what a schedule calls for, once, without waiting for its time.
    ///
    /// # Errors
    /// When it fails, or there is no schedule of this name.
    pub async fn run_schedule(&self, name: &str) -> Result<()> {
        let ticker = self.tickers.iter().find(|ticker| ticker.name() == name);
        ticker.with_context(|| format!("no schedule runs `{name}`"))?.tick().await
    }

    /// Works off the queues until they have nothing to give, or `rounds` have passed. What fails comes again at once.
    ///
    /// # Errors
    /// When a queue does not answer.
    pub async fn settle(&self, rounds: usize) -> Result<Settled> {
        self.settle_those(rounds, |_| true).await
    }

    /// The same for one queue alone, by its logical id in the template.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn settle_queue(&self, queue: &str, rounds: usize) -> Result<Settled> {
        self.settle_those(rounds, |poller| poller.name == queue).await
    }

    async fn settle_those(&self, rounds: usize, wanted: impl Fn(&Poller) -> bool) -> Result<Settled> {
        let mut all = Settled::default();
        for _ in 0..rounds {
            let mut round = Settled::default();
            for poller in self.pollers.iter().filter(|poller| wanted(poller)) {
                round += poller.settle_once().await?;
            }
            if round == Settled::default() {
                break;
            }
            all += round;
        }
        Ok(all)
    }

    /// Ends it: what was begun is finished, nothing new is taken.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(30), finished).await.is_err() {
            tracing::warn!("something did not finish in time; it will be done again at the next start");
        }
        if let Some(embedded) = self.embedded {
            embedded.shutdown().await;
        }
    }
}

/// Calls go out as `world` wants it. To embedded services they go over plain HTTP, where faults and the meter are.
fn edges(world: &World, embedded: Option<&embedded::Services>) -> Edges {
    let real = Edges::real();
    Edges {
        clock: world.clock.clone(),
        random: world.random.clone(),
        aws: embedded.map_or(real.aws, |embedded| connector(world, embedded).shared()),
        // Longer than a long poll.
        aws_timeout: Duration::from_secs(75),
        first_backoff: world.first_backoff,
        outbound: clients::Http::new(world.outbound_timeout.min(Duration::from_secs(3)), world.outbound_timeout),
    }
}

/// The same for one function: embedded services refuse it what its role does not grant.
fn granted(edges: &Edges, world: &World, embedded: Option<&embedded::Services>, grants: Grants) -> Edges {
    let granted = embedded.map(|embedded| connector(world, embedded).with_grants(grants).shared());
    Edges { aws: granted.unwrap_or_else(|| edges.aws.clone()), ..edges.clone() }
}

fn connector(world: &World, embedded: &embedded::Services) -> Connector {
    let connector = Connector::new(world.faults.clone());
    if world.metered { connector.with_units(embedded.database()) } else { connector }
}

/// One poller for each event source mapping of the template.
fn pollers(template: &Template, functions: &Functions, queues: &HashMap<String, Queue>) -> Result<Vec<Poller>> {
    let mut pollers = Vec::new();
    for function in &template.functions {
        for source in &function.queues {
            let worker = functions
                .workers
                .get(&function.logical_id)
                .with_context(|| format!("{} takes no jobs", function.logical_id))?;
            pollers.push(Poller {
                name: source.queue.clone(),
                queue: queues
                    .get(&source.queue)
                    .with_context(|| format!("the address of {} is not configured", source.queue))?
                    .clone(),
                worker: worker.clone(),
                batch_size: source.batch_size,
                function_timeout: Duration::from_secs(function.timeout_s.into()),
                concurrency: source.max_concurrency.unwrap_or(2).min(2),
            });
        }
    }
    Ok(pollers)
}

/// What the one port serves: AWS calls, the sandboxes' pages, and the gateway.
fn front(gateway: Router, embedded: Option<&embedded::Services>, sandboxes: &Sandboxes) -> Router {
    let aws = embedded.map(embedded::Services::front_router);
    let fallback = async |State((aws, gateway)): State<(Option<Router>, Router)>, request: Request<Body>| -> Response {
        match aws.filter(|_| is_aws_call(&request)) {
            Some(aws) => aws.oneshot(request).await.into_response(),
            None => gateway.oneshot(request).await.into_response(),
        }
    };
    let others = Router::new().fallback(fallback).with_state((aws, gateway));
    sandboxes.mount(Router::new()).fallback_service(others)
}

async fn serve(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) {
    let until = async move { drop(stopped.changed().await) };
    let service = router.layer(map_request(address)).into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(until).await {
        tracing::error!(%error, "the server ended");
    }
}

/// The client is who is connected, whatever its headers say.
async fn address(ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(ClientAddress(peer.ip()));
    request
}

/// An address that this machine reaches itself at: one cannot connect to "all addresses".
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = if address.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { address.ip() };
    SocketAddr::new(ip, address.port())
}
