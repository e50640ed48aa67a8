//! A bucket of an S3-compatible object store. Every call blocks; requests run on two threads of the
//! bucket's own runtime. A request is tried again with growing pauses, within [`Limits`]; then the
//! error says which object, what was tried and what to check.
//!
//! The trap of such a store is an answer that was lost. A put that is known by its content may simply
//! be repeated. The commit may not: repeated, a conditional put finds its own object and is told that
//! it exists already. So [`Bucket::create`] reads what is there: the same bytes are its own.

use std::fmt;
use std::fs::File;
use std::future::Future;
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path as FsPath;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientConfigKey, Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt,
    PutMode, PutPayload, RetryConfig,
};
use tokio::runtime::Runtime;

use super::{Listed, refusal};
use crate::LakeError;

/// How often and how long a request is tried before it has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tries of one request, the first one included.
    pub tries: usize,
    /// No further try begins after this.
    pub total: Duration,
    /// One try may take so long, unless `AWS_TIMEOUT` says otherwise.
    pub request: Duration,
    /// Connecting may take so long, unless `AWS_CONNECT_TIMEOUT` says otherwise.
    pub connect: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tries: 8,
            total: Duration::from_secs(60),
            request: Duration::from_secs(30),
            connect: Duration::from_secs(5),
        }
    }
}

/// An open bucket, or the part of one below a prefix.
pub struct Bucket {
    objects: AmazonS3,
    runtime: Runtime,
    url: String,
    prefix: Path,
    told: refusal::Told,
    // That the store refuses to write over an object was seen.
    creates: OnceLock<()>,
}

/// Bytes of a part: of an upload, and of a download.
const PART: u64 = 8 << 20;
/// Parts under way at a time.
const PARTS: usize = 4;
/// Above this, an object is uploaded in parts.
const WHOLE_MAX: u64 = 16 << 20;
/// How often requests that broke off, or a commit whose outcome is unknown, are begun.
const ROUNDS: usize = 3;

/// The object by which a store shows that it refuses to write over one.
const PROBE: &str = "create-if-absent.txt";
const PROBE_TEXT: &[u8] =
    b"Proffer tries to write over this object before its first commit, and expects a refusal.\n";

impl Bucket {
    /// Whether a text names a bucket rather than a folder.
    #[must_use]
    pub fn is_url(text: &str) -> bool {
        text.starts_with("s3://")
    }

    /// Opens `s3://bucket/prefix`. Keys, region and endpoint come from the environment
    /// (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`,
    /// `AWS_ENDPOINT_URL`, `AWS_ALLOW_HTTP` …), or from the role of the machine. Nothing is asked of
    /// the store yet.
    ///
    /// # Errors
    /// When the address or the environment is wrong, in a sentence that says what to mend.
    pub fn open(url: &str) -> Result<Self, LakeError> {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::open_with(url, Limits::default(), environment)
    }

    /// The same with other limits, and with these variables instead of the environment's.
    ///
    /// # Errors
    /// As [`Bucket::open`].
    pub fn open_with(
        url: &str,
        limits: Limits,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, LakeError> {
        // Somebody may have written his keys into the address.
        let shown = match url.rsplit_once('@') {
            Some((_, place)) => format!("s3://{place}"),
            None => url.to_owned(),
        };
        let refused = |why: String| LakeError::Bucket { place: shown.clone(), why };
        let (bucket, prefix) = split(url.trim_end_matches('/')).ok_or_else(|| {
            refused("write the place as s3://BUCKET or s3://BUCKET/FOLDER".to_owned())
        })?;
        let prefix = Path::parse(prefix).map_err(|error| refused(error.to_string()))?;
        let builder =
            configured(limits, variables).with_bucket_name(bucket).with_retry(RetryConfig {
                backoff: BackoffConfig {
                    init_backoff: Duration::from_millis(100),
                    max_backoff: Duration::from_secs(5),
                    base: 3.0,
                },
                max_retries: limits.tries.saturating_sub(1),
                retry_timeout: limits.total,
            });
        let told = refusal::Told::new(&builder, bucket, limits).map_err(&refused)?;
        let objects = builder.build().map_err(|error| refused(told.why(&error, None)))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("object-store")
            .enable_all()
            .build()
            .map_err(|error| refused(format!("cannot start threads for requests: {error}")))?;
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { objects, runtime, url, prefix, told, creates: OnceLock::new() })
    }

