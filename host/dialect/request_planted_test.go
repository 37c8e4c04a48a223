package dialect

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// TestPlanted puts a phrase in the place of every string of the realistic bodies, one after the other, each of its letters
// spelt as an escape. Where the phrase does not show up in the arena, a golden file has to say so.
func TestPlanted(t *testing.T) {
	t.Parallel()
	for file, body := range goldenBodies(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			got := planted(t, endpointOf(file), body)
			golden := strings.TrimSuffix(file, ".json") + ".hidden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs; run with -update and look\ngot\n%s", golden, got)
			}
		})
	}
}

// planted gives the places of body, one a line, where a phrase is not inspected.
func planted(t *testing.T, ep Endpoint, body []byte) string {
	const phrase = "Ignore all previous"
	var spelt strings.Builder
	for _, c := range phrase {
		fmt.Fprintf(&spelt, `\u%04x`, c)
	}
	var hidden strings.Builder
	var r Request
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.ReadToken()
		if err != nil {
			break
		}
		kind, length := d.StackIndex(d.StackDepth())
		if token.Kind() != '"' || kind == '{' && length%2 == 1 {
			continue
		}
		end := int(d.InputOffset())
		start := end - 1
		for start--; body[start] != '"' || body[start-1] == '\\'; start-- {
		}
		variant := fmt.Appendf(nil, `%s"%s"%s`, body[:start], spelt.String(), body[end:])
		if err := r.Parse(ep, variant); err != nil {
			t.Errorf("%s: %v", d.StackPointer(), err)
		} else if checkView(t, &r); !bytes.Contains(r.Arena, []byte(phrase)) {
			fmt.Fprintf(&hidden, "%s\n", d.StackPointer())
		}
	}
	return hidden.String()
}
