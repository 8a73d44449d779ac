//! Archives and `composer.json`s that no customer may get: the tag is passed over with a reason, the others are listed, and
//! the tag's next commit heals it.

use std::io::Write as _;

use domain::forge::ForgeKind::Gitlab;
use flate2::{Compression, Crc, write::DeflateEncoder};
use serde_json::{Value, json};

use super::{PATH, Shop, manifest};

/// A regular file on Unix, a symbolic link.
const FILE: u32 = 0o100_644;
const LINK: u32 = 0o120_777;

/// An archive with these entries, as they are: name, what is in it, its mode.
fn zip(entries: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for (name, content, mode) in entries {
        let (at, packed) = (zip.len(), deflated(content));
        let mut crc = Crc::new();
        crc.update(content);
        let mut common: Vec<u8> = [20_u16, 1 << 11, 8, 0, 0x5C21].iter().flat_map(|it| it.to_le_bytes()).collect();
        for number in [crc.sum(), long(packed.len()), long(content.len())] {
            common.extend(number.to_le_bytes());
        }
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0; 2]);
        zip.extend(b"PK\x03\x04");
        zip.extend(&common);
        zip.extend(name.as_bytes());
        zip.extend(&packed);
        directory.extend(b"PK\x01\x02\x17\x03");
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend((mode << 16).to_le_bytes());
        directory.extend(long(at).to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, count) = (long(zip.len()), u16::try_from(entries.len()).unwrap());
    zip.extend(&directory);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend([count, count].iter().flat_map(|it| it.to_le_bytes()));
    zip.extend(long(directory.len()).to_le_bytes());
    zip.extend(start.to_le_bytes());
    zip.extend([0; 2]);
    zip
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn long(number: usize) -> u32 {
    u32::try_from(number).unwrap()
}

/// An archive of the package with one more entry.
fn with_entry(name: &str, content: &[u8], mode: u32) -> Vec<u8> {
    zip(&[("top/composer.json", manifest().to_string().as_bytes(), FILE), (name, content, mode)])
}

fn with_manifest(text: &[u8]) -> Vec<u8> {
    zip(&[("top/composer.json", text, FILE), ("top/src/Widget.php", b"<?php\n", FILE)])
}

fn bad_archives() -> Vec<(&'static str, Vec<u8>)> {
    let noise = |length: u32| (0..length).map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[3]);
    let mut too_large = b"PK\x03\x04".to_vec();
    too_large.extend(noise(65 * 1024 * 1024));
    let long: Vec<u8> = noise(10_000_000).map(|byte| b'a' + byte % 26).collect();
    vec![
        ("unsafe name", with_entry("top/../../etc/cron.d/evil", b"x", FILE)),
        ("unsafe name", with_entry("../evil", b"x", FILE)),
        ("unsafe name", with_entry("/etc/passwd", b"x", FILE)),
        ("unsafe name", with_entry("top/a\\..\\evil", b"x", FILE)),
        ("unsafe name", with_entry("C:/evil", b"x", FILE)),
        ("leads out of it", with_entry("top/link", b"../../../etc/passwd", LINK)),
        ("leads out of it", with_entry("top/link", b"/etc/passwd", LINK)),
        ("more than 200 times as large", with_entry("top/zeros", &vec![0; 300 * 1024 * 1024], FILE)),
        ("larger than 64 MiB", too_large),
        ("damaged", b"PK\x03\x04 and nothing else".to_vec()),
        ("no zip archive", b"hello".to_vec()),
        ("no zip archive", Vec::new()),
        ("more than one entry", with_entry("top/composer.json", b"{}", FILE)),
        ("composer.json is larger than 1 MiB", with_manifest(&long)),
        ("composer.json is not UTF-8", with_manifest(b"{\"name\": \"acme/widget\", \"description\": \"\xff\xfe\"}")),
    ]
}

