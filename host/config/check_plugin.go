package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// maxModule is the largest module that is admitted.
const maxModule = 16 << 20

func (c *checker) plugins() {
	for _, name := range names(c.config.Plugins) {
		c.plugin(join("plugins", name), c.config.Plugins[name])
	}
	for _, name := range names(c.config.Policies) {
		c.policy(join("policies", name), c.config.Policies[name])
	}
	tokens := map[Secret]string{}
	if t := c.config.Admin.Token; t != "" {
		tokens[t] = "admin.token"
	}
	for _, name := range names(c.config.Tenants) {
		path, t := join("tenants", name), c.config.Tenants[name]
		c.entries(path+".policy", t.Policy, name)
		c.uploads(path+".uploads", t.Uploads, tokens)
	}
	c.routePolicies()
	c.idle()
	if dir := c.config.PluginDir; dir != "" && dir == c.config.CacheDir {
		c.fault(c.at("plugin_dir"), "plugin_dir is the same folder as cache_dir", "give plugin_dir a folder of its own: what is in cache_dir is thrown away when it is old")
	}
}

func (c *checker) plugin(path string, p *Plugin) {
	c.module(path, p)
	if p.SHA256 != "" && !isDigest(p.SHA256) {
		c.fault(c.at(path+".sha256"), fmt.Sprintf("%s.sha256 is not 64 hexadecimal digits (it has %d bytes)", path, len(p.SHA256)), "write the output of: sha256sum FILE")
	}
	if p.Tenant != "" && c.config.Tenants[p.Tenant] == nil {
		c.fault(c.at(path+".tenant"), path+".tenant names no tenant", c.suggest(p.Tenant, names(c.config.Tenants), "tenants"))
	}
	c.duplicates(path+".capabilities", p.Capabilities)
}

// module checks what can be seen of a module without reading it. A file that is not there is a fault of the configuration where
// its plugin would be one when loaded, else a warning.
func (c *checker) module(path string, p *Plugin) {
	at := path + ".module"
	switch own, builtin := strings.CutPrefix(p.Module, BuiltinPrefix); {
	case p.Module == "":
		return // a fault already
	case builtin:
		if !isName(own) {
			c.fault(c.at(at), at+": no plugin of the binary has such a name", "write "+at+" as "+BuiltinPrefix+"NAME, or as the path of a .wasm file")
		}
		return
	case strings.IndexByte(p.Module, 0) >= 0:
		c.fault(c.at(at), at+": not a path", "write "+at+" as "+BuiltinPrefix+"NAME, or as the path of a .wasm file")
		return
	}
	p.Module = c.absolute(p.Module)
	c.watch(p.Module)
	if c.config.CacheDir == "" {
		c.fault(c.at(at), at+" is a file, and there is no cache_dir to compile it into", "set cache_dir to a folder of Weir's own")
	}
	var what string
	switch info, err := os.Stat(p.Module); {
	case err != nil:
		what = "cannot read the file: " + bare(err).Error()
	case !info.Mode().IsRegular():
		what = "not a regular file"
	case info.Size() > maxModule:
		what = "larger than " + Size(maxModule).String()
	default:
		return
	}
	if p.Tenant == "" && p.OnLoadError == "" {
		c.fault(c.at(at), at+": "+what, "name a readable .wasm file in "+at+"; relative paths start at the configuration file's folder")
	} else if !c.broken[c.at(at)] {
		c.warnings.add(c.at(at), at+": "+what, "name a readable .wasm file in "+at+"; until then the plugin's fail mode is in force")
	}
}

func (c *checker) policy(path string, p *Policy) {
	c.entries(path+".before", p.Before, "")
	c.entries(path+".after", p.After, "")
	for i, name := range p.After {
		if at := index(path+".after", i); slices.Contains(p.Before, name) {
			c.fault(c.at(at), at+" names "+name+", which is in "+path+".before", "name each plugin once in a policy")
		}
	}
	for _, name := range slices.Concat(p.Before, p.After) {
		plugin := c.config.Plugins[name]
		if plugin == nil || plugin.Limits.Deadline <= p.Budget || plugin.Mode == ModeOff {
			continue
		}
		c.warnings.add(c.at(path+".budget", path), fmt.Sprintf("the budget of %s, %s, is less than the deadline of its plugin %s, %s", path, p.Budget, name, plugin.Limits.Deadline),
			"raise "+path+".budget, or lower "+join("plugins", name)+".limits.deadline")
	}
}

