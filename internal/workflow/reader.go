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

// reader turns the YAML nodes of one file into tokens and checks them against
// the schema on the way, in the order and with the messages of GitHub's
// TemplateReader.cs.
type reader struct {
	dialect
	src     *source
	errors  *errorList
	memory  *memory
	ascii   bool // the file has no byte above 127
	depth   int
	events  int  // YAML parse events so far
	stopped bool // a limit was passed; nothing more is read
	parsed  parsedExpressions
	broken  *Token // the last scalar with a wrong `${{ }}`

	tokens []Token  // allocated and not used yet
	slots  []*Token // likewise, for children
}

// memory is GitHub's estimate of what the tokens of all files of one run take.
type memory struct {
	used     int
	max      int
	maxDepth int
}

// root reads a whole document.
func (r *reader) root(document *yaml.Node, id shapeID) *Token {
	r.events = 4 // the start and end of the stream and of the document
	if document.Kind != yaml.DocumentNode || len(document.Content) == 0 {
		r.stop("Unexpected parser state")
		return nil
	}
	return r.value(document.Content[0], id)
}

// stop gives up on the file.
func (r *reader) stop(message string) {
	if !r.stopped {
		r.stopped = true
		r.errors.add(Pos{File: r.src.file}, message)
	}
}

func (r *reader) fail(t *Token, message string) { r.errors.add(t.Pos(), message) }

// value reads the node n, which stands at the place id.
func (r *reader) value(n *yaml.Node, id shapeID) *Token {
	n = r.resolve(n)
	if n == nil {
		return nil
	}
	switch n.Kind {
	case yaml.SequenceNode:
		return r.sequence(n, id)
	case yaml.MappingNode:
		return r.mapping(n, id)
	}
	t := r.scalar(n, id)
	if r.stopped {
		return nil
	}
	r.validate(t, id)
	r.count(t)
	return t
}

// resolve follows an alias and counts the node. It returns nil once reading
// has stopped.
func (r *reader) resolve(n *yaml.Node) *yaml.Node {
	if n.Anchor != "" && r.noAnchors {
		r.stop("Anchors are not currently supported. Remove the anchor '" + n.Anchor + "'")
		return nil
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.ScalarNode:
		r.events++
	case yaml.SequenceNode, yaml.MappingNode:
		r.events += 2
	default:
		r.stop("Expected a scalar value, a sequence, or a mapping")
	}
	if r.events > maxYAMLNodes {
		r.stop("Maximum YAML nodes exceeded")
	}
	if r.stopped {
		return nil
	}
	return n
}

func (r *reader) sequence(n *yaml.Node, id shapeID) *Token {
	t := r.token(n, TokenSequence)
	if !r.enter() {
		return t
	}
	r.addBytes(tokenBytes)
	item := shapes[id].item
	if item == 0 {
		r.fail(t, "A sequence was not expected")
		for _, child := range n.Content {
			r.skip(child)
		}
	} else {
		t.kids = r.children(len(n.Content))
		for _, child := range n.Content {
			if v := r.value(child, item); v != nil {
				t.kids = append(t.kids, v)
			}
		}
	}
	r.depth--
	return t
}

func (r *reader) mapping(n *yaml.Node, id shapeID) *Token {
	t := r.token(n, TokenMapping)
	if !r.enter() {
		return t
	}
	r.addBytes(tokenBytes)
	if shapes[id].object == 0 {
		r.fail(t, "A mapping was not expected")
		for _, child := range n.Content {
			r.skip(child)
		}
	} else {
		m := mappingReader{reader: r, shape: id, object: &objects[shapes[id].object], mapping: t}
		m.read(n)
	}
	r.depth--
	return t
}

// skip passes over a value that may not be there. Only limits and tags matter.
func (r *reader) skip(n *yaml.Node) {
	n = r.resolve(n)
	if n == nil {
		return
	}
	if n.Kind == yaml.ScalarNode {
		if n.Style&yaml.TaggedStyle != 0 {
			r.literal(n)
		}
		return
	}
	if !r.enter() {
		return
	}
	for _, child := range n.Content {
		r.skip(child)
	}
	r.depth--
}

// validate checks that the scalar t may stand at the place id, and turns a
// number, boolean or null into a string where only a string may.
func (r *reader) validate(t *Token, id shapeID) {
	s := &shapes[id]
	switch t.kind {
	case TokenExpression:
		if s.names == 0 {
			r.fail(t, "A template expression is not allowed in this context")
		}
		return
	case TokenString:
		if s.acceptsText(t.text) {
			if s.scalars&readsExpression != 0 {
				r.condition(t, s)
			}
			return
		}
	case TokenNull, TokenBoolean, TokenNumber:
		if s.scalars&acceptsKind[t.kind] != 0 {
			return
		}
		if text := t.Str(); s.acceptsText(text) {
			t.kind, t.text = TokenString, text
			if s.scalars&readsExpression != 0 {
				r.condition(t, s)
			}
			return
		}
	}
	r.fail(t, "Unexpected value '"+t.Str()+"'")
}

var acceptsKind = [...]scalarSet{TokenNull: acceptsNull, TokenBoolean: acceptsBoolean, TokenNumber: acceptsNumber}

// enter goes one level deeper.
func (r *reader) enter() bool {
	if r.depth++; r.depth > r.memory.maxDepth {
		r.stop("Maximum object depth exceeded")
	}
	return !r.stopped
}

// count adds a scalar to GitHub's estimate of memory.
func (r *reader) count(t *Token) {
	switch t.kind {
	case TokenString:
		r.addBytes(tokenBytes + stringBytes + 2*r.utf16Len(t.text))
	case TokenExpression:
		r.addBytes(tokenBytes + stringBytes + 2*r.utf16Len(t.expr.Source()))
	default:
		r.addBytes(tokenBytes)
	}
}

func (r *reader) addBytes(n int) {
	if r.memory.used += n; r.memory.used > r.memory.max {
		r.stop("Maximum object size exceeded")
	}
}

func (r *reader) utf16Len(s string) int {
	if r.ascii {
		return len(s)
	}
	return utf16Len(s)
}

// token returns a new token that stands where n stands.
func (r *reader) token(n *yaml.Node, kind TokenKind) *Token {
	if len(r.tokens) == 0 {
		r.tokens = make([]Token, r.slabSize())
	}
	t := &r.tokens[0]
	r.tokens = r.tokens[1:]
	t.src, t.line, t.column, t.kind = r.src, uint32(n.Line), uint32(n.Column), kind
	return t
}

// slabSize is how many tokens are allocated at once: a third of what a file of
// this size usually has.
func (r *reader) slabSize() int { return min(max(len(r.src.data)/20, 16), 512) }

// children returns an empty slice with room for n tokens.
func (r *reader) children(n int) []*Token {
	if n > len(r.slots) {
		size := r.slabSize()
		if n > size/2 {
			return make([]*Token, 0, n)
		}
		r.slots = make([]*Token, size)
	}
	kids := r.slots[:0:n]
	r.slots = r.slots[n:]
	return kids
}
