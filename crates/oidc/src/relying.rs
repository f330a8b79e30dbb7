//! The relying party: sends browsers to a provider, and redeems the codes that they come back with.

use crate::http::{FetchError, HttpClient};
use crate::trust::RootsError;
use crate::userinfo;
use environment::Clock;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthType, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, DiscoveryError,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardErrorResponse, StandardTokenResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A provider, and what it knows us by.
#[derive(Clone, Copy, Debug)]
pub struct Provider<'a> {
    /// Its issuer.
    pub issuer: &'a str,
    /// Our id.
    pub client_id: &'a str,
    /// Our secret.
    pub client_secret: &'a str,
}

/// Why a login failed. Texts are for the log alone.
#[derive(Debug)]
pub enum OidcError {
    /// The provider is out of reach, or what it says of itself makes no sense.
    Unreachable(String),
    /// The provider does not take the code: used already, too old, not its own.
    CodeRefused(String),
    /// The ID token is not the provider's, not for us, not of this login, or too old.
    TokenRefused(String),
    /// What the provider says beside the ID token does not belong to it.
    ClaimsRefused(String),
}

impl fmt::Display for OidcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => write!(f, "the identity provider is out of reach: {why}"),
            Self::CodeRefused(why) => write!(f, "the identity provider refuses the code: {why}"),
            Self::TokenRefused(why) => write!(f, "the ID token does not hold: {why}"),
            Self::ClaimsRefused(why) => write!(f, "the userinfo endpoint's answer does not hold: {why}"),
        }
    }
}

impl std::error::Error for OidcError {}

/// All claims besides the registered ones.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct OtherClaims(Map<String, Value>);

impl AdditionalClaims for OtherClaims {}

type Fields = IdTokenFields<
    OtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// What a provider gives for a code.
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;

pub(crate) type OidcClient = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// How long what a provider says of itself is believed.
const METADATA_KEPT: Duration = Duration::from_secs(300);

/// Providers that are remembered. Past it memory begins anew.
const PROVIDERS_MAX: usize = 1000;

/// Sends browsers to providers and redeems what they bring back. One per process.
pub struct Relying {
    http: HttpClient,
    clock: Arc<dyn Clock>,
    /// What providers said of themselves, and when, by issuer: they are not asked for every page that wants a login.
    known: Mutex<HashMap<String, (Duration, Arc<CoreProviderMetadata>)>>,
}

impl Relying {
    /// One that trusts the certificate authorities that browsers trust, and the PEM certificates `roots`.
    ///
    /// # Errors
    /// `roots` are no PEM certificates.
    pub fn new(roots: Option<&[u8]>, clock: Arc<dyn Clock>) -> Result<Self, RootsError> {
        Ok(Self { http: HttpClient::new(roots, Arc::clone(&clock))?, clock, known: Mutex::default() })
    }

    /// Where to send a browser to log in. `ask_again`: also somebody whom the provider knows already is asked who they
    /// are (OpenID Connect Core 1.0 section 3.1.2.1, `prompt`).
    ///
    /// # Errors
    /// [`OidcError::Unreachable`].
    pub async fn authorization_url(
        &self,
        provider: Provider<'_>,
        redirect: &str,
        scopes: &[String],
        secrets: LoginSecrets<'_>,
        ask_again: bool,
    ) -> Result<String, OidcError> {
        let client = self.client(provider, redirect).await?;
        let (state, nonce) = (secrets.state.to_owned(), secrets.nonce.to_owned());
        let verifier = PkceCodeVerifier::new(secrets.verifier.to_owned());
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut request = client
            .authorize_url(flow, || CsrfToken::new(state), || Nonce::new(nonce))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for scope in scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        if ask_again {
            request = request.add_prompt(CoreAuthPrompt::Login);
        }
        Ok(request.url().0.to_string())
    }

    /// Redeems a code and verifies the ID token: its signature, issuer, audience, times and nonce. Answers all its
    /// claims; if one of `wanted` is not among them, also what the userinfo endpoint says. Providers may leave all that
    /// a scope asks for to that endpoint (OpenID Connect Core 1.0 section 5.4).
    ///
    /// # Errors
    /// See [`OidcError`].
    pub async fn redeem(
        &self,
        provider: Provider<'_>,
        redirect: &str,
        code: &str,
        secrets: LoginSecrets<'_>,
        wanted: &[&str],
    ) -> Result<Map<String, Value>, OidcError> {
        let client = self.client(provider, redirect).await?;
        let tokens = self.exchange(client, provider.issuer, code, secrets.verifier).await?;
        let Some(token) = tokens.id_token() else { return Err(OidcError::TokenRefused("there is none".to_owned())) };
        let client = self.client(provider, redirect).await?;
        let nonce = Nonce::new(secrets.nonce.to_owned());
        let now = self.clock.now().seconds();
        let refused = |error: Unverified| OidcError::TokenRefused(error.why);
        let (client, claims) = match verify(&client, token, &nonce, now) {
            Err(Unverified { unknown_key: true, .. }) => {
                // The provider may have new keys: whoever comes here had a code that it took.
                self.forget(provider.issuer);
                let client = self.client(provider, redirect).await?;
                let claims = verify(&client, token, &nonce, now).map_err(refused)?;
                (client, claims)
            }
            verified => (client, verified.map_err(refused)?),
        };
        userinfo::completed(claims, wanted, &client, tokens.access_token(), &self.http).await
    }

