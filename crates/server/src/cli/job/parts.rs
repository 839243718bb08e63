//! A file in parts.

use std::io::{self, Read};

/// How many bytes a part has, but for the last. A server takes 8 MiB; the same file has the same parts
/// each time, so that one that is sent again changes nothing.
const PART: u64 = 4 * 1024 * 1024;

/// The parts of a file, one after another.
pub(super) struct Parts<R> {
    file: R,
    part: Vec<u8>,
    number: u32,
}

impl<R: Read> Parts<R> {
    /// The parts of `file`.
    pub(super) fn of(file: R) -> Self {
        Self {
            file,
            part: Vec::new(),
            number: 0,
        }
    }

    /// The next part and its number, from 1.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn next(&mut self) -> io::Result<Option<(u32, &[u8])>> {
        self.part.clear();
        self.number += 1;
        let read = (&mut self.file).take(PART).read_to_end(&mut self.part)?;
        Ok((read > 0).then_some((self.number, self.part.as_slice())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a few bytes at a time.
    struct Slow<R>(R);

    impl<R: Read> Read for Slow<R> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(1000);
            self.0.read(&mut buffer[..most])
        }
    }

    #[test]
    fn all_parts_but_the_last_are_of_one_size_however_the_file_is_read() {
        let file = vec![b'x'; 2 * 4_194_304 + 5];
        let mut parts = Parts::of(Slow(file.as_slice()));
        let mut sizes = Vec::new();
        while let Some((number, part)) = parts.next().unwrap() {
            sizes.push((number, part.len()));
        }
        assert_eq!(sizes, [(1, 4_194_304), (2, 4_194_304), (3, 5)]);
    }
}
