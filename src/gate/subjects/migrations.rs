//! Database migrations that the change touches, each with its series and what its SQL does.

use std::collections::BTreeSet;

use globset::GlobSet;

use super::reader::Reader;
use crate::change::migration::{self, Dialect, Layout, Statement};
use crate::discover;
use crate::facts::{MigrationFacts, StatementFacts};
use crate::finding::Diagnostic;
use crate::gate::Session;
use crate::gate::workspace::Difference;
use crate::git::{FileChange, FileStatus, Repository, Snapshot};
use crate::resolve::{self, Resolver};
use crate::source::{Revision, Source};

/// Migrations whose file differs, sorted by path; none without a difference.
pub(super) fn read(
    reader: &Reader<'_>,
    resolver: &Resolver<'_>,
    session: &mut Session,
) -> Result<Vec<MigrationFacts>, Diagnostic> {
    let workspace = reader.workspace;
    let (Some(difference), Some(repository)) = (&workspace.difference, &workspace.repository) else {
        return Ok(Vec::new());
    };
    let declared = resolve::globs(&reader.inputs.config.migrations.paths, "migrations.paths")?;
    let found = Finder { reader, resolver, difference, repository, declared };
    let changes = difference.changes.iter().filter(|change| reader.in_scope(&change.path));
    let facts = changes.filter_map(|change| found.migration(change, session).transpose());
    facts.collect()
}

struct Finder<'a> {
    reader: &'a Reader<'a>,
    resolver: &'a Resolver<'a>,
    difference: &'a Difference,
    repository: &'a Repository,
    declared: GlobSet,
}

impl Finder<'_> {
    fn migration(&self, change: &FileChange, session: &mut Session) -> Result<Option<MigrationFacts>, Diagnostic> {
        // One that is moved to where no tool finds it is gone.
        let earlier = change.previous_path.as_deref().unwrap_or(&change.path);
        let here = self.layout(&change.path);
        let Some(mut layout) = here.clone().or_else(|| self.layout(earlier)) else { return Ok(None) };
        let is_there = here.is_some() && change.status != FileStatus::Deleted;
        let (mut statements, mut validated) = (Vec::new(), BTreeSet::new());
        let dialect = self.dialect(&change.path);
        if is_there && layout.is_sql {
            let text = self.text(&change.path, session)?;
            layout = layout.with_text(&text);
            statements = migration::read(&text, dialect);
            if statements.iter().any(|s| s.op == "set-not-null") {
                validated = self.validated(&layout, dialect)?;
            }
        }
        let latest = self.latest(&layout, earlier)?;
        let behind = layout.version.as_deref().zip(latest.as_deref());
        Ok(Some(MigrationFacts {
            path: change.path.clone(),
            status: if is_there { change.status.as_str() } else { FileStatus::Deleted.as_str() },
            previous_path: change.previous_path.clone(),
            tool: layout.tool,
            role: layout.role,
            behind: behind.is_some_and(|(version, latest)| migration::compare(version, latest).is_le()),
            latest,
            version: layout.version,
            environment: self.resolver.environment_of(self.own(&change.path)).map(|name| name.to_string()),
            exempt: migration::is_exempt(&change.path),
            dialect: dialect.as_str().to_owned(),
            is_sql: layout.is_sql,
            statements: statements.into_iter().map(|s| facts(s, &change.path)).collect(),
            validated: validated.into_iter().collect(),
            source: format!("{}:1:1", change.path),
        }))
    }

    fn layout(&self, path: &str) -> Option<Layout> {
        Layout::of(path, self.declared.is_match(self.own(path)))
    }

    /// The path as the configuration's globs see it.
    fn own<'p>(&self, path: &'p str) -> &'p str {
        let prefix = self.reader.workspace.prefix();
        prefix.strip(path).unwrap_or(path)
    }

    fn dialect(&self, path: &str) -> Dialect {
        Dialect::of_path(path).unwrap_or_else(|| Dialect::named(&self.reader.inputs.config.migrations.dialect))
    }

    /// The text at the head, kept to show its lines.
    fn text(&self, path: &str, session: &mut Session) -> Result<String, Diagnostic> {
        let bytes = self.repository.read(self.difference.head, path)?.unwrap_or_default();
        let text = discover::decode(bytes, path)?;
        session.sources.add(Source::new(path, Revision::Head, text.clone()));
        Ok(text)
    }

    /// The highest version of the series at the merge base, the file itself left out.
    fn latest(&self, layout: &Layout, earlier: &str) -> Result<Option<String>, Diagnostic> {
        let base = Snapshot::Commit(self.difference.merge_base);
        let files = self.repository.list(base, &layout.series)?.into_iter().filter(|file| file.path != earlier);
        let layouts = files.filter_map(|file| self.layout(&file.path));
        let versions = layouts.filter(|l| l.series == layout.series && l.role == "versioned").filter_map(|l| l.version);
        Ok(versions.max_by(|a, b| migration::compare(a, b)))
    }

    /// Tables of which some migration of the series validates a constraint.
    fn validated(&self, layout: &Layout, dialect: Dialect) -> Result<BTreeSet<String>, Diagnostic> {
        let mut tables = BTreeSet::new();
        for file in self.repository.list(self.difference.head, &layout.series)? {
            let Some(bytes) = self.repository.read(self.difference.head, &file.path)? else { continue };
            let Ok(text) = String::from_utf8(bytes) else { continue };
            if self.layout(&file.path).is_some() && text.to_ascii_lowercase().contains("validate") {
                let statements = migration::read(&text, dialect).into_iter();
                tables.extend(statements.filter(|s| s.op == "validate-constraint").filter_map(|s| s.table));
            }
        }
        Ok(tables)
    }
}

fn facts(statement: Statement, path: &str) -> StatementFacts {
    StatementFacts {
        op: statement.op,
        table: statement.table,
        column: statement.column,
        on_new_table: statement.on_new_table,
        source: format!("{path}:{}:{}", statement.line, statement.at),
    }
}
