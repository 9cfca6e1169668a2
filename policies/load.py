"""Folders of YAML → PolicySet. The only door of this floor: it reads files.

A folder holds `district.yaml`, `stages/` (presets), `schools/`, `groups/`,
`calendar/` (announced years `cn-YYYY.yaml`, else school calendars), `cases/`
(answered appeals), `registers/` (CSV) and `applications/` (masked by role). The shipped
folder comes first; a file of a later folder replaces the earlier one of the same id. All
problems of all files are collected in one DataError.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from policies.answers import Answers
from policies.applications import Application, clause
from policies.calendar import Year
from policies.policy import Policy, PolicySet, SchoolCalendar, Scope, Source
from policies.register import App, decoded, empty_policy, read_register, with_register
from rules.load import MAX_FILE, DataError, Problem, loads, read_text

SHIPPED = Path(__file__).parent
DISTRICT = "district"
FOLDERS = {"stages": Scope.PRESET, "schools": Scope.SCHOOL, "groups": Scope.GROUP}
CALENDAR = "calendar"
ANNOUNCED = "cn-"
CASES = "cases"
REGISTERS = "registers"
APPLICATIONS = "applications"


def load_years(folders: Sequence[Path] = ()) -> tuple[Year, ...]:
    """The announced years that are shipped, those of `folders` over them. Raises DataError."""
    years: dict[int, Year] = {}
    problems: list[Problem] = []
    for folder in (SHIPPED, *folders):
        problems += _announced(folder, years)
    if problems:
        raise DataError(problems)
    return tuple(years.values())


def _announced(folder: Path, years: dict[int, Year]) -> list[Problem]:
    """Put a folder's announced years over those known; what is wrong with its files."""
    problems: list[Problem] = []
    for path in sorted((folder / CALENDAR).glob(f"{ANNOUNCED}*.yaml")):
        try:
            year = loads(Year, read_text(path), str(path))
            _same_id(year.id, path)
        except DataError as error:
            problems += error.problems
            continue
        years[year.year] = year
    return problems


def load_policies(folders: Sequence[Path] = ()) -> PolicySet:
    """The shipped policies, with those of `folders` over them. Raises DataError.

    The shipped example school is left out as soon as a folder brings schools.
    """
    problems: list[Problem] = []
    policies: dict[str, Policy] = {}
    sources: dict[str, Source] = {}
    years: dict[int, Year] = {}
    calendars: dict[str, SchoolCalendar] = {}
    answers: list[Answers] = []
    registers: dict[str, tuple[str, tuple[App, ...]]] = {}
    applications: dict[str, tuple[str, Application]] = {}
    for folder in (SHIPPED, *folders):
        problems += _stray(folder)
        own = folder / "schools"
        if folder is not SHIPPED and any(own.glob("*.yaml")):
            policies = {n: p for n, p in policies.items() if sources[n].file not in _demo()}
        for path, scope in _files(folder):
            try:
                policy, text = _policy(path, scope)
            except DataError as error:
                problems += error.problems
                continue
            before = policies.get(policy.id)
            if before is not None and before.scope is not policy.scope:
                message = f"`{policy.id}` is already the id of a {before.scope} policy"
                problems.append(_wrong(path, message, "choose another id"))
                continue
            policies[policy.id] = policy
            sources[policy.id] = Source(file=str(path), text=text)
        problems += _announced(folder, years)
        for path in sorted((folder / CALENDAR).glob("*.yaml")):
            if path.name.startswith(ANNOUNCED):
                continue
            try:
                text = read_text(path)
                calendar = loads(SchoolCalendar, text, str(path))
                _same_id(calendar.id, path)
            except DataError as error:
                problems += error.problems
                continue
            calendars[calendar.id] = calendar
            sources[f"{CALENDAR}/{calendar.id}"] = Source(file=str(path), text=text)
        for path in sorted((folder / REGISTERS).glob("*.csv")):
            try:
                registers[path.stem] = (str(path), _register(path))
            except DataError as error:
                problems += error.problems
        for path in sorted((folder / APPLICATIONS).glob("*.yaml")):
            try:
                application = loads(Application, read_text(path), str(path))
                _same_id(application.id, path)
            except DataError as error:
                problems += error.problems
                continue
            applications[application.id] = (str(path), application)
        for path in sorted((folder / CASES).glob("*.yaml")):
            try:
                file = loads(Answers, read_text(path), str(path))
                _same_id(file.id, path)
            except DataError as error:
                problems += error.problems
                continue
            answers.append(file)
    for name, (file_name, apps) in registers.items():
        policy = policies.get(name) or empty_policy(name)
        if policy.scope not in (Scope.SCHOOL, Scope.GROUP):
            message = f"`{name}` is a {policy.scope} policy"
            remedy = "a register is named after a school or group"
            problems.append(_wrong(Path(file_name), message, remedy))
            continue
        source = sources.get(name, Source(file=file_name, text=""))
        rows = tuple((file_name, app.line) for app in apps)
        policies[name] = with_register(policy, apps)
        sources[name] = replace(source, own=len(policy.clauses), rows=rows)
    problems += _hosts_once(applications.values())
    _masked(policies, sources, list(applications.values()))
    if problems:
        raise DataError(problems)
    return PolicySet(
        applications=tuple(one for _, one in applications.values()),
        answers=tuple(answers),
        policies=tuple(policies.values()),
        years=tuple(years.values()),
        calendars=tuple(calendars.values()),
        sources={
            name: source
            for name, source in sources.items()
            if name in policies or name.startswith(f"{CALENDAR}/")
        },
    )


