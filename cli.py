"""The `tongxing` command. What a person reads is Chinese with English beside it."""

import asyncio
import json
import os
import ssl
import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from activities.clock import utc_now
from activities.logs import write_logs
from pathways.errors import Misconfigured, NotFound, PathwayProblems, TongxingError
from pathways.language.release import Release
from pathways.language.schedule import zone_named
from pathways.language.schema import json_schema
from pathways.proof.rehearse import Player
from settings import Settings, read_settings
from store import library

FAILED, REFUSED = 1, 2
"""Exit statuses: what was looked at is not in order; what was asked for cannot be done."""
PUBLISHER = "command"
HL7_PORT = 2575

app = typer.Typer(
    name="tongxing",
    help="同行：医院诊疗路径引擎 · Tongxing: a care-pathway engine for hospitals",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

hl7 = typer.Typer(
    name="hl7",
    help="HL7 消息：发送、重新接收、检查映射文件 · HL7: send messages, take them in again, check a mapping file",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(hl7)

State = Annotated[
    Path | None,
    typer.Option(help="数据目录，默认为 .tongxing · State folder, .tongxing where left out", show_default=False),
]
Port = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=65535,
        help="接口端口 · Port of the API, 8000 where left out; a free one for 0 or a taken one",
        show_default=False,
    ),
]
Fresh = Annotated[
    bool,
    typer.Option("--fresh", help="移开原有数据，重新开始 · Set the old state aside and begin anew"),
]
Demo = Annotated[bool, typer.Option(help="建立演示患者 · Make demonstration patients")]
Pathways = Annotated[
    list[Path],
    typer.Argument(
        help="路径文件夹、其中的 pathway.yaml，或多个路径所在的文件夹 · "
        "A pathway's folder, its pathway.yaml, or a folder of such folders",
        show_default=False,
    ),
]
Pathway = Annotated[
    Path,
    typer.Argument(
        help="路径文件夹，或多个路径所在的文件夹 · A pathway's folder, or a folder of such folders", show_default=False
    ),
]
Scenarios = Annotated[
    Path,
    typer.Argument(
        help="路径文件夹、多个路径所在的文件夹，或一个情景文件 · "
        "A pathway's folder, a folder of such folders, or one scenario file",
        show_default=False,
    ),
]
Demonstration = Annotated[
    bool,
    typer.Option(
        "--demonstration",
        help="仅用于演示数据 · For demonstration data alone: parameters may be unconfirmed",
    ),
]
Durable = Annotated[
    bool,
    typer.Option(
        "--durable",
        help="经由工作流、数据库与跳时服务器演练 · Through workflows, a store and a server that skips time",
    ),
]
Explain = Annotated[
    bool,
    typer.Option("--explain", help="输出全部经过与原因 · Print the whole timeline with every reason"),
]
Role = Annotated[str | None, typer.Option(help="角色 · Of this role, such as diabetes-nurse", show_default=False)]
Overdue = Annotated[bool, typer.Option("--overdue", help="仅逾期 · Overdue ones alone")]
Url = Annotated[
    str | None,
    typer.Option(
        help="服务地址，默认为本机正在运行的服务 · Address of the server; where left out, the one on the state folder",
        show_default=False,
    ),
]

MessageFile = Annotated[
    Path, typer.Argument(help="含一条或多条消息的文件 · A file with one message or several", show_default=False)
]
MappingOf = Annotated[Path, typer.Argument(help="映射文件 · A mapping file", show_default=False)]
Host = Annotated[str, typer.Option(help="接收方地址 · Address of the receiver")]
Hl7Port = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=65535,
        help="接收方端口，默认为设置中的端口或 2575 · Its port; where left out, the one that is set, or 2575",
        show_default=False,
    ),
]
Tls = Annotated[bool, typer.Option("--tls", help="使用 TLS · Speak TLS")]
TlsCa = Annotated[
    Path | None,
    typer.Option(help="签发接收方证书的机构 · The authority that signed its certificate (PEM)", show_default=False),
]
Transmissions = Annotated[list[str] | None, typer.Argument(help="消息编号 · Ids of messages", show_default=False)]
Failed = Annotated[bool, typer.Option("--failed", help="全部未能读取的消息 · All that could not be read")]
Since = Annotated[
    datetime | None,
    typer.Option(
        help="此时间之后收到的消息 · Those received since this time, in the hospital's zone", show_default=False
    ),
]


