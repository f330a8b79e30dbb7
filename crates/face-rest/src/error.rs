//! Failures as the REST API tells them: a number of its own for every kind, and a status.
//!
//! What an operation fails with keeps R2's number. Who may not do something hears different numbers from R2's calls and
//! from those about users and tokens, and clients such as wrangler tell them apart.

use http::StatusCode;
use serde_json::Value;
use std::borrow::Cow;
use types::{ErrorCode, OperationError};

/// Which part of the API a call belongs to: it decides how refusals of a token look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    /// Users, accounts and tokens.
    Identity,
    /// Whether a token is good.
    Verify,
    /// R2 and other products.
    Product,
}

/// Why a call fails.
#[derive(Debug)]
pub(crate) enum RestError {
    /// The operation says so.
    Failed(OperationError),
    /// The face says so.
    Refused(Refusal),
    /// Some of several things were done, others not.
    Partly(Box<Partly>),
}

/// What became of several things, of which at least one failed.
#[derive(Debug)]
pub(crate) struct Partly {
    /// The result of those that were done.
    pub(crate) done: Value,
    /// The first that was not, with its name.
    pub(crate) first: (String, OperationError),
    /// The others that were not.
    pub(crate) others: Vec<(String, OperationError)>,
}

impl Partly {
    /// The name of each that was not done, and why.
    pub(crate) fn failed(&self) -> impl Iterator<Item = &(String, OperationError)> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The failure that decides the status: an accident before a refusal, since asking again may help.
    pub(crate) fn worst(&self) -> &OperationError {
        self.failed().fold(
            &self.first.1,
            |worst, (_, error)| {
                if error.code.status() > worst.code.status() { error } else { worst }
            },
        )
    }
}

/// A failure that is the REST API's own.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) status: u16,
    /// Cloudflare's number.
    pub(crate) code: u32,
    /// For people.
    pub(crate) message: Cow<'static, str>,
    /// What it comes from: `error_chain`.
    pub(crate) because: Option<(u32, &'static str)>,
}

/// A failure as it goes into the envelope.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown<'a> {
    pub(crate) status: StatusCode,
    pub(crate) code: u32,
    pub(crate) message: Cow<'a, str>,
    pub(crate) because: Option<(u32, &'static str)>,
}

impl From<OperationError> for RestError {
    fn from(error: OperationError) -> Self {
        Self::Failed(error)
    }
}

impl From<ErrorCode> for RestError {
    fn from(code: ErrorCode) -> Self {
        Self::Failed(code.into())
    }
}

impl RestError {
    /// A failure of the face.
    pub(crate) fn new(status: u16, code: u32, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(Refusal { status, code, message: message.into(), because: None })
    }

    /// No such route, or an id in it that is none.
    pub(crate) fn no_route(path: &str) -> Self {
        Self::new(404, 7003, could_not_route(path))
    }

    /// As [`RestError::no_route`], of a path that cannot be read.
    pub(crate) fn unreadable_route(path: &str) -> Self {
        Self::new(400, 7003, could_not_route(path))
    }

    /// JSON that cannot be read, or is of another shape than the call's.
    pub(crate) fn bad_json(detail: &str) -> Self {
        Self::argument(format!("The JSON you provided was not well formed{detail}."))
    }

    /// An argument that makes no sense.
    pub(crate) fn argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Failed(OperationError::new(ErrorCode::InvalidArgument, message))
    }

    /// What a client hears from a call of `domain`.
    pub(crate) fn shown(&self, domain: Domain) -> Shown<'_> {
        match self {
            Self::Refused(refusal) => Shown {
                status: status(refusal.status),
                code: refusal.code,
                message: Cow::Borrowed(&refusal.message),
                because: refusal.because,
            },
            Self::Failed(error) => failed(error, domain),
            Self::Partly(partly) => failed(partly.worst(), domain),
        }
    }
}

fn could_not_route(path: &str) -> String {
    format!("Could not route to {path}, perhaps your object identifier is invalid?")
}

/// What a client hears of a failed operation from a call of `domain`.
pub(crate) fn failed(error: &OperationError, domain: Domain) -> Shown<'_> {
    let (status_of, code, message) = match (error.code, domain) {
        (ErrorCode::Unauthorized, Domain::Verify) => (401, 1000, "Invalid API Token"),
        (ErrorCode::Unauthorized, Domain::Identity) => (403, 9109, "Invalid access token"),
        (ErrorCode::AccessDenied, Domain::Identity | Domain::Verify) => (403, 9109, denial(error)),
        (ErrorCode::Unauthorized | ErrorCode::AccessDenied, Domain::Product) => (403, 10000, "Authentication error"),
        (code, domain) => (code.status(), number(code, domain), error.message()),
    };
    Shown { status: status(status_of), code, message: Cow::Borrowed(message), because: None }
}

/// What is denied, if the operation says more than that it is.
fn denial(error: &OperationError) -> &str {
    let usual = error.message() == ErrorCode::AccessDenied.message();
    if usual { "Unauthorized to access requested resource" } else { error.message() }
}

fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Cloudflare's number of a failure that R2 has none for, or R2's.
fn number(code: ErrorCode, domain: Domain) -> u32 {
    let code = match code {
        ErrorCode::MethodNotAllowed => return 10405,
        ErrorCode::InvalidUri => return 7003,
        ErrorCode::NotImplemented => return 7003,
        ErrorCode::StorageFull => ErrorCode::ServiceUnavailable,
        ErrorCode::TooMuchConcurrency => ErrorCode::TooManyRequests,
        ErrorCode::RequestTimeout => ErrorCode::ClientDisconnect,
        code => code,
    };
    // R2's calls answer any body whose fields make no sense as JSON that is not well formed.
    let otherwise = if domain == Domain::Product && code.status() == 400 { 10040 } else { code.status().into() };
    code.r2_number().unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: ErrorCode, domain: Domain) -> (u16, u32) {
        let error = RestError::from(code);
        let shown = error.shown(domain);
        (shown.status.as_u16(), shown.code)
    }

    #[test]
    fn a_refused_token_is_told_in_the_words_of_the_call() {
        assert_eq!(shown(ErrorCode::Unauthorized, Domain::Product), (403, 10000));
        assert_eq!(shown(ErrorCode::AccessDenied, Domain::Product), (403, 10000));
        assert_eq!(shown(ErrorCode::Unauthorized, Domain::Identity), (403, 9109));
        assert_eq!(shown(ErrorCode::AccessDenied, Domain::Identity), (403, 9109));
        assert_eq!(shown(ErrorCode::Unauthorized, Domain::Verify), (401, 1000));
    }

    #[test]
    fn every_error_has_a_number_and_r2s_own_stays() {
        for code in ErrorCode::ALL {
            let (status, number) = shown(*code, Domain::Product);
            assert!(status >= 400 && number >= 400, "{code:?}");
        }
        assert_eq!(shown(ErrorCode::NoSuchBucket, Domain::Product), (404, 10006));
        assert_eq!(shown(ErrorCode::InvalidArgument, Domain::Product), (400, 10040));
        assert_eq!(shown(ErrorCode::InvalidArgument, Domain::Identity), (400, 400));
        assert_eq!(shown(ErrorCode::NoSuchToken, Domain::Identity), (404, 1003));
        assert_eq!(shown(ErrorCode::StorageFull, Domain::Product), (503, 10043));
    }
}
