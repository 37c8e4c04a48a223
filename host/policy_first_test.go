package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"weir/host/frame"
	"weir/sdk/abi"
)

// The first request of each tenant finds an instance in time: under ordinary limits nobody is refused because a plugin's instance for
// that tenant has still to be made.
func TestPolicyFirstRequestsOfTenants(t *testing.T) {
	t.Parallel()
	g := start(t, simulated+"tenants: { acme: { keys: [ { value: key-of-acme-0123456789, act_for: [\"acme-*\"] } ] } }\n"+
		"cache_dir: "+cacheDir(t)+"\nplugins: { deny: { module: "+guestFile(t, "deny")+", "+word+" }, tag: { module: "+guestFile(t, "tag")+" } }\n"+
		"policies: { default: { before: [deny, tag] } }\n")
	c := client(t)
	late := 0
	for i := range 50 {
		resp, body := post(t, c, g.url+"/v1/chat/completions", chat(false, "x"), append(as("acme"), "x-weir-tenant", fmt.Sprintf("acme-%d", i))...)
		if resp.StatusCode != 200 {
			late++
			t.Logf("tenant %d: %d %s", i, resp.StatusCode, body)
		}
	}
	if late > 25 { // the machine may be busy
		t.Errorf("%d of 50 first requests were refused", late)
	}
}

// A new version of a plugin that takes longer to start than requests wait has an instance for each tenant before it takes over.
func TestPolicyReloadOfSlowStarters(t *testing.T) {
	t.Parallel()
	yaml := func(v string) string {
		module := filepath.Join(t.TempDir(), "slow.wasm")
		var w frame.VerdictWriter
		w.Tag("version", v)
		wasm := saidModule(map[string][]byte{abi.ExportManifest: []byte(`{"sections":[]}`), abi.HookRequest.Export(): w.Verdict()}, nil, 100_000_000)
		if err := os.WriteFile(module, wasm, 0o600); err != nil {
			t.Fatal(err)
		}
		return simulated + "tenants: { acme: { keys: [ { value: key-of-acme-0123456789, act_for: [\"acme-*\"] } ] } }\ncache_dir: " + cacheDir(t) +
			"\nplugins: { slow: { module: " + module + ", on_error: deny, limits: { start: 60s, deadline: 5s } } }\npolicies: { default: { before: [slow], budget: 10s } }\n"
	}
	g := start(t, yaml("0"))
	c := client(t)
	ask := func(i int) int {
		resp, _ := post(t, c, g.url+"/v1/chat/completions", chat(false, "x"), append(as("acme"), "x-weir-tenant", fmt.Sprintf("acme-%d", i))...)
		return resp.StatusCode
	}
	for i := range 3 {
		for deadline := time.Now().Add(20 * time.Second); ask(i) != 200; { // the instance is made while its tenant is told to come again
			if time.Now().After(deadline) {
				t.Fatal("no instance")
			}
		}
	}
	for round := range 3 {
		g.rewrite(t, yaml(fmt.Sprint(round+1)))
		if err := g.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if status := ask(i); status != 200 {
				t.Errorf("round %d, tenant %d: %d", round, i, status)
			}
		}
	}
}
