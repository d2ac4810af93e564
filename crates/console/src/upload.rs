//! A form with files (RFC 7578), of which the whole body is at hand: its fields and its one file.

/// What a form held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent<'a> {
    /// Fields by name, in their order.
    pub(crate) fields: Vec<(&'a str, &'a str)>,
    /// The files, as they are.
    pub(crate) files: Vec<&'a [u8]>,
}

/// Most parts that are looked at.
const PARTS_MAX: usize = 32;

impl<'a> Sent<'a> {
    /// Takes a body apart; `None` when it is no such form.
    pub(crate) fn read(content_type: &str, body: &'a [u8]) -> Option<Self> {
        let boundary = content_type.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?;
        let boundary = format!("--{}", boundary.trim_matches('"'));
        let mut sent = Self::default();
        let mut rest = after(body, boundary.as_bytes())?;
        for _ in 0..PARTS_MAX {
            if rest.starts_with(b"--") {
                return Some(sent);
            }
            rest = rest.strip_prefix(b"\r\n")?;
            let end = find(rest, format!("\r\n{boundary}").as_bytes())?;
            sent.take(&rest[..end])?;
            rest = &rest[end + 2 + boundary.len()..];
        }
        None
    }

    fn take(&mut self, part: &'a [u8]) -> Option<()> {
        let end = find(part, b"\r\n\r\n")?;
        let (head, content) = (std::str::from_utf8(&part[..end]).ok()?, &part[end + 4..]);
        let line = head.split("\r\n").find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
        let value = |name: &str| {
            let at = line.find(&format!("; {name}=\""))? + name.len() + 4;
            line[at..].split('"').next()
        };
        match value("filename") {
            // A file that was not chosen comes as an empty one.
            Some(_) if content.is_empty() => {}
            Some(_) => self.files.push(content),
            None => self.fields.push((value("name")?, std::str::from_utf8(content).ok()?)),
        }
        Some(())
    }

    /// A field's content; empty when there is none.
    pub(crate) fn field(&self, name: &str) -> &'a str {
        self.fields.iter().find(|(of, _)| *of == name).map_or("", |(_, content)| content)
    }
}

fn find(in_: &[u8], what: &[u8]) -> Option<usize> {
    in_.windows(what.len()).position(|window| window == what)
}

fn after<'a>(in_: &'a [u8], what: &[u8]) -> Option<&'a [u8]> {
    in_.strip_prefix(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: Option<(&str, &[&str])>) {
        let sent = Sent::read("multipart/form-data; boundary=xyz", body.as_bytes());
        let sent = sent.map(|sent| {
            let files = sent.files.iter().map(|file| String::from_utf8_lossy(file).into_owned()).collect::<Vec<_>>();
            (sent.field("caption").to_owned(), files)
        });
        let expected = expected.map(|(caption, files)| {
            (caption.to_owned(), files.iter().map(|file| (*file).to_owned()).collect::<Vec<_>>())
        });
        assert_eq!(sent, expected, "{body}");
    }

    #[test]
    fn a_form_is_taken_apart() {
        let field = "--xyz\r\nContent-Disposition: form-data; name=\"caption\"\r\n\r\nthe old valve\r\n";
        let file = "--xyz\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nA\r\n\r\nB\r\n";
        let none = "--xyz\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"\"\r\n\r\n\r\n";
        check(&format!("{field}{file}--xyz--\r\n"), Some(("the old valve", &["A\r\n\r\nB"])));
        check(&format!("{file}{file}--xyz--"), Some(("", &["A\r\n\r\nB", "A\r\n\r\nB"])));
        check(&format!("{none}--xyz--"), Some(("", &[])));
        check("--xyz--", Some(("", &[])));
        check(field, None);
        check("", None);
        check("--xyz\r\nno head\r\n--xyz--", None);
        check(&format!("{}--xyz--", field.repeat(PARTS_MAX + 1)), None);
        assert_eq!(Sent::read("multipart/form-data", b"--xyz--"), None);
    }
}