def main() -> None:
    """Run the command; an error of ours is told in words, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a terminal that cannot show Chinese must not end the program
            reconfigure(errors="replace")
    try:
        app()
    except TongxingError as error:
        _complain(error)
        sys.exit(FAILED if isinstance(error, PathwayProblems) else REFUSED)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read the output wants no more of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except OSError as refused:
        _complain(
            Misconfigured(f"{refused.filename or 'The machine'}: {refused.strerror}.", hint="See `tongxing doctor`.")
        )
        sys.exit(REFUSED)


@app.command()
def up(state: State = None, port: Port = None, fresh: Fresh = False, demo: Demo = True) -> None:
    """在本机启动全部服务 · Start everything on this machine; Ctrl-C ends it, the next start resumes."""
    import installation

    installation.run(_settings(state_dir=state, api_port=port), _say, fresh=fresh, demo=demo)


@app.command()
def worker() -> None:
    """运行工作进程 · Run the worker: journeys, delivery of the inbox, sending of messages."""
    from worker import run_worker

    settings = _made(read_settings())
    write_logs(settings.log_level)
    run_worker(settings)


@app.command()
def api() -> None:
    """运行接口与任务列表页面 · Run the API and the worklist page."""
    from server import run_api

    settings = _made(read_settings())
    write_logs(settings.log_level)
    run_api(settings, _say)


@app.command()
def migrate() -> None:
    """升级数据库结构 · Bring the database up to date."""
    from store.database import open_database

    database = open_database(_made(read_settings()).database_url)
    try:
        database.migrate()
    finally:
        database.close()
    _say("数据库已是最新 · The database is up to date.")


@app.command()
def check(paths: Pathways) -> None:
    """检查路径文件 · Tell every problem in the files of pathways at its place; status 1 where one is an error."""
    errors = 0
    for folder in (folder for path in paths for folder in library.pathway_folders(path)):
        reading = library.examine(folder)
        for problem in reading.problems:
            typer.echo(problem)
        count = sum(problem.severity == "error" for problem in reading.problems)
        warnings = len(reading.problems) - count
        errors += count
        sign = "✗" if count else "✓"
        _say(f"{sign} {folder}: {count} 个错误，{warnings} 个提醒 · errors: {count}, warnings: {warnings}")
    if errors:
        raise typer.Exit(FAILED)


@app.command()
def rehearse(path: Scenarios, durable: Durable = False, explain: Explain = False) -> None:
    """演练情景 · Play scenario files through the engine; status 1 where a line is not met."""
    one = path.is_file() and path.suffix == ".yaml" and path.name != library.PATHWAY_FILE
    plays = [
        (release, file, content)
        for folder in library.pathway_folders(path.parent.parent if one else path)
        for release in (library.release(folder),)
        for file, content in library.scenario_files(path if one else folder).items()
    ]
    if not plays:
        raise NotFound(f"There is no scenario in {path}.", hint="Write some: docs/scenarios.md says how.")
    failed = 0
    with _player(durable=durable) as player:
        for number, play in enumerate(plays, start=1):
            if durable:
                typer.echo(f"情景 {number}/{len(plays)} · scenario {number} of {len(plays)}", err=True)
            failed += not _played(player, *play, explained=explain)
    _say(f"情景 {len(plays)} 个，未通过 {failed} 个 · scenarios: {len(plays)}, failed: {failed}")
    if failed:
        raise typer.Exit(FAILED)


@app.command()
def publish(path: Pathway, demonstration: Demonstration = False) -> None:
    """发布路径 · Publish pathways: a changed file is a new release, running journeys keep theirs."""
    from store import releases
    from store.database import open_database

    ready = [library.release(folder) for folder in library.pathway_folders(path)]
    database = open_database(_made(read_settings()).database_url)
    try:
        if not database.schema_current():
            raise Misconfigured("The database is not up to date.", hint="Run `tongxing migrate` first.")
        with database.write() as session:
            for release in ready:
                row = releases.publish(session, release, by=PUBLISHER, now=utc_now(), demonstration=demonstration)
                if row.demonstration:
                    _say("*** 仅供演示，勿用于患者 · DEMONSTRATION DATA ALONE, not for patients ***")
                    _say(f"未确认 · not confirmed: {', '.join(release.unconfirmed) or '-'}")
                _say(f"{row.pathway}: 版本 {row.number} · release {row.number}")
                typer.echo(row.checksum)
    finally:
        database.close()


@app.command()
def schema() -> None:
    """输出路径文件的 JSON Schema · Print the JSON Schema of pathway, form and message files, for editors."""
    typer.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))


@app.command()
def tasks(role: Role = None, overdue: Overdue = False, url: Url = None, state: State = None) -> None:
    """在终端查看任务列表 · Show the worklist in the terminal."""
    from api import terminal
    from workflows.statefolder import StateFolder

    settings = _settings(state_dir=state)
    running = StateFolder(settings.state_dir).running()
    found = url or (running and running.api) or f"http://{settings.api_host}:{settings.api_port}"
    terminal.show_tasks(Console(), found, role=role, overdue=overdue, english=_is_english())


@hl7.command(name="send")
def hl7_send(
    file: MessageFile, host: Host = "127.0.0.1", port: Hl7Port = None, tls: Tls = False, tls_ca: TlsCa = None
) -> None:
    """发送消息并显示应答 · Send messages over MLLP and tell each answer; status 1 where one is not AA."""
    from api.hl7.sending import messages_in, send

    messages = messages_in(file.read_bytes())
    context = ssl.create_default_context(cafile=tls_ca) if tls or tls_ca else None
    wanted = port or read_settings().hl7_port or HL7_PORT

    async def exchange() -> int:
        failed = 0
        async for answer in send(messages, host=host, port=wanted, tls=context):
            _say(str(answer))
            failed += not answer.well
        return failed

    failed = asyncio.run(exchange())
    _say(f"消息 {len(messages)} 条，未被接收 {failed} 条 · messages: {len(messages)}, not accepted: {failed}")
    if failed:
        raise typer.Exit(FAILED)


@hl7.command(name="replay")
def hl7_replay(ids: Transmissions = None, failed: Failed = False, since: Since = None, state: State = None) -> None:
    """重新接收消息 · Take messages in again with today's mapping; status 1 where one is not understood."""
    from api.hl7.replaying import chosen, replay
    from server import mailroom_of
    from store.database import open_database

    settings = _settings(state_dir=state)
    database = open_database(settings.database_url)
    try:
        at = None if since is None else since.replace(tzinfo=zone_named(settings.zone))
        wanted = chosen(database, ids=ids or (), failed=failed, since=at)
        count = 0
        for one in replay(mailroom_of(settings, database), wanted, now=utc_now()):
            _say(str(one))
            count += not one.well
    finally:
        database.close()
    _say(f"消息 {len(wanted)} 条，仍未理解 {count} 条 · messages: {len(wanted)}, still not understood: {count}")
    if count:
        raise typer.Exit(FAILED)


