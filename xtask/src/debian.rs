//! Debian's packages: for clients whose tool chains neither PyPI nor npm nor crates.io has.
//!
//! Only root may install them, and only where there is an apt-get; elsewhere it is said what is missing.

use crate::Outcome;
use crate::process::{command, is_on_path, output, run, twice};
use std::process::Command;

/// Installs `packages` unless `is_installed` says that what they bring is there already.
pub(crate) fn ensure(packages: &[&str], is_installed: impl Fn() -> bool) -> Outcome {
    if is_installed() {
        return Ok(());
    }
    let wanted = packages.join(" ");
    if !is_on_path("apt-get") || !is_root() {
        return Err(format!("needs what `apt-get install {wanted}` brings, as root on Debian"));
    }
    println!("installing Debian's {wanted}");
    // A new machine has no list of packages, or an old one that names files which are gone.
    install(packages).or_else(|_| {
        twice(|| {
            run(apt_get().args(["update", "--quiet=2"]))?;
            install(packages)
        })
    })?;
    if is_installed() { Ok(()) } else { Err(format!("Debian's {wanted} did not bring what was expected")) }
}

/// An apt-get that waits for another one to end, and asks a server that fails again.
fn apt_get() -> Command {
    let mut apt_get = command("apt-get");
    apt_get.args(["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=5"]);
    apt_get
}

fn install(packages: &[&str]) -> Outcome {
    let mut install = apt_get();
    install.args(["install", "--quiet=2", "--yes", "--no-install-recommends"]).args(packages);
    run(install.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn is_root() -> bool {
    output(command("id").arg("-u")).is_ok_and(|user| user.trim() == "0")
}
