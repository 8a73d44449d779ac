//! State that outlives the process, when it is given a file.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::Context;
use serde::{Serialize, de::DeserializeOwned};

/// A value behind a lock, written to its file after every change if it has one.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    value: Mutex<T>,
    file: Option<PathBuf>,
}

impl<T: Serialize + DeserializeOwned> Kept<T> {
    /// Keeps `value` in memory alone.
    pub(crate) fn in_memory(value: T) -> Self {
        Self { value: Mutex::new(value), file: None }
    }

    /// Reads the value from `file`, or begins with `first` if there is no such file yet.
    ///
    /// # Errors
    /// When the file cannot be read, is not what this program wrote, or cannot be written.
    pub(crate) fn open(file: &Path, first: impl FnOnce() -> T) -> anyhow::Result<Self> {
        let value = match fs::read(file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is not a sandbox's state", file.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => first(),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.display()));
            }
        };
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        save(file, &value)?;
        Ok(Self { value: Mutex::new(value), file: Some(file.to_owned()) })
    }

    /// Looks at the value.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.lock())
    }

    /// Changes the value, and saves it before anybody can hear of the change.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut value = self.lock();
        let result = change(&mut value);
        if let Some(file) = &self.file
            && let Err(error) = save(file, &*value)
        {
            tracing::error!(%error, file = %file.display(), "a sandbox's state could not be saved");
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replaces the file in one step. No fsync: it has to survive the death of the process, not of the machine.
fn save<T: Serialize>(file: &Path, value: &T) -> anyhow::Result<()> {
    let beside = file.with_extension("new");
    fs::write(&beside, serde_json::to_vec(value)?).with_context(|| format!("cannot write {}", beside.display()))?;
    fs::rename(&beside, file).with_context(|| format!("cannot write {}", file.display()))
}
