//! A text file as a moving window of UTF-8: decoded, hashed and bounded, whatever stands in it.

use std::io::Read;

use sha2::{Digest, Sha256};

use crate::input::{Opened, failed};
use crate::mapping::Encoding;
use crate::problem::{ReadError, ReadErrorCode};

/// A row longer than this is one problem and is skipped.
pub(crate) const ROW_BYTES_MAX: usize = 1 << 20;

const CHUNK: usize = 256 << 10;

/// The window.
#[derive(Debug)]
pub(crate) struct TextFile<'f> {
    opened: Opened<'f>,
    hasher: Sha256,
    decoder: Option<encoding_rs::Decoder>,
    raw: Vec<u8>,
    buffer: Vec<u8>,
    start: usize,
    finished: bool,
    /// Bytes of the file read so far.
    pub bytes: u64,
    /// Physical line at which the unread part begins, from 1.
    pub line: u64,
    /// What the caller should be told of the file.
    pub warning: Option<String>,
}

impl<'f> TextFile<'f> {
    /// Opens a file and looks at its first bytes.
    pub fn open(opened: Opened<'f>, encoding: Encoding) -> Result<Self, ReadError> {
        let mut file = Self {
            opened,
            hasher: Sha256::new(),
            decoder: None,
            raw: vec![0; CHUNK],
            buffer: Vec::with_capacity(ROW_BYTES_MAX + 2 * CHUNK),
            start: 0,
            finished: false,
            bytes: 0,
            line: 1,
            warning: None,
        };
        file.more()?;
        let wrong =
            |reason: &str| Err(ReadError::new(ReadErrorCode::Encoding, file.opened.path, reason));
        let first_line = file.buffer.split(|&b| b == b'\n').next().unwrap_or_default();
        if file.buffer.starts_with(&[0xFF, 0xFE]) || file.buffer.starts_with(&[0xFE, 0xFF]) {
            return wrong("the file is UTF-16; save it as UTF-8 (or windows-1251)");
        }
        if first_line.contains(&0) {
            return wrong("the first line has NUL bytes: this is UTF-16 or not a text file at all");
        }
        let marked = file.buffer.starts_with(&[0xEF, 0xBB, 0xBF]);
        if marked {
            file.start = 3;
        }
        if encoding == Encoding::Windows1251 {
            if marked {
                file.warning = Some("the file says that it is UTF-8, and is read so".to_owned());
            } else {
                let non_ascii = !file.buffer.is_ascii();
                if non_ascii && looks_like_utf8(&file.buffer) {
                    file.warning = Some("the file looks like UTF-8, not windows-1251".to_owned());
                }
                file.decoder = Some(encoding_rs::WINDOWS_1251.new_decoder_without_bom_handling());
                let raw = std::mem::take(&mut file.buffer);
                file.append(&raw);
            }
        }
        Ok(file)
    }

    /// What is read and not yet consumed.
    pub fn unread(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Whether there is nothing behind [`TextFile::unread`].
    pub fn finished(&self) -> bool {
        self.finished
    }

    /// Reads on; false where the file ends.
    pub fn more(&mut self) -> Result<bool, ReadError> {
        if self.finished {
            return Ok(false);
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        let mut raw = std::mem::take(&mut self.raw);
        let read = loop {
            match self.opened.file.read(&mut raw) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                read => break read.map_err(|error| failed(self.opened.path, &error))?,
            }
        };
        self.finished = read == 0;
        self.bytes += read as u64;
        self.hasher.update(&raw[..read]);
        self.append(&raw[..read]);
        self.raw = raw;
        Ok(read > 0)
    }

    fn append(&mut self, raw: &[u8]) {
        let Some(decoder) = &mut self.decoder else {
            self.buffer.extend_from_slice(raw);
            return;
        };
        // A byte of windows-1251 becomes at most three of UTF-8.
        let end = self.buffer.len();
        self.buffer.resize(end + raw.len() * 3 + 16, 0);
        let (_, _, written, _) = decoder.decode_to_utf8(raw, &mut self.buffer[end..], false);
        self.buffer.truncate(end + written);
    }

    /// Consumes bytes that hold this many line ends.
    pub fn consume(&mut self, bytes: usize, lines: u64) {
        self.start += bytes;
        self.line += lines;
    }

    /// Consumes everything up to the end of the line, however long it is.
    pub fn skip_line(&mut self) -> Result<(), ReadError> {
        loop {
            match self.unread().iter().position(|&b| b == b'\n') {
                Some(at) => {
                    self.consume(at + 1, 1);
                    return Ok(());
                }
                None => {
                    let bytes = self.unread().len();
                    self.consume(bytes, 0);
                    if !self.more()? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Ends the reading, once all of the file has been read; refuses it where it changed meanwhile.
    pub fn close(self) -> Result<(), ReadError> {
        self.opened.ensure_hash(self.hasher)
    }

    /// A complaint about this file.
    pub fn error(&self, code: ReadErrorCode, reason: impl Into<String>) -> ReadError {
        ReadError::new(code, self.opened.path, reason)
    }
}

/// Whether bytes are UTF-8, but for a letter that the end may have cut.
fn looks_like_utf8(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}
