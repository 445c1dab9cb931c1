package expr

// Limits of the memory that evaluating one expression may use.
const (
	// DefaultMaxBytes is what GitHub gives the expressions of a workflow (TemplateMemory, MaxResultSize).
	DefaultMaxBytes = 10 << 20
	// BareMaxBytes is what GitHub gives an expression outside of any workflow (EvaluationContext.cs).
	BareMaxBytes = 1 << 20
)

// What things count for (EvaluationMemory.cs, MemoryCounter.cs). The measure
// is GitHub's, in bytes of .NET, so that the limit falls where GitHub's does.
const (
	objectBytes    = 24
	referenceBytes = 8
)

// stringBytes is what a string counts for.
func stringBytes[T string | []byte](s T) int {
	n := len(s)
	if n > 1024 { // for short ones UTF-8 is near enough to UTF-16
		n = utf16Len(s)
	}
	return 26 + 2*n
}

// memory sums up what an evaluation holds, by the level of the node that
// made it. What lies below a finished string, number, boolean or null is
// forgotten: nothing refers to it any more.
type memory struct {
	max    int
	total  int
	top    int // highest level in use
	levels [maxDepth + 1]int
}

// add counts bytes at a level and reports whether the limit still holds.
func (m *memory) add(level, bytes int, final bool) bool {
	if final {
		for m.top > level {
			m.total -= m.levels[m.top]
			m.levels[m.top] = 0
			m.top--
		}
	}
	m.top = max(m.top, level)
	m.levels[level] += bytes
	m.total += bytes
	return m.total <= m.max
}

// value counts a value that the node at a level made, and reports whether the
// limit still holds. A boxed value is one that GitHub keeps inside an object
// of its own.
func (m *memory) value(level int, v *Value, boxed bool) bool {
	bytes := objectBytes
	if v.kind == KindString {
		bytes = stringBytes(v.str)
	}
	if boxed && v.kind != KindNull && v.kind.primitive() {
		return m.add(level, bytes+objectBytes, false)
	}
	return m.add(level, bytes, v.kind.primitive())
}

// counter sums up what one function builds.
type counter struct{ max, total int }

func (c *counter) add(bytes int) bool {
	c.total += bytes
	return c.total <= c.max
}

// errMemory says that evaluating n took more memory than is allowed.
func errMemory(n Node) *Error {
	at := n.Place()
	return &Error{
		Kind:    Evaluation,
		Message: "The maximum allowed memory size was exceeded while evaluating the following expression: " + text(n),
		Offset:  at.Start,
		Length:  at.End - at.Start,
	}
}
