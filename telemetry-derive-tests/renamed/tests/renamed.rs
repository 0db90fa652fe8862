//! The macros find the library under the name given by `crate`.

use watch::testing::Scope;
use watch::{span, step, trace};

#[trace(crate = watch, name = "direct", attrs(id, rows: i64), bind = span)]
fn direct(id: i64) -> Result<i64, &'static str> {
    let _step = step!(crate = watch, "inside", id);
    span.rows(2);
    Err("no rows")
}

#[span(crate = telemetry_renamed_tests::framework::telemetry)]
fn re_exported() {}

#[test]
fn a_renamed_crate_is_found() {
    let scope = Scope::new();
    assert!(direct(1).is_err());
    re_exported();
    assert_eq!(
        scope.tree(),
        "direct [error] id=1 rows=2 error.type=\"&str\" error.message=\"no rows\"\n  inside id=1\nre_exported\n",
    );
}
