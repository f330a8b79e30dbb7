//! A server that answers what it was told to, and remembers what it was asked; and the binary as its client.

use super::VALUE;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method and path, in one.
    pub(crate) line: String,
    /// Header lines in lower case.
    pub(crate) headers: Vec<String>,
    /// The body as JSON; null without one.
    pub(crate) body: Value,
}

impl Asked {
    /// Whether it has this header line.
    pub(crate) fn has(&self, header: &str) -> bool {
        self.headers.iter().any(|line| *line == header.to_lowercase())
    }
}

/// A server in this process, on a port of its own. Its thread ends with the test.
pub(crate) struct Stub {
    /// Where it listens.
    pub(crate) endpoint: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// The envelope of a success.
pub(crate) fn success(result: Value) -> Value {
    json!({"success": true, "errors": [], "messages": [], "result": result})
}

/// The envelope of a failure.
pub(crate) fn failure(code: u32, message: &str) -> Value {
    json!({"success": false, "errors": [{"code": code, "message": message}], "messages": [], "result": null})
}

impl Stub {
    /// A server that answers `answers` to requests whose method and path begin so; to others, that there is no route.
    pub(crate) fn start(answers: &[(&str, Value)]) -> Self {
        let answers: Vec<(String, Vec<u8>)> =
            answers.iter().map(|(line, answer)| ((*line).to_owned(), answer.to_string().into_bytes())).collect();
        Self::answering(move |line| {
            let known = answers.iter().find(|(known, _)| line.starts_with(known.as_str()));
            let no_route = || failure(7003, "Could not route").to_string().into_bytes();
            known.map_or_else(no_route, |(_, answer)| answer.clone())
        })
    }

    /// A server that answers these bytes, whatever it is asked.
    pub(crate) fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                exchange(stream, &noted, &answer);
            }
        });
        Self { endpoint, asked }
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The request whose method and path begin so.
    pub(crate) fn asked_for(&self, line: &str) -> Asked {
        let asked = self.asked();
        let found = asked.iter().find(|asked| asked.line.starts_with(line));
        found.unwrap_or_else(|| panic!("nobody asked for {line}: {asked:?}")).clone()
    }

    /// Runs `cairn` with these arguments as a client of this server, with [`VALUE`] as its token.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run(arguments, &[("CAIRN_ENDPOINT", &self.endpoint), ("CAIRN_API_TOKEN", VALUE)], "")
    }
}

fn exchange(mut stream: TcpStream, noted: &Mutex<Vec<Asked>>, answer: &impl Fn(&str) -> Vec<u8>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let headers: Vec<String> = lines.iter().skip(1).map(|line| line.to_lowercase()).collect();
    let length = headers.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body).unwrap();
    let Some(line) = lines.first().and_then(|line| line.strip_suffix(" HTTP/1.1")) else { return };
    let line = line.to_owned();
    let answer = answer(&line);
    noted.lock().unwrap().push(Asked { line, headers, body: serde_json::from_slice(&body).unwrap_or_default() });
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
    // The client may have gone: then it says why.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&answer));
}

/// How a command ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Fails the test unless it went well; answers what it printed.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// As [`Ran::ok`], of a command that prints JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// Fails the test unless it ended with this exit code and says this.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, message: &str) {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        assert!(self.err.contains(message), "{}", self.err);
    }
}

/// Runs `cairn` with these arguments, variables and standard input, and none of this machine's variables.
pub(crate) fn run(arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.args(arguments).env_clear().envs(variables.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that does not read it may have ended.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
}
