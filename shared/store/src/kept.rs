//! What a warm process keeps of what it read or made.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Values by a text that they follow from, so that none is ever stale. Those that were not used for longest make room. Clones
/// share them.
#[derive(Debug)]
pub struct Kept<T>(Arc<Mutex<Entries<T>>>);

#[derive(Debug)]
struct Entries<T> {
    by_key: HashMap<String, Entry<T>>,
    room: usize,
    /// Counts the uses.
    now: u64,
}

#[derive(Debug)]
struct Entry<T> {
    value: Arc<T>,
    size: usize,
    used: u64,
}

impl<T> Kept<T> {
    /// Nothing so far, with room for so many bytes.
    pub fn new(room: usize) -> Self {
        Self(Arc::new(Mutex::new(Entries { by_key: HashMap::new(), room, now: 0 })))
    }

    /// What is kept under `key`.
    pub fn get(&self, key: &str) -> Option<Arc<T>> {
        let mut kept = self.lock();
        kept.now += 1;
        let now = kept.now;
        let entry = kept.by_key.get_mut(key)?;
        entry.used = now;
        Some(Arc::clone(&entry.value))
    }

    /// Keeps `value`, of about so many bytes. What is larger than all the room there is, is not kept.
    pub fn keep(&self, key: &str, value: &Arc<T>, size: usize) {
        let mut kept = self.lock();
        if let Some(old) = kept.by_key.remove(key) {
            kept.room += old.size;
        }
        while kept.room < size {
            let oldest = kept.by_key.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            let Some(old) = oldest.and_then(|key| kept.by_key.remove(&key)) else { return };
            kept.room += old.size;
        }
        kept.room -= size;
        kept.now += 1;
        let entry = Entry { value: Arc::clone(value), size, used: kept.now };
        kept.by_key.insert(key.to_owned(), entry);
    }

    fn lock(&self) -> MutexGuard<'_, Entries<T>> {
        // Whoever panicked had nothing half done: an entry is there or not.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let (kept, value) = (Kept::new(100), Arc::new(()));
        let left = || {
            let kept = kept.lock();
            (kept.by_key.len(), kept.room)
        };
        kept.keep("a", &value, 40);
        kept.keep("b", &value, 40);
        assert!(kept.get("a").is_some());
        kept.keep("c", &value, 40);
        assert!(kept.get("b").is_none(), "it made room");
        assert!(kept.get("a").is_some() && kept.get("c").is_some());
        kept.keep("c", &value, 60);
        assert!(kept.get("a").is_some(), "the same one again takes no more room");
        kept.keep("d", &value, 100);
        assert_eq!(left(), (1, 0));
        kept.keep("e", &value, 101);
        assert!(kept.get("e").is_none(), "larger than everything");
        assert_eq!(left(), (0, 100));
    }
}
