//! What is said about signing in, people, roles and tokens, in both languages.

use crate::Lang;
use crate::accounts::{AccountsError, Role, What};

words! {
    sign_in = "Sign in", "登录";
    sign_in_lead = "Good to see you.", "欢迎回来。";
    login = "Login name", "登录名";
    password = "Password", "密码";
    forgotten = "Forgotten your password? An administrator can give you a new link.", "忘记密码？请联系管理员获取新的设置链接。";
    welcome = "Welcome", "欢迎使用";
    welcome_lead = "Choose how others see your name, and a password. Your name for signing in:", "请填写您的姓名并设置密码。您的登录名：";
    name = "Name", "姓名";
    new_password = "New password", "新密码";
    old_password = "Current password", "当前密码";
    once_more = "Once more", "再次输入";
    password_hint = "At least 10 characters. A few words in a row are easy to remember and hard to guess.", "至少10个字符。用几个词连成一句话，好记又难猜。";
    begin = "Begin", "开始使用";
    link_spent = "This link has been used or has expired", "链接已使用或已过期";
    link_spent_text = "Each link works once, within 24 hours. An administrator can give you a new one.", "每个链接只能使用一次，24小时内有效。请联系管理员获取新链接。";
    account = "Your account", "我的账户";
    sign_out = "Sign out", "退出登录";
    sign_out_everywhere = "Sign out everywhere", "退出所有设备";
    change_password = "Change password", "修改密码";
    password_changed = "Your password is changed; other devices are signed out.", "密码已修改，其他设备已退出登录。";
    sessions = "Signed in now", "当前登录";
    browser = "Browser", "浏览器";
    address = "Address", "地址";
    since = "Since", "开始时间";
    last_used = "Last used", "最近使用";
    last_sign_in = "Last sign-in", "最近登录";
    people = "People", "人员";
    nobody = "Nobody yet.", "暂无人员。";
    no_session = "Nobody is signed in.", "目前无人登录。";
    nothing_yet = "Nothing yet.", "暂无记录。";
    role = "Role", "角色";
    deeds = "Actions", "操作";
    disabled = "disabled", "已停用";
    no_password = "has not chosen a password yet", "尚未设置密码";
    new_link = "New link", "重发链接";
    end_sessions = "Sign out", "强制退出";
    disable = "Disable", "停用";
    enable = "Enable", "启用";
    erase = "Erase for good", "永久删除";
    export = "Export", "导出";
    erase_text = "Account, name and addresses go, from the record, too: what this person did stays there under an alias. So do the name, number, badge and portrait that customers read of a technician or advisor; visits that are booked must be given to a colleague before. The customers list brings none of it back. This cannot be undone.", "账户、姓名和联系方式都会删除，操作记录中也改用代号，所做的操作仍然保留。客户能看到的师傅或顾问的姓名、电话、工牌号和照片也一并删除；已约好的上门要先转给同事。重新导入客户名单也不会恢复。此操作无法撤销。";
    erase_type = "To confirm, type the login name", "请输入登录名以确认";
    erase_differs = "Nothing was erased: the login name was not typed as it stands.", "没有删除：输入的登录名不一致。";
    told_at = "E-mail when a customer complains", "客户投诉时通知的邮箱";
    told_hint = "Whoever has an address here hears by e-mail as soon as a customer’s stage becomes “Complaint” or “Escalation”.", "填了邮箱的人，在客户状态变为“投诉”或“投诉升级”时会收到邮件。";
    told_in = "Language", "语言";
    add_person = "Add somebody", "添加人员";
    add = "Add", "添加";
    link_says = "Give this link to the person. It works once, within 24 hours, and is shown only now:", "请将此链接交给本人。链接只能使用一次，24小时内有效，且仅在此显示一次：";
    tokens = "API tokens", "API 令牌";
    tokens_hint = "For other programs, such as a maintenance system: they send the token in the header Authorization, after the word Bearer. A token has the rights of its role, but cannot change accounts.", "供维修管理系统等其他程序使用：在请求头 Authorization 中以 Bearer 加令牌的形式发送。令牌拥有所选角色的权限，但不能更改账户。";
    purpose = "Purpose", "用途";
    good_for = "Good for", "有效期";
    good_until = "Good until", "有效期至";
    days_30 = "30 days", "30天";
    days_90 = "90 days", "90天";
    a_year = "a year", "一年";
    no_end = "until it is revoked", "长期有效，直到吊销";
    expired = "expired", "已过期";
    make_token = "Make a token", "创建令牌";
    token_says = "The new token, shown only now:", "新令牌，仅在此显示一次：";
    revoke = "Revoke", "吊销";
    revoked = "revoked", "已吊销";
    record = "Record", "操作记录";
    audit = "Everything that was done", "全部操作记录";
    audit_lead = "Who did what, when and why, newest first. Nothing in it can be changed or removed; only personal details are blanked out, when their time is up or on request.", "谁在何时、因何做了什么，最新的在前。记录不可修改或删除；个人信息到期或按要求清除时，仅抹去相关文字。";
    audit_everything = "Everything", "全部";
    audit_people = "What people did", "仅看人员操作";
    audit_all = "Show everything", "查看全部";
    audit_about = "About", "相关对象";
    audit_case = "case", "事项";
    audit_newest = "Newest", "最新";
    audit_older = "Older", "更早";
    when = "When", "时间";
    whom = "Account", "账户";
    what = "What", "事项";
    by = "By", "操作人";
    users_lead = "Who may sign in, in which role, and which programs may ask.", "管理可登录的人员、角色，以及可访问接口的程序。";
    users_open = "Nobody needs to sign in yet, because the console is reached from this computer only. As soon as somebody has chosen a password, everybody must; begin with an administrator.", "目前控制台只能从本机访问，无需登录。一旦有人设置了密码，所有人都需要登录；请先添加管理员。";
    not_yours = "Not for your role", "您没有此项权限";
    anothers = "A colleague is sent here, and the customer was told who comes. You may look at everything; only that colleague, an advisor or an administrator may change it.", "这次上门安排给了另一位同事，客户已知道由谁来。您可以查看全部内容，但只有该同事、顾问或管理员可以操作。";
    stale = "This form has expired", "表单已过期";
    stale_text = "Nothing was done. It was opened before you last signed in, or came from somewhere else. Please load the page again and repeat it.", "操作未执行。该表单是在您上次登录之前打开的，或来自其他来源。请重新打开页面后再试。";
    form_unread = "Nothing was done: something is missing in the form, or could not be read. Please go back, load the page again and send it once more.", "没有执行：表单缺了内容，或有一项无法识别。请返回并重新加载页面，再提交一次。";
    form_long = "Nothing was done: the text is too long. Please go back, shorten it and send it once more.", "没有执行：内容太长。请返回改短后再提交。";
    slow_text = "The answer took too long. Please try again in a moment.", "等待时间过长，请稍后再试。";
    tap_lost = "That did not reach us", "刚才没有提交成功";
    tap_lost_text = "Nothing has changed. Please open the page from our message and try once more, or call your service advisor.", "没有任何变动。请从我们的消息里重新打开页面再试一次，或给您的服务顾问打电话。";
    tap_long = "That was a little too long for us", "内容太长，没有收到";
    tap_long_text = "Please go back and say it in fewer words, or call your service advisor.", "请返回写得短一些再发，或给您的服务顾问打电话。";
    too_often = "Please wait a little", "请稍候";
    too_often_text = "We cannot open this page for you just now. Please try the link from our message again in a few minutes, or call your service advisor.", "页面暂时打不开。请过几分钟再从我们的消息里打开链接，或给您的服务顾问打电话。";
}

