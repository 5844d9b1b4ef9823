//! What becomes of texts in many languages.

use super::{folded, pieces, tokens};

fn check(text: &str, expected: &[&str]) {
    let found: Vec<String> = tokens(text).into_iter().map(|token| token.text).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn words_lose_case_and_accents() {
    check("Hello, World!", &["hello", "world"]);
    check("Übergröße ÉCLAIR naïve", &["ubergrosse", "eclair", "naive"]);
    check("Æsir Łódź İstanbul ISPARTA", &["aesir", "lodz", "istanbul", "isparta"]);
    check("Ὀδυσσεύς", &["οδυσσευσ"]);
    check("Ёлка йод", &["елка", "иод"]);
    check("ＦＵＬＬ　ｗｉｄｔｈ", &["full", "width"]);
    check("e\u{301}te\u{301}", &["ete"]);
    check("\u{301}", &[]);
    check("don't snake_case a-b 3.14", &["don", "t", "snake_case", "a", "b", "3", "14"]);
    check(" \n…—", &[]);
}

#[test]
fn signs_that_make_another_letter_stay() {
    check("हिन्दी", &["हिन्दी"]);
    check("שָׁלוֹם", &["שלום"]);
    check("مُحَمَّد", &["محمد"]);
    check("がか", &["がか", "か"]);
    // The same letter, in one character and in two, and in half width.
    check("か\u{3099}", &["が"]);
    check("ｶﾞﾗｽ", &["ガラ", "ラス", "ス"]);
}

#[test]
fn writing_without_spaces_becomes_pairs() {
    check("東京都", &["東京", "京都", "都"]);
    check("京", &["京"]);
    check("สวัสดี", &["สว", "วั", "ัส", "สด", "ดี", "ี"]);
    check("안녕하세요", &["안녕", "녕하", "하세", "세요", "요"]);
    check("Kith服务器v2", &["kith", "服务", "务器", "器", "v2"]);
    check("🎉🎂", &["🎉🎂", "🎂"]);
}

#[test]
fn positions_count_tokens_and_tails_are_known() {
    let found = tokens("a 東京 b");
    let shown: Vec<(&str, usize, bool)> =
        found.iter().map(|token| (token.text.as_str(), token.position, token.is_tail)).collect();
    assert_eq!(shown, [("a", 0, false), ("東京", 1, false), ("京", 2, true), ("b", 3, false)]);
}

#[test]
fn pieces_know_where_they_stand() {
    let text = "So, Ünder 東京!";
    let found: Vec<&str> = pieces(text).into_iter().map(|piece| &text[piece.range]).collect();
    assert_eq!(found, ["So", "Ünder", "東京"]);
    assert_eq!(folded("  Jean-Luc   PICARD "), "jean luc picard");
}

#[test]
fn a_word_without_end_is_cut() {
    let long = "é".repeat(70_000);
    assert_eq!(tokens(&long)[0].text.chars().count(), 64);
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_strange(text: String) {
        let pieces = pieces(&text);
        for piece in &pieces {
            proptest::prop_assert!(!piece.folded.is_empty() && text.get(piece.range.clone()).is_some());
        }
        proptest::prop_assert_eq!(tokens(&folded(&text)).is_empty(), pieces.is_empty());
    }
}
