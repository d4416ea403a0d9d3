//! Who stood behind a record: what it claims against what it can show.

use super::Grade;
use crate::audit::oidc;
use crate::audit::reading::Reading;
use crate::audit::record::seal::audience;
use crate::audit::tree::Hash;
use crate::sshsig;

/// What became of a claim.
pub(super) enum Answer {
    /// A claim of A0 to A2: nothing in the record proves it.
    Claimed,
    /// It is proved.
    Proved,
    /// It is not what it says.
    Flawed(Grade, String),
}

/// Checks the claim of a record, whose parts `find` has.
pub(super) fn check<'a>(reading: &Reading, find: &impl Fn(Hash) -> Option<&'a [u8]>) -> Answer {
    let part = |hex: &str| Hash::from_hex(hex).and_then(find);
    let answer = match reading.text("/who/assurance") {
        _ if reading.at("/approval/evidence").is_some() => approval(reading, &part),
        Some("A4") => token(reading, &part),
        Some("A3") => commit(reading, &part),
        _ if reading.envelope.as_ref().is_some_and(|e| e.identity.is_some()) => token(reading, &part),
        _ => return Answer::Claimed,
    };
    answer.map_or_else(|(grade, what)| Answer::Flawed(grade, what), |()| Answer::Proved)
}

type Proof = Result<(), (Grade, String)>;

fn token<'a>(reading: &Reading, part: &impl Fn(&str) -> Option<&'a [u8]>) -> Proof {
    let identity = reading.envelope.as_ref().and_then(|e| e.identity.as_ref());
    let identity = identity.ok_or((Grade::Incomplete, "it claims A4 and has no token".to_owned()))?;
    let missing = (Grade::Unverifiable, "the key set that its token was checked with is not there".to_owned());
    let jwks = part(&identity.jwks).ok_or(missing)?;
    let undated = (Grade::Tampered, "it says at no instant when it was made".to_owned());
    let at = recorded(reading).ok_or(undated)?;
    let claims = oidc::check(&identity.token, jwks, &audience(&reading.payload), at).map_err(|fault| match fault {
        oidc::Fault::Bad(why) => (Grade::Tampered, format!("its token does not hold: {why}")),
        oidc::Fault::Unknown(why) => (Grade::Unverifiable, format!("its token cannot be checked: {why}")),
    })?;
    let (login, email) = (reading.text("/who/login"), reading.text("/who/email"));
    // A name that was erased, or lies beside the log, cannot be compared.
    if (login.is_some() || email.is_some()) && !claims.names(login, email) {
        return Err((Grade::Tampered, format!("its token names {}, not who the record names", claims.sub)));
    }
    Ok(())
}

/// When the token was made: a judgement may be of another instant (`--now`), the id's own time is not.
fn recorded(reading: &Reading) -> Option<jiff::Timestamp> {
    let id: uuid::Uuid = reading.id().parse().ok()?;
    let (seconds, nanos) = id.get_timestamp().map_or((0, 0), |t| t.to_unix());
    let at = i64::try_from(seconds).ok().filter(|s| *s > 0);
    let at = at.and_then(|s| jiff::Timestamp::new(s, i32::try_from(nanos).ok()?).ok());
    at.or_else(|| reading.at_instant())
}

fn commit<'a>(reading: &Reading, part: &impl Fn(&str) -> Option<&'a [u8]>) -> Proof {
    let at = |name: &str| reading.text(&format!("/who/evidence/{name}"));
    let (Some(id), Some(signer), Some(payload), Some(signature)) =
        (at("commit"), at("signer"), at("payload"), at("signature"))
    else {
        return Err((Grade::Incomplete, "it claims A3 and names no signed commit".into()));
    };
    let (Some(payload), Some(signature)) = (part(payload), part(signature)) else {
        return Err((Grade::Unverifiable, "the commit that it rests on is not there".into()));
    };
    if reading.head() != Some(id) {
        return Err((Grade::Tampered, "it rests on another commit than the one that was judged".into()));
    }
    signed("the commit that it rests on", signer, sshsig::GIT, payload, signature)
}

/// The signature of an approval, and that it names the version of the change that the record names.
fn approval<'a>(reading: &Reading, part: &impl Fn(&str) -> Option<&'a [u8]>) -> Proof {
    let at = |name: &str| reading.text(&format!("/approval/evidence/{name}"));
    let (Some(signer), Some(namespace), Some(payload), Some(signature)) =
        (at("signer"), at("namespace"), at("payload"), at("signature"))
    else {
        return Err((Grade::Incomplete, "the approval has a signature and does not say by which key".into()));
    };
    let (Some(payload), Some(signature)) = (part(payload), part(signature)) else {
        return Err((Grade::Unverifiable, "the signature of the approval is not there".into()));
    };
    let stated: serde_json::Value = serde_json::from_slice(payload).unwrap_or_default();
    let bound = reading.text("/approval/bound_digest");
    if namespace != sshsig::GIT && stated.get("digest").and_then(serde_json::Value::as_str) != bound {
        return Err((Grade::Tampered, "the approval was signed for another version of the change".into()));
    }
    signed("the approval", signer, namespace, payload, signature)
}

fn signed(what: &str, signer: &str, namespace: &str, payload: &[u8], signature: &[u8]) -> Proof {
    match sshsig::check(&String::from_utf8_lossy(signature), payload, namespace) {
        Ok(key) if key == signer => Ok(()),
        Ok(key) => Err((Grade::Tampered, format!("{what} was signed by {key}"))),
        Err(sshsig::Fault::Bad) => Err((Grade::Tampered, format!("the signature of {what} does not fit"))),
        Err(sshsig::Fault::Unknown) => {
            Err((Grade::Unverifiable, format!("{what} is signed by a kind of key that is not checked here")))
        }
    }
}
