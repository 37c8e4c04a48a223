package proxy

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain holds the tests to leaving no goroutine. fasthttp's worker pools end
// theirs up to a second after their servers; its clock for the Date header runs
// once a process.
func TestMain(m *testing.M) {
	code := m.Run()
	var err error
	for range 10 {
		if err = goleak.Find(goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1")); err == nil {
			break
		}
	}
	if err != nil && code == 0 {
		_, _ = fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
