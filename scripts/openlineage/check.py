# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0

"""Reads OpenLineage events as the specification's own Python client does.

The classes of openlineage-python are generated from the schemas of the specification. Each event, and each facet by the schema that its
_schemaURL names, is made into one: a key that the schema has not, one that it requires and the event has not, a value of another type,
or a version of a schema that is not the client's fails.

    python check.py FILE...      JSON lines, or one event a file
    python check.py --selftest FILE
"""

import copy
import importlib
import inspect
import json
import pkgutil
import sys
import types
import typing

import attr
import openlineage.client.event_v2
import openlineage.client.generated as generated

CLASSES = {}
for module in pkgutil.iter_modules(generated.__path__):
    loaded = importlib.import_module(f"{generated.__name__}.{module.name}")
    for _, kind in inspect.getmembers(loaded, inspect.isclass):
        if kind.__module__ == loaded.__name__ and hasattr(kind, "_get_schema"):
            CLASSES[kind._get_schema()] = kind


class Wrong(Exception):
    pass


def make(kind, value, at):
    """Makes a value of a type of the client."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if kind is typing.Any or isinstance(kind, typing.TypeVar):
        return value
    if origin in (typing.Union, types.UnionType):
        faults = []
        for one in args:
            try:
                return make(one, value, at)
            except Wrong as fault:
                faults.append(str(fault))
        raise Wrong("; ".join(faults))
    if origin is list:
        return [make(args[0], v, f"{at}[{i}]") for i, v in enumerate(of(list, value, at))]
    if origin is dict:
        return {k: make(args[1], v, f"{at}.{k}") for k, v in of(dict, value, at).items()}
    if attr.has(kind):
        return filled(kind, of(dict, value, at), at)
    if inspect.isclass(kind) and hasattr(kind, "__members__"):
        if not isinstance(value, str) or value not in kind.__members__:
            raise Wrong(f"{at}: {value!r} is not one of {list(kind.__members__)}")
        return kind[value]
    return of((int, float) if kind is float else kind, value, at)


def of(kind, value, at):
    if not isinstance(value, kind) or isinstance(value, bool) and kind is not bool:
        raise Wrong(f"{at}: {value!r} is no {kind}")
    return value


def filled(kind, value, at):
    """Makes an object of the class that it says it is."""
    if "_schemaURL" in value:
        named = CLASSES.get(str(value["_schemaURL"]))
        if named is None or not issubclass(named, kind):
            raise Wrong(f"{at}: {value['_schemaURL']} is no {kind.__name__} of this client")
        kind = named
    elif "_producer" in {f.name for f in attr.fields(kind)}:
        raise Wrong(f"{at}: no _schemaURL")
    names = {}
    for base in reversed(kind.__mro__):
        names |= vars(sys.modules[base.__module__])
    attr.resolve_types(kind, globalns=names)
    fields = {f.name: f for f in attr.fields(kind)}
    for name in value.keys() - fields.keys():
        raise Wrong(f"{at}: the schema of {kind.__name__} has no {name}")
    needed = {n for n, f in fields.items() if f.default is attr.NOTHING and f.init}
    if "_producer" in fields:
        needed.add("_producer")
    for name in needed - value.keys():
        raise Wrong(f"{at}: the schema of {kind.__name__} requires {name}")
    given = {n: make(fields[n].type, v, f"{at}.{n}") for n, v in value.items()}
    settable = {fields[n].alias: v for n, v in given.items() if fields[n].init}
    try:
        return kind(**settable)
    except (TypeError, ValueError) as fault:
        raise Wrong(f"{at}: {fault}") from fault


def check(event):
    kind = CLASSES.get(str(event.get("schemaURL")))
    if kind is not openlineage.client.event_v2.RunEvent:
        raise Wrong(f"schemaURL: {event.get('schemaURL')} is no run event of this client")
    return filled(kind, event, "event")


def events(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        return [json.loads(text)]
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines() if line]


def places(value, at=()):
    """Every key of an object, at whatever depth."""
    for key, v in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*at, key)
        yield from places(v, (*at, key))


def selftest(event):
    """Changes one place of an event after the other: a key that is not in the schema has to be seen everywhere that keys are not free."""
    check(event)
    missed = []
    for at in places(event):
        wrong = copy.deepcopy(event)
        holder = wrong
        for step in at[:-1]:
            holder = holder[step]
        if not isinstance(holder, dict):
            continue
        holder[at[-1]] = {"no": ["such", "value"]}
        try:
            check(wrong)
            missed.append(".".join(map(str, at)))
        except Wrong:
            pass
    return missed


def main(args):
    if args[:1] == ["--selftest"]:
        missed = selftest(events(args[1])[0])
        print(f"{args[1]}: {len(missed)} wrong values are not seen{': ' if missed else ''}{', '.join(missed)}")
        return bool(missed)
    bad = seen = 0
    for path in args:
        for i, event in enumerate(events(path)):
            seen += 1
            try:
                check(event)
            except Wrong as fault:
                bad += 1
                print(f"{path}:{i + 1}: {fault}")
    print(f"{seen} events, {bad} wrong")
    return bad > 0 or seen == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
