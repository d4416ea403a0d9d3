//! `cidrhost`, `cidrnetmask`, `cidrsubnet`, `cidrsubnets`.
//!
//! Zeros in front of a part of an IPv4 address are decimal, as in Terraform.
//! <https://developer.hashicorp.com/terraform/language/functions/cidrsubnet>

use std::net::{Ipv4Addr, Ipv6Addr};

use num_bigint::{BigInt, BigUint, Sign};

use super::call::{arity, integer, strings, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::value::Value;

const PREFIX: Parameter = Parameter::new("prefix", Shape::String);

pub(super) static CIDRHOST: Function =
    Function::new("cidrhost", &[PREFIX, Parameter::new("hostnum", Shape::Number)], Shape::String, |args, _| {
        let [prefix, number] = args else { return Err(arity()) };
        let (negative, number) = big(number)?;
        let network = Network::parse(text(prefix)).map_err(Refusal::new)?;
        network.host(negative, &number).map(Value::from)
    });

pub(super) static CIDRNETMASK: Function = Function::new("cidrnetmask", &[PREFIX], Shape::String, |args, _| {
    let prefix = text(args.first().ok_or_else(arity)?);
    let network = Network::parse(prefix).map_err(Refusal::new)?;
    match network.width {
        32 => Ok(network.shown(network.mask()).into()),
        _ => Err(Refusal::new(format!("IPv6 addresses cannot have a netmask: {prefix}"))),
    }
});

pub(super) static CIDRSUBNET: Function = Function::new(
    "cidrsubnet",
    &[PREFIX, Parameter::new("newbits", Shape::Number), Parameter::new("netnum", Shape::Number)],
    Shape::String,
    |args, _| {
        let [prefix, bits, number] = args else { return Err(arity()) };
        let bits = integer(bits)?;
        let (negative, number) = big(number)?;
        let network = Network::parse(text(prefix)).map_err(Refusal::new)?;
        network.subnet(bits, negative, &number).map(|subnet| subnet.to_string().into())
    },
);

pub(super) static CIDRSUBNETS: Function =
    Function::new("cidrsubnets", &[PREFIX], Shape::List(&Shape::String), |args, context| {
        context.spend(args.len())?;
        subnets(args)
    })
    .variadic(Parameter::new("newbits", Shape::Number));

/// A whole number of any size.
fn big(value: &Value) -> Result<(bool, BigUint), Refusal> {
    let digits = value.as_number().and_then(|number| number.to_whole_digits());
    digits.ok_or_else(|| Refusal::new("value must be a whole number"))
}

/// A network: the first address, right-aligned, and the length of its prefix.
#[derive(Clone, Copy)]
struct Network {
    address: u128,
    prefix: u32,
    /// 32 or 128.
    width: u32,
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("invalid CIDR expression: invalid CIDR address: {text}");
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let (address, width) = match address.contains(':') {
            true => (u128::from(address.parse::<Ipv6Addr>().map_err(|_| wrong())?), 128),
            false => (ipv4(address).ok_or_else(wrong)?, 32),
        };
        let digits = !prefix.is_empty() && prefix.len() <= 3 && prefix.bytes().all(|b| b.is_ascii_digit());
        let prefix = digits.then(|| prefix.parse::<u32>().ok()).flatten().filter(|n| *n <= width).ok_or_else(wrong)?;
        let network = Self { address, prefix, width };
        Ok(Self { address: address & network.mask(), ..network })
    }

    fn host_bits(self) -> u32 {
        self.width - self.prefix
    }

    fn mask(self) -> u128 {
        let all = if self.width == 128 { u128::MAX } else { u128::from(u32::MAX) };
        all & !low_bits(self.host_bits())
    }

    fn shown(self, address: u128) -> String {
        match u32::try_from(address) {
            Ok(v4) if self.width == 32 => Ipv4Addr::from(v4).to_string(),
            _ => Ipv6Addr::from(address).to_string(),
        }
    }

    /// The address with a host number; negative ones count from the end.
    fn host(self, negative: bool, number: &BigUint) -> Result<String, Refusal> {
        let count = BigUint::from(1u8) << self.host_bits();
        let inside = if negative { *number <= count } else { *number < count };
        if !inside {
            let prefix = self.prefix;
            let shown = match negative {
                true => format!("-{}", number - &count),
                false => number.to_string(),
            };
            let message = format!("prefix of {prefix} does not accommodate a host numbered {shown}");
            return Err(Refusal::new(message));
        }
        let number = if negative { (count.clone() - number) % count } else { number.clone() };
        let offset = u128::try_from(number).unwrap_or(0);
        Ok(self.shown(self.address | offset))
    }

    /// The network with a number below this one. Terraform takes negative numbers and widths too; what it
    /// makes of them is done alike.
    fn subnet(self, bits: i64, negative: bool, number: &BigUint) -> Result<Self, Refusal> {
        let (prefix, width) = (self.prefix, self.width);
        let longer = i64::from(prefix) + bits;
        if longer > i64::from(width) {
            return Err(Refusal::new(format!("insufficient address space to extend prefix of {prefix} by {bits}")));
        }
        let longer = u32::try_from(longer).map_err(|_| Refusal::refused("the prefix would have a negative length"))?;
        let most = if (0..64).contains(&bits) { (1u64 << bits) - 1 } else { u64::MAX };
        let low = number.iter_u64_digits().next().unwrap_or(0);
        let number = BigInt::from_biguint(if negative { Sign::Minus } else { Sign::Plus }, number.clone());
        if low > most {
            return Err(Refusal::new(format!(
                "prefix extension of {bits} does not accommodate a subnet numbered {number}"
            )));
        }
        let address = (BigInt::from(self.address) | (number << (width - longer))).magnitude().clone();
        let address = u128::try_from(address).ok().filter(|address| *address <= low_bits(width));
        let address = address.ok_or_else(|| Refusal::new("the subnet lies outside the address space"))?;
        Ok(Self { address, prefix: longer, width })
    }

    fn last(self) -> u128 {
        self.address | low_bits(self.host_bits())
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.shown(self.address), self.prefix)
    }
}

