// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"selfsame/internal/plaintext"
	"selfsame/registry"
)

// load reads records with the rows of the other tables.
func (s *Store) load(ctx context.Context, after int64) ([]*registry.Record, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	rows, err := conn.Query(ctx, s.sql(`SELECT id, time, project, author, message, git_commit, engine FROM $S.applies WHERE id > $1 ORDER BY id`), after)
	if err != nil {
		return nil, err
	}
	var out []*registry.Record
	var r registry.Record
	if _, err := pgx.ForEachRow(rows, []any{&r.ID, &r.Time, &r.Project, &r.Author, &r.Message, &r.Commit, &r.Engine}, func() error {
		one := r
		out = append(out, &one)
		return parse(&one.Project, &one.Author, &one.Message, &one.Commit, &one.Engine)
	}); err != nil || len(out) == 0 {
		return nil, err
	}
	p := &parts{records: out, first: out[0].ID}
	batch := &pgx.Batch{}
	for _, q := range []struct {
		statement string
		visit     func(rows pgx.Rows) error
	}{
		{`SELECT apply, path, hash FROM $S.files WHERE apply BETWEEN $1 AND $2 ORDER BY apply, path COLLATE "C"`, p.files},
		{`SELECT apply, view, feature, version, hash, words, found FROM $S.features WHERE apply BETWEEN $1 AND $2 ORDER BY apply, view COLLATE "C", feature COLLATE "C"`, p.features},
		{`SELECT apply, name, version, hash, entries FROM $S.services WHERE apply BETWEEN $1 AND $2 ORDER BY apply, name COLLATE "C"`, p.services},
		{`SELECT apply, kind, subject, body FROM $S.acts WHERE apply BETWEEN $1 AND $2 ORDER BY apply, seq`, p.acts},
	} {
		batch.Queue(s.sql(q.statement), p.first, out[len(out)-1].ID).Query(q.visit)
	}
	return out, conn.SendBatch(ctx, batch).Close()
}

// parts puts the rows of the other tables into their records.
type parts struct {
	records []*registry.Record
	first   int64
}

func (p *parts) of(id int64) (*registry.Record, error) {
	if i := id - p.first; i >= 0 && i < int64(len(p.records)) && p.records[i].ID == id {
		return p.records[i], nil
	}
	return nil, fmt.Errorf("%w: there is no record %d", errDamaged, id)
}

// visit reads rows into the columns and calls put with the record that each belongs to.
func (p *parts) visit(rows pgx.Rows, columns []any, put func(r *registry.Record) error) error {
	var id int64
	_, err := pgx.ForEachRow(rows, append([]any{&id}, columns...), func() error {
		r, err := p.of(id)
		if err != nil {
			return err
		}
		return put(r)
	})
	return err
}

func (p *parts) files(rows pgx.Rows) error {
	var f registry.FileRecord
	return p.visit(rows, []any{&f.Path, &f.Hash}, func(r *registry.Record) error {
		r.Files = append(r.Files, f)
		return parse(&r.Files[len(r.Files)-1].Path)
	})
}

func (p *parts) features(rows pgx.Rows) error {
	var f registry.FeatureRecord
	return p.visit(rows, []any{&f.View, &f.Feature, &f.Version, &f.Hash, &f.Words, &f.Found}, func(r *registry.Record) error {
		r.Features = append(r.Features, f)
		return nil
	})
}

func (p *parts) services(rows pgx.Rows) error {
	var v registry.ServiceRecord
	var entries []byte
	return p.visit(rows, []any{&v.Name, &v.Version, &v.Hash, &entries}, func(r *registry.Record) error {
		v.Entries = nil
		if err := json.Unmarshal(entries, &v.Entries); err != nil {
			return fmt.Errorf("%w: the list of service %s in record %d: %w", errDamaged, v.Name, r.ID, err)
		}
		r.Services = append(r.Services, v)
		return nil
	})
}

func (p *parts) acts(rows pgx.Rows) error {
	var a registry.Act
	return p.visit(rows, []any{&a.Kind, &a.Subject, &a.Body}, func(r *registry.Record) error {
		r.Acts = append(r.Acts, registry.Act{Kind: a.Kind, Subject: a.Subject, Body: append([]byte{}, a.Body...)})
		return parse(&r.Acts[len(r.Acts)-1].Subject)
	})
}

