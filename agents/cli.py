"""The command line: every command of `tieout`, each a few lines that call the agent which does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from agents import console, letters, recording, sending
from agents.replay import Replay
from models.findings import STAGES
from models.policy import default, parse
from models.rules import rules as all_rules
from streams import topics as topic_specs
from streams.settings import Settings
from streams.sources import SYSTEMS, translators
from streams.sources import described as system_title

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
letters_app = typer.Typer(help="Look at dead letters and send them back.", no_args_is_help=True)
app.add_typer(letters_app, name="dead-letters")

Json = Annotated[bool, typer.Option("--json", help="JSON for programs.")]
_ORDER = ("info", "low", "medium", "high", "critical")


def settings_of(**changes: Any) -> Settings:
    """The settings of the environment with some replaced; ends with a message where they are wrong."""
    try:
        return Settings(**{name: value for name, value in changes.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(f"TIEOUT_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        console.fail(f"settings: {wrong}")


@app.command()
def demo(
    seconds: Annotated[float, typer.Option(help="How long the company is fed; then the demo ends by itself (0: stays).")] = 0.0,
    seed: Annotated[int, typer.Option(help="Which company.")] = 1,
    contracts: Annotated[int, typer.Option(min=5, max=2000)] = 200,
    faults: Annotated[int, typer.Option(min=0, help="How many contracts get a divergence.")] = 50,
    folder: Annotated[Path, typer.Option(help="Where its log is kept; running again resumes.")] = Path("tieout-data/demo"),
    json: Json = False,
) -> None:
    """A worker, a simulated company and the pages in one process; Ctrl-C leaves a clean log."""
    from agents import running

    settings = settings_of(data_dir=folder, app_id="tieout-demo")
    with console.told():
        running.demo(settings, seed, contracts, faults, seconds, json)


@app.command()
def worker() -> None:
    """The service: consume, correlate, publish, serve pages. Settings are TIEOUT_* variables."""
    from agents import running

    with console.told():
        running.worker(settings_of())


@app.command()
def send(
    system: Annotated[str, typer.Argument(help="Which system the payloads are of: salesforce, zuora, ...")],
    files: Annotated[list[Path], typer.Argument(help="JSON, JSONL or XML files of native payloads.")],
    tenant: Annotated[str | None, typer.Option(help="The organisation, as that system spells it.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="manifest.json with received_at and headers of the files.")] = None,
    json: Json = False,
) -> None:
    """Put native payloads on a system's source topic, also while a worker runs."""
    with console.told():
        count = sending.send(settings_of(), system, files, tenant, manifest)
    console.as_json({"sent": count}) if json else console.out.print(f"{count} payloads sent to {topic_specs.source(system)}")


