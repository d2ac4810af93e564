//! What the template editor says.

use chrono_tz::Tz;

use super::breaches::breach;
use super::casework::pick;
use super::noted::{Pattern, told};
use super::record::who;
use crate::view::{TemplateChange, TemplateFault, TemplateLayer};
use crate::{Lang, civil};

words! {
    // A letter whose text somebody edits.
    edit_stale = "The forecast was updated meanwhile. Your text is kept: check it and save again.", "其间预测已更新。您的文字已保留，请核对后再次保存。";
    edit_beside = "A colleague has changed this letter since you opened it; the current text is above. Your text is kept here: saving replaces theirs.", "您打开之后，同事已改过这封信，现在的内容见上方。您的文字保留在此，再次保存会替换同事的内容。";
    edit_late = "This message can no longer be edited. Your text is kept here for you to copy.", "此事项已不能修改，您的文字保留在此，可复制。";

    // Templates.
    title = "Templates", "信件模板";
    lead = "Every letter that customers receive, in both languages. What you save counts for the next letter; what has gone out stays as it was.", "客户收到的每一种信件，中英文各一份。保存后从下一封信开始生效，已经发出的不变。";
    chinese = "Chinese", "中文";
    english = "English", "英文";
    text = "Template", "模板内容";
    text_hint = "What stands in double braces is filled in for each case; leave it as it is and change the words around it. The line Subject: is the subject, the line Short: goes out by SMS and chat.", "双花括号里的内容会按每个事项自动填入，请保留不动，只改旁边的文字。Subject: 一行是主题，Short: 一行用于短信和聊天工具。";
    phrases_hint = "These phrases are shared by all letters of this language. A change here changes all of them.", "这些短语由同一语言的所有信件共用，改一处，所有信件都会变。";
    show_on = "Show it on", "预览对象";
    example = "An invented case", "虚构的例子";
    preview = "Preview", "预览";
    as_letter = "As e-mail", "电子邮件";
    as_short = "Short form, for SMS and chat", "短消息，用于短信和聊天工具";
    as_page = "On the customer's page", "客户页面上的文字";
    no_preview = "There is nothing to show until the faults are corrected.", "改好下面的问题后才能预览。";
    no_faults = "No faults found.", "没有发现问题。";
    faults = "To be corrected", "需要修改";
    why = "Why? (for the record)", "修改原因（留作记录）";
    save = "Save", "保存";
    undo = "Back to the shipped text", "恢复默认模板";
    undo_hint = "The edits stay in the history.", "修改过的内容仍保留在历史记录里。";
    history = "Changes", "修改记录";
    no_history = "Nothing was ever changed here.", "还没有修改过。";
    saved = "Saved. The next letter uses it.", "已保存，下一封信开始生效。";
    undone = "Taken back.", "已恢复。";
    not_saved = "Not saved: there are faults to be corrected first.", "未保存：请先改好下面的问题。";
    other_language = "The same letter in the other language", "另一种语言的同一封信";
}

/// What a template is for.
pub(crate) fn occasion(code: &str, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("fault", "A fault is coming", "故障预警"),
        ("service", "Service by running hours", "按小时保养"),
        ("energy", "Electricity that is lost", "节能提示"),
        ("reminder", "The one reminder", "唯一一次提醒"),
        ("confirmed", "A visit is booked", "上门已约好"),
        ("moved", "A visit is moved", "上门已改期"),
        ("joined", "A booked visit takes in another machine", "已约的上门再加一台机器"),
        ("cancelled", "A visit is cancelled", "上门已取消"),
        ("calendar", "Calendar file after a call", "电话说好后的日历附件"),
        ("again", "Another visit after work that did not help", "做完没见效，再次上门"),
        ("follow_up", "The one letter after a visit", "上门之后的一封信"),
        ("on_the_way", "Breakdown: who is coming", "报修：师傅过来了"),
        ("late", "Breakdown: later than promised", "报修：要晚一点"),
        ("progress", "Breakdown: what was found", "报修：现场情况"),
        ("closing", "Breakdown: repaired", "报修：已修好"),
        ("called_off", "Breakdown: nothing to repair after all", "报修：核实后不用维修"),
        ("still_open", "Breakdown: not over after all", "报修：还没处理完"),
        ("complaint", "To a manager: a customer complains", "致经理：客户投诉"),
        ("page", "The customer's page", "客户页面"),
        ("phrases", "Phrases that all share", "共用短语"),
    ];
    super::look_up(code, TABLE, lang)
}

