//go:build !linux

package compile

var systemRoles map[string]func() error
