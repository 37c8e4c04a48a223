// Package plugin is the WebAssembly runtime: the only package that imports
// wazero. At this point of the project it answers one question, which engine
// wazero can run here; admission, pools and host calls are built on top of it.
//
// It owns no goroutine. Imported by cmd/weir.
package plugin
