package compile

import (
	"errors"
	"strings"
	"testing"

	"weir/sdk/abi"
)

var (
	env   = map[string][]abi.Function{"env": {{Name: "f", Params: []abi.Param{{Type: abi.I32}}, Result: abi.I64}}}
	hook  = []abi.Param{{Type: abi.I32}, {Type: abi.I32}}
	rules = ABI(env)
)

func TestInspect(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]*guest{
		"smallest":      plugin(abi.HookRequest),
		"every hook":    plugin(abi.HookConfigure, abi.HookRequest, abi.HookDelta, abi.HookEnd, abi.HookTick, abi.HookJudge, abi.HookFeedback),
		"own export":    plugin(abi.HookEnd).with(abi.Function{Name: "malloc"}, 0),
		"two versions":  plugin(abi.HookEnd).with(abi.Function{Name: "weir_abi_2"}, 0),
		"initialize":    plugin(abi.HookEnd).with(abi.Function{Name: "_initialize"}, 0),
		"listed import": plugin(abi.HookEnd).importing("env", env["env"][0]),
		"host import":   plugin(abi.HookEnd).importing(abi.Module, abi.Functions()[0]),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := Inspect("p", g.bytes(), rules)
			if err != nil || report.Functions != len(g.funcs) || len(report.Imports) != len(g.imports) {
				t.Errorf("%+v, %v", report, err)
			}
		})
	}
}

// What is wrong is told in words that an author can act on.
func TestFault25_RefusedModules(t *testing.T) {
	t.Parallel()
	wrong := abi.Function{Name: abi.HookRequest.Export(), Params: hook, Result: abi.I32}
	memory := guestImport{module: abi.Module, name: "memory", kind: 2, desc: []byte{0, 1}}
	log := abi.Functions()[0]
	for name, test := range map[string]struct {
		wasm []byte
		want string
	}{
		"empty":                  {nil, "no WebAssembly module"},
		"text":                   {[]byte("(module)"), "no WebAssembly module"},
		"component":              {[]byte("\x00asm\x0d\x00\x01\x00"), "it is a component"},
		"too large":              {make([]byte, MaxSize+1), "at most 16777216: strip its names"},
		"truncated":              {plugin(abi.HookEnd).bytes()[:40], "malformed module"},
		"no mark":                {plugin(abi.HookEnd).rename("weir_abi_1", "x").bytes(), "does not export weir_abi_1, which marks plugins"},
		"version 2":              {plugin(abi.HookEnd).rename("weir_abi_1", "weir_abi_2").bytes(), "built for version 2 of the plugin ABI, and this Weir serves version 1"},
		"no memory":              {plugin(abi.HookEnd).rename("memory", "").bytes(), "does not export memory"},
		"memory is no memory":    {plugin(abi.HookEnd).rename("memory", "").rename("m", "memory").with(abi.Function{Name: "m"}, 0).bytes(), "export memory is a function"},
		"no hook":                {plugin().bytes(), "exports no hook: export one of weir_on_configure, weir_on_request,"},
		"no alloc":               {plugin(abi.HookEnd).rename("weir_alloc", "malloc").bytes(), "exports weir_on_end, and not weir_alloc"},
		"hook's type":            {plugin(abi.HookEnd).with(wrong, 0, 0x41, 0).bytes(), "export weir_on_request is a function (i32 i32) -> (i32), and the ABI has it as function (i32 i32) -> (i64)"},
		"misspelt hook":          {plugin(abi.HookEnd).with(abi.Function{Name: "weir_on_reqest", Params: hook, Result: abi.I64}, 0, 0x42, 0).bytes(), "exports weir_on_reqest, which this version of the ABI does not have"},
		"reserved name":          {plugin(abi.HookEnd).with(abi.Function{Name: "weir_meter_fuel"}, 0).bytes(), "reserved name"},
		"unlisted module":        {plugin(abi.HookEnd).importing("gojs", abi.Function{Name: "debug"}).bytes(), "imports function debug from module gojs; plugins import from env, weir1 alone"},
		"unlisted function":      {plugin(abi.HookEnd).importing("env", abi.Function{Name: "abort"}).bytes(), "imports env.abort, which does not exist; module env has f"},
		"unknown host function":  {plugin(abi.HookEnd).importing(abi.Module, abi.Function{Name: "fetch"}).bytes(), "imports weir1.fetch, which does not exist; module weir1 has log,"},
		"host function's type":   {plugin(abi.HookEnd).importing(abi.Module, abi.Function{Name: "log"}).bytes(), "imports weir1.log as () -> (), and that is " + signature(log)},
		"the meter's own import": {plugin(abi.HookEnd).importing("weir_meter", abi.Function{Name: "tick"}).bytes(), "reserved name"},
		"memory import":          {(&guest{imports: []guestImport{memory}, funcs: plugin(abi.HookEnd).funcs}).bytes(), "a memory cannot be imported"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := Inspect("p", test.wasm, rules)
			var e *Error
			if report != nil || !errors.As(err, &e) || e.Kind != Refused || e.Name != "p" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// Names in a module are its author's: they do not break a line of the log.
func TestInspectQuotes(t *testing.T) {
	t.Parallel()
	g := plugin(abi.HookEnd).importing("a\nlevel=error\x1b[31m\u202e", abi.Function{Name: strings.Repeat("x", 1<<16)})
	_, err := Inspect("p", g.bytes(), rules)
	if err == nil || strings.ContainsAny(err.Error(), "\n\x1b\u202e") || len(err.Error()) > 500 {
		t.Errorf("%.600q", err)
	}
}

func TestFault25_Digest(t *testing.T) {
	t.Parallel()
	c := open(t, Options{})
	wasm := plugin(abi.HookRequest).bytes()
	sum, _ := digest(wasm, "")
	for want, ok := range map[string]bool{"": true, sum: true, strings.ToUpper(sum): true, sum[:63]: false, strings.Repeat("0", 64): false, "\n": false} {
		code, err := c.Compile(t.Context(), Job{Name: "p", Wasm: wasm, SHA256: want, Rules: rules})
		if ok != (err == nil) {
			t.Errorf("%q: %v", want, err)
		}
		if err == nil {
			_ = code.Close(t.Context())
		} else if !strings.Contains(err.Error(), sum) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", want, err)
		}
	}
}
