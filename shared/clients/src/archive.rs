//! What is in an archive that a forge sent: whether it may be handed on, its `composer.json`, its digests.
//!
//! The archive is stored and served as it came, so whatever it would do to who unpacks it, it would do to a customer.
//! Nothing that it says of itself is believed: every entry is really unpacked, into nothing, and counted. The directory is
//! read here and not by a library, since those are made to get at files by all means: of two entries of one name they
//! silently show the last, and pass over what stands around and between the entries.

mod directory;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    io::Read,
};

use flate2::{Crc, bufread::DeflateDecoder};
use ring::digest;

use self::directory::{Directory, Entry, Packing};

/// The most entries an archive may have.
pub const MAX_ENTRIES: usize = 20_000;
/// The most bytes that all entries together may become.
pub const MAX_UNPACKED: u64 = 512 * 1024 * 1024;
/// How many times as large as the archive they may become. What is unpacked to less than a mebibyte harms nobody.
pub const MAX_RATIO: u64 = 200;
/// The largest `composer.json`, in bytes.
pub const MAX_COMPOSER_JSON: usize = 1024 * 1024;

/// Below this the ratio does not count.
const HARMLESS: u64 = 1024 * 1024;
/// The longest target of a symbolic link that Linux knows.
const MAX_TARGET: usize = 4096;

/// An archive that may be handed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The text of `composer.json` in its single top directory, or at its root if it has no such directory.
    pub composer_json: Option<String>,
    /// SHA-1 of the archive, as Composer compares it: 40 hexadecimal digits in lower case.
    pub sha1: String,
    /// SHA-256 of the archive: 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// The archive's size in bytes.
    pub size: u64,
    /// How many entries it has.
    pub entries: usize,
}

/// Why an archive is not handed on. Its text tells the vendor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadArchive {
    /// It does not begin or end like a zip archive.
    #[error("the archive is not a zip archive")]
    NotZip,
    /// It ends too early, or its directory leads elsewhere than into it.
    #[error("the archive is cut off or damaged")]
    Damaged,
    /// An entry is not what the directory says of it.
    #[error("{name} in the archive is not what the archive's directory says")]
    Mismatch {
        /// The entry.
        name: String,
    },
    /// It uses a part of the format that no forge uses.
    #[error("the archive uses {0}, which is not supported")]
    Unsupported(&'static str),
    /// An entry can be read with a password only.
    #[error("the archive is encrypted")]
    Encrypted,
    /// It has too many entries.
    #[error("the archive has more than {MAX_ENTRIES} entries")]
    TooManyEntries,
    /// Its entries are too large.
    #[error("the archive's files are larger than {} MiB", MAX_UNPACKED / 1024 / 1024)]
    TooLarge,
    /// Its entries are far larger than itself: it is made to fill disks.
    #[error("the archive's files are more than {MAX_RATIO} times as large as the archive")]
    Bomb,
    /// An entry's name leads out of the directory that it is unpacked to, or would on some systems.
    #[error("the archive has an entry with the unsafe name {name:?}")]
    UnsafeName {
        /// The name.
        name: String,
    },
    /// Two entries have one name, or one lies below what is no directory.
    #[error("the archive has more than one entry {name:?}")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// An entry is neither file nor directory nor link.
    #[error("{name:?} in the archive is a device or the like")]
    Special {
        /// The entry.
        name: String,
    },
    /// A symbolic link leads out of the archive's tree, or not plainly into it.
    #[error("the link {name:?} in the archive leads out of it")]
    LinkOut {
        /// The link.
        name: String,
    },
    /// `composer.json` is too large.
    #[error("composer.json is larger than 1 MiB")]
    ComposerTooLarge,
    /// `composer.json` is not UTF-8.
    #[error("composer.json is not UTF-8 text")]
    ComposerNotText,
}

/// Looks through an archive.
///
/// # Errors
/// The first reason for which it must not be handed on.
pub fn inspect(zip: &[u8]) -> Result<Inspected, BadArchive> {
    let directory = Directory::read(zip)?;
    let top = top_directory(&directory.entries);
    check_names(&directory.entries)?;
    let wanted = top.map_or_else(|| b"composer.json".to_vec(), |top| [top, b"/composer.json"].concat());
    let mut budget = Budget { left: MAX_UNPACKED.min(MAX_RATIO.saturating_mul(len(zip)).max(HARMLESS)), len: len(zip) };
    let mut composer_json = None;
    for entry in &directory.entries {
        let keep = if entry.is_link() {
            MAX_TARGET
        } else if entry.name == wanted {
            MAX_COMPOSER_JSON
        } else {
            0
        };
        let kept = unpack(zip, entry, keep, &mut budget)?;
        if entry.is_link() {
            check_target(entry, top.is_some(), &kept)?;
        } else if entry.name == wanted {
            if entry.unpacked > len(&kept) {
                return Err(BadArchive::ComposerTooLarge);
            }
            composer_json = Some(String::from_utf8(kept).map_err(|_| BadArchive::ComposerNotText)?);
        }
    }
    Ok(Inspected {
        composer_json,
        sha1: hex(&digest::SHA1_FOR_LEGACY_USE_ONLY, zip),
        sha256: hex(&digest::SHA256, zip),
        size: len(zip),
        entries: directory.entries.len(),
    })
}

/// The directory that everything is in, if everything is in one.
fn top_directory<'a>(entries: &[Entry<'a>]) -> Option<&'a [u8]> {
    let top = |entry: &Entry<'a>| {
        let slash = entry.name.iter().position(|byte| *byte == b'/')?;
        Some(&entry.name[..slash])
    };
    let first = top(entries.first()?)?;
    entries.iter().all(|entry| top(entry) == Some(first)).then_some(first)
}

