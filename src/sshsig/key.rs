//! Public keys of SSH and the signatures that they check (RFC 4253, 5656, 8332, 8709; OpenSSH's PROTOCOL.u2f).

use data_encoding::BASE64_NOPAD;
use ed25519_dalek::VerifyingKey;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::Fault;
use super::certificate::Certificate;
use super::wire::{Wire, framed};

const CERTIFIED: &str = "-cert-v01@openssh.com";
/// Smallest and largest modulus that OpenSSH takes, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 1024..=16_384;
/// DER of the algorithm before the digest (RFC 8017, 9.2).
const SHA256_PREFIX: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];
const SHA512_PREFIX: [u8; 19] =
    [0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40];

/// A public key, perhaps with a certificate of it.
#[derive(Clone, Debug)]
pub struct PublicKey {
    /// The blob as it was given.
    blob: Vec<u8>,
    /// The same without a certificate.
    plain: Vec<u8>,
    material: Material,
    /// The certificate around it.
    pub(super) certificate: Option<Box<Certificate>>,
}

/// Equal byte for byte, the certificate included.
impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.blob == other.blob
    }
}

#[derive(Clone, Debug)]
enum Material {
    Ed25519(VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    Rsa(Box<RsaPublicKey>),
    /// Keys on a token: what they sign names the application.
    TokenEd25519(VerifyingKey, Vec<u8>),
    TokenP256(p256::ecdsa::VerifyingKey, Vec<u8>),
}

impl PublicKey {
    /// Reads a blob. The certificate's own signature is checked.
    pub(super) fn parse(blob: &[u8]) -> Result<Self, Fault> {
        let mut wire = Wire(blob);
        let kind = wire.text().ok_or(Fault::Bad)?;
        let Some(kind) = certified(kind) else {
            let material = Material::read(kind, &mut wire)?;
            wire.end().ok_or(Fault::Bad)?;
            return Ok(Self { blob: blob.to_vec(), plain: blob.to_vec(), material, certificate: None });
        };
        wire.string().ok_or(Fault::Bad)?;
        let from = wire.0;
        let material = Material::read(&kind, &mut wire)?;
        let fields = from.get(..from.len() - wire.0.len()).ok_or(Fault::Bad)?;
        let plain = [framed(kind.as_bytes()), fields.to_vec()].concat();
        let certificate = Some(Box::new(Certificate::read(blob, wire)?));
        Ok(Self { blob: blob.to_vec(), plain, material, certificate })
    }

    /// `ssh-ed25519`, `ssh-rsa-cert-v01@openssh.com`, ….
    pub(super) fn kind(&self) -> &str {
        Wire(&self.blob).text().unwrap_or_default()
    }

    /// `SHA256:…` of the key without its certificate, as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(&self.plain)))
    }

    /// Whether `signature` is the key's over `data`.
    pub(super) fn verify(&self, signature: &[u8], data: &[u8]) -> Result<(), Fault> {
        let mut wire = Wire(signature);
        let (kind, bytes) = (wire.text().ok_or(Fault::Bad)?, wire.string().ok_or(Fault::Bad)?);
        let verified = match (&self.material, kind) {
            (Material::Ed25519(key), "ssh-ed25519") => ed25519(key, data, bytes),
            (Material::P256(key), "ecdsa-sha2-nistp256") => p256(key, data, bytes),
            (Material::P384(key), "ecdsa-sha2-nistp384") => p384(key, data, bytes),
            (Material::Rsa(key), "rsa-sha2-256") => rsa(key, &Sha256::digest(data), &SHA256_PREFIX, bytes),
            (Material::Rsa(key), "rsa-sha2-512") => rsa(key, &Sha512::digest(data), &SHA512_PREFIX, bytes),
            (Material::TokenEd25519(key, application), "sk-ssh-ed25519@openssh.com") => {
                token(application, data, &mut wire).and_then(|data| ed25519(key, &data, bytes))
            }
            (Material::TokenP256(key, application), "sk-ecdsa-sha2-nistp256@openssh.com") => {
                token(application, data, &mut wire).and_then(|data| p256(key, &data, bytes))
            }
            // What a browser signs has another form.
            (Material::TokenP256(..), "webauthn-sk-ecdsa-sha2-nistp256@openssh.com") => return Err(Fault::Unknown),
            _ => None,
        };
        verified.and_then(|()| wire.end()).ok_or(Fault::Bad)
    }
}

