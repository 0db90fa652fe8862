//! The page: one document with its styles and its script inside, so that it works wherever it is mounted.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

macro_rules! files {
    ($folder:literal: $($name:literal)*) => { [$(include_str!(concat!("../page/", $folder, "/", $name))),*] };
}

const DOCUMENT: &str = include_str!("../page/index.html");

const STYLES: [&str; 5] = files!("style": "theme.css" "frame.css" "traces.css" "trace.css" "metrics.css");

/// In an order in which each comes after what it imports.
const SCRIPTS: [&str; 17] = files!("script":
    "format.js" "dom.js" "icons.js" "colors.js" "api.js" "theme.js" "hint.js" "scatter.js" "traces.js" "rows.js" "detail.js"
    "overview.js" "trace.js" "plot.js" "metrics.js" "health.js" "main.js");

/// What stands for the nonce in the document.
const NONCE: &str = "{{nonce}}";

/// Answers with the page. Scripts and styles run by a nonce of this one answer, and nothing may turn text into markup.
pub(crate) async fn page() -> Response {
    let nonce = nonce();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    );
    let mut response = document().replace(NONCE, &nonce).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn document() -> &'static str {
    static WHOLE: OnceLock<String> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let script: String = SCRIPTS.iter().map(|module| joined(module)).collect();
        DOCUMENT.replace("{{style}}", &STYLES.concat()).replace("{{script}}", &script)
    })
}

/// A module without what only matters between files: all of them become one.
fn joined(module: &str) -> String {
    let lines = module.lines().filter(|line| !line.starts_with("import "));
    lines.map(|line| line.strip_prefix("export ").unwrap_or(line)).flat_map(|line| [line, "\n"]).collect()
}

/// Digits nobody can guess: the keys of a hasher come from the system's randomness.
fn nonce() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_page_is_whole_and_asks_for_nothing_else() {
        let document = document();
        assert_eq!(document.matches("{{").count(), document.matches(NONCE).count());
        assert_eq!(document.matches(NONCE).count(), 2);
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            // Namespaces are names, not addresses.
            let found = document.replace("http://www.w3.org/2000/svg", "");
            assert!(!found.contains(outside), "{outside}");
        }
        assert!(!document.contains("\nimport ") && !document.contains("\nexport "));
    }

    #[test]
    fn the_script_never_makes_markup_of_text() {
        for module in SCRIPTS {
            for maker in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                "javascript:",
            ] {
                assert!(!module.contains(maker), "{maker}");
            }
        }
    }

    #[test]
    fn modules_share_one_scope_without_sharing_names() {
        let mut names = HashSet::new();
        for line in SCRIPTS.iter().flat_map(|module| module.lines()) {
            let line = line.strip_prefix("export ").unwrap_or(line);
            let line = line.strip_prefix("async ").unwrap_or(line);
            let declared =
                ["const ", "let ", "function ", "class "].iter().find_map(|word| line.strip_prefix(word));
            let Some(declared) = declared else { continue };
            let name = declared.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            assert!(name.is_empty() || names.insert(name), "{name} is declared twice");
        }
        assert!(names.len() > 50, "{}", names.len());
    }

    #[test]
    fn files_are_imported_in_an_order_in_which_each_is_defined() {
        let mut known: Vec<&str> = Vec::new();
        for module in SCRIPTS {
            for line in module.lines().filter(|line| line.starts_with("import ")) {
                let names = line.split_once('{').and_then(|(_, rest)| rest.split_once('}')).unwrap().0;
                for name in names.split(',').map(str::trim) {
                    assert!(known.contains(&name), "{line}: {name}");
                }
            }
            known.extend(module.lines().filter_map(|line| {
                let line = line.strip_prefix("export ")?;
                let line = line.strip_prefix("async ").unwrap_or(line);
                let declared = line.split_once(' ')?.1;
                declared.split(|c: char| !c.is_alphanumeric() && c != '_').next()
            }));
        }
    }

    #[test]
    fn no_two_nonces_are_equal() {
        let nonces: HashSet<_> = (0..100).map(|_| nonce()).collect();
        assert_eq!(nonces.len(), 100);
        assert!(nonces.iter().all(|nonce| nonce.len() == 32));
    }
}
