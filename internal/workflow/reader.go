package workflow

import (
	"math/bits"
	"strings"

	"go.yaml.in/yaml/v4"
)

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
	src       *source
	errors    *errorList
	memory    *memory
	ascii     bool // the file has no byte above 127
	noAnchors bool
	depth     int
	events    int
	stopped   bool // a limit was passed; nothing more is read
	tokens    []Token
	slots     []*Token
	parsed    parsedExpressions
	broken    *Token // the last scalar with a wrong `${{ }}`
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

// mappingReader reads one mapping.
type mappingReader struct {
	*reader
	shape   shapeID
	object  *object
	mapping *Token

	alternatives  uint8  // those the keys so far leave
	seen          uint64 // properties, by index
	hasExpression bool   // as a key
	others        foldSet
}

func (m *mappingReader) read(n *yaml.Node) {
	m.alternatives = m.object.alternatives
	m.mapping.kids = m.children(len(n.Content))
	for i := 0; i+1 < len(n.Content) && !m.stopped; i += 2 {
		m.pair(n.Content[i], n.Content[i+1])
	}
	if !m.stopped && len(m.object.properties) > 0 {
		m.finish()
	}
}

func (m *mappingReader) pair(keyNode, valueNode *yaml.Node) {
	keyNode = m.resolve(keyNode)
	if keyNode == nil {
		return
	}
	if keyNode.Kind != yaml.ScalarNode {
		m.stop("Expected mapping end")
		return
	}
	key := m.scalar(keyNode, m.shape)
	if m.stopped {
		return
	}
	switch key.kind {
	case TokenExpression, TokenInsert:
		m.expressionKey(key, valueNode)
		return
	case TokenString:
	default:
		key.text, key.kind = key.Str(), TokenString
	}
	property := m.object.find(key.text)
	if !m.first(key, property) {
		m.fail(key, "'"+key.text+"' is already defined")
		m.skip(valueNode)
		return
	}
	if property >= 0 && m.object.properties[property].in&m.alternatives != 0 {
		p := &m.object.properties[property]
		m.alternatives &= p.in
		m.add(key, valueNode, p.value)
		return
	}
	if m.object.looseKey != 0 && !(isMergeKey(keyNode, valueNode) && shapes[m.object.looseValue].object != 0) {
		m.validate(key, m.object.looseKey)
		m.add(key, valueNode, m.object.looseValue)
		return
	}
	m.fail(key, "Unexpected value '"+key.text+"'")
	m.skip(valueNode)
}

// isMergeKey reports whether a pair is YAML 1.1's merge, which GitHub does not
// know. Where the schema lets any mapping stand, taking `<<` for a name would
// run something else than meant.
func isMergeKey(key, value *yaml.Node) bool {
	return key.Value == "<<" && key.Style == 0 && value.Kind == yaml.AliasNode && value.Alias.Kind == yaml.MappingNode
}

func (m *mappingReader) add(key *Token, valueNode *yaml.Node, value shapeID) {
	m.count(key)
	if v := m.value(valueNode, value); v != nil {
		m.mapping.kids = append(m.mapping.kids, key, v)
	}
}

func (m *mappingReader) expressionKey(key *Token, valueNode *yaml.Node) {
	m.hasExpression = true
	if shapes[m.shape].names == 0 {
		m.fail(key, "A template expression is not allowed in this context")
		m.skip(valueNode)
		return
	}
	value := m.object.anyValue
	if len(m.object.properties) == 0 && m.object.looseValue != 0 {
		value = m.object.looseValue
	}
	m.add(key, valueNode, value)
}

// first reports whether key was not there yet, whatever its case. Properties
// are remembered by index, other keys by name.
func (m *mappingReader) first(key *Token, property int) bool {
	if property >= 0 {
		if m.seen&(1<<property) != 0 || m.others.has(key.text) {
			return false
		}
		m.seen |= 1 << property
		return true
	}
	for rest := m.seen; rest != 0; rest &= rest - 1 {
		if strings.EqualFold(m.object.properties[bits.TrailingZeros64(rest)].name, key.text) {
			return false
		}
	}
	return m.others.add(key.text)
}

// finish checks what only the whole mapping shows.
func (m *mappingReader) finish() {
	if m.alternatives&(m.alternatives-1) != 0 {
		m.fail(m.mapping, "There's not enough info to determine what you meant. Add one of these properties: "+
			strings.Join(m.object.deciding(m.alternatives), ", "))
		return
	}
	if m.hasExpression || m.object.required == nil {
		return
	}
	alternative := bits.TrailingZeros8(m.alternatives)
	for _, name := range m.object.required[alternative] {
		if m.seen&(1<<m.object.find(name)) == 0 {
			m.fail(m.mapping, "Required property is missing: "+name)
		}
	}
}

// deciding returns the properties that only one of the alternatives has. The
// keys of background steps are not suggested, as GitHub does not yet.
func (o *object) deciding(alternatives uint8) []string {
	var names []string
	for _, p := range o.properties {
		if in := p.in & alternatives; in != 0 && in&(in-1) == 0 {
			switch p.name {
			case "wait", "wait-all", "cancel":
			default:
				names = append(names, p.name)
			}
		}
	}
	return names
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

// foldSet is a set of names whose case does not matter.
type foldSet struct {
	few  []string
	many map[string]struct{} // lower-cased; used once there are more than a few
}

func (s *foldSet) has(name string) bool {
	if s.many != nil {
		_, ok := s.many[strings.ToLower(name)]
		return ok
	}
	for _, n := range s.few {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

func (s *foldSet) len() int { return max(len(s.few), len(s.many)) }

// add reports whether name was not in the set yet.
func (s *foldSet) add(name string) bool {
	if s.has(name) {
		return false
	}
	if s.many != nil {
		s.many[strings.ToLower(name)] = struct{}{}
		return true
	}
	s.few = append(s.few, name)
	if len(s.few) > 16 {
		s.many = make(map[string]struct{}, 2*len(s.few))
		for _, n := range s.few {
			s.many[strings.ToLower(n)] = struct{}{}
		}
	}
	return true
}
