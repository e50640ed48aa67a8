//! From text to statement: one function a rule of the grammar, which stands at the top of `segment.rs`. Names and
//! values are held against the registry where they are read, so that the first error is the first in the text.

use super::error::{self, SegmentError, Wanted, Wrong};
use super::sieve::Sieve;
use super::token::{Keyword, Token, Tokens};
use super::{CHARS_MAX, Comparison, Condition, DEPTH_MAX, Literal, Name, Node, Operator};
use crate::value::Kind;

/// Most characters of a word that an error repeats.
const REPEATED: usize = 40;

pub(super) fn parse(text: &str) -> Result<Node, SegmentError> {
    // Nothing of a text that is too long is looked at.
    if text.chars().nth(CHARS_MAX).is_some() {
        return Err(SegmentError { at: CHARS_MAX, wrong: Wrong::TooLong { most: CHARS_MAX } });
    }
    let mut tokens = Tokens::new(text);
    let (at, token) = tokens.next()?;
    let mut parser = Parser { tokens, at, token, depth: 0 };
    let node = parser.any()?;
    match parser.token {
        Token::End => Ok(node),
        _ => Err(parser.expected(Wanted::JoinOrEnd)),
    }
}

/// A text being read, with the word that comes next.
struct Parser {
    tokens: Tokens,
    at: usize,
    token: Token,
    depth: usize,
}

impl Parser {
    /// Takes the next word, and reads the one after it.
    fn take(&mut self) -> Result<(usize, Token), SegmentError> {
        let (at, token) = self.tokens.next()?;
        Ok((std::mem::replace(&mut self.at, at), std::mem::replace(&mut self.token, token)))
    }

    /// Takes the next word if it is this one.
    fn takes(&mut self, wanted: &Token) -> Result<bool, SegmentError> {
        let found = self.token == *wanted;
        if found {
            self.take()?;
        }
        Ok(found)
    }

    fn keyword(&mut self, wanted: Keyword) -> Result<bool, SegmentError> {
        self.takes(&Token::Keyword(wanted))
    }

    fn must(&mut self, token: &Token, wanted: Wanted) -> Result<(), SegmentError> {
        if self.takes(token)? { Ok(()) } else { Err(self.expected(wanted)) }
    }

    fn expected(&self, wanted: Wanted) -> SegmentError {
        let found = (self.token != Token::End).then(|| cut(&self.tokens.since(self.at)));
        SegmentError { at: self.at, wrong: Wrong::Expected { wanted, found } }
    }

    fn any(&mut self) -> Result<Node, SegmentError> {
        let mut parts = Vec::new();
        loop {
            match self.all()? {
                // What stands in parentheses that mean nothing.
                Node::Any(more) => parts.extend(more),
                part => parts.push(part),
            }
            if !self.keyword(Keyword::Or)? {
                return Ok(joined(parts, Node::Any));
            }
        }
    }

    fn all(&mut self) -> Result<Node, SegmentError> {
        let mut parts = Vec::new();
        loop {
            match self.one()? {
                Node::All(more) => parts.extend(more),
                part => parts.push(part),
            }
            if !self.keyword(Keyword::And)? {
                return Ok(joined(parts, Node::All));
            }
        }
    }

    fn one(&mut self) -> Result<Node, SegmentError> {
        let mut negated = false;
        while self.keyword(Keyword::Not)? {
            negated = !negated;
        }
        let node = if self.token == Token::Open {
            if self.depth == DEPTH_MAX {
                return Err(SegmentError { at: self.at, wrong: Wrong::TooDeep });
            }
            self.take()?;
            self.depth += 1;
            let node = self.any()?;
            self.must(&Token::Close, Wanted::JoinOrClose)?;
            self.depth -= 1;
            node
        } else {
            Node::Condition(self.condition()?)
        };
        Ok(match (negated, node) {
            (false, node) => node,
            (true, Node::Not(node)) => *node,
            (true, node) => Node::Not(Box::new(node)),
        })
    }

    fn condition(&mut self) -> Result<Condition, SegmentError> {
        let Token::Name(word) = &self.token else {
            return Err(self.expected(Wanted::Condition));
        };
        let name = Name::find(word);
        let name =
            name.ok_or_else(|| SegmentError { at: self.at, wrong: Wrong::unknown(&cut(word)) })?;
        self.take()?;
        let comparison = self.comparison(name)?;
        let sieve = Sieve::of(name.parameter().kind, &comparison);
        Ok(Condition { name, comparison, sieve })
    }

