//! Zip archives as a forge makes them: one directory with everything in it, the commit's name as the comment, and the same
//! bytes for the same commit.

use std::collections::BTreeMap;

/// Nothing is compressed; a forge's archives are, but no reader may mind.
const STORED: u16 = 0;
/// A regular file on Unix.
const FILE: u32 = 0o100_644 << 16;
/// 2026-01-01 in MS-DOS's way of writing a date.
const DATE: u16 = (2026 - 1980) << 9 | 1 << 5 | 1;

/// An archive of `files` below `top`, with `comment` at its end.
pub(crate) fn archive(top: &str, files: &BTreeMap<String, String>, comment: &str) -> Vec<u8> {
    let (mut zip, mut directory, mut entries) = (Vec::new(), Vec::new(), 0_u16);
    let names = std::iter::once((format!("{top}/"), ""))
        .chain(files.iter().map(|(name, content)| (format!("{top}/{name}"), content.as_str())));
    for (name, content) in names {
        let at = long(zip.len());
        let mut common = Vec::new();
        for field in [20, 1 << 11, STORED, 0, DATE] {
            common.extend(field.to_le_bytes());
        }
        for field in [crc32(content.as_bytes()), long(content.len()), long(content.len())] {
            common.extend(field.to_le_bytes());
        }
        common.extend(short(name.len()).to_le_bytes());
        common.extend([0; 2]);
        zip.extend(b"PK\x03\x04");
        zip.extend(&common);
        zip.extend(name.as_bytes());
        zip.extend(content.as_bytes());
        directory.extend(b"PK\x01\x02\x17\x03");
        directory.extend(&common);
        directory.extend([0; 6]);
        let mode = if content.is_empty() && name.ends_with('/') { 0o040_755 << 16 } else { FILE };
        directory.extend(mode.to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
        entries += 1;
    }
    let start = zip.len();
    zip.extend(&directory);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    for field in [entries, entries] {
        zip.extend(field.to_le_bytes());
    }
    zip.extend(long(directory.len()).to_le_bytes());
    zip.extend(long(start).to_le_bytes());
    zip.extend(short(comment.len()).to_le_bytes());
    zip.extend(comment.as_bytes());
    zip
}

/// The sandbox's files are small; what is not becomes an archive that nobody can read.
fn long(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn short(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

/// The checksum of zip archives, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_one_that_may_be_handed_on() {
        let files = [("composer.json", "{}"), ("src/Toolkit.php", "<?php\n")];
        let files: BTreeMap<String, String> =
            files.into_iter().map(|(name, content)| (name.to_owned(), content.to_owned())).collect();
        let zip = archive("acme-toolkit-6dcb09b", &files, "6dcb09b5b57875f334f61aebed695e2e4193db5e");
        let inspected = clients::archive::inspect(&zip).unwrap();
        assert_eq!(inspected.composer_json.as_deref(), Some("{}"));
        assert_eq!(inspected.entries, 3);
        assert_eq!(zip, archive("acme-toolkit-6dcb09b", &files, "6dcb09b5b57875f334f61aebed695e2e4193db5e"));
    }

    #[test]
    fn the_checksum_is_that_of_zip() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
