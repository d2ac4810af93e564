//! What intake, channels and webhooks note in English as it happens, worded for a reader of Chinese. The sentence without its
//! figures is the code: each pattern has its words, and what has none stays as it was noted. A test of the whole repository
//! sees that every sentence of intake is here.

use crate::Lang;

/// A sentence as it is noted, and in Chinese. `{}` stands for what differs; in Chinese `{0}`, `{1}` say which of them.
pub(super) type Pattern = (&'static str, &'static str);

/// Why something was refused.
const REFUSED: &[Pattern] = &[
    ("`{}` is {}; {} belongs there", "{0} 的值是 {1}，这里应为{2}"),
    ("`{}` is {}; {} to {} {} is possible", "{0} 的值是 {1}，合理范围是 {2}～{3} {4}"),
    ("`{}` is a whole number whose sign is unknown without a data type", "{0} 是整数，没有数据类型就不知道正负"),
    ("`{}` is missing", "缺少 {0}"),
    ("the time stamp is missing", "缺少时间戳"),
    ("nothing was measured", "没有任何测量值"),
    ("`{}` is beyond all numbers after scaling", "{0} 换算后超出可表示的数值"),
    ("`ts` lies outside the years 0 to 9999", "ts 不在公元0～9999年之间"),
    ("the time stamp {} lies outside the years 0 to 9999", "时间戳 {0} 不在公元0～9999年之间"),
    ("`ts` {} is {} ahead of its arrival; {} ahead is the most allowed", "ts {0} 比收到时间超前 {1}，最多允许 {2}"),
    (
        "`ts` {} is {} old; as seconds it would be of our time: send milliseconds",
        "ts {0} 已过去 {1}；看起来发的是秒，请改发毫秒",
    ),
    (
        "`ts` {} is {} old; {} is the most taken (`[mqtt] age_max`)",
        "ts {0} 已过去 {1}，最多接收 {2} 以内的数据（[mqtt] age_max）",
    ),
    (
        "`ts` is {}; RFC 3339 text or whole milliseconds since 1970 UTC belong there",
        "ts 的值是 {0}，应为 RFC 3339 文本，或1970年（UTC）以来的整数毫秒",
    ),
    ("`ts`: {}", "ts：{0}"),
    ("the time stamp: {}", "时间戳：{0}"),
    (
        "`{}` is not an RFC 3339 time stamp such as 2026-07-01T08:00:00Z",
        "{0} 不是 RFC 3339 时间（如 2026-07-01T08:00:00Z）",
    ),
    ("two different values for `{}` at line {} column {}", "{0} 出现了两个不同的值（第{1}行第{2}列）"),
    ("two different values for `{}`", "{0} 出现了两个不同的值"),
    ("`work` {} is not a code such as cooler_cleaned", "work {0} 不是作业代码（如 cooler_cleaned）"),
    ("`work` {} is not in the fault catalogue; known are {}", "work {0} 不在故障目录中，可用的有：{1}"),
    (
        "`kind` is {}; maintenance_done, controller_alarm and note are known",
        "kind 的值是 {0}，可用的有 maintenance_done、controller_alarm、note",
    ),
    (
        "`state` is {}; stopped, starting, unloaded and loaded are known",
        "state 的值是 {0}，可用的有 stopped、starting、unloaded、loaded",
    ),
    ("`state` is {}, which stands for no state", "state 的值是 {0}，没有对应的运行状态"),
    ("the state {} is not in the mapping's table", "状态 {0} 不在映射表中"),
    ("the payload has {} bytes; {} are allowed", "消息有 {0} 字节，最多允许 {1} 字节"),
    (
        "a packet of {} bytes was not read, {} are allowed (`packet_size`); it came from `{}`",
        "数据包有 {0} 字节，超过上限 {1}（packet_size），未读取；来自客户端 {2}",
    ),
    (
        "`{}` is {}, which is in {}; a number in {} belongs there (`unit`)",
        "{0} 的值是 {1}，单位是 {2}，这里应为以 {3} 为单位的数字（unit）",
    ),
    (
        "only a login for every machine (`*/*`) may publish for what is no machine: {}",
        "只有对所有机器（*/*）有权限的登录，才能发布不属于任何机器的消息：{0}",
    ),
    ("the payload holds {} records; {} are allowed", "消息含 {0} 条记录，最多允许 {1} 条"),
    ("the array holds more than {} items", "数组超过 {0} 项"),
    ("the array is not closed; the message seems cut", "数组没有结束，消息似乎被截断"),
    ("{} bytes follow the array's end", "数组结束后还有 {0} 字节"),
    ("the payload is not UTF-8: {}", "消息不是 UTF-8 编码：{0}"),
    ("the line is not UTF-8: {}", "该行不是 UTF-8 编码：{0}"),
    ("the line has {} cells, {} are expected", "该行有 {0} 列，应为 {1} 列"),
    ("a quote is not closed", "引号没有闭合"),
    ("`records` leads nowhere", "records 指向的位置不存在"),
    (
        "{} is new, and {} machines are the most taken in (`[mqtt] machines_max`)",
        "{0} 是新机器，而机器总数已达上限 {1} 台（[mqtt] machines_max）",
    ),
    (
        "run hours are derived for at most {} machines (`machines_max` of the mapping's derive.run_hours)",
        "最多为 {0} 台机器推算运行小时（映射中 derive.run_hours 的 `machines_max`）",
    ),
    ("the {} is missing at {}", "{1} 处缺少 {0}"),
    ("the {} at {} is no text", "{1} 处的 {0} 不是文本"),
    ("neither a contract topic nor one that a mapping claims", "既不是约定的主题，也没有映射对应它"),
    ("`{}` has a part of {} characters; 1 to 64 are allowed", "{0} 中有一段长 {1} 个字符，应为 1～64 个"),
    ("`{}` holds {}; only A-Z a-z 0-9 . _ - are allowed", "{0} 含有 {1}，只能用 A-Z a-z 0-9 . _ -"),
    ("`{}` means a folder in paths and addresses; give it a name of its own", "{0} 在路径和地址中表示目录，请另取名称"),
    ("`{}` is not of the form site/machine", "{0} 不是“现场/机器”的形式"),
    ("{}; `machines` of the mapping gives such names another form", "{0}；可在映射的 machines 中为它另取名称"),
    ("this login may not publish for this machine", "该登录无权为这台机器上报"),
    ("this login may not publish for {}", "该登录无权为 {0} 上报"),
    ("an old retained value without a time stamp", "没有时间戳的旧保留消息"),
    ("no message of Sparkplug's edge nodes has such a topic", "Sparkplug 边缘节点没有这样的主题"),
    ("no message of Sparkplug has such a topic", "Sparkplug 没有这样的主题"),
    (
        "more than {} devices behind one edge node, or too many altogether",
        "一个边缘节点下的设备超过 {0} 台，或设备总数过多",
    ),
    ("more than {} edge nodes", "边缘节点超过 {0} 个"),
    ("the message holds more than {} metrics", "消息中的测点超过 {0} 个"),
    ("the payload is compressed; switch compression off at the edge node", "消息经过压缩，请在边缘节点关闭压缩"),
    (
        "not a Sparkplug payload: a field is longer than what is left; it seems cut",
        "不是 Sparkplug 消息：字段比剩余内容长，似乎被截断",
    ),
    ("not a Sparkplug payload: field {} has another type", "不是 Sparkplug 消息：字段 {0} 类型不符"),
    ("not a Sparkplug payload: {}", "不是 Sparkplug 消息：{0}"),
    ("a text: {}", "文本：{0}"),
    ("a metric of a birth has no name", "上线报文中有测点没有名称"),
    ("a metric has neither name nor alias", "测点既无名称也无别名"),
    ("the birth gives alias {} to several metrics", "上线报文把别名 {0} 给了多个测点"),
    ("{} may be one of several metrics", "{0} 可能是几个测点中的任何一个"),
    (
        "{} is one of several metrics that feed `{}`; name one of them in [[sparkplug.mapping]]",
        "{0} 是同时对应 {1} 的几个测点之一，请在 [[sparkplug.mapping]] 中指定其中一个",
    ),
    ("the birth names no metric with alias {}", "上线报文中没有别名 {0}"),
    (
        "what alias {} stands for is not known without a birth; one was asked for",
        "没有上线报文，不知道别名 {0} 代表什么；已请求重新上线",
    ),
    (
        "{} is spoken for by {}; give one of them another `machine` in [[sparkplug.mapping]]",
        "{0} 已由 {1} 上报；请在 [[sparkplug.mapping]] 中为其中一个改用别的 machine",
    ),
    // The words of the JSON reader.
    ("invalid type: {}, expected {} at line {} column {}", "类型不符：得到 {0}，应为 {1}（第{2}行第{3}列）"),
    ("not JSON: expected value at line {} column {}", "不是JSON：第{0}行第{1}列缺少值"),
    ("not JSON: expected ident at line {} column {}", "不是JSON：第{0}行第{1}列有无法识别的词"),
    ("not JSON: expected `{}` or `{}` at line {} column {}", "不是JSON：第{2}行第{3}列应为 {0} 或 {1}"),
    // As earlier releases have kept them.
    ("expected value at line {} column {}", "第{0}行第{1}列缺少值"),
    ("expected ident at line {} column {}", "第{0}行第{1}列有无法识别的词"),
    ("expected `{}` or `{}` at line {} column {}", "第{2}行第{3}列应为 {0} 或 {1}"),
    ("key must be a string at line {} column {}", "第{0}行第{1}列的键必须是文本"),
    ("trailing comma at line {} column {}", "第{0}行第{1}列多了一个逗号"),
    ("trailing characters at line {} column {}", "第{0}行第{1}列之后还有多余内容"),
    ("EOF while parsing {} at line {} column {}", "消息在第{1}行第{2}列处中断"),
    ("recursion limit exceeded at line {} column {}", "第{0}行第{1}列嵌套过深"),
];

