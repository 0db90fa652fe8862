//! Credentials in query strings, taken out before anything is recorded.

use std::borrow::Cow;

/// What stands in place of a credential.
const REDACTED: &str = "REDACTED";

/// Parameters whose values are credentials, compared without regard to case, `-` and `_`: the four of OpenTelemetry's
/// HTTP conventions, and the names in common use for the rest. In their order, to be searched.
const CREDENTIALS: [&str; 59] = [
    "accesskey",
    "accesskeyid",
    "accesstoken",
    "apikey",
    "apisecret",
    "apitoken",
    "appsecret",
    "assertion",
    "auth",
    "authorization",
    "authtoken",
    "awsaccesskeyid",
    "basicauth",
    "bearer",
    "bearertoken",
    "clientassertion",
    "clientsecret",
    "codeverifier",
    "consumersecret",
    "credential",
    "credentials",
    "csrftoken",
    "googleaccessid",
    "hmac",
    "idtoken",
    "jsessionid",
    "jwt",
    "oauthconsumerkey",
    "oauthsignature",
    "oauthtoken",
    "oauthverifier",
    "otp",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "phpsessid",
    "privatekey",
    "privatetoken",
    "pwd",
    "refreshtoken",
    "samlresponse",
    "sastoken",
    "secret",
    "secretaccesskey",
    "secretkey",
    "securitytoken",
    "session",
    "sessionid",
    "sessiontoken",
    "sharedkey",
    "sig",
    "signature",
    "subscriptionkey",
    "token",
    "xaccesstoken",
    "xapikey",
    "xauthtoken",
    "xsrftoken",
];

/// Letters of the longest of them.
const LONGEST_NAME: usize = 16;

/// Whole families of parameters, by how they begin.
const CREDENTIAL_PREFIXES: [&str; 2] = ["x-amz-", "x-goog-"];

/// What stands between parameters.
const SEPARATOR: char = '&';

/// What stands between them by an older custom, which some servers still follow, and to others is part of a value.
const OLDER_SEPARATOR: char = ';';

/// A path and query with the values of credentials replaced by `REDACTED`. Borrowed when there are none.
///
/// What stands between a credential and the next `&` goes with it, whether `;` ends a value there or is part of it.
///
/// # Examples
/// ```
/// use telemetry_http::redact;
/// assert_eq!(redact("/books?q=sea&sig=4bf9"), "/books?q=sea&sig=REDACTED");
/// ```
pub fn redact(path_and_query: &str) -> Cow<'_, str> {
    let Some((path, query)) = path_and_query.split_once('?') else {
        return Cow::Borrowed(path_and_query);
    };
    if query.split(SEPARATOR).all(|part| credential(part).is_none()) {
        return Cow::Borrowed(path_and_query);
    }
    let mut redacted = String::with_capacity(path_and_query.len());
    redacted.push_str(path);
    let mut before = '?';
    for part in query.split(SEPARATOR) {
        redacted.push(before);
        match credential(part) {
            Some(value) => redacted.extend([&part[..value], REDACTED]),
            None => redacted.push_str(part),
        }
        before = SEPARATOR;
    }
    Cow::Owned(redacted)
}

/// Where the value of the first credential begins.
fn credential(part: &str) -> Option<usize> {
    let mut begin = 0;
    for pair in part.split(OLDER_SEPARATOR) {
        if let Some((key, _)) = pair.split_once('=')
            && is_credential(key)
        {
            return Some(begin + key.len() + 1);
        }
        begin += pair.len() + 1;
    }
    None
}

/// True for the key of a credential.
fn is_credential(key: &str) -> bool {
    // A key can hide behind percent signs; few do, so the decoded form is made only for those.
    let decoded =
        if key.contains('%') { Cow::Owned(percent_decoded(key)) } else { Cow::Borrowed(key.as_bytes()) };
    is_credentials_name(&decoded)
        || CREDENTIAL_PREFIXES.iter().any(|prefix| {
            decoded.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        })
}

