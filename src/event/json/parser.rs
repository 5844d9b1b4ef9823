//! From text to values: a parser with a bound on its depth, which keeps numbers as they were written.

use super::{ENVELOPE_DEPTH_MAX, JsonError, NESTING_DEPTH_MAX, Object, Strictness, Value, number};

/// Parses a JSON text, which must hold exactly one value.
pub fn parse(text: &str, strictness: Strictness) -> Result<Value, JsonError> {
    parse_within(text, strictness, NESTING_DEPTH_MAX)
}

fn parse_within(text: &str, strictness: Strictness, depth_max: usize) -> Result<Value, JsonError> {
    let mut parser = Parser { text, at: 0, strictness, depth_max };
    let value = parser.value(0)?;
    parser.skip_space();
    if parser.at == text.len() { Ok(value) } else { Err(JsonError::Syntax(parser.at)) }
}

/// Parses a JSON text, which must hold exactly one object.
pub fn parse_object(text: &str, strictness: Strictness) -> Result<Object, JsonError> {
    object_of(parse(text, strictness)?)
}

/// Parses an object that carries events and other things, each of which is parsed again by itself.
pub fn parse_envelope(text: &str, strictness: Strictness) -> Result<Object, JsonError> {
    object_of(parse_within(text, strictness, ENVELOPE_DEPTH_MAX)?)
}

fn object_of(value: Value) -> Result<Object, JsonError> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(JsonError::NotAnObject),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    strictness: Strictness,
    depth_max: usize,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth + 1).map(Value::Object),
            Some(b'[') => self.array(depth + 1).map(Value::Array),
            Some(b'"') => self.string().map(Value::String),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.error()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Object, JsonError> {
        self.enter(depth)?;
        let mut object = Object::new();
        if self.next_is(b'}') {
            return Ok(object);
        }
        loop {
            self.skip_space();
            let key = self.string()?;
            self.expect(b':')?;
            let value = self.value(depth)?;
            if self.strictness == Strictness::Strict && object.contains_key(&key) {
                return Err(JsonError::DuplicateKey(key));
            }
            object.insert(key, value);
            if self.next_is(b'}') {
                return Ok(object);
            }
            self.expect(b',')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Value>, JsonError> {
        self.enter(depth)?;
        let mut array = Vec::new();
        if self.next_is(b']') {
            return Ok(array);
        }
        loop {
            array.push(self.value(depth)?);
            if self.next_is(b']') {
                return Ok(array);
            }
            self.expect(b',')?;
        }
    }

    /// Steps over an opening bracket, unless it is one too many.
    fn enter(&mut self, depth: usize) -> Result<(), JsonError> {
        self.at += 1;
        if depth > self.depth_max { Err(JsonError::TooDeep) } else { Ok(()) }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.error());
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        self.skip_one(b"-");
        // No leading zeros: after a zero the whole part is over.
        if !self.skip_one(b"0") {
            self.digits()?;
        }
        if self.skip_one(b".") {
            self.digits()?;
        }
        if self.skip_one(b"eE") {
            self.skip_one(b"+-");
            self.digits()?;
        }
        number::value_of(&self.text[start..self.at], self.strictness).ok_or(JsonError::Number(start))
    }

    /// Steps over one digit or more.
    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.skip_one(b"0123456789") {}
        if self.at == start { Err(self.error()) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        if !self.skip_one(b"\"") {
            return Err(self.error());
        }
        let mut string = String::new();
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let plain = rest.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20);
            let Some(plain) = plain else {
                self.at = self.text.len();
                return Err(self.error());
            };
            string.push_str(&self.text[self.at..self.at + plain]);
            self.at += plain;
            if self.skip_one(b"\"") {
                return Ok(string);
            }
            if !self.skip_one(b"\\") {
                return Err(self.error());
            }
            string.push(self.escape()?);
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Result<char, JsonError> {
        let char = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.error()),
        };
        self.at += 1;
        Ok(char)
    }

    /// Reads `u` and four hexadecimal digits, or two such escapes where the first is half of a surrogate pair. Half a pair alone is no text.
    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let first = self.four_hex_digits()?;
        if let Some(char) = char::from_u32(first) {
            return Ok(char);
        }
        if !(0xD800..0xDC00).contains(&first) || !self.skip_one(b"\\") || self.peek() != Some(b'u') {
            return Err(self.error());
        }
        let second = self.four_hex_digits()?;
        if !(0xDC00..0xE000).contains(&second) {
            return Err(self.error());
        }
        let code_point = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        char::from_u32(code_point).ok_or_else(|| self.error())
    }

    fn four_hex_digits(&mut self) -> Result<u32, JsonError> {
        self.at += 1;
        let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or_else(|| self.error())?;
        let mut code = 0;
        for &digit in digits {
            let digit = char::from(digit).to_digit(16).ok_or_else(|| self.error())?;
            code = code * 16 + digit;
        }
        self.at += 4;
        Ok(code)
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.next_is(byte) { Ok(()) } else { Err(self.error()) }
    }

    /// Steps over this byte, if it comes next after white space.
    fn next_is(&mut self, byte: u8) -> bool {
        self.skip_space();
        self.skip_one(&[byte])
    }

    /// Steps over one byte, if it is one of these.
    fn skip_one(&mut self, bytes: &[u8]) -> bool {
        let found = self.peek().is_some_and(|byte| bytes.contains(&byte));
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while self.skip_one(b" \t\n\r") {}
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn error(&self) -> JsonError {
        JsonError::Syntax(self.at)
    }
}
