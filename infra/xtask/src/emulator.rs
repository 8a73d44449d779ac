//! Tries function binaries under AWS's runtime interface emulator (RIE), which comes with `aws-sam-cli`: the real
//! Runtime API in front of the real bootstrap, events in, answers out.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::{fake_aws, loopback, workspace::Workspace};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);
const INVOKE: &str = "/2015-03-31/functions/function/invocations";

/// One event for one function, and what must come back.
struct Case {
    function: &'static str,
    event: Value,
    expected: Value,
}

/// Runs all cases, and fails at the first that is answered otherwise.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let emulator = find()?;
    let aws = loopback::serve(fake_aws::answer)?;
    for case in cases(workspace)? {
        let binary = workspace.target.join("debug").join(case.function);
        ensure!(binary.exists(), "{} is missing: run `cargo build --workspace --bins`", binary.display());
        let running = Running::start(&emulator, &binary, aws)?;
        let answer = running.invoke(&case.event).with_context(|| format!("{} did not answer", case.function))?;
        ensure!(includes(&answer, &case.expected), "{}: {answer}\nlacks {}", case.function, case.expected);
        println!("{:<16} answered {}", case.function, case.expected);
    }
    println!("runtime interface emulator: all functions answered as expected");
    Ok(())
}

fn cases(workspace: &Workspace) -> Result<Vec<Case>> {
    let event = |name: &str| -> Result<Value> {
        let path = workspace.root.join("events").join(name);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    };
    // A batch of what no worker can read: every record has to come back as failed, and none may stop the others.
    let mut batch = event("payments-batch.json")?;
    let mut failures = Vec::new();
    for record in batch["Records"].as_array_mut().context("the batch has no records")? {
        record["body"] = json!("not a job");
        failures.push(json!({"itemIdentifier": record["messageId"]}));
    }
    Ok(vec![
        Case {
            function: "repositories",
            event: event("repositories-list.json")?,
            expected: json!({"statusCode": 401, "body": {"error": {"code": "UNAUTHORIZED"}}}),
        },
        Case {
            function: "storefront",
            event: event("unknown-path.json")?,
            expected: json!({"statusCode": 404, "body": {"error": {"code": "NOT_FOUND"}}}),
        },
        Case {
            function: "webhook-intake",
            event: event("stripe-webhook.json")?,
            expected: json!({"statusCode": 400, "body": {"error": "Invalid signature"}}),
        },
        Case {
            function: "reconcile",
            event: json!({"run": "nothing"}),
            expected: json!({"errorMessage": "there is no run called `nothing`"}),
        },
        Case { function: "worker", event: batch, expected: json!({"batchItemFailures": failures}) },
    ])
}

/// Whether `answer` has everything that `expected` has. A body is compared as the JSON that it holds.
fn includes(answer: &Value, expected: &Value) -> bool {
    match (answer, expected) {
        (Value::Object(answer), Value::Object(expected)) => {
            expected.iter().all(|(name, expected)| answer.get(name).is_some_and(|answer| includes(answer, expected)))
        }
        (Value::String(text), Value::Object(_)) => {
            serde_json::from_str(text).is_ok_and(|answer: Value| includes(&answer, expected))
        }
        _ => answer == expected,
    }
}

/// The emulator: `TOLLGATE_RIE`, or the one beside the `sam` on the PATH.
fn find() -> Result<PathBuf> {
    if let Some(path) = env::var_os("TOLLGATE_RIE") {
        return Ok(path.into());
    }
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let inside = format!("site-packages/samcli/local/rapid/aws-lambda-rie-{architecture}");
    let path = env::var_os("PATH").unwrap_or_default();
    let installations = env::split_paths(&path).filter(|folder| folder.join("sam").exists());
    let libraries = installations.filter_map(|folder| fs::read_dir(folder.join("../lib")).ok()).flatten().flatten();
    let mut found = libraries.map(|python| python.path().join(&inside)).filter(|path| path.exists());
    found.next().context("no runtime interface emulator: pip install aws-sam-cli, or set TOLLGATE_RIE to its path")
}

/// A function under the emulator. Dropping it ends both.
struct Running {
    emulator: Child,
    address: SocketAddr,
}

impl Running {
    fn start(emulator: &Path, function: &Path, aws: SocketAddr) -> Result<Self> {
        let (address, runtime_api) = (loopback::free_port()?, loopback::free_port()?);
        let mut command = Command::new(emulator);
        command.args(["--runtime-interface-emulator-address", &address.to_string()]);
        command.args(["--runtime-api-address", &runtime_api.to_string()]).arg(function);
        command.env_clear().envs(fake_aws::environment(aws)).env("AWS_LAMBDA_FUNCTION_TIMEOUT", "15");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let emulator = command.spawn().with_context(|| format!("{} did not start", emulator.display()))?;
        Ok(Self { emulator, address })
    }

    fn invoke(&self, event: &Value) -> Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        // The emulator needs a moment before it listens.
        while std::net::TcpStream::connect(self.address).is_err() {
            if Instant::now() > deadline {
                bail!("the emulator does not listen");
            }
            thread::sleep(Duration::from_millis(20));
        }
        let answer = loopback::post(self.address, INVOKE, &event.to_string(), PATIENCE)?;
        serde_json::from_str(&answer).with_context(|| format!("the answer is not JSON: {answer}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Asked to end, the emulator ends the function as well; killed, it would leave it behind.
        Command::new("kill").arg("-TERM").arg(self.emulator.id().to_string()).status().ok();
        let deadline = Instant::now() + Duration::from_secs(3);
        while Instant::now() < deadline {
            if matches!(self.emulator.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.emulator.kill().ok();
        self.emulator.wait().ok();
    }
}
