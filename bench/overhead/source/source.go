package source

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Root is the repository's folder. It fails where this program is not run inside the repository.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "weir").Output()
	if err != nil {
		return "", fmt.Errorf("find Weir's sources (run this inside its repository): %w", err)
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

// Build compiles a package, "./cmd/weir" for example, to the file out with the GOEXPERIMENT given, as it is released: without cgo, paths and symbols.
func Build(ctx context.Context, root, pkg, experiment, out string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", out, pkg) // #nosec G204
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOEXPERIMENT="+experiment)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, text)
	}
	return nil
}
