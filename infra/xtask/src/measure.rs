//! One start of one binary: from exec to its first poll of a fake Runtime API.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    fake_aws,
    loopback::{self, Reply},
};

/// How long a start may take; valgrind makes it some fifty times slower.
const PATIENCE: Duration = Duration::from_mins(1);

/// A fake Lambda: the Runtime API and what else of AWS a start may touch, on one port.
pub(crate) struct Lambda {
    address: SocketAddr,
    polls: Receiver<Instant>,
}

/// What one start showed.
pub(crate) struct Start {
    /// From exec to the first poll.
    pub(crate) time: Duration,
    /// The highest resident set until then, in bytes.
    pub(crate) peak: u64,
}

impl Lambda {
    /// Starts to listen. `/next` is never answered: the first poll is all that is waited for.
    pub(crate) fn start() -> Result<Self> {
        let (sender, polls) = mpsc::channel();
        let address = loopback::serve(move |request| {
            if request.path.ends_with("/runtime/invocation/next") {
                sender.send(Instant::now()).ok();
                return Reply::Never;
            }
            fake_aws::answer(request)
        })?;
        Ok(Self { address, polls })
    }

    /// Starts `binary` once and ends it at its first poll.
    pub(crate) fn time(&self, binary: &Path) -> Result<Start> {
        let begin = Instant::now();
        let mut child = self.spawn(&mut Command::new(binary))?;
        let polled = self.first_poll(&mut child);
        let peak = peak_memory(&child);
        child.kill()?;
        child.wait()?;
        Ok(Start { time: polled?.duration_since(begin), peak: peak? })
    }

    /// The instructions of one start, counted by callgrind. `None` when there is no valgrind.
    pub(crate) fn instructions(&self, binary: &Path, folder: &Path) -> Result<Option<u64>> {
        if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
            return Ok(None);
        }
        let output: PathBuf = folder.join("callgrind.out");
        let mut command = Command::new("valgrind");
        command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", output.display())).arg(binary);
        let mut child = self.spawn(&mut command)?;
        let polled = self.first_poll(&mut child);
        // Callgrind writes its output when the process ends by this signal, not when it is killed.
        Command::new("kill").arg("-TERM").arg(child.id().to_string()).status()?;
        child.wait()?;
        polled?;
        total(&output).map(Some)
    }

    fn spawn(&self, command: &mut Command) -> Result<Child> {
        command.env_clear().envs(fake_aws::environment(self.address));
        command
            .env("AWS_LAMBDA_RUNTIME_API", self.address.to_string())
            .env("PATH", env::var_os("PATH").unwrap_or_default());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().with_context(|| format!("{} did not start", command.get_program().display()))
    }

    fn first_poll(&self, child: &mut Child) -> Result<Instant> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Ok(at) = self.polls.recv_timeout(Duration::from_millis(50)) {
                return Ok(at);
            }
            if let Some(status) = child.try_wait()? {
                bail!("the function ended with {status} before it polled");
            }
        }
        bail!("the function did not poll within {PATIENCE:?}")
    }
}

/// `VmHWM` of a process that still runs, in bytes.
fn peak_memory(child: &Child) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).context("no /proc for the function")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM in /proc")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024)
}

/// The last line of a callgrind file is the total.
fn total(output: &Path) -> Result<u64> {
    let text = fs::read_to_string(output).context("callgrind wrote nothing")?;
    let line = text.lines().rev().find_map(|line| line.strip_prefix("totals:")).context("callgrind wrote no totals")?;
    Ok(line.trim().parse()?)
}
