# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes functions.tsv: expressions over literals and what other implementations give for them.

    pip install rapidfuzz geographiclib mpmath tzdata
    python functions.py > functions.tsv

A line is an expression, its value as the reference prints it, and, where double arithmetic of the other side has an error, the
error that is allowed, relative to the value.
"""
import datetime, hashlib, json, math, random, re, urllib.parse
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


patterns()
documents()
addresses()
distances()
