//! Who is who: one person behind many addresses and logins, and the roles that a person holds at an instant.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Moment;
use crate::finding::Diagnostic;
use crate::parse::de::Spanned;

/// The identity map.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    people: Vec<Person>,
    /// Alias in lower case → index of the person.
    aliases: HashMap<String, usize>,
}

/// One human being, or one machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Person {
    /// Canonical id: the e-mail address.
    pub id: String,
    /// `group:default/orders`.
    pub team: Option<String>,
    /// A machine approves nothing.
    pub bot: bool,
    grants: Vec<Grant>,
}

#[derive(Clone, Debug, PartialEq)]
struct Grant {
    role: String,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

/// An entry of an `Identities` document.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonShape {
    person: Spanned<String>,
    #[serde(default)]
    aliases: Vec<Spanned<String>>,
    team: Option<String>,
    #[serde(default)]
    roles: Vec<GrantShape>,
    #[serde(default)]
    bot: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GrantShape {
    role: String,
    from: Option<Moment>,
    to: Option<Moment>,
}

impl Identities {
    /// Adds the entries of a document. An alias that two people claim is an error: whoever it was then, the other one
    /// would approve in their name.
    pub(super) fn add(&mut self, entries: Vec<PersonShape>) -> Vec<Diagnostic> {
        let mut told = Vec::new();
        for entry in entries {
            let index = self.people.len();
            let own = std::iter::once(&entry.person).chain(&entry.aliases);
            told.extend(own.filter_map(|alias| self.claim(alias, index, &entry.person)));
            self.people.push(Person::from(entry));
        }
        told
    }

    /// The person behind an address, a login or a fingerprint, in any case of letters. The forge's private addresses
    /// (`7+login@users.noreply.github.com`) stand for the login in them.
    pub fn person(&self, alias: &str) -> Option<&Person> {
        let alias = normal(alias);
        let index = self.aliases.get(&alias).or_else(|| self.aliases.get(private_login(&alias)?))?;
        self.people.get(*index)
    }

    /// The canonical id of a person; of somebody unknown, the alias in lower case.
    pub fn canonical(&self, alias: &str) -> String {
        self.person(alias).map_or_else(|| normal(alias), |person| person.id.clone())
    }

    /// Canonical ids of everybody named, sorted.
    pub fn canonical_set<'a>(&self, aliases: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        aliases.into_iter().map(|alias| self.canonical(alias)).collect()
    }

    /// Everybody, in the order of the documents.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    fn claim(&mut self, alias: &Spanned<String>, index: usize, person: &Spanned<String>) -> Option<Diagnostic> {
        let holder = *self.aliases.entry(normal(alias)).or_insert(index);
        let other = self.people.get(holder).filter(|_| holder != index)?;
        let message = format!("`{}` belongs to two people: {} and {}", alias.value, other.id, person.value);
        Some(
            Diagnostic::error("identities::duplicate", message)
                .at(alias.span)
                .label("claimed by an earlier entry")
                .help("an address or login stands for one person; merge the entries or remove the alias"),
        )
    }
}

impl Person {
    /// Whether there is an instant at which this person holds a role.
    pub fn holds_roles(&self) -> bool {
        !self.bot && !self.grants.is_empty()
    }

