//! The words of a segment's text, one after the other.

use retail::Day;

use super::Operator;
use super::decimal::Decimal;
use super::error::{SegmentError, Wrong};

/// A word of the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A keyword, in English or Russian.
    Keyword(Keyword),
    /// Any other word: a name, as it was written.
    Name(String),
    Number(Decimal),
    Day(Day),
    Text(String),
    Operator(Operator),
    Open,
    Close,
    Comma,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    And,
    Or,
    Not,
    Between,
    In,
    Is,
    Null,
    True,
    False,
}

/// Keywords as they may be written, in small or capital letters.
const KEYWORDS: [(&str, Keyword); 22] = [
    ("and", Keyword::And),
    ("и", Keyword::And),
    ("or", Keyword::Or),
    ("или", Keyword::Or),
    ("not", Keyword::Not),
    ("не", Keyword::Not),
    ("between", Keyword::Between),
    ("между", Keyword::Between),
    ("in", Keyword::In),
    ("в", Keyword::In),
    ("is", Keyword::Is),
    ("есть", Keyword::Is),
    ("null", Keyword::Null),
    ("пусто", Keyword::Null),
    ("true", Keyword::True),
    ("yes", Keyword::True),
    ("да", Keyword::True),
    ("истина", Keyword::True),
    ("false", Keyword::False),
    ("no", Keyword::False),
    ("нет", Keyword::False),
    ("ложь", Keyword::False),
];

impl Keyword {
    fn of(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        KEYWORDS.iter().find(|row| row.0 == word).map(|row| row.1)
    }
}

/// A text that is being read, character by character.
pub(super) struct Tokens {
    text: Vec<char>,
    at: usize,
}

impl Tokens {
    pub fn new(text: &str) -> Self {
        Self { text: text.chars().collect(), at: 0 }
    }

    /// The next word, and where it begins.
    pub fn next(&mut self) -> Result<(usize, Token), SegmentError> {
        self.take_while(char::is_whitespace);
        let at = self.at;
        let Some(&first) = self.text.get(at) else { return Ok((at, Token::End)) };
        let second = self.text.get(at + 1).copied().unwrap_or(' ');
        let token = match first {
            '(' => self.mark(1, Token::Open),
            ')' => self.mark(1, Token::Close),
            ',' => self.mark(1, Token::Comma),
            '=' if second == '=' => self.mark(2, Token::Operator(Operator::Equal)),
            '=' => self.mark(1, Token::Operator(Operator::Equal)),
            '!' if second == '=' => self.mark(2, Token::Operator(Operator::Unequal)),
            '<' if second == '>' => self.mark(2, Token::Operator(Operator::Unequal)),
            '<' if second == '=' => self.mark(2, Token::Operator(Operator::LessOrEqual)),
            '<' => self.mark(1, Token::Operator(Operator::Less)),
            '>' if second == '=' => self.mark(2, Token::Operator(Operator::GreaterOrEqual)),
            '>' => self.mark(1, Token::Operator(Operator::Greater)),
            '≠' => self.mark(1, Token::Operator(Operator::Unequal)),
            '≤' => self.mark(1, Token::Operator(Operator::LessOrEqual)),
            '≥' => self.mark(1, Token::Operator(Operator::GreaterOrEqual)),
            '\'' | '"' => self.text(first)?,
            '«' => self.text('»')?,
            '0'..='9' => self.number()?,
            '-' if second.is_ascii_digit() => self.number()?,
            _ if first.is_alphabetic() || first == '_' => self.word(),
            found => return Err(SegmentError { at, wrong: Wrong::Character { found } }),
        };
        Ok((at, token))
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let rest = self.text[self.at..].iter();
        let taken: String = rest.take_while(|&&c| belongs(c)).collect();
        self.at += taken.chars().count();
        taken
    }

    fn mark(&mut self, length: usize, token: Token) -> Token {
        self.at += length;
        token
    }

    fn word(&mut self) -> Token {
        let word = self.take_while(|c| c.is_alphanumeric() || c == '_' || c == '.');
        Keyword::of(&word).map_or(Token::Name(word), Token::Keyword)
    }

    /// A number or a day: they begin alike.
    fn number(&mut self) -> Result<Token, SegmentError> {
        let at = self.at;
        let found = self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if let Some(number) = Decimal::read(&found) {
            return Ok(Token::Number(number));
        }
        let as_day = found.len() == 10 && found.bytes().filter(|&byte| byte == b'-').count() == 2;
        match found.parse::<Day>() {
            Ok(day) if as_day => Ok(Token::Day(day)),
            _ if found[1..].contains('-') => Err(SegmentError { at, wrong: Wrong::Day { found } }),
            _ => Err(SegmentError { at, wrong: Wrong::Number { found } }),
        }
    }

    /// A text up to its closing quote, which stands for itself where it is written twice.
    fn text(&mut self, closing: char) -> Result<Token, SegmentError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(&c) = self.text.get(self.at) {
            self.at += 1;
            if c == closing {
                if self.text.get(self.at) != Some(&closing) {
                    return Ok(Token::Text(text));
                }
                self.at += 1;
            }
            text.push(c);
        }
        Err(SegmentError { at: start, wrong: Wrong::Quote })
    }

    /// What was written from one place up to where the reading is.
    pub fn since(&self, at: usize) -> String {
        self.text[at..self.at].iter().collect()
    }
}
