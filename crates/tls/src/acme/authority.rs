//! One authority: an account with it, and orders for one name each.

use crate::acme::https::Https;
use crate::handshake::Asked;
use environment::Clock;
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order,
    OrderStatus,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Longest time that one order is given.
const ORDER_WAIT_MAX: Duration = Duration::from_secs(300);

/// First wait between two looks at an order, and the longest.
const LOOK_WAIT: Duration = Duration::from_millis(500);
const LOOK_WAIT_MAX: Duration = Duration::from_secs(10);

/// How it is proven that a name leads here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeKind {
    /// By plain HTTP at port 80 (RFC 8555 section 8.3).
    Http,
    /// By TLS at port 443 (RFC 8737).
    TlsAlpn,
}

/// Where answers to challenges are shown, so that whichever gateway is asked knows them.
pub trait Board: Send + Sync {
    /// Shows the answer to the challenge with a token, in the place of the one before in the same attempt.
    ///
    /// # Errors
    /// It could not be shown.
    fn show<'a>(&'a self, token: &'a str, answer: &'a str) -> Asked<'a, ()>;
}

/// Why no certificate came. Its text is for the operator.
#[derive(Debug)]
pub enum AcmeError {
    /// The authority, or the way to it, failed or refused.
    Authority(instant_acme::Error),
    /// The authority did not find the answer where the name leads.
    NotProven(String),
    /// It offers no challenge of the wanted kind.
    NoSuchChallenge,
    /// It took too long.
    TimedOut,
    /// The request for the certificate could not be made.
    Request(rcgen::Error),
    /// The answer to the challenge could not be shown, or the account's credentials not be read.
    Here(io::Error),
}

impl fmt::Display for AcmeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authority(error) => write!(f, "the ACME authority: {error}"),
            Self::NotProven(reason) => write!(f, "the ACME authority could not see that the name leads here: {reason}"),
            Self::NoSuchChallenge => f.write_str("the ACME authority offers no challenge of the kind that is set"),
            Self::TimedOut => f.write_str("the ACME authority did not come to an end in time"),
            Self::Request(error) => write!(f, "the request for the certificate: {error}"),
            Self::Here(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AcmeError {}

impl From<instant_acme::Error> for AcmeError {
    fn from(error: instant_acme::Error) -> Self {
        Self::Authority(error)
    }
}

/// A certificate as it was issued.
#[derive(Clone)]
pub struct NewCertificate {
    /// The chain, PEM.
    pub chain: String,
    /// Its key, PEM.
    pub key: String,
}

/// An authority.
#[derive(Clone)]
pub struct Authority {
    directory: String,
    kind: ChallengeKind,
    https: Https,
    clock: Arc<dyn Clock>,
}

impl Authority {
    /// With this directory. `roots` are PEM certificates to trust in the place of the public ones.
    ///
    /// # Errors
    /// Roots that cannot be read.
    pub fn new(
        directory: String,
        kind: ChallengeKind,
        roots: Option<&[u8]>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, crate::CertificateError> {
        let https = Https::new(roots, Arc::clone(&clock))?;
        Ok(Self { directory, kind, https, clock })
    }

    /// The URL of its directory.
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// Makes an account with it, and answers its credentials: JSON that holds the account's key.
    ///
    /// # Errors
    /// See [`AcmeError`].
    pub async fn register(&self, contact: &[String]) -> Result<String, AcmeError> {
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let account = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let builder = Account::builder_with_http(Box::new(self.https.clone()));
        let (_, credentials) = builder.create(&account, self.directory.clone(), None).await?;
        serde_json::to_string(&credentials).map_err(|error| AcmeError::Here(error.into()))
    }

    /// Gets a certificate for a name. Bounds its own time.
    ///
    /// # Errors
    /// See [`AcmeError`].
    pub async fn issue(&self, credentials: &str, name: &str, board: &dyn Board) -> Result<NewCertificate, AcmeError> {
        tokio::select! {
            issued = self.order(credentials, name, board) => issued,
            () = self.clock.sleep(ORDER_WAIT_MAX) => Err(AcmeError::TimedOut),
        }
    }

    async fn order(&self, credentials: &str, name: &str, board: &dyn Board) -> Result<NewCertificate, AcmeError> {
        let credentials: AccountCredentials =
            serde_json::from_str(credentials).map_err(|error| AcmeError::Here(error.into()))?;
        let builder = Account::builder_with_http(Box::new(self.https.clone()));
        let account = builder.from_credentials(credentials).await?;
        let names = [Identifier::Dns(name.to_owned())];
        let mut order = account.new_order(&NewOrder::new(&names)).await?;
        self.answer_challenges(&mut order, board).await?;
        self.settle(&mut order, |status| status != OrderStatus::Pending).await?;

        let mut params = CertificateParams::new(vec![name.to_owned()]).map_err(AcmeError::Request)?;
        params.distinguished_name = DistinguishedName::new();
        let key = KeyPair::generate().map_err(AcmeError::Request)?;
        let request = params.serialize_request(&key).map_err(AcmeError::Request)?;
        order.finalize_csr(request.der()).await?;
        self.settle(&mut order, |status| matches!(status, OrderStatus::Valid | OrderStatus::Invalid)).await?;
        let chain = order.certificate().await?.ok_or(AcmeError::TimedOut)?;
        Ok(NewCertificate { chain, key: key.serialize_pem() })
    }

    /// Shows the answers, and says that they are there. An authority that has seen a name lately asks for none.
    async fn answer_challenges(&self, order: &mut Order, board: &dyn Board) -> Result<(), AcmeError> {
        let kind = match self.kind {
            ChallengeKind::Http => ChallengeType::Http01,
            ChallengeKind::TlsAlpn => ChallengeType::TlsAlpn01,
        };
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let mut challenge = authorization.challenge(kind.clone()).ok_or(AcmeError::NoSuchChallenge)?;
            let answer = challenge.key_authorization();
            board.show(&challenge.token, answer.as_str()).await.map_err(AcmeError::Here)?;
            challenge.set_ready().await?;
        }
        Ok(())
    }

    /// Looks at the order until its status will do.
    async fn settle(&self, order: &mut Order, done: impl Fn(OrderStatus) -> bool) -> Result<(), AcmeError> {
        let mut wait = LOOK_WAIT;
        loop {
            let state = order.refresh().await?;
            if state.status == OrderStatus::Invalid {
                return Err(not_proven(order).await);
            }
            if done(state.status) {
                return Ok(());
            }
            self.clock.sleep(wait).await;
            wait = (wait * 2).min(LOOK_WAIT_MAX);
        }
    }
}

/// What the authority says about a challenge that failed.
async fn not_proven(order: &mut Order) -> AcmeError {
    let mut reasons = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        if authorization.refresh().await.is_ok() {
            let problems = authorization.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
            reasons.extend(problems.map(ToString::to_string));
        }
    }
    AcmeError::NotProven(reasons.join("; "))
}