// entries checks a list of plugins: the operator's, or those of a tenant.
func (c *checker) entries(path string, list []string, tenant string) {
	for i, name := range list {
		at := c.at(index(path, i))
		p := c.config.Plugins[name]
		switch {
		case p == nil:
			c.fault(at, index(path, i)+" names no plugin", c.suggest(name, names(c.config.Plugins), "plugins"))
		case tenant == "" && p.Tenant != "":
			c.fault(at, index(path, i)+" is the tenant "+p.Tenant+"'s own plugin", "name it in "+join("tenants", p.Tenant)+".policy")
		case tenant != "" && p.Tenant == "":
			c.fault(at, index(path, i)+" is the operator's plugin", "set "+join("plugins", name)+".tenant to "+tenant+", or name it in a policy's before or after")
		case tenant != "" && p.Tenant != tenant:
			c.fault(at, index(path, i)+" is another tenant's own plugin", "give "+tenant+" a plugin of its own under plugins")
		}
	}
	c.duplicates(path, list)
}

// uploads checks what a tenant may bring. Tokens say whose plugins may be changed: no two may be alike.
func (c *checker) uploads(path string, u *Uploads, tokens map[Secret]string) {
	if u == nil {
		return
	}
	c.oneSecret(path+".token", &u.Token, path+".token_file", u.TokenFile)
	switch at := c.at(path+".token", path+".token_file"); {
	case u.Token == "" && u.TokenFile == "" && !c.given(path+".token"):
		c.fault(c.at(path), path+" has no token", "give "+path+" a token_file")
	case u.Token == "":
	case tokens[u.Token] != "":
		c.fault(at, path+" has the same token as "+tokens[u.Token], "give each a token of its own, such as the output of: openssl rand -hex 32")
	default:
		tokens[u.Token] = path
	}
	if c.config.PluginDir == "" || c.config.CacheDir == "" {
		c.fault(c.at(path), path+" needs folders to keep and compile the plugins in", "set plugin_dir and cache_dir")
	}
	if c.config.Admin.Listen == "" {
		c.warnings.add(c.at(path), path+" is of no use: there is no admin listener to upload to", "set admin.listen, or remove "+path)
	}
}

// routePolicies checks what routes name. A route that reads nothing can show plugins nothing.
func (c *checker) routePolicies() {
	for i := range c.config.Routes {
		r, path := &c.config.Routes[i], index("routes", i)
		if r.Policy != "" && c.config.Policies[r.Policy] == nil {
			c.fault(c.at(path+".policy"), path+".policy names no policy", c.suggest(r.Policy, names(c.config.Policies), "policies"))
			continue
		}
		if r.Inspect != InspectNone {
			continue
		}
		if r.Policy != "" {
			c.fault(c.at(path+".policy"), path+" has a policy, but with inspect: none plugins see nothing", "remove "+path+".policy, or set "+path+".inspect to full")
		} else if c.config.Policies[DefaultPolicy] != nil {
			c.warnings.add(c.at(path), path+" passes everything by the policy "+DefaultPolicy+", because of inspect: none", "set "+path+".inspect to full if plugins are to see its requests")
		}
	}
}

// idle warns of plugins that no list names, and of policies that no route has.
func (c *checker) idle() {
	plugins, policies := map[string]bool{}, map[string]bool{}
	for _, p := range c.config.Policies {
		for _, name := range slices.Concat(p.Before, p.After) {
			plugins[name] = true
		}
	}
	for _, t := range c.config.Tenants {
		for _, name := range t.Policy {
			plugins[name] = true
		}
	}
	for i := range c.config.Routes {
		if r := &c.config.Routes[i]; r.Policy != "" {
			policies[r.Policy] = true
		} else {
			policies[DefaultPolicy] = true
		}
	}
	for _, name := range names(c.config.Plugins) {
		if path := join("plugins", name); !plugins[name] {
			c.warnings.add(c.at(path), path+" is named by no policy", "name it under policies or in a tenant's policy, or remove it")
		}
	}
	for _, name := range names(c.config.Policies) {
		if path := join("policies", name); !policies[name] {
			c.warnings.add(c.at(path), path+" is the policy of no route", "name it in a route's policy, or remove it")
		}
	}
}
