//! Database migrations: which files they are, by the layouts of the tools that run them, and what their SQL does.
//!
//! Layouts: Flyway (`V42__x.sql`, `R__`, `U42__`, `B42__`), golang-migrate and sqlx (`000042_x.up.sql`), Prisma
//! (`20260101000000_x/migration.sql`), dbmate, goose and sql-migrate (sections in one file), numbered `.sql` files in a folder of
//! migrations; Rails, Alembic and Django, whose SQL a program makes at run time.

mod statement;

use std::cmp::Ordering;

pub use statement::{Dialect, Statement, read};

/// Where a migration file belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Whose layout it is.
    pub tool: &'static str,
    /// `versioned`, `repeatable`, `baseline` or `undo`.
    pub role: &'static str,
    /// Version as written.
    pub version: Option<String>,
    /// The folder whose files are one series.
    pub series: String,
    /// Whether the file holds the SQL itself.
    pub is_sql: bool,
}

impl Layout {
    /// The layout of a path relative to the repository's root; `None` for a file that is no migration. With `declared`, any `.sql`
    /// file is one.
    pub fn of(path: &str, declared: bool) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let found = match name.rsplit_once('.')? {
            (stem, "sql") => flyway(stem)
                .or_else(|| prisma(folder, stem))
                .or_else(|| paired(stem))
                .or_else(|| numbered(folder, stem, declared)),
            (stem, "rb" | "py") => program(folder, stem, name),
            _ => None,
        };
        let (tool, role, version) = found?;
        let series = match tool {
            "prisma" => folder.rsplit_once('/').map_or("", |(above, _)| above),
            _ => folder,
        };
        Some(Self { tool, role, version, series: series.to_owned(), is_sql: name.ends_with(".sql") })
    }

    /// The tool of a numbered `.sql` file, which only its text tells.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        const MARKS: [(&str, &str); 3] =
            [("-- migrate:up", "dbmate"), ("-- +goose Up", "goose"), ("-- +migrate Up", "sql-migrate")];
        if let Some((_, tool)) = MARKS.iter().find(|(mark, _)| self.tool == "sql" && text.contains(mark)) {
            self.tool = tool;
        }
        self
    }
}

type Found = (&'static str, &'static str, Option<String>);

/// `V1_2__words`, `U1_2__words`, `B1_2__words`, `R__words`.
fn flyway(stem: &str) -> Option<Found> {
    let (prefix, words) = stem.split_once("__")?;
    let version = prefix.get(1..).filter(|v| !words.is_empty() && is_version(v));
    let role = match (prefix.chars().next()?, version) {
        ('V', Some(_)) => "versioned",
        ('U', Some(_)) => "undo",
        ('B', Some(_)) => "baseline",
        ('R', None) if prefix == "R" => "repeatable",
        _ => return None,
    };
    Some(("flyway", role, version.map(str::to_owned)))
}

fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || ['.', '_'].contains(&c))
}

/// `20260101000000_words/migration.sql`.
fn prisma(folder: &str, stem: &str) -> Option<Found> {
    let last = folder.rsplit('/').next().filter(|_| stem == "migration")?;
    Some(("prisma", "versioned", Some(digits(last)?)))
}

/// `000042_words.up`, `000042_words.down`.
fn paired(stem: &str) -> Option<Found> {
    let (name, way) = stem.rsplit_once('.')?;
    let role = match way {
        "up" => "versioned",
        "down" => "undo",
        _ => return None,
    };
    Some(("golang-migrate", role, Some(digits(name)?)))
}

/// `0042_words` in a folder of migrations.
fn numbered(folder: &str, stem: &str, declared: bool) -> Option<Found> {
    const FOLDERS: [&str; 5] = ["migrations", "migration", "migrate", "drizzle", "schema-migrations"];
    let among = folder.split('/').any(|part| FOLDERS.contains(&part.to_ascii_lowercase().as_str()));
    let version = digits(stem);
    (declared || among && version.is_some()).then_some(("sql", "versioned", version))
}

/// Migrations whose SQL is made when they run.
fn program(folder: &str, stem: &str, name: &str) -> Option<Found> {
    let last = |n: usize| folder.rsplit('/').nth(n).unwrap_or_default();
    let ruby = name.ends_with(".rb");
    if ruby && last(0) == "migrate" && digits(stem).is_some_and(|v| v.len() == 14) {
        return Some(("rails", "versioned", digits(stem)));
    }
    if !ruby && last(0) == "versions" && ["alembic", "migrations"].contains(&last(1)) {
        // Revisions are a chain of hashes, not numbers.
        return Some(("alembic", "versioned", None));
    }
    let django = !ruby && last(0) == "migrations" && digits(stem).is_some_and(|v| v.len() == 4);
    django.then(|| ("django", "versioned", digits(stem)))
}

