//! Archives as forges send them, and such as nobody should.

use std::io::Write;

use flate2::{Compression, Crc, write::DeflateEncoder};

use super::*;

const FILE: u32 = 0o100_644;
const LINK: u32 = 0o120_777;

/// One entry, and the lies that are told of it.
#[derive(Clone)]
struct Item {
    name: Vec<u8>,
    own_name: Vec<u8>,
    packed: Vec<u8>,
    method: u16,
    flags: u16,
    unpacked: u32,
    crc: u32,
    mode: u32,
}

fn item(name: &str, content: &[u8], mode: u32) -> Item {
    let mut crc = Crc::new();
    crc.update(content);
    Item {
        name: name.into(),
        own_name: name.into(),
        packed: content.to_vec(),
        method: 0,
        flags: 0,
        unpacked: u32::try_from(content.len()).expect("small"),
        crc: crc.sum(),
        mode,
    }
}

fn file(name: &str, content: &str) -> Item {
    item(name, content.as_bytes(), FILE)
}

fn link(name: &str, target: &str) -> Item {
    item(name, target.as_bytes(), LINK)
}

fn deflated(name: &str, content: &[u8]) -> Item {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).expect("memory takes everything");
    Item { packed: encoder.finish().expect("memory takes everything"), method: 8, ..item(name, content, FILE) }
}

fn zip(items: &[Item]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    let short = |to: &mut Vec<u8>, value: usize| to.extend(u16::try_from(value).expect("small").to_le_bytes());
    let long = |to: &mut Vec<u8>, value: usize| to.extend(u32::try_from(value).expect("small").to_le_bytes());
    for item in items {
        let at = zip.len();
        let common = |to: &mut Vec<u8>, name: &[u8]| {
            for value in [20, item.flags.into(), item.method.into(), 0, 0] {
                short(to, value);
            }
            for value in [item.crc as usize, item.packed.len(), item.unpacked as usize] {
                long(to, value);
            }
            short(to, name.len());
            short(to, 0);
        };
        zip.extend(b"PK\x03\x04");
        common(&mut zip, &item.own_name);
        zip.extend(&item.own_name);
        zip.extend(&item.packed);
        directory.extend(b"PK\x01\x02\x17\x03");
        common(&mut directory, &item.name);
        for _ in 0..3 {
            short(&mut directory, 0);
        }
        long(&mut directory, (item.mode << 16) as usize);
        long(&mut directory, at);
        directory.extend(&item.name);
    }
    let start = zip.len();
    zip.extend(&directory);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    short(&mut zip, items.len());
    short(&mut zip, items.len());
    long(&mut zip, directory.len());
    long(&mut zip, start);
    // Git writes the commit's name here.
    short(&mut zip, 40);
    zip.extend([b'a'; 40]);
    zip
}

fn refused(items: &[Item]) -> BadArchive {
    inspect(&zip(items)).expect_err("refused")
}

#[test]
fn a_forges_archive_shows_its_composer_json_and_digests() {
    let composer = r#"{"name":"acme/toolkit"}"#;
    let archive = zip(&[
        item("acme-toolkit-6dcb09b/", b"", 0),
        deflated("acme-toolkit-6dcb09b/composer.json", composer.as_bytes()),
        item("acme-toolkit-6dcb09b/src/", b"", 0o040_755),
        deflated("acme-toolkit-6dcb09b/src/Größe.php", b"<?php"),
        file("acme-toolkit-6dcb09b/src/composer.json", "another"),
        link("acme-toolkit-6dcb09b/src/readme", "../docs/./readme.md"),
        link("acme-toolkit-6dcb09b/bin", "src/"),
    ]);
    let inspected = inspect(&archive).expect("a good archive");
    assert_eq!(inspected.composer_json.as_deref(), Some(composer));
    assert_eq!((inspected.entries, inspected.size), (7, archive.len() as u64));
    assert_eq!((inspected.sha1.len(), inspected.sha256.len()), (40, 64));
    assert_eq!(inspected.sha1, hex(&digest::SHA1_FOR_LEGACY_USE_ONLY, &archive));
}

#[test]
fn composer_json_is_looked_for_at_the_root_where_there_is_no_single_directory() {
    let found = |items: &[Item]| inspect(&zip(items)).expect("a good archive").composer_json;
    assert_eq!(found(&[file("composer.json", "{}"), file("src/a.php", "")]).as_deref(), Some("{}"));
    assert_eq!(found(&[file("a/composer.json", "{}"), file("b/composer.json", "{}")]), None);
    assert_eq!(found(&[file("a/b/composer.json", "{}")]), None);
    assert_eq!(found(&[link("a/composer.json", "other.json"), file("a/other.json", "{}")]), None);
    assert_eq!(found(&[]), None);
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in [
        "../evil",
        "a/../../evil",
        "a/..",
        "/etc/passwd",
        "//host/share",
        "a//b",
        "./a",
        "a\\..\\evil",
        "\\\\host\\share",
        "C:/evil",
        "c:evil",
        "a/C:/evil",
        "a\nb",
        "a\0b",
        "",
        "/",
    ] {
        let error = refused(&[file(name, "x")]);
        assert!(matches!(error, BadArchive::UnsafeName { .. }), "{name}: {error}");
    }
    assert!(inspect(&zip(&[file("a/..b/...c/d:e", "x")])).is_ok());
}

#[test]
fn one_place_has_one_entry() {
    for items in [
        [file("a/b", "1"), file("a/b", "2")],
        [file("a/b", "1"), item("a/b/", b"", 0)],
        [file("a/b", "1"), file("a/b/c", "2")],
        [file("a/b/c", "2"), file("a/b", "1")],
        [link("a/b", "c"), file("a/b/evil", "2")],
        [link("a/b", "c"), file("a/B/evil", "2")],
    ] {
        let error = refused(&items);
        assert!(matches!(error, BadArchive::Duplicate { .. }), "{error}");
    }
}

