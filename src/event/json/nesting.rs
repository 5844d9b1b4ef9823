//! How deep a text nests, found without parsing it: what is too deep is refused before anything follows it by recursion.

/// How deep the arrays and objects of a JSON text are nested, whether the text is JSON or not.
pub fn nesting(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::nesting;

    #[test]
    fn brackets_in_texts_do_not_nest() {
        let check = |text: &str, expected| assert_eq!(nesting(text.as_bytes()), expected, "{text}");
        check("", 0);
        check("7", 0);
        check("{}", 1);
        check(r#"[{"a":[1]},[[]]]"#, 3);
        check(r#"{"a":"[[[[\"[[["}"#, 1);
        check(r#"{"a\\":[],"b":"\\"}"#, 2);
        check("]]}}[", 1);
    }
}
