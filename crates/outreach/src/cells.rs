//! The fields of a spreadsheet's line as values, each with what is wrong with it and what to do.

/// What is wrong with a line: the column, why, the remedy.
pub(crate) type Fault = (&'static str, String, String);

/// The things of one field.
pub(crate) fn several(text: &str) -> impl Iterator<Item = &str> {
    text.split('|').map(str::trim).filter(|one| !one.is_empty())
}

/// A fault that names its column already.
pub(crate) fn misread(column: &'static str, why: &str, remedy: &str) -> Fault {
    (column, why.strip_prefix(&format!("`{column}`: ")).unwrap_or(why).to_owned(), remedy.to_owned())
}

pub(crate) fn needed<'f>(get: &dyn Fn(&str) -> &'f str, column: &'static str) -> Result<&'f str, Fault> {
    match get(column) {
        "" => Err((column, "it is empty".into(), "fill it in".into())),
        text => Ok(text),
    }
}

pub(crate) fn positive<'f>(get: &dyn Fn(&str) -> &'f str, column: &'static str) -> Result<Option<f64>, Fault> {
    match get(column) {
        "" => Ok(None),
        text => match number(text).filter(|x| *x > 0.0) {
            Some(x) => Ok(Some(x)),
            None => Err((column, format!("`{text}` is not a number above 0"), "write it like 75 or 0.82".into())),
        },
    }
}

/// Degrees of latitude or longitude, at most so many either way.
pub(crate) fn degrees<'f>(
    get: &dyn Fn(&str) -> &'f str,
    column: &'static str,
    most: f64,
) -> Result<Option<f64>, Fault> {
    match get(column) {
        "" => Ok(None),
        text => match number(text).filter(|x| x.abs() <= most) {
            Some(x) => Ok(Some(x)),
            None => {
                let remedy = format!("write degrees from -{most} to {most}, e.g. 31.32");
                Err((column, format!("`{text}` is no such place on Earth"), remedy))
            }
        },
    }
}

/// A finite number; a comma counts as the decimal point where there is no point.
pub(crate) fn number(text: &str) -> Option<f64> {
    let plain = if text.contains('.') { text.to_owned() } else { text.replace(',', ".") };
    plain.parse::<f64>().ok().filter(|x| x.is_finite())
}
