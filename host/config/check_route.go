package config

import (
	"fmt"
	"slices"
	"strings"
)

// Comparing globs with each other takes time by the square of their number:
// beyond these many, and this length, it is left.
const (
	maxCompared = 2000
	maxGlob     = 256
)

func (c *checker) routes() {
	cfg := c.config
	if len(cfg.Routes) == 0 {
		switch {
		case c.given("routes") || len(cfg.Targets) == 0:
		case len(cfg.Targets) > 1:
			c.fault(c.at("targets"), fmt.Sprintf("%d targets, but no route says which requests go where", len(cfg.Targets)), "add routes, such as routes: [{targets: ["+strings.Join(names(cfg.Targets)[:2], ", ")+"]}]")
		default:
			route := Route{Targets: names(cfg.Targets)}
			setRouteDefaults(&route)
			cfg.Routes = []Route{route}
		}
		return
	}
	globs := 0
	for i := range cfg.Routes {
		c.route(fmt.Sprintf("routes[%d]", i), &cfg.Routes[i])
		globs += 1 + len(cfg.Routes[i].Match.Models) + len(cfg.Routes[i].Match.Paths)
	}
	if globs <= maxCompared {
		for i := range cfg.Routes {
			c.shadowed(i)
		}
	}
	c.unused()
}

func (c *checker) route(path string, r *Route) {
	known := names(c.config.Targets)
	for i, name := range r.Targets {
		at := fmt.Sprintf("%s.targets[%d]", path, i)
		if _, ok := c.config.Targets[name]; ok {
			continue
		}
		few := known[:min(len(known), 10)]
		setting := "add it under targets, or name one of " + strings.Join(few, ", ")
		if near, ok := nearest(name, known[:min(len(known), 100)]); ok {
			setting = "did you mean " + near + "?"
		}
		if len(known) == 0 {
			setting = "add it under targets"
		}
		c.fault(c.at(at), at+" names no target", setting)
	}
	c.duplicates(path+".targets", r.Targets)
	for i, glob := range r.Match.Models {
		c.glob(fmt.Sprintf("%s.match.models[%d]", path, i), glob, "")
	}
	for i, glob := range r.Match.Paths {
		c.glob(fmt.Sprintf("%s.match.paths[%d]", path, i), glob, "/")
	}
	if r.Inspect == InspectNone && len(r.Match.Models) > 0 {
		c.fault(c.at(path+".match.models"), path+".match.models can match nothing: with inspect: none the body, and so the model, is not read", "remove "+path+".match.models, or set "+path+".inspect to full")
	}
}

func (c *checker) glob(at, glob, begin string) {
	what := ""
	switch {
	case glob == "":
		what = "is empty"
	case len(glob) > maxGlob:
		what = fmt.Sprintf("is longer than %d bytes", maxGlob)
	case hasControl(glob):
		what = "holds control characters"
	case strings.Contains(glob, "**"):
		what = "holds **, which is no more than *"
	case strings.ContainsAny(glob, "?[]{}"):
		what = "holds one of ? [ ] { }, but * alone is special in globs"
	case begin != "" && !strings.HasPrefix(glob, begin):
		what = "does not begin with " + begin
	case begin != "" && strings.ContainsAny(glob, " #\\"):
		what = "holds characters that no path has"
	}
	if what == "" {
		return
	}
	example := `write a glob such as gpt-4o or "gpt-*" in ` + at
	if begin != "" {
		example = `write a glob such as /v1/models or "/v1/*" in ` + at
	}
	c.fault(c.at(at), at+" "+what, example)
}

// shadowed warns of a route that an earlier one leaves nothing to.
func (c *checker) shadowed(i int) {
	route := c.config.Routes[i]
	for j, earlier := range c.config.Routes[:i] {
		if coversAll(earlier.Match.Models, route.Match.Models, "") && coversAll(earlier.Match.Paths, route.Match.Paths, "/") {
			path := fmt.Sprintf("routes[%d]", i)
			c.warnings.add(c.at(path), fmt.Sprintf("%s never matches: routes[%d] takes everything it could", path, j), "move it before the other, or remove it")
			return
		}
	}
}

// coversAll says whether globs match everything others match; every text
// matched begins with begin.
func coversAll(globs, others []string, begin string) bool {
	if len(globs) == 0 {
		return true
	}
	if len(others) == 0 {
		others = []string{begin + "*"}
	}
	for _, other := range others {
		if !slices.ContainsFunc(globs, func(glob string) bool { return covers(glob, other) }) {
			return false
		}
	}
	return true
}

// unused warns of targets that no route names.
func (c *checker) unused() {
	used := map[string]bool{}
	for _, r := range c.config.Routes {
		for _, name := range r.Targets {
			used[name] = true
		}
	}
	for _, name := range names(c.config.Targets) {
		if !used[name] {
			path := join("targets", name)
			c.warnings.add(c.at(path), path+" is named by no route", "name it under routes, or remove it")
		}
	}
}