    fn comparison(&mut self, name: Name) -> Result<Comparison, SegmentError> {
        if let Token::Operator(operator) = self.token {
            if !matches!(operator, Operator::Equal | Operator::Unequal) {
                self.has_sequence(name)?;
            }
            self.take()?;
            return Ok(Comparison::Than(operator, self.value(name)?));
        }
        if self.keyword(Keyword::Is)? {
            let not = self.keyword(Keyword::Not)?;
            self.must(&Token::Keyword(Keyword::Null), Wanted::Null)?;
            return Ok(Comparison::Null { not });
        }
        let not = self.keyword(Keyword::Not)?;
        match self.token {
            Token::Keyword(Keyword::Null) => {
                self.take()?;
                Ok(Comparison::Null { not })
            }
            Token::Keyword(Keyword::In) => {
                self.take()?;
                Ok(Comparison::In { not, values: self.values(name)? })
            }
            Token::Keyword(Keyword::Between) => self.between(name, not),
            _ if not => Err(self.expected(Wanted::Negated)),
            _ if name.parameter().kind == Kind::Bool => {
                Ok(Comparison::Than(Operator::Equal, Literal::Truth(true)))
            }
            _ => Err(self.expected(Wanted::Comparison)),
        }
    }

    fn between(&mut self, name: Name, not: bool) -> Result<Comparison, SegmentError> {
        self.has_sequence(name)?;
        self.take()?;
        let (at, low) = (self.at, self.value(name)?);
        self.must(&Token::Keyword(Keyword::And), Wanted::And)?;
        let high = self.value(name)?;
        let reversed = match (&low, &high) {
            (Literal::Number(low), Literal::Number(high)) => low > high,
            (Literal::Day(low), Literal::Day(high)) => low > high,
            _ => false,
        };
        if reversed {
            let (low, high) = (low.to_string(), high.to_string());
            return Err(SegmentError { at, wrong: Wrong::Reversed { low, high } });
        }
        Ok(Comparison::Between { not, low, high })
    }

    /// Refuses to ask for greater and less where there is none, at the word that asks.
    fn has_sequence(&self, name: Name) -> Result<(), SegmentError> {
        match name.parameter().kind {
            Kind::Int | Kind::Float | Kind::Date => Ok(()),
            _ => {
                let wrong = Wrong::Sequence { name: name.parameter().name };
                Err(SegmentError { at: self.at, wrong })
            }
        }
    }

    fn values(&mut self, name: Name) -> Result<Vec<Literal>, SegmentError> {
        self.must(&Token::Open, Wanted::Open)?;
        let mut values = vec![self.value(name)?];
        while self.takes(&Token::Comma)? {
            values.push(self.value(name)?);
        }
        self.must(&Token::Close, Wanted::CommaOrClose)?;
        Ok(values)
    }

    fn value(&mut self, name: Name) -> Result<Literal, SegmentError> {
        let parameter = name.parameter();
        let wanted = match parameter.kind {
            Kind::Int | Kind::Float => error::Written::Number,
            Kind::Date => error::Written::Day,
            Kind::Bool => error::Written::Truth,
            _ => error::Written::Text,
        };
        let (value, found) = match &self.token {
            Token::Number(number) => (Literal::Number(*number), error::Written::Number),
            Token::Day(day) => (Literal::Day(*day), error::Written::Day),
            Token::Keyword(Keyword::True) => (Literal::Truth(true), error::Written::Truth),
            Token::Keyword(Keyword::False) => (Literal::Truth(false), error::Written::Truth),
            Token::Text(text) => (Literal::Text(text.clone()), error::Written::Text),
            _ => return Err(self.expected(Wanted::Value(wanted))),
        };
        let wrong = match &value {
            _ if found != wanted => Wrong::Type { name: parameter.name, wanted, found },
            Literal::Text(text)
                if !parameter.words.is_empty() && !parameter.words.contains(&text.as_str()) =>
            {
                Wrong::Word { name: parameter.name, found: cut(text), words: parameter.words }
            }
            _ => {
                self.take()?;
                return Ok(value);
            }
        };
        Err(SegmentError { at: self.at, wrong })
    }
}

/// A list of parts, unless there is but one.
fn joined(mut parts: Vec<Node>, list: fn(Vec<Node>) -> Node) -> Node {
    if parts.len() == 1 { parts.remove(0) } else { list(parts) }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(REPEATED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
