//! From what somebody types to a query of the index.
//!
//! Every word must be there; a word also finds longer ones that begin with it, which rank lower. Words within double
//! quotes must follow each other. A part of writing without spaces is found wherever it stands.

use std::ops::Bound;

use kith_store::{RoomSid, UserSid};
use tantivy::{
    Term,
    query::{
        BooleanQuery, BoostQuery, ConstScoreQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery,
        TermSetQuery,
    },
    schema::IndexRecordOption,
};

use crate::{
    index::Fields,
    text::Kind,
    words::{self, Piece},
};

/// What is behind this many bytes of a search term is cut off.
const TERM_BYTES_MAX: usize = 1_024;
/// So many words count; more make no better search.
const CLAUSES_MAX: usize = 24;
/// Words of at least so many characters find longer ones.
const PREFIX_CHARACTERS_MIN: usize = 3;
/// How much better a word is than one that only begins with it.
const WHOLE_WORD_BOOST: f32 = 2.0;
const PREFIX_SCORE: f32 = 0.5;
/// Up to so many rooms, the index looks at those rooms alone; beyond, every match is looked at and sorted out.
const ROOMS_LISTED_MAX: usize = 16;

/// What somebody types, understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) clauses: Vec<Clause>,
}

/// One thing that must be in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    /// A word, or one that begins so.
    Word(String),
    /// Exactly this token.
    Exact(String),
    /// Some token that begins so.
    Beginning(String),
    /// These tokens, at these distances from the first.
    Phrase(Vec<(usize, String)>),
}

/// What else must hold of a message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) senders: Option<Vec<UserSid>>,
    pub(crate) not_senders: Vec<UserSid>,
    pub(crate) has_url: Option<bool>,
}

impl Wanted {
    pub(crate) fn parse(term: &str) -> Self {
        let mut end = term.len().min(TERM_BYTES_MAX);
        while !term.is_char_boundary(end) {
            end -= 1;
        }
        let mut clauses = Vec::new();
        for (index, part) in term[..end].split('"').enumerate() {
            let is_quoted = index % 2 == 1;
            match is_quoted.then(|| phrase(part)).flatten() {
                Some(phrase) => clauses.push(phrase),
                None => clauses.extend(words::pieces(part).iter().map(clause)),
            }
        }
        clauses.truncate(CLAUSES_MAX);
        Self { clauses }
    }

    /// The query; nothing if there is no word in it.
    pub(crate) fn query(
        &self,
        fields: &Fields,
        conditions: &Conditions,
        rooms: impl ExactSizeIterator<Item = RoomSid>,
    ) -> Option<BooleanQuery> {
        if self.clauses.is_empty() {
            return None;
        }
        let mut parts: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for clause in &self.clauses {
            parts.push((Occur::Must, clause.query(fields)));
        }
        let mut must = |query: Box<dyn Query>| {
            // Conditions say nothing about how good a match is.
            parts.push((Occur::Must, Box::new(ConstScoreQuery::new(query, 0.0))));
        };
        if conditions.kinds.len() < Kind::ALL.len() {
            must(one_of(fields.kind, conditions.kinds.iter().map(|kind| *kind as u64)));
        }
        if let Some(senders) = &conditions.senders {
            must(one_of(fields.sender, senders.iter().map(|sender| sender.0)));
        }
        if let Some(has_url) = conditions.has_url {
            must(one_of(fields.url, [u64::from(has_url)].into_iter()));
        }
        if rooms.len() <= ROOMS_LISTED_MAX {
            must(one_of(fields.room, rooms.map(|room| room.0)));
        }
        if !conditions.not_senders.is_empty() {
            let senders = conditions.not_senders.iter().map(|sender| sender.0);
            parts.push((Occur::MustNot, one_of(fields.sender, senders)));
        }
        Some(BooleanQuery::new(parts))
    }
}