/// A role's name.
pub(crate) const fn role(role: Role, lang: Lang) -> &'static str {
    match (role, lang) {
        (Role::Technician, Lang::En) => "Technician",
        (Role::Technician, Lang::Zh) => "工程师",
        (Role::Advisor, Lang::En) => "Service advisor",
        (Role::Advisor, Lang::Zh) => "服务顾问",
        (Role::Ops, Lang::En) => "Operations",
        (Role::Ops, Lang::Zh) => "运维",
        (Role::Admin, Lang::En) => "Administrator",
        (Role::Admin, Lang::Zh) => "管理员",
    }
}

/// What a role is for.
pub(crate) const fn role_hint(role: Role, lang: Lang) -> &'static str {
    match (role, lang) {
        (Role::Technician, Lang::En) => "Sees machines and cases, and reports whether a visit took place.",
        (Role::Technician, Lang::Zh) => "查看机器和事项，反馈上门是否完成。",
        (Role::Advisor, Lang::En) => "Decides what is said to customers, and books visits.",
        (Role::Advisor, Lang::Zh) => "决定与客户的沟通内容，安排上门。",
        (Role::Ops, Lang::En) => "Sees machines, intake and metrics; keeps the service running.",
        (Role::Ops, Lang::Zh) => "查看机器、数据接入和运行指标，保障系统运行。",
        (Role::Admin, Lang::En) => "May do everything, and decides who may do what.",
        (Role::Admin, Lang::Zh) => "拥有全部权限，管理人员和角色。",
    }
}

/// Who may do what somebody may not.
pub(crate) fn who_may(roles: &[&str], own: &str, is_program: bool, lang: Lang) -> String {
    match (is_program, lang) {
        (true, Lang::En) => "Only a person who has signed in may do this, not a program.".to_owned(),
        (true, Lang::Zh) => "只有登录的人员可以执行此操作，程序不可以。".to_owned(),
        (false, Lang::En) => {
            format!(
                "This is for: {}. You are signed in as: {own}. An administrator can change roles.",
                roles.join(", ")
            )
        }
        (false, Lang::Zh) => {
            format!("此项仅限：{}。您的角色是：{own}。如需调整，请联系管理员。", roles.join("、"))
        }
    }
}