    /// How a person or another tool names an object.
    #[must_use]
    pub fn location(&self, path: &str) -> String {
        match path {
            "" => self.url.clone(),
            path => format!("{}/{path}", self.url),
        }
    }

    fn path(&self, path: &str) -> Path {
        // As it is written: what `Path::from` would make of other alphabets is another name.
        let path = Path::parse(path).unwrap_or_else(|_| Path::from(path));
        self.prefix.parts().chain(path.parts()).collect()
    }

    /// Runs requests that may be repeated to their end, and names the object if they fail. Each
    /// request is tried within the limits; here is begun again what broke off in mid-answer.
    fn run<T, R>(&self, path: &str, requests: impl Fn() -> R) -> Result<T, LakeError>
    where
        R: Future<Output = Result<T, Error>>,
    {
        let began = Instant::now();
        let repeated = async {
            let mut round = 1;
            loop {
                match requests().await {
                    Err(error) if round < ROUNDS && refusal::is_broken_off(&error) => round += 1,
                    done => return done,
                }
            }
        };
        self.runtime.block_on(repeated).map_err(|error| self.failed(path, &error, began))
    }

    fn failed(&self, path: &str, error: &Error, began: Instant) -> LakeError {
        let why = self.told.why(error, Some(began.elapsed()));
        LakeError::Bucket { place: self.location(path), why }
    }

    /// Writes an object unless one of that name exists; says whether it wrote.
    pub(crate) fn create(&self, path: &str, bytes: &Bytes) -> Result<bool, LakeError> {
        self.ensure_creates()?;
        self.create_if_absent(path, bytes)
    }

    fn create_if_absent(&self, path: &str, bytes: &Bytes) -> Result<bool, LakeError> {
        let object = self.path(path);
        let mut round = 1;
        loop {
            let began = Instant::now();
            let put = self.objects.put_opts(&object, bytes.clone().into(), PutMode::Create.into());
            let error = match self.runtime.block_on(put) {
                Ok(_) => return Ok(true),
                Err(error) if refusal::is_final(&error) => {
                    return Err(self.failed(path, &error, began));
                }
                Err(error) => error,
            };
            // It exists, or nobody knows: what is there now tells whose it is.
            let there = || async {
                match self.objects.get(&object).await {
                    Ok(found) => found.bytes().await.map(Some),
                    Err(Error::NotFound { .. }) => Ok(None),
                    Err(error) => Err(error),
                }
            };
            if let Some(found) = self.run(path, there)? {
                return Ok(found == *bytes);
            }
            if round == ROUNDS {
                return Err(self.failed(path, &error, began));
            }
            round += 1;
        }
    }

    /// Two writers must never both believe that they committed: a store that writes over an object
    /// although told not to is refused before the first commit.
    fn ensure_creates(&self) -> Result<(), LakeError> {
        if self.creates.get().is_some() {
            return Ok(());
        }
        let object = self.path(PROBE);
        let probe = || async {
            for _ in 0..2 {
                let text = PutPayload::from_static(PROBE_TEXT);
                match self.objects.put_opts(&object, text, PutMode::Create.into()).await {
                    Ok(_) => {}
                    Err(Error::AlreadyExists { .. }) => return Ok(true),
                    Err(error) if refusal::is_unknown_request(&error) => return Ok(false),
                    Err(error) => return Err(error),
                }
            }
            Ok(false)
        };
        if !self.run(PROBE, probe)? {
            let why = "this object store cannot create an object only where none exists (a put with \
                       If-None-Match), so two writers could undo each other's commits: use a store \
                       that can, or keep the lake in a folder";
            return Err(LakeError::Bucket { place: self.url.clone(), why: why.to_owned() });
        }
        // Another thread may have seen the same.
        let _ = self.creates.set(());
        Ok(())
    }

    /// Writes an object, over one of that name.
    pub(crate) fn put(&self, path: &str, bytes: Bytes) -> Result<(), LakeError> {
        if bytes.len() as u64 <= WHOLE_MAX {
            let object = self.path(path);
            return self.run(path, || self.objects.put(&object, bytes.clone().into())).map(|_| ());
        }
        let size = bytes.len() as u64;
        self.put_parts(path, size, |part| Ok(bytes.slice(part.start as usize..part.end as usize)))
    }

