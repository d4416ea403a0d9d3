//! `textencodebase64`, `textdecodebase64`.
//!
//! Encodings go by their IANA names. <https://developer.hashicorp.com/terraform/language/functions/textencodebase64>

use data_encoding::BASE64;
use encoding_rs::Encoding;

use super::call::{arity, text};
use super::{Function, Parameter, Refusal, Shape, base64};
use crate::terraform::eval::value::Value;

pub(super) static TEXTENCODEBASE64: Function = Function::new(
    "textencodebase64",
    &[Parameter::new("string", Shape::String), Parameter::new("encoding", Shape::String)],
    Shape::String,
    |args, _| {
        let [string, encoding] = args else { return Err(arity()) };
        let charset = Charset::named(text(encoding))?;
        let bytes = charset.encode(text(string)).ok_or_else(|| {
            let name = text(encoding);
            Refusal::argument(0, format!("the given string contains characters that cannot be represented in {name}"))
        })?;
        Ok(BASE64.encode(&bytes).into())
    },
);

pub(super) static TEXTDECODEBASE64: Function = Function::new(
    "textdecodebase64",
    &[Parameter::new("source", Shape::String), Parameter::new("encoding", Shape::String)],
    Shape::String,
    |args, _| {
        let [source, encoding] = args else { return Err(arity()) };
        let charset = Charset::named(text(encoding))?;
        let bytes = base64::decode(text(source)).map_err(|at| {
            Refusal::argument(0, format!("the given value is has an invalid base64 symbol at offset {at}"))
        })?;
        let decoded = charset.decode(&bytes).filter(|decoded| !decoded.contains('\u{fffd}'));
        decoded.map(Value::from).ok_or_else(|| {
            let name = text(encoding);
            Refusal::argument(0, format!("the given string contains symbols that are not defined for {name}"))
        })
    },
);

/// What the web's encodings (`encoding_rs`) do not have or define otherwise is done here.
enum Charset {
    Utf8,
    /// Bytes up to a largest one stand for the characters of the same number.
    Bytes(u8),
    Utf16 {
        big: bool,
        mark: bool,
    },
    Web(&'static Encoding),
}

/// IANA names of encodings that the web defines as IANA does.
const WEB: [&str; 34] = [
    "gbk",
    "gb18030",
    "big5",
    "euc-jp",
    "shift_jis",
    "iso-2022-jp",
    "euc-kr",
    "koi8-r",
    "koi8-u",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "macintosh",
    "ibm866",
    "windows-874",
    "x-mac-cyrillic",
];

impl Charset {
    fn named(name: &str) -> Result<Self, Refusal> {
        let lower = name.to_ascii_lowercase();
        Ok(match lower.as_str() {
            "utf-8" => Self::Utf8,
            "us-ascii" | "ascii" | "iso-ir-6" | "iso646-us" => Self::Bytes(0x7f),
            "iso-8859-1" | "latin1" | "iso_8859-1" | "l1" => Self::Bytes(0xff),
            "utf-16" => Self::Utf16 { big: true, mark: true },
            "utf-16be" => Self::Utf16 { big: true, mark: false },
            "utf-16le" => Self::Utf16 { big: false, mark: false },
            web if WEB.contains(&web) => Self::Web(Encoding::for_label(web.as_bytes()).ok_or_else(|| unknown(name))?),
            _ => return Err(unknown(name)),
        })
    }

    fn encode(&self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Bytes(largest) => {
                text.chars().map(|c| u8::try_from(u32::from(c)).ok().filter(|byte| byte <= largest)).collect()
            }
            Self::Utf16 { big, mark } => {
                let mark = mark.then_some(0xfeff).filter(|_| !text.is_empty());
                let units = mark.into_iter().chain(text.encode_utf16());
                Some(units.flat_map(|unit| if *big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect())
            }
            Self::Web(encoding) => {
                let (bytes, _, failed) = encoding.encode(text);
                (!failed).then(|| bytes.into_owned())
            }
        }
    }

    fn decode(&self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
            Self::Bytes(largest) => {
                bytes.iter().all(|byte| byte <= largest).then(|| bytes.iter().map(|b| char::from(*b)).collect())
            }
            Self::Utf16 { big, mark } => {
                let (big, bytes) = match (mark, bytes) {
                    (true, [0xfe, 0xff, rest @ ..]) => (true, rest),
                    (true, [0xff, 0xfe, rest @ ..]) => (false, rest),
                    // Go requires the mark.
                    (true, [_, ..]) => return None,
                    _ => (*big, bytes),
                };
                let (pairs, rest) = bytes.as_chunks::<2>();
                let unit = |pair: &[u8; 2]| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) };
                let units: Vec<u16> = pairs.iter().map(unit).collect();
                String::from_utf16(&units).ok().filter(|_| rest.is_empty())
            }
            Self::Web(encoding) => {
                let (text, failed) = encoding.decode_without_bom_handling(bytes);
                (!failed).then(|| text.into_owned())
            }
        }
    }
}

fn unknown(name: &str) -> Refusal {
    let message = format!("{name:?} is not a supported IANA encoding name or alias in this Terraform version");
    Refusal::argument(1, message)
}