    /// Roles held at an instant, sorted. A role is held in `[from, to)`; an open end is open. Bots hold none.
    pub fn roles_at(&self, at: Timestamp) -> Vec<String> {
        let held = |grant: &&Grant| grant.from.is_none_or(|from| from <= at) && grant.to.is_none_or(|to| at < to);
        let grants = self.grants.iter().filter(|_| !self.bot).filter(held);
        grants.map(|grant| grant.role.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl From<PersonShape> for Person {
    fn from(shape: PersonShape) -> Self {
        let instant = |moment: Option<Moment>| moment.map(|Moment(at)| at);
        let grant = |grant: GrantShape| Grant { role: grant.role, from: instant(grant.from), to: instant(grant.to) };
        Self {
            id: shape.person.value,
            team: shape.team,
            bot: shape.bot,
            grants: shape.roles.into_iter().map(grant).collect(),
        }
    }
}

fn normal(alias: &str) -> String {
    alias.trim().to_lowercase()
}

/// `login` of `login@users.noreply.github.com`, `7+login@…` (GitHub) and `7-login@users.noreply.gitlab.com`.
fn private_login(address: &str) -> Option<&str> {
    let (name, host) = address.split_once('@')?;
    let numbered = |separator| {
        name.split_once(separator).filter(|(id, _)| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
    };
    match host {
        "users.noreply.github.com" => Some(numbered('+').map_or(name, |(_, login)| login)),
        "users.noreply.gitlab.com" => Some(numbered('-').map_or(name, |(_, login)| login)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::fixture;
    use crate::parse::de::from_node;

    fn identities(yaml: &str) -> (Identities, Vec<String>) {
        let (sources, documents) = fixture::yaml(yaml);
        let mut identities = Identities::default();
        let told = identities.add(from_node(&documents[0]).expect("entries"));
        (identities, fixture::told(&sources, &told))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    const PEOPLE: &str = "
- {person: alice@acme.example, aliases: [alice@acme.example, Alice-Acme, SHA256:AbC], team: group:default/orders}
- person: frank@acme.example
  aliases: [frank-acme, frank-oss]
  roles:
    - {role: service-owner, from: '2025-01-01T00:00:00Z', to: null}
    - {role: peer, from: '2025-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z'}
    - {role: peer, from: '2025-06-01T00:00:00Z', to: '2026-01-01T00:00:00Z'}
    - {role: change-manager}
- {person: renovate, bot: true, roles: [{role: peer}]}
";

    #[test]
    fn one_person_has_many_names() {
        let (identities, told) = identities(PEOPLE);
        assert!(told.is_empty());
        for alias in ["alice@acme.example", "ALICE@ACME.EXAMPLE", "alice-acme", " alice-acme ", "sha256:abc"] {
            assert_eq!(identities.canonical(alias), "alice@acme.example", "{alias}");
        }
        assert_eq!(identities.canonical("Mallory"), "mallory");
        assert!(identities.person("mallory").is_none());
        let both = identities.canonical_set(["frank-oss", "FRANK-acme", "x"]);
        assert_eq!(both.into_iter().collect::<Vec<_>>(), ["frank@acme.example", "x"]);
    }

    #[test]
    fn private_addresses_of_the_forge_are_the_login() {
        let (identities, _) = identities(PEOPLE);
        for alias in [
            "frank-acme@users.noreply.github.com",
            "1006+frank-acme@users.noreply.github.com",
            "1006-frank-acme@users.noreply.gitlab.com",
            "frank-acme@users.noreply.gitlab.com",
        ] {
            assert_eq!(identities.canonical(alias), "frank@acme.example", "{alias}");
        }
        for alias in ["frank-acme@users.noreply.github.com.evil.example", "x+frank-acme@users.noreply.github.com"] {
            assert!(identities.person(alias).is_none(), "{alias}");
        }
    }

    #[test]
    fn roles_are_held_from_their_first_instant_until_before_their_last() {
        let (identities, _) = identities(PEOPLE);
        let roles = |text: &str| identities.person("frank-acme").expect("frank").roles_at(at(text));
        assert_eq!(roles("2024-12-31T23:59:59Z"), ["change-manager"]);
        assert_eq!(roles("2025-01-01T00:00:00Z"), ["change-manager", "peer", "service-owner"]);
        assert_eq!(roles("2025-12-31T23:59:59.999999999Z"), ["change-manager", "peer", "service-owner"]);
        assert_eq!(roles("2026-01-01T00:00:00Z"), ["change-manager", "service-owner"]);
        let bot = identities.person("renovate").expect("a bot");
        assert!(bot.bot && bot.roles_at(at("2026-01-01T00:00:00Z")).is_empty());
    }

    #[test]
    fn an_alias_of_two_people_is_an_error() {
        let (_, told) =
            identities("- {person: a@x, aliases: [one, ONE]}\n- person: b@x\n  aliases:\n    - One\n    - a@X\n");
        assert_eq!(
            told,
            [
                "4: identities::duplicate: `One` belongs to two people: a@x and b@x",
                "5: identities::duplicate: `a@X` belongs to two people: a@x and b@x",
            ]
        );
    }
}
