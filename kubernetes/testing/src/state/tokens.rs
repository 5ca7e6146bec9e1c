use std::collections::VecDeque;

use jiff::Timestamp;

/// The most recent service account tokens that the server has issued.
#[derive(Debug, Default)]
pub(crate) struct Tokens(VecDeque<Token>);

/// A token of a service account.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) expires: Timestamp,
}

impl Tokens {
    const MAX: usize = 10_000;

    pub(crate) fn add(&mut self, token: Token) {
        if self.0.len() >= Self::MAX {
            self.0.pop_front();
        }
        self.0.push_back(token);
    }

    /// The token with this text, if it is valid at `now`.
    pub(crate) fn find(&self, text: &str, now: Timestamp) -> Option<&Token> {
        self.0.iter().find(|token| token.text == text && token.expires > now)
    }
}

impl std::fmt::Debug for Token {
    /// Omits the text, which is secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({}/{})", self.namespace, self.name)
    }
}
