//! `cairn token reset-root`: a new value for a root token that was lost, on the directory of a stopped server.

use crate::client::Failure;
use crate::command_line::{ResetRoot, Serve};
use crate::instance::{METADATA, Machine, open_store};
use crate::settings::Settings;
use operations::start::RootAccess;
use serde_json::json;

/// Resets it, and answers what to print: the only time that the new value is told.
///
/// # Errors
/// A directory without a store, in use by a running server, or that cannot be opened.
pub async fn run(line: &ResetRoot, machine: Machine) -> Result<String, Failure> {
    // Opening would make a new store.
    if !line.data.join(METADATA).is_dir() {
        return Err(Failure::usage(format!("there is no store in {}", line.data.display())));
    }
    let settings = Settings::resolve(&Serve { data: Some(line.data.clone()), ..Serve::default() });
    let settings = settings.map_err(|error| Failure::usage(error.to_string()))?;
    let (store, engine) =
        open_store(&line.data, &settings, &machine, None).await.map_err(|error| Failure::failed(error.to_string()))?;
    let reset = store.reset_root_token().await;
    engine.close().await;
    let access = reset.map_err(|error| Failure::failed(format!("the root token was not reset: {error}")))?;
    Ok(shown(&access, line.json))
}

fn shown(access: &RootAccess, as_json: bool) -> String {
    let RootAccess { account, access_key, secret_access_key, api_token } = access;
    let secret = secret_access_key.as_deref().unwrap_or_default();
    let token = api_token.as_deref().unwrap_or_default();
    if as_json {
        let access = json!({
            "account_id": account.to_string(),
            "access_key_id": access_key.to_string(),
            "secret_access_key": secret,
            "api_token": token,
        });
        return format!("{access:#}\n");
    }
    format!(
        "reset the root token; its secrets are shown this once, and the old ones have ended:\n\
         account id         {account}\n\
         API token          {token}\n\
         access key id      {access_key}\n\
         secret access key  {secret}\n"
    )
}
