// Package archtest holds the tests that keep the house in order: who may
// import whom, the sizes of functions, types and interfaces, and that the
// documents' links lead somewhere.
package archtest
