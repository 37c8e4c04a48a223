package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
	wasm "weir/testdata/guests"
)

// policedTenants is a configuration with operator's plugins before, tenant acme's own named own, and operator's plugins after; other has none of its own.
func policedTenants(t testing.TB, before, after []string, own string, more string) string {
	t.Helper()
	plugins, lists := "", ""
	for i, list := range [][]string{before, after} {
		names := []string{}
		for j := 0; j+1 < len(list); j += 2 {
			plugins += "  " + list[j] + ": " + list[j+1] + "\n"
			names = append(names, list[j])
		}
		if len(names) > 0 {
			lists += []string{"before", "after"}[i] + ": [" + strings.Join(names, ", ") + "], "
		}
	}
	return "tenants:\n  acme: { keys: [ { value: key-of-acme-0123456789, act_for: [\"acme-*\"] } ], policy: [own] }\n" +
		"  other: { keys: [ { value: key-of-other-0123456789 } ] }\n" +
		"cache_dir: " + cacheDir(t) + "\nplugins:\n  own: " + strings.TrimSuffix(own, "}") + ", tenant: acme }\n" + plugins +
		"policies: { default: { " + lists + "budget: 60s } }\n" + more
}

// A tenant's own plugin can do nothing that the operator's forbid, and what it may not do is ignored and counted.
func TestPolicyTenantsAuthority(t *testing.T) {
	t.Parallel()
	near, cloud, far := newSpy(t, answerOf(200, "", completion)), newSpy(t, answerOf(200, "", completion)), newSpy(t, answerOf(200, "", completion))
	targets := fmt.Sprintf("targets: { near: { kind: openai, url: %q, data: local }, cloud: { kind: openai, url: %q, data: cloud }, far: { kind: openai, url: %q } }\n", near.url, cloud.url, far.url) +
		"routes: [ { match: { models: [other] }, targets: [far] }, { targets: [cloud, near] } ]\n"
	const manifest = `{"sections":["targets"],"set_headers":["x-mark"]}`
	operator := said{abi.HookRequest: func(w *frame.VerdictWriter) {
		w.SetHeader("x-mark", "operator")
		w.Param(abi.ParamMaxTokens, 10)
		w.Class("local")
		w.Variant("operator")
		w.Score(0.5, -1, "risk")
	}}
	own := said{abi.HookRequest: func(w *frame.VerdictWriter) {
		w.SetHeader("x-mark", "tenant")   // 1
		w.Param(abi.ParamMaxTokens, 1000) // 2
		w.Route(abi.ByName, "far")        // 3
		w.Route(abi.ByModel, "other")     // 4
		w.Variant("tenant")               // 5
		w.Tag("who", "tenant")
	}}
	records, path := recorded(t)
	g := start(t, targets+records+policedTenants(t, []string{"op", saying(t, manifest, operator, "")}, nil, saying(t, manifest, own, ""), ""))
	resp, body := post(t, client(t), g.url+"/v1/chat/completions", `{"model":"m","max_tokens":500,"messages":[{"role":"user","content":"x"}]}`, as("acme")...)
	if resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	got := <-near.asks
	if got.head.Get("x-mark") != "operator" || !strings.Contains(got.body, `"max_tokens":10,`) || !strings.Contains(got.body, `"model":"m"`) {
		t.Errorf("%s %v", got.body, got.head)
	}
	g.stop()
	r := readRuled(t, path)[0]
	if r.Variant != "operator" || r.Target != "near" || r.Tags["who"] != "tenant" || r.Verdicts[1].Plugin != "acme/own" || r.Verdicts[1].Ignored != 5 {
		t.Errorf("%+v", r)
	}
}

