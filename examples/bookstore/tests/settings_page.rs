//! The page of settings says what the tables of the integrations say. The bookstore looks, because it has all of them.

use std::path::Path;

use telemetry_core::settings::{DEFAULT_PREFIX, INTEGRATIONS_HEADING, integration_markdown};

#[test]
fn the_page_says_what_the_integrations_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.md");
    let sections = [
        ("telemetry-otlp", telemetry_otlp::SETTINGS),
        ("telemetry-sqlite", telemetry_sqlite::SETTINGS),
        ("telemetry-viewer", telemetry_viewer::SETTINGS),
    ]
    .map(|(name, rows)| integration_markdown(name, rows, DEFAULT_PREFIX));
    let made = INTEGRATIONS_HEADING.to_owned() + &sections.concat();
    let page = std::fs::read_to_string(&path).unwrap();
    let (core, kept) = page.split_at(page.find(INTEGRATIONS_HEADING).unwrap_or(page.len()));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, core.to_owned() + &made).unwrap();
    } else {
        assert!(
            kept == made,
            "docs/settings.md differs from the tables of the integrations; regenerate it with\n    \
             UPDATE_DOCS=1 cargo test -p bookstore --test settings_page"
        );
    }
}