/// Whether a key is one of [`CREDENTIALS`], in whatever case and however its words are joined.
fn is_credentials_name(key: &[u8]) -> bool {
    let mut letters = [0; LONGEST_NAME];
    let mut length = 0;
    for byte in key.iter().filter(|byte| !matches!(byte, b'-' | b'_')) {
        let Some(place) = letters.get_mut(length) else { return false };
        *place = byte.to_ascii_lowercase();
        length += 1;
    }
    CREDENTIALS.binary_search_by(|name| name.as_bytes().cmp(&letters[..length])).is_ok()
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let byte = match tail {
            [high, low, after @ ..] if *first == b'%' => hex(*high).zip(hex(*low)).map(|(high, low)| {
                rest = after;
                high << 4 | low
            }),
            _ => None,
        };
        decoded.push(byte.unwrap_or(*first));
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_lose_their_values_and_all_else_stays() {
        assert_eq!(redact("/a?x=1&sig=abc&y=2"), "/a?x=1&sig=REDACTED&y=2");
        assert_eq!(redact("/a?Signature=abc"), "/a?Signature=REDACTED");
        assert_eq!(
            redact("/a?X-Amz-Credential=a%2Fb&X-Amz-Date=1"),
            "/a?X-Amz-Credential=REDACTED&X-Amz-Date=REDACTED"
        );
        assert_eq!(redact("/a?password=a=b"), "/a?password=REDACTED");
        assert_eq!(redact("/a?s%69g=abc&%53IG=d"), "/a?s%69g=REDACTED&%53IG=REDACTED");
    }

    #[test]
    fn every_name_of_a_credential_is_found() {
        for name in CREDENTIALS {
            assert!(is_credentials_name(name.as_bytes()), "{name}");
            assert_eq!(redact(&format!("/?{name}=a%20b")), format!("/?{name}=REDACTED"));
        }
    }

    #[test]
    fn what_clouds_and_protocols_sign_urls_with_is_a_credential() {
        for key in [
            // OpenTelemetry's four.
            "AWSAccessKeyId",
            "Signature",
            "sig",
            "X-Goog-Signature",
            // Others of the same.
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Date",
            "X-Amz-Expires",
            "X-Amz-Security-Token",
            "X-Amz-Signature",
            "x-amz-signedheaders",
            "GoogleAccessId",
            "X-Goog-Credential",
            // OAuth, SAML and what people make up.
            "oauth_token",
            "oauth_signature",
            "client_secret",
            "SAMLResponse",
            "X-API-Key",
            "x-auth-token",
            "subscription-key",
            "csrf_token",
            "PHPSESSID",
        ] {
            assert_eq!(redact(&format!("/a?b=1&{key}=x&c=2")), format!("/a?b=1&{key}=REDACTED&c=2"));
        }
    }

    #[test]
    fn however_the_words_of_a_name_are_joined_it_is_a_credential() {
        for key in [
            "access_token",
            "access-token",
            "accessToken",
            "ACCESS_TOKEN",
            "api-key",
            "Session_Id",
            "x-goog-signature",
        ] {
            assert_eq!(redact(&format!("/a?{key}=x&b=1")), format!("/a?{key}=REDACTED&b=1"));
        }
        assert_eq!(redact("/a?sig=x?sig=y&"), "/a?sig=REDACTED&");
    }

    #[test]
    fn a_credential_lasts_to_the_next_parameter_whatever_separates_those() {
        assert_eq!(redact("/a?b=1;sig=x;c=2&pwd=y"), "/a?b=1;sig=REDACTED&pwd=REDACTED");
        assert_eq!(redact("/a?password=x;y&b=1"), "/a?password=REDACTED&b=1");
        assert_eq!(redact("/a?b=1;c=2&password=x;y=z"), "/a?b=1;c=2&password=REDACTED");
    }

    #[test]
    fn a_url_without_credentials_is_borrowed() {
        for url in [
            "/a",
            "/a?",
            "/a?q=sig",
            "/a?sig",
            "/sig=abc",
            "/a?signal=1",
            "/a?%=%&%z=1",
            "/a?&&=&",
            "/a?tokens=1;sigma=2",
        ] {
            assert!(matches!(redact(url), Cow::Borrowed(same) if same == url), "{url}");
        }
    }
}