/// What belongs where something else stood, among the figures of [`REFUSED`].
const EXPECTED: &[Pattern] = &[
    ("a number or null", "数字或空值"),
    ("a number", "数字"),
    ("a register of 16 bits", "16位寄存器值"),
    ("true or false", "布尔值（true 或 false）"),
    ("a text or a whole number", "文本或整数"),
    ("a text or null", "文本或空值"),
    ("a text", "文本"),
];

/// Why another side did not take something.
const UNDELIVERED: &[Pattern] = &[
    ("refused: {}", "对方拒收：{0}"),
    ("it answered {}: {}", "对方返回 {0}：{1}"),
    ("it answered {} {}", "对方返回 {0}：{1}"),
    ("it answered {}", "对方返回 {0}"),
    ("the answer broke off: {}", "对方的应答中断：{0}"),
    (
        "the data was put back from a backup of {}, and it may have gone out since then",
        "数据已恢复到 {0} 的备份，这封信此后可能已经发出",
    ),
    (
        "the data was put back from a backup, and it may have gone out since then",
        "数据已从备份恢复，这封信此后可能已经发出",
    ),
    ("the address cannot be used", "地址无法使用"),
    ("host not found", "找不到该主机"),
    ("connection failed", "连接失败"),
    ("timeout: {}", "对方没有及时应答"),
    ("io: Connection refused{}", "对方拒绝连接"),
    ("io: Connection reset{}", "连接被对方断开"),
    ("io: failed to lookup address information{}", "找不到该主机"),
    ("io: Network is unreachable{}", "网络不通"),
    ("io: No route to host{}", "网络不通"),
    ("io: invalid peer certificate: {}", "对方证书不可信：{0}"),
    ("rustls: invalid peer certificate: {}", "对方证书不可信：{0}"),
    ("io: {}", "连接出错：{0}"),
];

