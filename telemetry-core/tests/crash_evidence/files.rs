//! Which files there are after which end, and who is told.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::Test;
use crate::child::{Held, Place, command, run};
use crate::deaths::assert_work;

pub(crate) const TESTS: &[Test] = &[
    ("an_end_as_it_should_be_leaves_nothing", end),
    ("an_exit_without_a_shutdown_leaves_nothing", exit),
    ("the_next_start_tells_of_a_death_once", next_start),
    ("processes_with_the_same_directory_have_files_of_their_own", two_processes),
    ("so_many_crashes_are_kept_and_no_more", keep),
    ("the_files_are_for_their_owner", permissions),
    ("settings_alone_leave_evidence", settings),
];

fn end() {
    let place = Place::new("end");
    let said = run("end", place.path());
    assert!(said.status.success());
    assert!(said.out.lines().any(|line| line.ends_with(".running")), "{}", said.out);
    assert_eq!(said.error, "");
    assert!(place.files().is_empty(), "{:?}", place.files());
}

fn exit() {
    let place = Place::new("exit");
    assert!(run("exit", place.path()).status.success());
    assert!(place.files().is_empty(), "{:?}", place.files());
}

fn next_start() {
    let place = Place::new("next-start");
    let (held, _) = Held::start("hold", place.path());
    held.kill();
    let said = run("end", place.path());
    let [crash] = &place.files()[..] else { panic!("{:?}", place.files()) };
    assert!(crash.extension().is_some_and(|ending| ending == "crash"));
    let told =
        format!("telemetry: an earlier process has died: {} tells what it was doing\n", crash.display());
    assert_eq!(said.error, told);
    assert!(said.out.contains(&format!("crash {}\n", crash.display())), "{}", said.out);
    assert_work(&place.report("crash"));
    let said = run("end", place.path());
    assert_eq!(said.error, "");
    assert!(!said.out.contains("crash "), "{}", said.out);
    assert_eq!(place.files().len(), 1);
}

fn two_processes() {
    let place = Place::new("two");
    let (first, _) = Held::start("hold", place.path());
    let (second, _) = Held::start("hold", place.path());
    assert_eq!(place.files().len(), 2);
    first.kill();
    // The one that lives is left alone.
    let said = run("end", place.path());
    assert_eq!(said.error.lines().count(), 1, "{}", said.error);
    assert_work(&place.report("crash"));
    assert_work(&place.report("running"));
    assert!(second.finish().success());
    assert_eq!(place.files().len(), 1);
}

fn keep() {
    let place = Place::new("keep");
    for _ in 0..5 {
        Held::start("hold_few", place.path()).0.kill();
    }
    // The fifth start found the fourth dead, and kept two.
    let crashes = |place: &Place| {
        place.files().iter().filter(|path| path.extension().is_some_and(|ending| ending == "crash")).count()
    };
    assert_eq!(crashes(&place), 2, "{:?}", place.files());
}

fn permissions() {
    let place = Place::new("permissions");
    let (held, _) = Held::start("hold", place.path());
    let [file] = &place.files()[..] else { panic!("{:?}", place.files()) };
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    held.kill();
}

fn settings() {
    let place = Place::new("settings");
    let mut command = command("settings", place.path());
    command.env("TELEMETRY_ENABLED", "1").env("TELEMETRY_SAMPLE_RATIO", "1").env("TELEMETRY_SINKS", "memory");
    command.env("TELEMETRY_SERVICE_NAME", "by_settings");
    command.env("TELEMETRY_CRASH_EVIDENCE_DIRECTORY", place.path());
    Held::run(&mut command).0.kill();
    let report = place.report("running");
    assert_eq!(
        (&*report.service, report.open.len(), report.capacity),
        ("by_settings", 3, 16_384),
        "{report}"
    );
}