/// Whether a template is as shipped, and who changed it otherwise.
pub(crate) fn standing(layer: TemplateLayer, changed: Option<&TemplateChange>, zone: Tz, lang: Lang) -> String {
    match (layer, changed) {
        (TemplateLayer::Edited, Some(change)) => {
            let (at, by) = (civil::date(change.at, zone, lang), who(&change.who, lang));
            match lang {
                Lang::En => format!("edited by {by}, {at}"),
                Lang::Zh => format!("{by} {at}修改"),
            }
        }
        (TemplateLayer::Edited, None) => pick(lang, "edited", "已修改").to_owned(),
        (TemplateLayer::File, _) => pick(lang, "from a file", "来自文件").to_owned(),
        (TemplateLayer::Shipped, _) => pick(lang, "as shipped", "默认模板").to_owned(),
    }
}

/// One line of a template's history.
pub(crate) fn change(change: &TemplateChange, zone: Tz, lang: Lang) -> (String, String) {
    let did = if change.undone {
        pick(lang, "took the edits back", "恢复了原内容")
    } else {
        pick(lang, "edited", "修改")
    };
    let by = who(&change.who, lang);
    let why = if change.why.is_empty() { String::new() } else { format!("{}{}", pick(lang, ": ", "："), change.why) };
    let said = match lang {
        Lang::En => format!("{by} {did}{why}"),
        Lang::Zh => format!("{by}{did}{why}"),
    };
    (civil::date_time(change.at, zone, lang), said)
}

