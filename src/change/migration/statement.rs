//! What the statements of an SQL migration do to tables that others use meanwhile.
//!
//! Statements are read one by one, so that one which is not understood takes no other out of sight: it is
//! `unreadable` where its first words could change a table, and of no interest otherwise.

use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, ColumnDef, ColumnOption, ObjectName, ObjectType, Set,
    Statement as Parsed,
};
use sqlparser::dialect::{self, Dialect as Grammar};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// The SQL that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL: every rule is known.
    #[default]
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
    /// Microsoft SQL Server.
    MsSql,
    /// Any other.
    Other,
}

impl Dialect {
    /// The dialect of a name, in the spellings of the tools.
    pub fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" | "pg" | "cockroachdb" => Self::Postgres,
            "mysql" | "mariadb" => Self::MySql,
            "sqlite" | "sqlite3" => Self::Sqlite,
            "mssql" | "sqlserver" => Self::MsSql,
            _ => Self::Other,
        }
    }

    /// The dialect that a folder of the path names.
    pub fn of_path(path: &str) -> Option<Self> {
        let mut words = path.split(['/', '-', '_', '.']);
        words.find_map(|word| Some(Self::named(word)).filter(|dialect| *dialect != Self::Other))
    }

    /// The word in the policy input.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::MySql => "mysql",
            Self::Sqlite => "sqlite",
            Self::MsSql => "mssql",
            Self::Other => "other",
        }
    }

    fn grammar(self) -> &'static dyn Grammar {
        match self {
            Self::Postgres => &dialect::PostgreSqlDialect {},
            Self::MySql => &dialect::MySqlDialect {},
            Self::Sqlite => &dialect::SQLiteDialect {},
            Self::MsSql => &dialect::MsSqlDialect {},
            Self::Other => &dialect::GenericDialect {},
        }
    }
}

/// What one statement, or one part of it, does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// As in `StatementFacts::op`.
    pub op: &'static str,
    /// Name in lower case, without quotes and schema.
    pub table: Option<String>,
    /// Likewise.
    pub column: Option<String>,
    /// The table came into being in the same text.
    pub on_new_table: bool,
    /// 1-based line of the statement.
    pub line: u64,
    /// 1-based column of the statement, in characters.
    pub at: u64,
}

/// Depth of nested expressions; what is deeper is unreadable.
const DEPTH: usize = 40;

/// What the way forward of a migration does, in order. Sections that lead back are left out.
pub fn read(text: &str, dialect: Dialect) -> Vec<Statement> {
    let text = without_placeholders(forward(text));
    let Ok(tokens) = Tokenizer::new(dialect.grammar(), &text).tokenize_with_location() else {
        return vec![Statement { op: "unreadable", line: 1, at: 1, ..Statement::default() }];
    };
    let mut found = Vec::new();
    let mut new_tables = Vec::new();
    for tokens in tokens.split(|t| t.token == Token::SemiColon) {
        let tokens: Vec<TokenWithSpan> =
            tokens.iter().filter(|t| !matches!(t.token, Token::Whitespace(_))).cloned().collect();
        let Some(first) = tokens.first().map(|t| t.span.start) else { continue };
        for mut statement in one(tokens, dialect) {
            let table = statement.table.clone();
            statement.on_new_table = table.as_ref().is_some_and(|table| new_tables.contains(table));
            new_tables.extend(table.filter(|_| statement.op == "create-table"));
            found.push(Statement { line: first.line, at: first.column, ..statement });
        }
    }
    found
}

/// The text up to the section that leads back (dbmate, goose, sql-migrate).
fn forward(text: &str) -> &str {
    const BACK: [&str; 3] = ["-- migrate:down", "-- +goose down", "-- +migrate down"];
    let lower = text.to_ascii_lowercase();
    let end = BACK.iter().filter_map(|mark| lower.find(mark)).min();
    text.get(..end.unwrap_or(text.len())).unwrap_or(text)
}

/// `${schema}` of Flyway as a name of the same length, so that places stay.
fn without_placeholders(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let name = after.split_once('}').filter(|(name, _)| is_name(name));
        match name {
            Some((name, after)) => {
                out.push_str(&format!("__{}_", name.replace(['.', ':', '-'], "_")));
                rest = after;
            }
            None => {
                out.push_str("${");
                rest = after;
            }
        }
    }
    out + rest
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || ['_', '.', ':', '-'].contains(&c))
}

fn one(tokens: Vec<TokenWithSpan>, dialect: Dialect) -> Vec<Statement> {
    let words = first_words(&tokens);
    let hidden = words.first().is_some_and(|word| word == "DO") && hides_a_change(&tokens);
    let mut parser = Parser::new(dialect.grammar()).with_recursion_limit(DEPTH).with_tokens_with_locations(tokens);
    match parser.parse_statement() {
        Ok(statement) if parser.peek_token_ref().token == Token::EOF => of(&statement),
        _ if hidden || may_change_a_table(&words) => vec![statement("unreadable", None, None)],
        _ => Vec::new(),
    }
}