/// Why no reading is taken just now.
const INTAKE: &[Pattern] = &[
    (
        "readings are not acknowledged: on the disk that holds {} {} are free and {} are to stay free (`[data] free_min`)",
        "暂不确认读数：{0} 所在磁盘剩余 {1}，须保留 {2}（[data] free_min）",
    ),
    (
        "readings are not acknowledged: the disk that holds {} is full: it has refused a write for want of room; is there a quota?",
        "暂不确认读数：{0} 所在磁盘已满，写入被拒绝；是否设了配额？",
    ),
    ("readings are not acknowledged: {}", "暂不确认读数：{0}"),
    ("since {} the engine has stood still at entry {} of the log: {}", "自 {0} 起，引擎停在日志第 {1} 条：{2}"),
    (
        "since {} nothing has been heard of the engine; is a process with `{}` running? Pages show what its last snapshot knows",
        "自 {0} 起没有引擎进程的消息；带 {1} 的进程是否在运行？页面显示的是它最后一次快照的内容",
    ),
    ("since {} the hourly curves have stood still: {}", "自 {0} 起，小时曲线没有更新：{1}"),
    (
        "since {} closed days have not been archived and stay on the log: {}",
        "自 {0} 起，已结束的日期没有归档，仍保留在日志中：{1}",
    ),
    (
        "since {} what the engine concluded has waited for the service state: {}",
        "自 {0} 起，引擎的结论等待写入服务数据：{1}",
    ),
    ("since {} letters and reminders have waited for the service state: {}", "自 {0} 起，信件和提醒等待服务数据：{1}"),
    ("since {} the service state could not be read: {}", "自 {0} 起，服务数据无法读取：{1}"),
    (
        "could not read back the end of {}, which is damaged. {}",
        "{0} 已损坏，新数据写入后无法读回。请停止服务，从备份恢复；命令见 deploy/README.md",
    ),
    (
        "could not read a span of {}, which is damaged. {}",
        "{0} 已损坏。请停止服务，从备份恢复；命令见 deploy/README.md",
    ),
    ("could not read {}, which is damaged. {}", "{0} 已损坏。请停止服务，从备份恢复；命令见 deploy/README.md"),
    ("could not append to {}, which is damaged. {}", "{0} 已损坏。请停止服务，从备份恢复；命令见 deploy/README.md"),
    (
        "{}. service.sqlite is damaged: restore it from a backup. {}",
        "service.sqlite 已损坏。请停止服务，从备份恢复；命令见 deploy/README.md（{0}）",
    ),
    (
        "{} was moved, removed or replaced while the service runs; stop the service, put it back or restore a backup, and start it again",
        "{0} 在服务运行时被移走、删除或替换；请停止服务，放回原文件或恢复备份，再启动",
    ),
    ("could not read back the end of {}: {}", "{0} 无法读回：{1}"),
    ("could not append to {}: {}", "{0} 拒绝写入：{1}"),
    ("the log refuses readings ({}); check the disk under {}", "日志拒绝写入读数（{0}），请检查 {1} 所在磁盘"),
    (
        "this computer's clock seems to be {} s behind: {} of {} machines are ahead of it, and their readings wait in the quarantine; set the clock (NTP), then run `{}`",
        "本机时钟似乎慢了 {0} 秒：{2} 台机器中有 {1} 台比它快，其读数留在隔离区；请校准时钟（NTP），再运行 {3}",
    ),
    (
        "this computer's clock seems to be {} s ahead: {} of {} machines are behind it, and their readings wait in the quarantine; set the clock (NTP), then run `{}`",
        "本机时钟似乎快了 {0} 秒：{2} 台机器中有 {1} 台比它慢，其读数留在隔离区；请校准时钟（NTP），再运行 {3}",
    ),
    (
        "another program uses the client_id `{}` at `{}` too; it has taken our session over ({}×), and each of the two gets a part of the readings: give each installation a client_id of its own",
        "另有程序在 {1} 上使用同一个 client_id（{0}），已 {2} 次挤掉本机的会话，双方各只收到一部分读数；请为每套系统设置各自的 client_id",
    ),
    (
        "`{}` ends our session within seconds, again and again ({}×); most likely another program uses the client_id `{}` there too: give each installation one of its own; if none does, the broker's log says why",
        "{0} 反复在几秒内断开本机的会话（{1} 次），很可能另有程序在那里使用同一个 client_id（{2}）；请为每套系统设置各自的 client_id；若并非如此，请查看该服务器的日志",
    ),
    (
        "two clients use the client_id `{}` and throw each other out ({}×); give each its own (the log has their addresses)",
        "有两个客户端使用同一个 client_id（{0}），互相挤掉对方的连接（{1} 次）；请为它们设置各自的 client_id（地址见日志）",
    ),
];