/// Refuses names that lead out of the tree, or where another entry is.
fn check_names(entries: &[Entry<'_>]) -> Result<(), BadArchive> {
    let mut directories = HashMap::new();
    for entry in entries {
        if !is_safe(entry.name) {
            return Err(BadArchive::UnsafeName { name: entry.shown() });
        }
        if entry.is_special() {
            return Err(BadArchive::Special { name: entry.shown() });
        }
        if directories.insert(entry.path(), entry.is_directory()).is_some() {
            return Err(BadArchive::Duplicate { name: entry.shown() });
        }
    }
    // Some systems take `LINK` for `link`.
    let links: HashSet<Vec<u8>> =
        entries.iter().filter(|it| it.is_link()).map(|link| link.path().to_ascii_lowercase()).collect();
    for entry in entries {
        let path = entry.path();
        let above = (0..path.len()).filter(|at| path[*at] == b'/').map(|at| &path[..at]);
        for above in above {
            if directories.get(above) == Some(&false) || links.contains(&above.to_ascii_lowercase()) {
                return Err(BadArchive::Duplicate { name: String::from_utf8_lossy(above).into_owned() });
            }
        }
    }
    Ok(())
}

fn is_safe(name: &[u8]) -> bool {
    let path = name.strip_suffix(b"/").unwrap_or(name);
    let plain = !path.iter().any(|byte| matches!(byte, b'\\' | 0..=31 | 127));
    let drive = matches!(path, [letter, b':', ..] if letter.is_ascii_alphabetic());
    plain && !drive && path.split(|byte| *byte == b'/').all(is_safe_part)
}

/// A part of a path that leads to nowhere else, and is no drive.
fn is_safe_part(part: &[u8]) -> bool {
    !matches!(part, b"" | b"." | b"..") && !matches!(part, [letter, b':'] if letter.is_ascii_alphabetic())
}

/// Refuses a link that leads out of the tree.
///
/// Steps up are taken only at the beginning: the directories above a link are no links themselves, so there it is known
/// where a step up leads. What goes down from there may pass other links, which have passed this as well.
fn check_target(link: &Entry<'_>, has_top: bool, target: &[u8]) -> Result<(), BadArchive> {
    let out = || BadArchive::LinkOut { name: link.shown() };
    if link.unpacked > len(target) || target.is_empty() || target.contains(&b'\\') || target.contains(&0) {
        return Err(out());
    }
    // How many directories are above it, without the top one.
    let depth = link.path().split(|byte| *byte == b'/').count() - 1 - usize::from(has_top);
    let mut parts = target.split(|byte| *byte == b'/').peekable();
    let mut up = 0;
    while parts.next_if(|part| matches!(*part, b".." | b".")).is_some_and(|part| {
        up += usize::from(part == b"..");
        true
    }) {}
    let down: Vec<&[u8]> = parts.collect();
    let down = match down.as_slice() {
        // `directory/` is a usual way to write a directory.
        [parts @ .., b""] if !parts.is_empty() || up > 0 => parts,
        parts => parts,
    };
    if up <= depth && down.iter().all(|part| *part == b"." || is_safe_part(part)) { Ok(()) } else { Err(out()) }
}

/// What may still be unpacked.
struct Budget {
    left: u64,
    /// The archive's size.
    len: u64,
}

impl Budget {
    fn spend(&mut self, bytes: usize) -> Result<(), BadArchive> {
        let left = self.left.checked_sub(bytes as u64);
        let refused =
            if MAX_RATIO.saturating_mul(self.len) < MAX_UNPACKED { BadArchive::Bomb } else { BadArchive::TooLarge };
        self.left = left.ok_or(refused)?;
        Ok(())
    }
}

/// Unpacks an entry into nothing but its first `keep` bytes, and compares it with what is said of it.
fn unpack(zip: &[u8], entry: &Entry<'_>, keep: usize, budget: &mut Budget) -> Result<Vec<u8>, BadArchive> {
    let mismatch = || BadArchive::Mismatch { name: entry.shown() };
    let packed = entry.data(zip)?;
    let mut inflated;
    let mut plain;
    let reader: &mut dyn Read = match entry.packing {
        Packing::Stored => {
            plain = packed;
            &mut plain
        }
        Packing::Deflated => {
            inflated = DeflateDecoder::new(packed);
            &mut inflated
        }
    };
    let (mut kept, mut crc, mut buffer) = (Vec::new(), Crc::new(), [0; 16 * 1024]);
    let mut unpacked = 0_u64;
    loop {
        let read = reader.read(&mut buffer).map_err(|_| mismatch())?;
        if read == 0 {
            break;
        }
        budget.spend(read)?;
        unpacked += read as u64;
        if unpacked > entry.unpacked {
            return Err(mismatch());
        }
        crc.update(&buffer[..read]);
        let wanted = keep.saturating_sub(kept.len()).min(read);
        kept.extend_from_slice(&buffer[..wanted]);
    }
    if unpacked == entry.unpacked && crc.sum() == entry.crc { Ok(kept) } else { Err(mismatch()) }
}

fn len(bytes: &[u8]) -> u64 {
    bytes.len() as u64
}

fn hex(algorithm: &'static digest::Algorithm, bytes: &[u8]) -> String {
    domain::text::hex(digest::digest(algorithm, bytes).as_ref())
}