// The operator's guards see what a tenant's plugin made of the request; other tenants do not meet that plugin.
func TestPolicyGuardsRunAgain(t *testing.T) {
	t.Parallel()
	records, path := recorded(t)
	g := start(t, simulated+records+policedTenants(t, []string{"deny", guest(t, "deny", word)}, []string{"tag", guest(t, "tag", "")}, guest(t, "insert", `config: { text: "Tell me what is forbidden." }`), ""))
	c := client(t)
	for who, status := range map[string]int{"acme": 403, "other": 200} {
		if resp, body := post(t, c, g.url+"/v1/chat/completions", chat(false, "Hello"), as(who)...); resp.StatusCode != status {
			t.Errorf("%s: %d %s", who, resp.StatusCode, body)
		}
	}
	// A key that acts for others brings its own tenant's plugins along.
	if resp, body := post(t, c, g.url+"/v1/chat/completions", chat(false, "Hello"), append(as("acme"), "x-weir-tenant", "acme-x")...); resp.StatusCode != 403 {
		t.Errorf("acting for another: %d %s", resp.StatusCode, body)
	}
	if resp, body := post(t, c, g.url+"/v1/chat/completions", chat(false, "Hello"), append(as("other"), "x-weir-tenant", "acme")...); resp.StatusCode != 200 {
		t.Errorf("a spoofed tenant: %d %s", resp.StatusCode, body)
	}
	g.stop()
	for _, r := range readRuled(t, path) {
		want := "deny/request=none acme/own/request=insert deny/request=deny"
		if r.Tenant == "acme-x" {
			want = "deny/request=none acme-x/own/request=insert deny/request=deny"
		}
		if r.Tenant == "other" {
			want = "deny/request=none tag/request=param deny/delta=none"
		}
		if r.of() != want {
			t.Errorf("%s: %s", r.Tenant, r.of())
		}
	}
}

// What a plugin leaves in its memory for one tenant, no other tenant's calls find.
func TestFault24_NothingIsLeftOfOthers(t *testing.T) {
	t.Parallel()
	records, path := recorded(t)
	g := start(t, simulated+records+policedTenants(t, []string{"leak", guest(t, "leak", "")}, nil, guest(t, "tag", ""), ""))
	c := client(t)
	for range 3 {
		for _, who := range []string{"acme", "other"} {
			post(t, c, g.url+"/v1/chat/completions", chat(false, "x"), as(who)...)
		}
		post(t, c, g.url+"/v1/chat/completions", chat(false, "x"), append(as("acme"), "x-weir-tenant", "acme-b")...)
	}
	g.stop()
	calls, found := map[string]int{}, 0
	for i, r := range readRuled(t, path) {
		// The very first call meets the instance that took the self-test, and finds that.
		if i > 0 && calls[r.Tenant] == 0 && r.Tags["leak"] != "00000000" {
			t.Errorf("%s finds %s of others", r.Tenant, r.Tags["leak"])
		}
		if calls[r.Tenant] > 0 && r.Tags["leak"] != "00000000" {
			found++
		}
		calls[r.Tenant]++
	}
	if found == 0 {
		t.Error("the test finds nothing even where something is")
	}
}

// Counters are a tenant's own, go on under a new version of the plugin, and over a restart where a snapshot keeps them.
func TestPolicyState(t *testing.T) {
	t.Parallel()
	records, path := recorded(t)
	module := filepath.Join(t.TempDir(), "count.wasm")
	write := func(b []byte) {
		if err := os.WriteFile(module, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(wasm.Bytes("count"))
	yaml := simulated + records + policedTenants(t, []string{"count", "{ module: " + module + ", " + roomy + " }"}, nil, guest(t, "count", ""),
		"state: { memory: { snapshot: "+filepath.Join(t.TempDir(), "state.bin")+" } }\n")
	g := start(t, yaml)
	ask := func(who string) { post(t, client(t), g.url+"/v1/chat/completions", chat(false, "x"), as(who)...) }
	ask("acme")
	ask("acme")
	ask("other")
	write(append(wasm.Bytes("count"), 0, 5, 4, 'n', 'o', 't', 'e')) // a custom section: another digest
	if err := g.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask("acme")
	g.stop()
	g = start(t, yaml)
	ask("acme")
	ask("other")
	wantMetric(t, g, `weir_plugin_metric_total{plugin="acme/own",tenant="acme",name="requests"} 1`)
	g.stop()
	var got []string
	digests := map[string]bool{}
	for _, r := range readRuled(t, path) {
		// Both plugins tag; the operator's own counter is the first in the record.
		got = append(got, fmt.Sprintf("%s:%s/%s/%s", r.Tenant, r.Tags["count"], r.Tags["first"], r.Tags["last"]))
		digests[r.Verdicts[0].Digest] = true
		if r.Tags["refused"] != "" {
			t.Errorf("%v", r.Tags)
		}
	}
	if want := "acme:1/1/-1 acme:2/0/sim other:1/1/-1 acme:3/0/sim acme:4/0/sim other:2/0/sim"; strings.Join(got, " ") != want {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, " "), want)
	}
	if len(digests) != 2 {
		t.Errorf("digests %v", digests)
	}
}
