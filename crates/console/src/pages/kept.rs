//! What was typed into a form that was refused, so that the form shows it again: nobody types a thing twice.

/// The fields of one form as they were sent; nothing where no form was refused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    form: &'static str,
    fields: Vec<(&'static str, String)>,
}

impl Kept {
    /// What was sent to a form, which goes by the last part of its address.
    pub(crate) fn of(form: &'static str, fields: &[(&'static str, &str)]) -> Self {
        Self { form, fields: fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect() }
    }

    /// Whether this form was refused, so that it stands open.
    pub(crate) fn is(&self, form: &str) -> bool {
        self.form == form
    }

    /// Whether a box was ticked, or a field filled in.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|(name, value)| *name == field && !value.is_empty())
    }

    /// What a field of a form held; empty where another form was refused, or none.
    pub(crate) fn get(&self, form: &str, field: &str) -> &str {
        self.or(form, field, "")
    }

    /// The same, or what stands in the field at first.
    pub(crate) fn or<'a>(&'a self, form: &str, field: &str, at_first: &'a str) -> &'a str {
        let found = self.fields.iter().find(|(name, _)| self.is(form) && *name == field);
        found.map_or(at_first, |(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_its_own_words_and_no_others() {
        let kept = Kept::of("close", &[("reason", "sold"), ("days", "")]);
        assert!(kept.is("close") && !kept.is("call") && !Kept::default().is("close"));
        assert_eq!(
            (kept.get("close", "reason"), kept.get("call", "reason"), kept.get("close", "why")),
            ("sold", "", "")
        );
        assert_eq!((kept.or("close", "days", "3"), kept.or("call", "days", "3")), ("", "3"));
    }
}