fn first_words(tokens: &[TokenWithSpan]) -> Vec<String> {
    let word = |t: &TokenWithSpan| match &t.token {
        Token::Word(word) => Some(word.value.to_ascii_uppercase()),
        _ => None,
    };
    tokens.iter().take(3).map_while(word).collect()
}

fn may_change_a_table(words: &[String]) -> bool {
    matches!(
        words.iter().map(String::as_str).collect::<Vec<_>>().as_slice(),
        ["ALTER" | "DROP", "TABLE" | "SCHEMA" | "DATABASE", ..]
            | ["CREATE", "INDEX", ..]
            | ["CREATE", "UNIQUE", "INDEX"]
            | ["RENAME" | "EXEC" | "EXECUTE" | "CALL", ..]
    )
}

/// Whether an anonymous block says words that change a table.
fn hides_a_change(tokens: &[TokenWithSpan]) -> bool {
    let text: String = tokens.iter().map(|t| t.token.to_string().to_ascii_uppercase() + " ").collect();
    ["ALTER", "DROP", "RENAME", "EXECUTE", "CREATE INDEX"].iter().any(|word| text.contains(word))
}

fn of(parsed: &Parsed) -> Vec<Statement> {
    match parsed {
        Parsed::CreateTable(table) => vec![statement("create-table", Some(&table.name), None)],
        Parsed::AlterTable(table) => altered(table),
        Parsed::CreateIndex(index) if index.concurrently || index.r#async => Vec::new(),
        Parsed::CreateIndex(index) => vec![statement("create-index", Some(&index.table_name), None)],
        Parsed::Drop { object_type: ObjectType::Table | ObjectType::Schema | ObjectType::Database, names, .. } => {
            names.iter().map(|name| statement("drop-table", Some(name), None)).collect()
        }
        Parsed::RenameTable(tables) => {
            tables.iter().map(|table| statement("rename-table", Some(&table.old_name), None)).collect()
        }
        Parsed::Set(Set::SingleAssignment { variable, .. }) => match last(variable).as_deref() {
            Some("lock_timeout") => vec![statement("lock-timeout", None, None)],
            Some("statement_timeout") => vec![statement("statement-timeout", None, None)],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn altered(table: &AlterTable) -> Vec<Statement> {
    table.operations.iter().flat_map(|operation| part(&table.name, operation)).collect()
}

fn part(table: &ObjectName, operation: &AlterTableOperation) -> Vec<Statement> {
    use AlterTableOperation as Op;
    let with = |op, column: &str| statement(op, Some(table), Some(column));
    match operation {
        Op::DropColumn { column_names, .. } => column_names.iter().map(|c| with("drop-column", &c.value)).collect(),
        Op::RenameColumn { old_column_name, .. } => vec![with("rename-column", &old_column_name.value)],
        Op::RenameTable { .. } => vec![statement("rename-table", Some(table), None)],
        Op::AddColumn { column_def, .. } if is_required(column_def) => {
            vec![with("add-required-column", &column_def.name.value)]
        }
        Op::AlterColumn { column_name, op: AlterColumnOperation::SetDataType { .. } } => {
            vec![with("change-type", &column_name.value)]
        }
        Op::AlterColumn { column_name, op: AlterColumnOperation::SetNotNull } => {
            vec![with("set-not-null", &column_name.value)]
        }
        Op::ChangeColumn { old_name, new_name, .. } if old_name != new_name => {
            vec![with("rename-column", &old_name.value), with("change-type", &old_name.value)]
        }
        Op::ChangeColumn { old_name: name, .. } | Op::ModifyColumn { col_name: name, .. } => {
            vec![with("change-type", &name.value)]
        }
        Op::ValidateConstraint { .. } => vec![statement("validate-constraint", Some(table), None)],
        _ => vec![statement("alter-table", Some(table), None)],
    }
}

/// Rows that are there, and programs that know nothing of it, would have no value for it.
fn is_required(column: &ColumnDef) -> bool {
    let has = |wanted: fn(&ColumnOption) -> bool| column.options.iter().any(|option| wanted(&option.option));
    let fills_itself = column.data_type.to_string().to_ascii_lowercase().contains("serial");
    has(|o| matches!(o, ColumnOption::NotNull | ColumnOption::PrimaryKey(_)))
        && !fills_itself
        && !has(|o| {
            matches!(o, ColumnOption::Default(_) | ColumnOption::Generated { .. } | ColumnOption::Identity(_))
                || matches!(o, ColumnOption::DialectSpecific(_))
        })
}

fn statement(op: &'static str, table: Option<&ObjectName>, column: Option<&str>) -> Statement {
    Statement { op, table: table.and_then(last), column: column.map(str::to_lowercase), ..Statement::default() }
}

/// The name without what it is part of.
fn last(name: &ObjectName) -> Option<String> {
    name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ops(text: &str) -> Vec<String> {
        ops_in(text, Dialect::Postgres)
    }

    fn ops_in(text: &str, dialect: Dialect) -> Vec<String> {
        let name = |s: &Statement| {
            let names = [s.table.as_deref(), s.column.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(".");
            format!("{} {names}{}", s.op, if s.on_new_table { " (new)" } else { "" })
        };
        read(text, dialect).iter().map(name).collect()
    }

    #[test]
    fn each_part_is_told() {
        let text = "SET lock_timeout = '2s'; set local statement_timeout to '60s';\n\
            ALTER TABLE public.\"Orders\" DROP COLUMN a, DROP COLUMN IF EXISTS b CASCADE, RENAME COLUMN c TO d;\n\
            ALTER TABLE orders RENAME TO purchases; DROP TABLE IF EXISTS x, y;\n\
            ALTER TABLE orders ALTER COLUMN a TYPE bigint USING a::bigint, ALTER b SET NOT NULL;\n\
            ALTER TABLE orders ADD COLUMN n int NOT NULL; ALTER TABLE orders ADD n int NOT NULL DEFAULT 0;\n\
            CREATE INDEX i ON orders (a); CREATE UNIQUE INDEX CONCURRENTLY j ON orders (b);\n\
            ALTER TABLE orders VALIDATE CONSTRAINT c;";
        assert_eq!(
            ops(text),
            [
                "lock-timeout ",
                "statement-timeout ",
                "drop-column orders.a",
                "drop-column orders.b",
                "rename-column orders.c",
                "rename-table orders",
                "drop-table x",
                "drop-table y",
                "change-type orders.a",
                "set-not-null orders.b",
                "add-required-column orders.n",
                "alter-table orders",
                "create-index orders",
                "validate-constraint orders",
            ]
        );
    }

    #[test]
    fn a_new_table_is_nobodys_yet() {
        assert_eq!(
            ops("CREATE TABLE t (id int); CREATE INDEX i ON t (id); ALTER TABLE t DROP COLUMN id; DROP TABLE u;"),
            ["create-table t", "create-index t (new)", "drop-column t.id (new)", "drop-table u"]
        );
    }

    #[test]
    fn columns_that_fill_themselves_are_not_required() {
        for column in
            ["n serial NOT NULL", "n int GENERATED ALWAYS AS IDENTITY NOT NULL", "n int", "n int NOT NULL DEFAULT 1"]
        {
            assert_eq!(ops(&format!("ALTER TABLE t ADD COLUMN {column};")), ["alter-table t"], "{column}");
        }
    }

    #[test]
    fn what_is_not_understood_takes_nothing_out_of_sight() {
        assert_eq!(ops("ALTER TABLE t FROBNICATE; DROP TABLE u;"), ["unreadable ", "drop-table u"]);
        assert_eq!(
            ops("CREATE FUNCTION f() RETURNS int AS $$ DROP TABLE x; $$ LANGUAGE sql; DROP TABLE u;"),
            ["drop-table u"]
        );
        assert_eq!(ops("DO $$ BEGIN EXECUTE 'ALTER TABLE t'; END $$;"), ["unreadable "]);
        assert_eq!(ops("DO $$ BEGIN RAISE NOTICE 'x'; END $$; GIBBERISH here;"), Vec::<String>::new());
        assert_eq!(ops("SELECT 'unterminated"), ["unreadable "]);
        let deep = format!("ALTER TABLE t ALTER a TYPE int USING {}1{};", "(".repeat(500), ")".repeat(500));
        assert_eq!(ops(&deep), ["unreadable "]);
    }

    #[test]
    fn words_in_comments_and_texts_are_no_statements() {
        assert_eq!(
            ops("-- DROP TABLE t;\n/* DROP TABLE t; */ INSERT INTO t VALUES ('; DROP TABLE t;');"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn the_way_back_is_left_out() {
        for mark in ["-- migrate:down", "-- +goose Down", "-- +migrate Down"] {
            assert_eq!(ops(&format!("ALTER TABLE t ADD n int;\n{mark}\nDROP TABLE t;\n")), ["alter-table t"], "{mark}");
        }
    }

    #[test]
    fn placeholders_and_places() {
        let found = read("\n\n  ALTER TABLE ${schema}.orders\n  DROP COLUMN a;", Dialect::Postgres);
        assert_eq!(
            (found[0].op, found[0].table.as_deref(), found[0].line, found[0].at),
            ("drop-column", Some("orders"), 3, 3)
        );
    }

    #[test]
    fn other_dialects() {
        assert_eq!(
            ops_in(
                "ALTER TABLE `t` CHANGE COLUMN `a` `b` int, MODIFY COLUMN `c` text; RENAME TABLE x TO y;",
                Dialect::MySql
            ),
            ["rename-column t.a", "change-type t.a", "change-type t.c", "rename-table x"]
        );
        assert_eq!(Dialect::of_path("db/mysql/V1__x.sql"), Some(Dialect::MySql));
        assert_eq!(Dialect::of_path("db/migration/V1__x.sql"), None);
    }
}