    /// Gives a code for tokens. Whether a client shows its secret in a header or in the body is settled when it is
    /// registered, which discovery does not tell: a provider that does not know the client is asked in the other way.
    /// It looks at the code only when it knows who has it.
    async fn exchange(
        &self,
        client: OidcClient,
        issuer: &str,
        code: &str,
        verifier: &str,
    ) -> Result<Tokens, OidcError> {
        let mut ways = ways_to_show_a_secret(&*self.metadata(issuer).await?).into_iter();
        let mut client = ways.next().map_or(client.clone(), |way| client.set_auth_type(way));
        loop {
            let request = client
                .exchange_code(AuthorizationCode::new(code.to_owned()))
                .map_err(|error| OidcError::Unreachable(error.to_string()))?
                .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
            let failed = match request.request_async(&self.http).await {
                Ok(tokens) => return Ok(tokens),
                Err(failed) => failed,
            };
            match ways.next() {
                Some(way) if is_unknown_client(&failed) => client = client.set_auth_type(way),
                _ => return Err(not_given(failed)),
            }
        }
    }

    async fn client(&self, provider: Provider<'_>, redirect: &str) -> Result<OidcClient, OidcError> {
        let metadata = self.metadata(provider.issuer).await?;
        let id = ClientId::new(provider.client_id.to_owned());
        let secret = ClientSecret::new(provider.client_secret.to_owned());
        let redirect =
            RedirectUrl::new(redirect.to_owned()).map_err(|error| OidcError::Unreachable(error.to_string()))?;
        Ok(OidcClient::from_provider_metadata((*metadata).clone(), id, Some(secret)).set_redirect_uri(redirect))
    }

    async fn metadata(&self, issuer: &str) -> Result<Arc<CoreProviderMetadata>, OidcError> {
        let now = self.clock.monotonic();
        let fresh = |at: &Duration| now.saturating_sub(*at) < METADATA_KEPT;
        if let Some((_, metadata)) = self.known().get(issuer).filter(|(at, _)| fresh(at)) {
            return Ok(Arc::clone(metadata));
        }
        let url = IssuerUrl::new(issuer.to_owned()).map_err(|error| OidcError::Unreachable(error.to_string()))?;
        let metadata = CoreProviderMetadata::discover_async(url, &self.http).await.map_err(|error| match error {
            DiscoveryError::Request(error) => OidcError::Unreachable(error.to_string()),
            error => OidcError::Unreachable(format!("what it says of itself makes no sense: {}", with_causes(&error))),
        })?;
        let metadata = Arc::new(metadata);
        let mut known = self.known();
        if known.len() >= PROVIDERS_MAX {
            known.clear();
        }
        known.insert(issuer.to_owned(), (now, Arc::clone(&metadata)));
        Ok(metadata)
    }

    fn forget(&self, issuer: &str) {
        self.known().remove(issuer);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Duration, Arc<CoreProviderMetadata>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What binds a login to a browser and an ID token to a login.
#[derive(Clone, Copy)]
pub struct LoginSecrets<'a> {
    /// Sent back unchanged.
    pub state: &'a str,
    /// Repeated by the ID token.
    pub nonce: &'a str,
    /// The PKCE verifier.
    pub verifier: &'a str,
}

type ExchangeError = RequestTokenError<FetchError, StandardErrorResponse<CoreErrorResponseType>>;

/// RFC 6749 section 5.2.
fn is_unknown_client(failed: &ExchangeError) -> bool {
    matches!(failed, RequestTokenError::ServerResponse(said) if *said.error() == CoreErrorResponseType::InvalidClient)
}

fn not_given(failed: ExchangeError) -> OidcError {
    match failed {
        RequestTokenError::Request(error) => OidcError::Unreachable(error.to_string()),
        refused => OidcError::CodeRefused(with_causes(&refused)),
    }
}

/// The ways that a provider allows, the header first: it is what holds when discovery says nothing (OpenID Connect
/// Discovery 1.0 section 3).
fn ways_to_show_a_secret(metadata: &CoreProviderMetadata) -> Vec<AuthType> {
    use CoreClientAuthMethod::{ClientSecretBasic, ClientSecretPost};
    let allowed = metadata.token_endpoint_auth_methods_supported();
    let allows = |way: &CoreClientAuthMethod| allowed.is_none_or(|allowed| allowed.contains(way));
    let ways = [(ClientSecretBasic, AuthType::BasicAuth), (ClientSecretPost, AuthType::RequestBody)];
    ways.into_iter().filter(|(way, _)| allows(way)).map(|(_, how)| how).collect()
}

/// What an error says, and what it says of its causes.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    said
}

struct Unverified {
    why: String,
    unknown_key: bool,
}

type Token =
    openidconnect::IdToken<OtherClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

fn verify(client: &OidcClient, token: &Token, nonce: &Nonce, now: u64) -> Result<Map<String, Value>, Unverified> {
    use openidconnect::{ClaimsVerificationError, SignatureVerificationError};
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let time = move || chrono::DateTime::from_timestamp(now, 0).unwrap_or_default();
    let verifier = client.id_token_verifier().set_time_fn(time);
    let claims = token.claims(&verifier, nonce).map_err(|error| Unverified {
        // A provider may keep the id of a key and change the key.
        unknown_key: matches!(
            error,
            ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey | SignatureVerificationError::CryptoError(_)
            )
        ),
        why: with_causes(&error),
    })?;
    match serde_json::to_value(claims) {
        Ok(Value::Object(claims)) => Ok(claims),
        _ => Err(Unverified { why: "its claims are no object".to_owned(), unknown_key: false }),
    }
}