/// Why the plant's history store does not take points, and what mends it.
const STORE: &[Pattern] = &[
    (
        "{}; give [influxdb] token_file a token that may write to the bucket; the file is read again by itself",
        "{0}；请在 [influxdb] token_file 中换上有写权限的令牌，文件会自动重读",
    ),
    (
        "{}; create the bucket, or mend [influxdb] url, org and bucket",
        "{0}；请建立该存储桶，或改正 [influxdb] 的 url、org 和 bucket",
    ),
    (
        "{}; mend [influxdb] url; what answers there is not InfluxDB 2's write interface",
        "{0}；请改正 [influxdb] url，该地址不是 InfluxDB 2 的写入接口",
    ),
    (
        "{}; the server refuses every line: mend [influxdb] org and bucket, or the types of the bucket's fields",
        "{0}；服务器拒收每一行，请改正 [influxdb] 的 org 和 bucket，或该存储桶的字段类型",
    ),
    ("{}; mend [influxdb] in the configuration", "{0}；请改正配置中的 [influxdb]"),
    ("no answer in time", "没有及时应答"),
    ("an unclear answer", "应答不明确"),
    ("stopping", "正在停止"),
];

/// What was wrong with a refused item.
pub(crate) fn refusal_detail(detail: &str, lang: Lang) -> String {
    // Intake writes units as they are sent.
    told(detail, REFUSED, lang).replace("degC", super::celsius(lang))
}

