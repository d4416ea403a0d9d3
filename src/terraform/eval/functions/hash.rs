//! `md5`, `sha1`, `sha256`, `sha512`, `base64sha256`, `base64sha512`, and the same of files.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/sha256>

use data_encoding::{BASE64, HEXLOWER};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::call::{Context, arity, text};
use super::file::read;
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::value::Value;

type Hash = fn(&[u8]) -> String;

fn hex<D: Digest>(bytes: &[u8]) -> String {
    HEXLOWER.encode(&D::digest(bytes))
}

fn base64<D: Digest>(bytes: &[u8]) -> String {
    BASE64.encode(&D::digest(bytes))
}

const STR: &[Parameter] = &[Parameter::new("str", Shape::String)];
const PATH: &[Parameter] = &[Parameter::new("path", Shape::String)];

pub(super) static MD5: Function = Function::new("md5", STR, Shape::String, |args, _| of_text(args, hex::<Md5>));
pub(super) static SHA1: Function = Function::new("sha1", STR, Shape::String, |args, _| of_text(args, hex::<Sha1>));
pub(super) static SHA256: Function =
    Function::new("sha256", STR, Shape::String, |args, _| of_text(args, hex::<Sha256>));
pub(super) static SHA512: Function =
    Function::new("sha512", STR, Shape::String, |args, _| of_text(args, hex::<Sha512>));
pub(super) static BASE64SHA256: Function =
    Function::new("base64sha256", STR, Shape::String, |args, _| of_text(args, base64::<Sha256>));
pub(super) static BASE64SHA512: Function =
    Function::new("base64sha512", STR, Shape::String, |args, _| of_text(args, base64::<Sha512>));

pub(super) static FILEMD5: Function = of_files("filemd5", |args, context| of_file(args, context, hex::<Md5>));
pub(super) static FILESHA1: Function = of_files("filesha1", |args, context| of_file(args, context, hex::<Sha1>));
pub(super) static FILESHA256: Function = of_files("filesha256", |args, context| of_file(args, context, hex::<Sha256>));
pub(super) static FILESHA512: Function = of_files("filesha512", |args, context| of_file(args, context, hex::<Sha512>));
pub(super) static FILEBASE64SHA256: Function =
    of_files("filebase64sha256", |args, context| of_file(args, context, base64::<Sha256>));
pub(super) static FILEBASE64SHA512: Function =
    of_files("filebase64sha512", |args, context| of_file(args, context, base64::<Sha512>));

const fn of_files(name: &'static str, body: fn(&[Value], &Context) -> Result<Value, Refusal>) -> Function {
    Function::new(name, PATH, Shape::String, body).reads_files()
}

fn of_text(args: &[Value], hash: Hash) -> Result<Value, Refusal> {
    Ok(hash(text(args.first().ok_or_else(arity)?).as_bytes()).into())
}

fn of_file(args: &[Value], context: &Context, hash: Hash) -> Result<Value, Refusal> {
    let path = text(args.first().ok_or_else(arity)?);
    let bytes = read(context, path).map_err(|fault| {
        // Terraform says what the system says, and names no argument.
        Refusal { argument: None, ..Refusal::file(&fault, &format!("{path:?}")) }
    })?;
    Ok(hash(&bytes).into())
}
