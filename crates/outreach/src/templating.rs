//! What templates may do, those of letters and those of webhooks, so that none of them takes the machine's memory or time.
//!
//! The engine's fuel counts steps, and one step can double a text. So texts grow only where it is counted:
//!
//! - by being written or joined, which takes from [`WRITTEN_MAX`] bytes, also inside of macros and blocks;
//! - by plain text between two tags, which is [`PLAIN_MAX`] bytes at the most and costs a step each time: all of it together
//!   stays below [`FUEL`] times that.
//!
//! Nothing else makes one text of two: `+`, `*`, `**` are refused, and so is `~` wherever a template has variables, loops or
//! macros of its own to keep what came out. Lists hold constants, and there are no tuples and dictionaries: lists of lists of
//! lists take for ever to compare or to show. Tags are short, so that what is read into a tree is not too deep for the stack.
//! There are no functions, and only the filters and tests below.
//!
//! The source is checked on the engine's own tokens before it is compiled, as constants are worked out while compiling.

use std::borrow::Cow;

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, filters, tests as questions};

/// Steps one rendering may take; the longest shipped letter takes under 1,500.
const FUEL: u64 = 20_000;
/// Bytes one rendering may write, what macros wrote for each other included; the longest shipped letter writes under 20,000.
const WRITTEN_MAX: usize = 256 * 1024;
/// Longest plain text between two tags, bytes; a whole letter has under 4,000.
const PLAIN_MAX: usize = 8 * 1024;
/// Most tokens in one tag; the longest shipped one has under 60.
const TAG_TOKENS_MAX: usize = 150;
/// Most `if` and `elif` within each other, each `elif` being within the one before; the longest shipped row has 17.
const BRANCHES_MAX: usize = 100;
/// Longest source, characters: what the console's form takes when each is Chinese and written as nine bytes. The longest shipped
/// one, the phrases, has under 22,000; they call each other and stay in one file, where whoever edits one finds them all.
pub(crate) const SOURCE_CHARS_MAX: usize = 28_000;
/// How deep macros may call each other, in the engine's own measure, of which a macro takes four or more and an import ten.
const DEPTH_MAX: usize = 120;

/// Words after which a bracket opens a value of its own and no arguments.
const KEYWORDS: [&str; 13] =
    ["if", "elif", "else", "for", "in", "is", "not", "and", "or", "set", "import", "as", "recursive"];

/// What a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A customer's letter or page, which may import the shared phrases.
    Letter,
    /// The phrases that letters share.
    Phrases,
    /// A part of a webhook's request.
    Request,
    /// A test of a webhook's answer: an expression, not a template.
    Answer,
}

impl Dialect {
    /// The statements it may use.
    const fn statements(self) -> &'static [&'static str] {
        match self {
            Self::Letter => {
                &["if", "elif", "else", "endif", "for", "endfor", "set", "endset", "macro", "endmacro", "import"]
            }
            Self::Phrases => &["if", "elif", "else", "endif", "for", "endfor", "set", "endset", "macro", "endmacro"],
            Self::Request | Self::Answer => &["if", "elif", "else", "endif"],
        }
    }

    /// Whether values may be joined in place: nothing of it can be kept and joined again.
    const fn joins(self) -> bool {
        matches!(self, Self::Request | Self::Answer)
    }
}

/// Where a source goes beyond what a template may do, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excess {
    /// The line, from 1.
    pub(crate) line: usize,
    /// What is too much, in words.
    pub(crate) why: String,
}

/// An environment without any templates yet, which takes what [`check`] lets through.
pub(crate) fn environment() -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(DEPTH_MAX);
    env.set_formatter(|out, state, value| {
        let text = scalar(value)?;
        charge(state, text.len())?;
        out.write_str(&text).map_err(Error::from)
    });
    env.add_filter("default", filters::default);
    env.add_filter("first", filters::first);
    env.add_filter("last", filters::last);
    env.add_filter("length", filters::length);
    env.add_filter("list", filters::list);
    env.add_filter("select", filters::select);
    env.add_filter("selectattr", filters::selectattr);
    env.add_filter("reject", filters::reject);
    env.add_filter("rejectattr", filters::rejectattr);
    env.add_filter("join", join);
    env.add_filter("replace", replace);
    env.add_filter("lower", |state: &mut State<'_, '_>, text: String| grown(state, text.to_lowercase()));
    env.add_filter("upper", |state: &mut State<'_, '_>, text: String| grown(state, text.to_uppercase()));
    env.add_filter("capitalize", |state: &mut State<'_, '_>, text: String| grown(state, capitalized(&text)));
    env.add_filter("trim", |text: String| text.trim().to_owned());
    env.add_test("defined", questions::is_defined);
    env.add_test("undefined", questions::is_undefined);
    env.add_test("none", questions::is_none);
    for same in ["eq", "equalto"] {
        env.add_test(same, questions::is_eq);
    }
    env.add_test("ne", questions::is_ne);
    env.add_test("odd", questions::is_odd);
    env.add_test("even", questions::is_even);
    env
}