fn low_bits(count: u32) -> u128 {
    1u128.checked_shl(count).map_or(u128::MAX, |bit| bit - 1)
}

fn ipv4(text: &str) -> Option<u128> {
    let parts = text.split('.').map(|part| {
        let digits = !part.is_empty() && part.len() <= 10 && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<u32>().ok()).flatten().filter(|n| *n <= 255)
    });
    let parts = parts.collect::<Option<Vec<u32>>>().filter(|parts| parts.len() == 4)?;
    Some(u128::from(parts.iter().fold(0u32, |address, part| (address << 8) | part)))
}

/// Networks one after the other, each aligned to its own size.
fn subnets(args: &[Value]) -> Result<Value, Refusal> {
    let (prefix, lengths) = args.split_first().ok_or_else(arity)?;
    let network = Network::parse(text(prefix)).map_err(|why| Refusal::argument(0, why))?;
    let mut next = network.address;
    let mut exhausted = false;
    let mut found: Vec<String> = Vec::new();
    for (at, bits) in lengths.iter().enumerate() {
        let wrong = |message: String| Refusal::argument(at + 1, message);
        let bits = integer(bits).map_err(|refusal| wrong(refusal.message))?;
        let bits = match u32::try_from(bits) {
            Ok(0) | Err(_) if bits < 1 => return Err(wrong("must extend prefix by at least one bit".to_owned())),
            Ok(bits) if bits <= 32 => bits,
            _ => return Err(wrong("may not extend prefix by more than 32 bits".to_owned())),
        };
        let length = network.prefix + bits;
        if length > network.width {
            let kind = if network.width == 32 { "IPv4" } else { "IPv6" };
            return Err(wrong(format!(
                "would extend prefix to {length} bits, which is too long for an {kind} address"
            )));
        }
        let size = low_bits(network.width - length);
        let start = if next & size == 0 { Some(next) } else { (next | size).checked_add(1) };
        let start = start.filter(|start| !exhausted && *start >= network.address && *start <= network.last());
        let Some(start) = start else {
            let before = found.last().cloned().unwrap_or_else(|| network.to_string());
            return Err(wrong(format!(
                "not enough remaining address space for a subnet with a prefix of {length} bits after {before}"
            )));
        };
        let subnet = Network { address: start, prefix: length, width: network.width };
        found.push(subnet.to_string());
        exhausted = subnet.last() == u128::MAX;
        next = subnet.last().wrapping_add(1);
    }
    Ok(strings(found))
}
