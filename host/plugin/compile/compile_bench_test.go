package compile

import (
	"context"
	"crypto/rand"
	"testing"

	"weir/sdk/abi"
)

// What a start costs a module that has been compiled before.
func BenchmarkLoadCached(b *testing.B) {
	for name, g := range map[string]*guest{"small": smallest(), "large": smallest()} {
		if name != "small" { // a plugin of the size of a Go program: 3 MB of code in 4,000 functions
			for range 4000 {
				g.with(abi.Function{Name: "", Result: abi.I32, Params: hook}, constants([]byte{0}, 200)...)
				g.funcs[len(g.funcs)-1].body = append(g.funcs[len(g.funcs)-1].body, 0x20, 0, 0x20, 1, 0x6a)
			}
			g.names[""] = ""
		}
		b.Run(name, func(b *testing.B) {
			c := open(b, Options{})
			j := job(g)
			code := compiled(b, c, j)
			b.ReportAllocs()
			for b.Loop() {
				if code := compiled(b, c, j); !code.Cached {
					b.Fatal("not cached")
				}
			}
			b.ReportMetric(float64(code.Report.Size), "wasm-bytes")
		})
	}
}

// What an unknown module costs: a process, validation, metering, compiling.
func BenchmarkCompile(b *testing.B) {
	c := open(b, Options{})
	for b.Loop() {
		nonce := make([]byte, 4)
		_, _ = rand.Read(nonce)
		if code := compiled(b, c, job(smallest().with(abi.Function{Name: "f" + string('a'+nonce[0]%16) + string('a'+nonce[1]%16) + string('a'+nonce[2]%16)}, 0))); code == nil {
			b.Fatal("nothing")
		}
	}
}

func background() context.Context { return context.Background() }
