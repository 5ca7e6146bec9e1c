//! Exec plugins: programs that print a token or a certificate (`client.authentication.k8s.io`).
//!
//! The rules are those of client-go (`plugin/pkg/client/auth/exec`), except that a program which hangs is stopped, and
//! that a request whose credentials the server did not know is sent once more with new ones.

mod credential;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod process;

use std::io::{self, IsTerminal};
use std::time::Duration;

use kubernetes_config::{ExecConfig, InteractiveMode};

use super::renewed::{Issuer, Issuing, Renewed};
use crate::error::AuthenticationError;

/// The default time limit of a program, which may contact a server or run another program.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The time limit if the program can prompt the user, who may have to find their phone.
const INTERACTIVE_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The credentials of a plugin, which is run when a request first needs them.
pub(super) fn plugin(config: &ExecConfig, timeout: Option<Duration>) -> Renewed {
    Renewed::new(Plugin { config: config.clone(), timeout }, None)
}

struct Plugin {
    config: ExecConfig,
    /// `None` for the default.
    timeout: Option<Duration>,
}

impl Plugin {
    /// Whether the program gets our standard input.
    fn is_interactive(&self) -> Result<bool, AuthenticationError> {
        let is_terminal = || io::stdin().is_terminal();
        match self.config.interactive_mode {
            InteractiveMode::Never => Ok(false),
            InteractiveMode::IfAvailable => Ok(is_terminal()),
            InteractiveMode::Always if is_terminal() => Ok(true),
            InteractiveMode::Always => Err(AuthenticationError::new(format!(
                "the exec plugin {} must prompt the user (interactiveMode: Always), but standard input is not \
                 a terminal",
                self.config.command.display()
            ))),
            _ => Err(AuthenticationError::new("the interactiveMode of the exec plugin is not supported")),
        }
    }
}

impl Issuer for Plugin {
    fn issue(&self) -> Issuing<'_> {
        Box::pin(async {
            let interactive = self.is_interactive()?;
            let timeout = self.timeout.unwrap_or(if interactive { INTERACTIVE_TIMEOUT } else { TIMEOUT });
            let output = process::run(&self.config, interactive, timeout).await?;
            credential::read(&output, self.config.api_version).map_err(|failure| {
                let message = format!("the exec plugin {} printed no credentials", self.config.command.display());
                AuthenticationError::with_source(message, failure)
            })
        })
    }
}
