// Package sdk holds no code, only tests: the official Go SDKs of OpenAI and
// Anthropic as clients of the simulated model, and every field that their structs
// call required looked for in its answers. They are apart from the tests of
// package sim because fuzz targets would otherwise compile the SDKs as well.
package sdk
