//! The words of what was found that clients should highlight: as they stand in the text, which need not be as they
//! were typed.

use std::collections::BTreeSet;

use crate::{
    query::{Clause, Wanted},
    words,
};

/// How many words an answer names.
const HIGHLIGHTS_MAX: usize = 100;

/// The words to highlight in these texts.
pub(crate) fn highlights<'a>(
    wanted: &Wanted,
    term: &str,
    texts: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let mut found = BTreeSet::new();
    let runs: Vec<String> =
        words::pieces(term).into_iter().filter(|piece| piece.spaceless).map(|piece| piece.folded).collect();
    for text in texts {
        for piece in words::pieces(text) {
            if piece.spaceless {
                found.extend(runs.iter().filter(|run| piece.folded.contains(run.as_str())).cloned());
            } else if wanted.clauses.iter().any(|clause| matches(clause, &piece.folded)) {
                found.insert(text[piece.range].to_lowercase());
            }
        }
        if found.len() >= HIGHLIGHTS_MAX {
            break;
        }
    }
    found.into_iter().take(HIGHLIGHTS_MAX).collect()
}

fn matches(clause: &Clause, word: &str) -> bool {
    match clause {
        Clause::Word(start) | Clause::Beginning(start) => word.starts_with(start.as_str()),
        Clause::Exact(exact) => word == exact,
        Clause::Phrase(tokens) => tokens.iter().any(|(_, token)| token == word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_named_as_they_stand_in_the_text() {
        let check = |term: &str, text: &str, expected: &[&str]| {
            assert_eq!(highlights(&Wanted::parse(term), term, [text]), expected, "{term} in {text}");
        };
        check("uber", "Überall und ÜBER allem", &["über", "überall"]);
        check("is", "This is it", &["is"]);
        check("京都", "私は東京都に住む", &["京都"]);
        check("\"good night\"", "Good night", &["good", "night"]);
        check("absent", "Nothing of it", &[]);
    }
}
