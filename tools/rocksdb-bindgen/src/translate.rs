//! From the declarations of a header to Rust text.

use crate::header::{declarations, is_name, preprocess, strip_comments};
use std::collections::{BTreeMap, BTreeSet};

/// The words of which C's numbers have one or more; nothing else may have such a name.
const NUMBER_WORDS: [&str; 8] = ["unsigned", "signed", "char", "short", "int", "long", "float", "double"];

/// Translates a whole header. An error quotes the declaration that it is about.
pub(crate) fn translate(source: &str, ctypes: &str) -> Result<String, String> {
    let code = preprocess(&strip_comments(source)?)?;
    let mut translator = Translator { ctypes: ctypes.to_owned(), ..Translator::default() };
    let mut rust = String::new();
    for tokens in declarations(&code)? {
        rust += &translator
            .declaration(&mut Cursor(&tokens))
            .map_err(|reason| format!("cannot translate `{}`: {reason}", tokens.join(" ")))?;
    }
    Ok(rust)
}

/// The tokens of one declaration that are not yet read.
struct Cursor<'a>(&'a [&'a str]);

impl<'a> Cursor<'a> {
    /// The next token; after the last one, words that are no token.
    fn peek(&self) -> &'a str {
        self.0.first().copied().unwrap_or("the end")
    }

    fn take(&mut self) -> &'a str {
        let token = self.peek();
        self.0 = self.0.get(1..).unwrap_or_default();
        token
    }

    fn accept(&mut self, token: &str) -> bool {
        let is_next = self.peek() == token;
        if is_next {
            self.take();
        }
        is_next
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.accept(token) {
            return Ok(());
        }
        Err(format!("expected `{token}`, found `{}`", self.peek()))
    }

    fn accept_name(&mut self) -> Option<&'a str> {
        let is_free = is_name(self.peek()) && !NUMBER_WORDS.contains(&self.peek());
        is_free.then(|| self.take())
    }

    fn name(&mut self) -> Result<&'a str, String> {
        self.accept_name().ok_or_else(|| format!("expected a name, found `{}`", self.peek()))
    }
}

/// A Rust type, and whether C says `const` of the values that have it.
struct Type {
    rust: String,
    is_const: bool,
}

impl Type {
    fn pointer(self) -> Self {
        let qualifier = if self.is_const { "const" } else { "mut" };
        Self { rust: format!("*{qualifier} {}", self.rust), is_const: false }
    }
}

/// What a declarator declares: `char* name` or, where C permits it, `char*`.
struct Declared<'a> {
    name: Option<&'a str>,
    of: Type,
}

impl<'a> Declared<'a> {
    fn named(self) -> Result<(&'a str, String), String> {
        Ok((self.name.ok_or("a name is missing")?, self.of.rust))
    }
}

#[derive(Default)]
struct Translator {
    /// The module of `c_int` and its like.
    ctypes: String,
    /// The names that the header's typedefs and enums have given to types.
    types: BTreeSet<String>,
    /// The values of all enums.
    constants: BTreeMap<String, i64>,
    unnamed_enums: usize,
}

/// Declarations.
impl Translator {
    fn declaration(&mut self, c: &mut Cursor<'_>) -> Result<String, String> {
        let rust = if c.accept("enum") {
            let name = c.accept_name();
            self.enumeration(name, c)?
        } else if !c.accept("typedef") {
            c.accept("extern");
            self.function(c)?
        } else if c.accept("struct") {
            self.structure(c)?
        } else {
            self.alias(c)?
        };
        if c.0.is_empty() { Ok(rust) } else { Err(format!("unexpected `{}`", c.peek())) }
    }

    /// After `typedef`, what is no struct. A `const` would have to follow the name into every pointer.
    fn alias(&mut self, c: &mut Cursor<'_>) -> Result<String, String> {
        let declared = self.value(c)?;
        if declared.of.is_const {
            return Err("a typedef of something `const`".to_owned());
        }
        let (name, aliased) = declared.named()?;
        self.types.insert(name.to_owned());
        Ok(format!("pub type {name} = {aliased};\n"))
    }

