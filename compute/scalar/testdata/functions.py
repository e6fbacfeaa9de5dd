# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes functions.tsv: expressions over literals and what other implementations give for them.

    pip install rapidfuzz geographiclib mpmath python-dateutil tzdata
    python functions.py > functions.tsv

A line is an expression, its value as the reference prints it, and, where double arithmetic of the other side has an error, the
error that is allowed, relative to the value.
"""
import calendar, datetime, fractions, hashlib, json, math, random, re, urllib.parse, zoneinfo

import mpmath
from dateutil.relativedelta import relativedelta
from geographiclib.geodesic import Geodesic
from rapidfuzz.distance import JaroWinkler, Levenshtein

rnd = random.Random(6)


def q(s):
    return "'" + s.replace("'", "''") + "'"


def emit(expression, value, error=None):
    if value is None:
        value = "null"
    elif isinstance(value, bool):
        value = str(value).lower()
    elif isinstance(value, float):
        value = repr(value)
    elif isinstance(value, list):
        value = "[" + ", ".join("null" if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in value) + "]"
    line = [expression, str(value)] + ([repr(error)] if error is not None else [])
    assert not any("\t" in part or "\n" in part for part in line), line
    print("\t".join(line))


def word(alphabet, longest):
    return "".join(rnd.choice(alphabet) for _ in range(rnd.randint(0, longest)))


def patterns():
    for p in ["[0-9]+", "^a", "b$", "(a+)(b*)", "(?i)AB", "a|bc", "(x)?b", "", "[^a-c]", "a{2,3}", r"\d\w", "(a)(b)?(c)?"]:
        groups = re.compile(p, re.ASCII).groups
        for _ in range(8):
            s = word("aabbcxé12 -", 10)
            found = list(re.finditer(p, s, re.ASCII))
            emit(f"regexp_matches({q(s)}, {q(p)})", bool(found))
            for g in range(groups + 1):
                emit(f"regexp_extract({q(s)}, {q(p)}, {g})", found[0].group(g) if found else None)
            if p not in ("", "(a+)(b*)"):  # Python matches an empty string behind a match, RE2 does not
                emit(f"regexp_count({q(s)}, {q(p)})", len(found))
                emit(f"regexp_extract_all({q(s)}, {q(p)}, {groups})", [m.group(groups) for m in found])
                emit(f"regexp_replace({q(s)}, {q(p)}, '<\\0>')", re.sub(p, r"<\g<0>>", s, flags=re.ASCII))
                if groups:
                    emit(f"regexp_replace({q(s)}, {q(p)}, '\\{groups}\\\\\\1')", re.sub(p, lambda m: (m.group(groups) or "") + "\\" + (m.group(1) or ""), s, flags=re.ASCII))


def documents():
    def value(depth):
        kind = rnd.randrange(8 if depth else 6)
        if kind == 6:
            return [value(depth - 1) for _ in range(rnd.randint(0, 3))]
        if kind == 7:
            return {rnd.choice(["a", "b", "c d", "é", 'x"y']): value(depth - 1) for _ in range(rnd.randint(0, 4))}
        return [None, True, False, rnd.randint(-99, 99), rnd.choice([1.5, -0.25, 1e300]), word('ab "\\/é😀\n\t', 5)][kind]

    def paths(v, path):
        yield path, v
        if isinstance(v, list):
            for i, e in enumerate(v):
                yield from paths(e, path + f"[{i}]")
            yield path + f"[{len(v)}]", KeyError
        if isinstance(v, dict):
            for k, e in v.items():
                yield from paths(e, path + (f".{k}" if k.isalpha() else f"['{k}']"))
            yield path + ".z", KeyError

    for i in range(60):
        v = {"a": value(3)}
        doc = json.dumps(v, ensure_ascii=i % 2 == 0, indent=None)
        for path, found in list(paths(v, "$"))[:12]:
            if found is KeyError or found is None:
                text = None
            elif isinstance(found, str):
                text = found
            else:  # as it stands in doc, which json.dumps wrote
                text = json.dumps(found, ensure_ascii=i % 2 == 0)
            if text is None or not set(text) & set("\n\t"):
                emit(f"json_extract({q(doc)}, {q(path)})", text)
            if isinstance(found, list) and not any(isinstance(e, str) for e in found):
                emit(f"json_list({q(doc)}, {q(path)})", [None if e is None else json.dumps(e, ensure_ascii=i % 2 == 0) for e in found])
    for bad in ["", "{", "{'a': 1}", "[1,]", "nul", "01", '{"a": 1} 2', '"\\x"']:
        emit(f"json_extract({q(bad)}, '$.a')", None)
    emit("""json_extract('{"a": 1, "a": 2}', '$.a')""", 2)
    emit("""json_extract('{"a": "\\ud83d"}', '$.a')""", "\ufffd")


def addresses():
    for _ in range(120):
        host = rnd.choice(["example.com", "Shop.Example.CO.uk", "127.0.0.1", "[2001:DB8::1]", "a-b.io"])
        user = rnd.choice(["", "", "ann@", "ann:p%40w@"])
        port = rnd.choice(["", "", ":8080"])
        path = rnd.choice(["", "/", "/a/b", "/a%20b/c", "/x;y=1", "/a//b"])
        params = "&".join(rnd.choice(["q", "page", "a%20b", "é", ""]) + rnd.choice(["", "="]) + rnd.choice(["", "1", "red+shoes", "%C3%A9", "100%", "%zz", "a=b"])
                          for _ in range(rnd.randint(0, 4)))
        url = rnd.choice(["https", "http", "ftp", "app+x"]) + "://" + user + host + port + path
        url += ("?" + params if params else "") + rnd.choice(["", "#top", "#a?q=2"])
        parts = urllib.parse.urlsplit(url)
        emit(f"url_host({q(url)})", parts.hostname)
        emit(f"url_path({q(url)})", parts.path)
        for name in ["q", "page", "a b", "é"]:
            query = urllib.parse.parse_qs(parts.query, keep_blank_values=True)
            emit(f"url_query_param({q(url)}, {q(name)})", query[name][0] if name in query else None)
    for s in ["", "example.com/a", "://x", "1a://x", "mailto:a@b.c"]:
        for f in ["url_host", "url_path"]:
            emit(f"{f}({q(s)})", None)
    for s, want in [("a@b.c", "b.c"), ("A.B@X.ORG", "x.org"), ("a@b@c", "c"), ("@b", None), ("a@", None), ("ab", None), ("", None), ("a@b c", None)]:
        emit(f"email_domain({q(s)})", want)


def distances():
    for _ in range(150):
        a, b = word("abcé", 9), word("abcé", 9)
        if rnd.random() < 0.4:
            b = a[:3] + b
        emit(f"levenshtein({q(a)}, {q(b)})", Levenshtein.distance(a, b))
        emit(f"jaro_winkler({q(a)}, {q(b)})", JaroWinkler.similarity(a, b), 1e-15)
        emit(f"md5({q(a)})", hashlib.md5(a.encode()).hexdigest())
        emit(f"sha256({q(a)})", hashlib.sha256(a.encode()).hexdigest())


def element(v):
    return "null" if v is None else q(v) if isinstance(v, str) else str(v).lower() if isinstance(v, bool) else repr(v)


def literal(l):
    return "list_of(" + ", ".join(map(element, l)) + ")"


def collections():
    def draw(kind, longest=6, nulls=True):
        one = {"int": lambda: rnd.randint(-3, 3), "float": lambda: rnd.choice([0.1, 0.2, 1e15, -1e15, 2.5, -7.75]), "str": lambda: word("ab", 2)}[kind]
        return [None if nulls and rnd.random() < 0.15 else one() for _ in range(rnd.randint(1, longest))]

    for _ in range(40):
        kind = rnd.choice(["int", "float", "str"])
        l, m = draw(kind), draw(kind)
        if all(v is None for v in l) or all(v is None for v in m):
            continue  # an untyped list is one of int64
        a, b = literal(l), literal(m)
        there, other = [v for v in l if v is not None], [v for v in m if v is not None]
        x = rnd.choice(there + other)
        lo, hi = rnd.randint(-7, 7), rnd.randint(-7, 7)
        place = lambda p: p if p >= 0 else len(l) + 1 + p
        emit(f"list_position({a}, {element(x)})", l.index(x) + 1 if x in l else 0)
        emit(f"list_slice({a}, {lo}, {hi})", [v for i, v in enumerate(l, 1) if place(lo) <= i <= place(hi)])
        emit(f"list_reverse({a})", l[::-1])
        emit(f"list_sort({a})", sorted(there) + [None] * (len(l) - len(there)))
        emit(f"list_distinct({a})", list(dict.fromkeys(there)))
        emit(f"list_concat({a}, {b}, {a})", l + m + l)
        emit(f"list_min({a})", min(there))
        emit(f"list_max({a})", max(there))
        emit(f"jaccard({a}, {b})", len(set(there) & set(other)) / len(set(there) | set(other)))
        emit(f"list_has_any({a}, {b})", bool(set(there) & set(other)))
        emit(f"list_has_all({a}, {b})", set(there) >= set(other))
        emit(f"one_hot({element(x)}, {', '.join(map(element, dict.fromkeys(there)))})", [int(v == x) for v in dict.fromkeys(there)])
        if kind == "str":
            emit(f"list_join({a}, ', ')", ", ".join(there))
        else:
            emit(f"list_sum({a})", sum(there) if kind == "int" else math.fsum(there))
            emit(f"list_avg({a})", float(sum(map(fractions.Fraction, there)) / len(there)))
        if kind == "float":
            u, v = [rnd.uniform(-1, 1) for _ in range(5)], [rnd.uniform(-1, 1) for _ in range(5)]
            a, b = literal(u), literal(v)
            dot = math.fsum(i * j for i, j in zip(u, v))
            emit(f"list_dot({a}, {b})", dot, 1e-13 / max(abs(dot), 1e-3))
            emit(f"list_distance({a}, {b})", math.dist(u, v), 1e-14)
            cosine = dot / math.hypot(*u) / math.hypot(*v)
            emit(f"list_cosine({a}, {b})", cosine, 1e-13 / max(abs(cosine), 1e-3))


def numbers():
    for _ in range(60):
        x = rnd.choice([rnd.uniform(-3, 3), rnd.uniform(-700, 700), rnd.gauss(0, 1) * 10 ** rnd.randint(-12, 0)])
        exact = mpmath.mpf(x)
        for name, f in [("expm1", mpmath.expm1), ("sinh", mpmath.sinh), ("cosh", mpmath.cosh), ("tanh", mpmath.tanh),
                        ("cbrt", lambda v: mpmath.sign(v) * mpmath.cbrt(abs(v))), ("sigmoid", lambda v: 1 / (1 + mpmath.exp(-v))),
                        ("log1p", lambda v: mpmath.log1p(v) if v > -1 else None)]:
            value = f(exact)
            emit(f"{name}({x!r})", None if value is None else float(value), 6e-16)
        lo, hi = rnd.uniform(-5, 5), rnd.uniform(-5, 5)
        emit(f"min_max_scale({x!r}, {lo!r}, {hi!r})", (x - lo) / (hi - lo))
        emit(f"standard_scale({x!r}, {lo!r}, {hi!r})", (x - lo) / hi if hi > 0 else None)
    emit("min_max_scale(1, 2, 2)", None)


def calendars():
    for _ in range(50):
        name = rnd.choice(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])
        zone = zoneinfo.ZoneInfo(name)
        at = datetime.datetime(rnd.randint(1975, 2035), rnd.randint(1, 12), rnd.choice([1, 15, 28]), rnd.randint(0, 23), rnd.choice([0, 30]), 7, tzinfo=datetime.timezone.utc)
        at += datetime.timedelta(days=rnd.randint(0, 3))
        local, n = at.astimezone(zone), rnd.randint(-40, 40)
        text, day = f"timestamp '{at:%Y-%m-%dT%H:%M:%SZ}'", local.date()
        spans = {"day": relativedelta(days=n), "week": relativedelta(weeks=n), "month": relativedelta(months=n), "quarter": relativedelta(months=3 * n), "year": relativedelta(years=n)}
        for unit, span in spans.items():
            there = (local.replace(tzinfo=None) + span).replace(tzinfo=zone, fold=0).astimezone(datetime.timezone.utc)
            emit(f"date_add('{unit}', {n}, {text}, '{name}')", f"{there:%Y-%m-%dT%H:%M:%SZ}")
            emit(f"date_add('{unit}', {n}, date '{day}')", day + span)
        for unit, seconds in [("hour", 3600), ("minute", 60), ("second", 1)]:
            emit(f"date_add('{unit}', {n}, {text}, '{name}')", f"{at + datetime.timedelta(seconds=n * seconds):%Y-%m-%dT%H:%M:%SZ}")
        emit(f"last_day({text}, '{name}')", day.replace(day=calendar.monthrange(day.year, day.month)[1]))
        emit(f"is_weekend({text}, '{name}')", day.weekday() >= 5)
        emit(f"is_weekend(date '{day}')", day.weekday() >= 5)


def places():
    def distance(a, b, c, d):
        metres = Geodesic.WGS84.Inverse(a, b, c, d)["s12"]
        emit(f"geodesic_km({a!r}, {b!r}, {c!r}, {d!r})", metres / 1000, 1e-9 / max(metres / 1000, 1e-9))

    for _ in range(150):
        a, b = rnd.uniform(-90, 90), rnd.uniform(-180, 180)
        distance(a, b, rnd.uniform(-90, 90), rnd.uniform(-180, 180))
        distance(a, b, a + rnd.uniform(-1, 1) * 1e-4 if abs(a) < 89 else a, b + rnd.uniform(-1, 1) * 1e-4)  # near
        distance(a, b, -a + rnd.uniform(-1, 1) * 0.5 if abs(a) < 89 else -a, b + 180 + rnd.uniform(-1, 1) * 0.7 if b < 0 else b - 180 + rnd.uniform(-1, 1) * 0.7)  # opposite
    for a, b, c, d in [(0, 0, 0, 0), (0, 0, 0, 180), (0, 0, 0, 179.5), (0, 0, 0.5, 179.5), (0, 0, 0, 179.3), (90, 0, -90, 0), (90, 7, 45, 80), (-30, 0, 30, 180), (-30, 0, 29.9, 180),
                       (-30, 0, 30, 179.9), (45, -180, 45, 180), (0, 0, 1e-9, 179.9999), (10, 0, 10, 0), (1e-7, 0, 0, 90), (-89.9999, 0, 89.9999, 179.9), (-30, 0, 30, 179.99999999)]:
        distance(float(a), float(b), float(c), float(d))

    alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"

    def box(text):
        sides = [[-180.0, 180.0], [-90.0, 90.0]]
        for k, bit in enumerate("".join(f"{alphabet.index(c):05b}" for c in text)):
            lo, hi = sides[k % 2]
            sides[k % 2] = [(lo + hi) / 2, hi] if bit == "1" else [lo, (lo + hi) / 2]
        return sides

    def cell(lon, lat, length):
        sides, point, bits = [[-180.0, 180.0], [-90.0, 90.0]], (lon, lat), ""
        for k in range(5 * length):
            lo, hi = sides[k % 2]
            up = point[k % 2] >= (lo + hi) / 2
            bits += "01"[up]
            sides[k % 2] = [(lo + hi) / 2, hi] if up else [lo, (lo + hi) / 2]
        return "".join(alphabet[int(bits[i:i + 5], 2)] for i in range(0, len(bits), 5))

    for _ in range(60):
        text = "".join(rnd.choice(rnd.choice([alphabet, "bz0p"])) for _ in range(rnd.randint(1, 12)))
        (west, east), (south, north) = box(text)
        lon, lat, width, height = (west + east) / 2, (south + north) / 2, east - west, north - south
        emit(f"geohash_lat({q(text)})", lat)
        emit(f"geohash_lon({q(text)})", lon)
        around = [(0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1)]
        emit(f"geohash_neighbors({q(text)})", [None if abs(lat + n * height) > 90 else cell((lon + e * width + 180) % 360 - 180, lat + n * height, len(text)) for e, n in around])


def moments():
    rnd = random.Random(7)
    for _ in range(150):
        name = rnd.choice(["Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "America/Havana", "UTC"])
        at = datetime.datetime(rnd.randint(1975, 2035), rnd.randint(1, 12), rnd.choice([1, 2, 28]), rnd.randint(0, 23), rnd.randint(0, 59), rnd.randint(0, 59), rnd.choice([0, 7, 999999]), tzinfo=datetime.timezone.utc)
        local = at.astimezone(zoneinfo.ZoneInfo(name))
        for pattern in ["%Y-%m-%d %H:%M:%S", "%a %A, %b %B", "%j|%-j|%u|%G-W%V", "%-I:%M %p %I", "%F %T%z", "%f", "%-d.%-m.%y, 100%%"]:
            emit(f"strftime(timestamp '{at:%Y-%m-%dT%H:%M:%S.%fZ}', {q(pattern)}, '{name}')", local.strftime(pattern))
        day = local.date()
        emit(f"strftime(date '{day}', '%a %-d %b %Y, %G %V %u %j %%')", day.strftime("%a %-d %b %Y, %G %V %u %j %%"))
        other = day + datetime.timedelta(days=rnd.randint(-1500, 1500))
        gone = relativedelta(other, day)
        months = gone.years * 12 + gone.months
        days = (other - day).days
        for unit, n in [("day", days), ("week", int(days / 7)), ("month", months), ("quarter", int(months / 3)), ("year", gone.years)]:
            emit(f"elapsed('{unit}', date '{day}', date '{other}')", n)
            emit(f"elapsed('{unit}', timestamp '{day}', timestamp '{other}')", n)
        seconds = rnd.randint(-10**6, 10**6)
        for unit, length in [("second", 1), ("minute", 60), ("hour", 3600)]:
            emit(f"elapsed('{unit}', timestamp '{at:%Y-%m-%dT%H:%M:%SZ}', timestamp '{at + datetime.timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}')", int(seconds / length))
        y, m, d = rnd.randint(1900, 2100), rnd.randint(0, 13), rnd.randint(0, 32)
        try:
            made = datetime.date(y, m, d)
        except ValueError:
            made = None
        emit(f"make_date({y}, {m}, {d})", made)
        edges = [rnd.randint(-20, 20) for _ in range(rnd.randint(1, 5))]
        x = rnd.randint(-25, 25)
        emit(f"bin_index({x}, {', '.join(map(str, edges))})", sum(e <= x for e in edges))


patterns()
documents()
addresses()
distances()
collections()
numbers()
calendars()
places()
moments()
