package deploy_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// instruction is one line of a Dockerfile, continuation lines joined.
type instruction struct{ name, args string }

// stages splits a Dockerfile into its build stages, each beginning with FROM; what comes before the first is dropped.
func stages(text string) [][]instruction {
	var all [][]instruction
	var joined string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if more, ok := strings.CutSuffix(line, `\`); ok {
			joined += more
			continue
		}
		name, args, _ := strings.Cut(joined+line, " ")
		joined = ""
		one := instruction{strings.ToUpper(name), strings.TrimSpace(args)}
		if one.name == "FROM" {
			all = append(all, nil)
		}
		if len(all) > 0 {
			all[len(all)-1] = append(all[len(all)-1], one)
		}
	}
	return all
}

// argsOf returns the arguments of every instruction of that name in a stage.
func argsOf(stage []instruction, name string) []string {
	var args []string
	for _, one := range stage {
		if one.name == name {
			args = append(args, one.args)
		}
	}
	return args
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	all := stages(string(text))
	if len(all) != 2 {
		t.Fatalf("%d stages, want a build stage and the image", len(all))
	}
	build, image := all[0], all[1]

	if from := argsOf(build, "FROM")[0]; !strings.Contains(from, "golang:1.26 ") {
		t.Errorf("built FROM %s, want the Go release of go.mod", from)
	}
	compile := argsOf(build, "RUN")[len(argsOf(build, "RUN"))-1]
	for _, want := range []string{"CGO_ENABLED=0", "GOARCH=$TARGETARCH", "-trimpath", "-X main.version=$VERSION", "./cmd/weir"} {
		if !strings.Contains(compile, want) {
			t.Errorf("the build command lacks %s: %s", want, compile)
		}
	}

	want := map[string][]string{
		"FROM":        {"scratch"},
		"STOPSIGNAL":  {"SIGTERM"},
		"ENTRYPOINT":  {`["/weir"]`},
		"CMD":         {`["serve", "--config", "/etc/weir/weir.yaml"]`},
		"EXPOSE":      {"8080 8081"},
		"RUN":         nil, // there is no shell
		"HEALTHCHECK": nil,
	}
	for name, args := range want {
		if got := argsOf(image, name); !slices.Equal(got, args) {
			t.Errorf("%s %q, want %q", name, got, args)
		}
	}
	if copies := strings.Join(argsOf(image, "COPY"), "\n"); !strings.Contains(copies, "ca-certificates.crt") {
		t.Errorf("no certificates in the image:\n%s", copies)
	}
	users := argsOf(image, "USER")
	if len(users) != 1 {
		t.Fatalf("USER %q, want one", users)
	}
	for part := range strings.SplitSeq(users[0], ":") {
		if id, err := strconv.Atoi(part); err != nil || id <= 0 {
			t.Errorf("USER %s: %q is not a number above 0", users[0], part)
		}
	}
}
