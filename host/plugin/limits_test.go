package plugin

import (
	"strings"
	"testing"
	"time"
)

func TestLimitsDefaults(t *testing.T) {
	t.Parallel()
	l, err := Limits{}.withDefaults()
	want := Limits{
		Deadline: 2 * time.Millisecond, Wait: 10 * time.Millisecond, Start: 2 * time.Second,
		Fuel: 20_000_000, Memory: 8 << 20, Stack: 512 << 10, Pool: 4,
	}
	if err != nil || l != want {
		t.Errorf("%+v, %v", l, err)
	}
	if l.pages() != 128 {
		t.Errorf("%d pages", l.pages())
	}
	if p := (Limits{Memory: 65537}).pages(); p != 2 {
		t.Errorf("65537 bytes are %d pages", p)
	}
}

func TestLimitsNameTheSetting(t *testing.T) {
	t.Parallel()
	tests := []struct {
		limits Limits
		want   string
	}{
		{Limits{Deadline: -1}, "limits.deadline"},
		{Limits{Deadline: 2 * time.Minute}, "limits.deadline"},
		{Limits{Wait: -1}, "limits.wait"},
		{Limits{Start: time.Hour}, "limits.start"},
		{Limits{Fuel: -1}, "limits.fuel"},
		{Limits{Fuel: 1 << 60}, "limits.fuel"},
		{Limits{Memory: 2 << 30}, "limits.memory"},
		{Limits{Stack: 5 << 20}, "limits.stack"},
		{Limits{Pool: -1}, "limits.pool"},
		{Limits{Pool: 1 << 20}, "limits.pool"},
	}
	for _, test := range tests {
		if _, err := test.limits.withDefaults(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want one that names %s", test.limits, err, test.want)
		}
	}
}

func TestRoomFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		size int
		want uint32
	}{
		{1, 16 << 10}, {16 << 10, 16 << 10}, {16<<10 + 1, 32 << 10}, {1 << 20, 1 << 20}, {1<<20 + 1, 1<<20 + 256<<10}, {64 << 20, 64 << 20},
	} {
		if got := roomFor(test.size); got != test.want {
			t.Errorf("room for %d: %d, want %d", test.size, got, test.want)
		}
	}
}