/// Why a message or an event was not taken, in the words of whoever should have.
pub(crate) fn undelivered(why: &str, lang: Lang) -> String {
    told(why, UNDELIVERED, lang)
}

/// Why no reading is taken just now.
pub(crate) fn intake_fault(fault: &str, lang: Lang) -> String {
    told(fault, INTAKE, lang)
}

/// Why the plant's history store does not take points.
pub(super) fn store_detail(detail: &str, lang: Lang) -> String {
    told(detail, STORE, lang)
}

pub(super) fn told(noted: &str, table: &[Pattern], lang: Lang) -> String {
    if lang == Lang::En {
        return noted.to_owned();
    }
    let noted = noted.trim();
    let found = table.iter().find_map(|(en, zh)| Some((*zh, parts(noted, en)?)));
    let Some((words, parts)) = found else { return noted.to_owned() };
    parts.iter().enumerate().fold(words.to_owned(), |words, (n, part)| {
        let expected = EXPECTED.iter().find(|(en, _)| en == part).map(|(_, zh)| (*zh).to_owned());
        let expected = expected.or_else(|| span(part));
        // What is said of a sentence within a sentence.
        let part = expected.unwrap_or_else(|| told(&part.replace("`, `", "、"), table, lang));
        words.replace(&format!("{{{n}}}"), &part)
    })
}

/// A span of time as intake writes it, e.g. `1 h 30 min`.
fn span(part: &str) -> Option<String> {
    let mut words = part.split(' ');
    let mut said = String::new();
    while let Some(count) = words.next() {
        count.parse::<u32>().ok()?;
        said += count;
        said += match words.next()? {
            "year" | "years" => "年",
            "day" | "days" => "天",
            "h" => "小时",
            "min" => "分钟",
            "s" => "秒",
            _ => return None,
        };
    }
    Some(said)
}

