package plugin

import (
	"context"
	"runtime"
	"testing"

	"github.com/tetratelabs/wazero"
)

func TestEngineCompilesWhereItCan(t *testing.T) {
	t.Parallel()
	engine, why := Engine(context.Background())
	switch runtime.GOARCH {
	case "amd64", "arm64":
		if engine != "compiler" {
			t.Errorf("engine %q: %v", engine, why)
		}
	default:
		if engine != "interpreter" || why == nil {
			t.Errorf("engine %q, reason %v", engine, why)
		}
	}
}

// The probe must be valid, or Engine would report an interpreter everywhere.
func TestProbeIsAModule(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer func() { _ = r.Close(ctx) }()
	if _, err := r.Instantiate(ctx, probe); err != nil {
		t.Fatal(err)
	}
}
