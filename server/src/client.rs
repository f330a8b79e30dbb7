//! The other side of the binary: commands that speak to a running server through its REST API.
//!
//! `access` finds out which server and as whom, `rest` asks it, and one file for each command says what for and shows
//! the answer. What a command prints it returns as text: `main.rs` writes it.

mod access;
mod accounts;
mod buckets;
mod configuration;
mod configurations;
mod endpoint;
mod failure;
mod rest;
mod show;
mod tokens;

pub use access::{Access, Environment};
pub use failure::Failure;

use crate::command_line::{BucketCommand, Command, TokenCommand};
use environment::Clock;
use rest::Rest;

/// Runs a command that speaks to a server, and answers what to print.
///
/// # Errors
/// Why it was not done; its exit code says of what kind.
pub async fn run(command: &Command, environment: &Environment<'_>, clock: &dyn Clock) -> Result<String, Failure> {
    let access = |remote| Access::resolve(remote, environment);
    match command {
        Command::Serve(_) | Command::Token(TokenCommand::ResetRoot(_)) => {
            Err(Failure::failed("this command speaks to no server"))
        }
        Command::Token(TokenCommand::Create(line)) => {
            let access = access(&line.remote)?;
            tokens::create(line, &Rest::new(&access)?, clock.now()).await
        }
        Command::Token(TokenCommand::List(line)) => tokens::list(line, &Rest::new(&access(&line.remote)?)?).await,
        Command::Token(TokenCommand::Revoke(line)) => tokens::revoke(line, &Rest::new(&access(&line.remote)?)?).await,
        Command::Token(TokenCommand::Roll(line)) => tokens::roll(line, &Rest::new(&access(&line.remote)?)?).await,
        Command::Bucket(BucketCommand::Create(line)) => {
            buckets::create(line, &Rest::new(&access(&line.remote)?)?).await
        }
        Command::Bucket(BucketCommand::List(line)) => buckets::list(line, &Rest::new(&access(&line.remote)?)?).await,
        Command::Bucket(BucketCommand::Info(line)) => buckets::info(line, &Rest::new(&access(&line.remote)?)?).await,
        Command::Bucket(BucketCommand::Delete(line)) => {
            buckets::delete(line, &Rest::new(&access(&line.remote)?)?).await
        }
        Command::Whoami(line) => accounts::whoami(line, &Rest::new(&access(&line.remote)?)?).await,
        Command::Config(line) => configuration::print(line, &access(&line.remote)?).await,
    }
}