/// A refusal as it is told.
pub(crate) fn refused(error: &AccountsError, lang: Lang) -> String {
    let (en, zh) = match error {
        AccountsError::Wrong => ("Name and password do not match. Please try again.", "登录名或密码不正确，请重试。"),
        AccountsError::Wait { seconds } => return wait(*seconds, lang),
        AccountsError::LinkSpent => (EN.link_spent_text, ZH.link_spent_text),
        AccountsError::PasswordLength => ("A password needs 10 to 200 characters.", "密码需要10到200个字符。"),
        AccountsError::PasswordsDiffer => ("The two passwords differ.", "两次输入的密码不一致。"),
        AccountsError::Login => {
            ("A login name has 1 to 64 letters, digits or one of . _ - @", "登录名为1到64个文字、字母、数字或 . _ - @")
        }
        AccountsError::Name => ("A name has 1 to 64 characters.", "名称为1到64个字符。"),
        AccountsError::Email => {
            ("An e-mail address looks like name@example.com.", "邮箱地址的格式是 name@example.com。")
        }
        AccountsError::Taken => ("This login name is taken.", "该登录名已被使用。"),
        AccountsError::TokenDays => (
            "A token is good for 1 to 3,650 days, or until it is revoked.",
            "令牌的有效期为1到3650天，或长期有效直到吊销。",
        ),
        AccountsError::TokenExpired { .. } => ("This token has expired.", "该令牌已过期。"),
        AccountsError::Unknown => ("There is no such entry any more.", "该条目已不存在。"),
        AccountsError::LastAdmin => (
            "This is the last administrator who can sign in. Make somebody else an administrator first.",
            "这是最后一位可登录的管理员。请先将其他人设为管理员。",
        ),
        AccountsError::Newer(_)
        | AccountsError::File { .. }
        | AccountsError::Damaged { .. }
        | AccountsError::Store(_)
        | AccountsError::Secret(_) => {
            ("Something on our side failed. Please try again in a moment.", "我们这边出了点问题，请稍后再试。")
        }
    };
    match lang {
        Lang::En => en.to_owned(),
        Lang::Zh => zh.to_owned(),
    }
}

fn wait(seconds: u64, lang: Lang) -> String {
    let minutes = seconds.div_ceil(60);
    match (lang, seconds) {
        (Lang::En, ..=90) => {
            format!("That was tried a few times too often. Please wait {seconds} seconds, then try again.")
        }
        (Lang::En, _) => {
            format!("That was tried a few times too often. Please wait {minutes} minutes, then try again.")
        }
        (Lang::Zh, ..=90) => format!("尝试次数过多，请等待{seconds}秒后再试。"),
        (Lang::Zh, _) => format!("尝试次数过多，请等待{minutes}分钟后再试。"),
    }
}

/// An entry of the record.
pub(crate) const fn happened(what: Option<What>, lang: Lang) -> &'static str {
    let (en, zh) = match what {
        Some(What::SignedIn) => ("signed in", "登录"),
        Some(What::Refused) => ("wrong name or password", "登录名或密码错误"),
        Some(What::LockedOut) => ("tried too often, must wait", "尝试过多，暂时锁定"),
        Some(What::SignedOut) => ("signed out", "退出登录"),
        Some(What::SessionsEnded) => ("signed out everywhere", "退出所有设备"),
        Some(What::Added) => ("added", "已添加"),
        Some(What::LinkMade) => ("one-time link made", "生成一次性链接"),
        Some(What::LinkUsed) => ("one-time link used", "使用一次性链接"),
        Some(What::PasswordSet) => ("password set", "设置密码"),
        Some(What::RoleChanged) => ("role changed", "更改角色"),
        Some(What::EmailChanged) => ("e-mail for complaints changed", "更改投诉通知邮箱"),
        Some(What::Disabled) => ("disabled", "停用"),
        Some(What::Enabled) => ("enabled", "启用"),
        Some(What::Erased) => ("erased", "删除账户"),
        Some(What::TokenMade) => ("API token made", "创建 API 令牌"),
        Some(What::TokenRevoked) => ("API token revoked", "吊销 API 令牌"),
        None => ("recorded by a newer version", "由更新版本记录"),
    };
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_both_languages_and_chinese_is_chinese() {
        let han = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        for (name, en, zh) in PAIRS {
            assert!(!en.is_empty() && han(zh) && !han(en), "{name}: {en} / {zh}");
        }
        for of in Role::ALL {
            assert!(han(role(of, Lang::Zh)) && han(role_hint(of, Lang::Zh)) && !han(role_hint(of, Lang::En)), "{of:?}");
        }
    }

    #[test]
    fn waiting_is_told_in_seconds_or_minutes() {
        assert!(wait(30, Lang::En).contains("30 seconds") && wait(240, Lang::En).contains("4 minutes"));
        assert!(wait(60, Lang::Zh).contains("60秒") && wait(900, Lang::Zh).contains("15分钟"));
    }
}
