//! What customers read, word for word, in both languages.
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

mod support;

use std::sync::Arc;

use expect_test::{Expect, expect};
use foretell_model::{Grade, Status};
use foretell_outreach::{Stage, compose};
use support::{Recorder, apply, at, catalogue, context, finding, machine, open};

/// Renders the draft of one fault; the link's token is cut, because it changes with every secret.
fn text(machine_id: &str, fault: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let now = at("2026-07-15T08:30:00Z");
    let id = apply(&outreach, 1, &finding(&machine(machine_id), fault, Grade::Advise, Status::Opened), now);
    let message = outreach.card(&id, now).unwrap().message.unwrap();
    let body = message.text.body.replace(&message.link, "https://service.example/b/TOKEN");
    format!("{}\n\n{}", message.text.subject, body)
}

#[track_caller]
fn check(machine_id: &str, fault: &str, expected: Expect) {
    expected.assert_eq(&text(machine_id, fault));
}

#[test]
fn the_cooler_in_chinese() {
    check(
        "s01/m002",
        "cooler_clogging",
        expect![[r#"
            2号机：约个时间清洗冷却器

            李工，您好：

            我是先知服务的服务顾问王敏。

            想跟您说说2号机：从6月20日前后开始，在负荷和天气相同的情况下，这台机器的排气温度慢慢升高了4 ℃左右。目前还没到预警温度，机器可以照常使用。

            原因很可能是冷却器堵塞。照这个趋势，两到四周内大概会达到105 ℃的预警温度。

            建议提前清洗冷却器。现场需要2小时左右，期间要停机。这样就不会在炎热的下午因高温停机。

            下面两个时间机器一般不开，您看哪个方便：
              1. 7月16日（周四）17:00–19:00
              2. 7月20日（周一）17:00–19:00

            都不合适的话，在下面的页面里选“换个时间”或“暂时不用”就行。

            就像汽车水箱糊满了灰尘：车还能开，只是每次爬坡都更烫一点。

            曲线和预约都在这一页，点一下就能约好：
            https://service.example/b/TOKEN

            王敏
            +86 21 5555 0101
        "#]],
    );
}

#[test]
fn the_cooler_in_english() {
    check(
        "s02/m002",
        "cooler_clogging",
        expect![[r#"
            Compressor No. 2: shall we clean the cooler?

            Dear Ms Baker,

            this is Min Wang, your service advisor at Foretell Service.

            I am writing about your compressor No. 2. For the same load and weather, its discharge temperature has crept up by about 4 °C since 20 June. The temperature is still below the warning limit, so the machine can run as usual for now.

            The cause is very likely a clogged cooler. If it goes on like this, the machine is likely to reach its warning limit of 105 °C within two to four weeks.

            We would like to clean the cooler before that. It takes about two hours, during which the machine has to be stopped. This keeps the machine from shutting down on a hot afternoon.

            We could come while the machine is usually idle:
              1. Thursday 16 July, 17:00–19:00
              2. Monday 20 July, 17:00–19:00

            If neither suits you, choose “another time” or “not now” on the page below.

            It is like a car radiator full of road dust: the engine still runs, it just gets hotter on every hill.

            The curve behind this letter, and booking with one tap: https://service.example/b/TOKEN

            Kind regards
            Min Wang, +86 21 5555 0101
        "#]],
    );
}

/// The paragraphs that differ between faults: what was seen and is likely, what is proposed, and the comparison.
fn differing(machine_id: &str) -> String {
    let mut all = String::new();
    for fault in catalogue().faults.iter().filter(|fault| fault.forecast && fault.customer) {
        let text = text(machine_id, fault.code.as_str());
        let paragraphs: Vec<&str> = text.split("\n\n").collect();
        all += &format!(
            "{}\n{}\n{}\n{}\n{}\n\n",
            paragraphs[0], paragraphs[3], paragraphs[4], paragraphs[5], paragraphs[8]
        );
    }
    all
}

#[test]
fn every_forecastable_fault_in_chinese() {
    expect![[r#"
        2号机：约个时间清洗冷却器
        想跟您说说2号机：从6月20日前后开始，在负荷和天气相同的情况下，这台机器的排气温度慢慢升高了4 ℃左右。目前还没到预警温度，机器可以照常使用。
        原因很可能是冷却器堵塞。照这个趋势，两到四周内大概会达到105 ℃的预警温度。
        建议提前清洗冷却器。现场需要2小时左右，期间要停机。这样就不会在炎热的下午因高温停机。
        就像汽车水箱糊满了灰尘：车还能开，只是每次爬坡都更烫一点。

        2号机：约个时间更换温控阀芯
        想跟您说说2号机：从6月20日前后开始，在负荷和天气相同的情况下，这台机器的排气温度慢慢升高了4 ℃左右。目前还没到预警温度，机器可以照常使用。
        原因很可能是温控阀开启不足。照这个趋势，两到四周内大概会达到105 ℃的预警温度。
        建议提前更换温控阀芯。现场需要1个半小时左右，期间要停机。这样一年四季油温都能保持正常。
        就像卡在半路的淋浴混水阀：冷水是有的，只是放不进来。

        2号机：约个时间更换温控阀芯
        想跟您说说2号机：从6月20日前后开始，在负荷和天气相同的情况下，这台机器的排气温度比以前低了10 ℃左右。
        原因很可能是温控阀关闭不严。照这个趋势，两到四周内大概会降到68 ℃的下限。
        建议提前更换温控阀芯。现场需要1个半小时左右，期间要停机。这样一年四季油温都能保持正常。
        就像冬天开车节温器关不上：发动机总是热不起来，油里容易积水。

        2号机：约个时间更换机油滤芯
        想跟您说说2号机：从6月20日前后开始，这台机器机油滤芯的前后压差慢慢升到了0.9 bar。目前还没到限值。
        原因很可能是机油滤芯堵塞。照这个趋势，两到四周内大概就需要换滤芯了。
        建议提前更换机油滤芯。现场需要半小时左右，期间要停机。这样轴承一直有干净的油润滑。
        就像用一根慢慢被捏扁的吸管喝水。

        2号机：约个时间补油并查找漏点
        想跟您说说2号机：从6月20日前后开始，在负荷和天气相同的情况下，这台机器的排气温度慢慢升高了4 ℃左右。目前还没到预警温度，机器可以照常使用。
        原因很可能是润滑油不足。照这个趋势，两到四周内大概会达到105 ℃的预警温度。
        建议提前补油并查找漏点。现场需要半小时左右，期间要停机。这样机组就不会突然高温停机。
        就像炉子上水太少的锅：热得快，还忽高忽低。

        2号机：约个时间更换润滑油
        想跟您说说2号机：从6月20日前后开始，在负荷和天气相同的情况下，这台机器的排气温度慢慢升高了4 ℃左右。目前还没到预警温度，机器可以照常使用。
        原因很可能是润滑油老化。照这个趋势，两到四周内大概会达到105 ℃的预警温度。
        建议提前更换润滑油。现场需要1个半小时左右，期间要停机。既保护主机，也让油气分离器少积垢。
        就像反复用过的炸油：看着还是油，效果已经差了。

        2号机：约个时间更换油气分离芯
        想跟您说说2号机：从6月20日前后开始，这台机器油气分离器的前后压差慢慢升到了0.6 bar。目前还没到限值。
        原因很可能是油气分离器堵塞。照这个趋势，两到四周内大概就需要换滤芯了。
        建议提前更换油气分离芯。现场需要2小时左右，期间要停机。换好后更省电，压缩空气也不容易带油。
        就像戴着厚口罩呼吸：每口气都更费力，费的都是电。

        2号机：约个时间更换进气滤芯
        想跟您说说2号机：从6月20日前后开始，这台机器进气滤芯后的负压慢慢升到了38 mbar。目前还没到限值。
        原因很可能是进气滤芯堵塞。照这个趋势，两到四周内大概就需要换滤芯了。
        建议提前更换进气滤芯。现场需要大约一刻钟，期间要停机。换好后机组就能恢复应有的供气量。
        就像集尘袋满了的吸尘器：电机照样转，吸进来的风却少了。

        2号机：约个时间检测主机轴承振动
        想跟您说说2号机：从6月20日前后开始，这台机器的振动慢慢升到了8.2 mm/s。目前还没到限值。
        原因很可能是主机轴承磨损。照这个趋势，两到四周内大概就会到该大修的程度。
        建议提前检测主机轴承振动。现场需要2小时左右，不用停机。早一点摸清轴承状况，大修就能从容安排。
        就像车轮轴承开始嗡嗡响：还来得及安排，但它不会自己安静下来。

        2号机：约个时间给电机轴承加脂并检查
        想跟您说说2号机：从6月20日前后开始，这台机器的振动慢慢升到了8.2 mm/s。目前还没到限值。
        原因很可能是电机轴承磨损。照这个趋势，两到四周内大概就会到该大修的程度。
        建议提前给电机轴承加脂并检查。现场需要1小时左右，期间要停机。电机就不用走到返修绕组那一步。
        就像自行车轴缺了油：及时上点油，轮子就保住了。

    "#]].assert_eq(&differing("s01/m002"));
}

#[test]
fn every_forecastable_fault_in_english() {
    expect![[r#"
        Compressor No. 2: shall we clean the cooler?
        I am writing about your compressor No. 2. For the same load and weather, its discharge temperature has crept up by about 4 °C since 20 June. The temperature is still below the warning limit, so the machine can run as usual for now.
        The cause is very likely a clogged cooler. If it goes on like this, the machine is likely to reach its warning limit of 105 °C within two to four weeks.
        We would like to clean the cooler before that. It takes about two hours, during which the machine has to be stopped. This keeps the machine from shutting down on a hot afternoon.
        It is like a car radiator full of road dust: the engine still runs, it just gets hotter on every hill.

        Compressor No. 2: shall we replace the thermostatic valve insert?
        I am writing about your compressor No. 2. For the same load and weather, its discharge temperature has crept up by about 4 °C since 20 June. The temperature is still below the warning limit, so the machine can run as usual for now.
        The cause is very likely a thermostatic valve that no longer opens fully. If it goes on like this, the machine is likely to reach its warning limit of 105 °C within two to four weeks.
        We would like to replace the thermostatic valve insert before that. It takes about an hour and a half, during which the machine has to be stopped. This keeps the oil at the right temperature in every season.
        It is like a shower mixer that sticks half-way: the cold water is there, but too little of it gets through.

        Compressor No. 2: shall we replace the thermostatic valve insert?
        I am writing about your compressor No. 2. For the same load and weather, it has been running about 10 °C cooler than before since 20 June.
        The cause is very likely a thermostatic valve that no longer closes. If it goes on like this, the machine is likely to reach its lower limit of 68 °C within two to four weeks.
        We would like to replace the thermostatic valve insert before that. It takes about an hour and a half, during which the machine has to be stopped. This keeps the oil at the right temperature in every season.
        It is like driving in winter with the thermostat stuck open: the engine never gets properly warm, and water collects in the oil.

        Compressor No. 2: shall we replace the oil filter?
        I am writing about your compressor No. 2. The pressure drop across its oil filter has grown to 0.9 bar since 20 June. That is still within the limit.
        The cause is very likely a clogged oil filter. If it goes on like this, the machine is likely to reach the point at which the element has to be changed within two to four weeks.
        We would like to replace the oil filter before that. It takes about half an hour, during which the machine has to be stopped. This keeps clean oil flowing to the bearings.
        It is like drinking through a straw that someone is slowly squeezing.

        Compressor No. 2: shall we top up the oil and find where it went?
        I am writing about your compressor No. 2. For the same load and weather, its discharge temperature has crept up by about 4 °C since 20 June. The temperature is still below the warning limit, so the machine can run as usual for now.
        The cause is very likely a low oil level. If it goes on like this, the machine is likely to reach its warning limit of 105 °C within two to four weeks.
        We would like to top up the oil and find where it went before that. It takes about half an hour, during which the machine has to be stopped. This keeps the machine from overheating unexpectedly.
        It is like a pot with too little water on the stove: it heats up quickly and unevenly.

        Compressor No. 2: shall we change the oil?
        I am writing about your compressor No. 2. For the same load and weather, its discharge temperature has crept up by about 4 °C since 20 June. The temperature is still below the warning limit, so the machine can run as usual for now.
        The cause is very likely aged oil. If it goes on like this, the machine is likely to reach its warning limit of 105 °C within two to four weeks.
        We would like to change the oil before that. It takes about an hour and a half, during which the machine has to be stopped. This protects the air end and keeps the separator clean.
        It is like frying oil that has been used too long: it still looks like oil, but it no longer does its job well.

        Compressor No. 2: shall we replace the separator element?
        I am writing about your compressor No. 2. The pressure drop across its oil separator has grown to 0.6 bar since 20 June. That is still within the limit.
        The cause is very likely a clogged oil separator. If it goes on like this, the machine is likely to reach the point at which the element has to be changed within two to four weeks.
        We would like to replace the separator element before that. It takes about two hours, during which the machine has to be stopped. This saves the electricity now spent on pushing air through it, and keeps oil out of the air.
        It is like breathing through a thick mask: every breath costs more effort, and that effort is electricity.

        Compressor No. 2: shall we replace the intake filter?
        I am writing about your compressor No. 2. The suction behind its intake filter has grown to 38 mbar since 20 June. That is still within the limit.
        The cause is very likely a clogged intake filter. If it goes on like this, the machine is likely to reach the point at which the element has to be changed within two to four weeks.
        We would like to replace the intake filter before that. It takes about a quarter of an hour, during which the machine has to be stopped. After that the machine delivers its full amount of air again.
        It is like a vacuum cleaner with a full bag: the motor works as hard as before and moves less air.

        Compressor No. 2: shall we inspect the air-end bearings with a vibration test?
        I am writing about your compressor No. 2. Its vibration has grown to 8.2 mm/s since 20 June. That is still within the limit.
        The cause is very likely wear in the air-end bearings. If it goes on like this, the machine is likely to reach the vibration at which it should be overhauled within two to four weeks.
        We would like to inspect the air-end bearings with a vibration test before that. It takes about two hours, and the machine can keep running. This shows in good time whether an overhaul should be planned.
        It is like a wheel bearing that begins to hum: there is time to plan, but it does not get quieter.

        Compressor No. 2: shall we grease and check the motor bearings?
        I am writing about your compressor No. 2. Its vibration has grown to 8.2 mm/s since 20 June. That is still within the limit.
        The cause is very likely wear in the motor bearings. If it goes on like this, the machine is likely to reach the vibration at which it should be overhauled within two to four weeks.
        We would like to grease and check the motor bearings before that. It takes about an hour, during which the machine has to be stopped. This spares the motor a rewind.
        It is like a bicycle hub that has run dry: some grease in time saves the wheel.

    "#]].assert_eq(&differing("s02/m002"));
}

/// What a customer reads of a rise that came all at once.
fn sudden(machine_id: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let now = at("2026-07-15T08:30:00Z");
    let mut case = finding(&machine(machine_id), "thermostatic_valve", Grade::Advise, Status::Opened);
    let step = foretell_model::Evidence { feature: "onset_step_share".into(), value: 0.8, ..case.evidence[0].clone() };
    case.evidence.push(step);
    let id = apply(&outreach, 1, &case, now);
    outreach.card(&id, now).unwrap().message.unwrap().text.body.split("\n\n").nth(2).unwrap().to_owned()
}

#[test]
fn a_jump_is_told_as_a_jump() {
    expect!["想跟您说说2号机：在负荷和天气相同的情况下，这台机器的排气温度从6月20日起突然升高了4 ℃左右。目前还没到预警温度，机器可以照常使用。"].assert_eq(&sudden("s01/m002"));
    expect!["I am writing about your compressor No. 2. For the same load and weather, its discharge temperature rose suddenly around 20 June and has been about 4 °C higher since then. The temperature is still below the warning limit, so the machine can run as usual for now."].assert_eq(&sudden("s02/m002"));
}

fn service(machine_id: &str) -> String {
    service_at(machine_id, 11_650.0).0
}

/// The letter about service at a reading of the running-hour counter, and the page that it leads to.
fn service_at(machine_id: &str, run_hours: f64) -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let (now, id) = (at("2026-07-15T08:30:00Z"), machine(machine_id));
    let context = foretell_outreach::MachineContext { run_hours: Some(run_hours), ..context(&id) };
    let foretell_outreach::Applied::Case { id, stage: Stage::Draft } =
        outreach.check_service(&id, &context, now).unwrap()
    else {
        panic!("service is due")
    };
    let message = outreach.approve(&id, "wang", now).unwrap();
    let page = outreach.booking_page(support::token(&message.link), now).unwrap().sentence;
    let body = message.text.body.replace(&message.link, "https://service.example/b/TOKEN");
    (format!("{}\n\n{}", message.text.subject, body), page)
}

/// The letter's paragraph and the page of work that should have been done already, and the page of work that is due soon.
fn overdue(machine_id: &str) -> String {
    let (letter, page) = service_at(machine_id, 12_150.0);
    let (_, soon) = service_at(machine_id, 11_650.0);
    format!("{}\n{page}\n{soon}", letter.split("\n\n").nth(3).unwrap())
}

#[test]
fn overdue_service_is_never_told_as_coming() {
    expect![[r#"
        您的2号机上次保养之后，已经运行了约4,150小时。一般每4,000小时做一次，现在已经到时候了。最近排气温度一直正常，未到预警值。
        您的2号机上次保养之后，已经运行了约4,150小时。一般每4,000小时做一次，现在已经到时候了。
        您的2号机上次保养之后，已经运行了约3,650小时。一般每4,000小时做一次，快到时候了。大概两到三周内到期。"#]].assert_eq(&overdue("s01/m002"));
    expect![[r#"
        It is time to change the oil on your compressor No. 2: about 4,150 running hours have passed since the last time, and every 4,000 hours is usual. Its discharge temperature has stayed below the warning limit of late.
        It is time to change the oil on your compressor No. 2: about 4,150 running hours have passed since the last time, and every 4,000 hours is usual.
        It will soon be time to change the oil on your compressor No. 2: about 3,650 running hours have passed since the last time, and every 4,000 hours is usual. It will most likely be due within two to three weeks."#]].assert_eq(&overdue("s02/m002"));
}

#[test]
fn service_by_hours_in_chinese() {
    expect![[r#"
        2号机：约个时间做保养

        李工，您好：

        我是先知服务的服务顾问王敏。

        您的2号机上次保养之后，已经运行了约3,650小时。一般每4,000小时做一次，快到时候了。最近排气温度一直正常，未到预警值。

        按平时每天约20小时算，大概两到三周内到期。

        建议一次上门做完：更换润滑油、更换油气分离芯。现场需要3个半小时左右，期间要停机。这样旺季用气更放心。

        下面两个时间机器一般不开，您看哪个方便：
          1. 7月18日（周六）10:00–13:30
          2. 7月25日（周六）10:00–13:30

        都不合适的话，在下面的页面里选“换个时间”或“暂时不用”就行。

        就像汽车按时换机油：平时感觉不到，靠的就是按时。

        运行小时数和预约都在这一页，点一下就能约好：
        https://service.example/b/TOKEN

        王敏
        +86 21 5555 0101
    "#]]
    .assert_eq(&service("s01/m002"));
}

#[test]
fn service_by_hours_in_english() {
    expect![[r#"
        Compressor No. 2: two times for its service

        Dear Ms Baker,

        this is Min Wang, your service advisor at Foretell Service.

        It will soon be time to change the oil on your compressor No. 2: about 3,650 running hours have passed since the last time, and every 4,000 hours is usual. Its discharge temperature has stayed below the warning limit of late.

        At its usual 20 hours a day, it will most likely be due within two to three weeks.

        We would like to change the oil. It takes about an hour and a half, during which the machine has to be stopped. This protects the air end and keeps the separator clean.

        We could come while the machine is usually idle:
          1. Thursday 16 July, 17:00–18:30
          2. Monday 20 July, 17:00–18:30

        If neither suits you, choose “another time” or “not now” on the page below.

        It is like the oil change of a car: done on time, nobody notices it, and that is the point.

        The hours behind this letter, and booking with one tap: https://service.example/b/TOKEN

        Kind regards
        Min Wang, +86 21 5555 0101
    "#]].assert_eq(&service("s02/m002"));
}

/// Approves, waits out the reminder and returns its text and the page's sentence.
fn reminder(machine_id: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let channel = Arc::new(Recorder::default());
    let outreach = open(dir.path(), channel.clone());
    let now = at("2026-07-15T08:30:00Z");
    let case = finding(&machine(machine_id), "cooler_clogging", Grade::Advise, Status::Opened);
    let id = apply(&outreach, 1, &case, now);
    let message = outreach.approve(&id, "wang", now).unwrap();
    outreach.tick(now).unwrap();
    outreach.tick(at("2026-07-20T09:00:00Z")).unwrap();
    let page = outreach.booking_page(support::token(&message.link), now).unwrap();
    let parcels = channel.parcels.lock().unwrap();
    let parcel = parcels.last().unwrap();
    let body = parcel.body.replace(&parcel.link, "https://service.example/b/TOKEN");
    format!("{}\n\n{body}\n{}", parcel.subject, page.sentence)
}

#[test]
fn reminder_and_page_in_chinese() {
    expect![[r#"
        2号机：有两个时间可以选

        李工，您好：

        我是先知服务的服务顾问王敏。前几天给您写过2号机的事，怕您没看到，简单再说一遍。

        原因很可能是冷却器堵塞。照这个趋势，一到四周内大概会达到105 ℃的预警温度。建议提前清洗冷却器。现场需要2小时左右，期间要停机。

        下面两个时间机器一般不开，您看哪个方便：
          1. 7月21日（周二）17:00–19:00
          2. 7月27日（周一）17:00–19:00

        页面里也可以选“换个时间”或“暂时不用”。这件事我不会再写信打扰您。
        https://service.example/b/TOKEN

        王敏
        +86 21 5555 0101

        从6月20日前后开始，在负荷和天气相同的情况下，2号机的排气温度慢慢升高了4 ℃左右。目前还没到预警温度，机器可以照常使用。原因很可能是冷却器堵塞。照这个趋势，两到四周内大概会达到105 ℃的预警温度。"#]].assert_eq(&reminder("s01/m002"));
}

#[test]
fn reminder_and_page_in_english() {
    expect![[r#"
        Compressor No. 2: two times to choose from

        Dear Ms Baker,

        this is Min Wang, your service advisor at Foretell Service. A few days ago I wrote to you about your compressor No. 2; in case the letter got lost in a busy week, here it is once more, in short.

        The cause is very likely a clogged cooler. If it goes on like this, the machine is likely to reach its warning limit of 105 °C within one to four weeks. We would like to clean the cooler. It takes about two hours, during which the machine has to be stopped.

        We could come while the machine is usually idle:
          1. Tuesday 21 July, 17:00–19:00
          2. Monday 27 July, 17:00–19:00

        “Another time” and “not now” are on the page too. I will not write about it again.
        https://service.example/b/TOKEN

        Kind regards
        Min Wang, +86 21 5555 0101

        This is about your compressor No. 2. For the same load and weather, its discharge temperature has crept up by about 4 °C since 20 June. The temperature is still below the warning limit, so the machine can run as usual for now. The cause is very likely a clogged cooler. If it goes on like this, the machine is likely to reach its warning limit of 105 °C within two to four weeks."#]].assert_eq(&reminder("s02/m002"));
}

#[test]
fn nothing_is_claimed_that_is_not_known() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let now = at("2026-07-15T08:30:00Z");
    let id = machine("s02/m002");
    let mut case = finding(&id, "cooler_clogging", Grade::Advise, Status::Opened);
    (case.rul_days, case.limit, case.likelihood) = (None, None, 0.5);
    case.evidence.clear();
    let bare = foretell_outreach::MachineContext::default();
    outreach.apply(foretell_model::Offset(1), 0, &case, &bare, now).unwrap();
    let body = outreach.card(&case.id, now).unwrap().message.unwrap().text.body;
    for claim in ["limit", "as usual", "week", "°C", "usually idle", "very likely", "since"] {
        assert!(!body.contains(claim), "`{claim}` in:\n{body}");
    }
    assert!(body.contains("The cause may be a clogged cooler."), "{body}");
}

#[test]
fn the_catalogue_has_no_word_that_customers_never_read() {
    for fault in catalogue().faults.iter().filter(|fault| fault.customer) {
        for text in [&fault.name, &fault.comparison] {
            assert_eq!(compose::lint::words(&format!("{} {}", text.en, text.zh)), [], "{}", fault.code);
        }
    }
    for (code, action) in &catalogue().actions {
        for text in [&action.name, &action.benefit] {
            assert_eq!(compose::lint::words(&format!("{} {}", text.en, text.zh)), [], "{code}");
        }
    }
}

/// Opens with one template replaced by an advisor's edit and renders the cooler's letter.
fn edited(name: &str, source: &str) -> Result<String, String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(name), source).unwrap();
    let options = foretell_outreach::OutreachOptions {
        templates: Some(dir.path().to_owned()),
        ..support::options(Arc::new(Recorder::default()))
    };
    let outreach =
        foretell_outreach::Outreach::open(&dir.path().join("service.sqlite"), options).map_err(|e| e.to_string())?;
    let now = at("2026-07-15T08:30:00Z");
    outreach.import(&foretell_outreach::Registry::from_toml(support::REGISTRY).unwrap(), "test", now).unwrap();
    let case = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
    let id = apply(&outreach, 1, &case, now);
    let message = outreach.card(&id, now).unwrap().message.map_err(|why| why.to_string())?;
    Ok(message.text.body.lines().next().unwrap_or_default().to_owned())
}

#[test]
fn an_edited_template_counts_and_a_bad_one_never_reaches_a_customer() {
    let good = "Subject: {{ number }}\nHello {{ contact }}\n{{ link }}";
    assert_eq!(edited("fault.en.j2", good).unwrap(), "Hello Ms Baker");
    #[track_caller]
    fn check(source: &str, expected: &str) {
        let got = edited("fault.en.j2", source).unwrap_err();
        assert!(got.contains(expected), "{got}");
    }
    check("Subject: x\n{{ contcat }} {{ link }}", "undefined value");
    check("Subject: x\nA discount! {{ link }}", "`discount` (selling); an exclamation mark");
    check(
        "Subject: x\n{% for a in range(10000) %}{% for b in range(10000) %}.{% endfor %}{% endfor %}{{ link }}",
        "fuel",
    );
    check("Hello {{ link }}", "its first line must begin with `Subject:`");
    check("Subject: x\n{% if %}", "template `fault.en.j2` could not be rendered");
    check("Subject: x\nNo link at all.", "0 links where one belongs");
}
