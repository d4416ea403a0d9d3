//! Tokens of OpenID Connect providers that vouch for a record: who ran the gate, by somebody else's word.
//!
//! The audience of the token names the statement, so a token says nothing about any other record, and the key set it
//! is checked with is a part of the record, so it can still be checked when the provider has new keys. That the set is
//! the provider's is for the auditor to know: its digest is printed.

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

/// Seconds that clocks may differ.
const LEEWAY: i64 = 120;

/// What a token that holds says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// The provider.
    pub iss: String,
    /// The workload: `repo:acme/shop:ref:refs/heads/main`.
    pub sub: String,
    /// GitHub's login of who triggered the run.
    #[serde(default)]
    pub actor: Option<String>,
    /// GitLab's.
    #[serde(default)]
    pub user_login: Option<String>,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<String>,
    iat: Option<i64>,
    nbf: Option<i64>,
    exp: i64,
}

/// Why a token does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is forged, for something else, or of another time.
    Bad(String),
    /// The key set lacks its key, or it has a kind that is not known here.
    Unknown(String),
}

impl Claims {
    /// Whether `login` or `email` is who the token names.
    pub fn names(&self, login: Option<&str>, email: Option<&str>) -> bool {
        let claimed =
            [self.actor.as_deref(), self.user_login.as_deref(), self.email.as_deref(), Some(self.sub.as_str())];
        [login, email].into_iter().flatten().any(|name| claimed.contains(&Some(name)))
    }
}

/// Checks `token` for `audience` at `at` with a key set.
///
/// # Errors
///
/// A [`Fault`].
pub fn check(token: &str, jwks: &[u8], audience: &str, at: jiff::Timestamp) -> Result<Claims, Fault> {
    let header = decode_header(token).map_err(|e| Fault::Bad(format!("it is not a token: {e}")))?;
    let keys: JwkSet = serde_json::from_slice(jwks).map_err(|e| Fault::Unknown(format!("the key set is none: {e}")))?;
    let fits = |key: &&Jwk| header.kid.is_none() || key.common.key_id == header.kid;
    let key = keys.keys.iter().find(fits).ok_or_else(|| Fault::Unknown("the key set lacks its key".into()))?;
    let key = DecodingKey::from_jwk(key).map_err(|e| Fault::Unknown(format!("its key cannot be used: {e}")))?;
    let mut validation = Validation::new(header.alg);
    // A shared secret proves nothing to a third party, and the clock of today says nothing about then.
    if matches!(
        header.alg,
        jsonwebtoken::Algorithm::HS256 | jsonwebtoken::Algorithm::HS384 | jsonwebtoken::Algorithm::HS512
    ) {
        return Err(Fault::Bad("it is signed with a shared secret".into()));
    }
    validation.validate_exp = false;
    validation.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
    validation.set_audience(&[audience]);
    let claims = decode::<Claims>(token, &key, &validation).map_err(|e| Fault::Bad(e.to_string()))?.claims;
    in_time(&claims, at.as_second()).then_some(claims).ok_or_else(|| Fault::Bad("it is of another time".into()))
}

fn in_time(claims: &Claims, at: i64) -> bool {
    let since = claims.nbf.or(claims.iat).unwrap_or(i64::MIN);
    // The token is made right after the judgement: what was valid within the leeway is.
    at >= since.saturating_sub(LEEWAY) && at < claims.exp.saturating_add(LEEWAY)
}
