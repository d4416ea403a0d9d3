//! The table of functions.

use super::{
    Function, affix, base64, case, charset, chunklist, cidr, coalesce, compact, concat, contains, conversion,
    csvdecode, element, file, fileset, flatten, format, hash, json, keys, length, lines, matchkeys, merge, numeric,
    parseint, path, power, range, regex, sensitive, setproduct, sets, special, sum, tfvars, time, transpose, trim,
    truth, unpredictable, urlencode, uuidv5, yaml, zipmap,
};

/// All functions of terraform 1.11, by name.
static FUNCTIONS: [&Function; 118] = [
    &numeric::ABS,
    &path::ABSPATH,
    &truth::ALLTRUE,
    &truth::ANYTRUE,
    &base64::BASE64DECODE,
    &base64::BASE64ENCODE,
    &base64::BASE64GZIP,
    &hash::BASE64SHA256,
    &hash::BASE64SHA512,
    &path::BASENAME,
    &unpredictable::BCRYPT,
    &special::CAN,
    &numeric::CEIL,
    &trim::CHOMP,
    &chunklist::CHUNKLIST,
    &cidr::CIDRHOST,
    &cidr::CIDRNETMASK,
    &cidr::CIDRSUBNET,
    &cidr::CIDRSUBNETS,
    &coalesce::COALESCE,
    &coalesce::COALESCELIST,
    &compact::COMPACT,
    &concat::CONCAT,
    &contains::CONTAINS,
    &csvdecode::CSVDECODE,
    &path::DIRNAME,
    &compact::DISTINCT,
    &element::ELEMENT,
    &affix::ENDSWITH,
    &sensitive::EPHEMERALASNULL,
    &file::FILE,
    &file::FILEBASE64,
    &hash::FILEBASE64SHA256,
    &hash::FILEBASE64SHA512,
    &file::FILEEXISTS,
    &hash::FILEMD5,
    &fileset::FILESET,
    &hash::FILESHA1,
    &hash::FILESHA256,
    &hash::FILESHA512,
    &flatten::FLATTEN,
    &numeric::FLOOR,
    &format::FORMAT,
    &time::FORMATDATE,
    &format::FORMATLIST,
    &lines::INDENT,
    &contains::INDEX,
    &sensitive::ISSENSITIVE,
    &lines::JOIN,
    &json::JSONDECODE,
    &json::JSONENCODE,
    &keys::KEYS,
    &length::LENGTH,
    &power::LOG,
    &super::lookup::LOOKUP,
    &case::LOWER,
    &matchkeys::MATCHKEYS,
    &numeric::MAX,
    &hash::MD5,
    &merge::MERGE,
    &numeric::MIN,
    &sensitive::NONSENSITIVE,
    &element::ONE,
    &parseint::PARSEINT,
    &path::PATHEXPAND,
    &unpredictable::PLANTIMESTAMP,
    &power::POW,
    &range::RANGE,
    &regex::REGEX,
    &regex::REGEXALL,
    &regex::REPLACE,
    &element::REVERSE,
    &unpredictable::RSADECRYPT,
    &sensitive::SENSITIVE,
    &sets::SETINTERSECTION,
    &setproduct::SETPRODUCT,
    &sets::SETSUBTRACT,
    &sets::SETUNION,
    &hash::SHA1,
    &hash::SHA256,
    &hash::SHA512,
    &numeric::SIGNUM,
    &element::SLICE,
    &lines::SORT,
    &lines::SPLIT,
    &affix::STARTSWITH,
    &affix::STRCONTAINS,
    &lines::STRREV,
    &lines::SUBSTR,
    &sum::SUM,
    &special::TEMPLATEFILE,
    &special::TEMPLATESTRING,
    &charset::TEXTDECODEBASE64,
    &charset::TEXTENCODEBASE64,
    &time::TIMEADD,
    &time::TIMECMP,
    &unpredictable::TIMESTAMP,
    &case::TITLE,
    &conversion::TOBOOL,
    &conversion::TOLIST,
    &conversion::TOMAP,
    &conversion::TONUMBER,
    &conversion::TOSET,
    &conversion::TOSTRING,
    &transpose::TRANSPOSE,
    &trim::TRIM,
    &trim::TRIMPREFIX,
    &trim::TRIMSPACE,
    &trim::TRIMSUFFIX,
    &special::TRY,
    &case::UPPER,
    &urlencode::URLENCODE,
    &unpredictable::UUID,
    &uuidv5::UUIDV5,
    &keys::VALUES,
    &yaml::YAMLDECODE,
    &yaml::YAMLENCODE,
    &zipmap::ZIPMAP,
];

/// The function of a name, without namespace.
pub fn lookup(name: &str) -> Option<&'static Function> {
    let at = FUNCTIONS.binary_search_by_key(&name, |function| function.name).ok()?;
    FUNCTIONS.get(at).copied()
}

/// The names of all functions, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|function| function.name)
}

/// A function of the provider that is part of terraform: `provider::terraform::NAME`.
pub(in crate::terraform::eval) fn lookup_builtin_provider(name: &str) -> Option<&'static Function> {
    match name {
        "encode_expr" => Some(&tfvars::ENCODE_EXPR),
        "encode_tfvars" => Some(&tfvars::ENCODE_TFVARS),
        "decode_tfvars" => Some(&tfvars::DECODE_TFVARS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_complete() {
        assert!(FUNCTIONS.is_sorted_by_key(|function| function.name));
        assert!(names().all(|name| lookup(name).is_some_and(|function| function.name == name)));
        assert!(lookup("core").is_none());
    }
}
