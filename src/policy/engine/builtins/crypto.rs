//! Hashes and keyed hashes, as lower-case hexadecimal.

use data_encoding::HEXLOWER;
use regorus::Value;
use sha2::Digest;

use super::{Entry, string, text};

pub(super) const TABLE: &[Entry] = &[
    ("crypto.md5", 1, |args| hashed::<md5::Md5>(args)),
    ("crypto.sha1", 1, |args| hashed::<sha1::Sha1>(args)),
    ("crypto.sha256", 1, |args| hashed::<sha2::Sha256>(args)),
    ("crypto.hmac.md5", 2, |args| keyed::<md5::Md5>(args, 64)),
    ("crypto.hmac.sha1", 2, |args| keyed::<sha1::Sha1>(args, 64)),
    ("crypto.hmac.sha256", 2, |args| keyed::<sha2::Sha256>(args, 64)),
    ("crypto.hmac.sha512", 2, |args| keyed::<sha2::Sha512>(args, 128)),
    ("crypto.hmac.equal", 2, equal),
];

fn hashed<D: Digest>(args: &[Value]) -> Result<Value, String> {
    Ok(string(HEXLOWER.encode(&D::digest(text(args, 1)?.as_bytes()))))
}

fn keyed<D: Digest>(args: &[Value], block: usize) -> Result<Value, String> {
    let (message, key) = (text(args, 1)?, text(args, 2)?);
    Ok(string(HEXLOWER.encode(&mac::<D>(key.as_bytes(), message.as_bytes(), block))))
}

/// HMAC (RFC 2104) over a hash with this block size in bytes.
pub(super) fn mac<D: Digest>(key: &[u8], message: &[u8], block: usize) -> Vec<u8> {
    let mut key = if key.len() > block { D::digest(key).to_vec() } else { key.to_vec() };
    key.resize(block, 0);
    let pad = |byte: u8| key.iter().map(|k| k ^ byte).collect::<Vec<u8>>();
    let inner = D::new().chain_update(pad(0x36)).chain_update(message).finalize();
    D::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

/// Every byte is looked at, wherever the first difference is.
fn equal(args: &[Value]) -> Result<Value, String> {
    let (a, b) = (text(args, 1)?.as_bytes(), text(args, 2)?.as_bytes());
    let differences = a.iter().zip(b).fold(0_u8, |all, (x, y)| all | (x ^ y));
    Ok(Value::Bool(a.len() == b.len() && differences == 0))
}
