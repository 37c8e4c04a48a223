package plugin

import (
	"context"
	"testing"
)

// A new version has an instance for each tenant that the old one had one for, and no other.
func TestWarmAsTheOldOne(t *testing.T) {
	t.Parallel()
	r := open(t, Options{})
	old, next := configure(t, r, "noop", Limits{}, Setting{}), configure(t, r, "noop", Limits{Pool: 2}, Setting{})
	old.For("idle")
	for _, tenant := range []string{"a", "b", "c"} {
		if f := request(old.For(tenant)); f != nil {
			t.Fatal(f)
		}
	}
	if err := next.Warm(context.Background(), old); err != nil {
		t.Fatal(err)
	}
	if got, want := next.Stats().Instances, old.Stats().Instances; got != want {
		t.Errorf("%d instances, the old one has %d", got, want)
	}
	for _, tenant := range []string{"a", "b", "c"} {
		if len(next.For(tenant).idle) != 1 {
			t.Errorf("no instance for %s", tenant)
		}
	}
}