    /// After `typedef struct`: `x x` or `x { fields } x`.
    fn structure(&mut self, c: &mut Cursor<'_>) -> Result<String, String> {
        let name = c.name()?;
        let mut fields = String::new();
        if c.accept("{") {
            while !c.accept("}") {
                let (field, of) = self.value(c)?.named()?;
                c.expect(";")?;
                fields += &format!("    pub {field}: {of},\n");
            }
        } else {
            fields += "    _unused: [u8; 0],\n";
        }
        c.expect(name)?;
        self.types.insert(name.to_owned());
        Ok(format!("#[repr(C)]\n#[derive(Copy, Clone)]\npub struct {name} {{\n{fields}}}\n"))
    }

    /// After `enum` and its name. As in bindgen, a named enum's constants begin with that name.
    fn enumeration(&mut self, name: Option<&str>, c: &mut Cursor<'_>) -> Result<String, String> {
        let (alias, prefix) = match name {
            Some(name) => (name.to_owned(), format!("{name}_")),
            None => {
                self.unnamed_enums += 1;
                (format!("_bindgen_ty_{}", self.unnamed_enums), String::new())
            }
        };
        self.types.insert(alias.clone());
        let values = self.enumerators(c)?;
        let number = if values.iter().all(|(_, value)| u32::try_from(*value).is_ok()) {
            "c_uint"
        } else if values.iter().all(|(_, value)| i32::try_from(*value).is_ok()) {
            "c_int"
        } else {
            return Err("its values do not fit in 32 bits".to_owned());
        };
        let constants: String = values
            .iter()
            .map(|(constant, value)| format!("pub const {prefix}{constant}: {alias} = {value};\n"))
            .collect();
        Ok(format!("{constants}pub type {alias} = {}::{number};\n", self.ctypes))
    }

    fn enumerators<'a>(&mut self, c: &mut Cursor<'a>) -> Result<Vec<(&'a str, i64)>, String> {
        let mut values = Vec::new();
        let mut next = 0;
        c.expect("{")?;
        while !c.accept("}") {
            let name = c.name()?;
            let value = if c.accept("=") { self.constant(c)? } else { next };
            values.push((name, value));
            next = value + 1;
            self.constants.insert(name.to_owned(), value);
            if c.peek() != "}" {
                c.expect(",")?;
            }
        }
        Ok(values)
    }

    /// `operand` or `operand << operand`.
    fn constant(&self, c: &mut Cursor<'_>) -> Result<i64, String> {
        let value = self.operand(c)?;
        if !c.accept("<") {
            return Ok(value);
        }
        c.expect("<")?;
        let shift = u32::try_from(self.operand(c)?).ok();
        let shifted = shift.and_then(|shift| i32::try_from(value).ok()?.checked_mul(2_i32.checked_pow(shift)?));
        shifted.map(i64::from).ok_or_else(|| "a shift overflows".to_owned())
    }

    /// A number (not octal; C gives a negative hexadecimal one another sense) or an earlier constant.
    fn operand(&self, c: &mut Cursor<'_>) -> Result<i64, String> {
        let sign = if c.accept("-") { -1 } else { 1 };
        let token = c.take();
        let value = match token.strip_prefix("0x") {
            Some(digits) if sign == 1 => u32::from_str_radix(digits, 16).ok(),
            _ if token.len() > 1 && token.starts_with('0') => None,
            _ => token.parse().ok(),
        };
        value
            .map(i64::from)
            .or_else(|| self.constants.get(token).copied())
            .map(|value| sign * value)
            .ok_or_else(|| format!("unknown value `{token}`"))
    }

    fn function(&self, c: &mut Cursor<'_>) -> Result<String, String> {
        let (name, returned) = self.declarator(c)?.named()?;
        let signature = self.signature(&returned, c)?;
        Ok(format!("unsafe extern \"C\" {{\n    pub fn {name}{signature};\n}}\n"))
    }
}

