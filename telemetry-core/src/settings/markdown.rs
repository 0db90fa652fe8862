//! The documentation of the settings, made from the table.

use super::otel::Equivalent;
use super::table::{DefaultValue, Setting, Table};

const INTRODUCTION: &str = "\
# Settings

This page is made from the table of settings; change the table, not the page.

The value of a setting is taken from the highest tier that gives one:

1. values set in code;
2. the variable named below in the environment;
3. the standard OpenTelemetry variable, where one means the same;
4. a `.env` file in the working directory, with the same names (own before standard);
5. the default.

Booleans take `1`, `0`, `true`, `false`, `yes`, `no`, `on` and `off` in any case; so are words of which one is chosen taken. Lists are separated by commas.
Durations are seconds, or a number with `us`, `ms`, `s`, `m` or `h`. Ranges include both ends. An empty variable
counts as unset. A value that is not accepted is an error in whatever tier it stands, also where a higher tier hides
it, and all errors are reported at once. An unknown variable with the prefix is a warning. No standard variable alone
enables. Lines of the `.env` file that are malformed are errors only where they set a variable with the prefix or an
`OTEL_*` one; others are skipped. A file that cannot be read is a warning.
";

impl Table {
    /// The documentation of every row as a markdown page, with the variables under `prefix`.
    pub fn markdown(&self, prefix: &str) -> String {
        format!("{INTRODUCTION}\n{}", table_of(self.rows(), prefix))
    }
}

/// The heading that parts the settings of the core from those of integrations, on one page.
pub const INTEGRATIONS_HEADING: &str = "\n## Settings of integrations\n";

/// The documentation of an integration's rows as a section of the page, with the variables under `prefix`.
pub fn integration_markdown(crate_name: &str, rows: &[Setting], prefix: &str) -> String {
    format!("\n### {crate_name}\n\n{}", table_of(rows, prefix))
}

fn table_of(rows: &[Setting], prefix: &str) -> String {
    let head =
        "| Variable | Type | Accepted | Default | Meaning | OpenTelemetry |\n|---|---|---|---|---|---|\n";
    rows.iter().fold(head.to_owned(), |table, row| table + &table_row(row, prefix))
}

fn table_row(row: &Setting, prefix: &str) -> String {
    let default = match row.default_value() {
        DefaultValue::Fixed(value) => format!("`{value}`"),
        DefaultValue::Unset(shown) | DefaultValue::Computed { shown, .. } => (*shown).to_owned(),
    };
    let secret = if row.is_secret() { " Secret: masked in every message." } else { "" };
    let standard: Vec<String> = row.standard().iter().map(equivalent).collect();
    let cells = [
        format!("`{prefix}{}`", row.name()),
        row.kind().name().to_owned(),
        row.kind().accepted(&[]),
        default,
        format!("{}{secret}", row.meaning()),
        standard.join("; "),
    ];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

fn equivalent(equivalent: &Equivalent) -> String {
    match equivalent {
        Equivalent::Same(variable) => format!("`{variable}`"),
        Equivalent::Mapped(mapping) => {
            let variables: Vec<String> =
                mapping.variables.iter().map(|variable| format!("`{variable}`")).collect();
            format!("{}: {}", variables.join(", "), mapping.meaning)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::settings::{DEFAULT_PREFIX, INTEGRATIONS_HEADING, Kind, Setting, Table};

    #[test]
    fn the_page_says_what_the_table_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/settings.md");
        let made = Table::builtin().markdown(DEFAULT_PREFIX);
        // What follows is of the integrations; a test of the bookstore, which has all of them, looks at it.
        let parts = |page: &str| {
            let at = page.find(INTEGRATIONS_HEADING).unwrap_or(page.len());
            (page[..at].to_owned(), page[at..].to_owned())
        };
        let (mut kept, rest) = parts(&std::fs::read_to_string(&path).unwrap_or_default());
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, made.clone() + &rest).unwrap();
            kept.clone_from(&made);
        }
        assert!(
            kept == made,
            "docs/settings.md differs from the table; regenerate it with\n    \
             UPDATE_DOCS=1 cargo test -p telemetry-core --lib settings::markdown"
        );
    }

    #[test]
    fn added_rows_are_documented_and_cells_stay_in_their_column() {
        const TOKEN: Setting = Setting::new("TOKEN", Kind::Text, "This | that.").secret();
        let page = Table::builtin().with(&[TOKEN]).unwrap().markdown("BOOKS_");
        let row = "| `BOOKS_TOKEN` | text | a text that is not blank | none | This \\| that. Secret: masked in every \
                   message. |  |\n";
        assert!(page.ends_with(row), "{page}");
    }
}