/// Counts what a rendering writes or joins.
///
/// # Errors
/// When it is more than [`WRITTEN_MAX`] bytes in all.
pub(crate) fn charge(state: &mut State<'_, '_>, bytes: usize) -> Result<(), Error> {
    #[derive(Default)]
    struct Written(usize);
    let written = state.get_or_insert_extension(Written::default());
    written.0 = written.0.saturating_add(bytes);
    if written.0 > WRITTEN_MAX {
        return Err(Error::new(ErrorKind::OutOfFuel, "the text grows far too long"));
    }
    Ok(())
}

/// A value as text; nothing where an `if` without an `else` gave none. A misspelt name does not get here.
///
/// # Errors
/// When it is a list or anything else that is no text, number or truth value.
pub(crate) fn scalar(value: &Value) -> Result<Cow<'_, str>, Error> {
    match (value.kind(), value.as_str()) {
        (ValueKind::Undefined, _) => Ok(Cow::Borrowed("")),
        (_, Some(text)) => Ok(Cow::Borrowed(text)),
        (ValueKind::Number | ValueKind::Bool | ValueKind::None, _) => Ok(Cow::Owned(value.to_string())),
        _ => Err(Error::new(ErrorKind::InvalidOperation, "only texts, numbers and truth values fit in here")),
    }
}

/// Checks a source before it is compiled. What is not of the template language at all passes: compiling it says so better.
///
/// # Errors
/// With the first thing that goes beyond what such a template may do.
pub(crate) fn check(source: &str, dialect: Dialect, syntax: SyntaxConfig) -> Result<(), Excess> {
    let chars = source.chars().count();
    if chars > SOURCE_CHARS_MAX {
        return Err(Excess { line: 1, why: format!("{chars} characters are too many for a template") });
    }
    let mut tag = Tag::default();
    let mut branches = Vec::new();
    for read in tokenize(source, dialect == Dialect::Answer, syntax) {
        // Compiling reads the same tokens and gets no further either.
        let Ok((token, span)) = read else { return Ok(()) };
        if let Err(why) = tag.take(&token, dialect) {
            return Err(Excess { line: usize::from(span.start_line), why: why.into_owned() });
        }
        match (tag.tokens, tag.statement) {
            (2, Some("if")) => branches.push(1),
            (2, Some("elif")) => branches.iter_mut().last().into_iter().for_each(|of_this| *of_this += 1),
            (2, Some("endif")) => drop(branches.pop()),
            _ => continue,
        }
        if branches.iter().sum::<usize>() > BRANCHES_MAX {
            let why = "there are too many branches within each other".to_owned();
            return Err(Excess { line: usize::from(span.start_line), why });
        }
    }
    Ok(())
}

/// What a bracket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bracket {
    /// `(a)`.
    Group,
    /// `f(a, b)`.
    Arguments,
    /// `["a", "b"]`.
    List,
    /// `a[0]`, and `a[1:]` once it has its colon.
    Part { colon: bool },
}

/// The tag that is being read.
#[derive(Debug, Default)]
struct Tag<'s> {
    tokens: usize,
    /// The statement it is, where it is one.
    statement: Option<&'s str>,
    brackets: Vec<Bracket>,
    /// What the token before was.
    last: Last,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    /// The beginning of a statement.
    Statement,
    /// A value, which a bracket would take a part of or call.
    Value,
    /// A dot, after which comes a name.
    Dot,
    #[default]
    Other,
}