/// Types.
impl Translator {
    /// A declarator of something that has a value, which is all but `void`.
    fn value<'a>(&self, c: &mut Cursor<'a>) -> Result<Declared<'a>, String> {
        let declared = self.declarator(c)?;
        if declared.of.rust == self.void() { Err("`void` has no value".to_owned()) } else { Ok(declared) }
    }

    /// `type`, `type name`, or the function pointer `type (*name)(parameters)`.
    fn declarator<'a>(&self, c: &mut Cursor<'a>) -> Result<Declared<'a>, String> {
        let of = self.pointers(c)?;
        if !c.accept("(") {
            return Ok(Declared { name: c.accept_name(), of });
        }
        c.expect("*")?;
        let name = c.accept_name();
        c.expect(")")?;
        let signature = self.signature(&of.rust, c)?;
        let rust = format!("::std::option::Option<unsafe extern \"C\" fn{signature}>");
        Ok(Declared { name, of: Type { rust, is_const: false } })
    }

    /// `(parameters) -> returned`, read from the `(` on.
    fn signature(&self, returned: &str, c: &mut Cursor<'_>) -> Result<String, String> {
        c.expect("(")?;
        let mut parameters = Vec::new();
        if c.0.starts_with(&["void", ")"]) {
            c.take();
        } else {
            parameters.push(self.parameter(c)?);
            while c.accept(",") {
                parameters.push(self.parameter(c)?);
            }
        }
        c.expect(")")?;
        let arrow = if returned == self.void() { String::new() } else { format!(" -> {returned}") };
        Ok(format!("({}){arrow}", parameters.join(", ")))
    }

    /// A parameter that is an array is a pointer to its first element.
    fn parameter(&self, c: &mut Cursor<'_>) -> Result<String, String> {
        let mut of = self.value(c)?.of;
        if c.accept("[") {
            c.expect("]")?;
            of = of.pointer();
        }
        Ok(format!("_: {}", of.rust))
    }

    /// A type with its `*`s. Each `const` belongs to what stands before it, or begins the type.
    fn pointers(&self, c: &mut Cursor<'_>) -> Result<Type, String> {
        let begins_const = c.accept("const");
        let rust = self.named_type(c)?;
        let mut of = Type { rust, is_const: c.accept("const") || begins_const };
        while c.accept("*") {
            of = of.pointer();
            of.is_const = c.accept("const");
        }
        Ok(of)
    }

    fn named_type(&self, c: &mut Cursor<'_>) -> Result<String, String> {
        let mut words = vec![c.take()];
        while NUMBER_WORDS.contains(&words[0]) && NUMBER_WORDS.contains(&c.peek()) {
            words.push(c.take());
        }
        let name = words.join(" ");
        if self.types.contains(&name) {
            return Ok(name);
        }
        let rust = match name.as_str() {
            "void" => "c_void",
            "char" => "c_char",
            "unsigned char" => "c_uchar",
            "int" => "c_int",
            "unsigned" | "unsigned int" => "c_uint",
            "long" => "c_long",
            "unsigned long" => "c_ulong",
            "long long" => "c_longlong",
            "unsigned long long" => "c_ulonglong",
            "bool" => "bool",
            "float" => "f32",
            "double" => "f64",
            "size_t" => "usize",
            "int8_t" => "i8",
            "int16_t" => "i16",
            "int32_t" => "i32",
            "int64_t" => "i64",
            "uint8_t" => "u8",
            "uint16_t" => "u16",
            "uint32_t" => "u32",
            "uint64_t" => "u64",
            _ => return Err(format!("unknown type `{name}`")),
        };
        Ok(if rust.starts_with("c_") { format!("{}::{rust}", self.ctypes) } else { rust.to_owned() })
    }

    fn void(&self) -> String {
        format!("{}::c_void", self.ctypes)
    }
}
