//! A zip archive's directory, as far as the archives of forges use the format.
//!
//! See PKWARE's `APPNOTE.TXT` 6.3.10, §4.3. The directory has to fill the space between the entries and the end.

use super::{BadArchive, MAX_ENTRIES};

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_LENGTH: usize = 22;
const CENTRAL_LENGTH: usize = 46;
const LOCAL_LENGTH: usize = 30;
/// Bits of the flags that mean encryption of some kind.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;

/// The directory.
pub(super) struct Directory<'a> {
    pub(super) entries: Vec<Entry<'a>>,
}

/// How an entry's bytes are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Stored,
    Deflated,
}

/// A line of the directory.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    pub(super) packing: Packing,
    pub(super) crc: u32,
    packed: usize,
    /// The size it is said to have.
    pub(super) unpacked: u64,
    /// Unix's mode, 0 if there is none.
    mode: u32,
    /// Where its own header begins.
    at: usize,
    /// Where the directory begins: its data ends before.
    end: usize,
}

impl<'a> Directory<'a> {
    pub(super) fn read(zip: &'a [u8]) -> Result<Self, BadArchive> {
        if !zip.starts_with(b"PK") {
            return Err(BadArchive::NotZip);
        }
        let end_at = find_end(zip)?;
        let end = Fields(&zip[end_at..]);
        let (here, all) = (end.short(8)?, end.short(10)?);
        let (size, start) = (end.long(12)?, end.long(16)?);
        if all == u16::MAX || size == u32::MAX || start == u32::MAX {
            return Err(BadArchive::Unsupported("Zip64"));
        }
        if end.short(4)? != 0 || end.short(6)? != 0 || here != all {
            return Err(BadArchive::Unsupported("several volumes"));
        }
        if usize::from(all) > MAX_ENTRIES {
            return Err(BadArchive::TooManyEntries);
        }
        let (start, size) = (start as usize, size as usize);
        if start.checked_add(size) != Some(end_at) {
            return Err(BadArchive::Damaged);
        }
        let mut rest = &zip[start..end_at];
        let mut entries = Vec::with_capacity(usize::from(all));
        for _ in 0..all {
            let (entry, length) = Entry::read(rest, start)?;
            entries.push(entry);
            rest = rest.get(length..).ok_or(BadArchive::Damaged)?;
        }
        let packed = entries.iter().try_fold(0_usize, |sum, entry| sum.checked_add(entry.packed));
        // More bytes than there are: some entries share them.
        if !rest.is_empty() || packed.is_none_or(|packed| packed > start) {
            return Err(BadArchive::Damaged);
        }
        Ok(Self { entries })
    }
}

/// Where the end's record begins: the last place that looks like it, whose comment is all that follows.
fn find_end(zip: &[u8]) -> Result<usize, BadArchive> {
    let first = zip.len().saturating_sub(END_LENGTH + usize::from(u16::MAX));
    let tail = &zip[first..];
    let place = tail.windows(4).rposition(|bytes| bytes == END.to_le_bytes()).ok_or(BadArchive::Damaged)?;
    let comment = Fields(&tail[place..]).short(20)?;
    if place + END_LENGTH + usize::from(comment) == tail.len() { Ok(first + place) } else { Err(BadArchive::Damaged) }
}

impl<'a> Entry<'a> {
    /// One line, and its length.
    fn read(bytes: &'a [u8], end: usize) -> Result<(Self, usize), BadArchive> {
        let fields = Fields(bytes);
        if fields.long(0)? != CENTRAL {
            return Err(BadArchive::Damaged);
        }
        if fields.short(8)? & ENCRYPTED != 0 {
            return Err(BadArchive::Encrypted);
        }
        let packing = match fields.short(10)? {
            0 => Packing::Stored,
            8 => Packing::Deflated,
            _ => return Err(BadArchive::Unsupported("an uncommon compression")),
        };
        let (packed, unpacked, at) = (fields.long(20)?, fields.long(24)?, fields.long(42)?);
        if [packed, unpacked, at].contains(&u32::MAX) {
            return Err(BadArchive::Unsupported("Zip64"));
        }
        let [name, extra, comment] = [fields.short(28)?, fields.short(30)?, fields.short(32)?].map(usize::from);
        let entry = Self {
            name: bytes.get(CENTRAL_LENGTH..CENTRAL_LENGTH + name).ok_or(BadArchive::Damaged)?,
            packing,
            crc: fields.long(16)?,
            packed: packed as usize,
            unpacked: unpacked.into(),
            mode: fields.long(38)? >> 16,
            at: at as usize,
            end,
        };
        Ok((entry, CENTRAL_LENGTH + name + extra + comment))
    }

    /// Its bytes as they are written down. Its own header has to agree with the directory.
    pub(super) fn data<'z>(&self, zip: &'z [u8]) -> Result<&'z [u8], BadArchive> {
        let header = zip.get(self.at..self.end).ok_or(BadArchive::Damaged)?;
        let fields = Fields(header);
        if fields.long(0)? != LOCAL {
            return Err(BadArchive::Damaged);
        }
        let [name, extra] = [fields.short(26)?, fields.short(28)?].map(usize::from);
        let own_name = header.get(LOCAL_LENGTH..LOCAL_LENGTH + name).ok_or(BadArchive::Damaged)?;
        let packing = if self.packing == Packing::Stored { 0 } else { 8 };
        if own_name != self.name || fields.short(8)? != packing || fields.short(6)? & ENCRYPTED != 0 {
            return Err(BadArchive::Mismatch { name: self.shown() });
        }
        let start = LOCAL_LENGTH + name + extra;
        header.get(start..start + self.packed).ok_or(BadArchive::Damaged)
    }

    /// Its name without a slash at the end.
    pub(super) fn path(&self) -> &'a [u8] {
        self.name.strip_suffix(b"/").unwrap_or(self.name)
    }

    pub(super) fn is_directory(&self) -> bool {
        self.name.ends_with(b"/")
    }

    pub(super) fn is_link(&self) -> bool {
        self.mode & 0o170_000 == 0o120_000
    }

    /// Neither file nor directory nor link.
    pub(super) fn is_special(&self) -> bool {
        !matches!(self.mode & 0o170_000, 0 | 0o040_000 | 0o100_000 | 0o120_000)
    }

    /// Its name for people, cut to a length that is fit to be stored.
    pub(super) fn shown(&self) -> String {
        String::from_utf8_lossy(self.name).chars().take(200).collect()
    }
}

/// Numbers at fixed places; what is not there is damage.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn short(&self, at: usize) -> Result<u16, BadArchive> {
        self.bytes(at).map(u16::from_le_bytes)
    }

    fn long(&self, at: usize) -> Result<u32, BadArchive> {
        self.bytes(at).map(u32::from_le_bytes)
    }

    fn bytes<const N: usize>(&self, at: usize) -> Result<[u8; N], BadArchive> {
        let bytes = self.0.get(at..at + N).ok_or(BadArchive::Damaged)?;
        bytes.try_into().map_err(|_| BadArchive::Damaged)
    }
}
