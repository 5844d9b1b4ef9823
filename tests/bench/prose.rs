//! Messages with words in them: a few words are in many messages, many words in a few, as in any language.

use kith_tests::Dice;
use std::fmt::Write;

const VOCABULARY: u64 = 20_000;
const WORDS_MIN: u64 = 6;
const WORDS_SIDES: u64 = 12;
const SYLLABLES: [&str; 16] = [
    "ba", "den", "fi", "gor", "hul", "jam", "kes", "lo", "mir", "nu", "pra", "quo", "rin", "su", "tev", "wol",
];

/// In one message of ten.
pub(crate) const FREQUENT: &str = "lantern";
pub(crate) const FREQUENT_INTERVAL: usize = 10;
/// In one message of a thousand.
pub(crate) const SCARCE: &str = "sextant";
pub(crate) const SCARCE_INTERVAL: usize = 1_000;
/// Each in one message only, which is one of so many.
pub(crate) const UNIQUE_INTERVAL: usize = 100;

/// The message with this number: always the same one.
pub(crate) fn message(number: usize) -> String {
    let mut dice = Dice::new(u64::try_from(number).unwrap_or(u64::MAX));
    let mut text = String::new();
    for _ in 0..WORDS_MIN + dice.throw(WORDS_SIDES) {
        text += &word(rank(&mut dice));
        text.push(' ');
    }
    if number.is_multiple_of(FREQUENT_INTERVAL) {
        text += FREQUENT;
        text.push(' ');
    }
    if number.is_multiple_of(SCARCE_INTERVAL) {
        text += SCARCE;
        text.push(' ');
    }
    if number.is_multiple_of(UNIQUE_INTERVAL) {
        text += &unique(number);
    }
    text
}

/// The word that only the message with this number has.
pub(crate) fn unique(number: usize) -> String {
    format!("{SCARCE}{}", word(VOCABULARY + u64::try_from(number).unwrap_or(u64::MAX)))
}

/// A word's place in the order of frequency: the product of dice falls off much as Zipf's law does.
fn rank(dice: &mut Dice) -> u64 {
    let exponent = dice.throw(VOCABULARY.ilog2().into()) + 1;
    dice.throw(VOCABULARY.min(1 << exponent))
}

fn word(mut rank: u64) -> String {
    let mut word = String::new();
    loop {
        let syllable = usize::try_from(rank % 16).map_or("", |index| SYLLABLES[index]);
        let _a_string_takes_everything = word.write_str(syllable);
        rank /= 16;
        if rank == 0 {
            return word;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FREQUENT, SCARCE, message, unique};

    #[test]
    fn planted_words_are_where_they_are_looked_for() {
        assert_eq!(message(300), message(300));
        assert!(message(300).contains(&unique(300)) && message(300).contains(FREQUENT));
        assert!(message(3_000).split(' ').any(|word| word == SCARCE));
        assert!((0..10_000).filter(|number| message(*number).contains(&unique(300))).count() == 1);
        assert!(!message(7).contains(FREQUENT));
    }
}
