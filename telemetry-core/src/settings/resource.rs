//! What the service is, from its settings and from what the system tells.

use std::hash::{BuildHasher, RandomState};
use std::time::SystemTime;

use super::resolved::Resolved;
use crate::record::Value;
use crate::resource::Resource;

/// The resource of this process: `service.name`, `service.version` if given, `service.instance.id`, `host.name` where
/// the system tells, `process.pid`, `process.executable.name`, `telemetry.sdk.*`, and the attributes of the
/// `RESOURCE_ATTRIBUTES` setting, which may replace any of them but the name, a version given here and the SDK.
///
/// # Examples
/// ```
/// use telemetry_core::record::Value;
/// use telemetry_core::settings::{Resolver, resource};
///
/// let resolved = Resolver::new().value("SERVICE_NAME", "books").resolve()?;
/// let resource = resource(&resolved, Some("1.2.0"));
/// assert_eq!(resource.get("service.name"), Some(&Value::Str("books".into())));
/// assert_eq!(resource.get("service.version"), Some(&Value::Str("1.2.0".into())));
/// # Ok::<(), telemetry_core::settings::SettingsErrors>(())
/// ```
pub fn resource(resolved: &Resolved, version: Option<&str>) -> Resource {
    let text = |text: String| Value::Str(text.into());
    let mut resource = Resource::empty();
    // Set first, so that it stands first, and again below, so that it holds.
    resource.set("service.name", text(resolved.settings().service_name));
    resource.set("service.instance.id", text(instance_id()));
    if let Some(host) = host_name() {
        resource.set("host.name", text(host));
    }
    resource.set("process.pid", Value::I64(std::process::id().into()));
    if let Some(name) = executable_file_name() {
        resource.set("process.executable.name", text(name));
    }
    if let Some(pairs) = resolved.get("RESOURCE_ATTRIBUTES").and_then(|value| value.value().as_attributes()) {
        for (key, value) in pairs {
            resource.set(key.clone(), text(value.clone()));
        }
    }
    resource.set("service.name", text(resolved.settings().service_name));
    if let Some(version) = version {
        resource.set("service.version", text(version.to_owned()));
    }
    resource.set("telemetry.sdk.name", Value::Str("telemetry-core".into()));
    resource.set("telemetry.sdk.language", Value::Str("rust".into()));
    resource.set("telemetry.sdk.version", Value::Str(env!("CARGO_PKG_VERSION").into()));
    resource
}

/// A new random identifier for `service.instance.id`, in the form of a UUID of version 4. The child of a fork that
/// asks again gets another one than its parent or its siblings.
pub fn instance_id() -> String {
    let since_epoch =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |age| age.as_nanos());
    // The hasher's keys come from the system's randomness but survive a fork; the process's number does not.
    let seed = (std::process::id(), since_epoch);
    let half = || u128::from(RandomState::new().hash_one(seed));
    let random = half() << 64 | half();
    // RFC 9562, section 5.4: four bits of version, two of variant.
    let bits = random & !(0xf << 76) & !(0b11 << 62) | 0x4 << 76 | 0b10 << 62;
    let digits = format!("{bits:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// The host's name where the system shows it as a file, as Linux does.
fn host_name() -> Option<String> {
    let name = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .into_iter()
        .find_map(|path| std::fs::read_to_string(path).ok())?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn executable_file_name() -> Option<String> {
    Some(std::env::current_exe().ok()?.file_name()?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::settings::{Environment, Resolver};

    fn of(variables: &[(&str, &str)], version: Option<&str>) -> Resource {
        let environment: Environment = variables.iter().copied().collect();
        resource(&Resolver::new().environment(environment).resolve().unwrap(), version)
    }

    fn text<'a>(resource: &'a Resource, key: &str) -> Option<&'a str> {
        match resource.get(key)? {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn the_process_and_the_sdk_are_described() {
        let resource = of(&[], None);
        let keys: Vec<&str> = resource.attributes().iter().map(|attribute| &*attribute.key).collect();
        for key in [
            "service.name",
            "service.instance.id",
            "process.pid",
            "process.executable.name",
            "telemetry.sdk.name",
            "telemetry.sdk.language",
            "telemetry.sdk.version",
        ] {
            assert!(keys.contains(&key), "{key} in {keys:?}");
        }
        assert_eq!(keys.contains(&"host.name"), host_name().is_some());
        assert_eq!(resource.get("process.pid"), Some(&Value::I64(std::process::id().into())));
        assert_eq!(resource.get("service.version"), None);
    }

    #[test]
    fn attributes_are_decoded_and_stand_below_the_name_and_the_version_in_code() {
        let attributes =
            "service.name=low,service.version=0.9,host.name=box,note=a%2Cb,telemetry.sdk.name=other";
        let variables = [("OTEL_RESOURCE_ATTRIBUTES", attributes), ("OTEL_SERVICE_NAME", "high")];
        let resource = of(&variables, Some("1.0"));
        assert_eq!(text(&resource, "service.name"), Some("high"));
        assert_eq!(text(&resource, "service.version"), Some("1.0"));
        assert_eq!(text(&resource, "host.name"), Some("box"));
        assert_eq!(text(&resource, "note"), Some("a,b"));
        assert_eq!(text(&resource, "telemetry.sdk.name"), Some("telemetry-core"));

        let resource = of(&variables[..1], None);
        assert_eq!(text(&resource, "service.name"), Some("low"));
        assert_eq!(text(&resource, "service.version"), Some("0.9"));
    }

    #[test]
    fn instance_identifiers_are_uuids_and_differ() {
        let ids: HashSet<String> = (0..100).map(|_| instance_id()).collect();
        assert_eq!(ids.len(), 100);
        for id in ids {
            let groups: Vec<&str> = id.split('-').collect();
            assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
            assert!(groups[2].starts_with('4'), "{id}");
            assert!(groups[3].starts_with(['8', '9', 'a', 'b']), "{id}");
        }
    }
}
