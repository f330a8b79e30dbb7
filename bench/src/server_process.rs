//! A server under measurement, real or floor: a child process that says where it listens in a ready file.

use crate::outcome::{Doing, Outcome};
use crate::process_stats::ProcessStats;
use crate::request::{Bearer, Signer};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A server that has not listened by then is broken.
const START_TIME_MAX: Duration = Duration::from_secs(120);
/// A server that has not stopped by then is killed.
const STOP_TIME_MAX: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(1);

/// What the ready file says. The real server's has more in it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// `http://127.0.0.1:PORT`.
    pub(crate) endpoint: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    /// The real server's only, at its first start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_token: Option<String>,
    /// The real server's only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account_id: Option<String>,
}

/// A running server. Dropping it kills it.
pub(crate) struct ServerProcess {
    child: Child,
    /// When it was started.
    pub(crate) started: Instant,
    pub(crate) address: SocketAddr,
    pub(crate) signer: Signer,
    /// The real server's only, at its first start.
    pub(crate) bearer: Option<Bearer>,
    pub(crate) stats: ProcessStats,
    log: PathBuf,
}

impl ServerProcess {
    /// The real server on `data`, which it makes if need be. Ready file and log stand beside the directory.
    pub(crate) fn start_cairn(binary: &Path, data: &Path) -> Outcome<Self> {
        let mut command = Command::new(binary);
        command.arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
        Self::start(command, data)
    }

    /// The floor called `name`, which may keep files in `data`.
    pub(crate) fn start_floor(name: &str, data: &Path) -> Outcome<Self> {
        std::fs::create_dir_all(data).doing(format_args!("make {}", data.display()))?;
        let mut command = Command::new(std::env::current_exe().doing("find the running binary")?);
        command.args(["floor", name, "--data"]).arg(data);
        Self::start(command, data)
    }

    fn start(mut command: Command, data: &Path) -> Outcome<Self> {
        let (ready_file, log) = (data.with_extension("ready"), data.with_extension("log"));
        // One left by an earlier process would be believed.
        let _ = std::fs::remove_file(&ready_file);
        let log_file = File::create(&log).doing(format_args!("make {}", log.display()))?;
        command.arg("--ready-file").arg(&ready_file);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log_file);
        let started = Instant::now();
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().doing(format_args!("start {program}"))?;
        let ready = wait_until_ready(&mut child, &ready_file, started);
        let ready = ready.map_err(|error| {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
            format!("{program}: {error}; its log ends with: {}", log_end(&log))
        })?;
        let address = address_of(&ready.endpoint)?;
        let signer = Signer::new(address, &ready.access_key_id, &ready.secret_access_key);
        let bearer = ready.api_token.zip(ready.account_id).map(|(token, account)| Bearer { token, account });
        Ok(Self { stats: ProcessStats::of(child.id()), child, started, address, signer, bearer, log })
    }

    /// Ends it as an operator would, and waits.
    pub(crate) fn stop(mut self) -> Outcome {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).ok_or("a process without an id")?;
        kill_process(pid, Signal::TERM).doing("stop the server")?;
        let asked = Instant::now();
        while asked.elapsed() < STOP_TIME_MAX {
            match self.child.try_wait().doing("wait for the server")? {
                Some(status) if status.success() || ended_by(status, Signal::TERM) => return Ok(()),
                Some(status) => return Err(format!("the server stopped with {status}: {}", log_end(&self.log))),
                None => std::thread::sleep(POLL),
            }
        }
        Err(format!("the server has not stopped within {} s", STOP_TIME_MAX.as_secs()))
    }

    /// Ends it as a power cut would, and waits until its files are free.
    pub(crate) fn kill(mut self) -> Outcome {
        self.child.kill().doing("kill the server")?;
        self.child.wait().map(drop).doing("wait for the killed server")
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Both fail only where the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_until_ready(child: &mut Child, ready_file: &Path, started: Instant) -> Outcome<Ready> {
    loop {
        // It is written atomically: once there, it is whole.
        if let Ok(text) = std::fs::read_to_string(ready_file) {
            return serde_json::from_str(&text).doing("read the ready file");
        }
        if let Some(status) = child.try_wait().doing("wait for the server")? {
            return Err(format!("ended with {status} before it listened"));
        }
        if started.elapsed() > START_TIME_MAX {
            return Err(format!("does not listen after {} s", START_TIME_MAX.as_secs()));
        }
        std::thread::sleep(POLL);
    }
}

fn ended_by(status: ExitStatus, signal: Signal) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.signal() == Some(signal.as_raw())
}

fn address_of(endpoint: &str) -> Outcome<SocketAddr> {
    let address = endpoint.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    let address = address.and_then(|address| address.parse().ok());
    address.ok_or_else(|| format!("`{endpoint}` is not http:// and an IP address with a port"))
}

/// The last lines of a log, on one line.
fn log_end(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_names_an_address() {
        assert_eq!(address_of("http://127.0.0.1:9000/"), Ok(SocketAddr::from(([127, 0, 0, 1], 9000))));
        assert!(address_of("https://127.0.0.1:9000").is_err());
    }

    #[test]
    fn a_server_that_ends_at_once_is_reported_with_its_log() {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo the disk is on fire >&2; exit 3"]);
        let Err(error) = ServerProcess::start(command, &home.path().join("data")) else { panic!("it started") };
        assert!(error.contains("exit status: 3") && error.contains("the disk is on fire"), "{error}");
    }
}