@hl7.command(name="check")
def hl7_check(file: MappingOf) -> None:
    """检查映射文件 · Tell every problem in a mapping file at its place; status 1 where there is one."""
    from api.mapping_reading import problems_of

    problems = problems_of(str(file), file.read_bytes())
    for problem in problems:
        typer.echo(problem)
    _say(f"{'✗' if problems else '✓'} {file}: {len(problems)} 个错误 · errors: {len(problems)}")
    if problems:
        raise typer.Exit(FAILED)


@app.command()
def doctor(state: State = None) -> None:
    """检查运行环境 · Say what is missing and what to do; status 1 where something is."""
    import doctor as checks

    signs = {"ok": "✓", "note": "·", "missing": "✗"}
    found = checks.examine(_settings(state_dir=state))
    table = Table.grid(padding=(0, 2))
    for one in found:
        told = f"{one.what}\n→ {one.to_do}" if one.to_do else one.what
        table.add_row(signs[one.state], " · ".join(dict.fromkeys((one.about.zh, one.about.en))), told)
    Console(highlight=False, markup=False).print(table)
    missing = sum(one.state == "missing" for one in found)
    _say(f"缺少 {missing} 项 · missing: {missing}" if missing else "一切就绪 · All is in order.")
    if missing:
        raise typer.Exit(FAILED)


def _player(*, durable: bool) -> AbstractContextManager[Player]:
    from pathways.proof.rehearse import rehearse

    if not durable:
        return nullcontext(rehearse)
    from stage import durable_player

    return durable_player()


def _played(player: Player, release: Release, file: Path, content: bytes, *, explained: bool) -> bool:
    """Tell what came of a scenario; whether it went as written."""
    from api.words import REASONS
    from pathways.proof.explain import explain
    from pathways.proof.reading import read_scenario

    try:
        rehearsal = player(release, read_scenario(str(file), content, release))
    except PathwayProblems as unreadable:
        typer.echo(unreadable)
        return False
    typer.echo(rehearsal)
    if explained:
        _say("\n".join(explain(rehearsal, REASONS, english=_is_english())))
    return not rehearsal.failures


def _settings(**options: Any) -> Settings:
    return read_settings(**{name: value for name, value in options.items() if value is not None})


def _made(settings: Settings) -> Settings:
    """The settings, with the state folder there if the database is in it."""
    if settings.database_url.startswith("sqlite"):
        try:
            settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as refused:
            raise Misconfigured(
                f"The state folder {settings.state_dir} cannot be made: {refused.strerror}.",
                hint="Correct the permissions, or set TONGXING_STATE_DIR.",
            ) from None
    return settings


def _say(line: str) -> None:
    typer.echo(line)
    sys.stdout.flush()


def _is_english() -> bool:
    told = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return told.startswith("en")


def _complain(error: TongxingError) -> None:
    from api.errors import kind_of

    title = kind_of(error).title
    typer.echo(f"{title.en if _is_english() else title.zh}: {error}", err=True)


if __name__ == "__main__":
    main()
