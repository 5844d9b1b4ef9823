//! Character references in HTML: `&amp;` and its like. Only those that titles and descriptions hold.

const NAMED: [(&str, &str); 34] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("ndash", "–"),
    ("mdash", "—"),
    ("hellip", "…"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("sbquo", "‚"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("bdquo", "„"),
    ("laquo", "«"),
    ("raquo", "»"),
    ("bull", "•"),
    ("middot", "·"),
    ("copy", "©"),
    ("reg", "®"),
    ("trade", "™"),
    ("euro", "€"),
    ("pound", "£"),
    ("auml", "ä"),
    ("ouml", "ö"),
    ("uuml", "ü"),
    ("Auml", "Ä"),
    ("Ouml", "Ö"),
    ("Uuml", "Ü"),
    ("szlig", "ß"),
    ("eacute", "é"),
    ("egrave", "è"),
    ("agrave", "à"),
];

/// How long a reference is at most, its ampersand and semicolon left out.
const NAME_BYTES_MAX: usize = 10;

/// The text that HTML text stands for. What is no known reference stays as it is.
pub(super) fn decode(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('&') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.bytes().take(NAME_BYTES_MAX + 2).position(|byte| byte == b';');
        match end.and_then(|end| Some((end, resolve(&rest[1..end])?))) {
            Some((end, character)) => {
                text.push_str(&character);
                rest = &rest[end + 1..];
            }
            None => {
                text.push('&');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

fn resolve(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|character| !character.is_control()).map(String::from);
    }
    NAMED.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn references_become_characters() {
        let check = |html: &str, expected: &str| assert_eq!(decode(html), expected, "{html}");
        check("plain", "plain");
        check("a &amp; b &lt;c&gt; &quot;d&quot; &#39;e&#x27;", "a & b <c> \"d\" 'e'");
        check("&amp;lt;", "&lt;");
        check(
            "&unknown; & &; &#; &#xzz; &#0; &#1114112; &toolongforaname;",
            "&unknown; & &; &#; &#xzz; &#0; &#1114112; &toolongforaname;",
        );
        check("ä&hellip;&", "ä…&");
        check("&ääää;", "&ääää;");
    }
}
