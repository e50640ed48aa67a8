//! The one way in which a segment is written.

use std::fmt::{self, Display, Formatter};

use super::{Comparison, Condition, Literal, Name, Node, Operator, Segment};

impl Display for Segment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(parts) => list(f, parts, " or "),
            Self::All(parts) => list(f, parts, " and "),
            Self::Not(part) => {
                f.write_str("not ")?;
                part.within(f)
            }
            Self::Condition(condition) => condition.fmt(f),
        }
    }
}

impl Node {
    /// A part of `and` or `not`, in parentheses where it would fall apart without them.
    fn within(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(_) | Self::All(_) => write!(f, "({self})"),
            Self::Not(_) | Self::Condition(_) => self.fmt(f),
        }
    }
}

fn list(f: &mut Formatter<'_>, parts: &[Node], joint: &str) -> fmt::Result {
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            f.write_str(joint)?;
        }
        match part {
            // `and` binds more closely than `or`.
            Node::All(_) => part.fmt(f)?,
            _ => part.within(f)?,
        }
    }
    Ok(())
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let word = |not: &bool| if *not { "not " } else { "" };
        write!(f, "{} ", self.name)?;
        match &self.comparison {
            Comparison::Than(operator, value) => write!(f, "{operator} {value}"),
            Comparison::Between { not, low, high } => {
                write!(f, "{}between {low} and {high}", word(not))
            }
            Comparison::In { not, values } => {
                write!(f, "{}in (", word(not))?;
                for (place, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if place > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
            Comparison::Null { not } => write!(f, "is {}null", word(not)),
        }
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.profile {
            Some(declared) => write!(f, "profile.{declared}"),
            None => f.write_str(self.parameter().name),
        }
    }
}

impl Display for Operator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Day(day) => day.fmt(f),
            Self::Truth(truth) => truth.fmt(f),
        }
    }
}