/// What stands at the places of a pattern, if a sentence is of its form.
fn parts<'a>(noted: &'a str, pattern: &str) -> Option<Vec<&'a str>> {
    let mut literals = pattern.split("{}");
    let mut rest = noted.strip_prefix(literals.next()?)?;
    let mut parts = Vec::new();
    let mut literals = literals.peekable();
    while let Some(literal) = literals.next() {
        // The last place reaches as far as it can: what stands there may hold anything.
        let at = if literals.peek().is_none() {
            rest.strip_suffix(literal)?.len()
        } else {
            rest.find(literal).filter(|_| !literal.is_empty())?
        };
        parts.push(&rest[..at]);
        rest = &rest[at + literal.len()..];
    }
    rest.is_empty().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_worded_and_what_is_unknown_stays() {
        #[track_caller]
        fn check(of: fn(&str, Lang) -> String, noted: &str, zh: &str) {
            let en = noted.replace("degC", "°C");
            assert_eq!((of(noted, Lang::Zh).as_str(), of(noted, Lang::En).as_str()), (zh, &*en));
        }
        let refused = refusal_detail;
        check(
            refused,
            "`run_hours` is \"12\"; a number or null belongs there",
            "run_hours 的值是 \"12\"，这里应为数字或空值",
        );
        check(
            refused,
            "`discharge_temp_c` is 999; -60 to 250 degC is possible",
            "discharge_temp_c 的值是 999，合理范围是 -60～250 ℃",
        );
        check(refused, "`run_hours`, `motor_current_a` is missing", "缺少 run_hours、motor_current_a");
        check(refused, "the payload has 70000 bytes; 65536 are allowed", "消息有 70000 字节，最多允许 65536 字节");
        check(
            refused,
            "`ts`: `soon` is not an RFC 3339 time stamp such as 2026-07-01T08:00:00Z",
            "ts：soon 不是 RFC 3339 时间（如 2026-07-01T08:00:00Z）",
        );
        check(refused, "expected value at line 1 column 9", "第1行第9列缺少值");
        check(refused, "not JSON: expected ident at line 1 column 2", "不是JSON：第1行第2列有无法识别的词");
        check(refused, "two different values for `ts` at line 1 column 20", "ts 出现了两个不同的值（第1行第20列）");
        check(
            refused,
            "`ts` 1970-01-01T00:00:00Z is 56 years 1 day old; 10 years is the most taken (`[mqtt] age_max`)",
            "ts 1970-01-01T00:00:00Z 已过去 56年1天，最多接收 10年 以内的数据（[mqtt] age_max）",
        );
        check(refused, "something new", "something new");
        check(undelivered, "it answered 503 ", "对方返回 503");
        check(undelivered, "it answered 503 out of order", "对方返回 503：out of order");
        check(undelivered, "refused: it answered 422 no such order", "对方拒收：对方返回 422：no such order");
        check(undelivered, "io: Connection refused (os error 111)", "对方拒绝连接");
        check(undelivered, "timeout: global", "对方没有及时应答");
        check(
            store_detail,
            "404: bucket not found; create the bucket, or mend [influxdb] url, org and bucket",
            "404: bucket not found；请建立该存储桶，或改正 [influxdb] 的 url、org 和 bucket",
        );
        check(
            intake_fault,
            "since 2026-07-01T08:00:00Z the engine has stood still at entry 1200 of the log: could not read /d/log.db, which is \
             damaged. Restore it from a backup, or save what can be read. Stop the service before that; the guide says how",
            "自 2026-07-01T08:00:00Z 起，引擎停在日志第 1200 条：/d/log.db 已损坏。请停止服务，从备份恢复；命令见 deploy/README.md",
        );
        check(
            intake_fault,
            "readings are not acknowledged: could not append to /d/log.db: /d/log.db-wal was moved, removed or replaced while the \
             service runs; stop the service, put it back or restore a backup, and start it again",
            "暂不确认读数：/d/log.db 拒绝写入：/d/log.db-wal 在服务运行时被移走、删除或替换；请停止服务，放回原文件或恢复备份，再启动",
        );
        check(
            intake_fault,
            "this computer's clock seems to be 40 s behind: 3 of 4 machines are ahead of it, and their readings wait in the \
             quarantine; set the clock (NTP), then run `foretell quarantine replay --reason from_future`",
            "本机时钟似乎慢了 40 秒：4 台机器中有 3 台比它快，其读数留在隔离区；请校准时钟（NTP），再运行 foretell quarantine replay \
             --reason from_future",
        );
        check(
            intake_fault,
            "another program uses the client_id `foretell` at `plant` too; it has taken our session over (3×), and each of the \
             two gets a part of the readings: give each installation a client_id of its own",
            "另有程序在 plant 上使用同一个 client_id（foretell），已 3 次挤掉本机的会话，双方各只收到一部分读数；请为每套系统设置各自的 \
             client_id",
        );
    }

    #[test]
    fn each_place_of_a_pattern_is_used_and_no_other() {
        for (en, zh) in [REFUSED, EXPECTED, UNDELIVERED, INTAKE, STORE].into_iter().flatten() {
            let places = en.matches("{}").count();
            let used = (0..9).filter(|n| zh.contains(&format!("{{{n}}}"))).max().map_or(0, |most| most + 1);
            assert!(used <= places && !zh.is_ascii(), "{en} / {zh}");
        }
    }
}
