// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import "context"

// Entity names one entity of a state.
type Entity struct {
	State uint32 `json:"state"`
	Key   []byte `json:"key"` // canonical, as in online.Range
}

// Recent returns at most n entities of the cache: first those that were read since it last looked for room, then others.
func (r *Reader) Recent(n int) []Entity {
	var read, other []Entity
	for i := range r.cache.shard {
		s := &r.cache.shard[i]
		s.mu.Lock()
		for _, e := range s.ring {
			x := Entity{State: e.place.state, Key: []byte(e.key)}
			if e.used.Load() {
				read = append(read, x)
			} else {
				other = append(other, x)
			}
		}
		s.mu.Unlock()
	}
	read = append(read, other...)
	return read[:min(n, len(read))]
}

// Warm loads entities into the cache until it is full, and returns how many it has loaded. Those of states that are no longer live are passed over.
func (r *Reader) Warm(ctx context.Context, list []Entity) (int, error) {
	set, err := r.current()
	if err != nil {
		return 0, err
	}
	byID := map[uint32]*liveState{}
	for s, live := range set.by {
		byID[s.ID] = live
	}
	loader, n := newLoader(r.store), 0
	for _, x := range list {
		live := byID[x.State]
		if live == nil || live.uncached {
			continue
		}
		if err := ctx.Err(); err != nil {
			return n, canceled(err)
		}
		if r.cache.held.Load() >= r.cache.limit {
			break
		}
		if err := r.warm(ctx, loader, live, x.Key); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (r *Reader) warm(ctx context.Context, loader *loader, live *liveState, key []byte) error {
	e := r.cache.take(live, key)
	defer e.release()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.entity != nil {
		return nil
	}
	if err := loader.load(ctx, e, key); err != nil {
		r.cache.drop(e)
		return err
	}
	r.cache.resize(e, entryCost+int64(len(key))+e.entity.Bytes())
	return nil
}
