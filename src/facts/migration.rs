//! A database migration of the change: where it belongs in its series, and what its statements do.

use schemars::JsonSchema;
use serde::Serialize;

/// A migration file that the change adds, edits, moves or takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MigrationFacts {
    /// Path at the head (at the base, when deleted).
    pub path: String,
    /// `added`, `modified`, `deleted`, `renamed`.
    pub status: &'static str,
    /// Path at the base of a file that was moved.
    pub previous_path: Option<String>,
    /// Whose layout it follows: `flyway`, `golang-migrate`, `dbmate`, `goose`, `prisma`, `rails`, `alembic`, `django`, `sql`, ….
    pub tool: &'static str,
    /// `versioned`, `repeatable`, `baseline` or `undo`.
    pub role: &'static str,
    /// As the file's name has it; null for what has none.
    pub version: Option<String>,
    /// The highest version of its series at the merge base; null when there is none.
    pub latest: Option<String>,
    /// Its version is not higher than the latest one.
    pub behind: bool,
    /// Environment of its path, when the configuration or the path tells.
    pub environment: Option<String>,
    /// It lies among tests, examples or seeds.
    pub exempt: bool,
    /// `postgresql`, `mysql`, …; what the configuration says, unless the path names another one.
    pub dialect: String,
    /// False where a program makes the SQL when it runs.
    pub is_sql: bool,
    /// What the way forward does, in order.
    pub statements: Vec<StatementFacts>,
    /// Tables of which a constraint was validated here or in another migration of the series.
    pub validated: Vec<String>,
    /// Place of the file's first line.
    pub source: String,
}

/// What one statement, or one part of it, does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StatementFacts {
    /// `create-table`, `drop-table`, `rename-table`, `drop-column`, `rename-column`, `change-type`, `set-not-null`,
    /// `add-required-column`, `create-index`, `validate-constraint`, `alter-table`, `lock-timeout`, `statement-timeout`, or `unreadable`.
    pub op: &'static str,
    /// Name in lower case, without quotes and schema.
    pub table: Option<String>,
    /// Likewise.
    pub column: Option<String>,
    /// The table came into being in the same file: nobody uses it yet.
    pub on_new_table: bool,
    /// Place of the statement.
    pub source: String,
}