/// What the template language says is wrong.
const CODE: &[Pattern] = &[
    ("{} (in {})", "{0}（在 {1} 里）"),
    ("could not render `{}`: its first line must begin with `{}`", "第一行必须以 {1} 开头"),
    (
        "texts are not joined with {} but written one after the other",
        "文字不用 {0} 来连接，挨着写就行，比如 {{ a }}{{ b }}",
    ),
    ("the text grows far too long", "写出来的文字太长，可能在不断翻倍"),
    ("this is too long for one pair of braces", "一个标记里写的内容太多，请拆开"),
    ("there are too many branches within each other", "判断一层套一层，太多了"),
    ("this is too long for a text without any tag", "这段文字太长"),
    ("only the phrases can be imported", "这里只能引用 phrases 开头的短语模板"),
    ("a list holds only texts and numbers as they stand", "列表里只能直接写文字和数字"),
    ("only texts, numbers and truth values fit in here", "这里只能放文字、数字或真假值"),
    ("undefined value", "这封信里没有这个名称"),
    ("`{}` is undefined", "这封信里没有 {0} 这个名称"),
    ("{} (`{}` is undefined)", "{0}（没有 {1} 这个名称）"),
    ("{} has no method named {}", "{0} 没有 {1} 这种用法"),
    ("value of type {} is not callable", "{0} 不能当函数用"),
    ("object is not callable", "这个名称不能当函数用"),
    ("value is not a string", "这里应该是文字"),
    ("value is not iterable", "这里的内容不能逐项取用"),
    ("{} is not iterable", "{0} 不能逐项取用"),
    ("unable to calculate {} {} {}", "无法计算 {0} {1} {2}"),
    ("cannot convert {} to {}", "{0} 不能转换成 {1}"),
    ("unknown keyword argument `{}`", "没有 {0} 这个参数"),
    ("unknown keyword argument '{}'", "没有 {0} 这个参数"),
    ("missing keyword argument '{}'", "缺少参数 {0}"),
    ("unexpected keyword arguments", "有多余的参数"),
    ("duplicate argument `{}`", "参数 {0} 重复"),
    ("cannot assign to reserved variable name {}", "{0} 是保留名称，不能赋值"),
    ("mismatching name on block. Got `{}`, expected `{}`", "块的名称不一致：写的是 {0}，应为 {1}"),
    ("block '{}' defined twice", "{0} 这个块定义了两次"),
    ("block '{}' not found", "没有 {0} 这个块"),
    ("block tags in macros are not allowed", "短语里不能定义块"),
    ("'break' must be placed inside a loop", "break 只能放在循环里"),
    ("'continue' must be placed inside a loop", "continue 只能放在循环里"),
    ("tried to include non-existing template {}", "找不到要引用的模板 {0}"),
    ("template {} does not exist", "模板 {0} 不存在"),
    ("could not render include", "引用的模板里有错误"),
    ("could not render block", "块里的内容有错误"),
    ("recursion limit exceeded", "嵌套太深"),
    ("bad string escape", "文字里反斜杠的写法有误"),
    ("macro not found", "没有这个短语"),
    ("unknown method", "没有这种用法"),
    ("unknown function", "没有这个函数"),
    ("unknown filter", "没有这个过滤器"),
    ("unknown test", "没有这个判断"),
    ("unknown block", "没有这个块"),
    ("syntax error", "写法有误"),
    ("unexpected {}, expected {}", "这里是{0}，应该是{1}"),
    ("unexpected input after end of variable block", "}} 后面有多余的内容"),
    ("unexpected input after expression", "表达式后面有多余的内容"),
    ("unexpected end of string", "引号没有成对"),
    ("unexpected end of comment", "注释没有结束"),
    ("unexpected character", "有不认识的字符"),
    ("unexpected {}", "这里不该是{0}"),
    ("filter {} is unknown", "没有 {0} 这个过滤器"),
    ("test {} is unknown", "没有 {0} 这个判断"),
    ("{} is unknown", "没有 {0}"),
    ("unknown statement {}", "没有 {0} 这种语句"),
    ("unknown {}, expected statement", "这里是{0}，应该是语句"),
    ("tried to use {} operator on unsupported types {} and {}", "{1} 和 {2} 之间不能用 {0}"),
    ("invalid operation", "这一步没法计算"),
    ("template not found", "找不到这个模板"),
    ("too many arguments", "参数太多"),
    ("missing argument", "缺少参数"),
    ("cannot unpack", "取值的个数不对"),
    ("end of input", "模板结尾"),
    ("end of variable block", " }}"),
    ("end of block", " %}"),
    ("start of variable block", " {{"),
    ("start of block", " {%"),
    ("identifier", "名称"),
    ("expression", "表达式"),
    ("keyword", "关键字"),
    ("string", "文字"),
    ("integer", "整数"),
];

/// One thing that is wrong, with its line.
pub(crate) fn fault(line: Option<(usize, &str)>, fault: &TemplateFault, lang: Lang) -> String {
    let said = match (fault, lang) {
        (TemplateFault::Rule(rule), _) => breach(rule, lang),
        (TemplateFault::Code(detail), _) if detail == "undefined value" => {
            pick(lang, "This letter has no such name.", "这封信里没有这个名称。").to_owned()
        }
        (TemplateFault::Code(detail), _) if detail.contains("fuel") => {
            pick(lang, "This takes far too many steps.", "步骤太多，可能是没完没了的循环。").to_owned()
        }
        (TemplateFault::Code(detail), Lang::En) => format!("The template language says: {detail}."),
        (TemplateFault::Code(detail), Lang::Zh) => match told(detail, CODE, lang) {
            said if said == *detail => format!("模板语法有误（模板引擎的原文：{detail}）。"),
            said => format!("模板语法有误：{said}"),
        },
        (TemplateFault::Size(chars), Lang::En) => format!("{chars} characters are too many for a template."),
        (TemplateFault::Size(chars), Lang::Zh) => format!("模板有{chars}个字，太长了。"),
    };
    let Some((line, source)) = line else { return said };
    let mut excerpt: String = source.trim().chars().take(EXCERPT_CHARS_MAX + 1).collect();
    if excerpt.chars().count() > EXCERPT_CHARS_MAX {
        excerpt.pop();
        excerpt.push('…');
    }
    // What broke in the phrases that a letter uses is counted by their lines.
    let elsewhere = matches!(fault, TemplateFault::Code(detail) if detail.ends_with(".j2)"));
    match (excerpt.is_empty() || elsewhere, lang) {
        (true, Lang::En) => format!("Line {line}: {said}"),
        (true, Lang::Zh) => format!("第{line}行：{said}"),
        (false, Lang::En) => format!("Line {line}, “{excerpt}”: {said}"),
        (false, Lang::Zh) => format!("第{line}行“{excerpt}”：{said}"),
    }
}

