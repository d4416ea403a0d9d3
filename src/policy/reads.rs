//! Which members of the input an evaluation can read, told from the text of all modules that it can reach.
//!
//! More than is read may be told, never less. `input.name` reads that member. A module that hands the whole input on,
//! or looks into it in a way that cannot be told, reads everything; only of our own modules it is known that they name
//! in words what they then read (a test asks them).

use std::collections::HashSet;
use std::sync::Arc;

use super::outline;

/// What can be read: all that the modules together can.
#[derive(Clone, Debug, Default)]
pub struct Reads(Vec<Arc<Module>>);

/// What one module reads.
#[derive(Debug, Default)]
struct Module {
    /// Members that are named behind `input.`.
    named: HashSet<Box<str>>,
    /// Names and texts, where it is one of ours.
    spoken: HashSet<Box<str>>,
    /// One of ours hands the whole input on.
    handed: bool,
    /// One from elsewhere does.
    everything: bool,
    /// It is from elsewhere: what it names below a member is not looked at.
    elsewhere: bool,
    /// An answer depends on more than the input: the clock, chance, the machine.
    impure: bool,
}

/// Functions whose answers are not the same each time, by a word that nobody needs for anything else.
const IMPURE: [&str; 5] = ["intn", "rfc4122", "opa", "lookup_ip_addr", "decode_verify"];

impl Reads {
    /// What one module reads; `own` when it is one of ours.
    pub(super) fn of(text: &str, own: bool) -> Self {
        Self(vec![Arc::new(Module::of(text, own))])
    }

    /// What several modules read together.
    pub(super) fn add(&mut self, other: &Self) {
        self.0.extend(other.0.iter().cloned());
    }

    /// Whether a field somewhere below a member can be read. Our own modules name it.
    pub fn field(&self, name: &str) -> bool {
        self.0.iter().any(|module| module.elsewhere || module.spoken.contains(name))
    }

    /// Whether a member of the input can be read.
    pub fn member(&self, name: &str) -> bool {
        self.0.iter().any(|module| module.everything || module.named.contains(name))
            || self.0.iter().any(|module| module.handed) && self.0.iter().any(|module| module.spoken.contains(name))
    }

    /// Whether the input alone decides the answer.
    pub fn is_pure(&self) -> bool {
        !self.0.iter().any(|module| module.impure)
    }
}

impl Module {
    fn of(text: &str, own: bool) -> Self {
        let mut reads = Self::default();
        for (at, word) in outline::words(text) {
            if word == "input" && !outline::is_member(text, at) {
                let member = text.get(at + word.len()..).and_then(|after| after.strip_prefix('.'));
                match member.and_then(outline::word_at) {
                    Some(name) => drop(reads.named.insert(name.into())),
                    None => reads.handed = true,
                }
            } else if word == outline::TEMPLATE {
                reads.handed = true;
            }
            if own && !reads.spoken.contains(word) {
                reads.spoken.insert(word.into());
            }
        }
        if own {
            reads.spoken.extend(text.split('"').filter(|piece| outline::word_at(piece) == Some(piece)).map(Box::from));
        } else {
            reads.elsewhere = true;
            reads.impure = is_impure(text);
            reads.everything = std::mem::take(&mut reads.handed);
        }
        reads
    }
}

/// Whether a text can call a function that answers differently each time. The whole text counts, comments and all.
fn is_impure(text: &str) -> bool {
    let words = || text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let asks_the_clock =
        text.match_indices("now_ns").any(|(at, _)| !text.get(..at).is_some_and(|b| b.ends_with("input.")));
    asks_the_clock || words().any(|word| IMPURE.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(reads: &Reads, members: &[&'a str]) -> Vec<&'a str> {
        members.iter().copied().filter(|name| reads.member(name)).collect()
    }

    const MEMBERS: [&str; 4] = ["now_ns", "git", "resource", "config"];

    #[test]
    fn a_member_is_read_where_it_is_named() {
        let text =
            "x := input.resource.attrs.git\ny if data.input.config == input.now_ns\n# input.git\nz := \"input.git\"\n";
        assert_eq!(read(&Reads::of(text, false), &MEMBERS), ["now_ns", "resource"]);
        assert_eq!(read(&Reads::of(text, true), &MEMBERS), ["now_ns", "resource"]);
    }

    #[test]
    fn an_input_that_is_handed_on_is_read_as_a_whole() {
        for text in
            ["x := f(input)", "x := input[name]", "x := input[\"git\"]", "import input as i", "x := $\"{input.git}\""]
        {
            assert_eq!(read(&Reads::of(text, false), &MEMBERS), MEMBERS, "{text}");
        }
    }

    #[test]
    fn our_own_modules_read_of_it_what_they_name() {
        let mut reads = Reads::of("x if lib.f(input, [\"git\", \"files\"])\n", true);
        assert_eq!(read(&reads, &MEMBERS), ["git"]);
        reads.add(&Reads::of("f(world, path) if world.now_ns > 1\n", true));
        assert_eq!(read(&reads, &MEMBERS), ["now_ns", "git"]);
        reads.add(&Reads::of("f(x) := walk(input)\n", false));
        assert_eq!(read(&reads, &MEMBERS), MEMBERS);
    }

    #[test]
    fn a_field_below_a_member_is_named_by_our_own_modules() {
        let text = "x if input.context.slo.age_ns > object.get(y, \"max_age_ns\", 1)\n";
        assert_eq!(
            ["age_ns", "max_age_ns", "as_of"].map(|field| Reads::of(text, true).field(field)),
            [true, true, false]
        );
        assert!(Reads::of(text, false).field("as_of"));
    }

    #[test]
    fn an_answer_that_depends_on_more_than_the_input_is_told() {
        for text in [
            "x := time.now_ns()",
            "x := rand.intn(\"a\", 2)",
            "x := opa.runtime()",
            "x := uuid.rfc4122(\"a\")",
            "x := time[\"now_ns\"]()",
        ] {
            assert!(!Reads::of(text, false).is_pure(), "{text}");
        }
        for text in ["x := input.now_ns", "x := input.resource.attrs.runtimeClassName", "x := uuid.parse(\"a\")"] {
            assert!(Reads::of(text, false).is_pure(), "{text}");
        }
    }
}