impl Clause {
    fn query(&self, fields: &Fields) -> Box<dyn Query> {
        let term = |text: &str| Term::from_field_text(fields.text, text);
        let exact = |text: &str| TermQuery::new(term(text), IndexRecordOption::WithFreqs);
        match self {
            Self::Exact(word) => Box::new(exact(word)),
            Self::Word(word) => {
                let whole = BoostQuery::new(Box::new(exact(word)), WHOLE_WORD_BOOST);
                let longer = ConstScoreQuery::new(Box::new(beginning(fields, word)), PREFIX_SCORE);
                Box::new(BooleanQuery::union(vec![Box::new(whole), Box::new(longer)]))
            }
            Self::Beginning(start) => Box::new(beginning(fields, start)),
            Self::Phrase(tokens) => {
                let terms = tokens.iter().map(|(offset, token)| (*offset, term(token))).collect();
                Box::new(PhraseQuery::new_with_offset(terms))
            }
        }
    }
}

/// Any token that begins so.
fn beginning(fields: &Fields, start: &str) -> RangeQuery {
    let from = Term::from_field_text(fields.text, start);
    let to = Term::from_field_text(fields.text, &format!("{start}{}", char::MAX));
    RangeQuery::new(Bound::Included(from), Bound::Included(to))
}

fn one_of(field: tantivy::schema::Field, numbers: impl Iterator<Item = u64>) -> Box<dyn Query> {
    Box::new(TermSetQuery::new(numbers.map(|number| Fields::term(field, number))))
}

fn clause(piece: &Piece) -> Clause {
    let tokens = words::tokens_of(piece);
    if piece.spaceless {
        let mut pairs: Vec<(usize, String)> =
            tokens.into_iter().filter(|(_, is_tail)| !is_tail).map(|(token, _)| token).enumerate().collect();
        return match (pairs.len(), piece.folded.chars().count()) {
            (1, 1) => Clause::Beginning(piece.folded.clone()),
            (1, _) => Clause::Exact(pairs.remove(0).1),
            _ => Clause::Phrase(pairs),
        };
    }
    if piece.folded.chars().count() < PREFIX_CHARACTERS_MIN {
        Clause::Exact(piece.folded.clone())
    } else {
        Clause::Word(piece.folded.clone())
    }
}

/// What stands between quotes, if that is more than one token.
fn phrase(text: &str) -> Option<Clause> {
    let tokens = words::tokens(text);
    let kept: Vec<(usize, String)> =
        tokens.into_iter().filter(|token| !token.is_tail).map(|token| (token.position, token.text)).collect();
    (kept.len() > 1).then_some(Clause::Phrase(kept))
}

#[cfg(test)]
mod tests {
    use super::{Clause, Wanted};

    fn word(text: &str) -> Clause {
        Clause::Word(text.to_owned())
    }

    fn phrase(tokens: &[(usize, &str)]) -> Clause {
        Clause::Phrase(tokens.iter().map(|(at, token)| (*at, (*token).to_owned())).collect())
    }

    #[test]
    fn what_is_typed_is_understood() {
        let check = |term: &str, expected: &[Clause]| {
            assert_eq!(Wanted::parse(term).clauses, expected, "{term}");
        };
        check("Hello Wörld", &[word("hello"), word("world")]);
        check("is it", &[Clause::Exact("is".to_owned()), Clause::Exact("it".to_owned())]);
        check("東京都", &[phrase(&[(0, "東京"), (1, "京都")])]);
        check("東京", &[Clause::Exact("東京".to_owned())]);
        check("京", &[Clause::Beginning("京".to_owned())]);
        check(
            "say \"good night\" \"alone\"",
            &[word("say"), phrase(&[(0, "good"), (1, "night")]), word("alone")],
        );
        check("\"東京 tower", &[phrase(&[(0, "東京"), (2, "tower")])]);
        check("", &[]);
        check("\"\" …", &[]);
    }

    #[test]
    fn a_term_without_end_is_cut() {
        assert_eq!(Wanted::parse(&"word ".repeat(100_000)).clauses.len(), super::CLAUSES_MAX);
        assert_eq!(Wanted::parse(&"é".repeat(100_000)).clauses.len(), 1);
    }
}
