//! What identifies a value: the same digest means the same value, however it was put together.

use regorus::Value as Rego;
use sha2::{Digest, Sha256};

use super::Input;

impl Input {
    /// SHA-256 of the value: each part with its kind and its length, so that no two values are written alike.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        absorb(&self.0, &mut hash);
        hash.finalize().into()
    }

    /// The entries of an object that have a text as their name, sorted; none of anything else.
    pub fn entries(&self) -> Vec<(String, Self)> {
        let Ok(object) = self.0.as_object() else { return Vec::new() };
        let entry = |(key, value): (&Rego, &Rego)| Some((key.as_string().ok()?.to_string(), Self(value.clone())));
        object.iter_sorted().filter_map(entry).collect()
    }
}

fn absorb(value: &Rego, hash: &mut Sha256) {
    let mut begin = |kind: u8, length: usize| {
        hash.update([kind]);
        hash.update((length as u64).to_le_bytes());
    };
    match value {
        Rego::Undefined => begin(b'u', 0),
        Rego::Null => begin(b'n', 0),
        Rego::Bool(b) => begin(b'b', usize::from(*b)),
        Rego::String(text) => {
            begin(b's', text.len());
            hash.update(text.as_bytes());
        }
        Rego::Number(_) => {
            let text = value.to_string();
            begin(b'd', text.len());
            hash.update(text.as_bytes());
        }
        Rego::Array(items) => {
            begin(b'a', items.len());
            items.iter().for_each(|item| absorb(item, hash));
        }
        Rego::Set(items) => {
            begin(b'e', items.len());
            items.iter().for_each(|item| absorb(item, hash));
        }
        Rego::Object(entries) => {
            begin(b'o', entries.len());
            for (key, value) in entries.iter_sorted() {
                absorb(key, hash);
                absorb(value, hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(json: &serde_json::Value) -> [u8; 32] {
        Input::of(json).unwrap().digest()
    }

    #[test]
    fn the_order_of_keys_does_not_count_and_everything_else_does() {
        use serde_json::json;
        assert_eq!(digest(&json!({"a": 1, "b": [2]})), digest(&json!({"b": [2], "a": 1})));
        let different = [
            json!({"a": 1, "b": [2]}),
            json!({"a": 1, "b": [2, 3]}),
            json!({"a": "1", "b": [2]}),
            json!({"a": 1, "b": {"2": null}}),
            json!({"ab": 1, "": [2]}),
            json!([["a"], "b"]),
            json!(["a", ["b"]]),
            json!(["ab", []]),
            json!(null),
            json!(""),
            json!(false),
            json!(0),
            json!(1.5),
            json!(1e300),
        ];
        let digests: std::collections::BTreeSet<_> = different.iter().map(digest).collect();
        assert_eq!(digests.len(), different.len());
    }

    #[test]
    fn a_built_value_and_a_read_one_are_one_value() {
        let built = Input::object(vec![("b", Input::list(vec![2.into()]))]).with(vec![("a", 1.into())]);
        assert_eq!(built.digest(), digest(&serde_json::json!({"a": 1, "b": [2]})));
    }
}