def _masked(
    policies: dict[str, Policy],
    sources: dict[str, Source],
    applications: Sequence[tuple[str, Application]],
) -> None:
    """Each application is one more clause of the district's, with its own file as its place."""
    district = policies.get(DISTRICT)
    if district is None or not applications:
        return
    clauses = district.clauses + tuple(clause(one) for _, one in applications)
    rows = tuple((file, 1) for file, _ in applications)
    policies[DISTRICT] = replace(district, clauses=clauses)
    sources[DISTRICT] = replace(sources[DISTRICT], own=len(district.clauses), rows=rows)


def _hosts_once(applications: Iterable[tuple[str, Application]]) -> list[Problem]:
    """A host is one application's."""
    seen: dict[str, str] = {}
    problems = []
    for file, one in applications:
        for host in one.hosts:
            if host in seen:
                message = f"`{host}` is already a host of `{seen[host]}`"
                problems.append(_wrong(Path(file), message, "name it in one file"))
            seen[host] = one.id
    return problems


def _demo() -> Iterable[str]:
    return {str(path) for path in (SHIPPED / "schools").glob("*.yaml")}


def _files(folder: Path) -> list[tuple[Path, Scope]]:
    files = [(folder / f"{DISTRICT}.yaml", Scope.DISTRICT)]
    for name, scope in FOLDERS.items():
        files += [(path, scope) for path in sorted((folder / name).glob("*.yaml"))]
    return [(path, scope) for path, scope in files if path.is_file()]


def _policy(path: Path, scope: Scope) -> tuple[Policy, str]:
    text = read_text(path)
    policy = loads(Policy, text, str(path))
    _same_id(policy.id, path)
    if policy.scope is not scope:
        raise DataError(
            [
                _wrong(
                    path,
                    f"scope `{policy.scope}` does not belong in this folder",
                    f"write `scope: {scope}`",
                )
            ]
        )
    return policy, text


def _register(path: Path) -> tuple[App, ...]:
    found = read_register(read_csv(path), str(path))
    if found.problems:
        raise DataError(found.problems)
    return found.apps


def read_csv(path: Path) -> str:
    """The text of a spreadsheet's CSV, UTF-8 or GB 18030. Raises DataError."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise DataError([_wrong(path, f"the file is larger than {MAX_FILE} bytes", "")])
        return decoded(path.read_bytes())
    except ValueError as error:
        raise DataError([_wrong(path, str(error), "save it as CSV UTF-8")]) from error
    except OSError as error:
        raise DataError([_wrong(path, f"cannot be read: {error.strerror}", "")]) from error


def _same_id(name: str, path: Path) -> None:
    if name != path.stem:
        raise DataError([_wrong(path, f"id `{name}` is not the file name", f"id: {path.stem}")])


def _stray(folder: Path) -> list[Problem]:
    """Files that nobody would read: better an error than a rule that silently does nothing."""
    if not folder.is_dir():
        return [_wrong(folder, "the policy folder does not exist", "give an existing folder")]
    names = (*FOLDERS, CALENDAR, CASES, REGISTERS, APPLICATIONS)
    known = ", ".join([f"{DISTRICT}.yaml", *(f"{name}/" for name in names)])
    stray = [path for path in folder.glob("*.y*ml") if path.name != f"{DISTRICT}.yaml"]
    stray += [path for name in names for path in (folder / name).glob("*.yml")]
    problems = [_wrong(path, "nobody reads this file", f"put it in {known}") for path in stray]
    if folder is not SHIPPED and not stray and not _holds(folder):
        problems.append(_wrong(folder, "the policy folder holds no policy", f"put in {known}"))
    return problems


def _holds(folder: Path) -> bool:
    return any(folder.glob("**/*.yaml")) or any((folder / REGISTERS).glob("*.csv"))


def _wrong(path: Path, message: str, remedy: str) -> Problem:
    return Problem(file=str(path), line=1, column=1, message=message, remedy=remedy)
