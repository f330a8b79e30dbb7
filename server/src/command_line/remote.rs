//! Which server a command speaks to, and as whom. Secrets are never arguments: other users of the machine see those.

use clap::Args;
use std::path::PathBuf;

/// Where a running server is, and whose token is shown to it.
#[derive(Args, Clone, Debug, Default)]
pub struct Remote {
    /// URL of the server. [default: http://127.0.0.1:9200]
    ///
    /// Else that of the ready file, CAIRN_ENDPOINT or CLOUDFLARE_API_BASE_URL. The path `/client/v4` may be left out.
    /// Requests are plain HTTP: the token in them is safe on this machine or behind a tunnel.
    #[arg(long, value_name = "URL", help_heading = "Server")]
    pub endpoint: Option<String>,

    /// Account id: 32 hexadecimal digits.
    ///
    /// Else that of the ready file, CAIRN_ACCOUNT_ID or CLOUDFLARE_ACCOUNT_ID, else the one account that the token is
    /// for.
    #[arg(long, value_name = "ID", help_heading = "Server")]
    pub account: Option<String>,

    /// Read the API token from FILE; `-` reads standard input.
    ///
    /// Else it is that of the ready file, CAIRN_API_TOKEN or CLOUDFLARE_API_TOKEN. There is no option that takes the
    /// token itself: command lines can be seen by every user of the machine.
    #[arg(long, value_name = "FILE", help_heading = "Server")]
    pub token_file: Option<PathBuf>,

    /// Read endpoint, account, keys and token from what `cairn serve --ready-file FILE` wrote.
    ///
    /// It has a token only of the first start on a data directory.
    #[arg(long, value_name = "FILE", help_heading = "Server")]
    pub ready_file: Option<PathBuf>,

    /// Print JSON, for programs.
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// Say which server answers, and whose token this is.
#[derive(Args, Clone, Debug)]
pub struct Whoami {
    /// Which server, as whom.
    #[command(flatten)]
    pub remote: Remote,
}
