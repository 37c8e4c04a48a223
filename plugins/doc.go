// Package plugins holds the policy plugins that ship with Weir, compiled: each folder has a plugin's sources, its page and the module
// that was built from them by build.sh; the folder c has what those in C share. The modules are part of the binary, and named builtin:NAME in configurations.
//
// The package reads what is embedded and does nothing else. Only host and cmd/weir import it.
package plugins