impl<'s> Tag<'s> {
    fn take(&mut self, token: &Token<'s>, dialect: Dialect) -> Result<(), Cow<'static, str>> {
        self.tokens += 1;
        if self.tokens > TAG_TOKENS_MAX {
            return Err("this is too long for one pair of braces".into());
        }
        let last = std::mem::take(&mut self.last);
        if self.statement == Some("import") {
            // What imports itself, or two that import each other, would hold values within values without end.
            return match (self.tokens, token) {
                (3, Token::Str(name)) if name.starts_with("phrases.") => Ok(()),
                (4, Token::Ident("as")) | (5, Token::Ident(_)) => Ok(()),
                (6, Token::BlockEnd) => {
                    *self = Self::default();
                    Ok(())
                }
                _ => Err("only the phrases can be imported".into()),
            };
        }
        if self.brackets.last() == Some(&Bracket::List) {
            return self.element(token);
        }
        match token {
            Token::TemplateData(text) => {
                self.tokens = 0;
                if text.len() > PLAIN_MAX {
                    return Err("this is too long for a text without any tag".into());
                }
            }
            Token::VariableStart | Token::BlockStart => {
                *self = Self { tokens: 1, ..Self::default() };
                if matches!(token, Token::BlockStart) {
                    self.last = Last::Statement;
                }
            }
            Token::VariableEnd | Token::BlockEnd => *self = Self::default(),
            Token::Ident(word) if last == Last::Statement => {
                if !dialect.statements().contains(word) {
                    return Err(format!("unknown statement {word}").into());
                }
                self.statement = Some(*word);
            }
            // Without anything to choose from, the engine divides by zero.
            Token::Ident("cycle") if last == Last::Dot => return Err("loop has no method named cycle".into()),
            Token::Ident(word) if last != Last::Dot && KEYWORDS.contains(word) => {}
            Token::Ident(_) | Token::Str(_) | Token::String(_) => self.last = Last::Value,
            Token::Dot => self.last = Last::Dot,
            Token::Tilde if dialect.joins() => {}
            Token::Tilde | Token::Plus | Token::Mul | Token::Pow => {
                return Err(format!("texts are not joined with {token} but written one after the other").into());
            }
            Token::BraceOpen | Token::BraceClose => return Err(format!("unexpected {token}").into()),
            Token::ParenOpen => {
                self.brackets.push(if last == Last::Value { Bracket::Arguments } else { Bracket::Group });
            }
            Token::BracketOpen => {
                self.brackets.push(if last == Last::Value { Bracket::Part { colon: false } } else { Bracket::List });
            }
            Token::ParenClose | Token::BracketClose => {
                self.brackets.pop();
                self.last = Last::Value;
            }
            Token::Comma if self.brackets.last() != Some(&Bracket::Arguments) => {
                return Err(format!("unexpected {token}").into());
            }
            Token::Colon => match self.brackets.last_mut() {
                Some(Bracket::Part { colon }) if !*colon => *colon = true,
                _ => return Err(format!("unexpected {token}").into()),
            },
            _ => {}
        }
        Ok(())
    }

    /// A token within a list of constants.
    fn element(&mut self, token: &Token<'s>) -> Result<(), Cow<'static, str>> {
        match token {
            Token::Str(_) | Token::String(_) | Token::Int(_) | Token::Float(_) | Token::Comma | Token::Minus => {}
            Token::Ident("true" | "false" | "none" | "True" | "False" | "None") => {}
            Token::BracketClose => {
                self.brackets.pop();
                self.last = Last::Value;
            }
            _ => return Err("a list holds only texts and numbers as they stand".into()),
        }
        Ok(())
    }
}

/// The parts as one text with something between each two.
fn join(state: &mut State<'_, '_>, parts: Value, between: Option<String>) -> Result<String, Error> {
    let between = between.unwrap_or_default();
    let mut out = String::new();
    for (i, part) in parts.try_iter()?.enumerate() {
        let part = scalar(&part)?;
        charge(state, part.len() + between.len())?;
        if i > 0 {
            out.push_str(&between);
        }
        out.push_str(&part);
    }
    Ok(out)
}

/// The text with something else in place of each occurrence.
fn replace(state: &mut State<'_, '_>, text: String, from: String, to: String) -> Result<String, Error> {
    // Before it is made, as it may be far too long.
    let places = text.matches(&from).count();
    charge(state, text.len().saturating_add(places.saturating_mul(to.len())))?;
    Ok(text.replace(&from, &to))
}

fn grown(state: &mut State<'_, '_>, text: String) -> Result<String, Error> {
    charge(state, text.len()).map(|()| text)
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    /// Renders as letters do, with three things to loop over.
    fn rendered(source: &str) -> Result<String, String> {
        let mut env = environment();
        check(source, Dialect::Letter, env.syntax().clone()).map_err(|excess| excess.why)?;
        let broken = |e: Error| format!("{}: {}", e.kind(), e.detail().unwrap_or_default());
        env.add_template("phrases.en.j2", "{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}").map_err(broken)?;
        env.add_template_owned("fault.en.j2", source.to_owned()).map_err(broken)?;
        let facts = context!(day => "Monday", n => 2, all => ["a", "b", "c"], others => [context!(is_new => true)]);
        env.get_template("fault.en.j2").and_then(|letter| letter.render(facts)).map_err(broken)
    }

    #[test]
    fn what_an_advisor_writes_goes_on_working() {
        #[track_caller]
        fn check(source: &str, expected: &str) {
            assert_eq!(rendered(source).as_deref(), Ok(expected), "{source}");
        }
        check("On {{ day }}.", "On Monday.");
        check("{{ day if n > 2 }}{{ \"soon\" if n == 2 else day }}", "soon");
        check("{% if n is defined and not (n is odd) %}even{% elif n == 3 %}3{% else %}-{% endif %}", "even");
        check("{% for one in all %}{{ loop.index }}{{ one }}{{ \", \" if not loop.last }}{% endfor %}", "1a, 2b, 3c");
        check(
            "{{ all | join(\" and \") }}, {{ all | length - 1 }}, {{ all[0] }}, {{ all[1:] | join }}",
            "a and b and c, 2, a, bc",
        );
        check("{% set when %}on {{ day | upper }}{% endset %}{{ when | capitalize }}", "On MONDAY");
        check("{{ day | replace(\"Mon\", \"Sun\") | lower | trim }}{{ none | default(\"x\") }}", "sundayNone");
        check("{% import \"phrases.en.j2\" as say %}{{ say.twice(x=day) }}", "MondayMonday");
        check("{% macro m(a, b=[], c=none) -%} {{ a }}{{ b | length }} {%- endmacro %}{{ m(n, c=1) }}", "20");
        check("{{ n in [1, 2] }}{{ others | selectattr(\"is_new\") | list | length }}", "True1");
        check("{% raw %}{{ a ~ b }}{% endraw %} 10~20 + 5 {# ~ #}", "{{ a ~ b }} 10~20 + 5 ");
    }

    /// The source must be refused, or its rendering given up, in words that say so.
    #[track_caller]
    fn refused(source: &str, says: &str) {
        let said = rendered(source).map(|text| text.len());
        assert!(said.as_ref().is_err_and(|why| why.contains(says)), "{says}: {said:?}");
    }

    #[test]
    fn no_text_grows_beyond_bounds() {
        let doubling =
            "{% set ns=namespace(s=\"x\") %}{% for i in range(60) %}{% set ns.s=ns.s~ns.s %}{% endfor %}{{ ns.s }}";
        refused(doubling, "not joined with `~`");
        refused("{% set ns = namespace(s=1) %}", "namespace is unknown");
        refused("{% for i in range(9) %}{% endfor %}", "range is unknown");
        refused(&format!("{{% set a = day %}}{}", "{% set a = a ~ a %}".repeat(60)), "not joined with `~`");
        refused(&"{% set a = \"x\" + \"x\" %}".repeat(60), "not joined with `+`");
        refused("{{ \"x\" * 100000000 }}", "not joined with `*`");
        refused("{{ 9 ** 9 }}", "not joined with `**`");
        // A billion laughs, by macros, by blocks, by filters and by recursion.
        let mut laughs = "{% macro m0() %}haha{% endmacro %}".to_owned();
        for i in 0..60 {
            laughs += &format!("{{% macro m{}() %}}{{{{ m{i}() }}}}{{{{ m{i}() }}}}{{% endmacro %}}", i + 1);
        }
        refused(&format!("{laughs}{{{{ m60() }}}}"), "recursion");
        refused(&format!("{laughs}{{{{ m18() }}}}"), "");
        refused(
            &format!("{{% set a = day %}}{}", "{% set a %}{{ a }}{{ a }}{% endset %}".repeat(60)),
            "grows far too long",
        );
        refused(
            &format!(
                "{{% set a = day %}}{}",
                "{% set a = [\"1\", \"2\"] | join(a) %}{% set a = a | replace(\"1\", a) %}".repeat(60)
            ),
            "grows far too long",
        );
        refused(
            &format!("{{% set a = \"x\" %}}{}", "{% set a = a | replace(\"\", a) %}".repeat(60)),
            "grows far too long",
        );
        refused("{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}", "recursion");
        refused("{% macro m(x) %}{{ m([x]) }}{% endmacro %}", "a list holds only");
        refused("{% for a in all recursive %}{{ loop(all) }}{% endfor %}", "recursion");
        let tens = "{% for a in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] %}";
        refused(&format!("{}.{}", tens.repeat(5), "{% endfor %}".repeat(5)), "fuel");
        let plain = "x".repeat(PLAIN_MAX);
        refused(&format!("{{% set a %}}{}{plain}{}{{% endset %}}", tens.repeat(4), "{% endfor %}".repeat(4)), "fuel");
        refused(&format!("{plain}x"), "without any tag");
    }

    #[test]
    fn values_within_values_and_foreign_statements_are_refused() {
        // Lists of lists of lists would take for ever to compare or to show.
        for nested in ["{% set a = [[1]] %}", "{% set a = [day] %}", "{% set a = [1, all] %}"] {
            refused(nested, "a list holds only");
        }
        for other in ["{% set a = (day, day) %}", "{% set a = day, day %}", "{% set a, b = all %}", "{{ (day,) }}"] {
            refused(other, "unexpected `,`");
        }
        refused("{% set a = {\"a\": day} %}", "unexpected `{`");
        refused("{{ all }}", "only texts, numbers and truth values");
        refused("{{ loop }}{% for a in all %}{{ loop }}{% endfor %}", "undefined");
        // The statements that letters have no use for.
        for statement in [
            "include \"fault.en.j2\"",
            "extends \"fault.en.j2\"",
            "block a",
            "call m()",
            "filter upper",
            "with a=1",
            "autoescape true",
            "do m()",
        ] {
            refused(&format!("{{% {statement} %}}"), "unknown statement");
        }
        for import in [
            "\"fault.en.j2\" as me",
            "day as me",
            "\"phrases.en.j2\" and \"fault.en.j2\" as me",
            "(\"phrases.en.j2\") as say",
        ] {
            refused(&format!("{{% import {import} %}}"), "only the phrases");
        }
    }

    #[test]
    fn nothing_is_too_deep_and_nothing_panics() {
        // What would be too deep for the stack, or divides by zero, or counts backwards from nothing.
        refused(&format!("{{{{ n{} }}}}", " - n".repeat(4_000)), "too long for one pair");
        refused(&format!("{{{{ day{} }}}}", " | trim".repeat(2_000)), "too long for one pair");
        refused(&format!("{{{{ all{} }}}}", "[:9]".repeat(3_000)), "too long for one pair");
        refused("{% for a in all %}{{ loop.cycle() }}{% endfor %}", "no method named cycle");
        refused("{% set l = loop %}{{ l . cycle () }}", "no method named cycle");
        refused("{{ \"\"[::-1] }}", "unexpected `:`");
        refused(&"x{{ n }}".repeat(4_000), "too many for a template");
        let elifs = "{% elif n == 9 %}".repeat(100);
        refused(&format!("{{% if n == 9 %}}{elifs}{{% endif %}}"), "too many branches");
    }

    #[test]
    fn the_deepest_sources_that_pass_fit_on_a_small_stack() {
        let deep = |open: &str, middle: &str, close: &str, times: usize| {
            format!("{}{middle}{}", open.repeat(times), close.repeat(times))
        };
        let sources = [
            deep("{%elif n==9%}", "", "", 100).replacen("{%elif", "{%if", 1) + "{%endif%}",
            deep("{%if n%}", "x", "{%endif%}", 100),
            deep("{%for a in all%}", "{%if n==9%}{%endif%}", "{%endfor%}", 4),
            format!("{{% set a = all %}}{}{{{{ a | join }}}}", "{%set a=a[:9]%}".repeat(1_700)),
            format!("{{% macro m(x) %}}{{{{ m(x{}) }}}}{{% endmacro %}}{{{{ m(all) }}}}", "[:9]".repeat(33)),
            format!("{{{{ all{} | join }}}}", "[:9]".repeat(34)),
            format!("{{{{ n{} }}}}", "-n".repeat(70)),
        ];
        for source in sources {
            assert_eq!(check(&source, Dialect::Letter, SyntaxConfig::default()), Ok(()), "{source:.60}");
            let small = std::thread::Builder::new().stack_size(1 << 20);
            let told = small.spawn(move || rendered(&source)).unwrap().join();
            assert!(told.is_ok());
        }
    }

    #[test]
    fn a_request_joins_values_but_keeps_none() {
        let syntax = SyntaxConfig::default;
        assert_eq!(check("{\"a\": {{ subject ~ \"\\n\\n\" ~ body }}}", Dialect::Request, syntax()), Ok(()));
        assert_eq!(check("errcode in [45009, 130101] or a.b[0] == \"x\"", Dialect::Answer, syntax()), Ok(()));
        for refused in
            ["{% set a = b ~ b %}", "{% for a in b %}{% endfor %}", "{{ a * 9 }}", "{% macro m() %}{% endmacro %}"]
        {
            assert!(check(refused, Dialect::Request, syntax()).is_err(), "{refused}");
        }
        assert_eq!(check("a\n{{ b * 2 }}", Dialect::Request, syntax()).unwrap_err().line, 2);
        assert!(check("{% import \"phrases.en.j2\" as me %}", Dialect::Phrases, syntax()).is_err());
    }
}
