//! Personal fields as salted digests (in the manner of SD-JWT): the statement names the digest, the field itself lies
//! beside the log and can be erased. Without the salt nobody can try names until one fits.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::audit::store::Part;
use crate::audit::tree::Hash;

/// The member that names a disclosure.
pub(crate) const DIGEST: &str = "_sd";

/// Moves the personal fields of a statement out of it. `seed` is 32 random bytes.
pub(super) fn disclose(statement: &mut Value, seed: &[u8; 32]) -> Vec<Part> {
    let mut disclosures = Vec::new();
    let mut names = BTreeSet::new();
    let mut hide = |name: &str, value: Option<&mut Value>| {
        let Some(value) = value.filter(|value| value.is_string()) else { return };
        names.extend(value.as_str().into_iter().flat_map(names_in));
        disclosures.push(put_aside(name, value, seed, disclosures.len()));
    };
    for name in ["id", "login", "email", "on_behalf_of"] {
        hide(name, statement.pointer_mut(&format!("/predicate/who/{name}")));
    }
    for commit in list(statement, "/predicate/what/resources")
        .filter_map(|r| r.get_mut("introduced_by")?.as_array_mut())
        .flatten()
    {
        hide("author", commit.get_mut("author"));
        hide("committer", commit.get_mut("committer"));
    }
    for approval in list(statement, "/predicate/used/approvals") {
        hide("by", approval.get_mut("by"));
        hide("login", approval.get_mut("login"));
    }
    for name in ["by", "login"] {
        hide(name, statement.pointer_mut(&format!("/predicate/approval/{name}")));
    }
    let tells = |text: &str| is_address(text) || names.iter().any(|name| text.contains(name.as_str()));
    let mut texts = Vec::new();
    for evidence in list(statement, "/predicate/why")
        .filter_map(|policy| policy.get_mut("findings")?.as_array_mut())
        .flatten()
        .filter_map(|finding| finding.get_mut("evidence")?.as_array_mut())
        .flatten()
    {
        let Value::Object(members) = evidence else { continue };
        let of_people = members.iter_mut().filter(|(_, value)| value.as_str().is_some_and(tells));
        texts.extend(of_people.map(|(name, value)| (name.clone(), value)));
    }
    for (name, value) in texts {
        disclosures.push(put_aside(&name, value, seed, disclosures.len()));
    }
    disclosures
}

/// Takes a value away and leaves its salted digest.
fn put_aside(name: &str, value: &mut Value, seed: &[u8; 32], number: usize) -> Part {
    let salt = Sha256::new().chain_update(seed).chain_update(number.to_be_bytes()).finalize();
    let salt = salt.first_chunk::<16>().copied().unwrap_or_default();
    let bytes = json!([HEXLOWER.encode(&salt), name, value.take()]).to_string().into_bytes();
    let sha256 = Hash::of(&bytes).to_string();
    *value = json!({DIGEST: sha256});
    Part { sha256, bytes }
}

/// A name or address as it may stand in a text of a policy: whole, and the parts of `Alice <alice@acme.example>`.
fn names_in(value: &str) -> Vec<String> {
    let parts = value.trim_end_matches('>').split(" <").chain([value]);
    parts.filter(|part| part.len() > 2).map(str::to_owned).collect()
}

/// Whether a word of a text looks like an e-mail address.
fn is_address(text: &str) -> bool {
    text.split([' ', ',', '<', '>', '"', '\'', '(', ')'])
        .any(|word| word.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.')))
}

fn list<'a>(statement: &'a mut Value, pointer: &str) -> impl Iterator<Item = &'a mut Value> + use<'a> {
    statement.pointer_mut(pointer).and_then(Value::as_array_mut).into_iter().flatten()
}

/// The digests that `value` names, at any depth.
pub(crate) fn digests(value: &Value) -> Vec<Hash> {
    let mut found = Vec::new();
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(items) => rest.extend(items),
            Value::Object(members) => {
                found.extend(members.get(DIGEST).and_then(Value::as_str).and_then(Hash::from_hex));
                rest.extend(members.values());
            }
            _ => {}
        }
    }
    found
}

/// Puts the fields back that `find` still has; the others stay digests.
pub(crate) fn reveal(value: &mut Value, find: &mut dyn FnMut(Hash) -> Option<Vec<u8>>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| reveal(item, find)),
        Value::Object(members) => {
            let digest = members.get(DIGEST).and_then(Value::as_str).and_then(Hash::from_hex);
            let Some(digest) = digest else {
                members.values_mut().for_each(|member| reveal(member, find));
                return;
            };
            let bytes = find(digest).filter(|bytes| Hash::of(bytes) == digest);
            let field = bytes.and_then(|bytes| serde_json::from_slice::<[Value; 3]>(&bytes).ok());
            if let Some([_, _, field]) = field {
                *value = field;
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_hidden_and_come_back_while_their_disclosure_is_there() {
        let whole = json!({"predicate": {
            "who": {"id": null, "login": "alice", "email": "a@b"},
            "what": {"resources": [{"introduced_by": [{"author": "x", "committer": "y", "commit": "1"}]}]},
            "used": {"approvals": [{"by": "bob", "login": "bob"}]},
            "approval": {"by": null, "login": "carol"},
            "why": [{"findings": [{"evidence": [
                {"pointer": "p", "observed": "carol may not", "expected": "ask dave@acme.example"},
                {"pointer": "q", "observed": "3 replicas", "expected": "k8s@2"},
            ]}]}],
        }});
        let mut statement = whole.clone();
        let disclosures = disclose(&mut statement, &[1; 32]);
        let text = statement.to_string();
        assert_eq!((disclosures.len(), digests(&statement).len()), (9, 9));
        assert!(["alice", "bob", "carol", "dave", "a@b"].iter().all(|name| !text.contains(name)), "{text}");
        assert!(text.contains("3 replicas") && text.contains("k8s@2"), "{text}");
        assert_ne!(disclosures[4].sha256, disclosures[5].sha256, "each has a salt of its own");
        let mut again = statement.clone();
        reveal(&mut again, &mut |digest| {
            disclosures.iter().find(|d| d.sha256 == digest.to_string()).map(|d| d.bytes.clone())
        });
        assert_eq!(again, whole);
        reveal(&mut statement, &mut |_| None);
        assert_eq!(statement.to_string(), text);
    }
}
