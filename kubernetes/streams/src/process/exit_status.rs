use std::fmt;

use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};
use kubernetes_core::{Status, json};

use crate::error::{Error, Kind};

/// How a process in a container ended.
///
/// ```no_run
/// # use kubernetes_client::Client;
/// # use kubernetes_streams::{Error, Exec};
/// # async fn example(client: &Client) -> Result<(), Error> {
/// let status = Exec::new("shop", "web", ["test", "-e", "/etc/motd"]).start(client).await?.wait().await?;
/// println!("{}", if status.success() { "it exists" } else { "it does not exist" });
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExitStatus(i32);

impl ExitStatus {
    /// Whether the process ended with the code 0.
    pub fn success(self) -> bool {
        self.0 == 0
    }

    /// The exit code. A process that a signal ended has 128 and the number of the signal, as in a shell.
    pub fn code(self) -> i32 {
        self.0
    }

    /// Reads the `Status` at the end of a process, with the rules of client-go's `errorDecoderV4`.
    ///
    /// # Errors
    /// Returns an error if the command could not be run, or the status makes no sense.
    pub(super) fn decode(message: &[u8]) -> Result<Self, Error> {
        let invalid = |why: &str| {
            let message = printable(&String::from_utf8_lossy(message), MAX_MESSAGE_BYTES);
            Error::protocol(format!("{why} in the exit status {message}"))
        };
        let status: Status = json::from_slice(message).map_err(|error| invalid(&error.to_string()))?;
        match status.status.as_deref() {
            Some("Success") => Ok(Self(0)),
            Some("Failure") if status.reason.as_deref() == Some("NonZeroExitCode") => {
                let details = status.details.as_ref().ok_or_else(|| invalid("there are no details"))?;
                let cause = details.causes.iter().find(|cause| cause.reason.as_deref() == Some("ExitCode"));
                let code = cause.ok_or_else(|| invalid("there is no cause ExitCode"))?.message.as_deref();
                let code = code.and_then(parse).ok_or_else(|| invalid("the exit code is not a number"))?;
                // Not a success that would contradict the rest of the status.
                if code == 0 { Err(invalid("the exit code of a failure is 0")) } else { Ok(Self(code)) }
            }
            Some("Failure") => Err(Error::new(Kind::Failed(Box::new(status)))),
            _ => Err(invalid("neither success nor failure")),
        }
    }
}

/// Codes of Windows have 32 bits, and are shown by Rust's standard library as signed numbers.
fn parse(code: &str) -> Option<i32> {
    code.parse::<u32>().ok().map(u32::cast_signed).or_else(|| code.parse().ok())
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit status {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(details: &str) -> Result<ExitStatus, Error> {
        let status = format!(
            r#"{{"metadata": {{}}, "status": "Failure", "reason": "NonZeroExitCode", "message": "exit"{details}}}"#
        );
        ExitStatus::decode(status.as_bytes())
    }

    fn with_code(code: &str) -> Result<ExitStatus, Error> {
        let cause = format!(r#"{{"reason": "ExitCode", "message": {code:?}}}"#);
        failure(&format!(r#", "details": {{"causes": [{{"message": "other"}}, {cause}]}}"#))
    }

    #[test]
    fn exit_codes_are_read() {
        assert!(ExitStatus::decode(br#"{"metadata":{},"status":"Success"}"#).unwrap().success());
        for (text, code) in [("1", 1), ("3", 3), ("137", 137), ("255", 255), ("3221225477", -1_073_741_819), ("-1", -1)]
        {
            let status = with_code(text).unwrap();
            assert_eq!((status.code(), status.success()), (code, false));
        }
        assert_eq!(with_code("3").unwrap().to_string(), "exit status 3");
    }

    #[test]
    fn a_status_that_makes_no_sense_is_an_error() {
        for (decoded, expected) in [
            (ExitStatus::decode(b"exit status 3"), "exit status 3"),
            (ExitStatus::decode(b"{}"), "neither success nor failure"),
            (failure(""), "there are no details"),
            (failure(r#", "details": {"causes": [{"message": "3"}]}"#), "there is no cause ExitCode"),
            (with_code("three"), "the exit code is not a number"),
            (with_code(""), "the exit code is not a number"),
            (with_code("99999999999"), "the exit code is not a number"),
            (with_code("0"), "the exit code of a failure is 0"),
        ] {
            let error = decoded.unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn what_the_runtime_reports_is_the_error() {
        let status = br#"{"status": "Failure", "reason": "InternalError", "code": 500,
            "message": "error executing command in container: container not found (\"a\")\u001b[31m"}"#;
        let error = ExitStatus::decode(status).unwrap_err();
        let expected = "error executing command in container: container not found (\"a\")[31m";
        assert_eq!((error.to_string().as_str(), error.status().unwrap().code), (expected, Some(500)));
    }
}
