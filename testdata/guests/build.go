package guests

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// BuildGo builds the guest in the folder go, which says no as deny does and weighs 3 MB, into dir, a temporary folder of the test. It takes the
// go command seconds the first time, and its cache afterwards. It must be called from within the module.
func BuildGo(ctx context.Context, dir string) ([]byte, error) {
	file := filepath.Join(dir, "go.wasm")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", file, "weir/testdata/guests/go") //nolint:gosec // constants, and the test's own folder
	// Experiments and flags of the host's processor are not the guest's.
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOEXPERIMENT=", "GOWASM=")
	if _, err := cmd.Output(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, fmt.Errorf("build the guest in Go: %w\n%s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("build the guest in Go: %w", err)
	}
	return os.ReadFile(file)
}
