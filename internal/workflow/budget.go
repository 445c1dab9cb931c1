package workflow

import "go.yaml.in/yaml/v4"

// Limits GitHub sets, from actions/runner ParseOptions.cs and YamlObjectReader.cs.
const (
	defaultMaxDepth    = 50
	defaultMaxFileSize = 1 << 20  // UTF-16 units
	defaultMaxBytes    = 10 << 20 // as GitHub estimates what tokens take in memory
	maxYAMLNodes       = 50_000   // parse events, those repeated by aliases included
)

// What one token takes in GitHub's estimate (TemplateMemory.cs).
const (
	tokenBytes  = 24
	stringBytes = 26
)

// memory is GitHub's estimate of what the tokens of all files of one run take.
type memory struct {
	used     int
	max      int
	maxDepth int
}

// budget counts what one file takes, until a limit stops the reading of it.
type budget struct {
	*errorList
	memory  *memory
	file    string
	ascii   bool // the file has no byte above 127
	depth   int
	events  int  // YAML parse events so far
	stopped bool // nothing more is read
}

// stop gives up on the file.
func (b *budget) stop(message string) {
	if !b.stopped {
		b.stopped = true
		b.add(Pos{File: b.file}, message)
	}
}

// takeNode takes one node, without those inside it.
func (b *budget) takeNode(kind yaml.Kind) {
	switch kind {
	case yaml.ScalarNode:
		b.events++
	case yaml.SequenceNode, yaml.MappingNode:
		b.events += 2 // its start and its end
	default:
		b.stop("Expected a scalar value, a sequence, or a mapping")
	}
	if b.events > maxYAMLNodes {
		b.stop("Maximum YAML nodes exceeded")
	}
}

// enter goes one level deeper, if it may; leave comes back from there.
func (b *budget) enter() bool {
	if b.depth++; b.depth > b.memory.maxDepth {
		b.stop("Maximum object depth exceeded")
	}
	return !b.stopped
}

func (b *budget) leave() { b.depth-- }

// takeScalar takes what t takes in memory.
func (b *budget) takeScalar(t *Token) {
	switch t.kind {
	case TokenString:
		b.takeBytes(tokenBytes + stringBytes + 2*b.utf16Len(t.text))
	case TokenExpression:
		b.takeBytes(tokenBytes + stringBytes + 2*b.utf16Len(t.expr.Source()))
	default:
		b.takeBytes(tokenBytes)
	}
}

func (b *budget) takeBytes(n int) {
	if b.memory.used += n; b.memory.used > b.memory.max {
		b.stop("Maximum object size exceeded")
	}
}

func (b *budget) utf16Len(s string) int {
	if b.ascii {
		return len(s)
	}
	return utf16Len(s)
}