/// The kind of key in a certificate of this kind.
fn certified(kind: &str) -> Option<String> {
    let plain = kind.strip_suffix(CERTIFIED)?;
    Some(if plain.starts_with("sk-") { format!("{plain}@openssh.com") } else { plain.to_owned() })
}

impl Material {
    fn read(kind: &str, wire: &mut Wire<'_>) -> Result<Self, Fault> {
        let known = match kind {
            "ssh-ed25519" => wire.string().and_then(ed25519_key).map(Self::Ed25519),
            "ecdsa-sha2-nistp256" => curve("nistp256", wire).and_then(p256_key).map(Self::P256),
            "ecdsa-sha2-nistp384" => curve("nistp384", wire)
                .and_then(|point| p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok())
                .map(Self::P384),
            "ssh-rsa" => rsa_key(wire).map(|key| Self::Rsa(Box::new(key))),
            "sk-ssh-ed25519@openssh.com" => wire
                .string()
                .and_then(ed25519_key)
                .and_then(|key| Some(Self::TokenEd25519(key, wire.string()?.to_vec()))),
            "sk-ecdsa-sha2-nistp256@openssh.com" => curve("nistp256", wire)
                .and_then(p256_key)
                .and_then(|key| Some(Self::TokenP256(key, wire.string()?.to_vec()))),
            _ => return Err(Fault::Unknown),
        };
        known.ok_or(Fault::Bad)
    }
}

fn ed25519_key(bytes: &[u8]) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()
}

/// The point of a key on this curve.
fn curve<'a>(name: &str, wire: &mut Wire<'a>) -> Option<&'a [u8]> {
    (wire.text()? == name).then(|| wire.string())?
}

fn p256_key(point: &[u8]) -> Option<p256::ecdsa::VerifyingKey> {
    p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()
}

fn rsa_key(wire: &mut Wire<'_>) -> Option<RsaPublicKey> {
    let (exponent, modulus) = (BigUint::from_bytes_be(wire.number()?), BigUint::from_bytes_be(wire.number()?));
    let fits = RSA_BITS.contains(&modulus.bits());
    fits.then(|| RsaPublicKey::new_with_max_size(modulus, exponent, *RSA_BITS.end()).ok())?
}

fn ed25519(key: &VerifyingKey, data: &[u8], bytes: &[u8]) -> Option<()> {
    let signature = ed25519_dalek::Signature::from_slice(bytes).ok()?;
    key.verify_strict(data, &signature).ok()
}

fn p256(key: &p256::ecdsa::VerifyingKey, data: &[u8], bytes: &[u8]) -> Option<()> {
    let [r, s] = scalars::<32>(bytes)?;
    let signature = p256::ecdsa::Signature::from_scalars(r, s).ok()?;
    key.verify_prehash(&Sha256::digest(data), &signature).ok()
}

fn p384(key: &p384::ecdsa::VerifyingKey, data: &[u8], bytes: &[u8]) -> Option<()> {
    let [r, s] = scalars::<48>(bytes)?;
    let signature = p384::ecdsa::Signature::from_scalars(r, s).ok()?;
    key.verify_prehash(&Sha384::digest(data), &signature).ok()
}

fn scalars<const N: usize>(bytes: &[u8]) -> Option<[[u8; N]; 2]> {
    let mut wire = Wire(bytes);
    let (r, s) = (wire.number()?, wire.number()?);
    wire.end()?;
    Some([padded(r)?, padded(s)?])
}

fn padded<const N: usize>(number: &[u8]) -> Option<[u8; N]> {
    let mut out = [0; N];
    let start = N.checked_sub(number.len())?;
    out.get_mut(start..)?.copy_from_slice(number);
    Some(out)
}

fn rsa(key: &RsaPublicKey, digest: &[u8], prefix: &[u8], bytes: &[u8]) -> Option<()> {
    use rsa::traits::PublicKeyParts;
    // Leading zeros may have been left out.
    let missing = key.size().checked_sub(bytes.len())?;
    let signature = [vec![0; missing], bytes.to_vec()].concat();
    let scheme = Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: prefix.into() };
    key.verify(scheme, digest, &signature).ok()
}

/// What a token signs: the application, its flags, its counter and the message. Whether somebody touched it is not asked,
/// as `ssh-keygen -Y verify` does not ask.
fn token(application: &[u8], data: &[u8], wire: &mut Wire<'_>) -> Option<Vec<u8>> {
    let (flags, counter) = (wire.byte()?, wire.u32()?);
    let (application, message) = (Sha256::digest(application), Sha256::digest(data));
    Some([&application[..], &[flags], &counter.to_be_bytes(), &message].concat())
}
