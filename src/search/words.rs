//! From text to what is looked up: words in lower case without accents, and for writing without spaces every pair of
//! neighbouring characters.
//!
//! Both what is searched and what is searched for go through here, so they meet. A run of characters without spaces
//! (Chinese, Japanese, Thai, …) is found by any part of it: two neighbours are a token each, and so is the last
//! character, so that a single character is the beginning of some token wherever it stands.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// Words are cut here, in characters: longer ones are no language.
const WORD_CHARACTERS_MAX: usize = 64;

/// Writing without spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer, Kana, Bopomofo, Han, Yi, Hangul (whose
/// words carry endings), half-width forms, and pictures.
const SPACELESS: [(u32, u32); 20] = [
    (0x0e00, 0x0eff),
    (0x0f00, 0x0fff),
    (0x1000, 0x109f),
    (0x1100, 0x11ff),
    (0x1780, 0x17ff),
    (0x1950, 0x19df),
    (0x1a20, 0x1aaf),
    (0x2600, 0x27bf),
    (0x2e80, 0x2fdf),
    (0x3005, 0x3007),
    (0x3031, 0x303c),
    (0x3041, 0x312f),
    (0x3131, 0x318e),
    (0x31a0, 0x31ff),
    (0x3400, 0x4dbf),
    (0x4e00, 0x9fff),
    (0xa000, 0xa4cf),
    (0xac00, 0xd7ff),
    (0xff66, 0xffdc),
    (0x1f300, 0x1faff),
];
/// More Han, behind the first plane, and compatibility forms.
const SPACELESS_FAR: [(u32, u32); 2] = [(0xf900, 0xfaff), (0x20000, 0x3ffff)];

/// A stretch of text that belongs together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Where it stands in the text.
    pub(crate) range: Range<usize>,
    /// Folded: what is compared.
    pub(crate) folded: String,
    /// Writing without spaces.
    pub(crate) spaceless: bool,
}

/// A token and its place among the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) position: usize,
    /// The last character of a run, on its own.
    pub(crate) is_tail: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Gap,
    Word,
    Spaceless,
}

/// The words and runs of a text.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut open: Option<(usize, Class)> = None;
    for (at, character) in text.char_indices() {
        let class = match (class(character), open) {
            // What combines with a character belongs to it.
            (None, Some((_, class))) => class,
            (None, None) => Class::Gap,
            (Some(class), _) => class,
        };
        if open.is_some_and(|(_, before)| before == class) {
            continue;
        }
        close(text, open, at, &mut pieces);
        open = (class != Class::Gap).then_some((at, class));
    }
    close(text, open, text.len(), &mut pieces);
    pieces
}

/// The tokens of a text.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut position = 0;
    for piece in pieces(text) {
        for (text, is_tail) in tokens_of(&piece) {
            tokens.push(Token { text, position, is_tail });
            position += 1;
        }
    }
    tokens
}

/// A text as it is compared as a whole: folded, with one space between pieces.
pub(crate) fn folded(text: &str) -> String {
    let pieces = pieces(text);
    let words: Vec<&str> = pieces.iter().map(|piece| piece.folded.as_str()).collect();
    words.join(" ")
}

/// The tokens of one piece; whether a token is the tail of a run.
pub(crate) fn tokens_of(piece: &Piece) -> Vec<(String, bool)> {
    if !piece.spaceless {
        return vec![(piece.folded.clone(), false)];
    }
    let characters: Vec<char> = piece.folded.chars().collect();
    let pairs = characters.windows(2).map(|pair| (pair.iter().collect(), false));
    let tail = characters.last().map(|last| (last.to_string(), characters.len() > 1));
    pairs.chain(tail).collect()
}

fn close(text: &str, open: Option<(usize, Class)>, end: usize, pieces: &mut Vec<Piece>) {
    let Some((start, class)) = open else { return };
    let spaceless = class == Class::Spaceless;
    // Some letters come apart into a space and an accent.
    let mut folded = fold(&text[start..end]).trim().to_owned();
    if !spaceless && let Some((cut, _)) = folded.char_indices().nth(WORD_CHARACTERS_MAX) {
        folded.truncate(cut);
    }
    if !folded.is_empty() {
        pieces.push(Piece { range: start..end, folded, spaceless });
    }
}

/// What a character is; none for those that only combine with others.
fn class(character: char) -> Option<Class> {
    let number = u32::from(character);
    let within = |ranges: &[(u32, u32)]| ranges.iter().any(|(from, to)| (*from..=*to).contains(&number));
    if within(&SPACELESS) || within(&SPACELESS_FAR) {
        return Some(Class::Spaceless);
    }
    if character.is_alphanumeric() || character == '_' {
        return Some(Class::Word);
    }
    // Joiners and variation selectors say nothing either.
    let joins = matches!(number, 0x200c..=0x200d | 0xfe00..=0xfe0f | 0xad);
    if joins || unicode_normalization::char::is_combining_mark(character) {
        return None;
    }
    Some(Class::Gap)
}

/// Lower case, compatibility forms unified, accents gone. Marks that make another letter of it, as in Japanese or in
/// the scripts of India, stay.
fn fold(text: &str) -> String {
    let lower = text.to_lowercase();
    let apart = lower.nfkd().filter(|character| !is_accent(*character));
    let mut letters = String::with_capacity(text.len());
    for character in apart {
        match plain(character) {
            Some(plain) => letters.push_str(plain),
            None => letters.extend(character.to_lowercase()),
        }
    }
    letters.nfc().collect()
}

/// Accents of European scripts, the points of Hebrew and the vowel signs of Arabic, which are written or not as one
/// likes; and what only joins.
fn is_accent(character: char) -> bool {
    matches!(
        u32::from(character),
        0xad | 0x0300..=0x036f | 0x0591..=0x05c7 | 0x0610..=0x061a | 0x064b..=0x065f | 0x0670 | 0x06d6..=0x06ed
            | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x200c..=0x200d | 0x20d0..=0x20ff | 0xfe00..=0xfe0f
    )
}

/// Letters that do not come apart, as people without them on the keyboard write them.
fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        'ħ' => "h",
        'ŧ' => "t",
        'ς' => "σ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
