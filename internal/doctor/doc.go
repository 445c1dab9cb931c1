// Package doctor looks at this machine and says what jobs will find on it:
// facts, and what follows from them for the user. It imports executor and
// fault only.
package doctor
