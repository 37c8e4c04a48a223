package main

import (
	"strings"
	"testing"
)

func TestSumOf(t *testing.T) {
	t.Parallel()
	const page = "# HELP plugins many\n# TYPE plugins gauge\nplugins_bytes{a=\"b\"} 7\nplugins{plugin=\"a b\"} 2\nplugins{plugin=\"c\"} 3.5\nalone 4\nbad x\n"
	for name, want := range map[string]float64{"plugins": 5.5, "plugins_bytes": 7, "alone": 4} {
		if got, err := sumOf([]byte(page), name); err != nil || got != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, want := range map[string]string{"plugin": "no metric plugin", "bad": `"x"`} {
		if _, err := sumOf([]byte(page), name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %s", name, err, want)
		}
	}
}

func TestHeapOf(t *testing.T) {
	t.Parallel()
	if n, err := heapOf([]byte("heap profile: 1\n# Alloc = 5\n# HeapAlloc = 1234\n")); err != nil || n != 1234 {
		t.Errorf("%v, %v", n, err)
	}
	for _, text := range []string{"", "# HeapAlloc = x\n"} {
		if n, err := heapOf([]byte(text)); err == nil {
			t.Errorf("%q is read as %v", text, n)
		}
	}
}