// parse reads texts that were written by plaintext.Write.
func parse(texts ...*string) (err error) {
	for _, t := range texts {
		if *t, err = plaintext.Read(*t); err != nil {
			return fmt.Errorf("%w: the text %q: %w", errDamaged, *t, err)
		}
	}
	return nil
}

// write stores a record and its texts, tells who watches, and waits for none of it before the end.
func (s *Store) write(ctx context.Context, tx pgx.Tx, r *registry.Record, texts map[string][]byte) error {
	services, err := serviceRows(r)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	plain := plaintext.Write
	batch.Queue(s.sql(`INSERT INTO $S.applies (id, time, project, author, message, git_commit, engine) VALUES ($1, $2, $3, $4, $5, $6, $7)`),
		r.ID, r.Time, plain(r.Project), plain(r.Author), plain(r.Message), plain(r.Commit), plain(r.Engine))
	hashes, contents := textRows(texts)
	if len(hashes) > 0 {
		batch.Queue(s.sql(`INSERT INTO $S.texts (hash, content) SELECT * FROM unnest($1::text[], $2::bytea[]) ON CONFLICT DO NOTHING`), hashes, contents)
	}
	for _, t := range []struct {
		statement string
		rows      int
		columns   []any
	}{
		{`INSERT INTO $S.files (apply, path, hash) SELECT $1, * FROM unnest($2::text[], $3::text[])`, len(r.Files), fileRows(r)},
		{`INSERT INTO $S.features (apply, view, feature, version, hash, words, found) SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])`,
			len(r.Features), featureRows(r)},
		{`INSERT INTO $S.services (apply, name, version, hash, entries) SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[])`, len(r.Services), services},
		{`INSERT INTO $S.acts (apply, seq, kind, subject, body) SELECT $1, * FROM unnest($2::integer[], $3::text[], $4::text[], $5::bytea[])`, len(r.Acts), actRows(r)},
	} {
		if t.rows > 0 {
			batch.Queue(s.sql(t.statement), append([]any{r.ID}, t.columns...)...)
		}
	}
	batch.Queue(`SELECT pg_notify($1, $2)`, channel, s.schema)
	return tx.SendBatch(ctx, batch).Close()
}

// textRows are the columns of texts, in the order of their hashes: two that write the same ones wait for each other and never in a circle.
func textRows(texts map[string][]byte) (hashes []string, contents [][]byte) {
	for _, h := range slices.Sorted(maps.Keys(texts)) {
		hashes = append(hashes, h)
		contents = append(contents, append([]byte{}, texts[h]...)) // an empty text is no null
	}
	return hashes, contents
}

func fileRows(r *registry.Record) []any {
	var paths, hashes []string
	for _, f := range r.Files {
		paths, hashes = append(paths, plaintext.Write(f.Path)), append(hashes, f.Hash)
	}
	return []any{paths, hashes}
}

func featureRows(r *registry.Record) []any {
	var columns [6][]string
	for _, f := range r.Features {
		for i, text := range []string{f.View, f.Feature, f.Version, f.Hash, f.Words, string(f.Found)} {
			columns[i] = append(columns[i], text)
		}
	}
	return []any{columns[0], columns[1], columns[2], columns[3], columns[4], columns[5]}
}

func serviceRows(r *registry.Record) ([]any, error) {
	var names, hashes, entries []string
	var versions []int64
	for i := range r.Services {
		v := &r.Services[i]
		list, err := json.Marshal(v.Entries)
		if err != nil {
			return nil, err
		}
		names, versions, hashes, entries = append(names, v.Name), append(versions, v.Version), append(hashes, v.Hash), append(entries, string(list))
	}
	return []any{names, versions, hashes, entries}, nil
}

func actRows(r *registry.Record) []any {
	var seqs []int32
	var kinds, subjects []string
	var bodies [][]byte
	for i, a := range r.Acts {
		seqs, kinds, subjects = append(seqs, int32(i)), append(kinds, string(a.Kind)), append(subjects, plaintext.Write(a.Subject))
		bodies = append(bodies, append([]byte{}, a.Body...))
	}
	return []any{seqs, kinds, subjects, bodies}
}