/// The number in front of `_` or `-`.
fn digits(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, rest) = text.split_at_checked(end)?;
    (!number.is_empty() && rest.starts_with(['_', '-'])).then(|| number.to_owned())
}

/// Compares versions number by number: `1.2` is below `1.10`, and `007` is `7`.
pub fn compare(one: &str, other: &str) -> Ordering {
    let numbers = |text: &str| -> Vec<u128> {
        let parts = text.split(['.', '_']).map(|part| part.parse().unwrap_or(u128::MAX));
        let mut numbers: Vec<u128> = parts.collect();
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        numbers
    };
    numbers(one).cmp(&numbers(other))
}

/// Whether a migration lies where nothing of production is migrated.
pub fn is_exempt(path: &str) -> bool {
    const FOLDERS: [&str; 11] = [
        "test",
        "tests",
        "testdata",
        "test-data",
        "fixtures",
        "spec",
        "examples",
        "example",
        "seeds",
        "seed",
        "__tests__",
    ];
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    folder.split('/').any(|part| FOLDERS.contains(&part.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_the_tool() {
        let of = |path: &str| {
            Layout::of(path, false).map(|l| (l.tool, l.role, l.version.unwrap_or_default(), l.series, l.is_sql))
        };
        let row = |tool, role, version: &str, series: &str, sql| Some((tool, role, version.into(), series.into(), sql));
        assert_eq!(of("db/V1_2__add.sql"), row("flyway", "versioned", "1_2", "db", true));
        assert_eq!(of("db/V1.2__add.sql"), row("flyway", "versioned", "1.2", "db", true));
        assert_eq!(of("db/R__views.sql"), row("flyway", "repeatable", "", "db", true));
        assert_eq!(of("db/U3__back.sql"), row("flyway", "undo", "3", "db", true));
        assert_eq!(of("m/000042_x.up.sql"), row("golang-migrate", "versioned", "000042", "m", true));
        assert_eq!(of("m/000042_x.down.sql"), row("golang-migrate", "undo", "000042", "m", true));
        assert_eq!(
            of("prisma/migrations/20260101000000_x/migration.sql"),
            row("prisma", "versioned", "20260101000000", "prisma/migrations", true)
        );
        assert_eq!(of("db/migrations/0007_x.sql"), row("sql", "versioned", "0007", "db/migrations", true));
        assert_eq!(
            of("db/migrate/20260101000000_x.rb"),
            row("rails", "versioned", "20260101000000", "db/migrate", false)
        );
        assert_eq!(of("alembic/versions/ab12_x.py"), row("alembic", "versioned", "", "alembic/versions", false));
        assert_eq!(of("shop/migrations/0002_x.py"), row("django", "versioned", "0002", "shop/migrations", false));
        for path in [
            "db/schema.sql",
            "V1_add.sql",
            "db/Vx__y.sql",
            "query/7_report.sql",
            "app/models.py",
            "README",
            "x/__init__.py",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
        assert_eq!(Layout::of("sql/report.sql", true).map(|l| (l.tool, l.version)), Some(("sql", None)));
    }

    #[test]
    fn the_text_tells_the_tool_of_numbered_files() {
        let layout = Layout::of("db/migrations/1_x.sql", false).expect("a migration");
        assert_eq!(layout.clone().with_text("-- migrate:up\n").tool, "dbmate");
        assert_eq!(layout.clone().with_text("-- +goose Up\n").tool, "goose");
        assert_eq!(layout.with_text("select 1").tool, "sql");
    }

    #[test]
    fn versions_are_numbers() {
        for (one, order, other) in [
            ("9", Ordering::Less, "10"),
            ("1.2", Ordering::Less, "1_10"),
            ("007", Ordering::Equal, "7"),
            ("1.0", Ordering::Equal, "1"),
            ("20260102000000", Ordering::Greater, "20260101235959"),
        ] {
            assert_eq!(compare(one, other), order, "{one} {other}");
        }
    }

    #[test]
    fn tests_and_seeds_are_exempt() {
        assert!(is_exempt("db/seeds/V1__x.sql") && is_exempt("src/test/resources/db/migration/V1__x.sql"));
        assert!(!is_exempt("db/migration/V1__test.sql"));
    }
}
