"""What people read for the codes of a record and of what lies in quarantine."""

from collections.abc import Mapping

from pathways.language.texts import Text
from pathways.language.units import KNOWN_CODES


def _texts(**words: tuple[str, str]) -> Mapping[str, Text]:
    return {code.replace("_", "-"): Text(zh=zh, en=en) for code, (zh, en) in words.items()}


_ANALYTES = _texts(
    glucose=("血糖", "Glucose"),
    hba1c=("糖化血红蛋白", "HbA1c"),
    creatinine=("肌酐", "Creatinine"),
    ldl_cholesterol=("低密度脂蛋白胆固醇", "LDL cholesterol"),
    urine_albumin_creatinine_ratio=("尿白蛋白/肌酐比", "Urine albumin to creatinine"),
    blood_pressure=("血压", "Blood pressure"),
    systolic_pressure=("收缩压", "Systolic pressure"),
    diastolic_pressure=("舒张压", "Diastolic pressure"),
    heart_rate=("心率", "Heart rate"),
    weight=("体重", "Weight"),
    egfr=("估算肾小球滤过率", "eGFR"),
    haemoglobin=("血红蛋白", "Haemoglobin"),
    epds_total=("爱丁堡产后抑郁量表总分", "EPDS total"),
    phq_9_total=("PHQ-9 总分", "PHQ-9 total"),
    phq_2_total=("PHQ-2 总分", "PHQ-2 total"),
    gad_7_total=("GAD-7 总分", "GAD-7 total"),
    pain_nrs=("疼痛评分", "Pain score"),
)
WORDS: Mapping[str, Mapping[str, Text]] = {
    "mark": _texts(
        low=("偏低 ↓", "Low ↓"),
        high=("偏高 ↑", "High ↑"),
        critical_low=("危急偏低 ↓↓", "Critically low ↓↓"),
        critical_high=("危急偏高 ↑↑", "Critically high ↑↑"),
        abnormal=("异常", "Abnormal"),
    ),
    "result": _texts(
        registered=("已登记", "Registered"),
        preliminary=("初步结果", "Preliminary"),
        amended=("已修订", "Amended"),
        corrected=("已更正", "Corrected"),
        unknown=("状态不明", "Status unknown"),
    ),
    "coverage": _texts(
        enough=("配药充足", "Enough was dispensed"),
        gaps=("配药有间断", "There were gaps"),
        unknown=("无法计算：有一次配药没有天数", "Cannot be told: a supply does not say how long it lasts"),
        stopped=("已停药", "Stopped"),
        never_dispensed=("没有配药记录", "Nothing was dispensed"),
    ),
    "visit": _texts(encounter=("就诊", "Visit"), appointment=("预约", "Appointment")),
    "setting": _texts(
        inpatient=("住院", "Inpatient"),
        ambulatory=("门诊", "Outpatient"),
        emergency=("急诊", "Emergency"),
        home=("上门", "At home"),
        virtual=("线上", "Online"),
    ),
    "status": _texts(
        planned=("已安排", "Planned"),
        arrived=("已到", "Arrived"),
        triaged=("已分诊", "Triaged"),
        in_progress=("进行中", "Under way"),
        onleave=("请假离院", "On leave"),
        finished=("已结束", "Finished"),
        cancelled=("已取消", "Cancelled"),
        proposed=("建议", "Proposed"),
        pending=("待确认", "Pending"),
        booked=("已预约", "Booked"),
        checked_in=("已报到", "Checked in"),
        fulfilled=("已完成", "Kept"),
        noshow=("未到", "Did not come"),
        waitlist=("候补", "On the waiting list"),
        active=("活动期", "Active"),
        recurrence=("复发", "Recurrence"),
        relapse=("再发", "Relapse"),
        inactive=("非活动期", "Inactive"),
        remission=("缓解", "In remission"),
        resolved=("已痊愈", "Resolved"),
        completed=("已完成", "Completed"),
        stopped=("已停止", "Stopped"),
        on_hold=("暂停", "On hold"),
        draft=("草稿", "Draft"),
        declined=("已拒绝", "Declined"),
        preparation=("准备中", "Being prepared"),
        unknown=("状态不明", "Status unknown"),
    ),
    "verification": _texts(
        unconfirmed=("未确认", "Unconfirmed"),
        provisional=("初步诊断", "Provisional"),
        differential=("鉴别诊断", "Differential"),
        refuted=("已排除", "Refuted"),
    ),
    "criticality": _texts(high=("高风险", "High risk"), low=("低风险", "Low risk")),
    "reason": _texts(
        unknown_patient=("没有找到患者", "The patient is not known"),
        identity_conflict=("编号属于不同的患者", "The identifiers belong to different patients"),
        incomplete_patient=("缺少姓名、出生日期或编号", "Name, birth date or identifier is missing"),
        unknown_code=("代码无法识别", "The code is not known"),
        unknown_unit=("单位无法识别", "The unit is not known"),
        older_version_again=(
            "旧内容再次出现，无法判断是否有效",
            "Older content came again; nobody can tell whether it holds",
        ),
        death_contradicted=("与已记录的死亡不符", "It contradicts a death that is recorded"),
        no_such_form=("没有对应的表单", "No journey has that form"),
        conflict=("与现有资料冲突", "It clashes with what is known"),
        invalid=("内容有误", "It is not valid"),
        not_found=("所指的内容不存在", "What it names does not exist"),
    ),
    "kind": _texts(
        result=("结果", "Result"),
        patient=("患者资料", "Patient"),
        entry=("病历内容", "Entry of the record"),
        consent=("知情同意", "Consent"),
        answers=("表单回答", "Answers"),
        merge=("合并", "Merge"),
        unreadable=("无法读取的消息", "Unreadable message"),
    ),
    "field": _texts(
        identifiers=("编号", "Identifiers"),
        subject=("患者", "Patient"),
        patient=("患者", "Patient"),
        survivor=("保留的病历", "Record that stays"),
        retired=("并入的病历", "Record that goes"),
        name=("姓名", "Name"),
        born=("出生", "Born"),
        sex=("性别", "Sex"),
        language=("语言", "Language"),
        contacts=("联系方式", "Contacts"),
        preferred=("首选", "Preferred"),
        died_at=("死亡时间", "Died"),
        deceased=("已死亡", "Deceased"),
        result=("结果", "Result"),
        entry=("内容", "Entry"),
        content=("详情", "Content"),
        code=("代码", "Code"),
        display=("名称", "Words"),
        value=("值", "Value"),
        unit=("单位", "Unit"),
        comparator=("比较符", "Comparator"),
        text=("文字", "Text"),
        effective=("采样时间", "Effective"),
        issued=("发布时间", "Issued"),
        status=("状态", "Status"),
        origin=("来源类别", "Origin"),
        panel=("组套", "Panel"),
        source=("来源", "Source"),
        system=("系统", "System"),
        id=("编号", "Id"),
        version=("版本", "Version"),
        source_system=("来源系统", "Source system"),
        source_id=("来源编号", "Source id"),
        start=("开始", "Start"),
        end=("结束", "End"),
        purpose=("用途", "Purpose"),
        granted=("同意", "Granted"),
        at=("时间", "At"),
        form=("表单", "Form"),
        items=("回答", "Answers"),
        reason=("原因", "Reason"),
        what=("说明", "What"),
        payload=("原文", "As it came"),
        setting=("类别", "Setting"),
        department=("科室", "Department"),
        doctor=("医生", "Doctor"),
        dosage=("用法", "Dosage"),
        quantity=("数量", "Quantity"),
        days_supply=("可用天数", "Days' supply"),
        verification=("核实情况", "Verification"),
        criticality=("风险", "Risk"),
        reactions=("反应", "Reactions"),
    ),
    "held": _texts(held=("待处理", "Waiting"), released=("已放行", "Released"), discarded=("已舍弃", "Discarded")),
    "sex": _texts(female=("女", "Female"), male=("男", "Male"), other=("其他", "Other"), unknown=("未知", "Unknown")),
}
"""By the kind of code."""


def word(kind: str, code: str) -> Text:
    """What people read for the code; the code itself where there are no words."""
    return WORDS[kind].get(code) or Text(zh=code, en=code)


def analyte(code: str, name: str | None) -> Text:
    """What people read for what a code measures: our words, else the sender's."""
    known = KNOWN_CODES.get(code)
    said = name or code
    return (None if known is None else _ANALYTES.get(known.name)) or Text(zh=said, en=said)
