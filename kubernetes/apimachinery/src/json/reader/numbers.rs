//! Numbers (RFC 8259, §6).

use super::{Reader, Result};
use crate::json::DecodeError;

impl<'a> Reader<'a> {
    /// Reads an integer.
    ///
    /// # Errors
    /// Returns an error if the next value is something else (including `1.0` and `1e3`), or does not fit 64 bits.
    pub fn integer(&mut self) -> Result<i64> {
        let start = self.number_start("an integer")?;
        if let Some(value) = self.short_integer() {
            return Ok(value);
        }
        let number = self.number()?;
        number.parse().map_err(|_| {
            let message = if number.contains(['.', 'e', 'E']) {
                format!("expected an integer, found {}", shortened(number))
            } else {
                format!("{} does not fit a 64-bit integer", shortened(number))
            };
            DecodeError::new(message, start)
        })
    }

    /// Reads a number.
    ///
    /// # Errors
    /// Returns an error if the next value is something else, or is too large for a double.
    pub fn float(&mut self) -> Result<f64> {
        let start = self.number_start("a number")?;
        let number = self.number()?;
        match number.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(DecodeError::new(format!("{} does not fit a double", shortened(number)), start)),
        }
    }

    fn number_start(&mut self, wanted: &str) -> Result<usize> {
        match self.token() {
            Some(b'-' | b'0'..=b'9') => Ok(self.position),
            _ => Err(self.expected(wanted)),
        }
    }

    /// Consumes a positive integer of up to 18 digits, which can't overflow, if one starts right here; otherwise consumes
    /// nothing.
    #[inline]
    pub(crate) fn short_integer(&mut self) -> Option<i64> {
        let rest = self.bytes().get(self.position..)?;
        let (mut length, mut value) = (0, 0i64);
        let end = rest.iter().find(|byte| {
            let digit = byte.wrapping_sub(b'0');
            if digit <= 9 {
                value = value.wrapping_mul(10).wrapping_add(digit.into());
                length += 1;
            }
            digit > 9
        });
        let has_more = matches!(end, Some(b'.' | b'e' | b'E'));
        let has_leading_zero = length > 1 && rest.first() == Some(&b'0');
        if !(1..=18).contains(&length) || has_more || has_leading_zero {
            return None;
        }
        self.position += length;
        Some(value)
    }

    /// Consumes a number by the grammar of RFC 8259, §6.
    fn number(&mut self) -> Result<&'a str> {
        let (bytes, start) = (self.bytes(), self.position);
        let digits = |mut at: usize| {
            let from = at;
            while let Some(b'0'..=b'9') = bytes.get(at) {
                at += 1;
            }
            (at, at - from)
        };
        let unsigned = if bytes.get(start) == Some(&b'-') { start + 1 } else { start };
        let (mut end, count) = digits(unsigned);
        let mut valid = count == 1 || (count > 1 && bytes[unsigned] != b'0');
        if bytes.get(end) == Some(&b'.') {
            let (after, count) = digits(end + 1);
            end = after;
            valid &= count > 0;
        }
        if let Some(b'e' | b'E') = bytes.get(end) {
            let sign = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
            let (after, count) = digits(end + 1 + usize::from(sign));
            end = after;
            valid &= count > 0;
        }
        if !valid {
            return Err(self.error("not a number"));
        }
        self.position = end;
        Ok(&self.text[start..end])
    }
}

fn shortened(number: &str) -> &str {
    number.get(..40).unwrap_or(number)
}