/// Characters of a faulty line that are shown.
const EXCERPT_CHARS_MAX: usize = 48;

/// How long a short form is.
pub(crate) fn short_parts(chars: usize, parts: usize, lang: Lang) -> String {
    match (lang, parts) {
        (Lang::En, 1) => format!("{chars} characters, 1 SMS"),
        (Lang::En, n) => format!("{chars} characters, {n} SMS parts"),
        (Lang::Zh, n) => format!("{chars}个字符，{n}条短信"),
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::Timestamp;

    use super::*;
    use crate::view::Remark;

    #[test]
    fn faults_and_changes_are_told_in_both_languages() {
        let rule = TemplateFault::Rule(Remark::Exclamation);
        assert_eq!(fault(Some((4, " Hey! ")), &rule, Lang::En), "Line 4, “Hey!”: No exclamation marks, please.");
        assert_eq!(fault(Some((4, "")), &rule, Lang::Zh), "第4行：请不要使用感叹号。");
        let open =
            TemplateFault::Code("unexpected end of input, expected end of variable block (in phrases.zh-CN.j2)".into());
        assert_eq!(
            fault(Some((3, "{{ number")), &open, Lang::Zh),
            "第3行：模板语法有误：这里是模板结尾，应该是 }}（在 phrases.zh-CN.j2 里）"
        );
        let filter = TemplateFault::Code("filter shout is unknown".into());
        assert_eq!(fault(None, &filter, Lang::Zh), "模板语法有误：没有 shout 这个过滤器");
        for (detail, zh) in [
            ("`nubmer` is undefined", "模板语法有误：这封信里没有 nubmer 这个名称"),
            ("template \"x.j2\" does not exist", "模板语法有误：模板 \"x.j2\" 不存在"),
            ("unknown keyword argument `days`", "模板语法有误：没有 days 这个参数"),
            (
                "texts are not joined with `~` but written one after the other",
                "模板语法有误：文字不用 `~` 来连接，挨着写就行，比如 {{ a }}{{ b }}",
            ),
            ("the text grows far too long", "模板语法有误：写出来的文字太长，可能在不断翻倍"),
            ("the moon is blue", "模板语法有误（模板引擎的原文：the moon is blue）。"),
        ] {
            assert_eq!(fault(None, &TemplateFault::Code(detail.into()), Lang::Zh), zh);
        }
        let unknown = TemplateFault::Code("undefined value".into());
        let said = fault(Some((9, &"{{ nubmer }} ".repeat(9))), &unknown, Lang::Zh);
        assert!(said.starts_with("第9行“{{ nubmer }}") && said.ends_with("…”：这封信里没有这个名称。"), "{said}");
        let edit =
            TemplateChange {
                at: Timestamp::from_millis(0), who: "wang".into(), why: "更亲切".into(), undone: false
            };
        let said = |lang| change(&edit, chrono_tz::UTC, lang).1;
        assert_eq!((said(Lang::En).as_str(), said(Lang::Zh).as_str()), ("wang edited: 更亲切", "wang修改：更亲切"));
        assert_eq!(standing(TemplateLayer::Shipped, None, chrono_tz::UTC, Lang::Zh), "默认模板");
    }

    #[test]
    fn every_word_has_both_languages_and_chinese_is_chinese() {
        for (name, en, zh) in PAIRS {
            assert!(!en.is_empty() && !zh.is_ascii(), "{name}");
        }
    }
}