#[test]
fn links_stay_within_the_tree() {
    for (name, target) in [
        ("top/a", "/etc/passwd"),
        ("top/a", "../evil"),
        ("top/a", ".."),
        ("top/a/b", "../../evil"),
        ("top/a/b", "./../.././evil"),
        // Where this leads depends on what `x` is.
        ("top/a/b", "x/../../evil"),
        ("top/a/b", "x/../y"),
        ("top/a", "..\\evil"),
        ("top/a", "C:/evil"[..2].trim()),
        ("top/a", ""),
        ("top/a", "/"),
        ("top/a", "b//c"),
    ] {
        let error = refused(&[file("top/x", ""), link(name, target)]);
        assert!(matches!(error, BadArchive::LinkOut { .. }), "{name} -> {target}: {error}");
    }
    for (name, target) in [("top/a", "x"), ("top/a/b", "../x"), ("top/a/b/c", "../.."), ("top/a/b", "..")] {
        assert!(inspect(&zip(&[file("top/x", ""), link(name, target)])).is_ok(), "{name} -> {target}");
    }
    // Without a single directory the root is the tree.
    assert!(inspect(&zip(&[file("x", ""), link("top/a", "../x")])).is_ok());
    assert!(matches!(refused(&[file("x", ""), link("top/a", "../../x")]), BadArchive::LinkOut { .. }));
    assert!(matches!(refused(&[link("top/a", &"b".repeat(5000))]), BadArchive::LinkOut { .. }));
    assert!(matches!(refused(&[item("top/tty", b"", 0o020_666)]), BadArchive::Special { .. }));
}

#[test]
fn a_bomb_is_not_unpacked_to_its_end() {
    let bomb = zip(&[deflated("top/zeros", &vec![0; 4 << 20])]);
    assert!(bomb.len() < 10_000);
    assert_eq!(inspect(&bomb), Err(BadArchive::Bomb));
    // Small enough to harm nobody, and not unlike what is used in tests of packages.
    assert!(inspect(&zip(&[deflated("top/zeros", &vec![0; 500_000])])).is_ok());
    // The size that is told makes no difference, whether it is too small or too large.
    for unpacked in [10, 4 << 21] {
        let lying = Item { unpacked, ..deflated("top/zeros", &vec![0; 4 << 20]) };
        let error = refused(&[lying]);
        assert!(matches!(error, BadArchive::Bomb | BadArchive::Mismatch { .. }), "{error}");
    }
}

#[test]
fn what_is_said_of_an_entry_has_to_be_true() {
    let truth = deflated("top/a", b"hello hello hello");
    for lie in [
        Item { unpacked: truth.unpacked - 1, ..truth.clone() },
        Item { unpacked: truth.unpacked + 1, ..truth.clone() },
        Item { crc: truth.crc ^ 1, ..truth.clone() },
        Item { own_name: b"top/b".to_vec(), ..truth.clone() },
        Item { packed: b"nonsense".to_vec(), ..truth.clone() },
        Item { packed: truth.packed[..4].to_vec(), ..truth.clone() },
    ] {
        let error = refused(&[lie]);
        assert_eq!(error, BadArchive::Mismatch { name: "top/a".to_owned() });
    }
    for flags in [1, 1 << 6, 1 << 13] {
        assert_eq!(refused(&[Item { flags, ..truth.clone() }]), BadArchive::Encrypted);
    }
    assert!(matches!(refused(&[Item { method: 12, ..truth }]), BadArchive::Unsupported(_)));
}

#[test]
fn an_archive_that_is_cut_off_anywhere_is_refused_and_nothing_panics() {
    let archive = zip(&[deflated("top/composer.json", b"{}"), file("top/b", "content"), link("top/c", "b")]);
    for length in 0..archive.len() {
        assert!(inspect(&archive[..length]).is_err(), "{length}");
    }
    for at in 0..archive.len() {
        for bit in 0..8 {
            let mut damaged = archive.clone();
            damaged[at] ^= 1 << bit;
            // Some bits say nothing that matters (a date, the comment); none of them may end the process.
            let _ = inspect(&damaged);
        }
    }
    assert_eq!(inspect(b"<!doctype html><title>Sign in</title>"), Err(BadArchive::NotZip));
    assert_eq!(inspect(b""), Err(BadArchive::NotZip));
    let mut trailing = archive.clone();
    trailing.push(b'x');
    assert_eq!(inspect(&trailing), Err(BadArchive::Damaged));
    let mut leading = b"PK".to_vec();
    leading.extend(archive);
    assert_eq!(inspect(&leading), Err(BadArchive::Damaged));
}

#[test]
fn an_archive_has_a_limited_number_of_entries() {
    let many = |count: usize| -> Vec<Item> { (0..count).map(|number| file(&format!("top/{number}"), "")).collect() };
    assert!(inspect(&zip(&many(MAX_ENTRIES))).is_ok());
    assert_eq!(refused(&many(MAX_ENTRIES + 1)), BadArchive::TooManyEntries);
}

#[test]
fn a_composer_json_that_cannot_be_read_is_named() {
    let large = "x".repeat(MAX_COMPOSER_JSON + 1);
    assert_eq!(refused(&[file("top/composer.json", &large)]), BadArchive::ComposerTooLarge);
    assert!(inspect(&zip(&[file("top/composer.json", &large[1..])])).is_ok());
    assert_eq!(refused(&[item("top/composer.json", b"\xff", FILE)]), BadArchive::ComposerNotText);
}
