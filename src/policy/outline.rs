//! What the text of a module tells without being parsed: its package, the rules that it declares, and what of `data`
//! it can reach.
//!
//! The embedded policies are known to parse (a test says so), and a run needs few of them: their text is only looked
//! over. What is found here about them is what a parser finds; about `data` it may be more, never less.

use std::collections::BTreeSet;

use super::rego::Module;

/// What a module is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outline {
    /// Path of its package, without `data`.
    pub(super) package: Vec<String>,
    /// First names of its rules.
    pub(super) rules: BTreeSet<String>,
    /// Constant starts of the paths into `data` that it names, without `data`.
    pub(super) reaches: BTreeSet<Vec<String>>,
}

impl Outline {
    /// Looks a text over whose rules begin at the start of a line.
    pub(super) fn scan(text: &str) -> Self {
        let mut outline = Self { reaches: reaches(text), ..Self::default() };
        for (offset, word) in words(text).filter(|(offset, _)| starts_line(text, *offset)) {
            let rest = text.get(offset + word.len()..).unwrap_or_default();
            match word {
                "package" => outline.package = path(rest.trim_start()),
                "default" => outline.rules.extend(word_at(rest.trim_start()).map(str::to_owned)),
                "import" | "else" => {}
                name => drop(outline.rules.insert(name.to_owned())),
            }
        }
        outline
    }

    /// What a parsed module says about itself.
    pub(super) fn of(module: &Module, text: &str) -> Self {
        Self {
            package: module.package.iter().map(ToString::to_string).collect(),
            rules: module.rules.iter().map(|rule| rule.head.name().to_owned()).collect(),
            reaches: reaches(text),
        }
    }

    /// Whether a rule of this name is declared.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.rules.contains(name)
    }

    /// The package as it is written.
    pub(super) fn package(&self) -> String {
        self.package.join(".")
    }

    /// Whether something of the other module can be reached from this one: it is of the same package, or one names the
    /// other's package or a part of it.
    pub(super) fn reaches(&self, other: &Self) -> bool {
        self.reaches.iter().chain([&self.package]).any(|path| along(path, &other.package))
    }
}

/// Whether one path is the start of the other.
fn along(a: &[String], b: &[String]) -> bool {
    a.iter().zip(b).all(|(a, b)| a == b)
}

/// Every `data.a.b["c"]` up to the first part that is not constant. A template may name anything.
fn reaches(text: &str) -> BTreeSet<Vec<String>> {
    let path = |(offset, word): (usize, &str)| match word {
        TEMPLATE => Some(Vec::new()),
        "data" if !is_member(text, offset) => {
            Some(steps(text.get(offset + word.len()..).unwrap_or_default(), Vec::new()))
        }
        _ => None,
    };
    words(text).filter_map(path).collect()
}

/// Whether a name stands behind a dot.
pub(super) fn is_member(text: &str, offset: usize) -> bool {
    text.get(..offset).is_some_and(|before| before.trim_end().ends_with('.'))
}

fn starts_line(text: &str, offset: usize) -> bool {
    text.get(..offset).is_some_and(|before| before.is_empty() || before.ends_with('\n'))
}

/// `a.b["c"]` at the start of a text.
fn path(text: &str) -> Vec<String> {
    let first = word_at(text).unwrap_or_default();
    steps(text.get(first.len()..).unwrap_or_default(), vec![first.to_owned()])
}

fn steps(mut rest: &str, mut path: Vec<String>) -> Vec<String> {
    loop {
        if let Some(name) = rest.strip_prefix('.').and_then(word_at) {
            path.push(name.to_owned());
            rest = rest.get(1 + name.len()..).unwrap_or_default();
        } else if let Some((name, tail)) = rest.strip_prefix("[\"").and_then(|quoted| quoted.split_once("\"]"))
            && !name.contains(['"', '\\'])
        {
            path.push(name.to_owned());
            rest = tail;
        } else {
            return path;
        }
    }
}

/// The name at the start of a text.
pub(super) fn word_at(text: &str) -> Option<&str> {
    let ascii = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    let rest = text.get(ascii..).unwrap_or_default();
    let end = if rest.starts_with(is_word) { rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()) } else { 0 };
    text.get(..ascii + end).filter(|word| !word.is_empty())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What stands before the quote of a template.
pub(super) const TEMPLATE: &str = "$";

/// Names and numbers of the code with their offsets, outside of comments and strings, and where templates begin.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let start = at;
            match rest.as_bytes().first()? {
                b'$' => {
                    at += 1;
                    return Some((start, TEMPLATE));
                }
                b'#' => at += rest.find('\n').unwrap_or(rest.len()),
                b'"' => at += quoted(rest),
                b'`' => at += rest.get(1..).and_then(|r| r.find('`')).map_or(rest.len(), |end| end + 2),
                byte if byte.is_ascii() && !is_word(char::from(*byte)) => at += 1,
                _ => match word_at(rest) {
                    Some(word) => {
                        at += word.len();
                        return Some((start, word));
                    }
                    None => at += rest.chars().next()?.len_utf8(),
                },
            }
        }
    })
}

/// Length of the string at the start of a text, with its quotes.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    let ends = |byte: &u8| {
        let ends = matches!(byte, b'"' | b'\n') && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    };
    text.as_bytes().iter().skip(1).position(ends).map_or(text.len(), |offset| offset + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(parts: &[&str]) -> Vec<String> {
        parts.iter().map(|part| (*part).to_owned()).collect()
    }

    #[test]
    fn the_package_the_rules_and_what_is_reached() {
        let text = "# data.comment\npackage a.b[\"c-d\"]\n\nimport data.lib.x as y\n\ndefault p := 1\n\nq contains v if {\n\tv := \
                    data.m[\"n\"][i].o # data\n\tw := input.data.z\n} else := 3\n\nr(a) := \"data.text\"\n";
        let outline = Outline::scan(text);
        assert_eq!(outline.package, path(&["a", "b", "c-d"]));
        assert_eq!(outline.rules.iter().map(String::as_str).collect::<Vec<_>>(), ["p", "q", "r"]);
        assert_eq!(outline.reaches.into_iter().collect::<Vec<_>>(), [path(&["lib", "x"]), path(&["m", "n"])]);
    }

    #[test]
    fn what_cannot_be_told_reaches_everything() {
        let other = Outline { package: path(&["z"]), ..Outline::default() };
        let of = |text: &str| Outline::scan(&format!("package p\n\n{text}\n"));
        assert!(of("x := data[input.name]").reaches(&other));
        assert!(of("x := $\"a {data.q}\"").reaches(&other));
        assert!(of("x := walk(data)").reaches(&other));
        assert!(!of("x := `data`").reaches(&other));
        assert!(!of("x := \"\\\"data[0]\"").reaches(&other));
        assert!(!of("x := data.q").reaches(&other));
    }

    #[test]
    fn words_are_those_of_the_code() {
        let text = "größe1 := \"a\\\"b\" + x–y # z\n`raw\n` d\"open\nlast";
        let found: Vec<(usize, &str)> = words(text).collect();
        let at = |word: &'static str| (text.find(word).unwrap(), word);
        assert_eq!(found, [at("größe1"), at("x"), at("y"), (text.find("d\"").unwrap(), "d"), at("last")]);
    }

    #[test]
    fn one_package_in_several_files_is_one() {
        let of = |package: &str| Outline::scan(&format!("package {package}\n"));
        assert!(of("p.q").reaches(&of("p.q")));
        assert!(of("p.q").reaches(&of("p")));
        assert!(!of("p.q").reaches(&of("p.r")));
    }
}
