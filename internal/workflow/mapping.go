package workflow

import (
	"math/bits"
	"strings"

	"go.yaml.in/yaml/v4"
)

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

func (m *mappingReader) read(nodes []*yaml.Node) {
	m.alternatives = m.object.alternatives
	m.mapping.kids = m.tokens.children(len(nodes))
	for i := 0; i+1 < len(nodes) && !m.stopped; i += 2 {
		m.pair(nodes[i], nodes[i+1])
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
	m.takeScalar(key)
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
			strings.Join(m.deciding(), ", "))
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

// deciding returns the properties that only one of the alternatives has. Like
// GitHub it suggests background steps only where they are asked for by name.
func (m *mappingReader) deciding() []string {
	var names []string
	for _, p := range m.object.properties {
		in := p.in & m.alternatives
		if in == 0 || in&(in-1) != 0 {
			continue
		}
		switch p.name {
		case "wait", "wait-all", "cancel":
			if !m.backgroundSteps {
				continue
			}
		}
		names = append(names, p.name)
	}
	return names
}
