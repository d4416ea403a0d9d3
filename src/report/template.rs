//! One family of pages: the same template engine, style sheet and rules of escaping.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Value};

use super::Format;

/// A page as templates; the one in HTML extends `base.html`.
pub(super) struct Page {
    /// HTML.
    pub(super) html: &'static str,
    /// Markdown.
    pub(super) markdown: &'static str,
}

const STYLE: &str = include_str!("templates/style.css");
/// What every page in HTML has around its contents: head, policy of contents, style sheet, landmarks.
const BASE: &str = include_str!("templates/base.html");

impl Page {
    /// The page with the values of `context`, which finds the style sheet as `style`.
    ///
    /// # Errors
    ///
    /// What the template engine says; a fault of this program, never of the input.
    pub(super) fn render(&self, format: Format, context: Value) -> Result<String, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        let html = format == Format::Html;
        environment.set_auto_escape_callback(move |_| if html { AutoEscape::Html } else { AutoEscape::None });
        environment.add_filter("cell", cell);
        environment.add_filter("unbroken", unbroken);
        environment.add_global("style", STYLE);
        environment.add_template("base.html", BASE)?;
        environment.add_template("page", if html { self.html } else { self.markdown })?;
        let text = environment.get_template("page")?.render(context)?;
        Ok(text.trim_end().to_owned() + "\n")
    }
}

/// A number stays on the line of its unit.
#[allow(clippy::needless_pass_by_value, reason = "a filter of the template engine")]
fn unbroken(text: String) -> String {
    text.replace(" %", "\u{a0}%")
}

/// Text of others in a Markdown table: no markup, no mention, no line break, no new column.
#[allow(clippy::needless_pass_by_value, reason = "a filter of the template engine")]
pub(super) fn cell(text: String) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A zero-width space keeps a name from becoming a mention, and an address from becoming a link.
            '@' => out.push_str("@\u{200b}"),
            '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_no_markup() {
        assert_eq!(cell("a | <b> @team `x`\n[y](z)".into()), "a \\| &lt;b&gt; @\u{200b}team \\`x\\` \\[y\\](z)");
    }
}
