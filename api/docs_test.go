// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
)

// codeName is a code as documents write it: NOT_FOUND.
func codeName(c codes.Code) string {
	if c == codes.OK {
		return "OK"
	}
	if c == codes.Canceled {
		return "CANCELLED"
	}
	return strings.ToUpper(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(c.String(), "${1}_$2"))
}

// TestDocumentsHaveTheTable holds the tables of docs/errors.md and docs/api.md to the one of the code.
func TestDocumentsHaveTheTable(t *testing.T) {
	pages := map[string]string{}
	for _, name := range []string{"errors.md", "api.md"} {
		src, err := os.ReadFile(filepath.Join("..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = string(src)
	}
	for _, f := range Faults() {
		class, special, _ := strings.Cut(f.Name, ", ")
		page, retry := "errors.md", map[bool]string{true: "yes", false: "no"}[f.Retry]
		pattern := fmt.Sprintf("(?m)^\\| `%s` \\|.*\\| %d[^|]*\\| %s \\| %s \\|$", class, f.HTTP, codeName(f.Code), retry)
		if special != "" {
			page = "api.md"
			pattern = fmt.Sprintf("(?m)^\\|.*\\| `%s` \\| %d[^|]*\\| %s[^|]*\\| %s \\|$", class, f.HTTP, codeName(f.Code), retry)
		}
		if !regexp.MustCompile(pattern).MatchString(pages[page]) {
			t.Errorf("docs/%s has no line for %s: HTTP %d, gRPC %s, retry %s", page, f.Name, f.HTTP, codeName(f.Code), retry)
		}
	}
}
