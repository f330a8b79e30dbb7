//! JSON bodies, whatever their content type says: wrangler sends most of them as plain text.

use crate::error::RestError;
use operations::Body;
use serde::de::DeserializeOwned;
use std::future::poll_fn;
use types::limits::JSON_BYTES_MAX;
use types::{ErrorCode, OperationError};

/// Reads the body to its end as one JSON document. How deep it may nest is bounded by the parser (128).
///
/// # Errors
/// 10040 for what is no JSON or of another shape; `EntityTooLarge` above [`JSON_BYTES_MAX`]; what the body fails with.
pub(crate) async fn read<T: DeserializeOwned>(body: &mut dyn Body) -> Result<T, RestError> {
    parse(&collect(body).await?)
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, RestError> {
    // The parser's own message may repeat a secret that stands in the wrong place: only the place is told.
    serde_json::from_slice(text)
        .map_err(|error| RestError::bad_json(&format!(" (line {}, column {})", error.line(), error.column())))
}

async fn collect(body: &mut dyn Body) -> Result<Vec<u8>, RestError> {
    let mut text = Vec::new();
    while let Some(bytes) = poll_fn(|cx| body.poll_next(cx)).await? {
        if text.len() + bytes.len() > JSON_BYTES_MAX {
            let message = format!("The JSON you provided is too large: at most {JSON_BYTES_MAX} bytes are read.");
            return Err(OperationError::new(ErrorCode::EntityTooLarge, message).into());
        }
        text.extend_from_slice(&bytes);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Domain;
    use operations::BytesBody;
    use serde_json::Value;
    use std::task::{Context, Poll, Waker};

    /// Bodies in memory are ready at once.
    fn ready<T>(work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => panic!("a body in memory is ready"),
        }
    }

    fn code<T: DeserializeOwned>(text: impl Into<bytes::Bytes>) -> u32 {
        let error = ready(read::<T>(&mut BytesBody::new(text))).map(|_| ()).unwrap_err();
        error.shown(Domain::Product).code
    }

    #[test]
    fn what_is_no_json_of_the_right_shape_is_refused() {
        assert_eq!(code::<Value>(""), 10040);
        assert_eq!(code::<Value>("{"), 10040);
        assert_eq!(code::<Value>("{} {}"), 10040);
        assert_eq!(code::<u32>("\"one\""), 10040);
        assert_eq!(code::<Value>(&b"\"\xff\""[..]), 10040);
        assert_eq!(code::<Value>("[".repeat(100_000)), 10040, "nesting is bounded");
        assert_eq!(code::<Value>(" ".repeat(JSON_BYTES_MAX + 1)), 100_100);
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not_repeated() {
        let error = ready(read::<u32>(&mut BytesBody::new("\"my secret\""))).unwrap_err();
        assert!(!error.shown(Domain::Product).message.contains("secret"));
    }
}
