//! Accounts, and `cairn whoami`.

use super::failure::Failure;
use super::rest::{Answered, CallError, Rest};
use super::show;
use crate::command_line::Whoami;
use serde_json::{Value, json};
use types::AccountId;

/// What the API answers where a user's token is asked for and an account's is shown, or none that it knows.
const NO_TOKEN_OF_A_USER: i64 = 1000;

/// Most accounts on the page that is asked for.
const ACCOUNTS_PER_PAGE: usize = 50;

/// The account of a command: the one that was said, else the only one there is.
pub(super) async fn account(rest: &Rest) -> Result<AccountId, Failure> {
    if let Some(account) = rest.account {
        return Ok(account);
    }
    let accounts = list(rest).await?;
    let ids: Vec<&str> = accounts.iter().filter_map(|account| account["id"].as_str()).collect();
    match ids.as_slice() {
        [one] => AccountId::parse(one).ok_or_else(|| Failure::failed("the server tells an account id that is none")),
        [] => Err(Failure::failed("the token is for no account")),
        several => Err(Failure::usage(format!(
            "the token is for several accounts: choose one with --account ({})",
            show::line(&several.join(", "))
        ))),
    }
}

async fn list(rest: &Rest) -> Result<Vec<Value>, Failure> {
    let Answered { result, .. } = rest.get(format!("/accounts?page=1&per_page={ACCOUNTS_PER_PAGE}")).await?;
    match result {
        Value::Array(accounts) => Ok(accounts),
        _ => Err(Failure::failed("the server answers no list of accounts")),
    }
}

/// Whose token it is, and what the server says of it.
pub(super) struct Verified {
    pub(super) of_user: bool,
    pub(super) token: Value,
}

/// Asks about the command's own token. Whose it is nobody can see, so one question after the other.
pub(super) async fn verify(rest: &Rest) -> Result<Verified, Failure> {
    match rest.get("/user/tokens/verify".to_owned()).await {
        Ok(Answered { result, .. }) => return Ok(Verified { of_user: true, token: result }),
        Err(CallError::Refused(refusal)) if refusal.codes.contains(&NO_TOKEN_OF_A_USER) => {}
        Err(error) => return Err(error.into()),
    }
    let account = account(rest).await?;
    let Answered { result, .. } = rest.get(format!("/accounts/{account}/tokens/verify")).await?;
    Ok(Verified { of_user: false, token: result })
}

/// `cairn whoami`.
pub(super) async fn whoami(line: &Whoami, rest: &Rest) -> Result<String, Failure> {
    let Verified { of_user, token } = verify(rest).await?;
    let accounts = list(rest).await?;
    let email = if of_user { email(rest).await? } else { Value::Null };
    let endpoint = rest.endpoint().to_string();
    if line.remote.json {
        let owner = if of_user { "user" } else { "account" };
        let shown = json!({"endpoint": endpoint, "token": token, "owner": owner, "email": email, "accounts": accounts});
        return Ok(show::json(&shown));
    }
    let accounts = accounts.iter().map(|account| ("account", named(account)));
    let mut pairs = vec![
        ("endpoint", endpoint),
        ("token", show::field(&token, "id")),
        ("owner", if of_user { "user".to_owned() } else { "account".to_owned() }),
        ("email", email.as_str().map(show::line).unwrap_or_default()),
        ("status", show::field(&token, "status")),
        ("begins", show::field(&token, "not_before")),
        ("expires", show::field(&token, "expires_on")),
    ];
    pairs.extend(accounts);
    Ok(show::pairs(&pairs))
}

fn named(account: &Value) -> String {
    format!("{} ({})", show::field(account, "id"), show::field(account, "name"))
}

/// The user's address; a token need not be allowed to see it.
async fn email(rest: &Rest) -> Result<Value, Failure> {
    match rest.get("/user".to_owned()).await {
        Ok(mut answered) => Ok(answered.result["email"].take()),
        Err(CallError::Refused(_)) => Ok(Value::Null),
        Err(CallError::Failed(failure)) => Err(failure),
    }
}
