// Package upload keeps the plugins that tenants brought: their modules and settings, as files that outlive the process.
//
//	DIR/TENANT/NAME.json           what is kept of a plugin; whether it is there is whether there is such a plugin
//	DIR/TENANT/NAME.DIGEST.wasm    its module
//
// A plugin is replaced by one rename, of NAME.json: whoever looks, after a crash at any moment too, finds the old one or the new one, never a module with
// another's settings. What is found corrupt is set aside under NAME….corrupt and told; its plugin stays, with a Fault, until its tenant replaces or
// deletes it. One process at a time has a folder.
//
// It does not look at what a module or settings hold, does not know who may bring what, and starts no goroutines. Only host imports it.
package upload
