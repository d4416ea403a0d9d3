//! Lists of patterns as ssh_config(5) has them: `*`, `?`, and `!` in front of what must not match.

/// Whether one pattern of the list matches and no negated one does.
pub(super) fn matches_list(text: &str, list: &str) -> bool {
    let mut found = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(text.as_bytes(), pattern.as_bytes()) => return false,
            Some(_) => {}
            None => found |= matches(text.as_bytes(), pattern.as_bytes()),
        }
    }
    found
}

/// Linear in the text for each star: the last one takes what the rest leaves.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (text.get(at), pattern.get(of)) {
            (_, Some(b'*')) => {
                star = Some((at, of + 1));
                of += 1;
            }
            (Some(_), Some(b'?')) => (at, of) = (at + 1, of + 1),
            (Some(a), Some(b)) if a == b => (at, of) = (at + 1, of + 1),
            (None, None) => return true,
            _ => match star {
                Some((from, after)) if from < text.len() => {
                    star = Some((from + 1, after));
                    (at, of) = (from + 1, after);
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches_list;

    #[test]
    fn patterns_are_those_of_ssh() {
        for (text, list) in [
            ("dave@acme.example", "dave@acme.example"),
            ("dave@acme.example", "*@acme.example"),
            ("dave@acme.example", "erin,d?ve@*"),
            ("", "*"),
            ("abcb", "*b"),
            ("dave", "*,!erin"),
        ] {
            assert!(matches_list(text, list), "{text} {list}");
        }
        for (text, list) in [
            ("dave@acme.example", "Dave@acme.example"),
            ("dave@acme.example.evil", "*@acme.example"),
            ("dave", "*,!dave"),
            ("dave", "!erin"),
            ("dave", ""),
            ("dave", "dav"),
            ("dav", "dave"),
        ] {
            assert!(!matches_list(text, list), "{text} {list}");
        }
    }
}