@app.command()
def replay(
    paths: Annotated[list[Path], typer.Argument(help="Folders of NNN-system-event.json files, or .jsonl files.")],
    mapping: Annotated[Path | None, typer.Option(help="A mapping instead of the ones beside the events.")] = None,
    policy: Annotated[list[Path] | None, typer.Option(help="A policy; two: the difference in alerts.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="What was known then (ISO, with zone).")] = None,
    until: Annotated[str | None, typer.Option(help="Let the clock run on to then, so that lateness shows.")] = None,
    fail_on: Annotated[str | None, typer.Option("--fail-on", help="Exit 3 if an alert of this severity is left open.")] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines (the default).")] = True,
) -> None:
    """Fold recorded native events without a broker; prints outputs as JSON lines."""
    del json
    if fail_on is not None and fail_on not in _ORDER:
        console.fail(f"--fail-on {fail_on}: choose one of {', '.join(_ORDER)}")
    with console.told():
        chosen = [parse(path.read_text("utf-8"), str(path)) for path in policy or ()] or [default()]
        if len(chosen) > 2:
            console.fail("--policy can be given once or twice")
        records = recording.read(paths)
        mappings = recording.mappings_of(records, mapping)
        stop = recording.instant(until, "--until") if until else None
        known = recording.instant(as_of, "--as-of") if as_of else None
        machines = [Replay(mappings, one) for one in chosen]
        runs = (machine.run(console.progress(records, "replaying"), stop, known) for machine in machines)
        outputs = _difference(*[list(run) for run in runs]) if len(chosen) == 2 else next(runs)
        left = _print(outputs)
    if fail_on is not None and any(_ORDER.index(severity) >= _ORDER.index(fail_on) for severity in left.values()):
        raise typer.Exit(3)


def _print(outputs: Iterator[dict[str, Any]]) -> dict[str, str]:
    """Print each output; returns the severity of each alert that is left open."""
    left: dict[str, str] = {}
    for output in outputs:
        console.as_json(output)
        if output["kind"] == "alert":
            left.pop(output["alert"], None)
            if output["state"] != "closed":
                left[output["alert"]] = output["severity"]
    return left


def _difference(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The alerts that open under one of two policies only."""
    first, second = ({o["alert"]: o for o in run if o["kind"] == "alert" and o["state"] == "opened"} for run in (before, after))
    yield from ({**first[alert], "policy_change": "gone"} for alert in sorted(first.keys() - second.keys()))
    yield from ({**second[alert], "policy_change": "new"} for alert in sorted(second.keys() - first.keys()))


@app.command()
def rules(code: Annotated[str | None, typer.Argument(help="One rule, explained.")] = None, json: Json = False) -> None:
    """The divergence rules, from their own words."""
    known = all_rules()
    if code is not None:
        if code not in known:
            console.fail(f"there is no rule {code}; `tieout rules` lists them")
        known = {code: known[code]}
    rows = [
        {"rule": r.code, "title": r.title, "severity": str(r.severity), "stage": STAGES.get(r.code), "text": r.text} for r in known.values()
    ]
    if json:
        console.as_json(rows)
    elif code is not None:
        console.out.print(f"{code}: {rows[0]['title']} ({rows[0]['severity']})\n\n{rows[0]['text']}", markup=False)
    else:
        console.table("Rules", ("rule", "title", "severity"), ((r["rule"], r["title"], console.styled(str(r["severity"]))) for r in rows))


@app.command()
def systems(json: Json = False) -> None:
    """The systems, and which of them have a translator."""
    there = translators()
    rows = [{"system": s, "translator": s in there, "topic": topic_specs.source(s), "title": system_title(s)} for s in SYSTEMS]
    if json:
        console.as_json(rows)
    else:
        console.table(
            "Systems",
            ("system", "translator", "what"),
            ((r["system"], "yes" if r["translator"] else "not yet: counted and skipped", r["title"]) for r in rows),
        )


@app.command()
def simulate(
    folder: Path,
    seed: int = 1,
    contracts: Annotated[int, typer.Option(min=5, max=2000)] = 200,
    faults: Annotated[int, typer.Option(min=0)] = 50,
    months: Annotated[int, typer.Option(min=4, max=60)] = 14,
    json: Json = False,
) -> None:
    """Write a labelled history: native events, and the divergences that must be found."""
    from agents.simulator import history, write
    from agents.simulator.scenario import START

    with console.told():
        made = history(seed, contracts, START, months, faults)
        write(made, folder)
    figures = {"events": len(made.events), "injected": len(made.injected), "folder": str(folder)}
    console.as_json(figures) if json else console.out.print(f"{figures['events']:,} events, {figures['injected']} divergences in {folder}")


@app.command()
def check(json: Json = False) -> None:
    """Validate settings, policy and mapping, and reach the broker; says what is wrong in words."""
    from agents import checking

    rows = checking.checks()
    if json:
        console.as_json([{"check": name, "ok": ok, "says": says} for name, ok, says in rows])
    else:
        console.table("Check", ("what", "result", "says"), ((name, "ok" if ok else "WRONG", says) for name, ok, says in rows))
    if not all(ok for _, ok, _ in rows):
        raise typer.Exit(1)


@app.command()
def topics(create: Annotated[bool, typer.Option(help="Create those that do not exist.")] = False, json: Json = False) -> None:
    """The topics with their settings, and whether they exist."""
    with console.told():
        rows = sending.topics(settings_of(), create)
    if json:
        console.as_json(rows)
    else:
        console.table("Topics", ("topic", "partitions", "retention", "records", "exists"), (tuple(r.values()) for r in rows))


@letters_app.command("list")
def list_letters(limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50, json: Json = False) -> None:
    """Dead letters: where each came from and why it was refused."""
    with console.told():
        rows = letters.look(settings_of(), limit)
    if json:
        console.as_json(rows)
    else:
        console.table("Dead letters", ("place", "topic", "code", "message", "attempt"), (tuple(r.values())[:5] for r in rows))


@letters_app.command("show")
def show_letter(place: Annotated[str, typer.Argument(help="partition:offset, as listed.")]) -> None:
    """The bytes of one dead letter, untouched."""
    with console.told():
        typer.echo(letters.payload(settings_of(), place))


@letters_app.command("redrive")
def redrive(
    places: Annotated[list[str], typer.Argument(help="partition:offset of each, or `all`.")],
    go: Annotated[bool, typer.Option("--go", help="Really send; without it only says what would be sent.")] = False,
    json: Json = False,
) -> None:
    """Send dead letters back to the topic they came from, after a fix."""
    with console.told():
        rows = letters.redrive(settings_of(), places, go)
    console.as_json(rows) if json else console.table(
        "Redriven" if go else "Would redrive (--go sends)", ("place", "topic", "code"), (tuple(r.values())[:3] for r in rows)
    )


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
