//! Values parsed from files that other programs rewrite, such as the kubelet: read again every minute, and after a
//! refusal.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use kubernetes_config::{MAX_FILE_BYTES, read_file};
use tokio::time::Instant;

use crate::clock;
use crate::error::BoxError;
use crate::sync::lock;

/// The time for which a value is used before its files are read again. client-go uses one minute for tokens
/// (`transport/token_source.go`) and five for certificates (`CertCallbackRefreshDuration`).
const PERIOD: Duration = Duration::from_secs(60);

/// The contents of files, in their order.
type Contents = Vec<Vec<u8>>;

type Parse<T> = Box<dyn Fn(&[Vec<u8>]) -> Result<T, BoxError> + Send + Sync>;

/// A value that is parsed again when the content of its files has changed. While a file can't be read or parsed, the
/// last valid value is used.
///
/// Without `Debug`, as it may contain secrets. Reading blocks, because the files are small, local and regular.
pub struct Reloaded<T> {
    /// For the log, such as `the client certificate`.
    name: &'static str,
    files: Vec<PathBuf>,
    parse: Parse<T>,
    period: Duration,
    /// Locked while reading, so that one request reads for all.
    last: Mutex<Option<Last<T>>>,
    reads: AtomicU64,
    failures: AtomicU64,
}

/// The last good value.
struct Last<T> {
    value: Arc<T>,
    contents: Contents,
    /// When the files were last read, with or without success.
    read_at: Instant,
}

impl<T> Reloaded<T> {
    /// `parse` gets the contents of `files`, in their order. Reads nothing yet.
    pub fn new(
        name: &'static str,
        files: Vec<PathBuf>,
        parse: impl Fn(&[Vec<u8>]) -> Result<T, BoxError> + Send + Sync + 'static,
    ) -> Self {
        let (reads, failures) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { name, files, parse: Box::new(parse), period: PERIOD, last: Mutex::new(None), reads, failures }
    }

    /// Uses a value for this time before its files are read again, instead of a minute.
    #[must_use]
    pub fn with_period(self, period: Duration) -> Self {
        Self { period, ..self }
    }

    /// Like [`new`](Self::new), but with contents that have just been read.
    ///
    /// # Errors
    ///
    /// Returns an error if the contents can't be parsed.
    pub fn with_contents(self, contents: Contents) -> Result<Self, BoxError> {
        let value = Arc::new((self.parse)(&contents)?);
        *self.lock() = Some(Last { value, contents, read_at: clock::now() });
        Ok(self)
    }

    /// The value, which stays the same allocation as long as the content of the files does not change.
    ///
    /// # Errors
    ///
    /// Returns an error if there has never been a valid value.
    pub fn current(&self) -> Result<Arc<T>, BoxError> {
        let mut last = self.lock();
        if last.as_ref().is_none_or(|last| clock::now().duration_since(last.read_at) >= self.period) {
            self.reload(&mut last)?;
        }
        last.as_ref().map(|last| Arc::clone(&last.value)).ok_or_else(|| "no file was read".into())
    }

    /// A value other than the refused one: another request may already have read it, otherwise the files are read at
    /// once.
    pub fn other_than(&self, is_used: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        let mut last = self.lock();
        if last.as_ref().is_none_or(|last| is_used(&last.value)) {
            self.reload(&mut last).ok()?;
        }
        last.as_ref().map(|last| Arc::clone(&last.value)).filter(|value| !is_used(value))
    }

    /// The last good value, without reading.
    pub fn last(&self) -> Option<Arc<T>> {
        self.lock().as_ref().map(|last| Arc::clone(&last.value))
    }

    /// How often the files were read, and how often that or the parsing failed.
    pub fn counts(&self) -> (u64, u64) {
        (self.reads.load(Ordering::Relaxed), self.failures.load(Ordering::Relaxed))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Last<T>>> {
        lock(&self.last)
    }

    /// Fails only if there is no value to keep.
    fn reload(&self, last: &mut Option<Last<T>>) -> Result<(), BoxError> {
        let read_at = clock::now();
        let loaded = self.load(last.as_ref());
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.failures.fetch_add(loaded.is_err().into(), Ordering::Relaxed);
        match (loaded, last.as_mut()) {
            (Ok(None), Some(last)) => last.read_at = read_at,
            (Ok(None), None) => {}
            (Ok(Some((value, contents))), _) => {
                if last.is_some() {
                    tracing::debug!(files = ?self.files, "{} has changed", self.name);
                }
                *last = Some(Last { value: Arc::new(value), contents, read_at });
            }
            (Err(error), Some(last)) => {
                last.read_at = read_at;
                tracing::warn!(%error, "can't read {} again; using the last one", self.name);
            }
            (Err(error), None) => return Err(error),
        }
        Ok(())
    }

    /// `None` if the files have the same content as before.
    fn load(&self, last: Option<&Last<T>>) -> Result<Option<(T, Contents)>, BoxError> {
        let contents = self.files.iter().map(|file| read_file(file, MAX_FILE_BYTES)).collect::<Result<Vec<_>, _>>()?;
        if last.is_some_and(|last| last.contents == contents) {
            return Ok(None);
        }
        Ok(Some(((self.parse)(&contents)?, contents)))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn numbers(files: Vec<PathBuf>) -> Reloaded<Vec<u32>> {
        Reloaded::new("the numbers", files, |contents| {
            contents.iter().map(|text| Ok(std::str::from_utf8(text)?.trim().parse()?)).collect()
        })
    }

    #[tokio::test(start_paused = true)]
    async fn files_are_read_again_after_a_minute_and_the_last_good_value_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        let numbers = numbers(vec![one.clone(), two.clone()]);
        assert!(numbers.current().is_err_and(|error| error.to_string().contains("one")), "the file is named");

        fs::write(&one, "1").and_then(|()| fs::write(&two, "2")).expect("files");
        let first = numbers.current().expect("both are there");
        assert_eq!(*first, [1, 2]);
        fs::write(&two, "3").expect("the file");
        assert_eq!(*numbers.current().expect("the last one"), [1, 2], "within the minute");
        tokio::time::advance(PERIOD).await;
        assert_eq!(*numbers.current().expect("the new one"), [1, 3]);

        fs::write(&two, "half-written").expect("the file");
        tokio::time::advance(PERIOD).await;
        let kept = numbers.current().expect("the last good one");
        assert_eq!(*kept, [1, 3]);
        fs::write(&two, "3").expect("the file");
        tokio::time::advance(PERIOD).await;
        assert!(Arc::ptr_eq(&kept, &numbers.current().expect("the same content")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_value_is_replaced_at_once_if_the_files_have_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("one");
        fs::write(&file, "1").expect("the file");
        let numbers = numbers(vec![file.clone()]).with_contents(vec![b"1".to_vec()]).expect("a number");
        assert_eq!(numbers.other_than(|used| used == &[1]), None, "the same content");
        fs::write(&file, "2").expect("the file");
        assert_eq!(numbers.other_than(|used| used == &[1]).as_deref(), Some(&vec![2]));
        fs::remove_file(&file).expect("the file is there");
        assert_eq!(numbers.other_than(|used| used == &[1]).as_deref(), Some(&vec![2]), "another request has read it");
        assert_eq!(numbers.other_than(|used| used == &[2]), None);
        assert_eq!(numbers.last().as_deref(), Some(&vec![2]));
    }
}
