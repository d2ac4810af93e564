//! Writes SVG: attributes escaped, coordinates to a tenth of a unit.

use std::fmt::Display;

/// An SVG document under construction.
pub(super) struct Svg {
    out: String,
}

impl Svg {
    /// Opens a document that is announced as one picture with a title and a description.
    pub(super) fn picture(class: &str, width: f64, height: f64, title: &str, description: &str) -> Self {
        let (class, title, description) = (escape(class), escape(title), escape(description));
        let out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-label=\"{title}. {description}\">"
        );
        Self { out }
    }

    /// Opens a document that says nothing the text beside it does not say.
    pub(super) fn ornament(class: &str, width: f64, height: f64) -> Self {
        let class = escape(class);
        let out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{class}\" viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\">"
        );
        Self { out }
    }

    pub(super) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.push(&format!("<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"));
    }

    /// A rectangle; a title, where given, shows on hover.
    pub(super) fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), title: Option<&str>) {
        let head =
            format!("<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"");
        match title {
            Some(title) => self.push(&format!("{head}><title>{}</title></rect>", escape(title))),
            None => self.push(&format!("{head}/>")),
        }
    }

    pub(super) fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        self.push(&format!("<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"/>"));
    }

    /// A text; `anchor` is SVG's `start`, `middle` or `end`.
    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: &str, text: &str) {
        let text = escape(text);
        self.push(&format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"));
    }

    /// An open line through points; nothing for fewer than two.
    pub(super) fn polyline(&mut self, class: &str, points: &[(f64, f64)]) {
        if points.len() > 1 {
            let path = path(points.iter());
            self.push(&format!("<path class=\"{class}\" d=\"{path}\"/>"));
        }
    }

    /// The area between two lines that share their abscissae; nothing for fewer than two points.
    pub(super) fn area(&mut self, class: &str, lower: &[(f64, f64)], upper: &[(f64, f64)]) {
        if lower.len() > 1 && upper.len() > 1 {
            let outline = path(upper.iter().chain(lower.iter().rev()));
            self.push(&format!("<path class=\"{class}\" d=\"{outline}Z\"/>"));
        }
    }

    /// Begins a group that shows only inside a rectangle. A nested `svg` clips without an identity, so that many charts
    /// share a page without their clips' names meeting.
    pub(super) fn open_clip(&mut self, (x, y): (f64, f64), (width, height): (f64, f64)) {
        self.push(&format!(
            "<svg x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" viewBox=\"{x:.1} {y:.1} {width:.1} {height:.1}\">"
        ));
    }

    pub(super) fn close_clip(&mut self) {
        self.push("</svg>");
    }

    /// Opens a group with a title that shows on hover.
    pub(super) fn open_group(&mut self, class: &str, title: &str) {
        let title = escape(title);
        self.push(&format!("<g class=\"{class}\"><title>{title}</title>"));
    }

    pub(super) fn close_group(&mut self) {
        self.push("</g>");
    }

    pub(super) fn finish(mut self) -> String {
        self.push("</svg>");
        self.out
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }
}

fn path<'a>(points: impl Iterator<Item = &'a (f64, f64)>) -> String {
    let mut out = String::new();
    for (place, (x, y)) in points.enumerate() {
        let command = if place == 0 { 'M' } else { 'L' };
        out.push_str(&format!("{command}{x:.1} {y:.1}"));
    }
    out
}

/// Escapes for element content and for attributes in double quotes.
pub(super) fn escape(text: impl Display) -> String {
    let text = text.to_string();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}
