//! What is refused.

use serde_json::{Value, json};

use super::*;

const NEW: &str = "a key of thirty-two bytes or more: the new one";
const OLD: &str = "a key of thirty-two bytes or more: the old one";
const NOW: i64 = 1_767_225_600;

fn keys(text: &str) -> Keys {
    Keys::parse(&Secret::new(text).unwrap()).unwrap_or_else(|_| panic!("{text} is no key"))
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn claims() -> Claims {
    let random = domain::Random::new(|bytes| bytes.fill(7));
    Claims {
        company: CompanyId(1),
        user: UserId::generate(now(), &random),
        session: SessionId::generate(now(), &random),
        generation: 3,
        issued_at: NOW,
        expires_at: NOW + 3600,
    }
}

fn verified(keys: &Keys, token: &str) -> Option<Claims> {
    keys.verify(&Unverified::parse(token)?, now())
}

/// The token with other parts, signed with `key` as the real one is.
fn resigned(key: &str, change: impl Fn(&mut Value, &mut Value)) -> String {
    let token = keys(key).sign(&claims()).unwrap();
    let mut parts = token.reveal().split('.').map(|part| read::<Value>(part).unwrap_or_default());
    let (mut header, mut payload) = (parts.next().unwrap(), parts.next().unwrap());
    change(&mut header, &mut payload);
    let signed = format!("{}.{}", part(&header).unwrap(), part(&payload).unwrap());
    let signature = Key::new(key.as_bytes()).mac(&signed).unwrap().finalize().into_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn what_was_signed_is_read_back() {
    let token = keys(NEW).sign(&claims()).unwrap();
    assert_eq!(verified(&keys(NEW), token.reveal()), Some(claims()));
    assert_eq!(verified(&keys(NEW), &resigned(NEW, |_, _| ())), Some(claims()), "the tests sign as we do");
    assert_eq!(verified(&keys(OLD), token.reveal()), None);
}

#[test]
fn while_keys_are_rotated_both_verify_and_the_first_signs() {
    let (before, during, after) = (keys(OLD), keys(&format!("{NEW}, {OLD}")), keys(NEW));
    let (old, new) = (before.sign(&claims()).unwrap(), during.sign(&claims()).unwrap());
    assert!(verified(&during, old.reveal()).is_some() && verified(&during, new.reveal()).is_some());
    assert!(verified(&after, new.reveal()).is_some() && verified(&before, new.reveal()).is_none());
    assert!(verified(&after, old.reveal()).is_none(), "an old key is worth nothing after the rotation");
}

#[test]
fn a_short_or_missing_key_refuses() {
    for bad in ["short", ",", &"x".repeat(31), &format!("{NEW},short")] {
        assert!(Keys::parse(&Secret::new(bad).unwrap()).is_err(), "{bad}");
    }
    assert!(Keys::parse(&Secret::new(format!("{NEW},")).unwrap()).is_ok());
}

#[test]
fn other_algorithms_are_refused_whatever_they_are_signed_with() {
    for algorithm in ["none", "None", "NONE", "", "HS512", "hs256", "RS256", "ES256"] {
        let token = resigned(NEW, |header, _| header["alg"] = json!(algorithm));
        assert_eq!(verified(&keys(NEW), &token), None, "{algorithm}");
        let unsigned = token.rsplit_once('.').unwrap().0;
        assert_eq!(verified(&keys(NEW), &format!("{unsigned}.")), None, "{algorithm} without a signature");
    }
    let unsigned = keys(NEW).sign(&claims()).unwrap().reveal().rsplit_once('.').unwrap().0.to_owned();
    assert_eq!(verified(&keys(NEW), &unsigned), None);
    assert_eq!(verified(&keys(NEW), &format!("{unsigned}.")), None);
}

#[test]
fn a_key_that_is_not_ours_is_refused() {
    for kid in [json!("00000000"), json!(""), json!("../key"), json!(null), json!(["a"])] {
        assert_eq!(verified(&keys(NEW), &resigned(NEW, |header, _| header["kid"] = kid.clone())), None, "{kid}");
    }
    let other = "another key of thirty-two bytes or more";
    let claimed = resigned(other, |header, _| header["kid"] = json!(Key::new(NEW.as_bytes()).id));
    assert_eq!(verified(&keys(NEW), &claimed), None, "signed with another key under our key's id");
    assert_eq!(verified(&keys(NEW), &resigned(NEW, |header, _| header["crit"] = json!(["b64"]))), None);
}

#[test]
fn claims_that_are_not_for_us_or_not_for_now_are_refused() {
    let changed = |name: &str, value: Value| resigned(NEW, move |_, payload| payload[name] = value.clone());
    for (name, value) in [
        ("iss", json!("somebody")),
        ("aud", json!("another-api")),
        ("aud", json!(["tollgate-api"])),
        ("exp", json!(NOW)),
        ("exp", json!(NOW - 1)),
        ("exp", json!(null)),
        ("exp", json!("9999999999")),
        ("exp", json!(NOW + 31 * 24 * 3600)),
        ("iat", json!(NOW + 60)),
        ("iat", json!(null)),
        ("sub", json!("1")),
        ("sub", json!(null)),
        ("jti", json!(null)),
        ("company", json!("1")),
        ("company", json!(-1)),
        ("generation", json!(null)),
    ] {
        assert_eq!(verified(&keys(NEW), &changed(name, value.clone())), None, "{name} {value}");
    }
}

#[test]
fn any_changed_character_gives_it_away() {
    let token = keys(NEW).sign(&claims()).unwrap();
    for place in 0..token.reveal().len() {
        let mut changed = token.reveal().as_bytes().to_vec();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        assert_eq!(verified(&keys(NEW), std::str::from_utf8(&changed).unwrap()), None, "place {place}");
    }
}

#[test]
fn garbage_has_no_form() {
    let good = keys(NEW).sign(&claims()).unwrap().reveal().to_owned();
    for garbage in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "eyJhbGciOiJub25lIn0.e30.",
        &format!("{good}.x"),
        &format!("{good}="),
        &"x".repeat(5000),
    ] {
        assert!(Unverified::parse(garbage).and_then(|token| keys(NEW).verify(&token, now())).is_none(), "{garbage}");
    }
}
