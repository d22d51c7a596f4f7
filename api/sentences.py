"""What errors say, in Chinese: by the English sentence, in which `{}` stands for a part that differs.

A sentence that is not here is told in English. Parts are translated by the same table where they stand in it.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from api.languages import Language

CHINESE: Mapping[str, str] = {
    # who acts
    "The request does not say who acts.": "请求没有说明操作人员。",
    "Give your staff id in the header Tongxing-Actor.": "请在请求头 Tongxing-Actor 中填写您的人员编号。",
    "Whoever acts does not work here.": "操作人员不在册，或已离职。",
    "GET {} lists who does.": "GET {} 可查看在册人员。",
    "There is no such member of staff.": "没有这名人员。",
    "The form was sent from another site.": "表单来自其他网站。",
    # tasks
    "There is no such task.": "没有这个任务。",
    "This task has not come to a role of this person.": "该任务尚未分派到您的角色。",
    "It is for: {}.": "该任务属于：{}。",
    "The task is closed already.": "任务已经结束。",
    "Read the task to see how it ended.": "请打开任务查看结束情况。",
    "The task was completed; its journey takes that in as soon as it can.": "任务已经完成，系统恢复后自动生效。",
    "The task has ended already; nothing was changed.": "任务已经结束，没有任何改动。",
    "Another person holds the task.": "任务已由他人领取。",
    "Another person holds the task; ask for it to be handed over.": "任务已由他人领取，请对方转交。",
    "Ask them to hand it over.": "请对方转交。",
    "Nobody holds the task.": "任务尚未被领取。",
    "The task counts no attempts; end it with an outcome.": "该任务不记录联系次数，请选择结果完成任务。",
    "The task allows no more attempts; end it with an outcome.": "联系次数已用完，请选择结果完成任务。",
    "The next attempt lies in the past.": "下次联系时间已过。",
    "Give a time that is still to come.": "请填写将来的时间。",
    "The task says nothing that it could wait for.": "该任务不能暂停计时。",
    "The task is waiting already.": "任务已在等待中。",
    "The task is not waiting.": "任务没有在等待。",
    "The time until which the task is to wait has passed.": "等待的截止时间已过。",
    "The patient has left what this track is for.": "患者已退出该用途。",
    "The patient has left that purpose already.": "患者已经退出该用途。",
    "The task has not come to a role of that person.": "该任务尚未分派到对方的角色。",
    "Hand it to somebody who holds one.": "请转交给有相应角色的人员。",
    "The task has no such outcome; it stays open.": "该任务没有这个结果选项，任务保持打开。",
    "Choose one of: {}.": "请选择：{}。",
    "The task does not have that outcome; it has: {}.": "该任务没有这个结果选项，可选：{}。",
    "The task has no form.": "该任务没有表单。",
    "Write a note instead.": "请改写备注。",
    "The answers do not fit the form: {}.": "填写的内容与表单不符：{}。",
    "Correct these items.": "请更正这些项目。",
    "The time lies in the future.": "时间在将来。",
    "Give the time at which it was done, or leave it out.": "请填写实际完成时间，或不填。",
    "The time cannot be read.": "无法识别时间。",
    "Write it as 2026-01-05T09:30.": "请写成 2026-01-05T09:30。",
    "This journey has no task with that id.": "该患者的路径没有这个任务。",
    # journeys
    "There is no such journey.": "没有这条患者路径。",
    "The journey has ended.": "该患者的路径已经结束。",
    "The journey has ended; nothing was changed.": "该患者的路径已经结束，没有任何改动。",
    "Start a new one where the patient needs it.": "如患者需要，请重新入径。",
    "The journey has not ended in a way that can be taken back.": "该患者的路径没有结束，或其结束方式不能恢复。",
    "If that is wrong, withdraw the death at the patient.": "如死亡登记有误，请在患者处撤销。",
    "The patient has started anew on this pathway.": "患者已重新进入该路径。",
    "End that journey first, or leave both.": "请先结束新的路径，或保持现状。",
    "No death of this patient is recorded.": "该患者没有死亡登记。",
    "Read the patient again.": "请重新查看该患者。",
    "The journey is paused already.": "该患者的路径已经暂停。",
    "The journey is not paused.": "该患者的路径没有暂停。",
    "The journey did not take this in.": "该患者的路径没有接受这项操作。",
    "Read the journey again.": "请重新查看该患者的路径。",
    "The pathway has no episodes: a patient is on it once.": "该路径不分次别，每位患者只能有一条。",
    "Leave the episode out.": "请不要填写次别。",
    "The pathway needs an episode: which {}.": "该路径需要说明次别：{}。",
    "Give what tells it from the patient's others.": "请填写能与该患者其他次别区分的内容。",
    "There is no pathway '{}'.": "没有路径“{}”。",
    "The pathway has no anchor '{}'{}.": "路径没有锚点“{}”{}。",
    "The pathway needs: {}.": "路径还需要：{}。",
    "Give each as an anchor.": "请逐一作为锚点填写。",
    "The pathway has no value '{}'{}.": "路径没有数据项“{}”{}。",
    "Value '{}' must be a {}.": "数据项“{}”的类型应为 {}。",
    "; did you mean '{}'?": "；是否应为“{}”？",
    "; expected one of: {}": "；可用的有：{}",
    "The enrolment lies in the future.": "入径时间在将来。",
    "Start the journey on its day.": "请在当天再入径。",
    "Anchor '{}' lies before the patient's birth.": "锚点“{}”早于患者出生。",
    "Anchor '{}' lies more than 120 years back.": "锚点“{}”在 120 年以前。",
    "Correct it, or the birth date.": "请更正该时间或出生日期。",
    "Correct its year.": "请更正年份。",
    "The pathway excludes this patient.": "该患者属于路径的排除情况。",
    "The pathway is not for this patient.": "该患者不符合入径条件。",
    "The patient is on '{}', which does not go with '{}'.": "患者已在路径“{}”中，不能同时进入“{}”。",
    "End that journey first.": "请先结束那条路径。",
    "This pathway has no track of that name.": "路径没有这个轨道。",
    "This pathway has no anchor of that name.": "路径没有这个锚点。",
    "The date of enrolment is always known; give the right one.": "入径日期不能为空，请填写正确的日期。",
    "The calendar gives this date; give the right one.": "该日期由历法给出，只能改为正确的日期。",
    "This pathway has no parameter of that name.": "路径没有这个参数。",
    "This parameter is the same for every patient.": "该参数对所有患者相同，不能单独设定。",
    "That cannot be the patient's own; expected a number from {} to {}.": "不能设为该患者的值；应在 {} 到 {} 之间。",
    "That cannot be the patient's own; expected times of day as HH:MM, ascending, each once.": (
        "不能设为该患者的值；应为 HH:MM 格式的时刻，按先后排列，不重复。"
    ),
    "The pathway watches no named event.": "该路径不关注任何命名事件。",
    "Start a track by hand instead.": "请改为手动启动轨道。",
    "The pathway watches no event of that name.": "该路径不关注这个事件。",
    "{}It knows: {}.": "{}它关注：{}。",
    "Did you mean '{}'? ": "是否应为“{}”？",
    # patients
    "There is no such patient.": "没有这名患者。",
    "Find the patient with POST {}.": "请用 POST {} 查找患者。",
    "The identifiers belong to different patients.": "这些编号属于不同的患者。",
    "Merge them in the hospital's system.": "请在医院系统中合并。",
    "The birth date lies in the future.": "出生日期在将来。",
    "The birth date lies more than 130 years ago.": "出生日期在 130 年以前。",
    "Correct it.": "请更正。",
    "The patient has died.": "患者已经死亡。",
    "The time of death lies in the future.": "死亡时间在将来。",
    "The time of death lies before the birth.": "死亡时间早于出生。",
    "A death at another time is recorded already.": "已记录过另一个死亡时间。",
    "Read the patient to see when; it ended the journeys, so nothing is left to be told.": (
        "请查看患者资料中的时间；各路径已随之结束，无需再报。"
    ),
    "'{}' is not a time zone; write an IANA name such as 'Asia/Shanghai'.": (
        "“{}”不是时区，请写 IANA 名称，例如 Asia/Shanghai。"
    ),
    # records that are one person's
    "The record went into another patient's.": "该患者的病历已并入另一名患者。",
    "`merged_into` of the patient says whose it is.": "患者资料中的 merged_into 说明并入了谁。",
    "That record went into another patient's.": "该病历已并入另一名患者。",
    "Undo that merge first.": "请先撤销那次合并。",
    "A record cannot go into itself.": "病历不能并入自身。",
    "There is no such merge.": "没有这次合并。",
    "That merge was undone already.": "这次合并已经撤销。",
    "The record went on into another one.": "该病历之后又并入了其他病历。",
    "Undo the later merge first.": "请先撤销较晚的合并。",
    # what other systems sent
    "There is no such message.": "没有这条消息。",
    "There is no such entry in the record.": "病历中没有这一项。",
    "There is nothing in quarantine under that id.": "隔离区没有这一项。",
    "The identifier system is missing.": "没有填写编号系统。",
    "Say whose number it is, such as his.": "请说明是哪个系统的编号，例如 his。",
    "There is no patient with that number.": "没有这个编号的患者。",
    "Check the number and whose it is.": "请核对编号及其所属系统。",
    "This was decided already.": "这一项已经处理过。",
    "Read it again.": "请重新查看。",
    "It is still not understood: {}.": "仍然无法识别：{}。",
    "Correct the patient, the code or the unit.": "请更正患者、代码或单位。",
    "Name the patient.": "请指定患者。",
    "Withdraw the death if it was a mistake.": "如死亡登记有误，请先撤销。",
    "It cannot be read, so it cannot be taken in.": "内容无法读取，不能放行。",
    "Have it sent anew, then discard this.": "请让对方重新发送，然后舍弃这一项。",
    # what holds everywhere
    "GET {} lists them.": "GET {} 可查看列表。",
    "GET {} lists the published ones.": "GET {} 可查看已发布的版本。",
    "The request is not valid.": "请求内容有误。",
    "The request does not have the expected shape; nothing changed.": "请求的格式不符，没有任何改动。",
    "Correct the fields named in `errors`; /docs shows the shape.": "请更正 errors 中列出的字段；格式见 /docs。",
    "It was changed since it was read.": "您查看之后，内容已被更新。",
    "Read the task again, then decide.": "请重新查看任务后再决定。",
    "This Idempotency-Key came with another request.": "该幂等键已用于另一个请求。",
    "Use a new key for a new request.": "新的请求请使用新的幂等键。",
    "The cursor is not one of ours.": "无法识别该游标。",
    "Begin with the first page.": "请从第一页开始。",
    "The request was sent to a name that is not of this machine.": "请求发往的主机名不属于本机。",
    "Use http://127.0.0.1 or http://localhost with the port of the server.": (
        "请使用 http://127.0.0.1 或 http://localhost 加服务端口。"
    ),
    "Send it in parts.": "请分批发送。",
    "/docs shows the addresses and what they take.": "各地址及其参数见 /docs。",
    "GET /fhir/R4/metadata shows what is served.": "支持的内容见 GET /fhir/R4/metadata。",
    "There is no such search any more.": "检索结果已过期。",
    "Search again.": "请重新检索。",
    "The database is away; try again in a moment.": "数据库暂时不可用，请稍后再试。",
    "The database is busy.": "数据库繁忙。",
    "The Temporal server is away; try again in a moment.": "流程引擎暂时不可用，请稍后再试。",
    "It is not ready yet; try again in a moment.": "尚未就绪，请稍后再试。",
    "The request could not be served; nothing is known of why.": "请求未能完成，原因不明。",
    "Ask an operator to look at the log.": "请联系管理员查看日志。",
}
FIELDS: Mapping[str, str] = {
    "Field required": "此项必填",
    "Extra inputs are not permitted": "没有这个字段",
    "This is not JSON.": "这不是 JSON。",
    "Input should be a valid string": "应为文本",
    "Input should be a valid number": "应为数字",
    "Input should be a valid integer": "应为整数",
    "Input should be a valid boolean": "应为 true 或 false",
    "Input should be a valid list": "应为列表",
    "Input should be a valid dictionary": "应为对象",
    "Input should be {}": "应为 {}",
    "String should have at least {} character": "至少 {} 个字符",
    "String should have at most {} characters": "最多 {} 个字符",
    "String should match pattern '{}'": "格式应符合 {}",
    "Input should be greater than or equal to {}": "应不小于 {}",
    "Input should be less than or equal to {}": "应不大于 {}",
    "Input should be a valid date or datetime, {}": "应为日期，例如 1961-03-02",
    "Input should be a valid datetime or date, {}": "应为时间，例如 2026-01-05T09:00:00+08:00",
    "a time written as text is expected, such as {}": "应为文本形式的时间，例如 {}",
    "a time between the years {} and {} is expected": "年份应在 {} 与 {} 之间",
    "text without control characters is expected": "文本不能含控制字符",
    "give at least one of {}": "请至少填写其中一项：{}",
}
"""What is wrong with a field, in the words of the reader of requests."""


def said(sentence: str, language: Language) -> str:
    """The sentence of an error in that language; in English where the tables do not hold it."""
    return sentence if language == "en" else _chinese(sentence)


def _chinese(sentence: str) -> str:
    exact = CHINESE.get(sentence) or FIELDS.get(sentence)
    if exact is not None or not sentence:
        return exact or ""
    for pattern, chinese in _patterns():
        if (match := pattern.fullmatch(sentence)) is not None:
            return chinese.format(*map(_chinese, match.groups()))
    return sentence


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(_compiled())


def _compiled() -> Iterator[tuple[re.Pattern[str], str]]:
    # The longer sentence is the more telling one.
    for english, chinese in sorted({**CHINESE, **FIELDS}.items(), key=lambda entry: -len(entry[0])):
        if "{}" in english:
            yield pattern_of(english), chinese


def pattern_of(english: str) -> re.Pattern[str]:
    """What fits a sentence of the tables."""
    return re.compile("(.*?)".join(map(re.escape, english.split("{}"))), re.DOTALL)