    /// Writes an object from a file of this machine, in parts if it is large.
    pub(crate) fn put_file(&self, path: &str, file: &FsPath) -> Result<(), LakeError> {
        let unreadable = |source| LakeError::File { path: file.display().to_string(), source };
        let open = File::open(file).map_err(unreadable)?;
        let size = open.metadata().map_err(unreadable)?.len();
        let read = |part: Range<u64>| {
            let mut bytes = vec![0; (part.end - part.start) as usize];
            open.read_exact_at(&mut bytes, part.start).map_err(unreadable)?;
            Ok(bytes.into())
        };
        if size <= WHOLE_MAX {
            return self.put(path, read(0..size)?);
        }
        self.put_parts(path, size, read)
    }

    fn put_parts(
        &self,
        path: &str,
        size: u64,
        read: impl Fn(Range<u64>) -> Result<Bytes, LakeError>,
    ) -> Result<(), LakeError> {
        let began = Instant::now();
        let object = self.path(path);
        let before = self.find(path)?;
        let mut upload = self.run(path, || self.objects.put_multipart(&object))?;
        let sent = self.runtime.block_on(async {
            let parts = parts(0..size).map(|part| {
                let sent = read(part).map(|bytes| upload.put_part(bytes.into()));
                async move {
                    match sent {
                        Ok(part) => part.await.map_err(|error| self.failed(path, &error, began)),
                        Err(error) => Err(error),
                    }
                }
            });
            stream::iter(parts).buffer_unordered(PARTS).try_collect::<Vec<()>>().await
        });
        let finished = sent.and_then(|_| match self.runtime.block_on(upload.complete()) {
            Ok(_) => Ok(()),
            // The answer of an earlier try may have been lost: is the object there?
            Err(error) => match self.find(path) {
                Ok(Some(found)) if found.bytes == size && is_other(&found, before.as_ref()) => {
                    Ok(())
                }
                _ => Err(self.failed(path, &error, began)),
            },
        });
        if finished.is_err() {
            // Best effort: parts that stay cost space until the bucket's own rule removes them.
            let _ = self.runtime.block_on(upload.abort());
        }
        finished
    }

    pub(crate) fn get(&self, path: &str) -> Result<Bytes, LakeError> {
        let object = self.path(path);
        self.run(path, || async {
            let first = GetOptions::new().with_range(Some(GetRange::Bounded(0..PART)));
            let answer = match self.objects.get_opts(&object, first).await {
                // An empty object has no first part.
                Err(error) if refusal::is_beyond(&error) => return Ok(Bytes::new()),
                answer => answer?,
            };
            let (size, e_tag) = (answer.meta.size, answer.meta.e_tag.clone());
            let first = answer.bytes().await?;
            let rest = self.parts_of(&object, e_tag, first.len() as u64..size).await?;
            Ok(joined(std::iter::once(first).chain(rest)))
        })
    }

    /// The size of an object and the bytes of its end.
    pub(crate) fn tail(&self, path: &str, bytes: u64) -> Result<(u64, Bytes), LakeError> {
        let object = self.path(path);
        self.run(path, || async {
            let end = GetOptions::new().with_range(Some(GetRange::Suffix(bytes)));
            let answer = self.objects.get_opts(&object, end).await?;
            Ok((answer.meta.size, answer.bytes().await?))
        })
    }

    pub(crate) fn range(&self, path: &str, range: Range<u64>) -> Result<Bytes, LakeError> {
        let object = self.path(path);
        self.run(path, || async { Ok(joined(self.parts_of(&object, None, range.clone()).await?)) })
    }

