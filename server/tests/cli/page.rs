//! docs/cli.md: what `--help` says, command by command.

use super::support::{read_if_there, write_file};
use clap::{Command, CommandFactory};
use server::command_line::CommandLine;
use std::fmt::Write as _;
use std::path::Path;

const OPENING: &str = "# The command line

<!-- Written by a test of `server/tests/cli/page.rs`, from what `--help` says. -->

`cairn serve` is the server. The other commands speak to one that runs, through its REST API, with an API token; what
they do wrangler and the Cloudflare SDKs can do too. `cairn token reset-root` works on the directory of a stopped
server.

**Which server, as whom.** What is said on the command line goes before the ready file it names, and that before the
environment:

| value | option | in the ready file | environment | else |
| --- | --- | --- | --- | --- |
| endpoint | `--endpoint` | `endpoint` | `CAIRN_ENDPOINT`, `CLOUDFLARE_API_BASE_URL` | `http://127.0.0.1:9200` |
| account | `--account` | `account_id` | `CAIRN_ACCOUNT_ID`, `CLOUDFLARE_ACCOUNT_ID` | the only one that the token is for |
| API token | `--token-file` | `api_token` | `CAIRN_API_TOKEN`, `CLOUDFLARE_API_TOKEN` | |

**Secrets.** No option takes a secret, since other users of the machine can see command lines. A token's value is
printed once, when it is made, rolled or reset; the S3 secret access key is the SHA-256 of that value, in hexadecimal.
Requests are plain HTTP: run these commands beside the server, or through a tunnel.

**Output.** Tables and texts for people; with `--json`, one JSON document on standard output. Errors go to standard
error.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | refused by the server, or failed |
| 2 | the command line or the environment is wrong; nothing was sent, or nothing but a question for the account |
| 3 | no Cairn answers at the endpoint |

**Postman.** Requests of R2's collection go to R2's own host: replace it by `{{r2-endpoint}}`, a variable of the
environment that `cairn config postman` prints.
";

fn describe(page: &mut String, mut command: Command, path: &str) {
    let (title, help) = (path.to_owned(), command.render_long_help());
    write!(page, "\n## {title}\n\n```text\n{}\n```\n", help.to_string().trim_end()).unwrap();
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        let path = format!("{path} {}", below.get_name());
        describe(page, below.clone().bin_name(&path).term_width(100), &path);
    }
}

#[test]
fn the_page_of_the_command_line_has_the_help_of_every_command() {
    let mut page = OPENING.to_owned();
    let mut command = CommandLine::command().term_width(100);
    command.build();
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        let path = format!("cairn {}", below.get_name());
        describe(&mut page, below.clone().bin_name(&path).term_width(100), &path);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    if read_if_there(&path).as_deref() != Some(page.as_bytes()) {
        write_file(&path, page.as_bytes());
    }
}

#[test]
fn the_definition_of_the_command_line_holds_together() {
    CommandLine::command().debug_assert();
}
