//! Whether a certificate is for a host (RFC 6125, as Go's `VerifyHostname` reads it).

use super::extensions::Names;

impl Names {
    pub(super) fn include(&self, host: &str) -> bool {
        let bracketed = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|_| host.len() >= 3);
        if let Ok(address) = bracketed.unwrap_or(host).parse::<std::net::IpAddr>() {
            return self.addresses.contains(&address.to_canonical());
        }
        let host = host.to_ascii_lowercase();
        let is_host = is_name(&host, false);
        self.dns.iter().any(|pattern| match is_host && is_name(pattern, true) {
            true => matches(pattern, &host),
            // What is no name of a host is only ever equal to itself.
            false => !host.is_empty() && host != "." && pattern.to_ascii_lowercase() == host,
        })
    }
}

/// Whether this can be the name of a host; a pattern may start with `*`.
fn is_name(host: &str, pattern: bool) -> bool {
    let host = if pattern { host } else { host.strip_suffix('.').unwrap_or(host) };
    let is_label = |(at, label): (usize, &str)| {
        let inner = |(at, byte): (usize, u8)| byte.is_ascii_alphanumeric() || byte == b'-' && at > 0 || byte == b'_';
        pattern && at == 0 && label == "*" || !label.is_empty() && label.bytes().enumerate().all(inner)
    };
    !host.is_empty() && host != "*" && host.split('.').enumerate().all(is_label)
}

fn matches(pattern: &str, host: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let pattern = pattern.strip_suffix('.').unwrap_or(&pattern);
    let host = host.strip_suffix('.').unwrap_or(host);
    let (parts, labels): (Vec<_>, Vec<_>) = (pattern.split('.').collect(), host.split('.').collect());
    let same = |(at, (part, label)): (usize, (&&str, &&str))| at == 0 && *part == "*" || part == label;
    !pattern.is_empty() && parts.len() == labels.len() && parts.iter().zip(&labels).enumerate().all(same)
}