    /// Bytes of many ranges; those that lie close together come by one request.
    pub(crate) fn ranges(
        &self,
        path: &str,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>, LakeError> {
        let object = self.path(path);
        let fetch = |range| async { Ok(joined(self.parts_of(&object, None, range).await?)) };
        let near = object_store::OBJECT_STORE_COALESCE_DEFAULT;
        self.run(path, || object_store::coalesce_ranges(ranges, fetch, near))
    }

    /// A range in parts, several at a time, all of them of the content that `e_tag` marks.
    async fn parts_of(
        &self,
        object: &Path,
        e_tag: Option<String>,
        range: Range<u64>,
    ) -> Result<Vec<Bytes>, Error> {
        let requests = parts(range).map(|part| {
            let options = GetOptions::new()
                .with_range(Some(GetRange::Bounded(part)))
                .with_if_match(e_tag.clone());
            async move { self.objects.get_opts(object, options).await?.bytes().await }
        });
        stream::iter(requests).buffered(PARTS).try_collect().await
    }

    /// All objects of a folder, at any depth, by path.
    ///
    /// # Errors
    /// When the store refuses or fails.
    pub fn list(&self, folder: &str) -> Result<Vec<Listed>, LakeError> {
        let prefix = self.path(folder);
        let objects = || self.objects.list(Some(&prefix)).try_collect::<Vec<_>>();
        let listed = self.run(folder, objects)?.into_iter().filter_map(|meta| {
            let below: Path = meta.location.prefix_match(&self.prefix)?.collect();
            Some(Listed { path: below.into(), ..Listed::from(meta) })
        });
        let mut listed: Vec<Listed> = listed.collect();
        listed.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(listed)
    }

    /// One object, if it is there.
    ///
    /// # Errors
    /// When the store refuses or fails.
    pub fn find(&self, path: &str) -> Result<Option<Listed>, LakeError> {
        let object = self.path(path);
        let found = self.run(path, || async {
            match self.objects.head(&object).await {
                Ok(meta) => Ok(Some(meta)),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })?;
        Ok(found.map(|meta| Listed { path: path.to_owned(), ..Listed::from(meta) }))
    }

    /// Copies a listed object to a new file of this machine; `progress` is told the bytes that came.
    ///
    /// # Errors
    /// When the store fails, the object is no longer the one listed, or the file cannot be written.
    pub fn fetch(
        &self,
        listed: &Listed,
        to: &FsPath,
        progress: &dyn Fn(u64),
    ) -> Result<(), LakeError> {
        let disk = |source| LakeError::Disk { path: to.display().to_string(), source };
        let mut file = File::create(to).map_err(disk)?;
        let object = self.path(&listed.path);
        for some in parts_by(0..listed.bytes, PART * PARTS as u64) {
            let fetched = || self.parts_of(&object, listed.e_tag.clone(), some.clone());
            for bytes in self.run(&listed.path, fetched)? {
                file.write_all(&bytes).map_err(disk)?;
                progress(bytes.len() as u64);
            }
        }
        Ok(())
    }

    pub(crate) fn delete(&self, path: &str) -> Result<(), LakeError> {
        let object = self.path(path);
        self.run(path, || async {
            match self.objects.delete(&object).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        })
    }
}

/// Whether an object's content is not what it was before.
fn is_other(now: &Listed, before: Option<&Listed>) -> bool {
    before.is_none_or(|before| before.e_tag != now.e_tag)
}

/// Says which bucket, and no key.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.url).finish()
    }
}

/// Bucket and prefix of `s3://bucket/prefix`.
fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("s3://")?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let may = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (!bucket.is_empty() && bucket.chars().all(may)).then_some((bucket, prefix))
}

/// What the variables say, over our own time-outs.
fn configured(
    limits: Limits,
    variables: impl IntoIterator<Item = (String, String)>,
) -> AmazonS3Builder {
    let mut builder = AmazonS3Builder::new();
    for (key, time) in [
        (ClientConfigKey::Timeout, limits.request),
        (ClientConfigKey::ConnectTimeout, limits.connect),
    ] {
        let text = format!("{} ms", time.as_millis());
        builder = builder.with_config(AmazonS3ConfigKey::Client(key), text);
    }
    for (name, value) in variables {
        let key = name.strip_prefix("AWS_").map(|_| name.to_ascii_lowercase().parse());
        if let Some(Ok(key)) = key {
            builder = builder.with_config(key, value);
        }
    }
    builder
}

fn parts(range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    parts_by(range, PART)
}

fn parts_by(range: Range<u64>, bytes: u64) -> impl Iterator<Item = Range<u64>> {
    let end = range.end;
    let starts = (range.start..end).step_by(bytes as usize);
    starts.map(move |start| start..end.min(start + bytes))
}

/// Pieces, one after the other; a single one is not copied.
fn joined(pieces: impl IntoIterator<Item = Bytes>) -> Bytes {
    let mut pieces = pieces.into_iter();
    let first = pieces.next().unwrap_or_default();
    let Some(second) = pieces.next() else { return first };
    let mut all = BytesMut::from(first);
    all.extend_from_slice(&second);
    pieces.for_each(|piece| all.extend_from_slice(&piece));
    all.freeze()
}