fn bad_manifests() -> Vec<(&'static str, String)> {
    let with = |field: &str, value: Value| {
        let mut manifest = manifest();
        manifest[field] = value;
        manifest.to_string()
    };
    vec![
        ("not a JSON object", "<?php echo 1;".to_owned()),
        ("not a JSON object", "[]".to_owned()),
        ("not a JSON object", "[".repeat(100_000)),
        ("larger than 128 KiB", with("description", json!("x".repeat(200_000)))),
        ("that of no name", "{}".to_owned()),
        ("that of no name", with("name", json!(["acme/widget"]))),
        ("that of acme/other, not of acme/widget", with("name", json!("acme/other"))),
        ("says version 9.9", with("version", json!("9.9"))),
        ("require has to be an object of packages and constraints", with("require", json!("x"))),
        ("require: php has to be a constraint", with("require", json!({"php": 8}))),
        ("require: a/b is not given as a constraint", with("require", json!({"a/b": "one or two"}))),
        ("autoload has to be an object", with("autoload", json!(5))),
        ("autoload.psr-4 has to be", with("autoload", json!({"psr-4": "src/"}))),
        ("type has to be a text", with("type", json!({"a": 1}))),
        ("bin has to be", with("bin", json!([["a"]]))),
        ("abandoned has to be", with("abandoned", json!(["a/b"]))),
    ]
}

/// The tag is passed over for this reason, with the good ones before and after it listed.
async fn passed_over(shop: &Shop, tag: &str, told: &str) {
    shop.ask().await;
    shop.rest().await;
    let reason = shop.reason(tag).await.unwrap_or_default();
    assert!(reason.contains(told) && reason.len() < 400, "{tag}: {reason}, not {told}");
    let asked = shop.asked();
    shop.ask().await;
    shop.rest().await;
    assert!(shop.asked() - asked <= 4, "{told}: {} calls for nothing new", shop.asked() - asked);
    let shown = shop.shown().await;
    assert_eq!(shown["sync"]["status"], "ok", "{shown}");
    let (before, after) = (tag.trim_start_matches('v').to_owned(), format!("{}.1", &tag[1..tag.len() - 2]));
    let offered = shop.look().await;
    assert!(!offered.contains(&before) && offered.contains(&after), "{told}: {offered:?}");
}

/// What was passed over was released anew.
async fn healed(shop: Shop) {
    shop.ask().await;
    shop.rest().await;
    shop.right("healed").await;
    shop.t.finish().await;
}

#[tokio::test]
async fn an_archive_that_would_harm_whoever_unpacks_it_is_passed_over() {
    let shop = Shop::synced(Gitlab, 1).await;
    for (round, (told, zip)) in bad_archives().into_iter().enumerate() {
        let tag = format!("v2.{round}.0");
        let commit = shop.release_text(&tag, &manifest().to_string());
        shop.forges().put_archive(Gitlab, PATH, &commit, zip).unwrap();
        shop.release(&format!("v2.{round}.1"));
        passed_over(&shop, &tag, told).await;
        shop.release(&tag);
    }
    healed(shop).await;
}

#[tokio::test]
async fn a_manifest_that_composer_cannot_read_is_passed_over() {
    let shop = Shop::synced(Gitlab, 1).await;
    for (round, (told, text)) in bad_manifests().into_iter().enumerate() {
        let tag = format!("v2.{round}.0");
        shop.release_text(&tag, &text);
        shop.release(&format!("v2.{round}.1"));
        passed_over(&shop, &tag, told).await;
        shop.release(&tag);
    }
    healed(shop).await;
}

/// Archives may leave `composer.json` out; then it is asked for by itself.
#[tokio::test]
async fn a_manifest_that_is_in_no_archive_is_read_from_the_commit() {
    let shop = Shop::synced(Gitlab, 1).await;
    let without = || zip(&[("top/src/Widget.php", b"<?php\n", FILE)]);
    let commit = shop.release("v2.0.0");
    shop.forges().put_archive(Gitlab, PATH, &commit, without()).unwrap();
    let commit = shop.release_text("v2.1.0", &format!("{:#}", json!({"name": "acme/widget", "autoload": 5})));
    shop.forges().put_archive(Gitlab, PATH, &commit, without()).unwrap();
    shop.ask().await;
    shop.rest().await;
    assert!(shop.reason("v2.1.0").await.unwrap().contains("autoload"));
    shop.bad.borrow_mut().push("v2.1.0".to_owned());
    shop.right("one read, one refused").await;
    shop.t.finish().await;
}
